package index_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/rempart/rempart/services/recognition/index"
)

func blindOf(n int) []byte {
	h := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return h[:index.BlindSize]
}

func keyOf(n int) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n))
}

func filled(tb testing.TB, n int) *index.Index {
	x := &index.Index{}
	for i := range n {
		if err := x.Add(blindOf(i), uint16(i%3), keyOf(i), bytes.Repeat([]byte{byte(i)}, 60+i%80)); err != nil {
			tb.Fatal(err)
		}
	}
	return x
}

func TestEveryEntryIsFoundAndNoOther(t *testing.T) {
	const n = 50_000
	x := filled(t, n)
	for i := range n {
		found := 0
		x.Find(blindOf(i), func(link uint16, key, value []byte) {
			found++
			if link != uint16(i%3) || !bytes.Equal(key, keyOf(i)) || len(value) != 60+i%80 || value[0] != byte(i) || value[len(value)-1] != byte(i) {
				t.Fatalf("entry %d came back as link %d, key %x, %d bytes", i, link, key, len(value))
			}
		})
		if found != 1 {
			t.Fatalf("entry %d was found %d times", i, found)
		}
	}
	for i := n; i < 2*n; i++ {
		x.Find(blindOf(i), func(uint16, []byte, []byte) { t.Fatalf("%d was never added", i) })
	}
	(&index.Index{}).Find(blindOf(1), func(uint16, []byte, []byte) { t.Error("an empty index found something") })
}

func TestSeveralEntriesOfOneNumberAreAllFound(t *testing.T) {
	x := filled(t, 1000)
	for i := range 40 {
		if err := x.Add(blindOf(7), 9, keyOf(5000+i), []byte("more")); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	x.Find(blindOf(7), func(_ uint16, key, _ []byte) { seen[string(key)] = true })
	if len(seen) != 41 {
		t.Errorf("%d of 41 entries", len(seen))
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	x := &index.Index{}
	if x.Add(blindOf(1)[:8], 0, keyOf(1), nil) == nil || x.Add(blindOf(1), 0, nil, nil) == nil || x.Add(blindOf(1), 0, keyOf(1), make([]byte, 1<<20)) == nil {
		t.Error("it was taken")
	}
	if x.Len() != 0 {
		t.Errorf("%d entries", x.Len())
	}
}

func BenchmarkFind(b *testing.B) {
	const n = 1_000_000
	x := filled(b, n)
	b.ReportMetric(float64(x.Size())/n, "B/card")
	runtime.GC()
	blinds := make([][]byte, 4096)
	for i := range blinds {
		blinds[i] = blindOf(i * 211)
	}
	b.ReportAllocs()
	i, found := 0, 0
	for b.Loop() {
		x.Find(blinds[i&4095], func(uint16, []byte, []byte) { found++ })
		i++
	}
	if found != i {
		b.Fatalf("%d of %d found", found, i)
	}
}
