package identity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/browse"
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

func (m *Module) seeRules(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	verdict, p, err := m.JudgePassword(sc.ctx, sc.c.Person, "")
	if err != nil {
		return seen, err
	}
	seen.Settings = map[string]string{"password.min_length": strconv.Itoa(p.MinLength), "password.min_strength": strconv.Itoa(p.MinStrength)}
	if p.MinStrength == 0 && !(p.Upper && p.Lower && p.Digit && p.Special) {
		seen.Why = probe.Text(tRulesNone, p.MinLength)
		return seen, nil
	}
	shown, err := probe.Post(sc.ctx, sc.in, "/me/password/check", url.Values{"password": {"a"}})
	if err != nil {
		return seen, err
	}
	n := len(verdict.Rules)
	seen.Population, seen.Sample = n, n
	for _, rule := range verdict.Rules {
		candidate := breaking(rule.Code, p, sc.c)
		judged, _, err := m.JudgePassword(sc.ctx, sc.c.Person, candidate)
		if err != nil {
			return seen, err
		}
		taken, err := sc.change(sc.c.Password, candidate)
		if err != nil {
			return seen, err
		}
		if taken || met(judged, rule.Code) {
			seen.Why = probe.Text(tRulesTaken, strings.TrimPrefix(rule.Code, "password."))
			return seen, nil
		}
	}
	if live := strings.Count(shown.Body, "<li"); live < n {
		seen.Why = probe.Text(tRulesHidden, live, n)
		return seen, nil
	}
	if taken, err := sc.change(sc.c.Password, drawn(p)); err != nil || !taken {
		seen.Why = probe.Text(tRulesShut)
		return seen, err
	}
	seen.Held, seen.Why = true, probe.Text(tRulesHeld, n, n)
	return seen, nil
}

func met(v password.Verdict, code string) bool {
	for _, r := range v.Rules {
		if r.Code == code {
			return r.Met
		}
	}
	return true // the rule is not looked at
}

// stolen are among the passwords most often found in breaches.
var stolen = []string{"Password1", "password123", "123456789", "qwerty123", "iloveyou", "Football1", "sunshine", "princess1", "azertyuiop", "dragon123", "motdepasse", "admin123"}

func (m *Module) seeBreached(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	p, err := sc.policy()
	if err != nil {
		return seen, err
	}
	seen = probe.Broken(len(stolen), len(stolen), tBreachedOff)
	seen.Settings = map[string]string{"password.breached": strconv.FormatBool(p.Breached)}
	if !p.Breached {
		return seen, nil
	}
	known := 0
	for _, s := range stolen {
		if m.breached(s) {
			known++
		}
	}
	if known < len(stolen)*3/4 || m.breached(drawn(p)) {
		seen.Why = probe.Text(tBreachedEmpty, known, len(stolen))
		return seen, nil
	}
	for _, s := range stolen[:3] {
		verdict, _, err := m.JudgePassword(sc.ctx, sc.c.Person, s)
		if err != nil {
			return seen, err
		}
		taken, err := sc.change(sc.c.Password, s)
		if err != nil || taken || met(verdict, "password.breached") {
			seen.Why = probe.Text(tBreachedTaken)
			return seen, err
		}
	}
	var entries int64
	for _, l := range m.needs.Breached {
		entries += l.Len()
	}
	seen.Held, seen.Why = true, probe.Text(tBreachedHeld, known, len(stolen), 3, entries)
	return seen, nil
}

