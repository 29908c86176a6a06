package signin

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// How many attempts pass. An attacker must not be able to turn them against the owner of an account, so each known
// browser counts for itself, and all unknown browsers of the world share one bucket per account: whatever the number of
// machines, fewer than guessesPerDay guesses pass in any 24 hours, and the owner on a known browser never notices.
const (
	guessesPerDay   = 100 // exclusive, per account, for all unknown browsers together
	defaultAttempts = 10
	freeTries       = 3 // of a known browser, before the delay grows
)

var (
	// sourceLimit is per address block, whatever the account: a password sprayed over many accounts. Right passwords
	// give their place back, so a large site behind one address is not slowed down; beyond half, proofs of work are asked.
	sourceLimit = abuse.Limit{Burst: 200, Every: 15 * time.Second}
	// mailLimit bounds the messages that strangers can make us send to one account, sourceMailLimit those of one source.
	mailLimit       = abuse.Limit{Burst: 3, Every: 20 * time.Minute}
	sourceMailLimit = abuse.Limit{Burst: 10, Every: 5 * time.Minute}
	// askLimit is how often a source may ask for messages at all, sent or not: each leaves an entry in the journal.
	askLimit = abuse.Limit{Burst: 30, Every: time.Minute}
	// flowLimit is for a browser that proved the mailbox: it counts for itself from then on.
	flowLimit = abuse.Limit{Burst: 10, Every: 24 * time.Hour}
	// episode is how often a person is told of one and the same attack.
	episode = abuse.Limit{Burst: 1, Every: 24 * time.Hour}
)

// accountLimit is that of the provider's floors: the same for every account and for those that do not exist, or the
// number of attempts would tell them apart.
func accountLimit(attempts int) abuse.Limit { return abuse.PerDay(orDefault(attempts), guessesPerDay) }

func orDefault(attempts int) int {
	if attempts <= 0 {
		return defaultAttempts
	}
	return attempts
}

var (
	errSource = i18n.Fault(core.TooMany, "signin.source",
		"Trop d'essais depuis votre réseau. Réessayez un peu plus tard.", "Too many attempts from your network. Try again a little later.")
	errBrowser = i18n.Fault(core.TooMany, "signin.browser",
		"Trop d'essais manqués sur ce navigateur. Attendez avant de réessayer : vos autres navigateurs ne sont pas touchés.",
		"Too many failed attempts on this browser. Wait before trying again: your other browsers are not affected.")
	errFactorWait = i18n.Fault(core.TooMany, "signin.factor_wait",
		"Trop de codes erronés. Réessayez plus tard, ou depuis un navigateur que vous utilisez d'habitude.",
		"Too many wrong codes. Try again later, or from a browser that you usually use.")
)

// floor gives the number of attempts of the provider's floors.
func (m *Module) floor(ctx context.Context, tx core.Tx) (int, error) {
	p, err := m.needs.Settings.For(ctx, tx)
	return p.SignIn.Attempts, err
}

// pressure tells whether the unknown browsers of an account have used up their bucket, and whether attempts run so high
// that a proof of work is asked.
func (m *Module) pressure(ctx context.Context, tx core.Tx, f *Facts) (pressed, wary bool, err error) {
	floor, err := m.floor(ctx, tx)
	if err != nil {
		return false, false, err
	}
	limit := accountLimit(floor)
	now, key := f.Now, m.accountKey(f.Flow.Login)
	account, err := abuse.Peek(ctx, tx, key, limit, now)
	if err != nil {
		return false, false, err
	}
	half := limit
	half.Burst = max(1, half.Burst/2)
	tense, err := abuse.Peek(ctx, tx, key, half, now)
	if err != nil {
		return false, false, err
	}
	half = sourceLimit
	half.Burst /= 2
	source, err := abuse.Peek(ctx, tx, m.sourceKey(ctx), half, now)
	if err != nil {
		return false, false, err
	}
	apart := f.KnownBrowser() || !f.Flow.MailboxAt.IsZero()
	return !account.OK && !apart, (!tense.OK || !source.OK) && !apart, nil
}

// pass is what an attempt took, to be given back when it turns out to be right.
type pass struct {
	key    string
	limit  abuse.Limit
	device core.ID
	source string
}

