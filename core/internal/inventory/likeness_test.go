package inventory

import (
	"fmt"
	"testing"

	"github.com/rempart/rempart/core/personal"
)

// TestAnInventedAddressIsNobodys: an address that the source has is not given, though the word that it is made of is free.
func TestAnInventedAddressIsNobodys(t *testing.T) {
	n, real := 0, "https://mention-1.example.invalid/"
	values, _ := Documents.invent(likeVersion{words: []string{"link"}}, personal.Inventor{
		Word:  func(kind string) string { n++; return fmt.Sprintf("%s %d", kind, n) },
		Taken: func(value string) bool { return value == real },
	})
	if got := values["link"]; got != "https://mention-2.example.invalid/" {
		t.Errorf("invented %q", got)
	}
}
