package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/rest"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

func serve(t *testing.T, f http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

func secret(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "{file: " + path + "}"
}

func open(t *testing.T, text string) (*rest.API, error) {
	t.Helper()
	c, err := tool.Parse("crm.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rest.Open(c)
}

func opened(t *testing.T, text string) *rest.API {
	t.Helper()
	a, err := open(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// keys reads everything and gives the keys.
func keys(t *testing.T, a *rest.API) (all []string, err error) {
	t.Helper()
	err = a.Read(t.Context(), func(r tool.Record) error {
		all = append(all, r.Key+":"+strings.Join(r.Fields["phone"], "+"))
		return nil
	})
	return all, err
}

const people = `key: id
fields: {phone: phone}
`

func TestEveryKindOfPagingReadsEachPageOnce(t *testing.T) {
	page := func(from, to int) string {
		var items []string
		for i := from; i < to; i++ {
			items = append(items, fmt.Sprintf(`{"id":%d,"phone":"0%d"}`, i, i))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	var asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		v := q.URL.Query()
		switch q.URL.Path {
		case "/page":
			fmt.Fprint(w, map[string]string{"1": page(0, 2), "2": page(2, 4), "3": page(4, 5)}[v.Get("p")])
		case "/ended":
			if v.Get("p") == "1" {
				fmt.Fprint(w, page(0, 2))
				return
			}
			w.WriteHeader(http.StatusNotFound)
		case "/offset":
			fmt.Fprint(w, map[string]string{"0": page(0, 2), "2": page(2, 4), "4": page(4, 5)}[v.Get("skip")])
		case "/cursor":
			fmt.Fprint(w, map[string]string{"": `{"a":` + page(0, 2) + `,"n":{"c":"x y&z"}}`, "x y&z": `{"a":` + page(2, 5) + `,"n":{"c":null}}`}[v.Get("after")])
		case "/next":
			fmt.Fprint(w, `{"a":`+page(0, 2)+`,"@odata.nextLink":"/last?$skip=2"}`)
		case "/last":
			fmt.Fprint(w, `{"a":`+page(2, 5)+`}`)
		case "/link":
			if v.Get("page") == "" {
				w.Header().Set("Link", `</link?page=2>; rel="next", </link?page=9>; rel="last"`)
				fmt.Fprint(w, page(0, 2))
				return
			}
			w.Header().Set("Link", `</link>; rel="prev"`)
			fmt.Fprint(w, page(2, 5))
		}
	})
	for _, c := range []struct {
		text     string
		want     int
		requests int64
	}{
		{"/page\npaging: {kind: page, parameter: p, first: 1, size: 2}\n", 5, 3},
		{"/ended\npaging: {kind: page, parameter: p, first: 1, size: 2, end_status: 404}\n", 2, 2},
		{"/offset\npaging: {kind: offset, parameter: skip, size: 2}\n", 5, 3},
		{"/cursor\nrecords: a\npaging: {kind: cursor, parameter: after, cursor: n.c}\n", 5, 2},
		{"/next\nrecords: a\npaging: {kind: next, cursor: \"['@odata.nextLink']\"}\n", 5, 2},
		{"/link\npaging: {kind: link}\n", 5, 2},
	} {
		asked.Store(0)
		got, err := keys(t, opened(t, "url: "+s.URL+c.text+people))
		if err != nil || len(got) != c.want || asked.Load() != c.requests {
			t.Errorf("%s: %v in %d requests, %v", c.text, got, asked.Load(), err)
		}
	}
}

func TestATokenIsAskedForOnceAndAnewWhenItIsRefused(t *testing.T) {
	var tokens, asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/token" {
			n := tokens.Add(1)
			body, _ := io.ReadAll(q.Body)
			if q.Method != http.MethodPost || !strings.Contains(string(body), "client_secret=s3cret%2Bcanary") || !strings.Contains(string(body), "grant_type=client_credentials") {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error":"invalid_client"}`)
				return
			}
			fmt.Fprintf(w, `{"access_token":"t%d","expires_in":3600,"token_type":"Bearer"}`, n)
			return
		}
		asked.Add(1)
		if strings.Contains(q.URL.String(), "canary") {
			t.Error("a secret stands in an address")
		}
		if q.Header.Get("Authorization") != "Bearer t2" { // the first token was taken back
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `[{"id":1,"phone":"0612345678"}]`)
	})
	text := "url: " + s.URL + "/c\n" + people + "auth: {kind: client_credentials, token_url: " + s.URL + "/token, client_id: me, secret: "
	a := opened(t, text+secret(t, "s3cret+canary\n")+"}\n")
	for range 3 {
		if got, err := keys(t, a); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
	}
	if tokens.Load() != 2 || asked.Load() != 4 {
		t.Errorf("%d tokens, %d requests", tokens.Load(), asked.Load())
	}
	_, err := keys(t, opened(t, text+secret(t, "wrong-canary")+"}\n"))
	if core.CodeOf(err) != "source.rest_token" || !strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}

func TestAToolThatAsksToWaitIsObeyed(t *testing.T) {
	var asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, q *http.Request) {
		switch n := asked.Add(1); {
		case q.URL.Path == "/long":
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusServiceUnavailable)
		case n == 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			fmt.Fprint(w, `[{"id":1,"phone":"06"}]`)
		}
	})
	begun := time.Now()
	if got, err := keys(t, opened(t, "url: "+s.URL+"/c\n"+people)); err != nil || len(got) != 1 || time.Since(begun) < time.Second {
		t.Error(got, err, time.Since(begun))
	}
	if _, err := keys(t, opened(t, "url: "+s.URL+"/long\n"+people)); core.CodeOf(err) != "source.later" {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	asked.Store(0)
	if err := opened(t, "url: "+s.URL+"/c\n"+people).Read(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestRequestsAreSpacedOut(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, q *http.Request) {
		if n := q.URL.Query().Get("p"); n < "5" {
			fmt.Fprintf(w, `[{"id":%s,"phone":"06"}]`, n)
			return
		}
		fmt.Fprint(w, `[]`)
	})
	begun := time.Now()
	got, err := keys(t, opened(t, "url: "+s.URL+"\nrate: 10\npaging: {kind: page, parameter: p, size: 1}\n"+people))
	if err != nil || len(got) != 5 {
		t.Fatal(got, err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("six requests took %v", took)
	}
	begun = time.Now()
	if _, err := keys(t, opened(t, "url: "+s.URL+"\nrate: 4\npaging: {kind: page, parameter: p, size: 1}\n"+people)); err != nil || time.Since(begun) < 400*time.Millisecond {
		t.Errorf("six requests at 4 a second took %v, %v", time.Since(begun), err)
	}
}

func TestChangesAreAskedForByTheGreatestMark(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Query().Get("since") {
		case "":
			fmt.Fprint(w, `[{"id":1,"phone":"06","at":"2026-11-22T10:00:00.000+0100"},{"id":2,"phone":"07","at":"2026-11-22T08:00:00Z"}]`)
		case "2026-11-22T09:00:00.000Z":
			fmt.Fprint(w, `[{"id":2,"phone":"08","at":"2026-11-22T11:00:00Z"}]`)
		case "gone":
			w.WriteHeader(http.StatusGone)
		}
	})
	a := opened(t, "url: "+s.URL+"\n"+people+"changes: {field: at, query: {since: '{{since}}'}, expired_status: 410}\n")
	var got []string
	give := func(r tool.Record) error { got = append(got, r.Key); return nil }
	mark, whole, err := a.Changes(t.Context(), "", give, nil)
	if err != nil || whole || mark != "2026-11-22T09:00:00.000Z" || len(got) != 2 {
		t.Fatal(mark, whole, got, err)
	}
	got = nil
	if mark, _, err = a.Changes(t.Context(), mark, give, nil); err != nil || mark != "2026-11-22T11:00:00.000Z" || fmt.Sprint(got) != "[2]" {
		t.Error(mark, got, err)
	}
	if _, _, err := a.Changes(t.Context(), "gone", give, nil); !errors.Is(err, tool.ErrRestart) {
		t.Error(err)
	}
}

func TestWrongDeclarationsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"template: nothing":                                           "source.rest_template",
		"template: salesforce":                                        "source.setting_missing",
		"url: http://crm.example/\n" + people:                         "source.plain",
		"url: ftp://crm.example/\n" + people:                          "source.setting_wrong",
		"url: https://u:canary@crm.example/\n" + people:               "source.secret_written",
		"url: https://x/\n" + people + "auth: {kind: magic}":          "source.setting_wrong",
		"url: https://x/\n" + people + "auth: {secret: canary}":       "source.secret_written",
		"url: https://x/\n" + people + "paging: {kind: spiral}":       "source.setting_wrong",
		"url: https://x/\n" + people + "paging: {kind: cursor}":       "source.setting_wrong",
		"url: https://x/{{place}}\n" + people:                         "source.setting_missing",
		"url: https://x/\nkey: id\nfields: {phone: 'a[b'}\n":          "source.setting_wrong",
		"url: https://x/\nkey: id\nfields: {phone: a}\ncolour: blue":  "source.setting_unknown",
		"url: https://x/\nkey: id\nfields: {phone: a}\nkey: other":    "source.setting_twice",
		"url: https://x/\nkey: id\nfields: &f {phone: a}\nvalues: *f": "source.setting_wrong",
	} {
		_, err := open(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
