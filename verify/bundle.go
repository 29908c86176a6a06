package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// BundleFormat is the value of "rempart" in a bundle.
const BundleFormat = "clause-bundle/1"

// Bundle is the proof of one clause: what was promised, the newest observation of each of its probes, the journal entries
// that record them with their proofs, and the key. Note signs the statement whole; each piece is signed or proven by itself.
type Bundle struct {
	Format    string          `json:"rempart"`
	Statement json.RawMessage `json:"statement"` // a Statement; its hash is taken without the spaces between its tokens
	Note      string          `json:"note"`      // signed text of BundleBody
	Key       string          `json:"key"`       // for convenience: a check by the key of the bundle alone proves nothing
}

// Statement is what a bundle says.
type Statement struct {
	Made      string `json:"made"` // TimeForm
	Pack      string `json:"pack"`
	Version   string `json:"version"`
	Number    int64  `json:"number,omitempty"` // of the publication; absent when the pack was never published
	Hash      string `json:"hash"`             // of the publication: of Source, and of Without when it is not empty
	Source    string `json:"source"`           // text of the pack
	Without   string `json:"without,omitempty"`
	Clause    string `json:"clause"`
	TextFR    string `json:"text_fr"` // with the values of the live settings
	TextEN    string `json:"text_en"`
	Status    string `json:"status"` // "held", "broken", "stale", "attested", "not_built", "outside"
	WhyFR     string `json:"why_fr"`
	WhyEN     string `json:"why_en"`
	Since     string `json:"since"`
	Published bool   `json:"published"`

	Probes       []string            `json:"probes"` // all must hold
	Observations []SignedObservation `json:"observations"`
	Attestations []AttestationLine   `json:"attestations,omitempty"`
	Journals     []JournalPart       `json:"journals"`
}

// SignedObservation is an observation as it was signed (Observation.Text).
type SignedObservation struct {
	Text      string `json:"text"`
	Signature string `json:"signature"` // base64
}

// AttestationLine is what a person attested; the person is not named.
type AttestationLine struct {
	Kind     string `json:"kind"`
	Signed   string `json:"signed"`
	Until    string `json:"until"`
	Evidence string `json:"evidence,omitempty"` // SHA-256 of its files
}

// JournalPart is the entries of one log that a bundle rests on.
type JournalPart struct {
	Log        string       `json:"log"`
	Checkpoint string       `json:"checkpoint"`
	Entries    []*EntryLine `json:"entries"`
}

// ObserveAction is the action of the entry that records an observation.
const ObserveAction = "probe.observe"

// BundleOrigin is the name under which a statement is signed.
func BundleOrigin(key Key) string { return key.Name + "/clause" }

// BundleBody is the text signed over a statement.
func BundleBody(key Key, statement []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, statement); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b.Bytes())
	return BundleOrigin(key) + "\nclause bundle\n" + base64.StdEncoding.EncodeToString(sum[:]) + "\n", nil
}

// SignBundle makes the file of a statement.
func SignBundle(s *Statement, key Key, sign func(msg []byte) ([]byte, error)) ([]byte, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	body, err := BundleBody(key, raw)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: body}, NewSigner(BundleOrigin(key), key.Public, sign))
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(Bundle{BundleFormat, raw, string(signed), key.String()}, "", " ")
}

// BundleReport is the result of a check.
type BundleReport struct {
	Statement
	Signer       Key
	Trusted      bool // checked by a key that was given, not by the one that the bundle brings
	Seen         []Observation
	Checkpoint   uint64   // size of the log at the signed head
	Wrong        []string // what does not hold, in words; empty when the bundle is sound
	Contradicted bool     // the observations do not give the status that the statement claims
}

// OK tells whether nothing is wrong with the bundle. A sound bundle can prove that a clause is broken.
func (r *BundleReport) OK() bool { return len(r.Wrong) == 0 }

func (r *BundleReport) bad(format string, args ...any) {
	if len(r.Wrong) < 100 {
		r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
	}
}

