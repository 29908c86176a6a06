package pack_test

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/pack"
)

func TestTextsComeBack(t *testing.T) {
	want := []string{"", "Élodie", strings.Repeat("x", 300), "\x00\xff"}
	got := make([]string, len(want))
	to := make([]*string, len(want))
	for i := range got {
		to[i] = &got[i]
	}
	if err := pack.Read(pack.Texts(want...), to...); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("text %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func TestFewerAndMoreTexts(t *testing.T) {
	a, b := "kept", "kept"
	if err := pack.Read(pack.Texts("one"), &a, &b); err != nil || a != "one" || b != "kept" {
		t.Errorf("%q %q %v", a, b, err)
	}
	if err := pack.Read(pack.Texts("one", "two", "three"), &a); err != nil || a != "one" {
		t.Errorf("%q %v", a, err)
	}
}

// TestLengthsAreHidden: a short name and a long one make values of one length.
func TestLengthsAreHidden(t *testing.T) {
	if a, b := len(pack.Texts("Li", "Bo")), len(pack.Texts("Maximilienne", "de La Rochefoucauld")); a != b || a != 64 {
		t.Errorf("%d and %d bytes", a, b)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pack.Texts("a", "b"))
	f.Add([]byte{1, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(_ *testing.T, b []byte) {
		var x, y, z string
		_ = pack.Read(b, &x, &y, &z) // whatever it is, it neither panics nor reads beyond
	})
}

func BenchmarkRead(b *testing.B) {
	v := pack.Texts("Élodie", "Martin", "f", "elodie.martin@valombre.example", "", "+33142000000", "", "")
	var to [8]string
	b.ReportAllocs()
	for b.Loop() {
		if err := pack.Read(v, &to[0], &to[1], &to[2], &to[3], &to[4], &to[5], &to[6], &to[7]); err != nil {
			b.Fatal(err)
		}
	}
}
