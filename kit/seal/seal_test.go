package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/rempart/rempart/core"
)

type vector struct {
	Name, Key, Where, Table, Field, Row, Plain, Sealed string
	Org, Owner                                         core.ID
	Epoch, Schema                                      uint16
}

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func vectors(t testing.TB) []vector {
	t.Helper()
	body, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(body, &all); err != nil || len(all) < 6 {
		t.Fatalf("%d vectors, %v", len(all), err)
	}
	return all
}

// The vectors were made by another implementation (Python's cryptography), from the description in doc.go.
func TestPublishedVectorsOpenInTheirPlaceOnly(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			key, sealed := raw(t, v.Key), raw(t, v.Sealed)
			c, err := Cipher(key)
			if err != nil {
				t.Fatal(err)
			}
			p := At(v.Org, v.Owner, v.Where)
			if v.Table != "" && (p.Table != v.Table || p.Field != v.Field || p.Row != v.Row || p.Schema != v.Schema) {
				t.Errorf("%q was read as %+v", v.Where, p)
			}
			if e, ok := Epoch(sealed); !ok || e != v.Epoch {
				t.Errorf("epoch %d, %v", e, ok)
			}
			plain, err := Open(c, p, sealed)
			if err != nil || !bytes.Equal(plain, raw(t, v.Plain)) {
				t.Fatalf("%x, %v", plain, err)
			}
			again, err := Open(c, p, Seal(c, v.Epoch, p, plain))
			if err != nil || !bytes.Equal(again, plain) {
				t.Errorf("sealed again: %x, %v", again, err)
			}
			moved := map[string]Place{
				"person": At(v.Org, v.Owner+"x", v.Where), "row": At(v.Org, v.Owner, v.Where+"x"), "table": At(v.Org, v.Owner, "x"+v.Where),
			}
			if sealed[0] == version2 {
				moved["organization"] = At(v.Org+"x", v.Owner, v.Where)
				other := p
				other.Schema++
				moved["schema"] = other
				other = p
				other.Field += "x"
				moved["field"] = other
				other = p
				other.Table, other.Field = p.Table+p.Field, ""
				moved["border of table and field"] = other
			}
			for what, p := range moved {
				if got, err := Open(c, p, sealed); err == nil {
					t.Errorf("moved to another %s it opened as %q", what, got)
				}
			}
			for i := range sealed {
				bad := bytes.Clone(sealed)
				bad[i] ^= 1
				if _, err := Open(c, p, bad); err == nil {
					t.Errorf("opened with byte %d changed", i)
				}
			}
		})
	}
}

func TestTwoSealsOfOneValueDiffer(t *testing.T) {
	c, _ := Cipher(make([]byte, KeySize))
	p := At("o", "p", "t.f/r")
	a, b := Seal(c, 1, p, []byte("x")), Seal(c, 1, p, []byte("x"))
	if bytes.Equal(a, b) || len(a) != Overhead+1 {
		t.Errorf("%x and %x", a, b)
	}
}

func TestPaddingHidesTheLength(t *testing.T) {
	seen := map[int]bool{}
	for n := range 20_000 {
		plain := bytes.Repeat([]byte{0x80}, n)
		padded := Pad(plain)
		seen[len(padded)] = true
		got, err := Unpad(padded)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: %d, %v", n, len(got), err)
		}
	}
	want := []int{32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 24576}
	if len(seen) != len(want) {
		t.Errorf("lengths %v", seen)
	}
	for _, n := range want {
		if !seen[n] {
			t.Errorf("no value has %d bytes", n)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 32), {0x80}, append(make([]byte, 31), 1), append([]byte{0x80}, make([]byte, 63)...)} {
		if got, err := Unpad(bad); err == nil {
			t.Errorf("%x was read as %x", bad, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(raw(f, v.Key), raw(f, v.Sealed), string(v.Org), string(v.Owner), v.Where)
	}
	// What was sealed opens in its place and nowhere else; what was not sealed never opens nor panics.
	f.Fuzz(func(t *testing.T, key, value []byte, org, owner, where string) {
		k := sha256.Sum256(key)
		c, err := Cipher(k[:])
		if err != nil {
			t.Fatal(err)
		}
		p := At(core.ID(org), core.ID(owner), where)
		if got, err := Open(c, p, value); err == nil {
			t.Fatalf("%x opened as %x", value, got)
		}
		sealed := Seal(c, 1, p, Pad(value))
		padded, err := Open(c, p, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Unpad(padded); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("%x came back as %x, %v", value, got, err)
		}
		if _, err := Open(c, At(core.ID(owner), core.ID(org), where), sealed); err == nil && org != owner {
			t.Fatal("organization and person can be exchanged")
		}
	})
}

func FuzzUnpad(f *testing.F) {
	f.Add([]byte("x"))
	f.Add(Pad([]byte("x")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := Unpad(b); err == nil && !bytes.Equal(Pad(got), b) {
			t.Fatalf("%x is not what Pad makes of %x", b, got)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	c, _ := Cipher(make([]byte, KeySize))
	plain := make([]byte, 100)
	for b.Loop() {
		Seal(c, 1, At("platform", "0193f0b0-0000-7000-8000-000000000001", "identity_person.phone/0193f0b0-0000-7000-8000-000000000001"), plain)
	}
}
