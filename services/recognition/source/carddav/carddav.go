package carddav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// Settings of an address book.
type Settings struct {
	URL      string      `yaml:"url" need:"yes" say:"https://dav.example/lena/contacts/"` // of one book, or of what holds several
	User     string      `yaml:"user" say:"lena"`
	Password tool.Secret `yaml:"password" say:"{file: /etc/rempart/dav.secret}"`
	CAFile   string      `yaml:"ca_file" say:"/etc/rempart/ca.pem"`
	Plain    bool        `yaml:"plain" say:"false"` // the network up to the server is safe: http://
}

// Book is an address book to read, or several under one address.
type Book struct {
	s   Settings
	c   tool.Config
	web *tool.Web
}

// Open checks the settings.
func Open(c tool.Config) (*Book, error) {
	b := &Book{c: c}
	if err := c.Decode(&b.s); err != nil {
		return nil, err
	}
	if b.s.User != "" && !b.s.Password.Given() {
		return nil, c.Missing("password", "{file: /etc/rempart/dav.secret}")
	}
	web, err := c.Web("url", tool.WebSettings{URL: b.s.URL, CAFile: b.s.CAFile, Plain: b.s.Plain})
	if err != nil {
		return nil, err
	}
	web.Enter = func(q *http.Request) error {
		password, err := c.Secret(b.s.Password)
		if err == nil && b.s.User != "" {
			q.SetBasicAuth(b.s.User, password)
		}
		return err
	}
	b.web = web
	return b, nil
}

// Fields are the names that vCards are read under.
func (*Book) Fields(context.Context) ([]string, error) { return fields, nil }

// Mark changes when a card does: one request for one address book.
func (b *Book) Mark(ctx context.Context) (string, error) {
	books, err := b.books(ctx)
	if err != nil {
		return "", err
	}
	var marks []string
	for _, k := range books {
		if k.tag == "" && k.token == "" {
			return "", nil
		}
		marks = append(marks, k.at.Path+" "+k.tag+" "+k.token)
	}
	slices.Sort(marks)
	return strings.Join(marks, "\n"), nil
}

