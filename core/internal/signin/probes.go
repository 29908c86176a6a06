package signin

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// alone marks a probe that compares times: others beside it would change them.
func alone(p *core.Probe) *core.Probe { p.Alone = true; return p }

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.watch("signin.password", tPassword, givePassword.Permission, m.seePassword, skipped("signin.password", "password_at"), unwritten),
		alone(m.watch("signin.unknown", tUnknown, "", m.seeUnknown, telling, hasty)),
		m.watch("signin.lockout", tLockout, noteAttack.Permission, m.seeLockout, uncounted("signin.lockout"), silent("signin.lockout", "signin.attack")),
		m.watch("signin.owner", tOwner, comeIn.Permission, m.seeOwner, forgotten, silent("signin.owner", "signin.code")),
		m.watch("signin.challenge", tChallenge, givePassword.Permission, m.seeChallenge, uncounted("signin.challenge"), unspent),
		m.watch("signin.factor", tFactor, giveFactor.Permission, m.seeFactor, skipped("signin.factor", "factor_at"), replayed, reusable),
		m.watch("signin.staff_factor", tStaffFactor, giveFactor.Permission, m.seeStaffFactor, skipped("signin.staff_factor", "factor_at"), removable),
		m.watch("signin.staff_address", tStaffAddress, checkAddress.Permission, m.seeStaffAddress, allowed, relayed),
	}
}

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

// scene is one canary who signs in and out.
type scene struct {
	ctx context.Context
	m   *Module
	s   core.Stage
	c   core.Canary
}

func (sc *scene) canary(roles ...string) (err error) {
	sc.c, err = sc.s.Canary(sc.ctx, roles...)
	return err
}

// attempts is how many guesses pass before unknown browsers are blocked.
func (sc *scene) attempts() (n int, err error) {
	err = sc.m.needs.Reader.Read(sc.ctx, func(tx core.Tx) error {
		floor, err := sc.m.floor(sc.ctx, tx)
		n = accountLimit(floor).Burst
		return err
	})
	return n, err
}

func settingsOf(n int) map[string]string {
	return map[string]string{"signin.attempts": strconv.Itoa(n)}
}

// opened tells whether a browser holds a session.
func (sc *scene) opened(v *http.Client) (bool, error) {
	a, err := probe.Get(sc.ctx, v, "/me/security")
	return a.Status == http.StatusOK, err
}

// passes tells whether a password was taken: a session is open, or a step that comes after it is due.
func (sc *scene) passes(v *http.Client, a probe.Answer) (bool, error) {
	for _, step := range []Step{factorStep, changeStep, termsStep, enrolStep} {
		if a.Leads("/signin/" + step.Name) {
			return true, nil
		}
	}
	return sc.opened(v)
}

// begin gives the address and tells the step that follows: "/signin/password", "/signin/mailbox".
func (sc *scene) begin(v *http.Client, email string) (string, error) {
	a, err := probe.Post(sc.ctx, v, "/signin", url.Values{"email": {email}})
	return a.Header.Get("Location"), err
}

var challenge = regexp.MustCompile(`name="challenge" value="([^"]+)"`)

// try gives a password, with the proof of work when the page asks for one; left is the proof for another use.
func (sc *scene) try(v *http.Client, plain string) (a probe.Answer, proof url.Values, err error) {
	page, err := probe.Get(sc.ctx, v, "/signin/password")
	if err != nil {
		return a, nil, err
	}
	proof = url.Values{}
	if found := challenge.FindStringSubmatch(page.Body); found != nil {
		proof = url.Values{"challenge": {found[1]}, "nonce": {abuse.Solve(found[1])}}
	}
	a, err = sc.give(v, plain, proof)
	return a, proof, err
}

func (sc *scene) give(v *http.Client, plain string, proof url.Values) (probe.Answer, error) {
	form := url.Values{"password": {plain}, "challenge": proof["challenge"], "nonce": proof["nonce"]}
	return probe.Post(sc.ctx, v, "/signin/password", form)
}

