package recognition

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// SignUps takes an organization that signs up for the service by itself; nothing is made before the mailed link is opened.
type SignUps interface {
	Open(ctx context.Context) (bool, error)
	Ask(ctx context.Context, s SignUp) error
}

// SignUp is what somebody types to sign an organization up.
type SignUp struct {
	Organization, TimeZone, GivenName, FamilyName, Email, Language string
}

// The acts of the form that stands on other sites.
var (
	ReadOrigins = &core.ActDef{
		Permission: "subscription_form.read", Resource: "subscription_form", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true, Staff: true,
		Holders: []string{"provider.admin", "provider.operator", "provider.auditor"}, Title: core.Text{FR: "Voir le formulaire de souscription à intégrer et ses sites", EN: "See the subscription form to embed and its sites"},
	}
	AddOrigin = &core.ActDef{
		Permission: "subscription_form.add", Resource: "subscription_form", Verb: core.Creates, Purpose: core.PurposeService, Staff: true, Fresh: fresh,
		Holders: []string{"provider.admin"}, Title: core.Text{FR: "Laisser un site afficher le formulaire de souscription", EN: "Let a site show the subscription form"},
	}
	DropOrigin = &core.ActDef{
		Permission: "subscription_form.remove", Resource: "subscription_form", Verb: core.Deletes, Purpose: core.PurposeService, Staff: true, Fresh: fresh,
		Holders: []string{"provider.admin"}, Title: core.Text{FR: "Retirer un site au formulaire de souscription", EN: "Take a site away from the subscription form"},
	}
	SeeForm = &core.ActDef{
		Permission: "subscription_form.see", Resource: "subscription_form", Verb: core.Reads, Reach: core.ByAnyone, Purpose: core.PurposeService, Quiet: true,
		Title: core.Text{FR: "Voir la page de souscription", EN: "See the subscription page"},
	}
)

// mostOrigins is how many sites may show the form.
const mostOrigins = 50

// Origin is one site that may show the form.
type Origin struct {
	Origin string // "https://www.example.org"
	MadeAt time.Time
}

var (
	errOrigin    = i18n.Fault(core.Invalid, "subscription.origin", "Écrivez l'adresse d'un site, comme https://www.exemple.fr, sans chemin.", "Write the address of a site, like https://www.example.org, without a path.")
	errOrigins   = i18n.Fault(core.Conflict, "subscription.origins", "Il y a déjà 50 sites ; retirez-en un d'abord.", "There are 50 sites already; remove one first.")
	errOtherSite = i18n.Fault(core.Forbidden, "subscription.site", "Ce site n'est pas de ceux dont le formulaire est accepté.", "This site is not one of those whose form is taken.")
	errNoSignUp  = i18n.Fault(core.Forbidden, "subscription.closed", "L'inscription libre est fermée. Demandez au fournisseur.", "Self-service sign-up is closed. Ask the provider.")
)

var (
	qOrigins    = db.SQL(`SELECT origin, made_at FROM recognition_origin ORDER BY origin`)
	qOrigin     = db.SQL(`SELECT origin FROM recognition_origin WHERE origin = $1`)
	qAddOrigin  = db.SQL(`INSERT INTO recognition_origin (origin, made_at, made_by) VALUES ($1, $2, $3) ON CONFLICT (origin) DO NOTHING`)
	qDropOrigin = db.SQL(`DELETE FROM recognition_origin WHERE origin = $1`)
)

func scanOrigin(scan db.Scan) (o Origin, err error) {
	var made int64
	err = scan(&o.Origin, &made)
	o.MadeAt = clock.FromMicros(made)
	return o, err
}

// originOf reads the origin that somebody typed: scheme and host, with a port when it is not the usual one.
func originOf(typed string) (string, error) {
	u, err := url.Parse(strings.ToLower(strings.TrimSpace(typed)))
	bad := errOrigin.With("origin", "subscription.origin")
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Host == "" || len(typed) > 200 || u.Path != "" && u.Path != "/" {
		return "", bad
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", bad
	}
	return u.Scheme + "://" + u.Host, nil
}

// Origins gives the sites that may show the form.
func (m *Module) Origins(ctx context.Context) (list []Origin, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadOrigins, Org: core.Platform}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qOrigins, scanOrigin)
		return err
	})
	return list, err
}

// AddOrigin lets a site show the form.
func (m *Module) AddOrigin(ctx context.Context, typed string) error {
	origin, err := originOf(typed)
	if err != nil {
		return err
	}
	act := &core.Act{Def: AddOrigin, Org: core.Platform}
	act.Changed("origin", "", origin)
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		list, err := db.All(ctx, tx, qOrigins, scanOrigin)
		if err != nil {
			return err
		}
		if len(list) >= mostOrigins {
			return errOrigins
		}
		_, err = tx.Exec(ctx, qAddOrigin, origin, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
}

// DropOrigin takes a site away.
func (m *Module) DropOrigin(ctx context.Context, origin string) error {
	act := &core.Act{Def: DropOrigin, Org: core.Platform}
	act.Changed("origin", origin, "")
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qDropOrigin, origin)
		return err
	})
}

// SignUpOpen tells whether organizations may sign themselves up.
func (m *Module) SignUpOpen(ctx context.Context) (bool, error) {
	if m.needs.SignUps == nil {
		return false, nil
	}
	return m.needs.SignUps.Open(ctx)
}

// AskSubscription takes the sign-up of an organization for the service, from the page or the API.
func (m *Module) AskSubscription(ctx context.Context, s SignUp) error {
	if m.needs.SignUps == nil {
		return errNoSignUp
	}
	return m.needs.SignUps.Ask(ctx, s)
}

// AskFromSite takes one from a form that stands on another site. What a hostile site could do with it is to ask for a link to be
// mailed, as anybody can on the page; it is throttled in the same way, and nothing is made before that link is opened.
func (m *Module) AskFromSite(ctx context.Context, origin string, s SignUp) error {
	err := m.needs.Gate.Read(ctx, &core.Act{Def: SeeForm, Org: core.Platform}, func(tx core.Tx) error {
		_, found, err := db.One(ctx, tx, qOrigin, db.Value[string], origin)
		if err == nil && !found {
			err = errOtherSite
		}
		return err
	})
	if err != nil {
		return err
	}
	return m.AskSubscription(ctx, s)
}
