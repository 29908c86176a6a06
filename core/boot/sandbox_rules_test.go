package boot

import (
	"bytes"
	"fmt"
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
	own, err := policies.Starter("politique-2") // as the sandbox would call it
	w.must("starter", err)
	own = bytes.ReplaceAll(own, []byte("Security annex"), []byte("Annex of Jeanne Moulin"))
	own = bytes.ReplaceAll(own, []byte("session.idle: {floor: 60}"), []byte("session.idle: {floor: 45}\n      contact.dpo: {exact: dpo@moulin.example}\n      signin.factor_roles: {floor: \"admin,fauconnier\"}"))
	_, err = w.control.Publish(w.system(), control.Order{Source: own, Tighten: true, Reason: "contract"})
	w.must("publish one's own", err)
	w.must("tell", w.control.Tell(w.system()))
	w.must("sign", w.control.Sign(w.as("a.admin"), w.a, out.ID, out.Hash))
	w.must("settings", w.settings.Save(w.as("a.security"), w.a, settings.Edit{Changes: []settings.Change{
		{Key: "session.lock", Value: "7"}, {Key: "contact.security", Value: "jeanne@moulin.example"}, {Key: "signin.factor_roles", Value: "admin,fauconnier,marechal"},
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
		same("the platform", view(w.House, core.Platform), view(other, core.Platform), "contact.dpo", "signin.factor_roles")
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
		own := clauses(other, "politique-3") // no name of the source
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
		w.must("close", other.Close())
		w.leaksRules(dir)
	})
}

const leakPack = `
policy: x
version: %d
title: {fr: x, en: %q}
issuer: x
about: {fr: x, en: x}
lifetime: 48h
clauses:
  - id: X-1
    kind: enforced
    title: {fr: x, en: x}
    text: {fr: x, en: x}
    settings: {%s}
    probes: [session.idle]
`

// leaksRules puts one real value after the other into the settings and the policies of a sandbox: each is seen, and no word that
// every installation knows is.
func (w *town) leaksRules(dir string) {
	w.t.Helper()
	ctx, version := w.system(), 0
	leak := func(in string, put func(h *House) error) {
		h, err := w.another(ctx, dir)
		w.must("start it", err)
		w.must(in, put(h))
		w.must("close", h.Close())
		found, err := w.CheckSandbox(ctx, dir)
		w.must("compare", err)
		if in != "" && !slices.Contains(found, in) || in == "" && len(found) > 0 {
			w.t.Errorf("a real value stands in %q, and the comparison sees %v", in, found)
		}
	}
	set := func(key, value string) func(h *House) error {
		return func(h *House) error {
			return h.db.Write(ctx, func(tx core.Tx) error {
				return h.settings.Put(ctx, tx, core.Platform, map[string]string{key: value})
			})
		}
	}
	publish := func(title, demand string) func(h *House) error {
		version++
		source := fmt.Appendf(nil, leakPack, version, title, demand)
		return func(h *House) error {
			_, err := h.control.Publish(ctx, control.Order{Source: source, Reason: "x", Tighten: true})
			return err
		}
	}
	leak("", set("signin.factor_roles", "admin"))
	leak("", publish("x", `signin.factor_roles: {floor: "admin"}`))
	leak("settings_value.label", set("signin.factor_roles", "admin,marechal"))
	leak("settings_value.address", set("contact.security", "jeanne@moulin.example"))
	leak("control_publication.label", publish("x", `signin.factor_roles: {floor: "admin,fauconnier"}`))
	leak("control_publication.address", publish("x", `contact.dpo: {exact: dpo@moulin.example}`))
	leak("control_publication.title", publish("Annex of Jeanne Moulin", `session.idle: {floor: 60}`))
}
