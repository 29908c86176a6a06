package identity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/probe"
)

var mailedCode = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)

var errNotCanary = errors.New("identity: time passes for canaries alone")

var ageing = core.Duty{Name: "identity.age", Why: "a probe lets time pass for the links and the authenticator of its own canary; nobody else's move"}

var qStepOld = db.SQL(`UPDATE identity_factor SET last_step = last_step - 3 WHERE person = $1 AND kind = 'totp'`)

// LetCodesPass lets time pass for the authenticator of a canary, so that the codes shown now open again. Nobody else's.
func (m *Module) LetCodesPass(ctx context.Context, canary core.ID) error {
	return m.aged(ctx, canary, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qStepOld, canary)
		return err
	})
}

// aged runs f on the rows of a canary.
func (m *Module) aged(ctx context.Context, canary core.ID, f func(core.Tx) error) error {
	return m.needs.Gate.Keep(ctx, &ageing, func(tx core.Tx) error {
		p, err := m.person(ctx, tx, canary)
		if err == nil && !p.IsCanary() {
			err = errNotCanary
		}
		if err != nil {
			return err
		}
		return f(tx)
	})
}

var qLinkOld = db.SQL(`UPDATE identity_link SET expires_at = $3 WHERE person = $1 AND kind = $2 AND used_at = 0`)

// age lets the links of a kind sent to the canary run out, as if their whole life and a second had passed. Nobody else's can.
func (sc *scene) age(kind string) error {
	return sc.m.aged(sc.ctx, sc.c.Person, func(tx core.Tx) error {
		_, err := tx.Exec(sc.ctx, qLinkOld, sc.c.Person, kind, clock.Micros(sc.m.needs.Clock.Now().Add(-time.Second)))
		return err
	})
}

// linkIn finds a link of ours in a letter, without what stands before its path.
func linkIn(letter, path string) string {
	_, rest, found := strings.Cut(letter, path)
	if !found {
		return ""
	}
	return path + strings.Fields(rest + " ")[0]
}

func (m *Module) seeReset(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	p, err := sc.policy()
	if err != nil {
		return seen, err
	}
	link, err := sc.askReset()
	if err != nil || link == "" {
		return probe.Broken(2, 2, tResetSilent), err
	}
	v := sc.s.Visitor()
	if a, err := probe.Get(sc.ctx, v, link); err != nil || a.Status != http.StatusOK {
		return seen, errors.Join(err, errors.New("identity: the link of a canary does not open: "+strconv.Itoa(a.Status)))
	}
	if _, err := probe.Post(sc.ctx, v, link, url.Values{"password": {"too short"}}); err != nil {
		return seen, err
	}
	if on, err := sc.opened(sc.in); err != nil || !on { // a refused one changed nothing
		return probe.Broken(2, 2, tResetWeak), err
	}
	next := drawn(p)
	if _, err := probe.Post(sc.ctx, v, link, url.Values{"password": {next}}); err != nil {
		return seen, err
	}
	if on, err := sc.opened(sc.in); err != nil || on {
		return probe.Broken(2, 2, tResetStays), err
	}
	third := drawn(p)
	if _, err := probe.Post(sc.ctx, sc.s.Visitor(), link, url.Values{"password": {third}}); err != nil {
		return seen, err
	}
	for _, c := range []struct {
		plain string
		opens bool
	}{{sc.c.Password, false}, {third, false}, {next, true}} {
		if _, _, in, err := sc.signIn(c.plain); err != nil || in != c.opens {
			return probe.Broken(2, 2, tResetTwice), err
		}
	}
	if link, err = sc.askReset(); err != nil {
		return seen, err
	}
	if err := sc.age(LinkReset); err != nil {
		return seen, err
	}
	if _, err := probe.Post(sc.ctx, sc.s.Visitor(), link, url.Values{"password": {third}}); err != nil {
		return seen, err
	}
	if _, _, in, err := sc.signIn(third); err != nil || in {
		return probe.Broken(2, 2, tResetLasts, int(ResetLife.Minutes())), err
	}
	return probe.Held(2, 2, tResetHeld, int(ResetLife.Minutes())), nil
}

