package attestation

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
)

// Likeness is the shape of an attestation, for a test environment: what it is of, for how long, its files; nothing of what was written.
type Likeness struct {
	id, renews          core.ID
	kind, reach         string
	place               int // attestations of one site or team have the same; 0: none
	from, until         time.Time
	detailed            bool
	signer, withdrawer  core.ID
	aal                 int
	signedAt, withdrawn time.Time
	files               []personal.FileLike
}

// Files gives the shape of its files.
func (l *Likeness) Files() []personal.FileLike { return l.files }

var qEvery = db.SQL(`SELECT ` + columns + ` FROM attestation_attestation WHERE trial = 0 ORDER BY id`)

// Likenesses gives the shape of every attestation, and says everything that was written in them.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, say func(column, value string)) ([]Likeness, error) {
	list, err := db.All(ctx, tx, qEvery, scanAttestation)
	if err != nil {
		return nil, err
	}
	all, places := make([]Likeness, len(list)), map[string]int{"": 0}
	for i, a := range list {
		details, err := m.open(ctx, core.Platform, placeDetails, a.ID, a.sealed)
		if err != nil {
			return nil, err
		}
		say("place", a.Place)
		say("details", string(details))
		say("digest", a.Digest)
		if _, known := places[a.Place]; !known {
			places[a.Place] = len(places)
		}
		files, err := m.files(ctx, tx, a.ID)
		if err != nil {
			return nil, err
		}
		l := Likeness{
			id: a.ID, renews: a.Renews, kind: a.Kind, reach: a.Reach, place: places[a.Place], from: a.From, until: a.Until, detailed: len(details) > 0,
			signer: a.Signer, withdrawer: a.WithdrawnBy, aal: a.AAL, signedAt: a.SignedAt, withdrawn: a.WithdrawnAt,
		}
		for _, f := range files {
			say("name", f.Name)
			say("digest", f.Digest)
			l.files = append(l.files, personal.FileLike{Type: f.Type, Size: f.Size})
		}
		all[i] = l
	}
	return all, nil
}

// Imitate writes attestations of those likenesses, with words that were invented.
func (m *Module) Imitate(ctx context.Context, list []Likeness, by personal.Inventor) (rows int, err error) {
	if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
		return 0, err
	}
	made, places := map[core.ID]core.ID{}, map[int]string{0: ""}
	for _, l := range list {
		kind, known := KindOf(l.kind)
		if !known {
			continue
		}
		if _, named := places[l.place]; !named {
			places[l.place] = by.Word("Lieu")
		}
		a := Attestation{
			ID: ids.At(m.now()), Kind: l.kind, Reach: l.reach, Place: places[l.place], From: by.When(l.from), Until: by.When(l.until), Text: kind.Statement,
			Signer: by.Who(l.signer), AAL: l.aal, SignedAt: by.When(l.signedAt), Entry: ids.New(), Renews: made[l.renews],
		}
		if l.detailed {
			a.Details = by.Word("Précision")
		}
		made[l.id] = a.ID
		var files []Upload
		for _, f := range l.files {
			name, content := by.File(f)
			files = append(files, Upload{Name: name, Content: content})
			a.Files = append(a.Files, File{ID: ids.At(m.now()), Name: name, Type: f.Type, Size: len(content), Digest: sheet.Digest(content)})
		}
		a.Digest = sheet.Digest([]byte(canonical(&a)))
		err := m.needs.Gate.Change(ctx, &core.Act{Def: Sign, Org: core.Platform, Resource: a.ID, Entry: a.Entry}, func(tx core.Tx) error {
			if err := m.takePlace(ctx, tx, &a); err != nil {
				return err
			}
			if err := m.add(ctx, tx, &a, files, false); err != nil || l.withdrawn.IsZero() {
				return err
			}
			_, err := tx.Exec(ctx, qWithdraw, a.ID, clock.Micros(by.When(l.withdrawn)), by.Who(l.withdrawer))
			return err
		})
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}
