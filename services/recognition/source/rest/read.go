package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

// Limits of one reading.
const (
	mostValues = 2_000_000 // of one answer
	mostEmpty  = 1_000     // pages in a row without any record
	mostPages  = 1_000_000
)

// round is one reading, whole or of changes.
type round struct {
	a       *API
	known   map[string]string
	changes bool
	since   string
	at      *url.URL // the next address, when an answer gave it
	page    int
	offset  int
	cursor  string
	last    [32]byte // of the page before
	empty   int
	mark    string
	give    func(tool.Record) error
	gone    func(string) error
}

// Read gives every contact.
func (a *API) Read(ctx context.Context, give func(tool.Record) error) error {
	_, err := a.round(ctx, &round{a: a, give: tool.Bounded(give)})
	return err
}

// Changes gives what changed since a mark, when the declaration says how.
func (a *API) Changes(ctx context.Context, since string, give func(tool.Record) error, gone func(string) error) (next string, whole bool, err error) {
	if ch := a.s.Changes; ch.Field == "" && ch.Token == "" {
		return "", false, tool.ErrRestart
	}
	r := &round{a: a, changes: since != "", since: since, mark: since, give: tool.Bounded(give), gone: gone}
	next, err = a.round(ctx, r)
	return next, a.s.Changes.Gone != "", err
}

func (a *API) round(ctx context.Context, r *round) (mark string, err error) {
	defer a.web.Close()
	r.page, r.known = a.s.Paging.First, map[string]string{}
	if r.changes {
		r.cursor = a.s.Changes.First
		if a.s.Changes.Link {
			if r.at, err = a.web.Resolve(a.web.Base, r.since); err != nil {
				return "", tool.ErrRestart
			}
		}
	}
	if err := a.login(ctx, r); err != nil {
		return "", err
	}
	for n := 0; n < mostPages; n++ {
		more, err := r.one(ctx)
		if err != nil || !more {
			return r.mark, err
		}
	}
	return "", tool.Endless(mostPages)
}

// login takes the values that a first request gives.
func (a *API) login(ctx context.Context, r *round) error {
	if len(a.s.Login.Take) == 0 {
		return nil
	}
	at, err := a.fill(a.s.Login.URL, nil, url.PathEscape)
	if err != nil {
		return err
	}
	to, err := a.web.Resolve(a.web.Base, at)
	if err != nil {
		return err
	}
	secret, err := a.auth.secret()
	if err != nil {
		return err
	}
	body, err := a.fill(a.s.Login.Body, map[string]string{"secret": secret}, quoted)
	if err != nil {
		return err
	}
	answer, err := a.web.Ask(ctx, func() (*http.Request, error) { return a.request(ctx, http.MethodPost, to, body) })
	if err != nil {
		return err
	}
	v, err := a.json(answer)
	if err != nil {
		return err
	}
	for name, text := range a.s.Login.Take {
		p, err := parsePath(text)
		if err != nil {
			return a.c.Wrong("login", "login: {take: {uid: result}}")
		}
		if r.known[name] = p.first(v); r.known[name] == "" {
			return tool.Denied(a.web.Host())
		}
	}
	return nil
}

// one reads one page and tells whether there is another.
func (r *round) one(ctx context.Context) (bool, error) {
	a, accept := r.a, slices.Clone(r.a.s.Changes.Expired)
	if a.s.Paging.End > 0 {
		accept = append(accept, a.s.Paging.End)
	}
	asked, body, err := r.address()
	if err != nil {
		return false, err
	}
	method := a.s.Method
	if r.changes && a.s.Changes.Method != "" {
		method = a.s.Changes.Method
	}
	answer, err := a.web.Ask(ctx, func() (*http.Request, error) { return a.request(ctx, method, asked, body) }, accept...)
	if err != nil {
		return false, err
	}
	if answer.StatusCode >= 300 {
		_ = answer.Body.Close()
		if r.changes && slices.Contains(a.s.Changes.Expired, answer.StatusCode) {
			return false, tool.ErrRestart
		}
		if answer.StatusCode == a.s.Paging.End {
			return false, nil
		}
		return false, tool.Nonsense(a.web.Host(), "status "+strconv.Itoa(answer.StatusCode))
	}
	link := answer.Header.Values("Link")
	v, err := a.json(answer)
	if err != nil {
		return false, err
	}
	n, err := r.records(v)
	if err != nil {
		return false, err
	}
	return r.next(asked, v, n, link)
}

