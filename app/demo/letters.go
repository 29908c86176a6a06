package demo

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Letterbox is the folder where the platform writes its messages instead of sending them.
type Letterbox string

// Last gives the body of the newest message of a kind ("" for any) to an address.
func (l Letterbox) Last(to, kind string) (string, error) {
	files, err := filepath.Glob(filepath.Join(string(l), "*.eml"))
	if err != nil {
		return "", err
	}
	sort.Sort(sort.Reverse(sort.StringSlice(files))) // names are UUIDv7: the newest first
	for _, f := range files {
		m, body, err := readLetter(f)
		if err != nil {
			return "", err
		}
		if strings.Contains(m.Get("To"), "<"+to+">") && (kind == "" || m.Get("X-Rempart-Kind") == kind) {
			return body, nil
		}
	}
	return "", fmt.Errorf("no message %s to %s", kind, to)
}

func readLetter(path string) (mail.Header, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		return nil, "", err
	}
	r := m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		r = quotedprintable.NewReader(m.Body)
	}
	body, err := io.ReadAll(r)
	return m.Header, strings.ReplaceAll(string(body), "\r\n", "\n"), err
}

// Kinds lists the kinds of the messages to an address.
func (l Letterbox) Kinds(to string) string {
	files, _ := filepath.Glob(filepath.Join(string(l), "*.eml")) // the pattern is right
	var all []string
	for _, f := range files {
		if m, _, err := readLetter(f); err == nil && strings.Contains(m.Get("To"), "<"+to+">") {
			all = append(all, m.Get("X-Rempart-Kind"))
		}
	}
	return strings.Join(all, " ")
}
