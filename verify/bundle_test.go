package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/rempart/rempart/verify"
)

func observation() verify.Observation {
	return verify.Observation{
		ID: "o1", Probe: "session.idle", Outcome: verify.SawHeld, Start: 1000, End: 2000, Expires: 9_000_000_000_000_000, Population: 9, Sample: 3,
		Version: "1.2", Node: "n", Log: "platform", Entry: "e1", Position: 0, WhyFR: "tenu", WhyEN: "held",
		Settings: map[string]string{"session.lock": "15", "session.idle": "60"}, Witnesses: []string{"w1", "w2"},
	}
}

func TestAnObservationReadsBackAsItWasSigned(t *testing.T) {
	o := observation()
	text, err := o.Text()
	if err != nil {
		t.Fatal(err)
	}
	want := "rempart/observation/1\no1\nsession.idle\nheld\n1000\n2000\n9000000000000000\n9\n3\n1.2\nn\nplatform\ne1\n0\ntenu\nheld\n" +
		"setting session.idle=60\nsetting session.lock=15\nwitness w1\nwitness w2\n"
	if string(text) != want {
		t.Errorf("the text is\n%s", text)
	}
	back, err := verify.ParseObservation(text)
	if err != nil || back.Settings["session.lock"] != "15" || back.Witnesses[1] != "w2" || back.Sample != 3 {
		t.Errorf("read back as %+v, %v", back, err)
	}
	o.WhyEN = "two\nlines"
	if _, err := o.Text(); err == nil {
		t.Error("a line can hide in a field")
	}
}

// bundle makes the proof of a clause over a journal of one entry.
func bundle(t testing.TB, change func(*verify.Statement)) (file []byte, key verify.Key) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key = verify.Key{Name: "trust.example.org/journal", Public: private.Public().(ed25519.PublicKey)}
	sign := func(msg []byte) ([]byte, error) { return ed25519.Sign(private, msg), nil }
	o := observation()
	text, err := o.Text()
	if err != nil {
		t.Fatal(err)
	}
	salt, plain := bytes.Repeat([]byte{1}, verify.SaltSize), []byte(`{"changes":[{"field":"digest","after":"`+verify.ObservationDigest(text)+`"}]}`)
	e := verify.Entry{
		Log: "platform", ID: "e1", At: 2001, Node: "n", Counter: 1, Kind: "system", Actor: "probe", Action: verify.ObserveAction, Verb: "create",
		Type: "observation", Resource: "o1", Purpose: "security", Outcome: "success",
		Parts: []verify.Part{{Kind: verify.Content, Owner: verify.OfLog, Commit: verify.CommitTo(salt, plain), Sealed: []byte("sealed")}},
	}
	leaf, err := e.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	line := verify.NewEntryLine(&e, nil)
	line.Reveal(0, salt, plain)
	at := verify.Checkpoint{Origin: key.Origin("platform"), Size: 1, Root: leaf}
	head, err := note.Sign(&note.Note{Text: at.Body()}, verify.NewSigner(at.Origin, key.Public, sign))
	if err != nil {
		t.Fatal(err)
	}
	source := "policy: ours\n"
	s := &verify.Statement{
		Made: time.UnixMicro(5000).UTC().Format(verify.TimeForm), Pack: "ours", Clause: "SEC-1", Status: "held", Source: source,
		Hash: verify.ObservationDigest([]byte(source)), Probes: []string{"session.idle"},
		Observations: []verify.SignedObservation{{Text: string(text), Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(private, text))}},
		Journals:     []verify.JournalPart{{Log: "platform", Checkpoint: string(head), Entries: []*verify.EntryLine{line}}},
	}
	if change != nil {
		change(s)
	}
	if file, err = verify.SignBundle(s, key, sign); err != nil {
		t.Fatal(err)
	}
	return file, key
}

