package boot

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/egress"
)

// noteEgress is a connection that the way out refused.
var noteEgress = core.ActDef{
	Permission: "egress.refused", Resource: "destination", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
	Title: core.Text{FR: "Refuser une connexion vers une destination qui n'est pas autorisée", EN: "Refuse a connection to a destination that is not authorized"},
}

// Why the platform calls each kind of destination that its configuration names.
var (
	whyRelay   = core.Text{FR: "Relais des courriels (mail.relay)", EN: "Mail relay (mail.relay)"}
	whyWitness = core.Text{FR: "Témoin du journal (journal.witnesses)", EN: "Witness of the journal (journal.witnesses)"}
	whyRoot    = core.Text{FR: "Serveur de la clé racine (keys.transit)", EN: "Server of the root key (keys.transit)"}
	whyProxy   = core.Text{FR: "Mandataire nommé par l'environnement du processus", EN: "Proxy named by the environment of the process"}
)

// openWay makes the one way out. It is made first: the root key itself may be on a server.
func (h *House) openWay() *egress.Door {
	return egress.New(egress.Needs{
		Places: h.destinations, Named: h.allowsTyped, Near: h.near, Pretended: h.pretends, Log: h.cfg.Log,
	})
}

// destinations lists what the configuration lets the platform call, but for the database, which it cannot be without.
func (h *House) destinations() (all []egress.Place) {
	if host, port, err := net.SplitHostPort(h.cfg.Mail.Relay); err == nil {
		all = append(all, egress.Place{Host: host, Port: port, Why: whyRelay})
	}
	add := func(address string, why core.Text) {
		p, ok := egress.PlaceOf(address, why)
		if !ok {
			return
		}
		all = append(all, p)
		u, _ := url.Parse(address)
		if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && proxy != nil {
			if p, ok := egress.PlaceOf(proxy.String(), whyProxy); ok && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	for _, w := range h.cfg.Witnesses {
		add(w, whyWitness)
	}
	if h.cfg.Keys.Root == "transit" {
		add(h.cfg.Keys.Transit.Address, whyRoot)
	}
	if h.outer != nil {
		all = append(all, h.outer.Places()...)
	}
	return all
}

// allowsTyped tells whether people of an organization named a destination: a webhook of alerts, or an outside system that is told of
// requests.
func (h *House) allowsTyped(ctx context.Context, org core.ID, address string) (named bool, err error) {
	if org == core.Platform {
		if named, err = h.control.Names(ctx, address); named || err != nil {
			return named, err
		}
	}
	if named, err = h.rights.Names(ctx, org, address); named || err != nil {
		return named, err
	}
	return h.guestsAllow(ctx, org, address)
}

// near tells who may have the platform call its own machine: the provider, whose machine it is, and everyone where the
// platform is only tried on one's own machine.
func (h *House) near(org core.ID) bool {
	u, err := url.Parse(h.cfg.Origin)
	return org == core.Platform || err == nil && egress.IsLocal(u.Hostname())
}

// noteRefusal puts a refusal into the platform's journal. What people of an organization typed stands in the sealed part.
func (h *House) noteRefusal(ctx context.Context, r egress.Refusal) error {
	act := &core.Act{Def: &noteEgress, Org: core.Platform, Resource: core.ID(r.Address), Outcome: core.Refused, Reason: r.Why}
	if r.Org != "" {
		act.Resource, act.Note = r.Org, r.Address
	}
	return h.gate.Change(core.WithActor(ctx, core.System("egress")), act, func(core.Tx) error { return nil })
}

// countRefusals puts them among the operator's figures.
func (h *House) countRefusals() {
	h.server.Registerer().MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "rempart_egress_refused_total", Help: "Connections refused because their destination is not authorized.",
	}, func() float64 { return float64(h.egress.Refused()) }))
}

// wayOut is the way out as a room: its act and its probe.
type wayOut struct{ h *House }

// Manifest declares the act of refusing.
func (wayOut) Manifest() core.Manifest {
	return core.Manifest{
		Module: "egress", Title: core.Text{FR: "Destinations autorisées", EN: "Authorized destinations"},
		Acts: []*core.ActDef{&noteEgress},
		Activities: []core.Activity{{
			ID: "egress.guard", Title: core.Text{FR: "Maîtrise des connexions sortantes", EN: "Control of outgoing connections"},
			About: core.Text{FR: "N'appeler que les destinations autorisées, et garder la trace de ce qui est refusé", EN: "Call authorized destinations only, and keep a trace of what is refused"},
			Part:  core.Controller, Purposes: []core.Purpose{core.PurposeSecurity},
		}},
	}
}

// ExportPerson has nothing to give.
func (wayOut) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson has nothing to erase.
func (wayOut) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}
