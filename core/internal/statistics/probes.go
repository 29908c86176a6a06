package statistics

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{{
		ID: "statistics.singling", Kind: core.BehaviourProbe, Title: probe.Text(tpTitle), Run: m.seeSingling, Alone: true,
		Faults: []core.PlantedFault{forgetful, free, exact},
	}}
}

var (
	tpTitle  = i18n.T("Une statistique ne désigne personne", "A statistic singles out nobody")
	tpDark   = i18n.T("Un canari n'a pas pu demander de statistique (%d) : rien ne peut être vu.", "A canary could not ask for a statistic (%d): nothing can be seen.")
	tpAgain  = i18n.T("La même question, posée de nouveau, reçoit un autre bruit : la moyenne dirait le vrai.", "The same question, asked again, gets other noise: the mean would tell the truth.")
	tpExact  = i18n.T("%d chiffres sur %d sont les vrais comptes, sans bruit.", "%d figures of %d are the true counts, without noise.")
	tpFree   = i18n.T("Une question au-delà du budget a reçu une réponse (%d).", "A question beyond the budget was answered (%d).")
	tpUnpaid = i18n.T("Une question n'est pas comptée dans le budget.", "A question is not counted in the budget.")
	tpHeld   = i18n.T("Posée deux fois, la même question a reçu le même bruit et n'a été payée qu'une fois ; %d chiffres sur %d s'écartent du vrai compte ; au-delà de %d millièmes d'epsilon dans le mois, la question est refusée.", "Asked twice, the same question got the same noise and was paid once; %d figures of %d differ from the true count; beyond %d thousandths of epsilon in the month the question is refused.")

	forgetful = fault("statistics.singling/forgetful", "Ce qui a été donné est oublié", "What was given is forgotten",
		`CREATE TRIGGER forgetful AFTER INSERT ON statistics_release BEGIN DELETE FROM statistics_release WHERE org = NEW.org; END`,
		`CREATE TRIGGER forgetful_too BEFORE INSERT ON statistics_figure BEGIN DELETE FROM statistics_figure
			WHERE org = NEW.org AND measure = NEW.measure AND period = NEW.period AND milli = NEW.milli AND part = NEW.part; END`)
	free = fault("statistics.singling/free", "Le budget ne se dépense pas", "The budget is not spent",
		`CREATE TRIGGER free AFTER INSERT ON statistics_budget BEGIN UPDATE statistics_budget SET spent = 0 WHERE org = NEW.org; END`,
		`CREATE TRIGGER free_too AFTER UPDATE OF spent ON statistics_budget WHEN NEW.spent > 0 BEGIN UPDATE statistics_budget SET spent = 0 WHERE org = NEW.org; END`)
	exact = fault("statistics.singling/exact", "Les chiffres sont les vrais comptes", "The figures are the true counts",
		`CREATE TRIGGER exact AFTER INSERT ON statistics_figure BEGIN UPDATE statistics_figure SET value = CASE NEW.measure
			WHEN 'members' THEN (SELECT COUNT(DISTINCT person) FROM organization_member WHERE org = NEW.org AND state = NEW.part) ELSE 0 END
			WHERE org = NEW.org AND measure = NEW.measure AND period = NEW.period AND milli = NEW.milli AND part = NEW.part; END`)
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	qTidyRelease = db.SQL(`DELETE FROM statistics_release WHERE org = $1`)
	qTidyFigure  = db.SQL(`DELETE FROM statistics_figure WHERE org = $1`)
	qTidyBudget  = db.SQL(`DELETE FROM statistics_budget WHERE org = $1`)
)

func (m *Module) tidy(ctx context.Context) error {
	return m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		for _, q := range []string{qTidyRelease, qTidyFigure, qTidyBudget} {
			if _, err := tx.Exec(ctx, q, core.Canaries); err != nil {
				return err
			}
		}
		return nil
	})
}

