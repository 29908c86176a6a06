package sheet

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// The vectors were made by another implementation, from the description in doc.go.
func TestPublishedSharesGiveTheKey(t *testing.T) {
	body, err := os.ReadFile("testdata/shares.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Key   string
		Need  int
		Parts []string
	}
	if err := json.Unmarshal(body, &all); err != nil || len(all) != 4 {
		t.Fatal(err)
	}
	for _, v := range all {
		parts, err := Read(strings.Join(v.Parts, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		for from := 0; from+v.Need <= len(parts); from++ {
			key, err := Combine(parts[from : from+v.Need])
			if err != nil || hex.EncodeToString(key) != v.Key {
				t.Errorf("%d of %d from %d gave %x, %v", v.Need, len(parts), from, key, err)
			}
		}
		if _, err := Combine(parts[:v.Need-1]); !errors.Is(err, ErrFew) {
			t.Errorf("%d parts of a sheet that needs %d: %v", v.Need-1, v.Need, err)
		}
	}
}

func key(t testing.TB) []byte {
	k := make([]byte, KeySize)
	_, _ = rand.Read(k)
	return k
}

func TestWordsAndCodesGiveTheKeyBack(t *testing.T) {
	k := key(t)
	parts, err := Split(k, "a1b2c3d4e5f60708", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	short := parts[2].Words()
	for i, w := range short {
		short[i] = strings.ToUpper(w[:min(4, len(w))])
	}
	for _, text := range []string{
		strings.Join(parts[0].Words(), " ") + "\n\n" + strings.Join(parts[2].Words(), "\n"),
		"1. " + strings.Join(parts[1].Words(), " 2) ") + "\n" + parts[0].Text(),
		parts[1].Text() + "\n" + strings.Join(short, " "),
		parts[1].Text() + " " + parts[1].Text() + " " + strings.ToLower(parts[2].Text()),
	} {
		read, err := Read(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Combine(read); err != nil || !bytes.Equal(got, k) {
			t.Errorf("%x, %v", got, err)
		}
	}
	if n := len(parts[0].Words()); n != 32 {
		t.Errorf("%d words", n)
	}
}

func TestAWrongWordIsSeen(t *testing.T) {
	parts, err := Split(key(t), "a1b2c3d4", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	said := parts[0].Words()
	for i := range said {
		bad := append([]string(nil), said...)
		bad[i] = "abandon"
		if said[i] == "abandon" {
			bad[i] = "zoo"
		}
		if _, err := Read(strings.Join(bad, " ")); !errors.Is(err, ErrPart) {
			t.Errorf("word %d was changed: %v", i+1, err)
		}
		bad[i] = "xyzzy"
		if _, err := Read(strings.Join(bad, " ")); !errors.Is(err, ErrWord) || strings.Contains(err.Error(), "xyzzy") {
			t.Errorf("word %d is none: %v", i+1, err)
		}
	}
	for _, text := range []string{"", "abandon", strings.Join(said[:31], " "), parts[0].Text()[:40], "REMPART-KEY:AAAA"} {
		if got, err := Read(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestPartsOfTwoSheetsDoNotMix(t *testing.T) {
	a, err := Split(key(t), "a1b2c3d4", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Split(key(t), "b1b2c3d4", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Combine([]Part{a[0], b[1]}); !errors.Is(err, ErrMixed) {
		t.Error(err)
	}
	if got, err := Combine([]Part{a[0], a[0]}); !errors.Is(err, ErrFew) {
		t.Errorf("one part given twice gave %x, %v", got, err)
	}
	for _, c := range [][2]int{{0, 1}, {2, 1}, {1, 3}, {2, 17}} {
		if _, err := Split(key(t), "a1b2c3d4", c[0], c[1]); !errors.Is(err, ErrNumber) {
			t.Errorf("%d of %d: %v", c[0], c[1], err)
		}
	}
}

// TestFewerPartsSayNothing: with one part of a sheet that needs two, each value of a byte of the key is as likely as another.
func TestFewerPartsSayNothing(t *testing.T) {
	for x := 1; x < 256; x++ {
		seen := map[byte]bool{}
		for f := range 256 {
			seen[mul(byte(f), byte(x))] = true
		}
		if len(seen) != 256 || mul(byte(x), inverse(byte(x))) != 1 {
			t.Fatalf("%d: %d values", x, len(seen))
		}
	}
}

func FuzzRead(f *testing.F) {
	parts, _ := Split(make([]byte, KeySize), "a1b2c3d4", 2, 2)
	f.Add(parts[0].Text())
	f.Add(strings.Join(parts[1].Words(), " "))
	f.Fuzz(func(t *testing.T, text string) {
		read, err := Read(text)
		if err != nil {
			return
		}
		for _, p := range read {
			again, err := Read(strings.Join(p.Words(), " "))
			if err != nil || again[0].Text() != p.Text() {
				t.Fatalf("%v, %v", again, err)
			}
		}
	})
}
