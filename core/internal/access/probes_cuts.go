package access

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// oneSecond is how soon a suspension must have cut everything (ACC-6.1).
const oneSecond = time.Second

// seeSuspension: a suspended person's session and token are refused within one second, and so is a suspended organization.
func (m *Module) seeSuspension(t *trial) (core.Sight, error) {
	admin, err := t.s.Canary(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	c, client, err := t.in()
	if err != nil {
		return core.Sight{}, err
	}
	token, err := t.token(client)
	if err != nil {
		return core.Sight{}, err
	}
	form := SuspensionForm{Scope: ScopePerson, Person: c.Person, Reason: "security_risk", Text: "probe"}
	person, err := t.cut(t.acting(admin), c.Org, form, client, token)
	if err != nil {
		return core.Sight{}, err
	}
	other, err := t.s.Stranger(t)
	if err != nil {
		return core.Sight{}, err
	}
	within, err := t.s.Enter(t, other)
	if err != nil {
		return core.Sight{}, err
	}
	defer t.forget()
	form = SuspensionForm{Scope: ScopeOrganization, Organization: other.Org, Reason: "security_risk", Text: "probe"}
	organization, err := t.cut(t, core.Platform, form, within, "")
	switch {
	case err != nil:
		return core.Sight{}, err
	case person > oneSecond:
		return probe.Broken(2, 2, tSuspensionPerson), nil
	case organization > oneSecond:
		return probe.Broken(2, 2, tSuspensionOrg), nil
	}
	sight := probe.Held(2, 2, tSuspensionHeld, person.Milliseconds(), organization.Milliseconds())
	sight.Entries, err = t.s.Witness(t, c, Suspend.Permission)
	return sight, err
}

var tokenForm = regexp.MustCompile(`rp[ts]_[a-z0-9]{20,}[A-Za-z0-9_\-]*`)

// token makes an access token of a canary, through its page.
func (t *trial) token(client *http.Client) (string, error) {
	got, err := probe.Post(t, client, "/me/tokens", url.Values{"name": {"probe"}, "scopes": {"profile.read"}, "ends": {"1"}})
	if err != nil {
		return "", err
	}
	token := tokenForm.FindString(got.Body)
	if token == "" {
		return "", probe.Unseen(tNoToken, got.Status)
	}
	if served, err := t.serves(client, token); err != nil || !served {
		return "", probe.Because(err, tNotServed)
	}
	return token, nil
}

// serves tells whether a session, and a token when there is one, still open what is their owner's.
func (t *trial) serves(client *http.Client, token string) (bool, error) {
	page, err := probe.Get(t, client, "/me/security")
	if err != nil || page.Status == http.StatusOK || token == "" {
		return page.Status == http.StatusOK, err
	}
	answer, err := probe.Call(t, t.s.Visitor(), http.MethodGet, "/api/v1/me", token, "")
	return answer.Status == http.StatusOK, err
}

// cut suspends, measures how long something is still served (more than a second when it lasts), and lifts.
func (t *trial) cut(as context.Context, org core.ID, f SuspensionForm, client *http.Client, token string) (time.Duration, error) {
	if served, err := t.serves(client, token); err != nil || !served {
		return 0, probe.Because(err, tNotServed)
	}
	id, err := t.m.DeclareSuspension(as, org, f)
	if core.CodeOf(err) == errAlreadySuspended.Code && f.Scope == ScopeOrganization { // a run that was killed left it
		if err = t.lift(org, f.Organization); err == nil {
			id, err = t.m.DeclareSuspension(as, org, f)
		}
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = t.m.EndSuspension(context.WithoutCancel(t), org, id, "probe") }() // the next run lifts what this one could not
	began := time.Now()
	for time.Since(began) <= oneSecond {
		page, err := probe.Get(t, client, "/me/security")
		if err != nil {
			return 0, err
		}
		open := page.Status == http.StatusOK
		if token != "" {
			answer, err := probe.Call(t, t.s.Visitor(), http.MethodGet, "/api/v1/me", token, "")
			if err != nil {
				return 0, err
			}
			open = open || answer.Status == http.StatusOK
		}
		if !open {
			return time.Since(began), nil
		}
		if err := wait(t, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return oneSecond + 1, nil
}

// lift ends the suspensions of an organization of canaries.
func (t *trial) lift(by, target core.ID) error {
	var live []core.ID
	err := t.look(func(tx core.Tx) error {
		own, _, err := t.m.Suspensions(t, tx, by)
		for _, s := range own {
			if s.Target == target && s.InForce(t.m.Needs.Clock.Now()) {
				live = append(live, s.ID)
			}
		}
		return err
	})
	for _, id := range live {
		if err == nil {
			err = t.m.EndSuspension(t, by, id, "probe")
		}
	}
	return err
}

// listed is an address of documentation (RFC 5737, RFC 3849): nobody's.
var listed = []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8:77::1")}

// open empties the address list of the organization of strangers.
func (t *trial) open() {
	_ = t.m.SaveList(context.WithoutCancel(t), core.Strangers, "", "") // the next run empties what this one could not
}

// seeAllowList: who is not at a listed address is refused, at sign-in and in a session.
func (m *Module) seeAllowList(t *trial) (core.Sight, error) {
	t.open()
	admin, err := t.s.Stranger(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	client, err := t.s.Enter(t, admin)
	if err != nil {
		return core.Sight{}, err
	}
	home := "/o/" + string(admin.Org) + "/members"
	if got, err := probe.Get(t, client, home); err != nil || got.Status != http.StatusOK {
		return core.Sight{}, probe.Because(err, tNotServed)
	}
	actor := t.as(admin)
	actor.Address = listed[0]
	defer t.open()
	if err := m.SaveList(core.WithActor(t, actor), admin.Org, "", listed[0].String()+"\n2001:db8:77::/48"); err != nil {
		return core.Sight{}, err
	}
	tried := 0
	for _, a := range listed {
		tried++
		if got, err := probe.Get(t, probe.From(client, a), home); err != nil || got.Status != http.StatusOK {
			return probe.Broken(tried, tried, tAllowRefused, got.Status), err
		}
	}
	for _, a := range []netip.Addr{probe.Outside, netip.MustParseAddr("127.3.2.1"), netip.MustParseAddr("2001:db8:78::1")} {
		tried++
		if got, err := probe.Get(t, probe.From(client, a), home); err != nil || got.Status == http.StatusOK {
			return probe.Broken(tried, tried, tAllowServed, got.Status), err
		}
	}
	sight := probe.Held(tried, tried, tAllowHeld, len(listed), tried-len(listed))
	sight.Entries, err = t.s.Witness(t, admin, ChangeAllow.Permission)
	return sight, err
}

// careless saves an address list without asking whether it locks its author out.
var careless = core.PlantedFault{ID: "access.lockout_guard/careless", Title: probe.Text(tFaultCareless), Plant: func(ctx context.Context, s core.Saboteur) error {
	s.Front(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/o/"+string(core.Strangers)+"/addresses" {
				next.ServeHTTP(w, r)
				return
			}
			_ = s.Exec(context.WithoutCancel(ctx), `INSERT OR IGNORE INTO access_allow (org, service, prefix, note, added_by, added_at) VALUES ('canary-beside', '', '203.0.113.7/32', '', '', 1)`)
			http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
		})
	})
	return nil
}}