func (m *Module) seeHistory(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	p, err := sc.policy()
	if err != nil {
		return seen, err
	}
	defer func() { seen.Settings = map[string]string{"password.history": strconv.Itoa(p.History)} }()
	if p.History == 0 {
		return probe.Broken(1, 1, tHistoryOff), nil
	}
	// The oldest that must still be refused is the first one, once that many others but one were chosen.
	depth := min(p.History, historyTried)
	current := sc.c.Password
	for range depth - 1 {
		next := drawn(p)
		if taken, err := sc.change(current, next); err != nil || !taken {
			return seen, errors.Join(err, errors.New("identity: a canary cannot change its password"))
		}
		current = next
	}
	for i, past := range []string{sc.c.Password, current} {
		if taken, err := sc.change(current, past); err != nil || taken {
			return probe.Broken(depth, depth, tHistoryTaken, []int{depth, 1}[i], p.History), err
		}
	}
	return probe.Held(depth, depth, tHistoryHeld, depth, p.History), nil
}

// historyTried bounds the work: each change costs a hash for each password remembered.
const historyTried = 5

var (
	qHashes = db.SQL(`SELECT COUNT(*) FROM (SELECT hash FROM identity_password UNION ALL SELECT hash FROM identity_password_old) h`)
	qCosts  = db.SQL(`SELECT DISTINCT substr(h.hash, 1, 36) FROM (SELECT hash FROM identity_password UNION ALL SELECT hash FROM identity_password_old) h`)
	qShort  = db.SQL(`SELECT COUNT(*) FROM (SELECT hash FROM identity_password UNION ALL SELECT hash FROM identity_password_old) h WHERE length(h.hash) < 80`)
)

func (m *Module) seeHash(sc *scene) (seen core.Sight, err error) {
	n, err := sc.count(qHashes)
	if err != nil {
		return seen, err
	}
	short, err := sc.count(qShort)
	if err != nil {
		return seen, err
	}
	var heads []string
	err = sc.read(func(tx core.Tx) (err error) {
		heads, err = db.All(sc.ctx, tx, qCosts, db.Value[string])
		return err
	})
	if err != nil {
		return seen, err
	}
	costs := map[string]bool{}
	for _, head := range heads {
		memory, passes, ok := costOf(head)
		if !ok || short > 0 {
			return probe.Broken(int(n), int(n), tHashOther), nil
		}
		if memory < int(password.Standard.Memory) || passes < int(password.Standard.Passes) {
			return probe.Broken(int(n), int(n), tHashCheap, memory, passes), nil
		}
		costs[strconv.Itoa(memory)+"/"+strconv.Itoa(passes)] = true
	}
	return probe.Held(int(n), int(n), tHashHeld, n, n, int(password.Standard.Memory), int(password.Standard.Passes), len(costs)), nil
}

// costOf reads the beginning of a PHC string: $argon2id$v=19$m=19456,t=2,p=1$.
func costOf(head string) (memory, passes int, ok bool) {
	parts := strings.Split(head, "$")
	if len(parts) < 5 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return 0, 0, false
	}
	for _, cost := range strings.Split(parts[3], ",") {
		name, value, _ := strings.Cut(cost, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			return 0, 0, false
		}
		switch name {
		case "m":
			memory = n
		case "t":
			passes = n
		}
	}
	return memory, passes, memory > 0 && passes > 0
}

func (m *Module) seeChange(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	other, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return seen, err
	}
	p, err := sc.policy()
	if err != nil {
		return seen, err
	}
	next := drawn(p)
	if taken, err := sc.change("not "+sc.c.Password, next); err != nil || taken {
		return probe.Broken(1, 1, tChangeAny), err
	}
	if taken, err := sc.change(sc.c.Password, next); err != nil || !taken {
		return probe.Broken(1, 1, tChangeShut), err
	}
	if on, err := sc.opened(other); err != nil || on {
		return probe.Broken(1, 1, tChangeStays), err
	}
	for plain, opens := range map[string]bool{sc.c.Password: false, next: true} {
		if _, _, in, err := sc.signIn(plain); err != nil || in != opens {
			return probe.Broken(1, 1, tChangeOld), err
		}
	}
	if _, err := sc.s.Letter(sc.ctx, sc.c, "password.changed"); err != nil {
		return probe.Broken(1, 1, tChangeSilent), nil
	}
	return probe.Held(1, 1, tChangeHeld), nil
}