// String is for a console. What the file says stands on lines of its own and cannot drive the terminal.
func (r *BundleReport) String() string {
	var b printer
	b.line("%s of %s %s: %s at %s", r.Clause, r.Pack, r.Version, r.Status, r.Made)
	b.line("  %s", r.TextEN)
	for _, o := range r.Seen {
		b.line("  %s: %s, %d of %d, %s: %s", o.Probe, o.Outcome, o.Sample, o.Population, time.UnixMicro(o.End).UTC().Format(time.RFC3339), o.WhyEN)
	}
	if !r.Trusted {
		b.line("  checked by the key that the bundle brings, %s: compare it with the one that the provider publishes", r.Signer)
	}
	if r.OK() {
		b.line("%d observations signed, their entries proven in a journal of %d: verified", len(r.Seen), r.Checkpoint)
		return b.String()
	}
	b.line("NOT what was signed:")
	for _, w := range r.Wrong {
		b.line("  %s", w)
	}
	return b.String()
}

// maxBundle bounds a file.
const maxBundle = 64 << 20

// CheckBundle checks the proof of a clause with the journal's public key (Key.String); with "" by the key that it brings,
// which the report says. The error is about a file that is no bundle; what is wrong with one stands in the report.
func CheckBundle(in io.Reader, vkey string) (BundleReport, error) {
	var r BundleReport
	raw, err := io.ReadAll(io.LimitReader(in, maxBundle+1))
	if err != nil {
		return r, err
	}
	var b Bundle
	if len(raw) > maxBundle || json.Unmarshal(raw, &b) != nil || b.Format != BundleFormat {
		return r, errors.New("verify: the file is no bundle of a clause")
	}
	// A second statement beside the signed one, or anything else, would be read by whoever opens the file.
	var packed bytes.Buffer
	if again, err := json.Marshal(b); err != nil || json.Compact(&packed, raw) != nil || !bytes.Equal(again, packed.Bytes()) {
		r.bad("the file holds more than the statement, its signature and a key")
	}
	r.Trusted = vkey != ""
	if !r.Trusted {
		vkey = b.Key
	}
	if r.Signer, err = ParseKey(vkey); err != nil {
		return r, err
	}
	if err := json.Unmarshal(b.Statement, &r.Statement); err != nil {
		return r, errors.New("verify: the statement of the bundle cannot be read")
	}
	body, err := BundleBody(r.Signer, b.Statement)
	if err != nil {
		return r, errors.New("verify: the statement of the bundle cannot be read")
	}
	n, err := note.Open([]byte(b.Note), note.VerifierList(r.Signer.Verifier(BundleOrigin(r.Signer))))
	switch {
	case err != nil:
		r.bad("the statement is not signed by this key")
	case n.Text != body:
		r.bad("the statement was changed after it was signed")
	}
	r.text()
	entries := r.journals()
	r.observations(entries)
	r.status()
	return r, nil
}

// text checks that the hash pins the text of the pack.
func (r *BundleReport) text() {
	sum := sha256.Sum256([]byte(r.Source))
	hash := hex.EncodeToString(sum[:])
	if r.Without != "" {
		sum = sha256.Sum256([]byte(hash + "\nwithout " + r.Without + "\n"))
		hash = hex.EncodeToString(sum[:])
	}
	if hash != r.Hash {
		r.bad("the text of the pack is not the one that its hash pins")
	}
}

// journals proves the entries and gives them by id.
func (r *BundleReport) journals() map[string]*EntryLine {
	proven := map[string]*EntryLine{}
	for _, part := range r.Journals {
		at, err := OpenCheckpoint([]byte(part.Checkpoint), r.Signer)
		if err != nil || at.Origin != r.Signer.Origin(part.Log) {
			r.bad("the checkpoint of the log %s is not signed by this key", part.Log)
			continue
		}
		if part.Log == "platform" || r.Checkpoint == 0 {
			r.Checkpoint = at.Size
		}
		for _, line := range part.Entries {
			if line == nil {
				r.bad("an entry of the log %s is empty", part.Log)
				continue
			}
			if err := proveLine(line, part.Log, at); err != nil {
				r.bad("entry %d of the log %s: %v", line.Seq, part.Log, err)
				continue
			}
			proven[line.ID] = line
		}
	}
	return proven
}

