package verify_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rempart/rempart/verify"
)

const someKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

// What is read and written again must be the same: two forms of one thing would be two leaves.
func FuzzParseText(f *testing.F) {
	e := entry()
	text, _ := e.Text()
	f.Add(text)
	f.Add([]byte("rempart/entry/1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, parts, err := verify.ParseText(b)
		if err != nil {
			return
		}
		again, err := e.AppendText(nil, parts)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is written again as %q (%v)", b, again, err)
		}
	})
}

func FuzzDecodeParts(f *testing.F) {
	e := entry()
	f.Add(verify.EncodeParts(e.Parts))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		parts, err := verify.DecodeParts(b)
		hash, _, herr := verify.AppendPartsHash(nil, b)
		if err != nil {
			return
		}
		if !bytes.Equal(verify.EncodeParts(parts), b) {
			t.Errorf("%x is written again as %x", b, verify.EncodeParts(parts))
		}
		if len(parts) <= 8 && (herr != nil || string(hash) != verify.PartsHash(parts)) {
			t.Errorf("two ways to hash %x differ", b)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("a/b\n7\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := verify.ParseCheckpoint(s)
		if err == nil && !strings.HasPrefix(s, c.Body()) {
			t.Errorf("%q is written again as %q", s, c.Body())
		}
	})
}

func FuzzParseRanges(f *testing.F) {
	f.Add("0-41,45,50-52")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := verify.ParseRanges(s)
		if err == nil && r.String() != s {
			t.Errorf("%q is written again as %q", s, r.String())
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(someKey)
	f.Fuzz(func(t *testing.T, s string) {
		k, err := verify.ParseKey(s)
		if err != nil {
			return
		}
		if again, err := verify.ParseKey(k.String()); err != nil || again.Name != k.Name || !bytes.Equal(again.Public, k.Public) {
			t.Errorf("%q is written again as %q", s, k.String())
		}
	})
}

// A file may say anything: File must answer, never panic, and never call it sound without a signature by the key.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"header":{"rempart":"journal-export/1","log":"o","checkpoint":"a/o\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n— a/o AAAAAAAA\n"}}` + "\n" + `{"entry":{"seq":0}}` + "\n" + `{"end":{"count":1,"seqs":"0","note":""}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := verify.File(bytes.NewReader(b), someKey)
		if err == nil && rep.OK() {
			t.Errorf("%q was called sound", b)
		}
	})
}
