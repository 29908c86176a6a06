package password

import (
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
)

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2i$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if p.Memory > maxMemory || p.Passes > 64 || p.Lanes == 0 || len(p.salt) < 8 || len(p.hash) < 16 {
			t.Errorf("%q was taken with a cost out of bounds: %+v", s, p.Params)
		}
		if p.String() != s {
			t.Errorf("%q reads back as %q", s, p)
		}
	})
}

func FuzzBreachedLine(f *testing.F) {
	f.Add("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3730471")
	f.Add("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")
	f.Add(":::")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseLine([]byte(s))
		if err != nil {
			return
		}
		hash, _, _ := strings.Cut(s, ":")
		if len(hash) != 40 {
			t.Errorf("%q was taken (%x)", s, h)
		}
	})
}

func FuzzJudge(f *testing.F) {
	f.Add("Vif-Agate7", "#?!@$%^&*-", "Marie Durand")
	f.Add("\xff\xfe", "", "\x00")
	f.Fuzz(func(t *testing.T, plain, specials, own string) {
		if len(plain) > 200 {
			plain = plain[:200]
		}
		p := core.PasswordPolicy{MinLength: 8, Upper: true, Special: true, Specials: specials, MinStrength: 3}
		v := Judge(plain, p, []string{own}, func(string) bool { return false })
		if v.Score < 0 || v.Score > 4 || len(v.Rules) == 0 {
			t.Errorf("%q: %+v", plain, v)
		}
	})
}
