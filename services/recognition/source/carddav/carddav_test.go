package carddav_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/carddav"
	"github.com/rempart/rempart/services/recognition/source/sourcetest"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

func vcard(id, name, phone string) string {
	return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%[2]s;;;;\r\nTEL;TYPE=CELL:%[3]s\r\nEND:VCARD\r\n", id, name, phone)
}

// counted stands before a server and counts the requests that pass.
func counted(t *testing.T, to string) (string, *atomic.Int64) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	n := new(atomic.Int64)
	proxy := httputil.NewSingleHostReverseProxy(u)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { n.Add(1); proxy.ServeHTTP(w, q) }))
	t.Cleanup(s.Close)
	return s.URL, n
}

func open(t *testing.T, at, user, password string) *carddav.Book {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := tool.Parse("book.yaml", []byte("url: "+at+"\nuser: "+user+"\npassword: {file: "+secret+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := carddav.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t *testing.T, read func(func(tool.Record) error) error) []string {
	t.Helper()
	var got []string
	if err := read(func(r tool.Record) error { got = append(got, r.Fields["name"][0]); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func TestAnAddressBookIsReadAndItsChangesFollowed(t *testing.T) {
	r := sourcetest.CardDAV(t)
	var many []string
	for i := range 60 {
		many = append(many, vcard(fmt.Sprint("u", i), fmt.Sprintf("Maëlle %03d", i), "06 12 34 56 78"))
	}
	at, err := r.Book("contacts", many...)
	if err != nil {
		t.Fatal(err)
	}
	through, asked := counted(t, r.URL)
	b := open(t, through+strings.TrimPrefix(at, r.URL), r.User, r.Password)
	if got := names(t, func(g func(tool.Record) error) error { return b.Read(t.Context(), g) }); len(got) != 60 || got[7] != "Maëlle 007" {
		t.Fatalf("%d cards: %.5v", len(got), got)
	}
	asked.Store(0)
	before, err := b.Mark(t.Context())
	if err != nil || before == "" || asked.Load() != 1 {
		t.Fatalf("an unchanged address book costs %d requests (%q, %v)", asked.Load(), before, err)
	}
	if same, _ := b.Mark(t.Context()); same != before {
		t.Error("the mark changed by itself")
	}
	token, whole, err := b.Changes(t.Context(), "", func(tool.Record) error { return nil }, func(string) error { return nil })
	if err != nil || !whole || token == "" {
		t.Fatal(token, whole, err)
	}
	if err := errors.Join(r.Put(at, "new.vcf", vcard("new", "Îlse", "07 12 34 56 78")), r.Remove(at, removedCard(t, b))); err != nil {
		t.Fatal(err)
	}
	if after, _ := b.Mark(t.Context()); after == before {
		t.Error("the mark is blind to a change")
	}
	gone := 0
	asked.Store(0)
	got := names(t, func(g func(tool.Record) error) error {
		_, _, err := b.Changes(t.Context(), token, g, func(string) error { gone++; return nil })
		return err
	})
	if fmt.Sprint(got) != "[Îlse]" || gone != 1 || asked.Load() > 3 {
		t.Errorf("changed %v, %d gone, %d requests", got, gone, asked.Load())
	}
	if _, _, err := b.Changes(t.Context(), "http://radicale.org/ns/sync/nonsense", func(tool.Record) error { return nil }, func(string) error { return nil }); !errors.Is(err, tool.ErrRestart) {
		t.Errorf("a mark that the server does not know: %v", err)
	}
}

// removedCard gives the file of some card of a book.
func removedCard(t *testing.T, b *carddav.Book) (file string) {
	t.Helper()
	if err := b.Read(t.Context(), func(r tool.Record) error { file = r.Key[strings.LastIndexByte(r.Key, '/')+1:]; return nil }); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBooksUnderOneAddressAreAllRead(t *testing.T) {
	r := sourcetest.CardDAV(t)
	for name, card := range map[string]string{"a": vcard("1", "Maëlle", "0612345678"), "b": vcard("1", "Îlse", "0612345679")} {
		if _, err := r.Book(name, card); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, r.URL+"/"+r.User+"/", r.User, r.Password)
	if got := names(t, func(g func(tool.Record) error) error { return b.Read(t.Context(), g) }); fmt.Sprint(got) != "[Maëlle Îlse]" {
		t.Errorf("%v", got)
	}
	if err := open(t, r.URL+"/"+r.User+"/", r.User, "wrong-canary").Read(t.Context(), nil); core.CodeOf(err) != "source.denied" || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	if err := open(t, r.URL+"/"+r.User+"/none/", r.User, r.Password).Read(t.Context(), nil); err == nil {
		t.Error("a book that is not there was read")
	}
}
