package recognition

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/kit/seal"
)

// The link of a canary, and who is on it. The number is one of those that are given to nobody (ARCEP: for fiction).
const (
	canaryLink   = "canary.cards"
	canaryNumber = "+33199001234"
	canaryName   = "Canari Témoin-Unique"
)

var (
	tpRemoved = i18n.T("Un outil retiré, ses fiches ont disparu dans la seconde", "A tool removed, its cards are gone within the second")
	tpApart   = i18n.T("Les fiches ont leur stockage à part, scellé, et ne sont dans aucune sauvegarde", "Cards have a store of their own, sealed, and are in no backup")

	tpNotFound    = i18n.T("La fiche d'un canari n'a pas été trouvée par son numéro (%d) : rien ne peut être vu.", "A canary's card was not found by its number (%d): nothing can be seen.")
	tpStillFound  = i18n.T("La fiche d'un canari est encore trouvée %s après le retrait de son outil.", "A canary's card is still found %s after its tool was removed.")
	tpStillRows   = i18n.T("%d lignes d'un outil retiré sont encore là après %s.", "%d rows of a removed tool are still there after %s.")
	tpStillKey    = i18n.T("La clé d'un outil retiré ouvre encore ses fiches.", "The key of a removed tool still opens its cards.")
	tpTooLate     = i18n.T("Le retrait a demandé %s : plus d'une seconde.", "The removal took %s: more than a second.")
	tpGone        = i18n.T("Un outil relié par un canari avait une fiche, trouvée par son numéro ; retiré, elle n'était plus trouvée, ses lignes avaient disparu et sa clé était détruite, %s plus tard.", "A tool linked by a canary had a card, found by its number; once removed it was found no more, its rows were gone and its key destroyed, %s later.")
	tpSaved       = i18n.T("La table %s, qui tient des fiches, n'est pas déclarée hors des sauvegardes.", "Table %s, which holds cards, is not declared out of backups.")
	tpClear       = i18n.T("%d fiches sur les %d regardées ne sont pas scellées.", "%d cards of the %d looked at are not sealed.")
	tpReadable    = i18n.T("Le nom ou le numéro d'un canari se lit dans le stockage des fiches.", "The name or the number of a canary can be read in the store of cards.")
	tpApartHeld   = i18n.T("%d tables tiennent les fiches et rien d'autre, toutes hors des sauvegardes ; %d fiches regardées sur %d, toutes scellées ; ni le nom ni le numéro d'un canari ne s'y lisent.", "%d tables hold cards and nothing else, all out of backups; %d cards of %d looked at, all sealed; neither the name nor the number of a canary can be read there.")
	qProbeSample  = db.SQL(`SELECT value, blinds, key FROM recognition_card ORDER BY org, shelf DESC, key LIMIT 2000`)
	qProbeAll     = db.SQL(`SELECT COUNT(*) FROM recognition_card`)
	qProbeCards   = db.SQL(`SELECT (SELECT COUNT(*) FROM recognition_card WHERE org = $1 AND shelf = $2) + (SELECT COUNT(*) FROM recognition_number WHERE org = $1 AND shelf = $2) + (SELECT COUNT(*) FROM recognition_link WHERE org = $1 AND id = $3)`)
	qProbeNumbers = db.SQL(`SELECT blind, key FROM recognition_number WHERE org = $1`)
)

func (m *Module) cardProbes() []*core.Probe {
	return []*core.Probe{
		{ID: "recognition.removed", Kind: core.BehaviourProbe, Title: probe.Text(tpRemoved), Run: m.seeRemoved, Faults: removedFaults, Alone: true},
		{ID: "recognition.apart", Kind: core.DataProbe, Title: probe.Text(tpApart), Run: m.seeApart, Faults: apartFaults},
	}
}

