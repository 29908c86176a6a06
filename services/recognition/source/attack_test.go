package source_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

// A tool may be in hostile hands, or be played by somebody on the way. None of what follows may take the memory of the computer,
// read its files, carry the identity elsewhere, or go on for ever; each is refused with its reason.

func attacked(t *testing.T, kind, text string) (n int, err error) {
	t.Helper()
	c, err := source.Parse("crm.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := source.Open(kind, c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = s.Read(t.Context(), func(source.Record) error { n++; return nil })
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the reading does not end")
	}
	return n, err
}

func refused(t *testing.T, what, want, kind, text string) {
	t.Helper()
	if n, err := attacked(t, kind, text); core.CodeOf(err) != want {
		t.Errorf("%s: %d records, %v; want %s", what, n, err, want)
	} else if strings.Contains(err.Error(), "canary") {
		t.Errorf("%s: the refusal tells a secret: %v", what, err)
	}
}

func secretFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("secret-canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func web(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

const declared = "key: id\nfields: {phone: phone}\nrecords: r\n"

func TestPagesWithoutEndAreRefused(t *testing.T) {
	var n atomic.Int64
	at := web(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/same":
			fmt.Fprint(w, `{"r":[{"id":1,"phone":"06"}],"next":"x","link":"/same"}`)
		case "/empty":
			fmt.Fprintf(w, `{"r":[],"next":"%d"}`, n.Add(1))
		}
	})
	refused(t, "the same cursor", "source.loop", "rest", "url: "+at+"/same\n"+declared+"paging: {kind: cursor, parameter: c, cursor: next}\n")
	refused(t, "the same address", "source.loop", "rest", "url: "+at+"/same\n"+declared+"paging: {kind: next, cursor: link}\n")
	refused(t, "the same page", "source.loop", "rest", "url: "+at+"/same\n"+declared+"paging: {kind: page, parameter: p, size: 1}\n")
	refused(t, "the same rows at any offset", "source.loop", "rest", "url: "+at+"/same\n"+declared+"paging: {kind: offset, parameter: p, size: 1}\n")
	refused(t, "empty pages", "source.loop", "rest", "url: "+at+"/empty\n"+declared+"paging: {kind: cursor, parameter: c, cursor: next}\n")
	give := tool.Bounded(func(tool.Record) error { return nil })
	for i := range tool.MostRecords + 1 {
		if err := give(tool.Record{}); err != nil {
			if i != tool.MostRecords || core.CodeOf(err) != "source.endless" {
				t.Error(i, err)
			}
			return
		}
	}
	t.Error("records without end pass")
}

func TestHugeAnswersAreRefused(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for range 256 {
		_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20)) // 256 MB in 256 kB
	}
	_ = z.Close()
	at := web(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/long":
			fmt.Fprint(w, `{"r":[{"id":1,"phone":"`)
			for range 64 << 10 {
				if _, err := io.WriteString(w, strings.Repeat("6", 1<<10)); err != nil {
					return
				}
			}
		case "/field":
			fmt.Fprintf(w, `{"r":[{"id":1,"phone":"%s"}]}`, strings.Repeat("6", tool.MostRecord+1))
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		case "/many":
			fmt.Fprint(w, `{"r":[`+strings.Repeat("[],", 5<<20)+`[]]}`)
		case "/deep":
			fmt.Fprint(w, strings.Repeat("[", 1<<20))
		case "/list":
			fmt.Fprint(w, `{"r":"nothing"}`)
		case "/head":
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			fmt.Fprint(w, `{"r":[]}`)
		case "/said":
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprint(w, "secret-canary")
		}
	})
	for path, want := range map[string]string{
		"/long": "source.answer_huge", "/field": "source.record_huge", "/packed": "source.answer_huge", "/many": "source.not_understood", "/deep": "source.not_understood",
		"/list": "source.not_understood", "/head": "source.unreachable", "/said": "source.answered",
	} {
		refused(t, path, want, "rest", "url: "+at+path+"\n"+declared)
	}
}

