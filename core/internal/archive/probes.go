package archive

import (
	"archive/zip"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "archive.complete", Kind: core.BehaviourProbe, Title: probe.Text(tpComplete), Run: m.seeComplete, Faults: []core.PlantedFault{forgotten, torn}},
		{ID: "archive.dies", Kind: core.BehaviourProbe, Title: probe.Text(tpDies), Run: m.seeDies, Faults: []core.PlantedFault{immortal, anyone}},
	}
}

var (
	tpComplete = i18n.T("L'archive d'une personne contient tout ce qui est gardé d'elle", "The archive of a person holds all that is held about them")
	tpDies     = i18n.T("Une archive ne s'ouvre que pour sa personne, et meurt après sept jours", "An archive opens for its person alone, and dies after seven days")

	tpAsk    = i18n.T("Un canari n'a pas pu demander son archive (%d) : rien ne peut être vu.", "A canary could not ask for its archive (%d): nothing can be seen.")
	tpShut   = i18n.T("Un canari ne peut pas ouvrir son archive (%d).", "A canary cannot open its archive (%d).")
	tpBad    = i18n.T("L'archive d'un canari ne se lit pas : %s.", "The archive of a canary cannot be read: %s.")
	tpLacks  = i18n.T("Un canari se trouve dans %d tables ; il manque à son archive : %s.", "A canary stands in %d tables; its archive lacks: %s.")
	tpWhole  = i18n.T("Un canari se trouve dans %d tables ; son archive les contient toutes : %d tables, chacune en JSON et en CSV, %d enregistrements.", "A canary stands in %d tables; its archive holds them all: %d tables, each in JSON and in CSV, %d records.")
	tpOther  = i18n.T("L'archive d'un canari a répondu %d à une autre personne.", "The archive of a canary answered %d to another person.")
	tpAlive  = i18n.T("Huit jours après, l'archive d'un canari a répondu %d.", "Eight days later, the archive of a canary answered %d.")
	tpBuried = i18n.T("L'archive d'un canari s'est ouverte pour lui, pas pour une autre personne (%d), et plus après sept jours (%d).", "The archive of a canary opened for it, not for another person (%d), and no longer after seven days (%d).")
)

var (
	forgotten = core.PlantedFault{
		ID: "archive.complete/forgotten", Title: core.Text{FR: "Un module oublie une de ses tables", EN: "A module forgets one of its tables"},
		Plant: probe.Rows(`CREATE TRIGGER planted_forgotten AFTER INSERT ON signin_device BEGIN
			UPDATE signin_device SET person = 'planted', browser = NEW.person WHERE id = NEW.id; END`),
	}
	torn = core.PlantedFault{
		ID: "archive.complete/torn", Title: core.Text{FR: "Les morceaux d'une archive se perdent", EN: "The pieces of an archive get lost"},
		Plant: probe.Rows(`CREATE TRIGGER planted_torn AFTER INSERT ON archive_piece BEGIN DELETE FROM archive_piece WHERE archive = NEW.archive; END`),
	}
	immortal = core.PlantedFault{
		ID: "archive.dies/immortal", Title: core.Text{FR: "Le temps ne passe pas sur une archive", EN: "Time does not pass over an archive"},
		Plant: probe.Rows(`CREATE TRIGGER planted_immortal AFTER UPDATE OF made_at ON archive_archive WHEN NEW.made_at < OLD.made_at BEGIN
			UPDATE archive_archive SET made_at = OLD.made_at WHERE id = OLD.id; END`),
	}
	anyone = core.PlantedFault{
		ID: "archive.dies/anyone", Title: core.Text{FR: "Un cache rend l'archive à qui la demande", EN: "A cache gives the archive to whoever asks"},
		Plant: probe.Front(probe.Cache),
	}
)

var qAge = db.SQL(`UPDATE archive_archive SET made_at = $2 WHERE id = $1`)