// values are what fills the holes now.
func (r *round) values() map[string]string {
	known := map[string]string{
		"page": strconv.Itoa(r.page), "offset": strconv.Itoa(r.offset), "size": strconv.Itoa(r.a.s.Paging.Size), "cursor": r.cursor, "since": r.since,
	}
	if at, ok := moment(r.since); ok {
		known["since_ms"] = strconv.FormatInt(at.UnixMilli(), 10)
	}
	maps.Copy(known, r.known)
	return known
}

// address builds what is asked for now.
func (r *round) address() (*url.URL, string, error) {
	a, known := r.a, r.values()
	text, at, query := a.s.Body, a.web.Base, a.s.Query
	if r.changes && a.s.Changes.Body != "" {
		text = a.s.Changes.Body
	}
	if r.changes && a.s.Changes.URL != "" {
		filled, err := a.fill(a.s.Changes.URL, known, url.PathEscape)
		if err != nil {
			return nil, "", err
		}
		if at, err = a.web.Resolve(a.web.Base, filled); err != nil {
			return nil, "", err
		}
		query = nil
	}
	if strings.Contains(text, "{{secret}}") {
		secret, err := a.auth.secret()
		if err != nil {
			return nil, "", err
		}
		known["secret"] = secret
	}
	body, err := a.fill(text, known, quoted)
	if err != nil || r.at != nil {
		return r.at, body, err
	}
	to := *at
	to.RawQuery, err = r.query(at.Query(), query, known, body != "")
	return &to, body, err
}

// query fills the parameters of an address; a cursor that stands in the body is not one.
func (r *round) query(q url.Values, query, known map[string]string, hasBody bool) (string, error) {
	a, all := r.a, []map[string]string{query}
	if r.changes {
		all = append(all, a.s.Changes.Query)
	}
	for _, more := range all {
		for name, text := range more {
			value, err := a.fill(text, known, plain)
			if err != nil {
				return "", err
			}
			q.Set(name, value)
		}
	}
	if p := a.s.Paging; p.Parameter != "" {
		switch {
		case p.Kind == "page":
			q.Set(p.Parameter, known["page"])
		case p.Kind == "offset":
			q.Set(p.Parameter, known["offset"])
		case p.Kind == "cursor" && r.cursor != "" && !hasBody:
			q.Set(p.Parameter, r.cursor)
		}
	}
	return q.Encode(), nil
}

func (a *API) request(ctx context.Context, method string, to *url.URL, body string) (*http.Request, error) {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	q, err := http.NewRequestWithContext(ctx, method, to.String(), in)
	if err != nil {
		return nil, tool.Nonsense(a.web.Host(), "address")
	}
	q.Header.Set("Accept", "application/json")
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for name, text := range a.s.Headers {
		value, err := a.fill(text, nil, plain)
		if err != nil {
			return nil, err
		}
		q.Header.Set(name, strings.NewReplacer("\r", "", "\n", "").Replace(value))
	}
	return q, a.auth.enter(ctx, q)
}

// json reads an answer whole. A page of contacts is small: what holds millions of values is an attack on memory.
func (a *API) json(answer *http.Response) (v any, err error) {
	b, err := a.web.Body(answer)
	if err != nil {
		return nil, err
	}
	if bytes.Count(b, []byte(","))+bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) > mostValues {
		return nil, tool.Nonsense(a.web.Host(), "too many values in one page")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, tool.Nonsense(a.web.Host(), "json")
	}
	if a.s.Error != "" {
		if said := a.fault.at(v); len(said) > 0 && said[0] != nil && said[0] != false {
			return nil, tool.Refuse(errSaid, a.web.Host())
		}
	}
	return v, nil
}

