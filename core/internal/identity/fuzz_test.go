package identity

import (
	"strings"
	"testing"
)

func FuzzCode(f *testing.F) {
	f.Add("123456")
	f.Add(" 12 34 56 ")
	f.Add("abcd-efgh-jkmn-pqrs")
	f.Add("１２３４５６")
	f.Fuzz(func(t *testing.T, s string) {
		if digits, ok := parseCode(s); ok && (len(digits) != 6 || strings.Trim(digits, "0123456789") != "") {
			t.Errorf("%q was taken as %q", s, digits)
		}
		if code, ok := parseRecovery(s); ok {
			if len(code) != 16 || code != strings.ToLower(code) {
				t.Errorf("%q was taken as %q", s, code)
			}
			if again, ok := parseRecovery(code); !ok || again != code {
				t.Errorf("%q changes when read again", code)
			}
		}
	})
}

func FuzzLogin(f *testing.F) {
	f.Add("Ada@Example.org")
	f.Add("\"a b\"@x")
	f.Add("a@b@c")
	f.Add("<a@b.c>")
	f.Fuzz(func(t *testing.T, s string) {
		login, ok := NormalLogin(s)
		if !ok {
			return
		}
		if strings.ContainsAny(login, " \r\n\t<>,;") || strings.Count(login, "@") != 1 {
			t.Errorf("%q was taken as %q", s, login)
		}
		if again, ok := NormalLogin(login); !ok || again != login {
			t.Errorf("%q changes when read again: %q", login, again)
		}
	})
}
