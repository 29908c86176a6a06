package review

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.look("review.request", tpRequest, m.seeRequest, unjudged, ungiven),
		m.look("review.campaign", tpCampaign, m.seeCampaign, unrevoked("review.campaign"), neverDue),
		m.look("review.mover", tpMover, m.seeMover, unrevoked("review.mover"), unseenMove),
		m.look("review.leaver", tpLeaver, m.seeLeaver, unrevoked("review.leaver"), undead, tokenLives),
		m.look("review.dormant", tpDormant, m.seeDormant, awake, asleep),
		m.look("account.sharing", tpSharing, m.seeSharing, unflagged, unseenOverlap),
		m.look("organization.support", tpSupport, m.seeSupport, selfInvited, endless, everywhere),
	}
}

func (m *Module) look(id string, title i18n.Sentence, see func(*play) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Faults: faults, Run: func(ctx context.Context, s core.Stage) (core.Sight, error) {
		p := &play{ctx: ctx, m: m, Stage: s}
		seen, err := see(p)
		if err != nil {
			return core.Sight{}, err
		}
		for c, action := range p.witnesses {
			some, err := s.Witness(ctx, c, action)
			if err != nil {
				return core.Sight{}, err
			}
			seen.Entries = append(seen.Entries, some...)
		}
		return seen, nil
	}}
}

