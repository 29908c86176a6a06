package verify

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ExportFormat is the value of "rempart" in the first line of an export.
const ExportFormat = "journal-export/1"

// Line is one line of an export in JSON Lines. The first has Header, the last End, every other one Entry. A line of an
// OCSF export carries the same under unmapped.rempart.
type Line struct {
	Header *Header    `json:"header,omitempty"`
	Entry  *EntryLine `json:"entry,omitempty"`
	End    *End       `json:"end,omitempty"`
}

// Header opens an export: which log, at which signed head.
type Header struct {
	Format     string `json:"rempart"` // ExportFormat
	Log        string `json:"log"`
	Checkpoint string `json:"checkpoint"` // signed note: every proof of the file leads to its root
}

// EntryLine is one entry with its proof.
type EntryLine struct {
	Seq      uint64     `json:"seq"`
	ID       string     `json:"id"`
	Time     string     `json:"time"` // TimeForm, UTC
	Node     string     `json:"node"`
	Counter  uint64     `json:"counter"`
	Kind     string     `json:"actor_kind"`
	Actor    string     `json:"actor,omitempty"`
	Action   string     `json:"action"`
	Verb     string     `json:"verb"`
	Type     string     `json:"type,omitempty"`
	Resource string     `json:"resource,omitempty"`
	Purpose  string     `json:"purpose,omitempty"`
	Outcome  string     `json:"outcome"`
	Reason   string     `json:"reason,omitempty"`
	Request  string     `json:"request,omitempty"`
	Subjects []string   `json:"subjects,omitempty"`
	Parts    []PartLine `json:"parts,omitempty"`
	Proof    []string   `json:"proof"` // inclusion proof, leaf to root, base64
}

// PartLine is one sealed part: its hash alone when it was dropped, else its commitment and ciphertext, and its salt and
// plain text when the reader of the export may see it.
type PartLine struct {
	Kind   string  `json:"kind"`  // "a", "c", "s": see PartKind
	Owner  string  `json:"owner"` // "A", "S", "O": see Owner
	Hash   string  `json:"hash,omitempty"`
	Commit string  `json:"commit,omitempty"`
	Sealed string  `json:"sealed,omitempty"`
	Salt   string  `json:"salt,omitempty"`
	Plain  *string `json:"plain,omitempty"`
}

// End closes an export: a signed list of the entries that it holds, so that one taken out or the end cut off shows.
type End struct {
	Count uint64 `json:"count"`
	Seqs  string `json:"seqs"` // "0-41,45,50-52"
	Note  string `json:"note"` // signed text of EndBody
}

// TimeForm is how times are written in an export.
const TimeForm = "2006-01-02T15:04:05.000000Z"

// EndOrigin is the name under which the list at the end of an export is signed.
func EndOrigin(origin string) string { return origin + "/export" }

// EndBody is the text signed at the end of an export.
func EndBody(origin string, at Checkpoint, count uint64, seqs string) string {
	sum := sha256.Sum256([]byte(seqs))
	return fmt.Sprintf("%s\nexport of %d entries at size %d\n%s\n%s\n", EndOrigin(origin), count, at.Size,
		base64.StdEncoding.EncodeToString(at.Root[:]), base64.StdEncoding.EncodeToString(sum[:]))
}

// NewEntryLine writes an entry and its proof as a line.
func NewEntryLine(e *Entry, proof []Hash) *EntryLine {
	l := &EntryLine{
		Seq: e.Seq, ID: e.ID, Time: time.UnixMicro(e.At).UTC().Format(TimeForm), Node: e.Node, Counter: e.Counter,
		Kind: e.Kind, Actor: e.Actor, Action: e.Action, Verb: e.Verb, Type: e.Type, Resource: e.Resource,
		Purpose: e.Purpose, Outcome: e.Outcome, Reason: e.Reason, Request: e.Request, Subjects: e.Subjects,
		Proof: make([]string, len(proof)),
	}
	for i := range proof {
		l.Proof[i] = b64(proof[i][:])
	}
	for i := range e.Parts {
		p := &e.Parts[i]
		pl := PartLine{Kind: string(rune(p.Kind)), Owner: string(rune(p.Owner))}
		if p.Dropped {
			pl.Hash = b64(p.hash[:])
		} else {
			pl.Commit, pl.Sealed = b64(p.Commit[:]), b64(p.Sealed)
		}
		l.Parts = append(l.Parts, pl)
	}
	return l
}

// Reveal shows the plain text of part i with the salt that proves it.
func (l *EntryLine) Reveal(i int, salt, plain []byte) {
	text := string(plain)
	l.Parts[i].Salt, l.Parts[i].Plain = b64(salt), &text
}

