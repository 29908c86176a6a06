package seal

import "testing"

func TestNormalForms(t *testing.T) {
	for _, c := range []struct {
		by       func(string) (string, error)
		in, want string
	}{
		{Email, " Ann@Example.ORG ", "ann@example.org"},
		{Email, "Ame\u0301lie@example.org", "am\u00e9lie@example.org"},
		{Email, "ann", ""},
		{Email, "a b@example.org", ""},
		{Email, "Ann <ann@example.org>", ""},
		{Phone, "+33 1 42 00 00 00", "+33142000000"},
		{Phone, "+33 (0)1.42.00.00.00", "+33142000000"},
		{Phone, "0033142000000", "+33142000000"},
		{Phone, "01 42 00 00 00", "+33142000000"},
		{Phone, "142", ""},
		{Phone, "+0142000000", ""},
		{Phone, "01 42 00 00 00 ext 3", ""},
		{Phone, "", ""},
	} {
		got, err := c.by(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q gave %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}
