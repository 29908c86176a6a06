package settings

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tNext      = i18n.T("Un réglage durci agit à la requête suivante, sans attendre la connexion suivante", "A tightened setting acts at the next request, without waiting for the next sign-in")
	tNextHeld  = i18n.T("Une longueur de mot de passe portée de %d à %d : la page d'une personne déjà connectée l'a exigée à la requête suivante ; la longueur d'avant est revenue ensuite.", "A password length raised from %d to %d: the page of somebody already signed in demanded it at the next request; the former length came back afterwards.")
	tNextLate  = i18n.T("Une longueur de mot de passe portée de %d à %d n'a pas agi à la requête suivante.", "A password length raised from %d to %d did not act at the next request.")
	tNextBlind = i18n.T("N'a pas pu être vu : une clause publiée fixe exactement la longueur des mots de passe.", "Could not be seen: a published clause fixes the length of passwords exactly.")
	tNextPage  = i18n.T("N'a pas pu être vu : la page du mot de passe a répondu %d.", "Could not be seen: the page of the password answered %d.")
	tNextDeaf  = i18n.T("Une mémoire des réglages que rien ne renouvelle", "A memory of settings that nothing renews")
	tNextLost  = i18n.T("Un réglage d'organisation qui se perd", "An organization's setting that gets lost")

	tGuard      = i18n.T("Un réglage plus faible qu'une clause publiée est refusé, et la clause est nommée", "A setting weaker than a published clause is refused, and the clause is named")
	tGuardHeld  = i18n.T("%d réglages liés par une clause d'essai, défaite ensuite : plus faibles, tous ont été refusés au fournisseur et à une organisation en nommant la clause ; %d clause(s) publiée(s) tiennent de même.", "%d settings bound by a trial clause, undone afterwards: weaker, all were refused to the provider and to an organization, naming the clause; %d published clause(s) hold likewise.")
	tGuardGave  = i18n.T("%d réglage(s) ont pu descendre sous une clause : %s.", "%d setting(s) could go below a clause: %s.")
	tGuardFree  = i18n.T("Des clauses publiées que l'on oublie", "Published clauses that are forgotten")
	tGuardNames = i18n.T("Des clauses publiées qui n'exigent plus rien", "Published clauses that demand nothing any more")
)

// nextRequest is the probe of ACC-3.5.
func (m *Module) nextRequest() *core.Probe {
	return &core.Probe{
		ID: "settings.next_request", Kind: core.SettingProbe, Title: probe.Text(tNext), Run: m.seeNext,
		Faults: []core.PlantedFault{
			{ID: "settings.next_request/deaf", Title: probe.Text(tNextDeaf), Plant: probe.Rows(`INSERT OR IGNORE INTO settings_version (id, version, stamp) VALUES (1, 1, 'planted')`,
				`CREATE TRIGGER deaf AFTER UPDATE ON settings_version BEGIN UPDATE settings_version SET version = OLD.version, stamp = OLD.stamp WHERE id = 1; END`)},
			{ID: "settings.next_request/lost", Title: probe.Text(tNextLost), Plant: probe.Rows(
				`CREATE TRIGGER lost AFTER INSERT ON settings_value WHEN NEW.org <> 'platform' BEGIN DELETE FROM settings_value WHERE org = NEW.org AND key = NEW.key; END`)},
		},
	}
}

const (
	lengthKey = "password.min_length"
	unlikely  = 113 // characters: no policy asks for so many, and no other number of the page is it
)

var demanded = regexp.MustCompile(`\b` + strconv.Itoa(unlikely) + `\b`)

