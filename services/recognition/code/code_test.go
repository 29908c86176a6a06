package code

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// TestACodeIsReadAsPeopleTypeIt, and that of a program is none of a workstation.
func TestACodeIsReadAsPeopleTypeIt(t *testing.T) {
	form := regexp.MustCompile(`^[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){3}$`)
	seen := map[string]bool{}
	for range 200 {
		c := New()
		if !form.MatchString(c) || seen[c] {
			t.Fatalf("%q is no code, or came twice", c)
		}
		seen[c] = true
		sealed := Workstation.Cipher(c).Seal(nil, nil, []byte("token"), nil)
		for _, typed := range []string{c, strings.ToLower(c), " " + strings.ReplaceAll(c, "-", " ") + "\n", strings.ReplaceAll(c, "-", "")} {
			if !bytes.Equal(Program.Hash(typed), Program.Hash(c)) {
				t.Errorf("%q is not taken for %q", typed, c)
			}
			if plain, err := Workstation.Cipher(typed).Open(nil, nil, sealed, nil); err != nil || string(plain) != "token" {
				t.Errorf("%q does not open what %q sealed: %v", typed, c, err)
			}
		}
		if bytes.Equal(Program.Hash(c), Workstation.Hash(c)) {
			t.Error("a code of a program is one of a workstation")
		}
		if _, err := Program.Cipher(c).Open(nil, nil, sealed, nil); err == nil {
			t.Error("a code of a program opens what one of a workstation sealed")
		}
	}
}

// TestTheCodeOfAPageIsNoIdentifier: the digits in the middle of an address were once taken for the code.
func TestTheCodeOfAPageIsNoIdentifier(t *testing.T) {
	const at = `<a href="/o/01a25555-4235-7222-8673-793252435259/recognition">`
	c := New()
	if got := Find(at + "<code>" + c + "</code>"); got != c {
		t.Errorf("%q is taken for the code %q", got, c)
	}
	if got := Find(at); got != "" {
		t.Errorf("%q is taken for a code", got)
	}
}
