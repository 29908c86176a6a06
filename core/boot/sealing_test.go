package boot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/net/html"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/edge"
)

// The canary test of staff blindness (EMG-4.4): a town is lived in through its pages, with values that nothing else holds in
// every field of every form; then the raw files of the databases, a dump, and all that was logged are searched for them.

// reader of what is logged, safe for use by many.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

// clerk fills the forms of a town.
type clerk struct {
	*town
	word, figures string
	asked         int
	given         map[string]string // value → the form and the field that took it
	refused       map[string]int    // status of forms that were not taken, by action
}

// client is a browser with a session of a person, from an address and with a browser that name themselves.
func (c *clerk) client(who string) *http.Client {
	if who != "" {
		c.begin(who)
	}
	return &http.Client{
		Transport: tripper(func(r *http.Request) (*http.Response, error) {
			c.asked++
			r.RemoteAddr = fmt.Sprintf("127.%d.%d.%d:40000", 1+c.asked>>16&0x7f, c.asked>>8&0xff, c.asked&0xff)
			if secret := c.cookies[who]; secret != "" {
				r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: secret})
			}
			r.Host = "localhost:8080"
			r.Header.Set("User-Agent", "Mozilla/5.0 ("+c.word+"; Linux) Firefox/145.0 "+c.word)
			rec := httptest.NewRecorder()
			if r.Body == nil {
				r.Body = http.NoBody
			}
			c.handler.ServeHTTP(rec, r)
			res := rec.Result()
			res.Request = r
			for _, k := range res.Cookies() { // a session moves on
				if k.Name == edge.SessionCookie && k.Value != "" {
					c.cookies[who] = k.Value
				}
			}
			return res, nil
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// left alone are the forms that end what the walk needs: the session, the account, a membership, an organization.
var leftAlone = []string{
	"/signout", "/leave", "/remove", "/close", "/password", "/factor", "/codes", "/end", "/lock", "/not-me", "/undo", "/cancel", "/revoke", "/forget", "/erase",
	"/erasure", "/offboarding", "/withdraw", "/compromised", "/unbind", "/suspend", "/restrict", "/setup",
}

// published tells what an organization shows to everyone it deals with, which is no datum of a person and stays in clear: its own
// name, its terms and the texts of its consents, the names of its roles, the address that its alerts are sent to.
func published(f *browse.Form, name, kind string) bool {
	for _, under := range []string{"/terms", "/roles", "/consents"} {
		if strings.Contains(f.Action, under) {
			return slices.Contains([]string{"title_fr", "title_en", "text_fr", "text_en", "summary_fr", "summary_en", "name", "description"}, name)
		}
	}
	return kind == "url" || f.Has("time_zone") && (name == "name" || name == "organization")
}

// fill puts a value into each field where a person types.
func (c *clerk) fill(f *browse.Form, root *html.Node) (typed []string) {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "input" && n.Data != "textarea" {
			continue
		}
		name, kind := attribute(n, "name"), attribute(n, "type")
		if name == "" || attribute(n, "readonly") != "" {
			continue
		}
		value := ""
		switch kind {
		case "text", "":
			value = fmt.Sprintf("Zq %s %d", c.word, len(c.given))
			switch name {
			case "prefix", "address":
				value = "198.51.100.0/24"
			case "phone":
				value = "+33" + c.figures
			case "time_zone":
				value = "Europe/Paris"
			case "version", "number", "hours", "days", "object": // figures, and the id of an object
				value = ""
			}
		case "email":
			value = fmt.Sprintf("%s%d@%s.example", c.word, len(c.given), c.word)
		case "tel":
			value = "+33" + c.figures
		case "search":
			value = c.word
		case "date":
			value = time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
		case "datetime-local":
			value = time.Now().AddDate(0, 0, 2).Format("2006-01-02T15:04")
		case "url":
			value = "https://" + c.word + ".example/hook"
		case "number":
			value = "1"
		case "checkbox", "radio":
			if f.Values.Get(name) == "" {
				f.Values.Set(name, attribute(n, "value"))
			}
		}
		if value != "" && published(f, name, kind) {
			value = "A text for everybody"
		}
		if value != "" {
			f.Values.Set(name, value)
			if strings.Contains(value, c.word) || strings.Contains(value, c.figures) {
				c.given[value] = f.Action + " " + name
				typed = append(typed, name)
			}
		}
	}
	for n := range root.Descendants() { // a choice that proposes nothing takes its last option
		if n.Type == html.ElementNode && n.Data == "select" && f.Values.Get(attribute(n, "name")) == "" {
			for o := range n.Descendants() {
				if o.Type == html.ElementNode && o.Data == "option" && attribute(o, "value") != "" {
					f.Values.Set(attribute(n, "name"), attribute(o, "value"))
				}
			}
		}
	}
	return typed
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			if a.Val == "" {
				return name
			}
			return a.Val
		}
	}
	return ""
}

