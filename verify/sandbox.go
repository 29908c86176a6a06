package verify

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// SandboxForm is the second line of a certificate of a sandbox.
const SandboxForm = "rempart sandbox certificate 2"

// Sandbox says that an environment for tests holds nobody real: every value that the source keeps of its people was hashed under
// a key drawn for the comparison and thrown away, and no value of the sandbox was among them.
type Sandbox struct {
	Made     time.Time
	Key      string // verifier key of the sandbox's own journal: which sandbox it is
	Source   int    // values of the source that were compared
	Looked   int    // values of the sandbox that were looked up
	Found    int    // values of the source found in the sandbox: 0, or there is no certificate
	Orgs     int
	People   int
	Members  int
	Entries  int64
	Pictures int
	Policies int   // in force
	Files    int   // attached to requests, registers, attestations and incidents
	Bytes    int64 // that these files take
	Of       int64 // that those of the source take; more than Bytes when they were made smaller
	Served   int   // rows of services: links, cards, exchanges, phones
}

func sandboxOrigin(key Key) string { return key.Name + "/sandbox" }

func (s *Sandbox) text(key Key) string {
	return fmt.Sprintf("%s\n%s\nmade %s\nsandbox %s\nsource-values %d\nsandbox-values %d\nfound %d\norganizations %d\npersons %d\nmembers %d\njournal-entries %d\npictures %d\npolicies %d\nfiles %d\nfile-bytes %d\nsource-file-bytes %d\nservice-rows %d\n",
		sandboxOrigin(key), SandboxForm, s.Made.UTC().Format(time.RFC3339), s.Key, s.Source, s.Looked, s.Found, s.Orgs, s.People, s.Members, s.Entries, s.Pictures,
		s.Policies, s.Files, s.Bytes, s.Of, s.Served)
}

// SignSandbox signs a certificate with the key of the source's journal.
func SignSandbox(s *Sandbox, key Key, sign func(msg []byte) ([]byte, error)) (string, error) {
	signed, err := note.Sign(&note.Note{Text: s.text(key)}, NewSigner(sandboxOrigin(key), key.Public, sign))
	return string(signed), err
}

// IsSandbox tells whether a file holds a certificate of a sandbox.
func IsSandbox(file []byte) bool { return strings.Contains(string(file), "\n"+SandboxForm+"\n") }

// CheckSandbox checks a certificate with the public key of the source's journal (Key.String).
func CheckSandbox(in io.Reader, vkey string) (s Sandbox, err error) {
	raw, err := io.ReadAll(io.LimitReader(in, 1<<16))
	if err != nil {
		return s, err
	}
	key, err := ParseKey(vkey)
	if err != nil {
		return s, err
	}
	n, err := note.Open(raw, note.VerifierList(key.Verifier(sandboxOrigin(key))))
	if err != nil {
		return s, errors.New("verify: the certificate is not what was signed by this key")
	}
	var made string
	_, err = fmt.Sscanf(strings.TrimPrefix(n.Text, sandboxOrigin(key)+"\n"+SandboxForm+"\n"),
		"made %s\nsandbox %s\nsource-values %d\nsandbox-values %d\nfound %d\norganizations %d\npersons %d\nmembers %d\njournal-entries %d\npictures %d\npolicies %d\nfiles %d\nfile-bytes %d\nsource-file-bytes %d\nservice-rows %d\n",
		&made, &s.Key, &s.Source, &s.Looked, &s.Found, &s.Orgs, &s.People, &s.Members, &s.Entries, &s.Pictures,
		&s.Policies, &s.Files, &s.Bytes, &s.Of, &s.Served)
	if err == nil {
		s.Made, err = time.Parse(time.RFC3339, made)
	}
	if err != nil || s.text(key) != n.Text {
		return s, errors.New("verify: the certificate of the sandbox cannot be read")
	}
	return s, nil
}

// String is for a console.
func (s *Sandbox) String() string {
	var b printer
	b.line("sandbox of %s, made %s", s.Key, s.Made.Format(time.RFC3339))
	b.line("  %d organizations, %d persons, %d members, %d journal entries, %d pictures", s.Orgs, s.People, s.Members, s.Entries, s.Pictures)
	b.line("  %d policies in force, %d rows of services, %d files of %d bytes in the place of %d bytes", s.Policies, s.Served, s.Files, s.Bytes, s.Of)
	b.line("%d values of the source compared with %d of the sandbox, %d found: verified", s.Source, s.Looked, s.Found)
	return b.String()
}
