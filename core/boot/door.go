package boot

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	accessweb "github.com/rempart/rempart/core/internal/access/web"
	archiveweb "github.com/rempart/rempart/core/internal/archive/web"
	attestationweb "github.com/rempart/rempart/core/internal/attestation/web"
	consentweb "github.com/rempart/rempart/core/internal/consent/web"
	controlweb "github.com/rempart/rempart/core/internal/control/web"
	erasureweb "github.com/rempart/rempart/core/internal/erasure/web"
	"github.com/rempart/rempart/core/internal/home"
	homeweb "github.com/rempart/rempart/core/internal/home/web"
	identityweb "github.com/rempart/rempart/core/internal/identity/web"
	incidentweb "github.com/rempart/rempart/core/internal/incident/web"
	inventoryweb "github.com/rempart/rempart/core/internal/inventory/web"
	journalweb "github.com/rempart/rempart/core/internal/journal/web"
	offboardingweb "github.com/rempart/rempart/core/internal/offboarding/web"
	organizationweb "github.com/rempart/rempart/core/internal/organization/web"
	registerweb "github.com/rempart/rempart/core/internal/register/web"
	restraintweb "github.com/rempart/rempart/core/internal/restraint/web"
	retentionweb "github.com/rempart/rempart/core/internal/retention/web"
	reviewweb "github.com/rempart/rempart/core/internal/review/web"
	rightsweb "github.com/rempart/rempart/core/internal/rights/web"
	sessionweb "github.com/rempart/rempart/core/internal/session/web"
	settingsweb "github.com/rempart/rempart/core/internal/settings/web"
	signinweb "github.com/rempart/rempart/core/internal/signin/web"
	statisticsweb "github.com/rempart/rempart/core/internal/statistics/web"
	termsweb "github.com/rempart/rempart/core/internal/terms/web"
	tokenweb "github.com/rempart/rempart/core/internal/token/web"
	vaultweb "github.com/rempart/rempart/core/internal/vault/web"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ui"
)

// openDoor makes the server with the routes of every room.
func (h *House) openDoor() error {
	front := abuse.NewFront(50, 200, 100_000)
	h.server = edge.New(edge.Config{
		Origin: h.cfg.Origin, Hosts: h.hosts(), Proxies: h.cfg.Proxies,
		Authenticate: h.authenticate(), Alive: h.sessions.Alive, Permit: h.permit, ErrorPage: ui.ErrorPage,
		Admit: func(a netip.Addr) (time.Duration, bool) {
			v := front.Allow(a, h.cfg.Clock.Now())
			return v.Retry, v.OK
		},
		Detours: map[string]string{"session.locked": "/lock"}, Hold: signinweb.Hold(h.signin),
		Log: h.cfg.Log, Clock: h.cfg.Clock,
		Checks: []edge.Check{
			{Name: "database", Run: func(ctx context.Context) error {
				return h.db.Read(ctx, func(core.Tx) error { return nil })
			}},
			{Name: "journal", Run: h.journal.Check},
		},
	})
	h.countRefusals()
	h.server.Add(ui.Routes()...)
	h.api = h.makeAPI()
	h.server.Add(h.api.Routes()...)
	h.server.Add(h.pages()...)
	for _, g := range h.guests {
		h.server.Add(g.Routes...)
	}
	h.schedule()
	return nil
}

// hosts are the only names answered: the origin's, and this machine's own for the person who sets it up.
func (h *House) hosts() []string {
	u, err := url.Parse(h.cfg.Origin)
	if err != nil {
		return nil
	}
	if name := u.Hostname(); name == "localhost" || name == "127.0.0.1" || name == "::1" {
		return []string{u.Host, "localhost:" + u.Port(), "127.0.0.1:" + u.Port(), "[::1]:" + u.Port()}
	}
	return []string{u.Host}
}

// pages are the routes of every room.
func (h *House) pages() []edge.Route {
	return slices.Concat(homeweb.Routes(h.home), identityweb.Routes(h.identity), signinweb.Routes(h.signin),
		sessionweb.Routes(h.sessions), tokenweb.Routes(h.tokens, h.api.Operations), accessweb.Routes(h.access),
		organizationweb.Routes(h.organizations, h.memberPages()), reviewweb.Routes(h.review, h.reviewPages()), settingsweb.Routes(h.settings, h.cfg.Clock.Now), termsweb.Routes(h.terms),
		vaultweb.Routes(h.blind), attestationweb.Routes(h.attestation), inventoryweb.Routes(h.inventory), rightsweb.Routes(h.rights), retentionweb.Routes(h.retention), offboardingweb.Routes(h.offboarding), erasureweb.Routes(h.erasure), incidentweb.Routes(h.incident), restraintweb.Routes(h.restraint, h.objectable), archiveweb.Routes(h.archive, h.ways()...), controlweb.Routes(h.control, h.trust, h.cfg.Clock.Now),
		statisticsweb.Routes(h.statistics), consentweb.Routes(h.consent), registerweb.Routes(h.register),
		journalweb.Routes(h.journal.Explorer(h.gate, h.identity), h.actTitles()), journalweb.WitnessRoutes(h.journal, h.cfg.WitnessOf...))
}