// seeNext raises a setting of the organization of strangers while one of them is signed in.
func (m *Module) seeNext(ctx context.Context, s core.Stage) (core.Sight, error) {
	admin, err := s.Stranger(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	c, err := s.Stranger(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	before, err := m.length(ctx, c.Org)
	if err != nil {
		return core.Sight{}, err
	}
	asked := func() (bool, error) {
		got, err := probe.Get(ctx, client, "/me/password")
		if err == nil && got.Status != http.StatusOK {
			err = probe.Unseen(tNextPage, got.Status)
		}
		return demanded.MatchString(scripts.ReplaceAllString(got.Body, "")), err
	}
	if _, err := asked(); err != nil { // the page is remembered as it is, if anything remembers it
		return core.Sight{}, err
	}
	as := core.WithActor(ctx, core.Actor{
		Kind: core.HumanActor, ID: admin.Person, Account: admin.Account, AAL: 2, AuthenticatedAt: m.needs.Clock.Now(),
		Address: netip.MustParseAddr("127.0.0.1"), Agent: "probe", Request: ids.New(),
	})
	if err := m.Save(as, c.Org, Edit{Changes: []Change{{Key: lengthKey, Value: strconv.Itoa(unlikely)}}}); err != nil {
		if core.KindOf(err) == core.Invalid {
			return core.Sight{}, probe.Because(err, tNextBlind)
		}
		return core.Sight{}, err
	}
	defer func() { // a run that cannot leaves the organization of strangers stricter, which the next one mends
		_ = m.Save(context.WithoutCancel(ctx), core.Strangers, Edit{Reason: "probe", Changes: []Change{{Key: lengthKey, Reset: true}}})
	}()
	acts, err := asked()
	if err != nil {
		return core.Sight{}, err
	}
	if !acts {
		return probe.Broken(1, 1, tNextLate, before, unlikely), nil
	}
	sight := probe.Held(1, 1, tNextHeld, before, unlikely)
	sight.Settings = map[string]string{lengthKey: strconv.Itoa(before)}
	return sight, nil
}

// scripts are parts of a page that hold random figures.
var scripts = regexp.MustCompile(`nonce="[^"]*"|(?:src|href|action)="[^"]*"|value="[^"]*"`)

// length is what an organization's passwords must have.
func (m *Module) length(ctx context.Context, org core.ID) (n int, err error) {
	err = m.needs.Gate.Keep(ctx, dutyTrial, func(tx core.Tx) error {
		p, err := m.For(ctx, tx, org)
		n = p.Password.MinLength
		return err
	})
	return n, err
}

// guarded is the probe of what clauses bind (law 3).
func (m *Module) guarded() *core.Probe {
	return &core.Probe{
		ID: "settings.guard", Kind: core.SettingProbe, Title: probe.Text(tGuard), Run: m.seeGuard,
		Faults: []core.PlantedFault{
			{ID: "settings.guard/forgotten", Title: probe.Text(tGuardFree), Plant: probe.Rows(
				`CREATE TRIGGER forgotten AFTER INSERT ON settings_promise BEGIN DELETE FROM settings_promise WHERE pack = NEW.pack AND key = NEW.key; END`)},
			{ID: "settings.guard/empty", Title: probe.Text(tGuardNames), Plant: probe.Rows(
				`CREATE TRIGGER empty AFTER INSERT ON settings_promise WHEN NEW.key = 'session.absolute' BEGIN UPDATE settings_promise SET least = '43200' WHERE pack = NEW.pack AND key = NEW.key; END`)},
		},
	}
}

const trialClause = "TRIAL-1"

// seeGuard binds every setting that has a weaker value by a trial clause, in a transaction that it undoes, and tries that
// weaker value; what published clauses bind is tried as it stands.
func (m *Module) seeGuard(ctx context.Context, _ core.Stage) (core.Sight, error) {
	var gave []string
	bound, published := 0, 0
	err := m.needs.Gate.Keep(ctx, dutyTrial, func(tx core.Tx) error {
		gave, bound, published = nil, 0, 0
		view, err := m.view(ctx, tx, core.Platform)
		if err != nil {
			return err
		}
		weaker, promises := map[string]string{}, []core.Promise(nil)
		for _, s := range view.Settings {
			raw := s.weaker()
			if raw == "" {
				continue
			}
			weaker[s.ID] = raw
			if published += len(s.Promised); len(s.Promised) == 0 {
				promises = append(promises, core.Promise{Pack: "rempart-trial", Clause: trialClause, Key: s.ID, Floor: s.Effective})
			}
		}
		if err := m.Promise(ctx, tx, "rempart-trial", promises); err != nil {
			return err
		}
		for key, raw := range weaker {
			bound++
			for _, org := range []core.ID{core.Platform, core.Canaries} {
				if org != core.Platform && byID[key].Provider {
					continue
				}
				if !namesClause(m.Put(ctx, tx, org, map[string]string{key: raw}), org, key) && !slices.Contains(gave, key) {
					gave = append(gave, key)
				}
			}
		}
		return errUndone
	})
	switch {
	case !errors.Is(err, errUndone):
		return core.Sight{}, err
	case len(gave) > 0:
		slices.Sort(gave)
		return probe.Broken(bound, bound, tGuardGave, len(gave), gave[0]), nil
	}
	return probe.Held(bound, bound, tGuardHeld, bound, published), nil
}

// namesClause tells whether a refusal names a clause for this setting; an organization may meet the provider's own floor, or
// the list of choices, before the clause.
func namesClause(err error, org core.ID, key string) bool {
	refusal, ok := errors.AsType[*core.Error](err)
	return ok && slices.ContainsFunc(refusal.Fields, func(f core.FieldError) bool {
		return f.Field == key && (f.Code == reasonClause || f.Code == reasonExact || f.Code == reasonChoice || org != core.Platform && (f.Code == reasonLooser || f.Code == reasonImposed))
	})
}

// weaker gives the nearest weaker value than the one in force, "" when there is none.
func (s Setting) weaker() string {
	n, err := strconv.ParseInt(s.Effective, 10, 64)
	switch {
	case s.Sort == Switch && s.Direction == On && s.Effective == "true":
		return "false"
	case s.Sort == Switch && s.Direction == Off && s.Effective == "false":
		return "true"
	case s.Sort != Number || err != nil:
		return ""
	case s.Direction == Higher && n > s.Least:
		return strconv.FormatInt(n-1, 10)
	case s.Direction == Lower && n < s.Most, s.Direction == LowerSet && n > 0 && n < s.Most:
		return strconv.FormatInt(n+1, 10)
	}
	return ""
}
