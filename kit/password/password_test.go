package password_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
)

var (
	ctx   = context.Background()
	light = password.Params{Memory: 64, Passes: 1, Lanes: 1}
	// cti27 is the policy that CTI-27 asks for.
	cti27 = core.PasswordPolicy{MinLength: 8, Upper: true, Lower: true, Digit: true, Special: true, Specials: "#?!@$%^&*-", Breached: true}
)

func unmet(v password.Verdict) string {
	var codes []string
	for _, r := range v.Rules {
		if !r.Met {
			codes = append(codes, strings.TrimPrefix(r.Code, "password."))
		}
	}
	return strings.Join(codes, " ")
}

func common(plain string) bool { has, err := password.Common().Has(plain); return has || err != nil }

func TestEachRuleIsToldByItself(t *testing.T) {
	own := []string{"Marie", "Durand", "marie.durand@mairie-valombre.fr", "Mairie de Valombre"}
	for plain, want := range map[string]string{
		"":                       "length upper lower digit special own breached",
		"Qv7-kzz":                "length",
		"qv7-kzzw":               "upper",
		"QV7-KZZW":               "lower",
		"Qvx-kzzw":               "digit",
		"Qv7kkzzw":               "special",
		"Qv7_kzzw":               "special", // a sign, but not one of the exact set
		"Qv7-kzzw":               "",
		"Qv7 kzz-w":              "", // blanks are taken as they are
		"Durand2026!":            "own",
		"M@rie-2026":             "own", // with the usual substitutions
		"V@l0mbre-26":            "own",
		"Password1!":             "own",
		"Qv7-kzzw Marie Durand9": "", // a long phrase may hold a name
	} {
		if got := unmet(password.Judge(plain, cti27, own, common)); got != want {
			t.Errorf("%q misses %q, want %q", plain, got, want)
		}
	}
	strong := core.PasswordPolicy{MinLength: 8, MinStrength: 3, Breached: true}
	for plain, want := range map[string]string{
		"123456789": "strength breached", "azertyuiop": "strength own breached", "Summer2026!": "strength", "correct horse battery staple": "", "vif agate tilleul nord": "",
	} {
		got := unmet(password.Judge(plain, strong, nil, common))
		if plain == "azertyuiop" {
			if !strings.Contains(got, "strength") {
				t.Errorf("%q misses %q", plain, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q misses %q, want %q", plain, got, want)
		}
	}
}

func TestLengthCountsCharactersAndNothingIsCut(t *testing.T) {
	p := core.PasswordPolicy{MinLength: 8}
	if got := unmet(password.Judge("éàüîôçñ", p, nil, nil)); got != "length" { // seven characters, fourteen bytes
		t.Errorf("seven accented letters miss %q", got)
	}
	if got := unmet(password.Judge("e\u0301a\u0300vwxyzq", p, nil, nil)); got != "" {
		t.Errorf("eight characters typed as ten code points miss %q", got)
	}
	if got := unmet(password.Judge("e\u0301a\u0300vwxyz", p, nil, nil)); got != "length" {
		t.Errorf("seven characters typed as nine code points miss %q", got)
	}
	long := strings.Repeat("Vif-Agate7 ", 20) // 220 characters
	if got := unmet(password.Judge(long, p, nil, nil)); got != "" {
		t.Errorf("220 characters miss %q", got)
	}
	if got := unmet(password.Judge(strings.Repeat("x", password.MaxLength+1), p, nil, nil)); got != "long" {
		t.Errorf("beyond the bound: %q", got)
	}
	h := password.NewHasher(light, password.Limits{})
	stored, err := h.Hash(ctx, long)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, _ := h.Check(ctx, stored, long[:len(long)-1]); ok {
		t.Error("the last character of a long password does not count")
	}
	stored, _ = h.Hash(ctx, "caf\u00e9 cr\u00e8me")
	if ok, _, _ := h.Check(ctx, stored, "caf\u00e9 cr\u00e8me"); !ok {
		t.Error("the password as it was given does not open")
	}
	if ok, _, _ := h.Check(ctx, stored, "cafe\u0301 cre\u0300me"); ok {
		t.Error("other bytes than those that were given open")
	}
	if ok, _, _ := h.Check(ctx, stored, "Caf\u00e9 cr\u00e8me"); ok {
		t.Error("case does not count")
	}
	if ok, _, _ := h.Check(ctx, stored, "caf\u00e9 cr\u00e8me "); ok {
		t.Error("a blank at the end does not count")
	}
}

func TestStoredHashesSayTheirCostAndAreUpgraded(t *testing.T) {
	old, h := password.NewHasher(light, password.Limits{}), password.NewHasher(password.Standard, password.Limits{})
	stored, err := old.Hash(ctx, "vif agate")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%q %v", stored, err)
	}
	if ok, upgrade, err := h.Check(ctx, stored, "vif agate"); !ok || !upgrade || err != nil {
		t.Errorf("an old cost: %v %v %v", ok, upgrade, err)
	}
	if ok, upgrade, _ := h.Check(ctx, stored, "wrong"); ok || upgrade {
		t.Error("a wrong password upgrades")
	}
	fresh, _ := h.Hash(ctx, "vif agate")
	if !strings.HasPrefix(fresh, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("today's cost is %q", fresh)
	}
	if ok, upgrade, _ := h.Check(ctx, fresh, "vif agate"); !ok || upgrade {
		t.Errorf("today's cost: %v %v", ok, upgrade)
	}
	if again, _ := h.Hash(ctx, "vif agate"); again == fresh {
		t.Error("two hashes of one password are the same: no salt")
	}
	if ok, _, err := h.Check(ctx, "", "anything"); ok || err != nil {
		t.Errorf("no account: %v %v", ok, err)
	}
	if _, _, err := h.Check(ctx, "$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "x"); err == nil {
		t.Error("a stored string can ask for 4 TiB")
	}
}

func TestBeyondTheCapCallersWaitThenAreToldToComeBack(t *testing.T) {
	h := password.NewHasher(password.Params{Memory: 19 * 1024, Passes: 8, Lanes: 1}, password.Limits{AtOnce: 1, Queue: 3, Wait: 5 * time.Second})
	var ok, busy atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			_, err := h.Hash(ctx, "x")
			e, _ := errors.AsType[*core.Error](err)
			switch {
			case err == nil:
				ok.Add(1)
			case e != nil && e.Kind == core.Busy && e.RetryAfter > 0:
				busy.Add(1)
			default:
				t.Errorf("unexpected %v", err)
			}
		})
	}
	all.Wait()
	if ok.Load() < 4 || busy.Load() == 0 || ok.Load()+busy.Load() != 16 {
		t.Errorf("%d hashed, %d told to come back", ok.Load(), busy.Load())
	}
	cancelled, stop := context.WithCancel(ctx)
	stop()
	slow := make(chan struct{})
	go func() { _, _ = h.Hash(ctx, "x"); close(slow) }()
	time.Sleep(5 * time.Millisecond)
	if _, err := h.Hash(cancelled, "y"); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left: %v", err)
	}
	<-slow
}

