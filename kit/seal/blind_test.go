package seal

import (
	"bytes"
	"testing"
)

func TestABlindValueOpensWithThePrivateKeyInItsPlaceOnly(t *testing.T) {
	public, private, err := NewBlind()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := NewBlind()
	if err != nil {
		t.Fatal(err)
	}
	p := At("org", "ann", "rights_request.reason/1")
	sealed, err := SealBlind(public, 3, p, []byte("a diagnosis"))
	if err != nil {
		t.Fatal(err)
	}
	if g, ok := Blind(sealed); !ok || g != 3 || len(sealed) != blindExtra+11 {
		t.Errorf("generation %d, %v, %d bytes", g, ok, len(sealed))
	}
	if got, err := OpenBlind(private, p, sealed); err != nil || string(got) != "a diagnosis" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := OpenBlind(other, p, sealed); err == nil {
		t.Error("another organization's key opened it")
	}
	if _, err := OpenBlind(private, At("org", "bob", "rights_request.reason/1"), sealed); err == nil {
		t.Error("moved to another person it opened")
	}
	for i := 0; i < len(sealed); i += 7 {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := OpenBlind(private, p, bad); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
	}
}

func BenchmarkSealBlind(b *testing.B) {
	public, _, err := NewBlind()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := SealBlind(public, 1, At("org", "ann", "t.f/1"), make([]byte, 128)); err != nil {
			b.Fatal(err)
		}
	}
}