func (m *Module) seeCompromised(sc *scene) (seen core.Sight, err error) {
	admin, err := sc.s.Canary(sc.ctx, "admin")
	if err != nil {
		return seen, err
	}
	desk, err := sc.s.Enter(sc.ctx, admin)
	if err != nil {
		return seen, err
	}
	if err := sc.enter(); err != nil {
		return seen, err
	}
	path := "/o/" + string(sc.c.Org) + "/accounts/" + string(sc.c.Person) + "/compromised"
	a, err := probe.Post(sc.ctx, desk, path, url.Values{"reason": {"probe"}})
	if err != nil || a.Status >= 400 {
		return seen, errors.Join(err, errors.New("identity: a canary administrator cannot mark an account: "+strconv.Itoa(a.Status)))
	}
	return sc.cut(tCompromisedHeld)
}

// cut looks whether a person whose account was marked is out, and comes back by the mailbox and a new password only.
func (sc *scene) cut(held i18n.Sentence) (seen core.Sight, err error) {
	if on, err := sc.opened(sc.in); err != nil || on {
		return probe.Broken(1, 1, tCutStays), err
	}
	v, a, _, err := sc.signIn(sc.c.Password)
	if err == nil {
		a, err = sc.second(v, a)
	}
	if err != nil || !a.Leads("/signin/mailbox") {
		return probe.Broken(1, 1, tCutOpens), err
	}
	if _, err := probe.Post(sc.ctx, v, "/signin/mailbox/send", nil); err != nil {
		return seen, err
	}
	letter, err := sc.s.Letter(sc.ctx, sc.c, "signin.code")
	if err != nil {
		return probe.Broken(1, 1, tCutSilent), nil
	}
	a, err = probe.Post(sc.ctx, v, "/signin/mailbox", url.Values{"code": {mailedCode.FindString(letter)}})
	if err != nil || !a.Leads("/signin/change") {
		return probe.Broken(1, 1, tCutUnchanged), err
	}
	p, err := sc.policy()
	if err != nil {
		return seen, err
	}
	if a, err = probe.Post(sc.ctx, v, "/signin/change", url.Values{"password": {drawn(p)}}); err == nil {
		_, err = sc.second(v, a)
	}
	if err != nil {
		return seen, err
	}
	if on, err := sc.opened(v); err != nil || !on {
		return probe.Broken(1, 1, tCutShut), err
	}
	return probe.Held(1, 1, held), nil
}

// offers reads what the page of passwords proposes.
func (sc *scene) offers() (list []string, err error) {
	page, err := browse.Over(sc.in).Get("/me/password")
	if err != nil {
		return nil, err
	}
	for _, id := range []string{"secret-phrase", "secret-signs"} {
		if s, ok := page.Element(id); ok && s != "" {
			list = append(list, s)
		}
	}
	return list, nil
}

func (m *Module) seeGenerated(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	const loads = 5
	seenOnes := map[string]bool{}
	last := ""
	for range loads {
		list, err := sc.offers()
		if err != nil {
			return seen, err
		}
		for _, s := range list {
			verdict, _, err := m.JudgePassword(sc.ctx, sc.c.Person, s)
			if err != nil {
				return seen, err
			}
			if !verdict.OK() || verdict.Score < 4 {
				return probe.Broken(2*loads, len(seenOnes), tOfferWeak, verdict.First()), nil
			}
			seenOnes[s], last = true, s
		}
	}
	if len(seenOnes) < 2*loads {
		return probe.Broken(2*loads, len(seenOnes), tOfferSame, len(seenOnes), 2*loads), nil
	}
	if taken, err := sc.change(sc.c.Password, last); err != nil || !taken {
		return probe.Broken(2*loads, len(seenOnes), tOfferShut), err
	}
	return probe.Held(2*loads, len(seenOnes), tOfferHeld, 2*loads), nil
}