// Entry reads a line back; opened tells how many parts it shows in clear, each proven to be what was sealed.
func (l *EntryLine) Entry(log string) (e Entry, opened uint64, err error) {
	at, err := time.Parse(TimeForm, l.Time)
	if err != nil || at.Format(TimeForm) != l.Time {
		return e, 0, errors.New("its time cannot be read")
	}
	e = Entry{
		Log: log, Seq: l.Seq, ID: l.ID, At: at.UnixMicro(), Node: l.Node, Counter: l.Counter, Kind: l.Kind, Actor: l.Actor,
		Action: l.Action, Verb: l.Verb, Type: l.Type, Resource: l.Resource, Purpose: l.Purpose, Outcome: l.Outcome,
		Reason: l.Reason, Request: l.Request, Subjects: l.Subjects,
	}
	for i := range l.Parts {
		p, shown, err := l.Parts[i].part()
		if err != nil {
			return e, 0, err
		}
		if shown {
			opened++
		}
		e.Parts = append(e.Parts, p)
	}
	return e, opened, nil
}

func (l *PartLine) part() (p Part, shown bool, err error) {
	if len(l.Kind) != 1 || len(l.Owner) != 1 {
		return p, false, errors.New("a sealed part cannot be read")
	}
	p = Part{Kind: PartKind(l.Kind[0]), Owner: Owner(l.Owner[0])}
	if l.Hash != "" {
		if l.Plain != nil || l.Sealed != "" {
			return p, false, errors.New("a dropped part cannot show anything")
		}
		if p.Kind != Address {
			return p, false, errors.New("a sealed part that is never dropped was taken out")
		}
		p.Dropped = true
		return p, false, unb64(p.hash[:], l.Hash)
	}
	if err := unb64(p.Commit[:], l.Commit); err != nil {
		return p, false, err
	}
	if p.Sealed, err = base64.StdEncoding.Strict().DecodeString(l.Sealed); err != nil {
		return p, false, errors.New("a sealed part cannot be read")
	}
	if l.Plain == nil {
		return p, false, nil
	}
	var salt [SaltSize]byte
	if err := unb64(salt[:], l.Salt); err != nil {
		return p, false, err
	}
	if CommitTo(salt[:], []byte(*l.Plain)) != p.Commit {
		return p, false, errors.New("what it shows in clear is not what was sealed")
	}
	return p, true, nil
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func unb64(dst []byte, s string) error {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(dst) {
		return errors.New("a hash cannot be read")
	}
	copy(dst, b)
	return nil
}

// File checks an export in JSON Lines, OCSF or CSV with the journal's public key (Key.String). The error is about a file that
// is no export or a key that cannot be read; what is wrong with the journal stands in the report.
func File(r io.Reader, vkey string) (Report, error) {
	began := time.Now()
	key, err := ParseKey(vkey)
	if err != nil {
		return Report{}, err
	}
	f := file{key: key, in: bufio.NewReaderSize(r, 1<<20)}
	if start, _ := f.in.Peek(4); string(start) == "seq," {
		err = f.csvFile(f.in)
	} else {
		err = f.lines()
	}
	if err != nil {
		return f.rep, err
	}
	if !f.done {
		f.rep.Add(Truncated, f.next, f.next, "the file ends without its signed list of entries")
	}
	f.rep.Took = time.Since(began)
	return f.rep, nil
}

// lines checks an export in JSON Lines or OCSF.
func (f *file) lines() error {
	if err := f.head(); err != nil {
		return err
	}
	for !f.done {
		line, err := f.line()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f.one(line)
	}
	return nil
}

type file struct {
	key  Key
	in   *bufio.Reader
	rep  Report
	at   Checkpoint
	log  string
	next uint64 // one past the highest sequence seen
	any  bool
	seen Ranges
	done bool
}

// maxLine bounds a line: an entry of the longest list of persons stays far below.
const maxLine = 64 << 20

func (f *file) line() ([]byte, error) {
	var long []byte
	for {
		part, err := f.in.ReadSlice('\n')
		if err == nil && long == nil {
			return part, nil
		}
		long = append(long, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine:
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(long)) > 0:
			return long, nil
		case err != nil:
			return nil, err
		default:
			return long, nil
		}
	}
}

// parse reads a line of either form. exact tells whether it is written as an export writes it, byte for byte: a second key of
// the same name, or what an OCSF event says beside its entry, would show a reader something that nothing proves.
func parse(b []byte) (line Line, exact bool, err error) {
	var l struct {
		Line
		Unmapped struct {
			Rempart *Line `json:"rempart"`
		} `json:"unmapped"`
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return Line{}, false, err
	}
	line, form := l.Line, (*Line).Text
	if l.Unmapped.Rempart != nil {
		line, form = *l.Unmapped.Rempart, (*Line).OCSF
	}
	again, err := form(&line)
	return line, err == nil && bytes.Equal(again, bytes.TrimSpace(b)), nil
}