var (
	tpRequest  = i18n.T("Un rôle demandé n'est donné qu'après le jugement de la personne responsable", "A role that is asked for is given only after the manager's judgement")
	tpCampaign = i18n.T("Ce qu'une revue ne confirme pas est retiré", "What a review does not confirm is revoked")
	tpMover    = i18n.T("Qui change de poste ne garde que ce que sa nouvelle hiérarchie confirme", "Whoever changes post keeps only what the new manager confirms")
	tpLeaver   = i18n.T("Un départ met fin à tout en un acte", "Leaving ends everything in one act")
	tpDormant  = i18n.T("Les comptes dormants sont listés d'après les lignes vivantes", "Dormant accounts are listed from live rows")
	tpSharing  = i18n.T("Un compte utilisé à deux endroits à la fois est signalé", "An account used in two places at once is flagged")
	tpSupport  = i18n.T("Le prestataire n'entre chez un client qu'avec son accord, jusqu'à une date", "The provider enters a client's space only with its consent, until a date")

	tpDark = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")

	tpEarly   = i18n.T("Un canari a eu le rôle demandé avant tout jugement.", "A canary had the role before any judgement.")
	tpSelf    = i18n.T("Un canari a jugé sa propre demande.", "A canary judged their own request.")
	tpAlone   = i18n.T("La personne responsable a donné seule un rôle sensible.", "The line manager gave a sensitive role alone.")
	tpNoRole  = i18n.T("Une demande accordée et confirmée n'a pas donné le rôle.", "A request granted and confirmed did not give the role.")
	tpJudged  = i18n.T("Un canari a demandé un rôle sensible : refusé jusqu'au jugement (%d étapes), impossible à juger soi-même, donné après l'accord de la personne responsable puis d'une personne qui administre, avec une fin.", "A canary asked for a sensitive role: refused until the judgement (%d steps), not to be judged by oneself, given after the word of the manager then of an administrator, with an end.")
	tpEndless = i18n.T("Le rôle donné n'a pas de fin, ou ne nomme pas qui l'a approuvé.", "The role given has no end, or does not name its approver.")

	tpLapsed  = i18n.T("De deux rôles en revue, celui qui a été gardé avec un mot sert encore, celui resté sans réponse est refusé dès la requête suivante ; %d organisations sur %d sont à jour de leur revue.", "Of two roles under review, the one kept with a word still serves, the one without an answer is refused from the next request on; %d organizations of %d are up to date with their review.")
	tpStays   = i18n.T("Un rôle resté sans réponse à l'échéance sert encore.", "A role without an answer at the deadline still serves.")
	tpKeptOff = i18n.T("Un rôle gardé avec un mot ne sert plus.", "A role kept with a word no longer serves.")
	tpLate    = i18n.T("%d organisations sur %d n'ont pas eu leur revue à temps.", "%d organizations of %d did not have their review in time.")
	tpOwnLine = i18n.T("Un canari a revu sa propre habilitation.", "A canary reviewed their own assignment.")

	tpMoved   = i18n.T("Un canari a changé de poste : une revue s'est ouverte dans la même transaction ; ce que la nouvelle responsable a gardé reste, l'autre rôle est retiré.", "A canary changed post: a review opened in the same transaction; what the new manager kept stays, the other role is revoked.")
	tpNoMove  = i18n.T("Un changement de poste n'a ouvert aucune revue.", "A change of post opened no review.")
	tpByOther = i18n.T("Quelqu'un d'autre que la nouvelle personne responsable a gardé un rôle.", "Somebody else than the new manager kept a role.")
	tpHolds   = i18n.T("Après l'échéance le canari tient : %s.", "After the deadline the canary holds: %s.")

	tpLeft = i18n.T("Un canari avait une session, un jeton et un rôle : un seul acte a mis fin aux trois ; la session et le jeton sont refusés %d ms plus tard.", "A canary had a session, a token and a role: one act ended all three; the session and the token are refused %d ms later.")
	tpOn   = i18n.T("Après le départ d'un canari, ceci sert encore : %s.", "After a canary left, this still serves: %s.")

	tpListed   = i18n.T("De deux canaris, celui qui ne s'est jamais connecté est listé, l'autre non ; %d comptes dormants sur %d membres regardés ici.", "Of two canaries, the one who never signed in is listed, the other is not; %d dormant accounts of %d members looked at here.")
	tpUnlisted = i18n.T("Le rapport des comptes dormants se trompe : dormant listé %t, éveillé listé %t.", "The report of dormant accounts is wrong: sleeper listed %t, awake listed %t.")

	tpFlagged   = i18n.T("Un canari connecté de deux réseaux et de deux ordinateurs à la fois : signalé à la %de observation, prévenu avec le lien « ce n'était pas moi », et la page dit pourquoi.", "A canary signed in from two networks and two computers at once: flagged at the %dth observation, told with the \"this wasn't me\" link, and the page says why.")
	tpUnflagged = i18n.T("Un canari utilisé de deux réseaux et de deux ordinateurs à la fois, %d fois, n'est pas signalé.", "A canary used from two networks and two computers at once, %d times, is not flagged.")
	tpTooSoon   = i18n.T("Un canari est signalé dès la première observation.", "A canary is flagged at the first observation.")
	tpUntold    = i18n.T("Le canari signalé n'en voit rien, ou n'a pas reçu le lien « ce n'était pas moi ».", "The flagged canary sees nothing of it, or did not receive the \"this wasn't me\" link.")

	tpLetIn    = i18n.T("Une personne du support n'entre pas (404), demande, n'entre toujours pas ; l'accord donné elle lit et ne change rien (403) ; l'accès retiré, elle n'entre plus. %d accès de support en cours, tous motivés et datés.", "A person of support does not enter (404), asks, still does not; once let in they read and change nothing (403); the access revoked, they are out. %d support assignments are live, all with a reason and an end.")
	tpUninvite = i18n.T("Une personne du support lit l'espace d'un client qui ne l'y a pas laissée entrer.", "A person of support reads the space of a client that did not let them in.")
	tpShut     = i18n.T("Une personne du support que le client a laissée entrer ne lit rien.", "A person of support whom the client let in reads nothing.")
	tpWrites   = i18n.T("Une personne du support que le client a laissée lire a pu agir.", "A person of support whom the client let read could act.")
	tpLasting  = i18n.T("L'accès de support retiré sert encore.", "A revoked support access still serves.")
	tpWrong    = i18n.T("%d attributions de personnel chez des clients n'ont pas de fin, pas de motif, ou ne sont pas de support.", "%d assignments of staff in clients' organizations have no end, no reason, or are not support.")
)