// records gives the contacts of one page.
func (r *round) records(v any) (n int, err error) {
	a := r.a
	found := a.records.at(v)
	if len(found) == 0 || found[0] == nil { // Google leaves the list out when it is empty
		if _, object := v.(map[string]any); !object {
			return 0, tool.Nonsense(a.web.Host(), "records")
		}
		return 0, nil
	}
	list, ok := found[0].([]any)
	if !ok {
		return 0, tool.Nonsense(a.web.Host(), "records")
	}
	for _, item := range list {
		if err := r.record(item); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

func (r *round) record(item any) error {
	a := r.a
	rec := tool.Record{Key: a.key.first(item), Fields: map[string][]string{}}
	if rec.Key == "" {
		return tool.Nonsense(r.a.web.Host(), "a record without its key")
	}
	if a.s.Changes.Field != "" {
		r.mark = later(r.mark, a.marks.first(item))
	}
	if a.s.Changes.Gone != "" {
		if said := a.gone.at(item); len(said) > 0 && said[0] != nil && said[0] != false {
			if r.gone == nil {
				return nil
			}
			return r.gone(rec.Key)
		}
	}
	for field, p := range a.paths {
		for _, v := range p.at(item) {
			if t := texts(v); len(t) > 0 {
				rec.Fields[field] = append(rec.Fields[field], t...)
			}
		}
	}
	return r.give(rec)
}

// later is the greater of two marks: numbers as numbers, moments in UTC, dates of one form as texts.
func later(a, b string) string {
	if at, ok := moment(b); ok {
		b = at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	if errA == nil && errB == nil {
		if y > x {
			return b
		}
		return a
	}
	return max(a, b)
}

// moment reads a date as tools write it (RFC 3339, and Salesforce's zone without a colon).
func moment(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

var relNext = regexp.MustCompile(`<([^<>]+)>[^,<]*;\s*rel="?next"?`)

// next finds whether and where there is another page.
func (r *round) next(asked *url.URL, v any, n int, links []string) (bool, error) {
	a, p := r.a, r.a.s.Paging
	if token := a.s.Changes.Token; token != "" {
		if mark := a.marks.first(v); mark != "" {
			r.mark = mark
		}
	}
	if n == 0 {
		if r.empty++; r.empty > mostEmpty {
			return false, tool.Loop(a.web.Host())
		}
	} else {
		r.empty = 0
	}
	switch p.Kind {
	case "page", "offset":
		r.page++
		r.offset += n
		if n < p.Size {
			return false, nil
		}
		return true, r.repeated(v)
	case "cursor":
		cursor := a.cursor.first(v)
		if cursor != "" && cursor == r.cursor {
			return false, tool.Loop(a.web.Host())
		}
		r.cursor = cursor
		return cursor != "", nil
	case "next", "link":
		link := a.cursor.first(v)
		if p.Kind == "link" {
			link = ""
			if m := relNext.FindStringSubmatch(strings.Join(links, ", ")); m != nil {
				link = m[1]
			}
		}
		if link == "" {
			return false, nil
		}
		at, err := a.web.Resolve(asked, link)
		if err == nil && at.String() == asked.String() {
			err = tool.Loop(a.web.Host())
		}
		r.at = at
		return true, err
	}
	return false, nil
}

// repeated refuses a tool that gives the same page whatever is asked.
func (r *round) repeated(v any) error {
	b, err := json.Marshal(r.a.records.at(v))
	if err != nil {
		return tool.Nonsense(r.a.web.Host(), "json")
	}
	sum := sha256.Sum256(b)
	if sum == r.last {
		return tool.Loop(r.a.web.Host())
	}
	r.last = sum
	return nil
}

func marshal(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

// isDenied tells whether an identity was refused.
func isDenied(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e.Kind == core.Forbidden
}
