package wire

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

var testKey = bytes.Repeat([]byte{7}, KeySize)

func row(n int) Row {
	return Row{
		Key: fmt.Sprint("key-", n), Numbers: []string{fmt.Sprintf("+336%08d", n)}, Name: fmt.Sprint("Person ", n), Company: "Société",
		Shown: map[string]string{"Ville": "Lyon", "Suivi": fmt.Sprint(n)}, Scripts: map[string]string{"id": fmt.Sprint(n)},
	}
}

func content(t testing.TB, r Row) []byte {
	t.Helper()
	b, err := AppendContent(nil, &r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARowComesBackAndHasOneForm(t *testing.T) {
	r := row(42)
	r.Numbers = append(r.Numbers, "+442079460000")
	b := content(t, r)
	got, err := Content(b)
	r.Key = ""
	if err != nil || !slices.Equal(got.Numbers, r.Numbers) || got.Name != r.Name || got.Company != r.Company || !maps.Equal(got.Shown, r.Shown) || !maps.Equal(got.Scripts, r.Scripts) {
		t.Fatalf("%+v %v", got, err)
	}
	for range 20 { // maps are walked in any order
		if again := content(t, r); !bytes.Equal(again, b) {
			t.Fatal("the same row gives other bytes")
		}
	}
}

func TestRowsBeyondTheLimitsAreRefused(t *testing.T) {
	for name, r := range map[string]Row{
		"no number":       {Name: "x"},
		"not E.164":       {Numbers: []string{"0612345678"}},
		"letters":         {Numbers: []string{"+33612a45678"}},
		"too long":        {Numbers: []string{"+1234567890123456"}},
		"too many":        {Numbers: slices.Repeat([]string{"+33612345678"}, MostNumbers+1)},
		"a long text":     {Numbers: []string{"+33612345678"}, Name: strings.Repeat("x", MostText+1)},
		"not of letters":  {Numbers: []string{"+33612345678"}, Name: "\xff"},
		"too many fields": {Numbers: []string{"+33612345678"}, Shown: many(MostFields + 1)},
	} {
		if _, err := AppendContent(nil, &r); !errors.Is(err, ErrRow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func many(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint(i)] = "x"
	}
	return m
}

func TestChunksComeBackInOrder(t *testing.T) {
	h := NewHasher(testKey)
	var raw []byte
	var want []Change
	for i := range 100 {
		c := Change{Op: Put, ID: h.ID(fmt.Sprint(i)), Content: content(t, row(i))}
		switch i % 3 {
		case 1:
			c = Change{Op: Delete, ID: c.ID}
		case 2:
			c = Change{Op: Forget, Item: Item(i)}
		}
		want, raw = append(want, c), AppendChange(raw, c)
	}
	i := 0
	err := OpenChunk(Chunk(9, raw), func(mapping int64, c Change) error {
		w := want[i]
		if mapping != 9 || c.Op != w.Op || c.ID != w.ID || c.Item != w.Item || !bytes.Equal(c.Content, w.Content) {
			t.Fatalf("%d: %+v, want %+v", i, c, w)
		}
		i++
		return nil
	})
	if err != nil || i != len(want) {
		t.Fatalf("%d of %d: %v", i, len(want), err)
	}
}

// TestABombIsRefused: a few kilobytes that open into gigabytes.
func TestABombIsRefused(t *testing.T) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	bomb := enc.EncodeAll(make([]byte, 4*MostRaw), nil)
	if len(bomb) > MostBody {
		t.Fatal("the bomb is too large to be one")
	}
	if err := OpenChunk(bomb, func(int64, Change) error { return nil }); !errors.Is(err, ErrChunk) {
		t.Fatal(err)
	}
}

func TestTheDigestIsOfTheSetAlone(t *testing.T) {
	h := NewHasher(testKey)
	entries := make([]Entry, 50)
	var a, b Digest
	for i := range entries {
		entries[i] = Entry{ID: h.ID(fmt.Sprint(i)), Sum: h.Sum(1, []byte{byte(i)})}
		a.Add(h.Element(entries[i]))
	}
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	for _, e := range entries {
		b.Add(h.Element(e))
	}
	if a != b {
		t.Error("another order gives another digest")
	}
	b.Take(h.Element(entries[0]))
	if a == b {
		t.Error("one entry less gives the same digest")
	}
	b.Add(h.Element(Entry{ID: entries[0].ID, Sum: h.Sum(2, []byte("x"))}))
	if a == b {
		t.Error("another content gives the same digest")
	}
	if back, err := ParseDigest(a.String()); err != nil || back != a {
		t.Errorf("%v %v", back, err)
	}
	if o := NewHasher(bytes.Repeat([]byte{8}, KeySize)); o.ID("x") == h.ID("x") || o.Sum(1, []byte("x")) == h.Sum(1, []byte("x")) {
		t.Error("the key does not count")
	}
	if h.Sum(1, []byte("x")) == h.Sum(2, []byte("x")) {
		t.Error("the version of the mapping does not count")
	}
}

func TestCellsTellWhatDiffers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	shared := make([]Item, 20_000)
	for i := range shared {
		shared[i] = Item(random.Uint64())
	}
	fails, tries := 0, 200
	for try := range tries {
		ours, theirs := NewCells(1024), NewCells(1024)
		if try == 0 {
			for _, i := range shared {
				ours.Add(i)
				theirs.Add(i)
			}
		}
		var mine, gone []Item
		for range 350 {
			m, g := Item(random.Uint64()), Item(random.Uint64())
			mine, gone = append(mine, m), append(gone, g)
			ours.Add(m)
			theirs.Add(g)
		}
		back, err := ParseCells(theirs.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		gotMine, gotGone, err := Differ(ours, back)
		if err != nil {
			fails++
			continue
		}
		for _, l := range [][]Item{mine, gone, gotMine, gotGone} {
			slices.Sort(l)
		}
		if !slices.Equal(mine, gotMine) || !slices.Equal(gone, gotGone) {
			t.Fatal("the wrong items were told")
		}
	}
	if fails > tries/20 { // 700 differences in 1,024 cells
		t.Errorf("%d of %d could not be told", fails, tries)
	}
	a, b := NewCells(64), NewCells(64)
	for range 5_000 {
		a.Add(Item(random.Uint64()))
	}
	if _, _, err := Differ(a, b); !errors.Is(err, ErrCells) {
		t.Errorf("far too many: %v", err)
	}
}

// TestAThousandChangesAreFew: a thousandth of a million contacts, as a tool names people.
func TestAThousandChangesAreFew(t *testing.T) {
	h, random := NewHasher(testKey), rand.New(rand.NewPCG(3, 4))
	given, family := []string{"Anne", "Karim", "Léa", "Jean-Baptiste", "Fatou"}, []string{"Martin", "Benali", "Da Silva", "Lefèvre", "Nguyen"}
	var raw []byte
	for i := range 1000 {
		c := Change{Op: Delete, ID: h.ID(fmt.Sprint(i))}
		if i < 750 {
			c.Op, c.Content = Put, content(t, Row{
				Numbers: []string{fmt.Sprintf("+336%08d", random.IntN(100_000_000))}, Scripts: map[string]string{"customer": fmt.Sprint(random.IntN(1_000_000))},
				Name: fmt.Sprintf("%s %s%d", given[random.IntN(5)], family[random.IntN(5)], random.IntN(100_000)), Company: fmt.Sprintf("Garage %d", random.IntN(10_000)),
			})
		}
		raw = AppendChange(raw, c)
	}
	if n := len(Chunk(1, raw)); n > 36_000 {
		t.Errorf("%d bytes for a thousand changes", n)
	} else {
		t.Logf("%d bytes", n)
	}
}

func FuzzOpenChunk(f *testing.F) {
	h := NewHasher(testKey)
	r := row(1)
	b, err := AppendContent(nil, &r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(AppendChange(AppendChange(nil, Change{Op: Put, ID: h.ID("x"), Content: b}), Change{Op: Forget, Item: 9}), true)
	f.Add([]byte("rcs\x01"), false)
	f.Add(b, true)
	f.Fuzz(func(t *testing.T, raw []byte, whole bool) {
		if _, err := Content(raw); (err == nil) != isContent(raw) {
			t.Fatalf("isContent says %v, reading it: %v", isContent(raw), err)
		}
		body := raw
		if whole {
			body = Chunk(1, raw)
		}
		var again []byte
		n := 0
		err := OpenChunk(body, func(_ int64, c Change) error {
			if c.Op == Put {
				r, err := Content(c.Content)
				if err != nil {
					t.Fatal("a content was given that cannot be read")
				}
				if b, err := AppendContent(nil, &r); err != nil || !bytes.Equal(b, c.Content) {
					t.Fatalf("a content has two forms: %v", err)
				}
			}
			again = AppendChange(again, c)
			n++
			return nil
		})
		if err == nil && whole && !bytes.Equal(again, raw) {
			t.Fatalf("%d changes do not come back", n)
		}
	})
}

func FuzzCells(f *testing.F) {
	c := NewCells(64)
	c.Add(3)
	f.Add(c.Append(nil), uint64(5))
	f.Fuzz(func(t *testing.T, b []byte, item uint64) {
		theirs, err := ParseCells(b)
		if err != nil {
			return
		}
		ours := NewCells(len(theirs))
		ours.Add(Item(item))
		mine, gone, err := Differ(ours, theirs)
		if err == nil && len(mine)+len(gone) > len(theirs) {
			t.Fatalf("%d items out of %d cells", len(mine)+len(gone), len(theirs))
		}
	})
}

func FuzzParseItems(f *testing.F) {
	f.Add(AppendItems(nil, []Item{3, 1, 2}))
	f.Fuzz(func(t *testing.T, b []byte) {
		items, err := ParseItems(b)
		if err == nil && !bytes.Equal(AppendItems(nil, items), b) {
			t.Fatal("items do not come back")
		}
	})
}

// TestSetsAddUp: the digests of two halves, added, are that of the whole.
func TestSetsAddUp(t *testing.T) {
	h := NewHasher(testKey)
	var whole Digest
	var halves [2]Digest
	for i := range 500 {
		el := h.Element(Entry{ID: h.ID(fmt.Sprint(i))})
		whole.Add(el)
		halves[i%2].Add(el)
	}
	halves[0].Join(halves[1])
	if halves[0] != whole || halves[0] == halves[1] {
		t.Fatalf("%s and %s", halves[0], whole)
	}
}

func BenchmarkHash(b *testing.B) {
	h, r := NewHasher(testKey), row(1)
	var buf []byte
	for b.Loop() {
		buf, _ = AppendContent(buf[:0], &r)
		h.Element(Entry{h.ID(r.Key), h.Sum(1, buf)})
	}
}
