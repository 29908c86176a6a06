package sourcetest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Radicale is a CardDAV server with one account.
type Radicale struct {
	*Server
	URL      string // http://127.0.0.1:port
	User     string
	Password string
}

// CardDAV starts a server that ends with the test.
func CardDAV(t T) Radicale {
	t.Helper()
	r, err := StartRadicale(folder(t))
	started(t, r.Server, err)
	return r
}

// StartRadicale starts a server in an empty folder; Stop ends it.
func StartRadicale(dir string) (Radicale, error) {
	r := Radicale{User: "lena", Password: "tell-no-one"}
	server, err := program("radicale")
	if err != nil {
		return r, err
	}
	address, err := freePort()
	if err != nil {
		return r, err
	}
	conf := filepath.Join(dir, "config")
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(r.User+":"+r.Password+"\n"), 0o600); err != nil {
		return r, err
	}
	text := fmt.Sprintf("[server]\nhosts = %s\n[auth]\ntype = htpasswd\nhtpasswd_filename = %[2]s/users\nhtpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = %[2]s/books\n[logging]\nlevel = warning\n", address, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return r, err
	}
	r.URL = "http://" + address
	r.Server, err = run(dir, address, listens(address), server, "--config", conf)
	return r, err
}

// Book makes an address book with these cards (whole vCards) and gives its address.
func (r Radicale) Book(name string, cards ...string) (string, error) {
	at := r.URL + "/" + r.User + "/" + name + "/"
	const made = `<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/><C:addressbook/></resourcetype></prop></set></mkcol>`
	if len(cards) == 0 {
		return at, r.Do("MKCOL", at, "application/xml", made)
	}
	return at, r.Do("PUT", at, "text/vcard; charset=utf-8", strings.Join(cards, ""))
}

// Put writes one card of a book; Remove takes it out.
func (r Radicale) Put(book, file, card string) error {
	return r.Do("PUT", book+file, "text/vcard; charset=utf-8", card)
}

// Remove takes one card out of a book.
func (r Radicale) Remove(book, file string) error { return r.Do("DELETE", book+file, "", "") }

// Do asks the server as its one account.
func (r Radicale) Do(method, at, kind, body string) error {
	q, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.SetBasicAuth(r.User, r.Password)
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if a.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, at, a.Status)
	}
	return nil
}