// proveLine checks that an entry stands in a signed tree and that what it shows in clear is what was sealed.
func proveLine(l *EntryLine, log string, at Checkpoint) error {
	e, _, err := l.Entry(log)
	if err != nil {
		return err
	}
	leaf, err := e.Leaf()
	if err != nil {
		return err
	}
	proof := make([]Hash, len(l.Proof))
	for i, s := range l.Proof {
		if err := unb64(proof[i][:], s); err != nil {
			return err
		}
	}
	if Inclusion(leaf, l.Seq, at.Size, at.Root, proof) != nil {
		return errors.New("it is not the one in the signed tree")
	}
	return nil
}

// observations checks each signature and that the journal recorded exactly this text.
func (r *BundleReport) observations(entries map[string]*EntryLine) {
	for i, s := range r.Observations {
		signature, err := base64.StdEncoding.Strict().DecodeString(s.Signature)
		if err != nil {
			r.bad("observation %d: its signature cannot be read", i+1)
			continue
		}
		o, err := OpenObservation([]byte(s.Text), signature, r.Signer)
		if err != nil {
			r.bad("observation %d: %v", i+1, err)
			continue
		}
		r.Seen = append(r.Seen, o)
		line := entries[o.Entry]
		switch {
		case line == nil:
			r.bad("observation of %s: no proven entry records it", o.Probe)
		case line.Action != ObserveAction || line.Resource != o.ID:
			r.bad("observation of %s: its entry records something else", o.Probe)
		case !line.says(ObservationDigest([]byte(s.Text))):
			r.bad("observation of %s: its entry records another text", o.Probe)
		case line.Seq < o.Position:
			r.bad("observation of %s: its entry stands before the place where it was made", o.Probe)
		}
	}
}

// says tells whether the content that an entry shows in clear, proven to be what was sealed, names a digest.
func (l *EntryLine) says(digest string) bool {
	for _, p := range l.Parts {
		if p.Kind != string(rune(Content)) || p.Plain == nil {
			continue
		}
		var content struct {
			Changes []struct{ Field, After string } `json:"changes"`
		}
		if json.Unmarshal([]byte(*p.Plain), &content) != nil {
			continue
		}
		for _, c := range content.Changes {
			if c.Field == "digest" && c.After == digest {
				return true
			}
		}
	}
	return false
}

// status compares what the observations say with what the statement claims.
func (r *BundleReport) status() {
	made, err := time.Parse(TimeForm, r.Made)
	if err != nil {
		r.bad("the time of the statement cannot be read")
		return
	}
	newest := map[string]Observation{}
	for _, o := range r.Seen {
		if o.End > made.UnixMicro() {
			r.bad("observation of %s: it was made after the statement", o.Probe)
		}
		if n, seen := newest[o.Probe]; !seen || o.End > n.End {
			newest[o.Probe] = o
		}
	}
	contradicted := func(format string, args ...any) {
		r.Contradicted = true
		r.bad("the statement says %s, but "+format, append([]any{r.Status}, args...)...)
	}
	switch r.Status {
	case "held":
		if len(r.Probes) == 0 {
			contradicted("no probe shows it")
		}
		for _, p := range r.Probes {
			o, seen := newest[p]
			switch {
			case !seen:
				contradicted("no observation of %s is here", p)
			case o.Outcome != SawHeld:
				contradicted("%s saw %s", p, o.Outcome)
			case o.Expires <= made.UnixMicro():
				contradicted("the observation of %s had expired", p)
			}
		}
	case "broken":
		red := slices.ContainsFunc(r.Seen, func(o Observation) bool { return o.Outcome == SawBroken })
		if !red && len(r.Seen) == 0 {
			contradicted("no observation is here")
		}
	}
}