// Read gives every card of every book.
func (b *Book) Read(ctx context.Context, give func(tool.Record) error) error {
	books, err := b.books(ctx)
	if err != nil {
		return err
	}
	give = tool.Bounded(give)
	for _, k := range books {
		err := b.report(ctx, k.at, "1", allCards, func(r response) error {
			if r.Status != "" && !r.ok() {
				return tool.Refuse(errPart, b.web.Host())
			}
			return b.cards(r, give)
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// Changes gives what changed since a mark by sync-token (RFC 6578), for one address book.
func (b *Book) Changes(ctx context.Context, since string, give func(tool.Record) error, gone func(string) error) (next string, whole bool, err error) {
	books, err := b.books(ctx)
	if err != nil {
		return "", false, err
	}
	if len(books) != 1 || books[0].token == "" {
		return "", false, tool.ErrRestart
	}
	at, give := books[0].at, tool.Bounded(give)
	for round := 0; ; round++ {
		var bare []string // changed, but given without their card
		more := false
		var token strings.Builder
		err := b.report(ctx, at, "0", fmt.Sprintf(changedCards, escape(since)), func(r response) error {
			switch {
			case r.status() == http.StatusNotFound:
				return gone(b.key(r.Href))
			case r.status() == http.StatusInsufficientStorage: // RFC 6578, 3.6: more is to be asked for
				more = true
				return nil
			case r.data() == "" && !b.collection(at, r):
				bare = append(bare, r.Href)
				return nil
			}
			return b.cards(r, give)
		}, &token)
		if err != nil {
			return "", false, err
		}
		if err := b.fetch(ctx, at, bare, give); err != nil {
			return "", false, err
		}
		next = token.String()
		if !more {
			return next, true, nil
		}
		if next == since || round > 100_000 {
			return "", false, tool.Loop(b.web.Host())
		}
		since = next
	}
}

// fetch reads cards by name, a hundred at a time.
func (b *Book) fetch(ctx context.Context, at *url.URL, hrefs []string, give func(tool.Record) error) error {
	for part := range slices.Chunk(hrefs, 100) {
		var names strings.Builder
		for _, h := range part {
			names.WriteString("<D:href>" + escape(h) + "</D:href>")
		}
		if err := b.report(ctx, at, "1", fmt.Sprintf(someCards, names.String()), func(r response) error { return b.cards(r, give) }, nil); err != nil {
			return err
		}
	}
	return nil
}

// cards reads the card of one response: its key is where it stands, so that what is gone can be named.
func (b *Book) cards(r response, give func(tool.Record) error) error {
	text := r.data()
	if text == "" {
		return nil
	}
	err := cards(strings.NewReader(text), func(rec tool.Record) error {
		rec.Key = b.key(r.Href)
		return give(rec)
	})
	if errors.Is(err, errCard) || errors.Is(err, errLong) {
		return tool.Nonsense(b.web.Host(), "vcard")
	}
	return err
}

func (b *Book) key(href string) string {
	if u, err := url.Parse(href); err == nil {
		return u.Path
	}
	return href
}

func (b *Book) collection(at *url.URL, r response) bool {
	return strings.TrimSuffix(b.key(r.Href), "/") == strings.TrimSuffix(at.Path, "/")
}

// book is one address book of the server.
type book struct {
	at         *url.URL
	tag, token string
}

// books finds what stands at the address: a book, or what holds several.
func (b *Book) books(ctx context.Context) ([]book, error) {
	found, err := b.look(ctx, "0")
	if err == nil && len(found) == 0 {
		found, err = b.look(ctx, "1")
	}
	if err == nil && len(found) == 0 {
		err = tool.Refuse(errBooks, b.web.Host())
	}
	return found, err
}

func (b *Book) look(ctx context.Context, depth string) (found []book, err error) {
	err = b.ask(ctx, "PROPFIND", b.web.Base, depth, whatBooks, func(r response) error {
		for _, p := range r.Props {
			if p.Prop.Type.Book == nil {
				continue
			}
			at, err := b.web.Resolve(b.web.Base, r.Href)
			if err != nil {
				return err
			}
			if len(found) >= 1000 {
				return tool.Endless(1000)
			}
			found = append(found, book{at, p.Prop.Tag, p.Prop.Token})
		}
		return nil
	}, nil)
	return found, err
}

func (b *Book) report(ctx context.Context, at *url.URL, depth, body string, each func(response) error, token *strings.Builder) error {
	return b.ask(ctx, "REPORT", at, depth, body, each, token)
}

// ask sends a WebDAV request and reads the answer one response at a time.
func (b *Book) ask(ctx context.Context, method string, at *url.URL, depth, body string, each func(response) error, token *strings.Builder) error {
	a, err := b.web.Ask(ctx, func() (*http.Request, error) {
		q, err := http.NewRequest(method, at.String(), strings.NewReader(body))
		if err == nil {
			q.Header.Set("Content-Type", `application/xml; charset="utf-8"`)
			q.Header.Set("Depth", depth)
		}
		return q, err
	}, http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if a.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(a.Body, 64<<10))
		if strings.Contains(string(said), "valid-sync-token") {
			return tool.ErrRestart
		}
		return tool.Denied(b.web.Host())
	}
	return b.walk(ctx, a.Body, each, token)
}

// walk reads a multistatus as it comes; a declaration of entities ends it at once.
func (b *Book) walk(ctx context.Context, in io.Reader, each func(response) error, token *strings.Builder) error {
	flow := &flow{in: in}
	d := xml.NewDecoder(flow)
	for n := 0; ; {
		t, err := d.Token()
		switch {
		case flow.over:
			return tool.Flood(b.web.Host())
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case err != nil:
			return tool.Nonsense(b.web.Host(), "xml")
		}
		if _, declared := t.(xml.Directive); declared {
			return tool.Bomb(b.web.Host())
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if n++; n == 1 && start.Name != (xml.Name{Space: "DAV:", Local: "multistatus"}) {
			return tool.Nonsense(b.web.Host(), "multistatus")
		}
		switch start.Name {
		case xml.Name{Space: "DAV:", Local: "response"}:
			var r response
			if err := d.DecodeElement(&r, &start); err != nil {
				if flow.over {
					return tool.Flood(b.web.Host())
				}
				return tool.Nonsense(b.web.Host(), "xml")
			}
			if err := each(r); err != nil {
				return err
			}
			flow.n = 0
		case xml.Name{Space: "DAV:", Local: "sync-token"}:
			var said string
			if err := d.DecodeElement(&said, &start); err == nil && token != nil {
				token.WriteString(strings.TrimSpace(said))
			}
		}
	}
}

// flow counts what comes for one response.
type flow struct {
	in   io.Reader
	n    int
	over bool
}

func (f *flow) Read(p []byte) (int, error) {
	if f.n > 16<<20 {
		f.over = true
		return 0, tool.ErrFlood
	}
	n, err := f.in.Read(p)
	f.n += n
	return n, err
}

// response is one of a multistatus (RFC 4918, 14.24).
type response struct {
	Href   string `xml:"DAV: href"`
	Status string `xml:"DAV: status"`
	Props  []struct {
		Status string `xml:"DAV: status"`
		Prop   struct {
			Tag   string `xml:"http://calendarserver.org/ns/ getctag"`
			Token string `xml:"DAV: sync-token"`
			Card  string `xml:"urn:ietf:params:xml:ns:carddav address-data"`
			Type  struct {
				Book *struct{} `xml:"urn:ietf:params:xml:ns:carddav addressbook"`
			} `xml:"DAV: resourcetype"`
		} `xml:"DAV: prop"`
	} `xml:"DAV: propstat"`
}

func (r response) status() int {
	var n int
	if f := strings.Fields(r.Status); len(f) > 1 {
		_, _ = fmt.Sscan(f[1], &n)
	}
	return n
}

func (r response) ok() bool { return r.status() >= 200 && r.status() < 300 }

func (r response) data() string {
	for _, p := range r.Props {
		if p.Prop.Card != "" {
			return p.Prop.Card
		}
	}
	return ""
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

const (
	head         = `<?xml version="1.0" encoding="utf-8"?>`
	whatBooks    = head + `<D:propfind xmlns:D="DAV:" xmlns:CS="http://calendarserver.org/ns/"><D:prop><D:resourcetype/><CS:getctag/><D:sync-token/></D:prop></D:propfind>`
	allCards     = head + `<C:addressbook-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><C:address-data/></D:prop><C:filter/></C:addressbook-query>`
	changedCards = head + `<D:sync-collection xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:sync-token>%s</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/><C:address-data/></D:prop></D:sync-collection>`
	someCards    = head + `<C:addressbook-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><C:address-data/></D:prop>%s</C:addressbook-multiget>`
)
