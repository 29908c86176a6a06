package desk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/services/recognition/pop"
	"github.com/rempart/rempart/services/recognition/reach"
)

// Account is whose workstation this is, and how it speaks for them.
type Account struct {
	URL      string `json:"url"` // of the platform
	Org      string `json:"organization"`
	Token    string `json:"token"`
	Language string `json:"language"` // of notices: "fr" or "en"
}

// API is the platform over HTTPS.
type API struct {
	Account
	client *http.Client
}

// CheckURL gives the address of a platform as it is kept, or says why it is none.
func CheckURL(text string) (string, error) {
	origin, ok := reach.Origin(text)
	if !ok {
		return "", errors.New("desk: this is no address of a platform: https://trust.example.org (http:// only on this machine)")
	}
	return origin, nil
}

// Connect makes the platform of an account. Nothing is asked yet.
func Connect(a Account) *API {
	return &API{Account: a, client: &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: 30 * time.Second, TLSHandshakeTimeout: 10 * time.Second, MaxIdleConns: 4, IdleConnTimeout: 90 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token goes nowhere else
	}}
}

const (
	longestEvent  = 1 << 20
	longestAnswer = 4 << 20
	// A stream that says nothing for so long is dead: the platform beats more often.
	quietest = 90 * time.Second
)

func (p *API) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.URL+"/api/v1"+path, in)
	if err != nil {
		return nil, err
	}
	if p.Token != "" {
		r.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept-Language", p.Language)
	r.Header.Set("User-Agent", "rempart-desk")
	return r, nil
}

// Problem is what the platform answered instead: its code and its sentence, in the person's language.
type Problem struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("desk: the platform answered %d", p.Status)
	}
	return p.Detail
}

// refused reads a refusal. A token that is not accepted ends the agent.
func refused(a *http.Response) error {
	problem := &Problem{Status: a.StatusCode}
	_ = json.NewDecoder(io.LimitReader(a.Body, 64<<10)).Decode(problem)
	problem.Status = a.StatusCode
	if a.StatusCode == http.StatusUnauthorized {
		return errors.Join(ErrRefused, problem)
	}
	return problem
}

func (p *API) ask(ctx context.Context, method, path string, body, into any) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	r, err := p.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	a, err := p.client.Do(r)
	if err != nil {
		return unreachable(err)
	}
	defer a.Body.Close()
	if a.StatusCode >= 300 {
		return refused(a)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(io.LimitReader(a.Body, longestAnswer)).Decode(into)
}

// unreachable leaves the address of a request out of its error.
func unreachable(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("desk: the platform cannot be reached: %w", err)
}

// Enrol exchanges an install code.
func (p *API) Enrol(ctx context.Context, code string) (org, token string, err error) {
	var got struct {
		Org   string `json:"organization"`
		Token string `json:"token"`
	}
	err = p.ask(ctx, http.MethodPost, "/workstations/enrolments", map[string]string{"code": code}, &got)
	return got.Org, got.Token, err
}

func (p *API) at(path string) string { return "/organizations/" + url.PathEscape(p.Org) + path }

// Dial has the person's own phone ring, then calls the number.
func (p *API) Dial(ctx context.Context, number string) error {
	return p.ask(ctx, http.MethodPost, p.at("/calls/dial"), map[string]string{"number": number}, nil)
}

// Perform has the platform send the request of a script for a call.
func (p *API) Perform(ctx context.Context, call, script string) error {
	return p.ask(ctx, http.MethodPost, p.at("/calls/"+url.PathEscape(call)+"/scripts/"+url.PathEscape(script)+"/run"), nil, nil)
}

// Programs gives the signed list of programs.
func (p *API) Programs(ctx context.Context) (public []byte, list pop.Signed, err error) {
	var got struct {
		PublicKey []byte `json:"public_key"`
		pop.Signed
	}
	err = p.ask(ctx, http.MethodGet, p.at("/recognition/programs"), nil, &got)
	return got.PublicKey, got.Signed, err
}

// Report tells the state of the workstation.
func (p *API) Report(ctx context.Context, posture Posture) error {
	return p.ask(ctx, http.MethodPut, p.at("/workstations"), posture, nil)
}

// Follow reads the stream of the person's calls.
func (p *API) Follow(ctx context.Context, last string, tell func(id string, r Ring)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r, err := p.request(ctx, http.MethodGet, p.at("/calls/stream"), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	a, err := p.client.Do(r)
	if err != nil {
		return unreachable(err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return refused(a)
	}
	silence := time.AfterFunc(quietest, stop)
	defer silence.Stop()
	return events(a.Body, func() { silence.Reset(quietest) }, tell)
}

// events reads server-sent events (WHATWG HTML, 9.2): lines of fields, an empty line ends an event.
func events(in io.Reader, alive func(), tell func(id string, r Ring)) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), longestEvent)
	var id, kind string
	var data []string
	for lines.Scan() {
		alive()
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			var r Ring
			if kind == "call" && json.Unmarshal([]byte(strings.Join(data, "\n")), &r) == nil {
				tell(id, r)
			}
			kind, data = "", nil
		case field == "id":
			id = value
		case field == "event":
			kind = value
		case field == "data":
			data = append(data, value)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// send makes the request of a script from the workstation's own network. Its answer is nobody's.
func send(ctx context.Context, act pop.Action) error {
	if !strings.HasPrefix(act.URL, "https://") {
		return errAddress
	}
	var body io.Reader
	if act.Body != "" {
		body = strings.NewReader(act.Body)
	}
	r, err := http.NewRequestWithContext(ctx, act.Method, act.URL, body)
	if err != nil {
		return errAddress
	}
	for name, value := range act.Headers {
		r.Header.Set(name, value)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil {
		return errors.New("desk: the address of a script cannot be reached")
	}
	defer a.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 64<<10))
	if a.StatusCode >= 300 {
		return fmt.Errorf("desk: the address of a script answered %d", a.StatusCode)
	}
	return nil
}

// isPage tells whether an address may be opened in the browser.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsAny(address, "\r\n\t \"<>\\^`{|}")
}
