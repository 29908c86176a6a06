package journal

import (
	"errors"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

var errBody = errors.New("journal: stored entries cannot be read")

// packed is one entry as a body holds it (verify.CutStored): slices of the body.
type packed struct {
	text   []byte
	sealed []byte
}

// unpackAll cuts a whole body.
func unpackAll(list []packed, body []byte) ([]packed, error) {
	for len(body) > 0 {
		text, sealed, rest, err := verify.CutStored(body)
		if err != nil {
			return list, err
		}
		list, body = append(list, packed{text, sealed}), rest
	}
	return list, nil
}

// The lines of a stored text.
const (
	fID = iota
	fAt
	fNode
	fCounter
	fKind
	fActor
	fAction
	fVerb
	fType
	fResource
	fPurpose
	fOutcome
	fReason
	fRequest
	fSubject
	fOthers
	fieldCount
)

// fields are the lines of a stored text, slices of it.
type fields [fieldCount][]byte

// cut parts a text into its lines.
func (f *fields) cut(text []byte) bool {
	n, from := 0, 0
	for i, c := range text {
		if c != '\n' {
			continue
		}
		if n == fieldCount-1 {
			return false
		}
		f[n] = text[from:i]
		n, from = n+1, i+1
	}
	f[n] = text[from:]
	return n == fieldCount-1
}

func (f *fields) at() int64 {
	var n int64
	b := f[fAt]
	if len(b) > 0 && b[0] == '-' {
		n, _ = strconv.ParseInt(string(b), 10, 64)
		return n
	}
	return int64(decimal(b))
}

// decimal reads digits; what is no number gives whatever: the hash of the text tells.
func decimal(b []byte) (n uint64) {
	for _, c := range b {
		n = n*10 + uint64(c-'0')
	}
	return n
}

// entry is the entry of a text at its place. Its strings share one copy of the text.
func (f *fields) entry(log string, seq uint64) verify.Entry {
	size := fieldCount - 1
	for i := range f {
		size += len(f[i])
	}
	text, from := string(f[fID][:size]), 0
	var line [fieldCount]string
	for i := range f {
		line[i] = text[from : from+len(f[i])]
		from += len(f[i]) + 1
	}
	e := verify.Entry{
		Log: log, Seq: seq, ID: line[fID], At: f.at(), Node: line[fNode], Counter: decimal(f[fCounter]),
		Kind: line[fKind], Actor: line[fActor], Action: line[fAction], Verb: line[fVerb],
		Type: line[fType], Resource: line[fResource], Purpose: line[fPurpose], Outcome: line[fOutcome],
		Reason: line[fReason], Request: line[fRequest],
	}
	switch {
	case line[fSubject] == "":
	case line[fOthers] == "":
		e.Subjects = []string{line[fSubject]}
	default:
		e.Subjects = append([]string{line[fSubject]}, strings.Split(line[fOthers], ",")...)
	}
	return e
}

// appendTail writes the lines after the counter.
func appendTail(b []byte, e *core.Entry) []byte {
	for _, s := range [...]string{
		kindOf(e.Actor), tidy(string(e.Actor.ID)), tidy(string(e.Action)), e.Verb.String(), tidy(e.Type), tidy(string(e.Resource)),
		tidy(string(e.Purpose)), e.Outcome.String(), tidy(e.Reason), tidy(string(e.Actor.Request)),
	} {
		b = append(append(b, s...), '\n')
	}
	if len(e.Subjects) == 1 {
		return append(append(b, named(e.Subjects[0])...), '\n')
	}
	list := subjects(e.Subjects)
	for i, s := range list {
		switch {
		case i == 1:
			b = append(b, '\n')
		case i > 1:
			b = append(b, ',')
		}
		b = append(b, s...)
	}
	if len(list) < 2 {
		b = append(b, '\n')
	}
	return b
}
