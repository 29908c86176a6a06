package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Secret is the name of the hidden inputs by which a form names those of its fields that hold a secret or a code.
const Secret = "_secret"

// Max is how much is kept of one form, in bytes of its encoded fields: the longest texts of our forms several times over.
const Max = 384 << 10

// secretive are parts of the names of fields that are not kept even where a form does not name them.
var secretive = []string{"password", "secret", "phrase", "token", "answer"}

// Draft is what was typed in one form.
type Draft struct {
	To     string // where it was sent: a path of this site
	From   string // the page that showed it, "" when unknown
	At     time.Time
	Fields url.Values
	// Left tells that something was left out: a secret, a code, a file.
	Left bool
}

// Of reads what a form sent. ok is false for what nobody typed on a page (a script's request), for nothing at all, and for
// too much to keep.
func Of(r *http.Request, from string, now time.Time) (d Draft, ok bool) {
	if mode := r.Header.Get("Sec-Fetch-Mode"); r.Method != http.MethodPost || mode != "" && mode != "navigate" {
		return d, false
	}
	fields, files, err := fieldsOf(r)
	if err != nil {
		return d, false
	}
	d = Draft{To: r.URL.RequestURI(), From: from, At: now, Fields: url.Values{}, Left: files}
	named := fields[Secret]
	for name, values := range fields {
		given := slices.ContainsFunc(values, func(v string) bool { return v != "" })
		switch {
		case name == Secret:
		case slices.Contains(named, name) || slices.ContainsFunc(secretive, func(part string) bool { return strings.Contains(name, part) }):
			d.Left = d.Left || given
		default:
			d.Fields[name], ok = values, ok || given
		}
	}
	return d, ok && len(d.Fields.Encode()) <= Max
}

// fieldsOf gives the fields of a form, whether its handler has read them or not, and whether files came with them.
func fieldsOf(r *http.Request) (fields url.Values, files bool, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, false, err
	case kind == "application/x-www-form-urlencoded":
		err = r.ParseForm()
		return r.PostForm, false, err
	case kind != "multipart/form-data":
		return nil, false, errors.New("draft: not a form")
	case r.MultipartForm != nil:
		return r.MultipartForm.Value, len(r.MultipartForm.File) > 0, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, false, err
	}
	return read(parts)
}

// read takes the fields of a form with files and passes over the files: nothing is written anywhere.
func read(parts *multipart.Reader) (fields url.Values, files bool, err error) {
	fields = url.Values{}
	for room := int64(Max); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return fields, files, nil
		}
		if err != nil {
			return nil, false, err
		}
		if part.FileName() != "" {
			files = true
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, room+1))
		if room -= int64(len(value) + len(part.FormName())); err != nil || room < 0 {
			return nil, false, errors.Join(err, errors.New("draft: too much"))
		}
		fields.Add(part.FormName(), string(value))
	}
}

// head is what is written of a draft before its fields.
type head struct {
	To, From string
	At       int64
	Left     bool
}

// Bytes writes a draft, to be sealed: its head, then its fields as a form writes them, which keeps any byte.
func (d Draft) Bytes() ([]byte, error) {
	b, err := json.Marshal(head{d.To, d.From, d.At.Unix(), d.Left})
	return append(append(b, '\n'), d.Fields.Encode()...), err
}

// Parse reads what Bytes wrote.
func Parse(b []byte) (d Draft, err error) {
	first, fields, _ := bytes.Cut(b, []byte{'\n'})
	var h head
	if err := json.Unmarshal(first, &h); err != nil {
		return d, err
	}
	values, err := url.ParseQuery(string(fields))
	return Draft{h.To, h.From, time.Unix(h.At, 0).UTC(), values, h.Left}, err
}

// Pair is one text that was typed.
type Pair struct{ Name, Value string }

// Texts gives what was typed, by the names of the fields, for whoever must put it back by hand.
func (d Draft) Texts() (list []Pair) {
	for name, values := range d.Fields {
		for _, v := range values {
			if v != "" {
				list = append(list, Pair{name, v})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	return list
}