// play is one run of a probe.
type play struct {
	core.Stage
	ctx       context.Context
	m         *Module
	witnesses map[core.Canary]core.Permission
}

func (p *play) witness(c core.Canary, action core.Permission) {
	if p.witnesses == nil {
		p.witnesses = map[core.Canary]core.Permission{}
	}
	p.witnesses[c] = action
}

// person is a canary with a browser.
type person struct {
	core.Canary
	in *http.Client
	p  *play
}

func (p *play) person(roles ...string) (*person, error) {
	c, err := p.Canary(p.ctx, roles...)
	if err != nil {
		return nil, err
	}
	in, err := p.Enter(p.ctx, c)
	return &person{c, in, p}, err
}

// gets gives the status of a page of the canary organization, or of another address when it starts with "//".
func (w *person) gets(path string) (int, string, error) {
	a, err := probe.Get(w.p.ctx, w.in, address(path))
	return a.Status, a.Body, err
}

func address(path string) string {
	if rest, other := strings.CutPrefix(path, "//"); other {
		return "/" + rest
	}
	return at(core.Canaries) + path
}

func at(org core.ID) string { return "/o/" + string(org) }

func (w *person) posts(path string, form url.Values) (int, error) {
	a, err := probe.Post(w.p.ctx, w.in, address(path), form)
	return a.Status, err
}

// must is posts for what the probe needs before it can look.
func (w *person) must(path string, form url.Values) error {
	status, err := w.posts(path, form)
	if err == nil && status >= 400 {
		err = probe.Unseen(tpDark, path, status)
	}
	return err
}

// calls asks the API with the session, as the pages' own origin.
func (w *person) calls(method, path string, body any, head http.Header) (probe.Answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return probe.Answer{}, err
	}
	r, err := http.NewRequestWithContext(w.p.ctx, method, path, strings.NewReader(string(text)))
	if err != nil {
		return probe.Answer{}, err
	}
	r.Header = head.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", "application/json")
	return probe.Do(w.in, r)
}

// repost changes the post of a canary as an administrator does.
func (w *person) repost(who core.Canary, function string, manager core.ID) error {
	path := "/api/v1/organizations/" + string(core.Canaries) + "/members/" + string(who.Member)
	a, err := probe.Get(w.p.ctx, w.in, path)
	if err != nil {
		return err
	}
	form := map[string]any{"given_name": "Canari", "family_name": "Sonde", "function": function, "manager": manager}
	if a, err = w.calls(http.MethodPut, path, form, http.Header{"If-Match": {a.Header.Get("ETag")}}); err == nil && a.Status >= 400 {
		err = probe.Unseen(tpDark, "members", a.Status)
	}
	return err
}

// Pages that a role opens: what an auditor reads, what the people office exports.
const (
	auditorPage = "/habilitations/file"
	peoplePage  = "/members/export?format=csv"
)

func (p *play) read(fn func(tx core.Tx) error) error { return p.m.needs.Reader.Read(p.ctx, fn) }

func (p *play) held(c core.Canary) (list []core.Assignment, err error) {
	err = p.read(func(tx core.Tx) error {
		all, err := p.m.needs.Lines.AssignmentsOf(p.ctx, tx, c.Person)
		list = slices.DeleteFunc(all, func(a core.Assignment) bool { return a.Org != core.Canaries })
		return err
	})
	return list, err
}