func TestNoIdentityGoesToAnotherMachine(t *testing.T) {
	var stolen atomic.Int64
	other := web(t, func(w http.ResponseWriter, q *http.Request) {
		stolen.Add(1)
		fmt.Fprint(w, `{"access_token":"x","r":[]}`)
	})
	other = strings.Replace(other, "127.0.0.1", "localhost", 1)
	at := web(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/moved", "/token":
			http.Redirect(w, q, other+q.URL.Path, http.StatusTemporaryRedirect)
		case "/next":
			fmt.Fprintf(w, `{"r":[{"id":1}],"next":"%s/"}`, other)
		case "/link":
			w.Header().Set("Link", "<"+other+`/>; rel="next"`)
			fmt.Fprint(w, `{"r":[{"id":1}]}`)
		case "/around":
			http.Redirect(w, q, "/around", http.StatusFound)
		case "/book/":
			w.WriteHeader(http.StatusMultiStatus)
			fmt.Fprintf(w, `<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:response><D:href>%s/book/</D:href><D:propstat><D:prop><D:resourcetype><C:addressbook/></D:resourcetype></D:prop></D:propstat></D:response></D:multistatus>`, other)
		}
	})
	auth := "auth: {kind: header, header: X-Key, secret: {file: " + secretFile(t) + "}}\n"
	for path, paging := range map[string]string{"/moved": "", "/next": "paging: {kind: next, cursor: next}\n", "/link": "paging: {kind: link}\n"} {
		refused(t, path, "source.redirected", "rest", "url: "+at+path+"\n"+declared+auth+paging)
	}
	refused(t, "/around", "source.loop", "rest", "url: "+at+"/around\n"+declared+auth)
	refused(t, "a token", "source.rest_token", "rest", "url: "+at+"/next\n"+declared+"auth: {kind: client_credentials, client_id: me, token_url: "+at+"/token, secret: {file: "+secretFile(t)+"}}\n")
	book := "\nuser: lena\npassword: {file: " + secretFile(t) + "}\n"
	refused(t, "an address book elsewhere", "source.redirected", "carddav", "url: "+at+"/book/"+book)
	refused(t, "a moved address book", "source.redirected", "carddav", "url: "+at+"/moved"+book)
	if n := stolen.Load(); n != 0 {
		t.Errorf("another machine was asked %d times", n)
	}
}

func TestXMLBombsAreRefused(t *testing.T) {
	const open = `<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">`
	at := web(t, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusMultiStatus)
		switch q.URL.Path {
		case "/laughs":
			fmt.Fprint(w, `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>`+open+`<D:response><D:href>&b;</D:href></D:response></D:multistatus>`)
		case "/file":
			fmt.Fprint(w, `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`+open+`<D:response><D:href>&a;</D:href></D:response></D:multistatus>`)
		case "/deep":
			fmt.Fprint(w, open+"<D:response>"+strings.Repeat("<a>", 1<<20))
		case "/long":
			fmt.Fprint(w, open+"<D:response><D:href>")
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		case "/page":
			fmt.Fprint(w, "<html><body>Hello</body></html>")
		}
	})
	for path, want := range map[string]string{
		"/laughs": "source.xml_refused", "/file": "source.xml_refused", "/deep": "source.not_understood", "/long": "source.answer_huge", "/page": "source.not_understood",
	} {
		refused(t, path, want, "carddav", "url: "+at+path+"\n")
	}
}

// wire plays a server that is no HTTP one.
func wire(t *testing.T, f func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(25 * time.Second))
				f(c)
			}()
		}
	}()
	return l.Addr().String()
}

func forever(c net.Conn, b []byte) {
	for len(b) < 64<<10 {
		b = append(b, b...)
	}
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

func TestADirectoryWithoutEndIsRefused(t *testing.T) {
	entry := func(id int64) []byte {
		p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
		p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
		e := ber.Encode(ber.ClassApplication, ber.TypeConstructed, 4, nil, "")
		e.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "cn=x", ""))
		e.AppendChild(ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, ""))
		p.AppendChild(e)
		return p.Bytes()
	}
	endless := wire(t, func(c net.Conn) {
		if asked, err := ber.ReadPacket(c); err == nil {
			id, _ := asked.Children[0].Value.(int64)
			forever(c, entry(id))
		}
	})
	refused(t, "entries without end", "source.endless", "ldap", "url: ldap://"+endless+"\nbase: dc=x\n")
	false4GB := wire(t, func(c net.Conn) {
		_, _ = ber.ReadPacket(c)
		_, _ = c.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff})
		time.Sleep(time.Second)
	})
	refused(t, "a false length", "source.unreachable", "ldap", "url: ldap://"+false4GB+"\nbase: dc=x\n")
}

func TestADatabaseWithoutEndIsRefused(t *testing.T) {
	postgres := wire(t, func(c net.Conn) {
		_, _ = io.ReadAtLeast(c, make([]byte, 1024), 8)
		_, _ = c.Write([]byte{'R', 0, 0, 0, 8, 0, 0, 0, 0})
		forever(c, []byte{'S', 0, 0, 0, 8, 'a', 0, 'b', 0})
	})
	refused(t, "PostgreSQL", "source.answer_huge", "sql", "url: postgres://r@"+postgres+"/crm\nquery: SELECT 1\n")
	maria := wire(t, func(c net.Conn) {
		for seq := byte(0); ; seq++ {
			if _, err := c.Write([]byte{0xff, 0xff, 0xff, seq}); err != nil {
				return
			}
			if _, err := c.Write(make([]byte, 1<<24-1)); err != nil {
				return
			}
		}
	})
	refused(t, "MariaDB", "source.answer_huge", "sql", "url: mariadb://r@"+maria+"/crm\nquery: SELECT 1\n")
}

