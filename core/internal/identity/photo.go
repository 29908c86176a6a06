package identity

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	changePhoto = core.ActDef{
		Permission: "photo.change", Resource: "photo", Verb: core.Updates, Reach: core.BySelf, Purpose: core.PurposeService,
		Title: core.Text{FR: "Mettre sa photo", EN: "Set one's own photo"},
	}
	removePhoto = core.ActDef{
		Permission: "photo.remove", Resource: "photo", Verb: core.Deletes, Reach: core.BySelf, Purpose: core.PurposeService,
		Title: core.Text{FR: "Retirer sa photo", EN: "Remove one's own photo"},
	}
	readOwnPhoto = core.ActDef{
		Permission: "photo.read_own", Resource: "photo", Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeService,
		Title: core.Text{FR: "Voir sa photo", EN: "See one's own photo"},
	}
	// ReadPhoto is held by the roles that see the list of members. Exported for the route.
	ReadPhoto = core.ActDef{
		Permission: "photo.read", Resource: "photo", Verb: core.Reads, Purpose: core.PurposeService,
		Holders: []string{"admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Voir la photo d'un membre", EN: "See a member's photo"},
	}
)

var (
	errNoPhoto    = i18n.Fault(core.NotFound, "photo.absent", "Cette personne n'a pas de photo.", "This person has no photo.")
	errPhotoOften = i18n.Fault(core.TooMany, "photo.often", "Vous avez déjà changé plusieurs fois de photo. Réessayez plus tard.", "You have changed your photo several times already. Try again later.")

	qPhoto    = db.SQL(`SELECT person, id, picture, set_at FROM identity_photo WHERE person = $1`)
	qPhotoSet = db.SQL(`INSERT INTO identity_photo (person, id, picture, set_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE SET id = excluded.id, picture = excluded.picture, set_at = excluded.set_at`)
	qPhotoDrop = db.SQL(`DELETE FROM identity_photo WHERE person = $1`)
	qPhotos8   = db.SQL(`SELECT person, id FROM identity_photo WHERE person IN (` + placeholders(8) + `)`)
	qPhotos64  = db.SQL(`SELECT person, id FROM identity_photo WHERE person IN (` + placeholders(64) + `)`)
)

// photoLimit bounds the work of drawing that one person can ask for.
var photoLimit = abuse.PerDay(10, 40)

// Photo is what is kept of a person's photo: a square JPEG, and the id of this version of it.
type Photo struct {
	ID      core.ID
	Picture []byte
	at      int64
}

type storedPhoto struct {
	person core.ID
	Photo
}

func scanPhoto(scan db.Scan) (p storedPhoto, err error) {
	return p, scan(&p.person, &p.ID, &p.Picture, &p.at)
}

func photoPlace(id core.ID) string { return "identity_photo.picture:" + string(id) }

// ChangePhoto keeps one's own photo, in place of any former one. Errors: Invalid with the reason on "photo", TooMany.
func (m *Module) ChangePhoto(ctx context.Context, person core.ID, file []byte) error {
	picture, err := m.draw(ctx, person, file)
	if err != nil {
		return err
	}
	id := ids.New()
	sealed, err := m.needs.Sealer.Seal(ctx, person, photoPlace(id), picture)
	if err != nil {
		return fmt.Errorf("identity: seal a photo: %w", err)
	}
	act := &core.Act{Def: &changePhoto, Org: core.Platform, Subject: person, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qPhotoSet, person, id, sealed, clock.Micros(m.needs.Clock.Now()))
		return err
	})
}

// draw makes the square of a file, one person after another.
func (m *Module) draw(ctx context.Context, person core.ID, file []byte) ([]byte, error) {
	if len(file) > PhotoBytes {
		return nil, errPhoto.With("photo", whyPhotoLarge)
	}
	var v abuse.Verdict
	err := m.needs.Gate.Keep(ctx, &guessing, func(tx core.Tx) (err error) {
		v, err = abuse.Take(ctx, tx, "photo:"+string(person), photoLimit, m.needs.Clock.Now())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("identity: count: %w", err)
	}
	if !v.OK {
		return nil, errPhotoOften.After(v.Retry)
	}
	select {
	case drawing <- struct{}{}:
		defer func() { <-drawing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return portrait(file)
}

// RemovePhoto takes one's own photo away; initials stand in its place.
func (m *Module) RemovePhoto(ctx context.Context, person core.ID) error {
	act := &core.Act{Def: &removePhoto, Org: core.Platform, Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qPhotoDrop, person)
		if err == nil && n == 0 {
			err = errNoPhoto
		}
		return err
	})
}

// OwnPhoto reads one's own photo. Error: NotFound.
func (m *Module) OwnPhoto(ctx context.Context, person core.ID) (p Photo, err error) {
	act := &core.Act{Def: &readOwnPhoto, Org: core.Platform, Subject: person}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		p, err = m.photo(ctx, tx, person)
		act.Resource = p.ID
		return err
	})
	return p, err
}

// MemberPhoto reads the photo of a member of an organization. Error: NotFound, alike for strangers and where there is none.
func (m *Module) MemberPhoto(ctx context.Context, org, person core.ID) (p Photo, err error) {
	act := &core.Act{Def: &ReadPhoto, Org: org, Subject: person}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		if err := m.memberOf(ctx, tx, org, person); err != nil {
			return errNoPhoto
		}
		p, err = m.photo(ctx, tx, person)
		act.Resource = p.ID
		return err
	})
	return p, err
}

func (m *Module) photo(ctx context.Context, tx core.Tx, person core.ID) (Photo, error) {
	p, ok, err := db.One(ctx, tx, qPhoto, scanPhoto, person)
	if err != nil {
		return Photo{}, fmt.Errorf("identity: photo: %w", err)
	}
	if !ok {
		return Photo{}, errNoPhoto
	}
	plain, err := m.needs.Sealer.Open(ctx, person, photoPlace(p.ID), p.Picture)
	if core.KindOf(err) == core.Gone {
		return Photo{}, errNoPhoto
	}
	if err != nil {
		return Photo{}, fmt.Errorf("identity: open a photo: %w", err)
	}
	p.Picture = plain
	return p.Photo, nil
}

// Photos tells which of some persons have a photo, and the id of its version.
func (m *Module) Photos(ctx context.Context, tx core.Tx, list ...core.ID) (map[core.ID]core.ID, error) {
	found := map[core.ID]core.ID{}
	err := blocks(list, qPhotos8, qPhotos64, func(q string, args []any) error {
		rows, err := db.All(ctx, tx, q, func(scan db.Scan) (p [2]core.ID, err error) { return p, scan(&p[0], &p[1]) }, args...)
		for _, p := range rows {
			found[p[0]] = p[1]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("identity: photos: %w", err)
	}
	return found, nil
}

// exportPhoto gives the photo itself, which is the person's.
func (m *Module) exportPhoto(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	p, err := m.photo(ctx, tx, person)
	if core.KindOf(err) == core.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return emit(core.Record{Table: "identity_photo", Values: map[string]any{
		"id": string(p.ID), "picture": p.Picture, "set_at": clock.FromMicros(p.at).Format(exported),
	}})
}