func TestTheCommonListHoldsTheTopOfEveryList(t *testing.T) {
	l := password.Common()
	if l.Len() < 40_000 {
		t.Errorf("only %d passwords", l.Len())
	}
	for _, p := range []string{"123456", "password", "qwerty123", "iloveyou", "dragon", "trustno1", "Password", "letmein", "PASSWORD"} {
		if has, err := l.Has(p); !has || err != nil {
			t.Errorf("%q is not there (%v)", p, err)
		}
	}
	for i := range 20_000 {
		if has, _ := l.Has(fmt.Sprintf("vif-agate-%d-tilleul", i)); has {
			t.Errorf("a password that nobody published is there: %d", i)
		}
	}
}

func line(p string) string { return fmt.Sprintf("%X:%d\r\n", sha1.Sum([]byte(p)), len(p)) }

func TestAFullListIsImported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breached.list")
	var in bytes.Buffer
	for i := range 50_000 {
		in.WriteString(line(fmt.Sprintf("leaked-%d", i)))
	}
	in.WriteString(line("leaked-7") + "\n" + strings.ToLower(line("café")))
	done, err := password.Import(path, &in, password.ImportWidth)
	if err != nil || done.Lines != 50_003 || done.Kept != 50_001 {
		t.Fatalf("%+v %v", done, err)
	}
	l, err := password.OpenList(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, p := range []string{"leaked-0", "leaked-49999", "leaked-31415", "café", "cafe\u0301"} {
		if has, err := l.Has(p); !has || err != nil {
			t.Errorf("%q is not there (%v)", p, err)
		}
	}
	if has, _ := l.Has("leaked-50000"); has {
		t.Error("a password that is not in the list is there")
	}
	_, err = password.Import(path, strings.NewReader(line("x")+"not a hash:3\n"), password.ImportWidth)
	if e, _ := errors.AsType[*core.Error](err); e == nil || e.Code != "passwords.import" || e.Args[0] != int64(2) {
		t.Errorf("a bad line: %v", err)
	}
	if l2, err := password.OpenList(path); err != nil || l2.Len() != 50_001 {
		t.Errorf("a failed import harmed the list: %v", err)
	}
	raw, _ := os.ReadFile(path)
	for _, cut := range [][]byte{raw[:len(raw)-1], raw[:10], append([]byte("X"), raw[1:]...)} {
		bad := filepath.Join(t.TempDir(), "bad")
		_ = os.WriteFile(bad, cut, 0o600)
		if _, err := password.OpenList(bad); err == nil {
			t.Error("a damaged list opens")
		}
	}
}