// askReset asks for a link through the page and reads it where it was sent.
func (sc *scene) askReset() (string, error) {
	if _, err := probe.Post(sc.ctx, sc.s.Visitor(), "/reset", url.Values{"email": {sc.c.Email}}); err != nil {
		return "", err
	}
	letter, err := sc.s.Letter(sc.ctx, sc.c, "password.reset")
	if core.KindOf(err) == core.NotFound {
		return "", nil
	}
	return linkIn(letter, "/reset/"), err
}

var qReportsOn = db.SQL(`SELECT COUNT(*) FROM identity_report WHERE person = $1 AND state = 'open'`)

func (m *Module) seeReport(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter(); err != nil {
		return seen, err
	}
	letter, err := sc.s.Letter(sc.ctx, sc.c, "signin.new_device")
	link := linkIn(letter, "/not-me/")
	if link == "" {
		return probe.Broken(1, 1, tReportSilent), nil
	}
	if err != nil {
		return seen, err
	}
	v := sc.s.Visitor()
	if _, err := probe.Get(sc.ctx, v, link); err != nil {
		return seen, err
	}
	if on, err := sc.opened(sc.in); err != nil || !on {
		return probe.Broken(1, 1, tReportHasty), err
	}
	for range 2 { // the second time it is spent
		if _, err := probe.Post(sc.ctx, v, link, nil); err != nil {
			return seen, err
		}
	}
	open, err := sc.count(qReportsOn, sc.c.Person)
	if err != nil {
		return seen, err
	}
	if open != 1 {
		return probe.Broken(1, 1, tReportUnheard, open), nil
	}
	return sc.cut(tReportHeld)
}

var (
	qAccounts = db.SQL(`SELECT COUNT(*) FROM identity_account`)
	qShared   = db.SQL(`SELECT COUNT(*) FROM (SELECT person FROM identity_account GROUP BY person HAVING COUNT(*) > 1) x`)
	qTwins    = db.SQL(`SELECT COUNT(*) FROM (SELECT mark FROM identity_account GROUP BY mark HAVING COUNT(*) > 1) x`)
	qNobodys  = db.SQL(`SELECT COUNT(*) FROM identity_account a LEFT JOIN identity_person p ON p.id = a.person WHERE p.id IS NULL OR p.mark <> a.mark`)
	qOfLogin  = db.SQL(`SELECT COUNT(*) FROM identity_account WHERE mark IN ($1, $2)`)
)

func (m *Module) seePersonal(sc *scene) (seen core.Sight, err error) {
	n, err := sc.count(qAccounts)
	if err != nil {
		return seen, err
	}
	var found [3]int64
	for i, q := range []string{qShared, qTwins, qNobodys} {
		if found[i], err = sc.count(q); err != nil {
			return seen, err
		}
	}
	if found != [3]int64{} {
		return probe.Broken(int(n), int(n), tPersonalBad, found[0], found[1], found[2]), nil
	}
	// A second account for an address that has one cannot be made.
	if err := sc.enter("admin"); err != nil {
		return seen, err
	}
	if _, err := sc.invite(url.Values{"email": {strings.ToUpper(sc.c.Email)}}); err != nil {
		return seen, err
	}
	twins, err := sc.accounts(sc.c.Email)
	if err != nil {
		return seen, err
	}
	if again, err := sc.count(qTwins); err != nil || twins != 1 || again != 0 {
		return probe.Broken(int(n), int(n), tPersonalTwin), err
	}
	return probe.Held(int(n), int(n), tPersonalHeld, n), nil
}

func (sc *scene) invite(form url.Values) (probe.Answer, error) {
	return probe.Post(sc.ctx, sc.in, "/o/"+string(sc.c.Org)+"/members/new", form)
}

var (
	// The accounts with a password, walked by id: whose address is that of a factory account is known once it is open.
	qWithPassword = db.SQL(`SELECT ` + personColumns + ` FROM identity_person WHERE id > $1 AND id IN (SELECT person FROM identity_password)
		ORDER BY id LIMIT 500`)
	qPresented = db.SQL(`SELECT COUNT(*) FROM identity_password w JOIN identity_person p ON p.id = w.person WHERE p.state = 'invited'`)
)

