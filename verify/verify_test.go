package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/rempart/rempart/verify"
)

// The leaves and roots of the reference tree of RFC 6962, as certificate-transparency publishes them.
var (
	leaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots  = []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
)

func leaf(t testing.TB, i int) verify.Hash {
	t.Helper()
	b, err := hex.DecodeString(leaves[i])
	if err != nil {
		t.Fatal(err)
	}
	return verify.LeafHash(b)
}

func TestPublishedVectors(t *testing.T) {
	var f verify.Frontier
	for n, want := range roots {
		var list []verify.Hash
		for i := range n {
			list = append(list, leaf(t, i))
		}
		if got := verify.TreeRoot(list); hex.EncodeToString(got[:]) != want {
			t.Errorf("root of %d leaves: %x, want %s", n, got, want)
		}
		if got := f.Root(); hex.EncodeToString(got[:]) != want {
			t.Errorf("frontier of %d leaves: %x, want %s", n, got, want)
		}
		if n < len(leaves) {
			f.Append(leaf(t, n))
		}
	}
}

// path and consistency make proofs as RFC 6962, 2.1.1 and 2.1.2 define them, straight from the leaves.
func path(m int, d []verify.Hash) []verify.Hash {
	n := len(d)
	if n == 1 {
		return nil
	}
	k := split(n)
	if m < k {
		return append(path(m, d[:k]), root(d[k:]))
	}
	return append(path(m-k, d[k:]), root(d[:k]))
}

func consistency(m int, d []verify.Hash, whole bool) []verify.Hash {
	n := len(d)
	if m == n {
		if whole {
			return nil
		}
		return []verify.Hash{root(d)}
	}
	k := split(n)
	if m <= k {
		return append(consistency(m, d[:k], whole), root(d[k:]))
	}
	return append(consistency(m-k, d[k:], false), root(d[:k]))
}

func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

func root(d []verify.Hash) verify.Hash { return verify.TreeRoot(append([]verify.Hash(nil), d...)) }

func tree(n int) []verify.Hash {
	d := make([]verify.Hash, n)
	for i := range d {
		d[i] = verify.LeafHash([]byte(fmt.Sprint(i)))
	}
	return d
}

func TestProofsHoldAndNothingElseDoes(t *testing.T) {
	for n := 1; n <= 70; n++ {
		d := tree(n)
		r := root(d)
		for i := range n {
			p := path(i, d)
			if err := verify.Inclusion(d[i], uint64(i), uint64(n), r, p); err != nil {
				t.Fatalf("inclusion of %d in %d: %v", i, n, err)
			}
			if verify.Inclusion(d[(i+1)%n], uint64(i), uint64(n), r, p) == nil && n > 1 {
				t.Fatalf("another leaf is included at %d of %d", i, n)
			}
			if n > 1 && verify.Inclusion(d[i], uint64((i+1)%n), uint64(n), r, p) == nil {
				t.Fatalf("leaf %d of %d is included at another place", i, n)
			}
			if verify.Inclusion(d[i], uint64(i), uint64(n), r, append(p, r)) == nil {
				t.Fatalf("a longer proof holds for %d of %d", i, n)
			}
		}
		for m := 1; m <= n; m++ {
			p := consistency(m, d, true)
			if err := verify.Consistency(uint64(m), uint64(n), root(d[:m]), r, p); err != nil {
				t.Fatalf("consistency of %d and %d: %v", m, n, err)
			}
			if verify.Consistency(uint64(m), uint64(n), verify.LeafHash(nil), r, p) == nil {
				t.Fatalf("another tree of %d is consistent with %d", m, n)
			}
			if len(p) > 0 && verify.Consistency(uint64(m), uint64(n), root(d[:m]), r, p[1:]) == nil {
				t.Fatalf("a shorter proof holds for %d and %d", m, n)
			}
		}
	}
}

// The key and note that golang.org/x/mod publishes as its example.
func TestPublishedNote(t *testing.T) {
	key, err := verify.ParseKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
	if err != nil {
		t.Fatal(err)
	}
	if got := key.String(); got != "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW" {
		t.Errorf("written as %s", got)
	}
	msg := "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
		"— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
	if _, err := note.Open([]byte(msg), note.VerifierList(key.Verifier("PeterNeumann"))); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "x", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "Peter+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "P N+c74f20a3+AA=="} {
		if _, err := verify.ParseKey(bad); err == nil {
			t.Errorf("key %q was read", bad)
		}
	}
}