var removedFaults = []core.PlantedFault{
	{
		ID: "recognition.removed/kept", Title: core.Text{FR: "Les lignes d'un outil retiré restent", EN: "The rows of a removed tool stay"},
		Plant: probe.Rows(`CREATE TRIGGER kept_cards BEFORE DELETE ON recognition_card BEGIN SELECT RAISE(IGNORE); END`),
	},
	{
		ID: "recognition.removed/found", Title: core.Text{FR: "Un outil retiré est encore servi", EN: "A removed tool is still served"},
		Plant: probe.Rows(`CREATE TRIGGER still_served AFTER UPDATE OF state ON recognition_link WHEN NEW.state = 'removed' BEGIN
			UPDATE recognition_link SET state = 'active', shelf = OLD.shelf WHERE org = NEW.org AND id = NEW.id; END`),
	},
	{
		ID: "recognition.removed/key", Title: core.Text{FR: "La clé d'un outil retiré n'est pas détruite", EN: "The key of a removed tool is not destroyed"},
		Plant: probe.Rows(`CREATE TRIGGER immortal_key BEFORE UPDATE OF wrapped ON vault_key WHEN NEW.wrapped IS NULL BEGIN SELECT RAISE(IGNORE); END`),
	},
}

var apartFaults = []core.PlantedFault{
	{
		ID: "recognition.apart/clear", Title: core.Text{FR: "Une fiche est écrite en clair", EN: "A card is written in clear"},
		Plant: probe.Rows(`INSERT INTO recognition_card (org, shelf, key, mark, blinds, value)
			VALUES ('planted', 1, x'00112233445566778899aabbccddeeff', x'0011223344556677', x'', CAST('Jeanne Moulin +33612345678' AS BLOB))`),
	},
	{
		ID: "recognition.apart/number", Title: core.Text{FR: "Le numéro est gardé à côté de son index", EN: "The number is kept beside its index"},
		Plant: probe.Rows(`CREATE TRIGGER kept_number AFTER INSERT ON recognition_number BEGIN
			UPDATE recognition_number SET blind = CAST('` + canaryNumber + `' AS BLOB) WHERE org = NEW.org AND shelf = NEW.shelf AND blind = NEW.blind; END`),
	},
}

// plantCanary links a tool that has one card.
func (m *Module) plantCanary(ctx context.Context) (link core.ID, shelf int64, value []byte, err error) {
	if link, err = m.makeLink(ctx, core.Canaries, LinkDraft{Name: canaryLink, Kind: "csv"}); err != nil {
		return "", 0, nil, err
	}
	sealing, err := m.Sealing(ctx, core.Canaries, link)
	if err != nil {
		return link, 0, nil, err
	}
	var key Key
	if _, err := rand.Read(key[:]); err != nil {
		return link, 0, nil, err
	}
	row, err := sealing.Store(key, Mark{}, Card{Name: canaryName, Numbers: []string{canaryNumber}})
	if err != nil {
		return link, 0, nil, err
	}
	keep := func(fn func(core.Tx) error) error { return m.needs.Gate.Keep(ctx, Tidy, fn) }
	err = keep(func(tx core.Tx) (err error) {
		if shelf, err = m.OpenShelf(ctx, tx, core.Canaries, link); err != nil {
			return err
		}
		return m.Put(ctx, tx, core.Canaries, link, shelf, []Stored{row})
	})
	if err == nil {
		err = m.IndexShelf(ctx, core.Canaries, link, shelf)
	}
	if err == nil {
		err = keep(func(tx core.Tx) error { return m.SwitchShelf(ctx, tx, core.Canaries, link, shelf) })
	}
	return link, shelf, row.Value, err
}

// clearCanary takes away what earlier runs left.
func (m *Module) clearCanary(ctx context.Context) error {
	var list []Link
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		list, err = m.linksIn(ctx, tx, core.Canaries)
		return err
	})
	for _, l := range list {
		if l.Name == canaryLink {
			err = errors.Join(err, m.removeLink(ctx, core.Canaries, l.ID))
		}
	}
	return err
}