func (f *file) head() error {
	b, err := f.line()
	if err != nil {
		return fmt.Errorf("verify: the file is empty: %w", err)
	}
	l, exact, err := parse(b)
	if err != nil || l.Header == nil || l.Header.Format != ExportFormat {
		return errors.New("verify: the file is no journal export: its first line is no header")
	}
	if !exact {
		f.rep.Add(Changed, 0, 0, "the first line says more than its signed head")
	}
	f.opened(l.Header)
	return nil
}

// opened takes the head that every proof of the file leads to.
func (f *file) opened(h *Header) {
	var err error
	f.log, f.rep.Log = h.Log, h.Log
	if f.at, err = OpenCheckpoint([]byte(h.Checkpoint), f.key); err != nil {
		f.rep.Add(Unsigned, 0, 0, "%v", err)
		f.done = true
		return
	}
	if f.at.Origin != f.key.Origin(f.log) {
		f.rep.Add(Unsigned, 0, 0, "the checkpoint is of %s", f.at.Origin)
	}
	f.rep.Checkpoints, f.rep.Size, f.rep.Root, f.rep.Signed = 1, f.at.Size, f.at.Root, f.at.Size
}

func (f *file) one(b []byte) {
	l, exact, err := parse(b)
	switch {
	case err != nil:
		f.rep.Add(Changed, f.next, f.next, "the line after entry %s cannot be read", f.before())
	case l.End != nil:
		if !exact {
			f.rep.Add(Changed, f.next, f.next, "the last line says more than the signed list")
		}
		f.end(l.End)
	case l.Entry != nil:
		if f.entry(l.Entry); !exact {
			f.rep.Add(Changed, l.Entry.Seq, l.Entry.Seq, "the line says more, or something else, than what it proves")
		}
	default:
		f.rep.Add(Inserted, f.next, f.next, "the line after entry %s is no entry", f.before())
	}
}

func (f *file) before() string {
	if !f.any {
		return "(none)"
	}
	return strconv.FormatUint(f.next-1, 10)
}

func (f *file) entry(l *EntryLine) {
	f.rep.Entries++
	switch {
	case f.any && f.seen.Has(l.Seq):
		f.rep.Add(Inserted, l.Seq, l.Seq, "the entry stands twice in the file")
	case f.any && l.Seq < f.next:
		f.rep.Add(Reordered, l.Seq, l.Seq, "the entry stands after entry %d", f.next-1)
	}
	f.seen.Add(l.Seq)
	f.any = true
	f.next = max(f.next, l.Seq+1)
	e, opened, err := l.Entry(f.log)
	if err != nil {
		f.rep.Add(Changed, l.Seq, l.Seq, "%v", err)
		return
	}
	f.rep.Parts += opened
	leaf, err := e.Leaf()
	if err != nil {
		f.rep.Add(Changed, l.Seq, l.Seq, "%v", err)
		return
	}
	proof := make([]Hash, len(l.Proof))
	for i, s := range l.Proof {
		if err := unb64(proof[i][:], s); err != nil {
			f.rep.Add(Changed, l.Seq, l.Seq, "its proof cannot be read")
			return
		}
	}
	if l.Seq >= f.at.Size {
		f.rep.Add(Inserted, l.Seq, l.Seq, "the signed tree has %d entries", f.at.Size)
	} else if Inclusion(leaf, l.Seq, f.at.Size, f.at.Root, proof) != nil {
		f.rep.Add(Changed, l.Seq, l.Seq, "the entry is not the one in the signed tree")
	}
}

// end compares the entries of the file with the signed list.
func (f *file) end(e *End) {
	f.done = true
	origin := EndOrigin(f.at.Origin)
	n, err := note.Open([]byte(e.Note), note.VerifierList(f.key.Verifier(origin)))
	if err != nil || n.Text != EndBody(f.at.Origin, f.at, e.Count, e.Seqs) {
		f.rep.Add(Truncated, f.next, f.next, "the list of entries at the end is not the signed one")
		return
	}
	listed, err := ParseRanges(e.Seqs)
	if err != nil {
		f.rep.Add(Truncated, f.next, f.next, "the list of entries at the end cannot be read")
		return
	}
	for _, r := range listed.Minus(&f.seen) {
		kind := Removed
		if r.From >= f.next {
			kind = Truncated
		}
		f.rep.Add(kind, r.From, r.To, "the export held it, the file does not")
	}
	for _, r := range f.seen.Minus(&listed) {
		f.rep.Add(Inserted, r.From, r.To, "the export did not hold it")
	}
	if rest, err := f.line(); err == nil && len(bytes.TrimSpace(rest)) > 0 {
		f.rep.Add(Inserted, f.next, f.next, "there are lines after the signed end")
	}
}
