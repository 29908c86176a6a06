package recognition

import (
	"bytes"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// trialSecret is what the probe keeps in a link of canaries; elsewhereSite is a site that nobody names.
const (
	trialSecret   = "rempart-probe-access"
	elsewhereSite = "https://elsewhere.invalid"
	trialForm     = "/recognition/subscribe/form"
)

var settingTrial = &core.Duty{Name: "recognition.setting_trial", Why: "takes away the subscription of canaries: nobody's"}

var qTrialOver = db.SQL(`DELETE FROM recognition_subscription WHERE org = $1`)

func (m *Module) settingProbes() []*core.Probe {
	return []*core.Probe{
		{
			ID: "recognition.subscription", Kind: core.BehaviourProbe, Title: probe.Text(tsSubscription), Run: m.seeSubscription, Alone: true,
			Faults: []core.PlantedFault{
				{ID: "recognition.subscription/anysite", Title: probe.Text(tsfAnySite), Plant: probe.Rows(`INSERT INTO recognition_origin (origin, made_at, made_by) VALUES ('` + elsewhereSite + `', 1, '')`)},
				{ID: "recognition.subscription/endless", Title: probe.Text(tsfEndless), Plant: probe.Rows(`CREATE TRIGGER planted_endless AFTER UPDATE OF state ON recognition_subscription WHEN NEW.state = 'ended' BEGIN
					UPDATE recognition_subscription SET state = 'active', ended_at = 0 WHERE org = NEW.org; END`)},
				{ID: "recognition.subscription/deaf", Title: probe.Text(tsfDeaf), Plant: probe.Front(deaf)},
			},
		},
		{
			ID: "recognition.secret", Kind: core.BehaviourProbe, Title: probe.Text(tsSecret), Run: m.seeSecret,
			Faults: []core.PlantedFault{
				{ID: "recognition.secret/clear", Title: probe.Text(tsfClear), Plant: probe.Rows(`CREATE TRIGGER planted_clear AFTER INSERT ON recognition_link WHEN length(NEW.secret) > 0 BEGIN
					UPDATE recognition_link SET secret = CAST('` + trialSecret + `' AS BLOB) WHERE org = NEW.org AND id = NEW.id; END`)},
				{ID: "recognition.secret/shown", Title: probe.Text(tsfShown), Plant: probe.Front(showing)},
				{ID: "recognition.secret/anyone", Title: probe.Text(tsfAnyone), Plant: probe.Rows(`CREATE TRIGGER planted_setter AFTER INSERT ON access_assignment WHEN NEW.role = 'admin' BEGIN
					INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
					VALUES (NEW.org, 'setter-' || NEW.id, NEW.person, '` + RoleManager + `', '', '', '', '', '', 1, 1, 0, 0, '', ''); END`)},
			},
		},
	}
}

// deaf forgets that an organization subscribed.
func deaf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/recognition/subscribe") && strings.HasPrefix(r.URL.Path, "/o/") {
			http.Redirect(w, r, strings.TrimSuffix(r.URL.Path, "/subscribe"), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// showing writes the access where the pages mask it.
func showing(next http.Handler) http.Handler {
	return probe.Rewrite(next, func(page []byte) []byte {
		return bytes.ReplaceAll(page, []byte("••••••••"), []byte(trialSecret))
	})
}

// actingFor is a canary who has just proved who they are.
func (m *Module) actingFor(ctx context.Context, c core.Canary) context.Context {
	return core.WithActor(ctx, core.Actor{
		Kind: core.HumanActor, ID: c.Person, Account: c.Account, AAL: 2, AuthenticatedAt: m.now(),
		Address: netip.MustParseAddr("127.0.0.1"), Agent: "probe", Request: ids.New(),
	})
}

// fromSite sends the form of a site with an address that is none: it is looked at where the site is taken, and nothing is kept.
func fromSite(ctx context.Context, c *http.Client, origin string) (probe.Answer, error) {
	form := url.Values{"organization": {"Canari"}, "email": {"not an address"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, trialForm, strings.NewReader(form.Encode()))
	if err != nil {
		return probe.Answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return probe.Do(c, r)
}

// seeSubscription: an organization subscribes and ends on its page, by who may; the form of a named site is looked at, that of
// another refused; the API takes the same form.
func (m *Module) seeSubscription(ctx context.Context, s core.Stage) (core.Sight, error) {
	admin, err := s.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	plain, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	staff, err := s.Canary(ctx, "provider.admin")
	if err != nil {
		return core.Sight{}, err
	}
	visitor, site := s.Visitor(), "https://canary-"+strings.ToLower(string(admin.Person))+".invalid"
	elsewhere, err := fromSite(ctx, visitor, elsewhereSite)
	if err != nil {
		return core.Sight{}, err
	}
	if err := m.AddOrigin(m.actingFor(ctx, staff), site); err != nil {
		return core.Sight{}, err
	}
	named, err := fromSite(ctx, visitor, site)
	if dropped := m.DropOrigin(m.actingFor(context.WithoutCancel(ctx), staff), site); err == nil {
		err = dropped
	}
	if err != nil {
		return core.Sight{}, err
	}
	api, err := probe.Call(ctx, visitor, http.MethodPost, "/api/v1/recognition/sign-ups", "", `{"organization":"Canari","email":"not an address"}`)
	if err != nil {
		return core.Sight{}, err
	}
	switch {
	case elsewhere.Status != http.StatusForbidden:
		return probe.Broken(4, 4, tsAnySite, elsewhere.Status), nil
	case named.Status != http.StatusUnprocessableEntity || api.Status != http.StatusUnprocessableEntity:
		return probe.Broken(4, 4, tsFormDeaf, named.Status, api.Status), nil
	}
	return m.seeEnding(ctx, s, admin, plain)
}

func (m *Module) seeEnding(ctx context.Context, s core.Stage, admin, plain core.Canary) (core.Sight, error) {
	defer func() {
		_ = m.needs.Gate.Keep(context.WithoutCancel(ctx), settingTrial, func(tx core.Tx) error { // what stays gives canaries a service, and harms nobody
			_, err := tx.Exec(ctx, qTrialOver, admin.Org)
			return err
		})
	}()
	boss, err := s.Enter(ctx, admin)
	if err != nil {
		return core.Sight{}, err
	}
	other, err := s.Enter(ctx, plain)
	if err != nil {
		return core.Sight{}, err
	}
	base := "/o/" + string(admin.Org) + "/recognition"
	refused, err := probe.Post(ctx, other, base+"/subscribe", url.Values{})
	if err != nil {
		return core.Sight{}, err
	}
	var seen [2]Subscription
	for i, path := range []string{"/subscribe", "/end"} {
		if _, err := probe.Post(ctx, boss, base+path, url.Values{}); err != nil {
			return core.Sight{}, err
		}
		if seen[i], err = m.ReadSubscription(m.actingFor(ctx, admin), admin.Org); err != nil {
			return core.Sight{}, err
		}
	}
	switch {
	case refused.Status < 400:
		return probe.Broken(4, 4, tsAnyone, refused.Status), nil
	case !seen[0].Active():
		return probe.Broken(4, 4, tsNotBegun), nil
	case seen[1].State != "ended":
		return probe.Broken(4, 4, tsEndless), nil
	}
	sight := probe.Held(4, 4, tsSubscriptionHeld)
	for _, p := range []core.Permission{StartSubscription.Permission, EndSubscription.Permission} {
		entries, err := s.Witness(ctx, admin, p)
		if err != nil {
			return core.Sight{}, err
		}
		sight.Entries = append(sight.Entries, entries...)
	}
	return sight, nil
}

// seeSecret: the access to a tool is sealed in its row, masked on every page, refused to whoever may only read links, and told to whoever
// may see it by an act that has its entry.
func (m *Module) seeSecret(ctx context.Context, s core.Stage) (core.Sight, error) {
	setter, err := s.Canary(ctx, RoleManager)
	if err != nil {
		return core.Sight{}, err
	}
	reader, err := s.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	plain, err := s.Canary(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	as := m.actingFor(ctx, setter)
	link, err := m.MakeLink(as, setter.Org, LinkDraft{Name: "Canari", Kind: "csv", Secret: []byte(trialSecret)})
	if err != nil {
		return core.Sight{}, err
	}
	defer func() { _ = m.RemoveLink(context.WithoutCancel(as), setter.Org, link) }() // the sweeper ends what is left of it
	var row []byte
	if err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		row, err = secretOf(ctx, tx, setter.Org, link)
		return err
	}); err != nil {
		return core.Sight{}, err
	}
	if bytes.Contains(row, []byte(trialSecret)) {
		return probe.Broken(1, 1, tsClear), nil
	}
	at := "/o/" + string(setter.Org) + "/recognition/links/" + string(link)
	var shown [3]probe.Answer // of the page, by who opens it
	var told [3]probe.Answer  // of the revealing
	for i, c := range []core.Canary{setter, reader, plain} {
		browser, err := s.Enter(ctx, c)
		if err != nil {
			return core.Sight{}, err
		}
		if shown[i], err = probe.Get(ctx, browser, at); err != nil {
			return core.Sight{}, err
		}
		if told[i], err = probe.Post(ctx, browser, at+"/secret", url.Values{}); err != nil {
			return core.Sight{}, err
		}
	}
	entries, err := s.Witness(ctx, setter, ReadLinkSecret.Permission)
	if err != nil {
		return core.Sight{}, err
	}
	return secretSight(shown, told, entries), nil
}

func secretSight(shown, told [3]probe.Answer, entries []core.ID) core.Sight {
	for _, a := range shown {
		if strings.Contains(a.Body, trialSecret) {
			return probe.Broken(3, 3, tsShown)
		}
	}
	switch {
	case shown[2].Status < 400 || told[1].Status < 400 || told[2].Status < 400:
		return probe.Broken(3, 3, tsReaders, shown[2].Status, told[1].Status, told[2].Status)
	case !strings.Contains(told[0].Body, trialSecret):
		return probe.Broken(3, 3, tsUntold, told[0].Status)
	case len(entries) == 0:
		return probe.Broken(3, 3, tsNoEntry)
	}
	sight := probe.Held(3, 3, tsSecretHeld)
	sight.Entries = entries
	return sight
}

var (
	tsSubscription     = i18n.T("Une organisation souscrit sur sa page, par l'interface ou par le formulaire d'un site nommé, et y met fin", "An organization subscribes on its page, by the API or by the form of a named site, and ends it")
	tsSubscriptionHeld = i18n.T("Un formulaire venu d'un site que personne n'a nommé a été refusé, celui d'un site nommé et celui de l'interface ont été lus ; une organisation témoin a souscrit puis mis fin sur sa page, un membre sans rôle a été refusé.", "A form from a site that nobody named was refused, those of a named site and of the API were read; a canary organization subscribed, then ended, on its page, and a member without a role was refused.")
	tsAnySite          = i18n.T("Le formulaire d'un site que personne n'a nommé n'a pas été refusé (%d).", "The form of a site that nobody named was not refused (%d).")
	tsFormDeaf         = i18n.T("Le formulaire d'un site nommé (%d) ou celui de l'interface (%d) n'est pas lu.", "The form of a named site (%d), or that of the API (%d), is not read.")
	tsAnyone           = i18n.T("Un membre sans rôle a pu souscrire (%d).", "A member without a role could subscribe (%d).")
	tsNotBegun         = i18n.T("Une organisation témoin a souscrit sur sa page, et n'est pas abonnée.", "A canary organization subscribed on its page, and is not subscribed.")
	tsEndless          = i18n.T("Une organisation témoin a mis fin à sa souscription, qui dure encore.", "A canary organization ended its subscription, which goes on.")
	tsfAnySite         = i18n.T("N'importe quel site est pris", "Any site is taken")
	tsfEndless         = i18n.T("Une souscription qui ne finit jamais", "A subscription that never ends")
	tsfDeaf            = i18n.T("Une page de souscription qui dit oui et ne fait rien", "A page of subscription that says yes and does nothing")

	tsSecret     = i18n.T("L'accès à un outil relié n'est vu que par qui en a le droit, par un acte journalisé", "The access to a linked tool is seen only by whoever may, by an act in the journal")
	tsSecretHeld = i18n.T("L'accès gardé par un lien témoin est chiffré dans sa ligne, masqué sur sa page, refusé à l'administration et à un membre sans rôle, et révélé à qui règle les outils par un acte au journal.", "The access kept by a canary link is encrypted in its row, masked on its page, refused to the administrator and to a member without a role, and revealed to who sets tools up by an act in the journal.")
	tsClear      = i18n.T("L'accès à un outil se lit dans sa ligne.", "The access to a tool can be read in its row.")
	tsShown      = i18n.T("La page d'un lien montre l'accès à son outil sans qu'on l'ait demandé.", "The page of a link shows the access to its tool without being asked.")
	tsReaders    = i18n.T("Un membre sans rôle voit le lien (%d), ou l'accès est révélé à qui n'y a pas droit (%d, %d).", "A member without a role sees the link (%d), or the access is revealed to who may not (%d, %d).")
	tsUntold     = i18n.T("Qui règle les outils n'obtient pas l'accès qu'il peut voir (%d).", "Who sets tools up does not get the access that they may see (%d).")
	tsNoEntry    = i18n.T("L'accès a été révélé sans entrée au journal.", "The access was revealed without an entry in the journal.")
	tsfClear     = i18n.T("Un accès gardé en clair", "An access kept in clear")
	tsfShown     = i18n.T("Une page qui ne masque pas l'accès", "A page that does not mask the access")
	tsfAnyone    = i18n.T("Qui administre règle aussi les outils", "Whoever administers sets tools up too")
)
