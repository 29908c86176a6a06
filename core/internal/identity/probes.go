package identity

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.watch("password.rules", tRules, changePassword.Permission, m.seeRules, completed("password.rules"), lenient),
		m.watch("password.breached", tBreached, "", m.seeBreached, tolerant, completed("password.breached")),
		m.watch("password.history", tHistory, changePassword.Permission, m.seeHistory, amnesia, forgiving),
		m.data("password.hash", tHash, m.seeHash, clearText, cheap),
		m.watch("password.change", tChange, changePassword.Permission, m.seeChange, undead("password.change"), kept, silent("password.change", "password.changed")),
		m.watch("password.compromised", tCompromised, FlagAccount.Permission, m.seeCompromised, undead("password.compromised"), trusting("password.compromised")),
		m.watch("password.generated", tGenerated, changePassword.Permission, m.seeGenerated, sameForAll, feeble),
		m.watch("signin.reset", tReset, "signin.reset", m.seeReset, undead("signin.reset"), reusable, lasting),
		m.watch("signin.report", tReport, openReport.Permission, m.seeReport, undead("signin.report"), trusting("signin.report"), unheard),
		m.data("account.personal", tPersonal, m.seePersonal, shared, unnamed),
		m.data("account.default", tDefault, m.seeDefault, factory, presented),
		m.watch("account.functional", tFunctional, "member.invite", m.seeFunctional, ghost, unmarked),
	}
}

// watch makes a probe that plays with a canary; witness is the act whose entries bear witness.
func (m *Module) watch(id string, title i18n.Sentence, witness core.Permission, see func(*scene) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Faults: faults, Run: func(ctx context.Context, s core.Stage) (core.Sight, error) {
		sc := &scene{ctx: ctx, m: m, s: s}
		seen, err := see(sc)
		if err != nil || witness == "" {
			return seen, err
		}
		seen.Entries, err = s.Witness(ctx, sc.c, witness)
		return seen, err
	}}
}

// data makes a probe that reads what is kept.
func (m *Module) data(id string, title i18n.Sentence, see func(*scene) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	p := m.watch(id, title, "", see, faults...)
	p.Kind = core.DataProbe
	return p
}

// scene is one canary and its account.
type scene struct {
	ctx context.Context
	m   *Module
	s   core.Stage
	c   core.Canary
	in  *http.Client
}

// enter makes the canary and signs it in.
func (sc *scene) enter(roles ...string) (err error) {
	if sc.c, err = sc.s.Canary(sc.ctx, roles...); err != nil {
		return err
	}
	sc.in, err = sc.s.Enter(sc.ctx, sc.c)
	return err
}

func (sc *scene) read(f func(core.Tx) error) error { return sc.m.needs.Reader.Read(sc.ctx, f) }

func (sc *scene) count(query string, args ...any) (n int64, err error) {
	err = sc.read(func(tx core.Tx) error {
		n, _, err = db.One(sc.ctx, tx, query, db.Value[int64], args...)
		return err
	})
	return n, err
}

func (sc *scene) policy() (p core.PasswordPolicy, err error) {
	err = sc.read(func(tx core.Tx) error {
		all, err := sc.m.needs.Settings.For(sc.ctx, tx, sc.c.Org)
		p = all.Password
		return err
	})
	return p, err
}

// opened tells whether a browser holds a session.
func (sc *scene) opened(v *http.Client) (bool, error) {
	a, err := probe.Get(sc.ctx, v, "/me/security")
	return a.Status == http.StatusOK, err
}

var challenge = regexp.MustCompile(`name="challenge" value="([^"]+)"`)

// signIn gives an address and a password in a new browser, and tells whether the password was taken: a session, or a step
// that comes after it.
func (sc *scene) signIn(plain string) (v *http.Client, a probe.Answer, taken bool, err error) {
	v = sc.s.Visitor()
	if _, err = probe.Post(sc.ctx, v, "/signin", url.Values{"email": {sc.c.Email}}); err != nil {
		return v, a, false, err
	}
	page, err := probe.Get(sc.ctx, v, "/signin/password")
	if err != nil {
		return v, a, false, err
	}
	form := url.Values{"password": {plain}}
	if found := challenge.FindStringSubmatch(page.Body); found != nil { // where few attempts pass, it is asked early
		form.Set("challenge", found[1])
		form.Set("nonce", abuse.Solve(found[1]))
	}
	if a, err = probe.Post(sc.ctx, v, "/signin/password", form); err != nil {
		return v, a, false, err
	}
	for _, step := range []string{"factor", "change", "terms", "enrol"} {
		if a.Leads("/signin/" + step) {
			return v, a, true, nil
		}
	}
	taken, err = sc.opened(v)
	return v, a, taken, err
}

// second gives the second factor where one is asked.
func (sc *scene) second(v *http.Client, a probe.Answer) (probe.Answer, error) {
	if !a.Leads("/signin/factor") {
		return a, nil
	}
	code, err := sc.s.Code(sc.ctx, sc.c)
	if err != nil {
		return a, err
	}
	return probe.Post(sc.ctx, v, "/signin/factor", url.Values{"code": {code}})
}

// change asks for another password through the page, and tells whether it was taken.
func (sc *scene) change(current, next string) (bool, error) {
	a, err := probe.Post(sc.ctx, sc.in, "/me/password", url.Values{"current": {current}, "password": {next}})
	return a.Leads("/me/security"), err
}

// drawn is a password that meets every rule.
func drawn(p core.PasswordPolicy) string { return password.Generate(p).Plain }

// breaking gives a candidate that breaks one rule.
func breaking(code string, p core.PasswordPolicy, c core.Canary) string {
	base := drawn(p)
	letters := func(r rune) rune {
		if r >= '0' && r <= '9' {
			return 'k'
		}
		return r
	}
	signs := func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", r) {
			return r
		}
		return 'k'
	}
	switch code {
	case "password.length":
		return base[:max(p.MinLength-1, 0)]
	case "password.upper":
		return strings.ToLower(base)
	case "password.lower":
		return strings.ToUpper(base)
	case "password.digit":
		return strings.Map(letters, base)
	case "password.sign", "password.special":
		return strings.Map(signs, base)
	case "password.strength":
		return "Aa1!" + strings.Repeat("a", max(p.MinLength, 12))
	case "password.own":
		return "Canari-Sonde-Canari-1"
	case "password.breached":
		return stolen[0]
	}
	return ""
}
