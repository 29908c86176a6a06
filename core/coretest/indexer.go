package coretest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/rempart/rempart/core"
)

// FakeIndexer gives indexes that are no secret.
type FakeIndexer struct{}

// Indexer makes one.
func Indexer() FakeIndexer { return FakeIndexer{} }

// Index gives the digest of organization, field and normalised value.
func (FakeIndexer) Index(_ context.Context, org core.ID, f core.IndexField, value string) ([]byte, error) {
	if f.Bits < 20 {
		return nil, core.Fault(core.Internal, "vault.few_bits")
	}
	normal, err := f.Normalise(value)
	if err != nil || normal == "" {
		return nil, core.Fault(core.Invalid, "vault.not_indexable")
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", org, f.Name, f.Version, normal))
	return sum[:], nil
}

// Indexes gives the one.
func (x FakeIndexer) Indexes(ctx context.Context, org core.ID, f core.IndexField, value string) ([][]byte, error) {
	one, err := x.Index(ctx, org, f, value)
	return [][]byte{one}, err
}

// IndexerContract is what every indexer keeps: one index per value, organization and field, and none for a field of few values.
func IndexerContract(t *testing.T, x core.Indexer) {
	t.Helper()
	f := core.IndexField{Name: "identity_person.email", Version: 1, Bits: 40, Normalise: func(s string) (string, error) { return s, nil }}
	index := func(org core.ID, f core.IndexField, value string) []byte {
		t.Helper()
		got, err := x.Index(t.Context(), org, f, value)
		if err != nil || len(got) != 32 {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		return got
	}
	ann := index("a", f, "ann@example.org")
	if !bytes.Equal(ann, index("a", f, "ann@example.org")) {
		t.Error("the same value has two indexes")
	}
	other := f
	other.Name = "identity_person.email2"
	for what, got := range map[string][]byte{
		"another value": index("a", f, "bob@example.org"), "another organization": index("b", f, "ann@example.org"),
		"another field": index("a", other, "ann@example.org"),
	} {
		if bytes.Equal(ann, got) {
			t.Errorf("%s has the same index", what)
		}
	}
	few := f
	few.Bits = 3
	if _, err := x.Index(t.Context(), "a", few, "f"); core.CodeOf(err) != "vault.few_bits" {
		t.Errorf("a field of few values: %v", err)
	}
	if _, err := x.Index(t.Context(), "a", f, ""); core.CodeOf(err) != "vault.not_indexable" {
		t.Errorf("an empty value: %v", err)
	}
}