const canaryPath = "/o/" + string(core.Canaries) + "/statistics"

// seeSingling asks about the organization of canaries as its administrator: twice the same, then until the budget is spent.
func (m *Module) seeSingling(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	if err := m.tidy(ctx); err != nil {
		return seen, err
	}
	defer func() {
		if terr := m.tidy(context.WithoutCancel(ctx)); err == nil {
			err = terr
		}
	}()
	ask := func(measure, how string) (int, error) {
		a, err := probe.Post(ctx, in, canaryPath, url.Values{"measure": {measure}, "precision": {how}})
		if err == nil && a.Status >= 400 && !strings.Contains(a.Body, "privacy budget") && !strings.Contains(a.Body, "budget de confidentialité") {
			err = probe.Unseen(tpDark, a.Status)
		}
		return a.Status, err
	}
	if seen, err = m.same(ctx, ask); err != nil || !seen.Held {
		return seen, err
	}
	return m.spend(ctx, s, c, ask, seen)
}

// given reads what was given to the organization of canaries.
func (m *Module) given(ctx context.Context) (values map[string]int64, spent int64, err error) {
	values = map[string]int64{}
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		list, err := db.All(ctx, tx, qReleases, scanRelease, core.Canaries)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := m.figures(ctx, tx, core.Canaries, &r); err != nil {
				return err
			}
			for _, f := range r.Figures {
				values[r.Measure.ID+" "+r.Period+" "+f.ID+" "+string(rune('0'+r.Milli/50))] = f.Value
			}
		}
		spent, _, err = db.One(ctx, tx, qSpent, db.Value[int64], core.Canaries, m.month())
		return err
	})
	return values, spent, err
}

// same asks the same question twice.
func (m *Module) same(ctx context.Context, ask func(string, string) (int, error)) (seen core.Sight, err error) {
	if _, err := ask("members", "coarse"); err != nil {
		return seen, err
	}
	first, paid, err := m.given(ctx)
	if err != nil {
		return seen, err
	}
	if _, err := ask("members", "coarse"); err != nil {
		return seen, err
	}
	again, twice, err := m.given(ctx)
	if err != nil {
		return seen, err
	}
	if len(first) == 0 || len(first) != len(again) {
		return probe.Broken(1, 1, tpAgain), nil
	}
	for k, v := range first {
		if again[k] != v {
			return probe.Broken(1, 1, tpAgain), nil
		}
	}
	if paid != Precisions[0].Milli || twice != paid {
		return probe.Broken(1, 1, tpUnpaid), nil
	}
	return core.Sight{Held: true}, nil
}

// spend asks everything that can be asked: noise in the figures, and a refusal at the end.
func (m *Module) spend(ctx context.Context, s core.Stage, c core.Canary, ask func(string, string) (int, error), seen core.Sight) (core.Sight, error) {
	refused := 0
	for _, what := range Measures {
		for _, how := range slices.Backward(Precisions) {
			status, err := ask(what.ID, how.ID)
			if err != nil {
				return seen, err
			}
			if status >= http.StatusBadRequest {
				refused++
			}
		}
	}
	values, spent, err := m.given(ctx)
	if err != nil {
		return seen, err
	}
	if refused == 0 || spent > Monthly {
		return probe.Broken(1, 1, tpFree, spent), nil
	}
	off, all := 0, 0
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		off, all = 0, 0
		what, _ := MeasureOf("members")
		counts, err := m.count(ctx, tx, core.Canaries, what, m.needs.Clock.Now())
		for k, v := range values {
			if parts := strings.Fields(k); parts[0] == what.ID {
				all++
				if v != counts[parts[2]] {
					off++
				}
			}
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	if off == 0 {
		return probe.Broken(all, all, tpExact, all, all), nil
	}
	seen = probe.Held(all, all, tpHeld, off, all, Monthly)
	seen.Entries, err = s.Witness(ctx, c, Ask.Permission)
	return seen, err
}