// admit counts one attempt at a password before any work is done for it. told is true when the attempt emptied the
// bucket of the unknown browsers: the person is told once per episode. Errors: TooMany; errPressed when an unknown
// browser must prove the mailbox first.
func (m *Module) admit(ctx context.Context, f *Facts) (p pass, told bool, err error) {
	now := m.needs.Clock.Now()
	p.source = m.sourceKey(ctx)
	var refusal error
	err = m.needs.Gate.Keep(ctx, &counting, func(tx core.Tx) error {
		told, refusal = false, nil
		v, err := abuse.Take(ctx, tx, p.source, sourceLimit, now)
		if err != nil {
			return err
		}
		if !v.OK {
			refusal = errSource.After(v.Retry)
			return nil
		}
		switch {
		case f.KnownBrowser():
			p.device = f.Device.ID
			refusal, err = m.countDevice(ctx, tx, f, now)
			return err
		case !f.Flow.MailboxAt.IsZero():
			p.key, p.limit = "flow:"+f.Flow.mark, flowLimit
			v, err = abuse.Take(ctx, tx, p.key, p.limit, now)
			if err == nil && !v.OK {
				refusal = errBrowser.After(v.Retry)
			}
			return err
		}
		floor, err := m.floor(ctx, tx)
		if err != nil {
			return err
		}
		p.key, p.limit = m.accountKey(f.Flow.Login), accountLimit(floor)
		taken, first, err := m.takeAccount(ctx, tx, f.Flow.Login, p.limit, now)
		if told = first; err == nil && !taken {
			refusal = errPressed
		}
		return err
	})
	if err != nil {
		return p, false, fmt.Errorf("signin: count: %w", err)
	}
	return p, told, refusal
}

// takeAccount counts an attempt of an unknown browser; first tells that it emptied the bucket for the first time of an
// episode, so that the person is told once.
func (m *Module) takeAccount(ctx context.Context, tx core.Tx, login string, limit abuse.Limit, now time.Time) (taken, first bool, err error) {
	v, err := abuse.Take(ctx, tx, m.accountKey(login), limit, now)
	if err != nil {
		return false, false, err
	}
	left, err := abuse.Peek(ctx, tx, m.accountKey(login), limit, now)
	if err != nil || left.OK {
		return v.OK, false, err
	}
	told, err := abuse.Take(ctx, tx, m.keyOf("told", login), episode, now)
	return v.OK, told.OK, err
}

// countDevice counts an attempt of a known browser, or refuses it while its delay runs: none for the first tries, then
// 1, 2, 4... seconds, and beyond the number of attempts of the policy so long that fewer than guessesPerDay pass in a day.
func (m *Module) countDevice(ctx context.Context, tx core.Tx, f *Facts, now time.Time) (refusal, err error) {
	d, ok, err := db.One(ctx, tx, qDevice, scanDevice, f.Person.ID, f.Flow.Browser)
	if err != nil {
		return nil, err
	}
	if !ok {
		return errFlow, nil // the browser was forgotten meanwhile
	}
	if now.Before(d.waitUntil) {
		return errBrowser.After(d.waitUntil.Sub(now)), nil
	}
	wait := now.Add(delayAfter(d.failures+1, orDefault(f.Policy.SignIn.Attempts)))
	n, err := tx.Exec(ctx, qDeviceTry, d.ID, d.failures, clock.Micros(now), clock.Micros(wait))
	if err == nil && n == 0 {
		return errBrowser.After(time.Second), nil // another attempt of the same browser came between
	}
	return nil, err
}

// delayAfter is how long a known browser waits after so many failures in a row.
func delayAfter(failures, attempts int) time.Duration {
	switch {
	case failures >= attempts:
		return abuse.PerDay(attempts, guessesPerDay).Every
	case failures <= freeTries:
		return 0
	}
	return min(time.Second<<min(failures-freeTries-1, 10), time.Minute)
}

// giveBack undoes what an attempt took, once it turned out to be right.
func (m *Module) giveBack(ctx context.Context, tx core.Tx, p pass) error {
	now := m.needs.Clock.Now()
	if err := abuse.Return(ctx, tx, p.source, sourceLimit, now); err != nil {
		return err
	}
	if !p.device.IsZero() {
		_, err := tx.Exec(ctx, qDeviceClear, p.device)
		return err
	}
	return abuse.Return(ctx, tx, p.key, p.limit, now)
}

// steady waits until the next beat after start, so that the time of an answer tells nothing of what was done for it.
func (m *Module) steady(ctx context.Context, start time.Time) {
	if m.needs.Beat <= 0 {
		return
	}
	took := time.Since(start)
	rest := time.NewTimer((took/m.needs.Beat+1)*m.needs.Beat - took)
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
}