func TestWhatIsOfferedMeetsThePolicyAndSaysItsEntropy(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		for _, o := range []password.Offer{password.Generate(cti27), password.Passphrase(cti27, i18n.FR), password.Passphrase(cti27, i18n.EN)} {
			if got := unmet(password.Judge(o.Plain, cti27, nil, common)); got != "" {
				t.Fatalf("%q misses %q", o.Plain, got)
			}
			if o.Bits < 80 || utf8.RuneCountInString(o.Plain) < 20 {
				t.Fatalf("%q: %d bits", o.Plain, o.Bits)
			}
			if seen[o.Plain] {
				t.Fatalf("%q was offered twice", o.Plain)
			}
			seen[o.Plain] = true
		}
	}
	odd := core.PasswordPolicy{MinLength: 30, Special: true, Specials: "€+", Upper: true}
	if o := password.Generate(odd); unmet(password.Judge(o.Plain, odd, nil, nil)) != "" {
		t.Errorf("with other signs: %q", o.Plain)
	}
	if o := password.Passphrase(odd, i18n.FR); unmet(password.Judge(o.Plain, odd, nil, nil)) != "" {
		t.Errorf("with other signs: %q", o.Plain)
	}
	for _, l := range []i18n.Lang{i18n.FR, i18n.EN} {
		if n := len(password.Words(l)); n != 2048 {
			t.Errorf("%d words in %s", n, l)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	h := password.NewHasher(password.Standard, password.Limits{})
	for range b.N {
		_, _ = h.Hash(ctx, "vif agate tilleul nord")
	}
}

func BenchmarkJudge(b *testing.B) {
	for range b.N {
		password.Judge("Vif-Agate7-Tilleul!Nord", cti27, []string{"Marie", "Durand"}, common)
	}
}

func BenchmarkBreached(b *testing.B) {
	l := password.Common()
	for range b.N {
		_, _ = l.Has("vif agate tilleul nord")
	}
}