// TestADatabaseCannotReadFilesOfTheComputer plays a MySQL server that answers a query by "give me your file" (LOAD DATA LOCAL).
func TestADatabaseCannotReadFilesOfTheComputer(t *testing.T) {
	path := secretFile(t)
	var asked, got atomic.Bool
	at := wire(t, func(c net.Conn) {
		say := func(seq byte, b []byte) {
			head := binary.LittleEndian.AppendUint32(nil, uint32(len(b)))
			head[3] = seq
			_, _ = c.Write(append(head, b...))
		}
		hear := func() ([]byte, bool) {
			head := make([]byte, 4)
			if _, err := io.ReadFull(c, head); err != nil {
				return nil, false
			}
			b := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
			_, err := io.ReadFull(c, b)
			return b, err == nil
		}
		greeting := append([]byte{10}, "8.0.0\x00\x01\x00\x00\x0012345678\x00\xff\xff\x21\x02\x00\xff\xff\x15"...)
		greeting = append(greeting, make([]byte, 10)...)
		say(0, append(greeting, "123456789012\x00mysql_native_password\x00"...))
		ok := []byte{0, 0, 0, 2, 0, 0, 0}
		_, _ = hear()
		say(2, ok)
		for {
			b, fine := hear()
			if !fine {
				return
			}
			switch {
			case bytes.Contains(b, []byte("canary")):
				got.Store(true)
				return
			case bytes.Contains(b, []byte("SELECT id FROM")):
				asked.Store(true)
				say(1, append([]byte{0xfb}, path...))
			default:
				say(1, ok)
			}
		}
	})
	if n, err := attacked(t, "sql", "url: mysql://r@"+at+"/crm\nquery: SELECT id FROM contact\n"); err == nil || n != 0 {
		t.Error(n, err)
	}
	if !asked.Load() || got.Load() {
		t.Errorf("asked for the file: %v; got it: %v", asked.Load(), got.Load())
	}
}

// TestSettingsFromElsewhereNameNoOtherFile plays whoever holds the settings on the platform, and wants files of the computer.
func TestSettingsFromElsewhereNameNoOtherFile(t *testing.T) {
	dir, other := t.TempDir(), secretFile(t)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "crm.secret"), []byte("mine"), 0o600), os.WriteFile(filepath.Join(dir, "a.csv"), []byte("id,phone\n1,06\n"), 0o600),
		os.Symlink(other, filepath.Join(dir, "link.secret"))); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTHER_TOKEN", "canary")
	t.Setenv("REMPART_SOURCE_CRM", "mine")
	var told atomic.Value
	at := web(t, func(w http.ResponseWriter, q *http.Request) {
		told.Store(q.Header.Get("X-Key"))
		fmt.Fprint(w, `{"r":[{"id":1,"phone":"06"}]}`)
	})
	read := func(kind, text string) error {
		c, err := source.Parse("", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c.Within = dir
		s, err := source.Open(kind, c)
		if err != nil {
			return err
		}
		return s.Read(t.Context(), func(source.Record) error { return nil })
	}
	key := func(s string) string {
		return "url: " + at + "\n" + declared + "auth: {kind: header, header: X-Key, secret: " + s + "}\n"
	}
	for _, text := range []string{"{file: " + other + "}", "{file: link.secret}", "{file: ../" + filepath.Base(filepath.Dir(other)) + "/secret}", "{file: /etc/hostname}", "{env: OTHER_TOKEN}"} {
		if err := read("rest", key(text)); core.CodeOf(err) != "source.outside" {
			t.Errorf("%s: %v", text, err)
		}
	}
	for kind, text := range map[string]string{"csv": "file: " + other, "vcard": "file: /etc/passwd", "ldap": "url: ldaps://127.0.0.1:1\nbase: dc=x\nca_file: /etc/passwd"} {
		if err := read(kind, text); core.CodeOf(err) != "source.outside" {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if told.Load() != nil {
		t.Errorf("a secret was sent: %v", told.Load())
	}
	for _, text := range []string{"{file: crm.secret}", "{env: REMPART_SOURCE_CRM}"} {
		if err := read("rest", key(text)); err != nil || told.Load() != "mine" {
			t.Errorf("%s: %v, %v", text, told.Load(), err)
		}
	}
	if err := read("csv", "file: a.csv"); err != nil {
		t.Error(err)
	}
}
