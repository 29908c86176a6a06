package identity

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/probe"
)

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
