package offboarding

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tpCountdown = i18n.T("Après la fin du contrat, un délai reste pour tout emporter, puis tout est effacé", "After the end of the contract time is left to take everything away, then everything is erased")
	tpHeld      = i18n.T("L'organisation d'un canari a mis fin à son contrat : terme à %d jours (le délai promis est de %d), lecture et téléchargement complets, plus aucune modification (%d) ; le canari y a renoncé et tout est redevenu modifiable. Fins de contrat en cours : %d ; au-delà de leur terme sans conservation imposée : 0.", "A canary's organization ended its contract: the end is %d days away (the promised delay is %d), reading and a full download, no change any more (%d); the canary called it off and everything could be changed again. Ends of contract under way: %d; beyond their date without a legal hold: 0.")
	tpDark      = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpShort     = i18n.T("Le terme est à %d jours, moins que les %d promis.", "The end is %d days away, fewer than the %d promised.")
	tpOpen      = i18n.T("Une organisation en partance peut encore être modifiée (%d).", "A leaving organization can still be changed (%d).")
	tpTaken     = i18n.T("Ce qui s'emporte est incomplet (%d, %d octets).", "What can be taken away is incomplete (%d, %d bytes).")
	tpLate      = i18n.T("%d organisation(s) restent au-delà de leur terme sans conservation imposée.", "%d organization(s) stay beyond their date without a legal hold.")
	tpShut      = i18n.T("La fin annulée, l'organisation ne peut pas être modifiée (%d).", "Once the end is cancelled, the organization cannot be changed (%d).")
	tfOpen      = i18n.T("Une fin de contrat qui n'arrête rien", "An end of contract that stops nothing")
	tfShort     = i18n.T("Un délai raccourci à un jour", "A delay cut to a day")
	tfLate      = i18n.T("Une fin de contrat que personne n'exécute", "An end of contract that nobody carries out")
)

// Probes gives the probes of this room. It is alone: it makes an organization of canaries read-only for a moment.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{{
		ID: "offboarding.countdown", Kind: core.BehaviourProbe, Title: probe.Text(tpCountdown), Run: m.see, Alone: true,
		Faults: []core.PlantedFault{
			{ID: "offboarding.countdown/open", Title: probe.Text(tfOpen), Plant: probe.Rows(`CREATE TRIGGER open_door AFTER INSERT ON offboarding_leaving BEGIN
				UPDATE offboarding_leaving SET state = 'cancelled' WHERE id = NEW.id; END`)},
			{ID: "offboarding.countdown/short", Title: probe.Text(tfShort), Plant: probe.Rows(`CREATE TRIGGER short_delay AFTER INSERT ON offboarding_leaving BEGIN
				UPDATE offboarding_leaving SET ends_at = NEW.asked_at + 86400000000 WHERE id = NEW.id; END`)},
			{ID: "offboarding.countdown/late", Title: probe.Text(tfLate), Plant: probe.Rows(`INSERT INTO offboarding_leaving (` + columns + `)
				VALUES ('planted', 'planted', 'leaving', 'platform', '', 1, 2, x'', x'', 0, '', 0, x'', '')`)},
		},
	}}
}

// grace is what the job that ends contracts may take.
const grace = 48 * time.Hour

func (m *Module) see(ctx context.Context, s core.Stage) (core.Sight, error) {
	live, late, days, err := m.overdue(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	if late > 0 {
		return probe.Broken(live, live, tpLate, late), nil
	}
	c, err := s.Stranger(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	base := "/o/" + string(c.Org)
	got, err := probe.Post(ctx, client, base+"/offboarding", url.Values{"reason": {"the probe of ends of contract"}})
	if err != nil {
		return core.Sight{}, err
	}
	if got.Status != http.StatusSeeOther {
		return core.Sight{}, probe.Unseen(tpDark, "end", got.Status)
	}
	system := core.WithActor(ctx, core.System("probe"))
	off := func() error { return m.Cancel(context.WithoutCancel(system), c.Org, c.Org, "the probe is over") }
	defer func() { _ = off() }()
	return m.seeLeaving(ctx, client, c, base, days, live, off)
}

func (m *Module) seeLeaving(ctx context.Context, client *http.Client, c core.Canary, base string, days, live int, off func() error) (core.Sight, error) {
	form := url.Values{"given_name": {"Canari"}, "family_name": {"Sonde"}, "email": {c.Address("leaving")}}
	change, err := probe.Post(ctx, client, base+"/members/new", form)
	if err != nil {
		return core.Sight{}, err
	}
	if change.Status != http.StatusForbidden {
		return probe.Broken(1, 1, tpOpen, change.Status), nil
	}
	e, found, err := m.current(ctx, c.Org)
	if err != nil {
		return core.Sight{}, err
	}
	if left := e.Left(m.now()); !found || left < days {
		return probe.Broken(1, 1, tpShort, left, days), nil
	}
	read, err := probe.Get(ctx, client, base+"/members")
	if err != nil {
		return core.Sight{}, err
	}
	file, err := probe.Get(ctx, client, base+"/offboarding/download")
	if err != nil {
		return core.Sight{}, err
	}
	if read.Status != http.StatusOK || file.Status != http.StatusOK || !strings.Contains(file.Body, "members.csv") || !strings.Contains(file.Body, "journal.jsonl") {
		return probe.Broken(1, 1, tpTaken, file.Status, len(file.Body)), nil
	}
	if err := off(); err != nil {
		return core.Sight{}, err
	}
	again, err := probe.Post(ctx, client, base+"/members/new", form)
	if err != nil {
		return core.Sight{}, err
	}
	if again.Status == http.StatusForbidden {
		return probe.Broken(1, 1, tpShut, again.Status), nil
	}
	return probe.Held(live+1, live+1, tpHeld, e.Left(m.now()), days, change.Status, live), nil
}

func (m *Module) current(ctx context.Context, org core.ID) (e End, found bool, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		e, found, err = db.One(ctx, tx, qLive, scanEnd, org)
		return err
	})
	return e, found, err
}

// overdue counts the ends under way, those that nobody carried out, and the days promised.
func (m *Module) overdue(ctx context.Context) (live, late, days int, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		list, err := db.All(ctx, tx, qOpen, scanEnd)
		if err != nil {
			return err
		}
		live, late = len(list), 0
		for _, e := range list {
			if e.Held == "" && m.now().Sub(e.Ends) > grace {
				late++
			}
		}
		var found bool
		if days, found, err = m.needs.Days.Days(ctx, tx, core.Platform, "offboarding.days"); !found {
			days = 30
		}
		return err
	})
	return live, late, days, err
}