// actTitles names every declared act, for the journal's pages.
func (h *House) actTitles() journalweb.Titles {
	titles := map[core.Permission]core.Text{}
	for _, m := range h.Manifests() {
		for _, a := range m.Acts {
			titles[a.Permission] = a.Title
		}
	}
	return func(p core.Permission) (core.Text, bool) {
		t, ok := titles[p]
		return t, ok
	}
}

// Handler serves the pages and the API. It refuses while the journal of the database is behind or beside what this
// node has seen.
func (h *House) Handler() http.Handler {
	frame := ui.Frame{Who: h.who, Version: h.cfg.Version, Now: h.cfg.Clock.Now, Typed: h.typed}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(ui.WithFrame(r.Context(), frame))
		if err := h.journal.Refusing(); err != nil && r.URL.Path != "/livez" && r.URL.Path != "/readyz" {
			refuse(w, r, err)
			return
		}
		h.server.ServeHTTP(w, r)
	})
}

// refuse answers while the node must not serve at all.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := edge.ProblemOf(r.Context(), err)
	if edge.IsAPI(r) {
		edge.WriteProblem(w, p)
		return
	}
	ui.ErrorPage(w, r, p)
}

// Routes lists every route, for the walk of the isolation test and the list of routes.
func (h *House) Routes() []edge.Route { return h.server.Routes() }

// authenticate tells who asks: an access token for the API, a session for everything.
func (h *House) authenticate() func(http.ResponseWriter, *http.Request) (core.Actor, error) {
	return edge.Identify(func(ctx context.Context, secret string) (core.Actor, string, error) {
		checked, err := h.sessions.Check(ctx, secret)
		return checked.Actor, checked.Renewed, err
	}, h.tokens.Check)
}

// permit decides beforehand whether a page opens. Its object may be what the decision is about, or only where it is
// shown: the role may be held on it or on everything. A refusal goes through the gate, which journals it.
func (h *House) permit(ctx context.Context, def *core.ActDef, org, object core.ID) error {
	act := core.Act{Def: def, Org: org}
	if def.Reach == core.BySelf {
		act.Subject = core.ActorOf(ctx).ID
	}
	decide := func(object core.ID) error {
		asked := act
		asked.Resource = object
		return h.db.Read(ctx, func(tx core.Tx) error { return h.access.Decide(ctx, tx, core.ActorOf(ctx), &asked) })
	}
	err := decide(object)
	if err != nil && object != "" {
		err = decide("")
	}
	if err == nil || core.KindOf(err) == core.Internal {
		return err
	}
	return h.gate.Read(ctx, &act, func(core.Tx) error { return nil })
}

// who tells the frame of a page whose it is and what they may open.
func (h *House) who(ctx context.Context, org core.ID, ask []core.Permission) (ui.Who, error) {
	actor := core.ActorOf(ctx)
	if actor.Kind != core.HumanActor {
		return ui.Who{}, nil
	}
	var who ui.Who
	err := h.db.Read(ctx, func(tx core.Tx) error {
		person, err := h.identity.Person(ctx, tx, actor.ID)
		if err != nil {
			return err
		}
		who.Name = person.Name()
		memberships, err := h.organizations.Memberships(ctx, tx, actor.ID)
		if err != nil {
			return err
		}
		for _, m := range memberships {
			if m.State == "active" {
				who.Orgs = append(who.Orgs, ui.Org{ID: m.Org, Name: m.OrgName, Kind: m.OrgKind})
			}
		}
		if who.Staff, err = h.access.IsStaff(ctx, tx, actor.ID); err != nil {
			return err
		}
		who.May, err = h.access.May(ctx, tx, actor, org, ask)
		return err
	})
	return who, err
}

// roleTitle names a role for the home page.
func (h *House) roleTitle(ctx context.Context, tx core.Tx, org core.ID, role string) (core.Text, error) {
	info, err := h.access.Role(ctx, tx, org, role)
	return info.Title, err
}

// state tells the console how the installation stands.
func (h *House) state(ctx context.Context) (home.State, error) {
	head, err := h.journal.Head(ctx)
	sheet, keysErr := h.vault.Sheeted(ctx)
	return home.State{
		NoSheet: !sheet, NoCopy: len(h.cfg.Keys.Copies) == 0,
		Engine: string(h.db.Engine()), Logs: head.Logs, Entries: head.Entries, Unsigned: head.Unsigned, SignedAt: head.SignedAt,
		Sound: h.journal.Refusing() == nil,
	}, errors.Join(err, keysErr)
}
