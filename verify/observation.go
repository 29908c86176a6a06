package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ObservationVersion is the first line of an observation's text.
const ObservationVersion = "rempart/observation/1"

// The outcomes of a probe.
const (
	SawHeld    = "held"
	SawBroken  = "broken"
	SawNothing = "unseen" // the probe could not look: neither held nor broken
)

// Observation is what one run of a probe saw, as it is signed. Times are microseconds since 1970, UTC.
type Observation struct {
	ID, Probe           string
	Outcome             string
	Start, End, Expires int64
	Population, Sample  uint64 // n of N
	Version, Node       string // of the program that ran it
	Log, Entry          string // the journal entry that records it
	Position            uint64 // entries that the log held before
	WhyFR, WhyEN        string // or why nothing could be seen
	Settings            map[string]string
	Witnesses           []string // further entries
}

var errObservation = errors.New("verify: this is not the text of an observation")

// Text is the canonical form, which the journal's key signs (Ed25519): ObservationVersion and each field on a line of its
// own, in the order of the struct; numbers in decimal; then one line "setting key=value" per setting, by key, and one line
// "witness id" per further entry. Every line ends with a newline.
func (o *Observation) Text() ([]byte, error) {
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	when := func(t int64) string { return strconv.FormatInt(t, 10) }
	lines := []string{
		ObservationVersion, o.ID, o.Probe, o.Outcome, when(o.Start), when(o.End), when(o.Expires), number(o.Population), number(o.Sample),
		o.Version, o.Node, o.Log, o.Entry, number(o.Position), o.WhyFR, o.WhyEN,
	}
	keys := make([]string, 0, len(o.Settings))
	for k := range o.Settings {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if strings.Contains(k, "=") {
			return nil, errObservation
		}
		lines = append(lines, "setting "+k+"="+o.Settings[k])
	}
	for _, w := range o.Witnesses {
		lines = append(lines, "witness "+w)
	}
	for _, l := range lines {
		if !clean(l) {
			return nil, errObservation
		}
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

// ParseObservation reads what Text writes.
func ParseObservation(text []byte) (o Observation, err error) {
	body, ended := strings.CutSuffix(string(text), "\n")
	l := strings.Split(body, "\n")
	if !ended || len(l) < 16 || l[0] != ObservationVersion {
		return o, errObservation
	}
	o = Observation{ID: l[1], Probe: l[2], Outcome: l[3], Version: l[9], Node: l[10], Log: l[11], Entry: l[12], WhyFR: l[14], WhyEN: l[15]}
	for i, into := range map[int]*int64{4: &o.Start, 5: &o.End, 6: &o.Expires} {
		if *into, err = strconv.ParseInt(l[i], 10, 64); err != nil {
			return o, errObservation
		}
	}
	for i, into := range map[int]*uint64{7: &o.Population, 8: &o.Sample, 13: &o.Position} {
		if *into, err = decimal(l[i]); err != nil {
			return o, errObservation
		}
	}
	for _, line := range l[16:] {
		if kv, ok := strings.CutPrefix(line, "setting "); ok {
			if o.Settings == nil {
				o.Settings = map[string]string{}
			}
			k, v, _ := strings.Cut(kv, "=")
			o.Settings[k] = v
		} else if w, ok := strings.CutPrefix(line, "witness "); ok {
			o.Witnesses = append(o.Witnesses, w)
		} else {
			return o, errObservation
		}
	}
	if again, err := o.Text(); err != nil || string(again) != string(text) {
		return o, errObservation // not the one canonical form
	}
	return o, nil
}

// ObservationDigest is how the entry of an observation names its text: SHA-256 in hexadecimal.
func ObservationDigest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// OpenObservation checks the signature of a text by the journal's key and reads it.
func OpenObservation(text, signature []byte, key Key) (Observation, error) {
	if len(key.Public) != ed25519.PublicKeySize || !ed25519.Verify(key.Public, text, signature) {
		return Observation{}, errors.New("verify: the signature of the observation does not hold")
	}
	return ParseObservation(text)
}