// attack gives n wrong passwords, each from another browser at another address.
func (sc *scene) attack(n int) error {
	for range n {
		v := sc.s.Visitor()
		if step, err := sc.begin(v, sc.c.Email); err != nil || step != "/signin/password" {
			return err
		}
		if _, _, err := sc.try(v, "not "+sc.c.Password); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) seePassword(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary(); err != nil {
		return seen, err
	}
	right := sc.c.Password
	variants := []struct {
		plain string
		what  i18n.Sentence
	}{{swapCase(right), tCase}, {right[:len(right)-1], tCut}, {right + " ", tPadded}}
	n, err := sc.attempts()
	if err != nil {
		return seen, err
	}
	variants = variants[:min(len(variants), max(1, n-1))]
	v := sc.s.Visitor()
	if _, err := sc.begin(v, sc.c.Email); err != nil {
		return seen, err
	}
	for _, variant := range variants {
		a, _, err := sc.try(v, variant.plain)
		if err != nil {
			return seen, err
		}
		if in, err := sc.passes(v, a); err != nil || in {
			return probe.Broken(1, 1, tLoose, variant.what), err
		}
	}
	a, _, err := sc.try(v, right)
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(v, a); err != nil || !in {
		return probe.Broken(1, 1, tShut), err
	}
	written, err := sc.s.Witness(sc.ctx, sc.c, givePassword.Permission)
	if n := len(variants) + 1; err != nil || len(written) < n {
		return probe.Broken(1, 1, tUnwritten, n, len(written)), err
	}
	return probe.Held(len(variants)+1, len(variants)+1, tExact, len(variants), len(written)), nil
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

// changing is what differs between two pages that say the same.
var changing = regexp.MustCompile(`(nonce|value|id|data-[a-z]+)="[^"]*"|canary-[^\s<"]*`)

func (m *Module) seeUnknown(sc *scene) (seen core.Sight, err error) {
	const n, series = 3, 4
	var apart []time.Duration
	for i := 0; i < series && (i == 0 || middle(apart).Abs() > tellTale); i++ {
		if err := sc.canary(); err != nil {
			return seen, err
		}
		alike, took, err := sc.compare(n)
		if err != nil || !alike {
			return probe.Broken(n, n, tApart, tByAnswer), err
		}
		apart = append(apart, took...)
	}
	by := middle(apart)
	if by.Abs() > tellTale {
		if by.Abs() < 3*spread(apart) { // a machine that is busy tells nothing
			return seen, probe.Unseen(tBusy)
		}
		return probe.Broken(len(apart), len(apart), tApart, tByTime), nil
	}
	var said [2]string
	for i, email := range sc.both() {
		v := sc.s.Visitor()
		a, err := probe.Post(sc.ctx, v, "/reset", url.Values{"email": {email}})
		if err != nil {
			return seen, err
		}
		said[i] = strconv.Itoa(a.Status) + a.Header.Get("Location") + changing.ReplaceAllString(a.Body, "")
	}
	if said[0] != said[1] {
		return probe.Broken(n, n, tApart, tByReset), nil
	}
	return probe.Held(len(apart), len(apart), tAlike, len(apart), by.Abs().Milliseconds()), nil
}

// middle gives the median, spread the median distance from it.
func middle(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func spread(list []time.Duration) time.Duration {
	m, off := middle(list), make([]time.Duration, len(list))
	for i, d := range list {
		off[i] = (d - m).Abs()
	}
	return middle(off)
}

// both are the address of an account, and one that nobody has.
func (sc *scene) both() [2]string { return [2]string{sc.c.Email, sc.c.Address("nobody")} }

// compare gives wrong passwords to both addresses in turn: whether every answer was alike, and how much later each one
// for nobody came.
func (sc *scene) compare(n int) (alike bool, apart []time.Duration, err error) {
	for range n {
		var said [2]string
		var took [2]time.Duration
		for i, email := range sc.both() {
			v := sc.s.Visitor()
			step, err := sc.begin(v, email)
			if err != nil {
				return false, nil, err
			}
			began := time.Now()
			a, err := sc.give(v, "not "+sc.c.Password, nil)
			if err != nil {
				return false, nil, err
			}
			took[i] = time.Since(began)
			said[i] = step + " " + strconv.Itoa(a.Status) + a.Header.Get("Location") + changing.ReplaceAllString(a.Body, "")
		}
		if said[0] != said[1] {
			return false, nil, nil
		}
		apart = append(apart, took[1]-took[0])
	}
	return true, apart, nil
}

// tellTale is more than the beat that answers are given on: equal work may end on either side of one.
const tellTale = 80 * time.Millisecond

func (m *Module) seeLockout(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary(); err != nil {
		return seen, err
	}
	n, err := sc.attempts()
	if err != nil {
		return seen, err
	}
	defer func() { seen.Settings = settingsOf(n) }()
	if err := sc.attack(n); err != nil {
		return seen, err
	}
	v := sc.s.Visitor()
	step, err := sc.begin(v, sc.c.Email)
	if err != nil || step != "/signin/mailbox" {
		return probe.Broken(n, n, tUnblocked, n, n), err
	}
	a, err := sc.give(v, sc.c.Password, nil)
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(v, a); err != nil || in {
		return probe.Broken(n, n, tBypassed), err
	}
	if _, err := sc.s.Letter(sc.ctx, sc.c, "signin.attack"); err != nil {
		return probe.Broken(n, n, tUntold, n), nil
	}
	return probe.Held(n, n, tBlocked, n), nil
}

var mailedCode = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)

func (m *Module) seeOwner(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary(); err != nil {
		return seen, err
	}
	n, err := sc.attempts()
	if err != nil {
		return seen, err
	}
	defer func() { seen.Settings = settingsOf(n) }()
	usual, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return seen, err
	}
	if _, err = probe.Post(sc.ctx, usual, "/signout", nil); err == nil {
		err = sc.attack(n)
	}
	if err != nil {
		return seen, err
	}
	var a probe.Answer
	if _, err = sc.begin(usual, sc.c.Email); err == nil {
		a, _, err = sc.try(usual, sc.c.Password)
	}
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(usual, a); err != nil || !in {
		return probe.Broken(2, 2, tKeptOut, n, tUsual), err
	}
	other := sc.s.Visitor()
	if _, err = sc.begin(other, sc.c.Email); err == nil {
		_, err = probe.Post(sc.ctx, other, "/signin/mailbox/send", nil)
	}
	if err != nil {
		return seen, err
	}
	letter, err := sc.s.Letter(sc.ctx, sc.c, "signin.code")
	if err != nil {
		return probe.Broken(2, 2, tKeptOut, n, tNewOne), nil
	}
	if _, err = probe.Post(sc.ctx, other, "/signin/mailbox", url.Values{"code": {mailedCode.FindString(letter)}}); err == nil {
		a, _, err = sc.try(other, sc.c.Password)
	}
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(other, a); err != nil || !in {
		return probe.Broken(2, 2, tKeptOut, n, tNewOne), err
	}
	return probe.Held(2, 2, tStillIn, n), nil
}

func (m *Module) seeChallenge(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary(); err != nil {
		return seen, err
	}
	limit, err := sc.attempts()
	if err != nil {
		return seen, err
	}
	defer func() { seen.Settings = settingsOf(limit) }()
	half := max(1, limit/2)
	if err := sc.attack(half); err != nil {
		return seen, err
	}
	without := sc.s.Visitor()
	if _, err := sc.begin(without, sc.c.Email); err != nil {
		return seen, err
	}
	page, err := probe.Get(sc.ctx, without, "/signin/password")
	if err != nil || !challenge.MatchString(page.Body) {
		return probe.Broken(1, 1, tCalm, half, limit), err
	}
	a, err := sc.give(without, sc.c.Password, nil)
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(without, a); err != nil || in {
		return probe.Broken(1, 1, tForNone, tWithout), err
	}
	with := sc.s.Visitor()
	if _, err = sc.begin(with, sc.c.Email); err == nil {
		a, _, err = sc.try(with, sc.c.Password)
	}
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(with, a); err != nil || !in {
		return probe.Broken(1, 1, tUseless), err
	}
	again := sc.s.Visitor()
	if _, err := sc.begin(again, sc.c.Email); err != nil {
		return seen, err
	}
	_, proof, err := sc.try(again, "not "+sc.c.Password)
	if err == nil {
		a, err = sc.give(again, sc.c.Password, proof)
	}
	if err != nil {
		return seen, err
	}
	if in, err := sc.passes(again, a); err != nil || in {
		return probe.Broken(1, 1, tForNone, tAgain), err
	}
	return probe.Held(1, 1, tWary, half), nil
}
