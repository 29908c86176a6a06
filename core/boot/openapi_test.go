package boot

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const described = "../../docs/openapi.json"

// TestOpenAPIIsTheOneOfTheRepository fails when the API and its published description differ:
//
//	go test ./core/boot -run OpenAPI -update
func TestOpenAPIIsTheOneOfTheRepository(t *testing.T) {
	doc, err := newTown(t, "").OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(described, doc, 0o644); err != nil { //nolint:gosec // a public document
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(described)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(doc, kept) {
		t.Errorf("docs/openapi.json is not the description of this API: run the test with -update and look at the difference")
	}
}