// live fills and sends every form of every page, as each person.
func (c *clerk) live() (taken int) {
	for _, who := range []string{"a.member", "a.admin", "provider.admin", ""} {
		for _, route := range c.Routes() {
			method, path := c.address(route)
			if method != http.MethodGet || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/static/") {
				continue
			}
			page, err := browse.Over(c.client(who)).Get(path)
			if err != nil || page.Status != http.StatusOK {
				continue
			}
			var roots []*html.Node
			for n := range page.Document().Descendants() {
				if n.Type == html.ElementNode && n.Data == "form" {
					roots = append(roots, n)
				}
			}
			for i, f := range page.Forms() {
				action := f.Action
				if f.Method == http.MethodGet || slices.ContainsFunc(leftAlone, func(s string) bool { return strings.Contains(action+"?", s) }) || f.Has("current") {
					continue
				}
				if typed := c.fill(f, roots[i]); len(typed) == 0 {
					continue
				}
				got, err := f.Send()
				if err != nil {
					c.t.Logf("%s %s: %v", who, action, err)
					continue
				}
				if got.Status >= 400 {
					c.refused[fmt.Sprintf("%d %s", got.Status, parameter.ReplaceAllString(action, "*"))]++
					continue
				}
				taken++
			}
		}
	}
	return taken
}

// remembered counts the values that come back when persons ask for their data: what was never kept could not be found.
func (c *clerk) remembered() (kept int) {
	c.do("export", func(ctx context.Context, tx core.Tx) error {
		var all bytes.Buffer
		for _, person := range c.people {
			for _, m := range c.modules {
				err := m.ExportPerson(ctx, tx, person, func(r core.Record) error { return json.NewEncoder(&all).Encode(r.Values) })
				if err != nil {
					return err
				}
			}
		}
		for value := range c.given {
			if strings.Contains(strings.ToLower(all.String()), strings.ToLower(value)) {
				kept++
			}
		}
		return nil
	})
	return kept
}

// TestNothingOfAPersonStandsInClear is the promise.
func TestNothingOfAPersonStandsInClear(t *testing.T) {
	if coretest.RaceDetector {
		t.Skip("thousands of requests, one after the other")
	}
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			url := ""
			if kind != dbtest.SQLite {
				url = dbtest.Config(t, kind, nil).URL
			}
			var out logged
			w := newTownWith(t, Config{URL: url, Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			c := &clerk{town: w, given: map[string]string{}, refused: map[string]int{}}
			c.word, c.figures = unmistakable()
			taken := c.live()
			kept := c.remembered()
			t.Logf("%d values given, %d forms taken, %d values come back to their persons", len(c.given), taken, kept)
			for what, n := range c.refused {
				t.Logf("refused %d times: %s", n, what)
			}
			if taken < 30 || kept < 15 {
				t.Errorf("only %d forms were taken and %d values kept: this shows nothing", taken, kept)
			}
			for _, text := range []string{c.word, c.figures, "canary-a-", "canary-reason", "canary-suspension", "canary-import", "canary-given", "canary-family"} {
				for _, at := range c.standing(text, out.bytes()) {
					t.Errorf("%q stands in clear in %s", text, at)
				}
			}
			c.do("plant", func(ctx context.Context, tx core.Tx) error {
				_, err := tx.Exec(ctx, qPlantClear, strings.ToUpper(c.word))
				return err
			})
			if at := c.standing(c.word, []byte("a line about "+c.word)); len(at) < 2 {
				t.Errorf("a value planted in a table and in the log was seen in %v only", at)
			}
		})
	}
}

var qPlantClear = db.SQL(`INSERT INTO jobs_schedule (name, spec, next_at, last_at) VALUES ('planted', $1, 4000000000000000, 0)`)

