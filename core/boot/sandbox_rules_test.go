package boot

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/settings"
	"github.com/rempart/rempart/policies"
)

// rules puts two policies in force in a town: one that ships, of which a clause was withdrawn and which a signed, and one of its own,
// and chooses settings, among them addresses.
func (w *town) rules() {
	w.t.Helper()
	out, err := w.control.Publish(w.system(), control.Order{Pack: "callcenterrate", Tighten: true, Reason: "contract"})
	w.must("publish", err)
	out, err = w.control.Withdraw(w.system(), control.Withdrawal{Pack: out.ID, Clauses: []string{out.Clauses[3].ID}, Reason: "too early"})
	w.must("withdraw", err)
	own, err := policies.Starter("annexe-moulin")
	w.must("starter", err)
	own = bytes.ReplaceAll(own, []byte("Security annex"), []byte("Annex of Jeanne Moulin"))
	own = bytes.ReplaceAll(own, []byte("session.idle: {floor: 60}"), []byte("session.idle: {floor: 45}\n      contact.dpo: {exact: dpo@moulin.example}"))
	_, err = w.control.Publish(w.system(), control.Order{Source: own, Tighten: true, Reason: "contract"})
	w.must("publish one's own", err)
	w.must("tell", w.control.Tell(w.system()))
	w.must("sign", w.control.Sign(w.as("a.admin"), w.a, out.ID, out.Hash))
	w.must("settings", w.settings.Save(w.as("a.security"), w.a, settings.Edit{Changes: []settings.Change{
		{Key: "session.lock", Value: "7"}, {Key: "contact.security", Value: "jeanne@moulin.example"}, {Key: "signin.factor_roles", Value: "admin,marechal"},
	}}))
}

// TestASandboxKeepsTheSameRules: the policies in force, with what was withdrawn and signed, and the settings; what somebody wrote in a
// policy of their own, and addresses, are not there, and are seen when they are.
func TestASandboxKeepsTheSameRules(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.rules()
		s, other, dir := w.sandboxed()
		ctx := core.WithActor(t.Context(), core.System("test"))
		if s.Policies != 2 {
			t.Errorf("%d policies", s.Policies)
		}
		view := func(h *House, org core.ID) map[string]string {
			values := map[string]string{}
			w.must("values", h.db.Read(ctx, func(tx core.Tx) (err error) { values, err = h.settings.Values(ctx, tx, org); return err }))
			return values
		}
		same := func(what string, a, b map[string]string, but ...string) {
			for key := range a {
				if a[key] != b[key] && !slices.Contains(but, key) {
					t.Errorf("%s of %s: %q in the source, %q in the sandbox", key, what, a[key], b[key])
				}
			}
		}
		same("the platform", view(w.House, core.Platform), view(other, core.Platform), "contact.dpo")
		clauses := func(h *House, pack string) []control.Clause {
			list, _, err := h.control.Clauses(ctx, control.Filter{Pack: pack})
			w.must("clauses", err)
			return list
		}
		was, now := clauses(w.House, "callcenterrate"), clauses(other, "callcenterrate")
		for i := range was {
			if was[i].ID != now[i].ID || was[i].Published != now[i].Published || was[i].Withdrawn != now[i].Withdrawn || was[i].Apart != now[i].Apart {
				t.Errorf("clause %s is published %v, here %v", was[i].ID, was[i].Published, now[i].Published)
			}
		}
		if !now[3].Withdrawn {
			t.Error("no clause was withdrawn")
		}
		own := clauses(other, "politique-1")
		if len(own) == 0 {
			own = clauses(other, "politique-2")
		}
		if len(own) != 3 || own[0].Settings[0].Floor != "45" || len(own[0].Settings) != 1 || own[2].Attestations[0] != "training" || strings.Contains(own[0].Clause.Title.EN, "session") {
			t.Errorf("one's own: %+v", own)
		}
		signed := 0
		orgs, _, err := other.organizations.Orgs(ctx, "", 50)
		w.must("organizations", err)
		for _, o := range orgs {
			if o.Kind != "client" || o.ID == core.Canaries || o.ID == core.Strangers {
				continue
			}
			pins, err := other.control.PinsOf(ctx, o.ID)
			w.must("pins", err)
			for _, p := range pins {
				if p.Pack == "callcenterrate" && !p.SignedAt.IsZero() && p.SignedBy != "" {
					signed++
					same("the client", view(w.House, w.a), view(other, o.ID), "contact.dpo", "contact.security", "signin.factor_roles")
					if roles := view(other, o.ID)["signin.factor_roles"]; roles != "admin" {
						t.Errorf("roles with a second factor: %q", roles)
					}
				}
			}
		}
		if signed != 1 {
			t.Errorf("%d organizations signed", signed)
		}
		w.must("an address", other.db.Write(ctx, func(tx core.Tx) error {
			return other.settings.Put(ctx, tx, core.Platform, map[string]string{"contact.security": "jeanne@moulin.example"})
		}))
		leak, err := policies.Starter("x")
		w.must("starter", err)
		_, err = other.control.Publish(ctx, control.Order{Source: bytes.ReplaceAll(leak, []byte("Security annex"), []byte("Annex of Jeanne Moulin")), Reason: "x", Tighten: true})
		w.must("leak", err)
		w.must("close", other.Close())
		found, err := w.CheckSandbox(t.Context(), dir)
		w.must("compare", err)
		for _, place := range []string{"control_publication.title", "settings_value.address"} {
			if !slices.Contains(found, place) {
				t.Errorf("a real value stands in %s, and the comparison sees %v", place, found)
			}
		}
	})
}
