package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ErasureForm is the second line of a receipt of erasure.
const ErasureForm = "rempart erasure receipt 1"

// The lines around a receipt in a mail: whoever saves the mail can check it whole.
const (
	ErasureBegin = "-----BEGIN ERASURE RECEIPT-----"
	ErasureEnd   = "-----END ERASURE RECEIPT-----"
)

// ErasureReceipt is what became of a person's data (article 17 GDPR). It names the person by their id alone: no value of
// theirs stands in it. It is a C2SP signed note, so that it can be read and checked with any tool that knows Ed25519.
type ErasureReceipt struct {
	Order    string
	Person   string // id
	Org      string // the organization whose part was erased; "" for the whole person
	Reason   string // "request", "retention", "offboarding", "operator"
	Ordered  time.Time
	Finished time.Time
	Replayed bool // done again after a restore
	Key      bool // the person's key was destroyed: what it sealed is unreadable in every copy
	Told     int  // organizations told to erase their copies (article 19)
	Entry    string
	Tables   []ErasedTable
}

// ErasedTable is what became of the rows of one table.
type ErasedTable struct {
	Table   string
	Deleted int64
	Kept    int64
	Ground  string // legal basis of what was kept
	Rule    string // the retention rule that ends it
	Why     string // the same in a sentence
}

// ErasureOrigin is the name under which receipts are signed.
func ErasureOrigin(key Key) string { return key.Name + "/erasure" }

// Text gives the canonical text of a receipt, before its signature.
func (r *ErasureReceipt) Text(key Key) (string, error) {
	var b strings.Builder
	line := func(name string, value string) { fmt.Fprintf(&b, "%s %s\n", name, value) }
	b.WriteString(ErasureOrigin(key) + "\n" + ErasureForm + "\n")
	line("order", r.Order)
	line("person", r.Person)
	line("of", orDash(r.Org))
	line("reason", r.Reason)
	line("ordered", r.Ordered.UTC().Format(time.RFC3339))
	line("finished", r.Finished.UTC().Format(time.RFC3339))
	line("replayed", strconv.FormatBool(r.Replayed))
	line("key-destroyed", strconv.FormatBool(r.Key))
	line("organizations-told", strconv.Itoa(r.Told))
	line("journal-entry", orDash(r.Entry))
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "table %s deleted %d kept %d %s %s %s\n", t.Table, t.Deleted, t.Kept, orDash(t.Ground), orDash(t.Rule), orDash(t.Why))
	}
	for l := range strings.Lines(b.String()) {
		if !clean(strings.TrimSuffix(l, "\n")) {
			return "", errors.New("verify: a line of the receipt holds a control sign")
		}
	}
	return b.String(), nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func noDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// SignErasure signs a receipt with the journal's key.
func SignErasure(r *ErasureReceipt, key Key, sign func(msg []byte) ([]byte, error)) (string, error) {
	text, err := r.Text(key)
	if err != nil {
		return "", err
	}
	signed, err := note.Sign(&note.Note{Text: text}, NewSigner(ErasureOrigin(key), key.Public, sign))
	return string(signed), err
}

// IsErasure tells whether a file holds a receipt of erasure.
func IsErasure(file []byte) bool {
	return bytes.Contains(file, []byte("\n"+ErasureForm)) || bytes.Contains(file, []byte("\r"+ErasureForm))
}

// ErasureReport is the result of a check.
type ErasureReport struct {
	ErasureReceipt
	Signer Key
}

// CheckErasure checks a receipt, or a mail that holds one, with the journal's public key (Key.String).
func CheckErasure(in io.Reader, vkey string) (ErasureReport, error) {
	var r ErasureReport
	raw, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return r, err
	}
	if r.Signer, err = ParseKey(vkey); err != nil {
		return r, err
	}
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	if _, rest, found := strings.Cut(text, ErasureBegin+"\n"); found {
		if text, _, found = strings.Cut(rest, "\n"+ErasureEnd); !found {
			return r, errors.New("verify: the receipt is cut off")
		}
		text += "\n"
	}
	n, err := note.Open([]byte(text), note.VerifierList(r.Signer.Verifier(ErasureOrigin(r.Signer))))
	if err != nil {
		return r, errors.New("verify: the receipt is not what was signed by this key")
	}
	if r.ErasureReceipt, err = parseErasure(n.Text); err != nil {
		return r, err
	}
	if again, err := r.Text(r.Signer); err != nil || again != n.Text {
		return r, errErasure // not the one canonical form
	}
	return r, nil
}

var errErasure = errors.New("verify: the receipt of erasure cannot be read")

func parseErasure(text string) (r ErasureReceipt, err error) {
	body, ended := strings.CutSuffix(text, "\n")
	l := strings.Split(body, "\n")
	heads := []string{"order", "person", "of", "reason", "ordered", "finished", "replayed", "key-destroyed", "organizations-told", "journal-entry"}
	if !ended || len(l) < 2+len(heads) || l[1] != ErasureForm {
		return r, errErasure
	}
	values := make([]string, len(heads))
	for i, h := range heads {
		v, ok := strings.CutPrefix(l[2+i], h+" ")
		if !ok {
			return r, errErasure
		}
		values[i] = v
	}
	r = ErasureReceipt{Order: values[0], Person: values[1], Org: noDash(values[2]), Reason: values[3], Replayed: values[6] == "true", Key: values[7] == "true", Entry: noDash(values[9])}
	if r.Ordered, err = time.Parse(time.RFC3339, values[4]); err != nil {
		return r, errErasure
	}
	if r.Finished, err = time.Parse(time.RFC3339, values[5]); err != nil {
		return r, errErasure
	}
	if r.Told, err = strconv.Atoi(values[8]); err != nil {
		return r, errErasure
	}
	for _, line := range l[2+len(heads):] {
		f := strings.SplitN(line, " ", 9)
		if len(f) != 9 || f[0] != "table" || f[2] != "deleted" || f[4] != "kept" {
			return r, errErasure
		}
		t := ErasedTable{Table: f[1], Ground: noDash(f[6]), Rule: noDash(f[7]), Why: noDash(f[8])}
		if t.Deleted, err = strconv.ParseInt(f[3], 10, 64); err != nil {
			return r, errErasure
		}
		if t.Kept, err = strconv.ParseInt(f[5], 10, 64); err != nil {
			return r, errErasure
		}
		r.Tables = append(r.Tables, t)
	}
	return r, nil
}

// String is for a console.
func (r *ErasureReport) String() string {
	var b printer
	var deleted, kept int64
	for _, t := range r.Tables {
		deleted, kept = deleted+t.Deleted, kept+t.Kept
	}
	of := "the whole person"
	if r.Org != "" {
		of = "what organization " + r.Org + " held"
	}
	b.line("order %s, person %s: %s erased at %s", r.Order, r.Person, of, r.Finished.Format(time.RFC3339))
	b.line("  %d rows deleted, %d kept; %d organizations told", deleted, kept, r.Told)
	if r.Key {
		b.line("  the person's key was destroyed: what it sealed cannot be read in any copy")
	}
	for _, t := range r.Tables {
		if t.Kept > 0 {
			b.line("  kept: %d of %s (%s, %s): %s", t.Kept, t.Table, t.Ground, t.Rule, t.Why)
		}
	}
	b.line("signed by %s: verified", r.Signer.Name)
	return b.String()
}

// Kept lists the tables that keep something.
func (r *ErasureReceipt) Kept() []ErasedTable {
	return slices.DeleteFunc(slices.Clone(r.Tables), func(t ErasedTable) bool { return t.Kept == 0 })
}
