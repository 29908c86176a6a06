package draft_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/kit/draft"
)

const home = "/o/1/things"

func sent(to string, fields url.Values, head ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, to, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	return r
}

func TestWhatIsNeverKept(t *testing.T) {
	d, ok := draft.Of(sent(home+"?x=1", url.Values{
		"name": {"Ann\x00é"}, "empty": {""}, "key": {"hunter2"}, draft.Secret: {"key", "digits"}, "digits": {""}, "new_password": {"hunter3"},
	}), home, time.Now())
	if !ok || !d.Left || d.To != home+"?x=1" || !reflect.DeepEqual(d.Fields, url.Values{"name": {"Ann\x00é"}, "empty": {""}}) {
		t.Fatalf("kept %+v, %v", d, ok)
	}
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := draft.Parse(b); err != nil || !reflect.DeepEqual(back.Fields, d.Fields) || back.To != d.To || back.From != d.From || !back.Left {
		t.Errorf("came back as %+v, %v", back, err)
	}
	for what, r := range map[string]*http.Request{
		"nothing typed":        sent(home, url.Values{"a": {""}}),
		"a secret alone":       sent(home, url.Values{"key": {"x"}, draft.Secret: {"key"}}),
		"a script's request":   sent(home, url.Values{"a": {"x"}}, "Sec-Fetch-Mode", "cors"),
		"another kind of body": sent(home, url.Values{"a": {"x"}}, "Content-Type", "application/json"),
		"too much":             sent(home, url.Values{"a": {strings.Repeat("x", draft.Max)}}),
	} {
		if d, ok := draft.Of(r, home, time.Now()); ok {
			t.Errorf("%s is kept: %d fields", what, len(d.Fields))
		}
	}
}

func TestOfAFormWithFilesTheTextIsKept(t *testing.T) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, err := range []error{w.WriteField("title", "Plan"), file(w, "paper", "plan.pdf"), w.WriteField("note", "Two\nlines"), w.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, read := range []bool{false, true} { // by the handler, before it was refused
		r := httptest.NewRequest(http.MethodPost, home, bytes.NewReader(body.Bytes()))
		r.Header.Set("Content-Type", w.FormDataContentType())
		if read {
			if err := r.ParseMultipartForm(1 << 20); err != nil {
				t.Fatal(err)
			}
		}
		d, ok := draft.Of(r, home, time.Now())
		if !ok || !d.Left || !reflect.DeepEqual(d.Fields, url.Values{"title": {"Plan"}, "note": {"Two\nlines"}}) {
			t.Errorf("read beforehand %v: kept %+v, %v", read, d, ok)
		}
	}
}

func file(w *multipart.Writer, field, name string) error {
	part, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = fmt.Fprint(part, "%PDF-1.7")
	}
	return err
}

const page = `<!doctype html><html><body><a href="?page=2">2</a>
<form method="post" action="/o/1/other"><input name="name"></form>
<form method="post" action="/o/1/things"><input type="hidden" name="id" value="7"><input name="name" value="seven"></form>
<details><form id="f" method="post" action="/o/1/things"><input type="hidden" name="id" value="8">
<input name="name" value="eight" autofocus><input name="line"><input name="line">
<textarea name="why"></textarea><input type="password" name="key">
<input type="checkbox" name="tick" value="a" checked><input type="checkbox" name="tick" value="b"><input type="radio" name="one" value="x" checked><input type="radio" name="one" value="y">
<select name="pick"><option value="">-<option value="p" selected>P<option>Q</select></form></details>
<input name="aside" form="f"><p>&lt;kept&gt;</p></body></html>`

func TestEveryControlIsFilledInItsForm(t *testing.T) {
	d := draft.Draft{To: home, Fields: url.Values{
		"id": {"8"}, "name": {`"><script>alert(1)</script>`}, "line": {"1", "2"}, "why": {"</textarea><b>x"}, "key": {"never"},
		"tick": {"b"}, "one": {"y"}, "pick": {"Q"}, "aside": {"near"},
	}}
	out, ok := d.Fill([]byte(page), home)
	if !ok {
		t.Fatal("the form is not found")
	}
	got := string(out)
	for _, want := range []string{
		`<input name="name" value="seven"/>`, `name="name" value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" autofocus=""`, `<input name="line" value="1"/><input name="line" value="2"/>`,
		`<textarea name="why">&lt;/textarea&gt;&lt;b&gt;x</textarea>`, `<input type="password" name="key"/>`,
		`name="tick" value="a"/>`, `name="tick" value="b" checked=""/>`, `name="one" value="x"/>`, `name="one" value="y" checked=""/>`,
		`<option value="p">P</option><option selected="">Q</option>`, `<input name="aside" form="f" value="near"/>`, `<details open="">`, `href="/o/1/things?page=2"`, `&lt;kept&gt;`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if strings.Contains(got, "<script>") || strings.Count(got, "autofocus") != 1 {
		t.Error("what was typed became markup, or two things have the focus")
	}
	if t.Failed() {
		t.Log(got)
	}
	if _, ok := (draft.Draft{To: "/o/2/things", Fields: d.Fields}).Fill([]byte(page), home); ok {
		t.Error("a form that sends elsewhere was filled")
	}
	// A page reached by a query sends its form there: at the same path without it there is none.
	here := `<form method="post"><input name="name"></form>`
	if out, ok := (draft.Draft{To: home + "?a=1", Fields: d.Fields}).Fill([]byte(here), home+"?a=1"); !ok || !strings.Contains(string(out), `action="/o/1/things?a=1"`) {
		t.Errorf("a form without an address: %v %s", ok, out)
	}
}