// standing gives the places where a text stands in clear.
func (c *clerk) standing(text string, log []byte) (places []string) {
	c.t.Helper()
	t := traceOf(text)
	if t.in(log) {
		places = append(places, "the log")
	}
	files, err := t.inFolder(c.t.Context(), c.cfg.Data)
	c.must("search", err)
	places = append(places, files...)
	if c.db.Engine() != db.PostgreSQL {
		return append(places, c.columns(text)...)
	}
	tables, _, err := t.inTables(c.t.Context(), c.db)
	c.must("search", err)
	for _, table := range tables {
		places = append(places, "table "+table)
	}
	dump, err := exec.CommandContext(c.t.Context(), "pg_dump", "--dbname", c.cfg.URL).Output()
	if err != nil {
		c.t.Logf("no dump was searched: %v", err)
	} else if t.in(dump) {
		places = append(places, "a dump")
	}
	return append(places, c.cluster(t)...)
}

var qDataDirectory = db.SQLOn(db.PostgreSQL, `SELECT setting FROM pg_settings WHERE name = 'data_directory'`)

// cluster searches the raw files of the server, its log of writes too, where they can be read.
func (c *clerk) cluster(t trace) (places []string) {
	var dir string
	err := c.db.Read(c.t.Context(), func(tx core.Tx) (err error) {
		dir, _, err = db.One(c.t.Context(), tx, qDataDirectory, db.Value[string])
		return err
	})
	if err != nil || dir == "" {
		c.t.Logf("the files of the server were not searched: %v", err)
		return nil
	}
	if _, err := os.ReadDir(dir); err != nil {
		c.t.Logf("the files of the server cannot be read: %v", err)
		return nil
	}
	for _, under := range []string{"base", "pg_wal"} {
		found, err := t.inFolder(c.t.Context(), filepath.Join(dir, under))
		c.must("search", err)
		places = append(places, found...)
	}
	return places
}

// columns names the table and column of a text on SQLite, to tell where it comes from.
func (c *clerk) columns(text string) (places []string) {
	for _, m := range c.Manifests() {
		for _, table := range m.Tables {
			for _, column := range table.Columns {
				q := db.SQLOn(db.SQLite, `SELECT COUNT(*) FROM `+table.Name+` WHERE instr(lower(CAST(`+column.Name+` AS TEXT)), $1) > 0`)
				err := c.db.Read(c.t.Context(), func(tx core.Tx) error {
					n, _, err := db.One(c.t.Context(), tx, q, db.Value[int64], strings.ToLower(text))
					if n > 0 {
						places = append(places, table.Name+"."+column.Name)
					}
					return err
				})
				if err != nil && !strings.Contains(err.Error(), "no such table") {
					c.t.Log(err)
				}
			}
		}
	}
	return places
}

// TestAValueIsSeenInEveryForm is the test of the search.
func TestAValueIsSeenInEveryForm(t *testing.T) {
	word, figures := unmistakable()
	for _, text := range []string{word, figures} {
		name := "Dame X" + text + " de Y"
		wide := func(order func(u uint16) [2]byte) []byte {
			var b []byte
			for _, u := range utf16.Encode([]rune(name)) {
				pair := order(u)
				b = append(b, pair[:]...)
			}
			return b
		}
		forms := map[string][]byte{
			"text": []byte(name), "capitals": []byte(strings.ToUpper(name)),
			"UTF-16LE": wide(func(u uint16) [2]byte { return [2]byte{byte(u), byte(u >> 8)} }), "UTF-16BE": wide(func(u uint16) [2]byte { return [2]byte{byte(u >> 8), byte(u)} }),
			"hexadecimal": []byte(hex.EncodeToString([]byte(name))), "HEXADECIMAL": []byte(strings.ToUpper(hex.EncodeToString([]byte(name)))),
		}
		for shift := range 3 {
			forms[fmt.Sprint("base64 ", shift)] = []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + name)))
			forms[fmt.Sprint("base64url ", shift)] = []byte(base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + name)))
		}
		for form, raw := range forms {
			for _, before := range []int{0, 1<<20 - 7} { // across the border of two pieces too
				path := filepath.Join(t.TempDir(), "raw")
				if err := os.WriteFile(path, append(make([]byte, before), raw...), 0o600); err != nil {
					t.Fatal(err)
				}
				if found, _, err := traceOf(text).inFile(t.Context(), path); err != nil || !found {
					t.Errorf("%s after %d bytes is not seen (%v)", form, before, err)
				}
			}
		}
		if traceOf(text).in(bytes.Repeat([]byte("nothing of it "), 1000)) {
			t.Error("a text is seen where it is not")
		}
	}
}