func (m *Module) seeRequest(p *play) (seen core.Sight, err error) {
	boss, err := p.person()
	if err != nil {
		return seen, err
	}
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	asker, err := p.person()
	if err != nil {
		return seen, err
	}
	p.witness(asker.Canary, JudgeRequest.Permission)
	if err := admin.repost(asker.Canary, "canary", boss.Member); err != nil {
		return seen, err
	}
	until := m.now().AddDate(0, 0, 3).Format(time.DateOnly)
	if err := asker.must("/requests", url.Values{"role": {"auditor"}, "until": {until}, "reason": {"probe"}}); err != nil {
		return seen, err
	}
	opens := func() (bool, error) { status, _, err := asker.gets(auditorPage); return status == http.StatusOK, err }
	var r Request
	err = p.read(func(tx core.Tx) (err error) {
		all, err := db.All(p.ctx, tx, qRequestsOf, scanRequest, core.Canaries, asker.Person)
		if len(all) > 0 {
			r = all[0]
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	if is, err := opens(); err != nil || is {
		return probe.Broken(1, 1, tpEarly), err
	}
	judge := "/requests/" + string(r.ID) + "/judge"
	grant := url.Values{"verdict": {"grant"}, "until": {until}, "word": {"probe"}}
	if status, err := asker.posts(judge, grant); err != nil || status < 400 {
		return probe.Broken(1, 1, tpSelf), err
	}
	if _, err := boss.posts(judge, grant); err != nil {
		return seen, err
	}
	if is, err := opens(); err != nil || is {
		return probe.Broken(1, 1, tpAlone), err
	}
	if _, err := admin.posts(judge, grant); err != nil {
		return seen, err
	}
	if is, err := opens(); err != nil || !is {
		return probe.Broken(1, 1, tpNoRole), err
	}
	held, err := p.held(asker.Canary)
	if err != nil || len(held) != 1 || held[0].Until.IsZero() || held[0].Approver != admin.Person {
		return probe.Broken(1, 1, tpEndless), err
	}
	return probe.Held(1, 1, tpJudged, 3), nil
}

// underReview opens a review of what a canary holds, as the platform does when one is due.
func (p *play) underReview(c core.Canary) (Campaign, []Line, error) {
	ctx := core.WithActor(p.ctx, core.System("probe"))
	review := Campaign{Org: core.Canaries, ID: ids.New(), Origin: Planned, Scope: ScopePerson, Person: c.Person, Deadline: p.m.now().AddDate(0, 0, 1)}
	act := &core.Act{Def: BeginReview, Org: core.Canaries, Resource: review.ID, Subject: c.Person}
	err := p.m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := p.m.begin(ctx, tx, review)
		return err
	})
	if err != nil {
		return review, nil, err
	}
	return review, p.lines(review), nil
}

func (p *play) lines(c Campaign) (lines []Line) {
	_ = p.read(func(tx core.Tx) (err error) {
		lines, err = db.All(p.ctx, tx, qLines, scanLine, c.Org, c.ID, "", 100)
		return err
	})
	return lines
}

func (m *Module) seeCampaign(p *play) (seen core.Sight, err error) {
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	holder, err := p.person("auditor", "people")
	if err != nil {
		return seen, err
	}
	p.witness(holder.Canary, LapseLine.Permission)
	c, lines, err := p.underReview(holder.Canary)
	if err != nil {
		return seen, err
	}
	i := slices.IndexFunc(lines, func(l Line) bool { return l.Role == "people" })
	if len(lines) != 2 || i < 0 {
		return seen, probe.Unseen(tpDark, "review", len(lines))
	}
	answer := "/reviews/lines/" + string(lines[i].ID)
	keep := url.Values{"answer": {"keep"}, "word": {"probe"}}
	if status, err := holder.posts(answer, keep); err != nil || status < 400 {
		return probe.Broken(2, 2, tpOwnLine), err
	}
	if err := admin.must(answer, keep); err != nil {
		return seen, err
	}
	if err := m.close(core.WithActor(p.ctx, core.System("probe")), c); err != nil {
		return seen, err
	}
	if status, _, err := holder.gets(auditorPage); err != nil || status == http.StatusOK {
		return probe.Broken(2, 2, tpStays), err
	}
	if status, _, err := holder.gets(peoplePage); err != nil || status != http.StatusOK {
		return probe.Broken(2, 2, tpKeptOff), err
	}
	all, late, days := 0, 0, 0
	err = m.orgs(p.ctx, func(o core.Organization) error {
		all++
		return p.read(func(tx core.Tx) error {
			plan, err := m.plan(p.ctx, tx, o)
			if plan.Overdue {
				late++
			}
			days = max(days, plan.Days)
			return err
		})
	})
	seen = probe.Held(all, all, tpLapsed, all-late, all)
	if late > 0 {
		seen = probe.Broken(all, all, tpLate, late, all)
	}
	seen.Settings = map[string]string{"access.review_days": fmt.Sprint(days)}
	return seen, err
}

func (m *Module) seeMover(p *play) (seen core.Sight, err error) {
	boss, err := p.person()
	if err != nil {
		return seen, err
	}
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	mover, err := p.Canary(p.ctx, "auditor", "people")
	if err != nil {
		return seen, err
	}
	p.witness(mover, MoveReview.Permission)
	if err := admin.repost(mover, "another post", boss.Member); err != nil {
		return seen, err
	}
	var c Campaign
	err = p.read(func(tx core.Tx) error {
		all, err := db.All(p.ctx, tx, qCampaigns, scanCampaign, core.Canaries)
		for _, one := range all {
			if one.Person == mover.Person && one.Origin == Mover {
				c = one
			}
		}
		return err
	})
	lines := p.lines(c)
	i := slices.IndexFunc(lines, func(l Line) bool { return l.Role == "people" })
	if err != nil || i < 0 {
		return probe.Broken(1, 1, tpNoMove), err
	}
	answer := "/reviews/lines/" + string(lines[i].ID)
	keep := url.Values{"answer": {"keep"}, "word": {"probe"}}
	if status, err := admin.posts(answer, keep); err != nil || status < 400 {
		return probe.Broken(1, 1, tpByOther), err
	}
	if err := boss.must(answer, keep); err != nil {
		return seen, err
	}
	if err := m.close(core.WithActor(p.ctx, core.System("probe")), c); err != nil {
		return seen, err
	}
	held, err := p.held(mover)
	if err != nil || len(held) != 1 || held[0].Role != "people" {
		var names []string
		for _, a := range held {
			names = append(names, a.Role)
		}
		return probe.Broken(2, 2, tpHolds, strings.Join(names, ", ")), err
	}
	return probe.Held(2, 2, tpMoved), nil
}

func (m *Module) seeLeaver(p *play) (seen core.Sight, err error) {
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	leaver, err := p.person("auditor")
	if err != nil {
		return seen, err
	}
	p.witness(leaver.Canary, "member.remove")
	a, err := leaver.calls(http.MethodPost, "/api/v1/tokens", map[string]any{"name": "probe", "scopes": []string{"session.list_own"}, "ends": m.now().Add(time.Hour)}, nil)
	if err != nil {
		return seen, err
	}
	var made struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal([]byte(a.Body), &made); err != nil || made.Secret == "" {
		return seen, probe.Unseen(tpDark, "token", a.Status)
	}
	visitor := p.Visitor()
	serves := func() (list []string, err error) {
		if status, _, err := leaver.gets("//me/security"); err != nil || status == http.StatusOK {
			list = append(list, "session")
		}
		if a, err := probe.Call(p.ctx, visitor, http.MethodGet, "/api/v1/sessions", made.Secret, ""); err != nil || a.Status == http.StatusOK {
			list = append(list, "token")
		}
		held, err := p.held(leaver.Canary)
		if len(held) > 0 {
			list = append(list, "assignment")
		}
		return list, err
	}
	before, err := serves()
	if err != nil || len(before) != 3 {
		return seen, probe.Because(err, tpDark, strings.Join(before, ", "), len(before))
	}
	began := time.Now()
	if err := admin.must("/departures/apply", url.Values{"member": {string(leaver.Member)}, "reason": {"probe"}, "meant": {"1"}}); err != nil {
		return seen, err
	}
	after, err := serves()
	if err != nil || len(after) > 0 {
		return probe.Broken(3, 3, tpOn, strings.Join(after, ", ")), err
	}
	return probe.Held(3, 3, tpLeft, time.Since(began).Milliseconds()), nil
}

func (m *Module) seeDormant(p *play) (seen core.Sight, err error) {
	sleeper, err := p.Canary(p.ctx)
	if err != nil {
		return seen, err
	}
	waking, err := p.Canary(p.ctx)
	if err != nil {
		return seen, err
	}
	limit := m.now()
	if _, err := p.Enter(p.ctx, waking); err != nil {
		return seen, err
	}
	p.witness(waking, "signin.complete")
	var list []Sleeper
	looked, days := 0, 0
	err = p.read(func(tx core.Tx) error {
		if list, looked, err = m.dormantSince(p.ctx, tx, core.Canaries, limit); err != nil {
			return err
		}
		days, err = m.needs.UnusedDays(p.ctx, tx, core.Canaries)
		return err
	})
	if err != nil {
		return seen, err
	}
	on := func(c core.Canary) bool {
		return slices.ContainsFunc(list, func(s Sleeper) bool { return s.Person == c.Person && s.SignedIn.IsZero() })
	}
	listed := func(c core.Canary) bool {
		return slices.ContainsFunc(list, func(s Sleeper) bool { return s.Person == c.Person })
	}
	seen = probe.Held(2, 2, tpListed, len(list), looked)
	if !on(sleeper) || listed(waking) {
		seen = probe.Broken(2, 2, tpUnlisted, on(sleeper), listed(waking))
	}
	seen.Settings = map[string]string{"access.unused_days": fmt.Sprint(days)}
	return seen, nil
}

// enterFrom signs a canary in from a place outside (networks of the documentation, RFC 5737).
func (p *play) enterFrom(c core.Canary, from string) (*http.Client, error) {
	in := probe.From(p.Visitor(), netip.MustParseAddr(from))
	page, err := browse.Over(in).Get("/signin")
	for range 6 {
		if err != nil || !strings.HasPrefix(page.Path, "/signin") {
			return in, err
		}
		f, e := page.Form("email")
		if asked, no := page.Form("/signin/password", "password"); no == nil {
			f, e = asked.Set("password", c.Password), nil
		} else if asked, no := page.Form("/signin/factor", "code"); no == nil {
			code, err := p.Code(p.ctx, c)
			if err != nil {
				return in, err
			}
			f, e = asked.Set("code", code), nil
		} else if asked, no := page.Form("/signin/terms"); no == nil {
			for _, name := range asked.Fields {
				asked.Set(name, "1")
			}
			f, e = asked, nil
		} else if e == nil {
			f.Set("email", c.Email)
		}
		if e != nil || page.Status >= 400 {
			return in, probe.Unseen(tpDark, page.Path, page.Status)
		}
		page, err = f.Send()
	}
	return in, probe.Because(err, tpDark, "/signin", 0)
}

func (m *Module) seeSharing(p *play) (seen core.Sight, err error) {
	c, err := p.Canary(p.ctx)
	if err != nil {
		return seen, err
	}
	p.witness(c, FlagSharing.Permission)
	if _, err := p.enterFrom(c, "198.51.100.7"); err != nil {
		return seen, err
	}
	own, err := p.enterFrom(c, "203.0.113.9")
	if err != nil {
		return seen, err
	}
	flags, times := 0, 0
	for times < 8 && flags == 0 {
		if err := m.watch(core.WithActor(p.ctx, core.System("probe")), c.Person); err != nil {
			return seen, err
		}
		times++
		err := p.read(func(tx core.Tx) error {
			list, err := db.All(p.ctx, tx, qFlagsOf, scanFlag, c.Person)
			flags = len(list)
			return err
		})
		if err != nil {
			return seen, err
		}
	}
	switch {
	case flags == 0:
		return probe.Broken(1, 1, tpUnflagged, times), nil
	case times < 2:
		return probe.Broken(1, 1, tpTooSoon), nil
	}
	letter, err := p.Letter(p.ctx, c, mailSharing.kind)
	if err != nil && core.KindOf(err) != core.NotFound {
		return seen, err
	}
	page, err := probe.Get(p.ctx, own, "/me/sharing")
	if err != nil || !strings.Contains(letter, "/not-me/") || !strings.Contains(page.Body, "computers") {
		return probe.Broken(1, 1, tpUntold), err
	}
	return probe.Held(1, 1, tpFlagged, times), nil
}

func (m *Module) seeSupport(p *play) (seen core.Sight, err error) {
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	staff, err := p.person("provider.support")
	if err != nil {
		return seen, err
	}
	p.witness(staff.Canary, AskSupport.Permission)
	const table = "/habilitations"
	enters := func(want bool) (bool, error) {
		status, _, err := staff.gets(table)
		return (status == http.StatusOK) == want, err
	}
	if as, err := enters(false); err != nil || !as {
		return probe.Broken(1, 1, tpUninvite), err
	}
	until := m.now().AddDate(0, 0, 2).Format(time.DateOnly)
	if err := staff.must("//provider/support", url.Values{"organization": {string(core.Canaries)}, "until": {until}, "reason": {"probe"}}); err != nil {
		return seen, err
	}
	if as, err := enters(false); err != nil || !as {
		return probe.Broken(1, 1, tpUninvite), err
	}
	var r Request
	err = p.read(func(tx core.Tx) error {
		all, err := db.All(p.ctx, tx, qSupportOf, scanRequest, staff.Person)
		if len(all) > 0 {
			r = all[0]
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	if err := admin.must("/requests/"+string(r.ID)+"/judge", url.Values{"verdict": {"grant"}, "until": {until}}); err != nil {
		return seen, err
	}
	if as, err := enters(true); err != nil || !as {
		return probe.Broken(1, 1, tpShut), err
	}
	if status, err := staff.posts("/suspensions", url.Values{"scope": {"person"}, "person": {string(admin.Person)}, "reason": {"abuse"}, "text": {"probe"}}); err != nil || status < 400 {
		return probe.Broken(1, 1, tpWrites), err
	}
	held, err := p.held(staff.Canary)
	if err != nil || len(held) != 1 {
		return probe.Broken(1, 1, tpWrong, len(held)), err
	}
	if err := admin.must("/assignments/"+string(held[0].ID)+"/revoke", url.Values{"reason": {"probe"}}); err != nil {
		return seen, err
	}
	if as, err := enters(false); err != nil || !as {
		return probe.Broken(1, 1, tpLasting), err
	}
	live, wrong, err := m.staffAway(p.ctx)
	if wrong > 0 {
		return probe.Broken(live, live, tpWrong, wrong), err
	}
	return probe.Held(live, live, tpLetIn, live), err
}

// staffAway counts what staff holds in clients' organizations, and how much of it is not as it must be (KSK-1.3).
func (m *Module) staffAway(ctx context.Context) (live, wrong int, err error) {
	err = m.everyOrg(ctx, func(o core.Organization) error {
		if o.ID == core.Platform {
			return nil
		}
		return m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			all, err := m.needs.Lines.LiveIn(ctx, tx, o.ID)
			if err != nil {
				return err
			}
			for _, a := range all {
				is, err := m.needs.Lines.IsStaff(ctx, tx, a.Person)
				if err != nil {
					return err
				}
				if !is && a.Role != roleSupport {
					continue
				}
				live++
				if a.Role != roleSupport || a.Until.IsZero() || a.Reason == "" || a.Approver == "" || a.Until.Sub(a.From) > longestSupport+time.Hour {
					wrong++
				}
			}
			return nil
		})
	})
	return live, wrong, err
}
