package browse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxPage bounds what is read of one answer.
const maxPage = 32 << 20

// Browser is one browser profile on one origin: its cookies, and the page it shows. Not safe for concurrent use.
type Browser struct {
	Origin  string // "http://localhost:8080"
	Agent   string
	Lang    string // Accept-Language; "en" when empty
	Cookies map[string]string
	Page    *Page // the last page shown
	// Header is added to every request: what an attacker forges.
	Header http.Header
	// Host replaces the Host header when set.
	Host string

	from   string // the page of the form being sent
	client *http.Client
}

// New opens an empty profile on an origin; from is the local address to connect from ("" lets the system choose), so
// that two people on one machine can come from different places (127.0.0.0/8).
func New(origin, from string) *Browser {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if ip := net.ParseIP(from); ip != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: ip}
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 4,
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp4", addr)
		},
	}
	return &Browser{
		Origin: strings.TrimSuffix(origin, "/"), Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
		Cookies: map[string]string{}, Header: http.Header{},
		client: &http.Client{
			Transport: transport, Timeout: 60 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Get opens a path, following redirects as a browser does.
func (b *Browser) Get(path string) (*Page, error) { return b.Do("GET", path, nil, "") }

// Post sends values to a path as a form of this origin would, then follows.
func (b *Browser) Post(path string, values url.Values) (*Page, error) {
	return b.Do("POST", path, strings.NewReader(values.Encode()), "application/x-www-form-urlencoded")
}

// Do sends one request and follows up to ten redirects within the origin; one that leaves it is not followed: the page
// then has its status and Location.
func (b *Browser) Do(method, path string, body io.Reader, kind string) (*Page, error) {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = io.ReadAll(body); err != nil {
			return nil, err
		}
	}
	for range 10 {
		page, err := b.once(method, path, sent, kind)
		if err != nil {
			return nil, err
		}
		next, ok := b.follow(page)
		if !ok {
			b.Page = page
			return page, nil
		}
		path = next
		if page.Status != http.StatusTemporaryRedirect && page.Status != http.StatusPermanentRedirect {
			method, sent, kind = "GET", nil, ""
		}
	}
	return nil, fmt.Errorf("%s: redirects without end", path)
}

func (b *Browser) follow(p *Page) (string, bool) {
	location := p.Header.Get("Location")
	if p.Status < 300 || p.Status > 399 || location == "" {
		return "", false
	}
	at, err := url.Parse(b.Origin + p.Path)
	if err != nil {
		return "", false
	}
	to, err := at.Parse(location)
	if err != nil || !b.within(to) {
		return "", false
	}
	return to.RequestURI(), true
}

// within tells whether an address is of this origin.
func (b *Browser) within(to *url.URL) bool {
	return to.Host == "" && b.Origin == "" || to.Scheme+"://"+to.Host == b.Origin
}

func (b *Browser) once(method, path string, body []byte, kind string) (*Page, error) {
	path = strings.TrimPrefix(path, b.Origin)
	if path == "" {
		path = "/"
	}
	r, err := http.NewRequest(method, b.Origin+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	b.dress(r, method, kind)
	began := time.Now()
	res, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	if err != nil {
		return nil, err
	}
	for _, c := range res.Cookies() {
		if b.client.Jar != nil {
			break // the client keeps them
		}
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.Cookies, c.Name)
		} else {
			b.Cookies[c.Name] = c.Value
		}
	}
	return &Page{
		browser: b, Method: method, Path: path, Status: res.StatusCode, Header: res.Header, Body: text, Took: time.Since(began),
		SetCookies: res.Cookies(),
	}, nil
}

// dress gives a request what a browser adds by itself.
func (b *Browser) dress(r *http.Request, method, kind string) {
	if b.Agent != "" {
		r.Header.Set("User-Agent", b.Agent)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	lang := b.Lang
	if lang == "" {
		lang = "en"
	}
	r.Header.Set("Accept-Language", lang)
	if method != "GET" && b.Origin != "" {
		r.Header.Set("Origin", b.Origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if b.from != "" {
		r.Header.Set("Referer", b.from)
	}
	for name, value := range b.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	if b.Host != "" {
		r.Host = b.Host
	}
}

// Over opens a profile on a client that keeps its own cookies and takes relative addresses: a visitor of a probe's stage.
func Over(client *http.Client) *Browser {
	return &Browser{Cookies: map[string]string{}, Header: http.Header{}, client: client}
}

// Clone copies the profile with its cookies: what a thief of cookies has.
func (b *Browser) Clone() *Browser {
	c := New(b.Origin, "")
	c.Agent, c.Lang = b.Agent, b.Lang
	for k, v := range b.Cookies {
		c.Cookies[k] = v
	}
	return c
}

// File is one file sent with a form.
type File struct {
	Field, Name string
	Content     []byte
}

// Multipart writes values and a file as a form with an upload does.
func Multipart(values url.Values, f File) (io.Reader, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, all := range values {
		for _, v := range all {
			if err := w.WriteField(name, v); err != nil {
				return nil, "", err
			}
		}
	}
	part, err := w.CreateFormFile(f.Field, f.Name)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(f.Content); err != nil {
		return nil, "", err
	}
	return &b, w.FormDataContentType(), w.Close()
}