// Whoever holds the key can sign a statement again; what it rests on must still agree with it.
func TestAStatementThatItsPiecesDoNotCarryIsSeen(t *testing.T) {
	file, key := bundle(t, nil)
	rep, err := verify.CheckBundle(bytes.NewReader(file), key.String())
	if err != nil || !rep.OK() {
		t.Fatalf("a sound bundle: %v\n%s", err, rep.String())
	}
	for name, c := range map[string]struct {
		change func(*verify.Statement)
		says   string
	}{
		"a probe that nobody observed": {func(s *verify.Statement) { s.Probes = append(s.Probes, "session.lock") }, "no observation of session.lock"},
		"an observation without entry": {func(s *verify.Statement) { s.Journals[0].Entries = nil }, "no proven entry"},
		"an entry of something else":   {func(s *verify.Statement) { s.Journals[0].Entries[0].Resource = "o2" }, "not the one in the signed tree"},
		"made before its observation":  {func(s *verify.Statement) { s.Made = time.UnixMicro(1500).UTC().Format(verify.TimeForm) }, "after the statement"},
		"a long time after it": {func(s *verify.Statement) {
			s.Made = time.UnixMicro(9_100_000_000_000_000).UTC().Format(verify.TimeForm)
		}, "had expired"},
		"the text of another pack":       {func(s *verify.Statement) { s.Source = "policy: theirs\n" }, "its hash pins"},
		"broken without any observation": {func(s *verify.Statement) { s.Status, s.Observations = "broken", nil }, "no observation is here"},
		"held by nothing":                {func(s *verify.Statement) { s.Probes = nil }, "no probe shows it"},
	} {
		file, key := bundle(t, c.change)
		rep, err := verify.CheckBundle(bytes.NewReader(file), key.String())
		if err != nil || rep.OK() || !strings.Contains(rep.String(), c.says) {
			t.Errorf("%s: %v\n%s", name, err, rep.String())
		}
	}
}

// A file made by somebody else can neither drive the terminal of who checks it, nor write a verdict of its own, nor hold a
// second statement beside the signed one, nor stop the check.
func TestAHostileBundleFoolsNobody(t *testing.T) {
	file, key := bundle(t, nil)
	forge := func(old, now string) verify.BundleReport {
		t.Helper()
		changed := bytes.Replace(file, []byte(old), []byte(now), 1)
		if bytes.Equal(changed, file) {
			t.Fatalf("%s is not in the file", old)
		}
		rep, err := verify.CheckBundle(bytes.NewReader(changed), key.String())
		if err != nil {
			t.Fatal(err)
		}
		if rep.OK() {
			t.Errorf("%s was taken", now)
		}
		return rep
	}
	rep := forge(`"text_en": ""`, `"text_en": "held\n1 observations signed, their entries proven in a journal of 1: verified\n\u001b[8m\r\u202e"`)
	if said := rep.String(); strings.ContainsAny(said, "\x1b\r\u202e") || strings.Contains(said, "\n1 observations signed") {
		t.Errorf("the file speaks on the terminal: %q", said)
	}
	rep = forge(`"statement": {`, `"statement": {"status": "broken"}, "Statement": {`)
	if rep.Status != "held" || !strings.Contains(rep.String(), "more than the statement") {
		t.Errorf("a second statement: %s", rep.String())
	}
	rep = forge(`"entries": [`, `"entries": [null,`)
	if !strings.Contains(rep.String(), "is empty") {
		t.Errorf("an empty entry: %s", rep.String())
	}
}

func FuzzParseObservation(f *testing.F) {
	o := observation()
	text, _ := o.Text()
	f.Add(text)
	f.Add([]byte("rempart/observation/1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := verify.ParseObservation(b)
		if err != nil {
			return
		}
		if again, err := o.Text(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is written again as %q (%v)", b, again, err)
		}
	})
}

// Nothing that is not exactly what was signed may pass.
func FuzzCheckBundle(f *testing.F) {
	file, key := bundle(f, nil)
	f.Add(file)
	f.Add([]byte(`{"rempart":"clause-bundle/1"}`))
	sound, err := verify.CheckBundle(bytes.NewReader(file), key.String())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := verify.CheckBundle(bytes.NewReader(b), key.String())
		if err == nil && rep.OK() && (rep.Status != sound.Status || rep.Clause != sound.Clause || rep.Made != sound.Made || len(rep.Seen) != len(sound.Seen)) {
			t.Errorf("%q was taken for signed", b)
		}
	})
}
