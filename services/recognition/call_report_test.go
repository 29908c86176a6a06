package recognition

import (
	"strings"
	"testing"
)

// TestWhatAnExchangeSaysIsReadAsItIsWritten: a caller chooses the name that is shown.
func TestWhatAnExchangeSaysIsReadAsItIsWritten(t *testing.T) {
	for said, want := range map[string]string{
		" Élodie\tMartin\r\n": "ÉlodieMartin", "\u202eeuqnab\u202c": "euqnab", "\u202dA\u2069\u200e\u200f\u061cB": "AB", "a\xffb\x00\u0085c": "abc",
		strings.Repeat("é", 300): strings.Repeat("é", longest),
	} {
		if got := tidy(said); got != want {
			t.Errorf("%q is kept as %q, want %q", said, got, want)
		}
	}
}
