package session_test

import (
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/session"
)

func TestASVS_7_3_1_unused_sessions_lock_then_end(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	for range 20 {
		w.clock.Advance(9 * time.Minute)
		if c := w.good("a session in use", secret); c.Renewed != "" {
			secret = c.Renewed
		}
	}
	w.clock.Advance(10 * time.Minute)
	w.refused("after the lock limit", secret, "session.locked")
	w.clock.Advance(19 * time.Minute)
	w.refused("still locked: being refused is no use", secret, "session.locked")
	w.clock.Advance(time.Minute)
	w.refused("after the idle limit", secret, "session.idle")
}

func TestASVS_7_3_2_sessions_end_after_their_longest_duration(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	for range 8*12 - 1 {
		w.clock.Advance(5 * time.Minute)
		if c := w.good("a session in use", secret); c.Renewed != "" {
			secret = c.Renewed
		}
	}
	w.clock.Advance(5 * time.Minute)
	w.refused("after eight hours of use", secret, "session.expired")
}

func TestTightenedLimitActsAtTheNextRequest(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(6 * time.Minute)
	w.settings.Policy.Session.Idle = 5 * time.Minute
	w.refused("a limit set since", secret, "session.idle")
}

func TestASecondFactorDemandedSinceActsAtTheNextRequest(t *testing.T) {
	w := one(t)
	secret, id := w.begin("ann", firefox)
	w.good("before", secret)
	w.settings.Policy.SignIn.SecondFactor = true
	w.refused("demanded since", secret, "session.factor")
	err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { secret, err = w.Raise(t.Context(), tx, id, 2); return err })
	if err != nil {
		t.Fatal(err)
	}
	w.good("with a second factor", secret)
}

func TestFreshnessOfTheOrganizationIsTheShorterOne(t *testing.T) {
	w := one(t)
	w.settings.Policy.Session.Fresh = 5 * time.Minute
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(4 * time.Minute)
	if w.good("soon", secret).Actor.AuthenticatedAt.IsZero() {
		t.Error("a proof of four minutes is not fresh")
	}
	w.clock.Advance(time.Minute)
	if !w.good("later", secret).Actor.AuthenticatedAt.IsZero() {
		t.Error("a proof of five minutes still opens sensitive acts")
	}
}

func TestNoLimitInThePolicyStillLimits(t *testing.T) {
	w := one(t)
	w.settings.Policy.Session = core.SessionPolicy{}
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(30 * time.Minute)
	w.refused("a policy that says nothing", secret, "session.idle")
}

func TestASVS_7_1_2_the_number_of_sessions_is_bounded(t *testing.T) {
	w := one(t)
	var secrets []string
	for range session.MaxLive + 3 {
		s, _ := w.begin("ann", firefox)
		secrets = append(secrets, s)
		w.clock.Advance(time.Second)
	}
	for i, s := range secrets {
		_, err := w.Check(from(firefox, "198.51.100.7"), s)
		if ended := core.CodeOf(err) == "session.ended"; ended != (i < 3) {
			t.Errorf("session %d of %d: %v", i, len(secrets), err)
		}
	}
}

func TestLockedSessionIsUnlockedByAFreshProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, id := w.begin("ann", firefox)
		ctx := w.as(secret, firefox)
		if err := w.Lock(ctx); err != nil {
			t.Fatal(err)
		}
		c, err := w.Check(from(firefox, "198.51.100.7"), secret)
		if core.CodeOf(err) != "session.locked" || c.Actor.Session != id {
			t.Fatalf("locked: %+v, %v", c, err)
		}
		var renewed string
		err = w.db.Write(t.Context(), func(tx core.Tx) (err error) { renewed, err = w.Raise(ctx, tx, id, 1); return err })
		if err != nil {
			t.Fatal(err)
		}
		w.good("unlocked", renewed)
	})
}