// foundBy asks who the canary's number is, as a page of theirs does.
func foundBy(ctx context.Context, c *http.Client) (bool, int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/api/v1/organizations/"+string(core.Canaries)+"/cards/find", strings.NewReader(`{"number":"`+canaryNumber+`"}`))
	if err != nil {
		return false, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := probe.Do(c, r)
	return strings.Contains(a.Body, canaryName), a.Status, err
}

// seeRemoved links a tool, finds its card, removes the tool and looks everywhere.
func (m *Module) seeRemoved(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx, RoleUser)
	if err != nil {
		return core.Sight{}, err
	}
	browser, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	system := core.WithActor(ctx, core.System("probe"))
	defer func() { _ = m.clearCanary(context.WithoutCancel(system)) }()
	link, shelf, value, err := m.plantCanary(system)
	if err != nil {
		return core.Sight{}, err
	}
	found, status, err := foundBy(ctx, browser)
	if err != nil || !found {
		return core.Sight{}, errors.Join(err, probe.Unseen(tpNotFound, status))
	}
	began := time.Now()
	if err := m.removeLink(system, core.Canaries, link); err != nil {
		return core.Sight{}, err
	}
	found, _, err = foundBy(ctx, browser)
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		return core.Sight{}, err
	}
	var rows int64
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		rows, _, err = db.One(ctx, tx, qProbeCards, db.Value[int64], core.Canaries, shelf, link)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	_, opens := m.needs.Sealer.Open(ctx, link, "recognition_card.value/", value)
	switch {
	case found:
		return probe.Broken(1, 1, tpStillFound, took.String()), nil
	case rows > 0:
		return probe.Broken(1, 1, tpStillRows, rows, took.String()), nil
	case core.KindOf(opens) != core.Gone:
		return probe.Broken(1, 1, tpStillKey), nil
	case took > time.Second:
		return probe.Broken(1, 1, tpTooLate, took.String()), nil
	}
	entries, err := s.Witness(ctx, c, FindCard.Permission)
	sight := probe.Held(1, 1, tpGone, took.String())
	sight.Entries = entries
	return sight, err
}

// seeApart looks at how cards are declared, at those that stand, and at one of a canary.
func (m *Module) seeApart(ctx context.Context, _ core.Stage) (core.Sight, error) {
	for _, t := range cardTables {
		if !t.Unsaved {
			return probe.Broken(len(cardTables), len(cardTables), tpSaved, t.Name), nil
		}
	}
	system := core.WithActor(ctx, core.System("probe"))
	defer func() { _ = m.clearCanary(context.WithoutCancel(system)) }()
	if _, _, _, err := m.plantCanary(system); err != nil {
		return core.Sight{}, err
	}
	var all, looked, clear int64
	readable := false
	reads := func(b []byte) bool {
		return bytes.Contains(b, []byte(canaryNumber)) || bytes.Contains(b, []byte(canaryNumber[1:])) || bytes.Contains(b, []byte(canaryName))
	}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if all, _, err = db.One(ctx, tx, qProbeAll, db.Value[int64]); err != nil {
			return err
		}
		_, err = db.All(ctx, tx, qProbeSample, func(scan db.Scan) (struct{}, error) {
			var value, blinds, key []byte
			err := scan(&value, &blinds, &key)
			looked++
			if _, sealed := seal.Epoch(value); !sealed || len(blinds)%BlindSize != 0 || len(key) != len(Key{}) {
				clear++
			}
			readable = readable || reads(value) || reads(blinds) || reads(key)
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
		_, err = db.All(ctx, tx, qProbeNumbers, func(scan db.Scan) (struct{}, error) {
			var blind, key []byte
			err := scan(&blind, &key)
			readable = readable || reads(blind) || reads(key)
			return struct{}{}, err
		}, core.Canaries)
		return err
	})
	switch {
	case err != nil:
		return core.Sight{}, fmt.Errorf("recognition: look at cards: %w", err)
	case clear > 0:
		return probe.Broken(int(all), int(looked), tpClear, clear, looked), nil
	case readable:
		return probe.Broken(int(all), int(looked), tpReadable), nil
	}
	return probe.Held(int(all), int(looked), tpApartHeld, len(cardTables), looked, all), nil
}