// wellKnown are the passwords of products that ship with an account.
var wellKnown = []string{"admin", "password", "changeme", "rempart", "root", "123456"}

// factoryNames are the names of accounts that products ship with.
var factoryNames = []string{"admin", "administrator", "root", "test", "demo", "guest", "user", "rempart"}

// factoryMade gives the first accounts with a password whose address begins like that of a factory account.
func (sc *scene) factoryMade() (list []core.Credential, err error) {
	after := core.ID("")
	for len(list) < 10 {
		n := 0
		err := sc.read(func(tx core.Tx) error {
			some, err := sc.m.all(sc.ctx, tx, qWithPassword, after)
			if err != nil {
				return err
			}
			n = len(some)
			for _, p := range some {
				after = p.ID
				name, _, _ := strings.Cut(p.Email, "@")
				if !slices.Contains(factoryNames, name) {
					continue
				}
				c, err := sc.m.Credential(sc.ctx, tx, p.ID)
				if err != nil {
					return err
				}
				list = append(list, c)
			}
			return nil
		})
		if err != nil || n == 0 {
			return list, err
		}
	}
	return list, nil
}

// accounts counts the accounts of an address.
func (sc *scene) accounts(address string) (int64, error) {
	mark, other, err := sc.m.marks(sc.ctx, address)
	if err != nil {
		return 0, err
	}
	return sc.count(qOfLogin, mark, other)
}

func (m *Module) seeDefault(sc *scene) (seen core.Sight, err error) {
	n, err := sc.count(qAccounts)
	if err != nil {
		return seen, err
	}
	presented, err := sc.count(qPresented)
	if err != nil || presented > 0 {
		return probe.Broken(int(n), int(n), tDefaultGiven, presented), err
	}
	list, err := sc.factoryMade()
	if err != nil {
		return seen, err
	}
	for _, c := range list {
		for _, plain := range wellKnown {
			if opens, _, err := m.needs.Hasher.Check(sc.ctx, c.Hash, plain); err != nil || opens {
				return probe.Broken(int(n), len(list), tDefaultOpens), err
			}
		}
	}
	a, err := probe.Get(sc.ctx, sc.s.Visitor(), "/setup/again")
	if err != nil || a.Status < 400 {
		return probe.Broken(int(n), len(list), tDefaultSetup, a.Status), err
	}
	return probe.Held(int(n), int(n), tDefaultHeld, n, len(list), len(wellKnown)), nil
}

var (
	qFunctionals = db.SQL(`SELECT COUNT(*) FROM identity_person WHERE functional = 1`)
	qUnanswered  = db.SQL(`SELECT COUNT(*) FROM identity_person f LEFT JOIN identity_person r ON r.id = f.responsible
		WHERE f.functional = 1 AND (r.id IS NULL OR r.functional = 1 OR r.state = 'disabled')`)
)

func (m *Module) seeFunctional(sc *scene) (seen core.Sight, err error) {
	if err := sc.enter("admin"); err != nil {
		return seen, err
	}
	n, err := sc.count(qFunctionals)
	if err != nil {
		return seen, err
	}
	if bad, err := sc.count(qUnanswered); err != nil || bad > 0 {
		return probe.Broken(int(n), int(n), tFunctionalBad, bad, n), err
	}
	for _, try := range []struct {
		name        string
		responsible core.ID
		taken       bool
	}{{"desk", "", false}, {"counter", sc.c.Member, true}} {
		form := url.Values{"email": {sc.c.Address(try.name)}, "family_name": {"Canari"}, "functional": {"1"}, "responsible": {string(try.responsible)}}
		if _, err := sc.invite(form); err != nil {
			return seen, err
		}
		made, err := sc.accounts(sc.c.Address(try.name))
		if err != nil {
			return seen, err
		}
		if made != 0 && !try.taken {
			return probe.Broken(int(n), int(n), tFunctionalFree), nil
		}
		if made == 0 && try.taken {
			return seen, errors.New("identity: a canary administrator cannot make a functional account")
		}
	}
	return probe.Held(int(n), int(n), tFunctionalHeld, n), nil
}