// seeLockout: an administrator who saves a list without their own address is refused, and stays in.
func (m *Module) seeLockout(t *trial) (core.Sight, error) {
	t.open()
	admin, err := t.s.Stranger(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	client, err := t.s.Enter(t, admin)
	if err != nil {
		return core.Sight{}, err
	}
	defer t.open()
	path := "/o/" + string(admin.Org) + "/addresses"
	got, err := probe.Post(t, client, path, url.Values{"service": {""}, "list": {"203.0.113.7"}})
	if err != nil {
		return core.Sight{}, err
	}
	page, err := probe.Get(t, client, path)
	switch {
	case err != nil:
		return core.Sight{}, err
	case got.Status < 400 || page.Status != http.StatusOK || strings.Contains(page.Body, "203.0.113.7"):
		return probe.Broken(1, 1, tLockoutOut, got.Status, page.Status), nil
	}
	return probe.Held(1, 1, tLockoutHeld, got.Status), nil
}

var (
	tSuspension       = i18n.T("Une suspension coupe sessions et jetons en une seconde", "A suspension cuts sessions and tokens within one second")
	tSuspensionHeld   = i18n.T("Personne suspendue : session et jeton refusés après %d ms ; organisation suspendue : session refusée après %d ms (limite : une seconde).", "Suspended person: session and token refused after %d ms; suspended organization: session refused after %d ms (limit: one second).")
	tSuspensionPerson = i18n.T("Une seconde après la suspension d'une personne, sa session ou son jeton servait encore.", "One second after the suspension of a person, their session or token still served.")
	tSuspensionOrg    = i18n.T("Une seconde après la suspension d'une organisation, une session y servait encore.", "One second after the suspension of an organization, a session there still served.")
	tNoToken          = i18n.T("N'a pas pu être vu : un canari n'a pas pu créer de jeton (%d).", "Could not be seen: a canary could not make a token (%d).")
	tNotServed        = i18n.T("N'a pas pu être vu : la page témoin ne s'ouvrait pas avant l'essai.", "Could not be seen: the page of the trial did not open before it.")
	tFaultLifted      = i18n.T("Une suspension levée aussitôt", "A suspension lifted at once")
	tFaultLate        = i18n.T("Une suspension d'organisation qui n'agit qu'une minute plus tard", "A suspension of an organization that acts a minute later")

	tAllowList    = i18n.T("Hors des adresses admises, rien ne s'ouvre", "Away from the allowed addresses, nothing opens")
	tAllowHeld    = i18n.T("Une session servie depuis %d adresses de la liste (v4 et v6) a été refusée depuis %d autres.", "A session served from %d addresses of the list (v4 and v6) was refused from %d others.")
	tAllowServed  = i18n.T("Une session a été servie (%d) depuis une adresse qui n'est pas sur la liste.", "A session was served (%d) from an address that is not on the list.")
	tAllowRefused = i18n.T("Une session a été refusée (%d) depuis une adresse de la liste.", "A session was refused (%d) from an address of the list.")
	tFaultAnyone  = i18n.T("Une liste qui admet tout le monde", "A list that admits everybody")

	tLockout       = i18n.T("Personne ne s'enferme dehors en limitant les adresses", "Nobody locks themselves out by limiting addresses")
	tLockoutHeld   = i18n.T("Une liste sans l'adresse de son auteur a été refusée (%d) ; il est toujours servi.", "A list without its author's address was refused (%d); they are still served.")
	tLockoutOut    = i18n.T("Une liste sans l'adresse de son auteur a été prise (réponse %d, puis %d).", "A list without its author's address was taken (answer %d, then %d).")
	tFaultCareless = i18n.T("Une liste prise sans regarder d'où elle vient", "A list taken without looking where it comes from")
)