// make has a canary ask for its archive on the page, and does the job.
func (m *Module) make(ctx context.Context, in *http.Client) (page string, err error) {
	a, err := probe.Post(ctx, in, "/me/archives", url.Values{"x": {"1"}})
	if err != nil {
		return "", err
	}
	page, _, _ = strings.Cut(a.Header.Get("Location"), "?")
	id, ok := strings.CutPrefix(page, "/me/archives/")
	if a.Status != http.StatusSeeOther || !ok {
		return "", probe.Unseen(tpAsk, a.Status)
	}
	return page, m.BuildOne(core.WithActor(ctx, core.System("job:archive.build")), core.ID(id))
}

// seeComplete reads the archive of a canary that has left its marks everywhere it can.
func (m *Module) seeComplete(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "auditor")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	if _, err := probe.Get(ctx, in, "/o/"+string(c.Org)+"/members"); err != nil {
		return seen, err
	}
	stands, err := m.needs.StandsIn(ctx, c) // first: what is written meanwhile is in the archive, and not missed there
	if err != nil {
		return seen, err
	}
	page, err := m.make(ctx, in)
	if err != nil {
		return seen, err
	}
	a, err := probe.Get(ctx, in, page+"/file")
	if err != nil || a.Status != http.StatusOK {
		return probe.Broken(len(stands), 0, tpShut, a.Status), nil //nolint:nilerr // an answer cut short is what is looked for
	}
	tables, records, bad := contents(a.Body)
	if bad != "" {
		return probe.Broken(len(stands), 0, tpBad, bad), nil
	}
	var missing []string
	for _, t := range stands {
		if !slices.Contains(tables, t) {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		return probe.Broken(len(stands), len(stands), tpLacks, len(stands), strings.Join(missing, ", ")), nil
	}
	seen = probe.Held(len(stands), len(stands), tpWhole, len(stands), len(tables), records)
	seen.Entries, err = s.Witness(ctx, c, Build.Permission)
	return seen, err
}

// contents reads the tables of an archive that stand in data.json and have their CSV; bad says what cannot be read.
func contents(file string) (tables []string, records int, bad string) {
	z, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, 0, "zip"
	}
	f, err := z.Open("data.json")
	if err != nil {
		return nil, 0, "data.json"
	}
	var data struct {
		Tables []struct {
			Name string            `json:"name"`
			Rows []json.RawMessage `json:"rows"`
		} `json:"tables"`
	}
	if err := json.NewDecoder(f).Decode(&data); err != nil {
		return nil, 0, "data.json"
	}
	for _, t := range data.Tables {
		if c, err := z.Open("csv/" + t.Name + ".csv"); err != nil || c.Close() != nil {
			return nil, 0, "csv/" + t.Name + ".csv"
		}
		tables, records = append(tables, t.Name), records+len(t.Rows)
	}
	return tables, records, ""
}

// seeDies has another person try, and lets time pass.
func (m *Module) seeDies(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx)
	if err != nil {
		return seen, err
	}
	other, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	beside, err := s.Enter(ctx, other)
	if err != nil {
		return seen, err
	}
	page, err := m.make(ctx, in)
	if err != nil {
		return seen, err
	}
	if a, err := probe.Get(ctx, in, page+"/file"); err != nil || a.Status != http.StatusOK {
		return probe.Broken(1, 1, tpShut, a.Status), err
	}
	theirs, err := probe.Get(ctx, beside, page+"/file")
	if err != nil || theirs.Status != http.StatusNotFound {
		return probe.Broken(1, 1, tpOther, theirs.Status), err
	}
	err = m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		p, err := m.needs.People.Person(ctx, tx, c.Person)
		if err == nil && p.IsCanary() {
			_, err = tx.Exec(ctx, qAge, strings.TrimPrefix(page, "/me/archives/"), clock.Micros(m.now().AddDate(0, 0, -8)))
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	late, err := probe.Get(ctx, in, page+"/file")
	if err != nil || late.Status != http.StatusGone {
		return probe.Broken(1, 1, tpAlive, late.Status), err
	}
	return probe.Held(1, 1, tpBuried, theirs.Status, late.Status), nil
}