func TestCheckpointsAndCosignatures(t *testing.T) {
	secret := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	public := secret.Public().(ed25519.PublicKey)
	sign := func(msg []byte) ([]byte, error) { return ed25519.Sign(secret, msg), nil }
	key := verify.Key{Name: "a.example/journal", Public: public}
	c := verify.Checkpoint{Origin: key.Origin("org"), Size: 7, Root: verify.LeafHash(nil)}
	msg, err := note.Sign(&note.Note{Text: c.Body()}, verify.NewSigner(c.Origin, public, sign), verify.Cosigner("w.example", public, 1700000000, sign))
	if err != nil {
		t.Fatal(err)
	}
	got, err := verify.OpenCheckpoint(msg, key)
	if err != nil || got != c {
		t.Fatalf("%+v, %v", got, err)
	}
	n, err := note.Open(msg, note.VerifierList(verify.CosignatureVerifier("w.example", public)))
	if err != nil || len(n.Sigs) != 1 {
		t.Errorf("cosignature: %v", err)
	}
	for name, bad := range map[string][]byte{
		"another size":     bytes.Replace(msg, []byte("\n7\n"), []byte("\n8\n"), 1),
		"another log":      bytes.Replace(msg, []byte("journal/org\n"), []byte("journal/org2\n"), 1),
		"no own signature": []byte(c.Body() + "\n— w.example " + strings.SplitN(string(msg), "— w.example ", 2)[1]),
	} {
		if _, err := verify.OpenCheckpoint(bad, key); err == nil {
			t.Errorf("%s: was accepted", name)
		}
	}
	if _, err := verify.OpenCheckpoint(msg, verify.Key{Name: "b.example", Public: public}); err == nil {
		t.Error("a checkpoint of another installation was accepted")
	}
	for _, bad := range []string{"", "x\n", "x\n1\nAAAA\n", "x\n01\n" + strings.Split(c.Body(), "\n")[2] + "\n", c.Body() + "\n"} {
		if _, err := verify.ParseCheckpoint(bad); err == nil {
			t.Errorf("checkpoint %q was read", bad)
		}
	}
}

func entry() verify.Entry {
	return verify.Entry{
		Log: "org", Seq: 42, ID: "id", At: 1, Node: "n", Counter: 3, Kind: "person", Actor: "ann", Action: "member.read", Verb: "read",
		Type: "member", Resource: "m", Purpose: "service", Outcome: "success", Request: "r", Subjects: []string{"bob", "carol"},
		Parts: []verify.Part{{Kind: verify.Address, Owner: verify.OfActor, Commit: verify.LeafHash(nil), Sealed: []byte("x")}, {Kind: verify.Content, Owner: verify.OfSubject, Sealed: []byte("yy")}},
	}
}

func TestEntryText(t *testing.T) {
	e := entry()
	text, err := e.Text()
	if err != nil {
		t.Fatal(err)
	}
	want := "rempart/entry/1\norg\n42\nid\n1\nn\n3\nperson\nann\nmember.read\nread\nmember\nm\nservice\nsuccess\n\nr\nbob\ncarol\n"
	if !strings.HasPrefix(string(text), want) {
		t.Errorf("text is %q", text)
	}
	back, parts, err := verify.ParseText(text)
	if err != nil || parts != verify.PartsHash(e.Parts) {
		t.Fatal(err)
	}
	back.Parts = e.Parts
	again, err := back.Text()
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("read and written again: %q", again)
	}
	e.Actor = "a\nb"
	if _, err := e.Text(); err == nil {
		t.Error("a field of two lines was accepted")
	}
}

func TestADroppedPartKeepsTheLeaf(t *testing.T) {
	e := entry()
	before, _ := e.Leaf()
	e.Parts[0].Drop()
	after, _ := e.Leaf()
	if before != after {
		t.Error("dropping a part changed the leaf")
	}
	stored, err := verify.DecodeParts(verify.EncodeParts(e.Parts))
	if err != nil || verify.PartsHash(stored) != verify.PartsHash(e.Parts) || !stored[0].Dropped || len(e.Parts[0].Sealed) != 0 {
		t.Errorf("stored as %+v, %v", stored, err)
	}
	hash, dropped, err := verify.AppendPartsHash(nil, verify.EncodeParts(e.Parts))
	if err != nil || dropped != verify.Address || string(hash) != verify.PartsHash(e.Parts) {
		t.Errorf("%s %c %v", hash, dropped, err)
	}
	e.Parts[1].Sealed[0] ^= 1
	if changed, _ := e.Leaf(); changed == before {
		t.Error("another ciphertext has the same leaf")
	}
}

func TestRanges(t *testing.T) {
	var s verify.Ranges
	for _, n := range []uint64{5, 3, 4, 9, 0, 10, 4, 7, 6} {
		s.Add(n)
	}
	if s.String() != "0,3-7,9-10" || s.Count() != 8 || s.Has(8) || !s.Has(7) {
		t.Errorf("set is %s of %d", s.String(), s.Count())
	}
	other, err := verify.ParseRanges("4-5,10-12")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Minus(&other)); got != "[{0 0} {3 3} {6 7} {9 9}]" {
		t.Errorf("difference is %s", got)
	}
	for _, bad := range []string{"1-1", "2-1", "1,1", "1-3,2", "01", "-1", "1,", "a"} {
		if _, err := verify.ParseRanges(bad); err == nil {
			t.Errorf("list %q was read", bad)
		}
	}
}
