package boot

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/policies"
)

// ofTheMachine are the probes that see the machine of the tests, and not the platform: its disk, its hardening, the TLS that
// stands in front.
var ofTheMachine = []string{"outside.disk", "outside.host", "outside.sbom", "outside.sockets", "outside.tls", "outside.region"}

// TestMoreThanSixtyPromisesAreKept applies the five published policies, has people attest what only people can, runs every
// probe and counts, as rempart verify does. What is not kept says why: a part that is not built, or the machine.
func TestMoreThanSixtyPromisesAreKept(t *testing.T) {
	slowOnly(t)
	w := newTown(t, "")
	w.do("contacts", func(ctx context.Context, tx core.Tx) error {
		return w.settings.Put(ctx, tx, core.Platform, map[string]string{"contact.security": "security@example.org", "contact.dpo": "dpo@example.org", "contact.support": "support@example.org"})
	})
	for _, k := range attestation.Kinds() {
		w.attest(k.ID, "Lyon")
	}
	for _, p := range policies.Embedded() {
		if !p.Baseline {
			_, err := w.PublishPolicy(t.Context(), PolicyOrder{Pack: p.ID, Tighten: true, Reason: "what we sign"}, false)
			w.must(p.ID, err)
		}
	}
	began := time.Now()
	list, sum, err := w.VerifyClauses(t.Context(), ClauseFilter{}, true)
	w.must("verify", err)
	t.Logf("%s, in %s", sum, time.Since(began).Round(time.Millisecond))
	if sum.Total != 129 {
		t.Errorf("%d clauses, want the 129 of the five policies", sum.Total)
	}
	if sum.Held < 60 {
		t.Errorf("%d of %d held, want 60 at least", sum.Held, sum.Total)
	}
	var missing []string
	for _, c := range list {
		if c.Status == ClauseHeld || c.Status == ClauseAttested {
			continue
		}
		t.Logf("%-9s %-9s %s", c.ID, c.Status, c.Why.EN)
		if c.Status == ClauseNotBuilt {
			if c.Pack == "callcenterrate" {
				missing = append(missing, c.ID)
			}
			continue
		}
		if !slices.ContainsFunc(c.Probes, func(p control.ProbeState) bool { return p.Status != ClauseHeld && slices.Contains(ofTheMachine, p.ID) }) {
			t.Errorf("%s is %s: %s", c.ID, c.Status, c.Why.EN)
		}
	}
	slices.Sort(missing)
	if want := []string{"ACC-3.2", "ACC-3.3", "ACC-7.2", "ACC-9.1"}; !slices.Equal(missing, want) {
		t.Errorf("of the first policy %v say that a part is missing, want %v", missing, want)
	}
}
