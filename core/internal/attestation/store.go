package attestation

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const columns = `id, kind, reach, place, from_at, until_at, details, text_fr, text_en, digest, signer, aal, signed_at, entry, renews, replaced_by, withdrawn_at, withdrawn_by, trial`

var (
	qAdd = db.SQL(`INSERT INTO attestation_attestation (` + columns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', 0, '', $16)`)
	qOne      = db.SQL(`SELECT ` + columns + ` FROM attestation_attestation WHERE id = $1`)
	qAll      = db.SQL(`SELECT ` + columns + ` FROM attestation_attestation WHERE trial = 0 OR signer = $1 ORDER BY id DESC LIMIT 2000`)
	qLive     = db.SQL(`SELECT ` + columns + ` FROM attestation_attestation WHERE withdrawn_at = 0 AND replaced_by = '' AND trial = 0 ORDER BY until_at, id`)
	qDue      = db.SQL(`SELECT ` + columns + ` FROM attestation_attestation WHERE withdrawn_at = 0 AND replaced_by = '' AND until_at <= $1 ORDER BY until_at, id`)
	qSignedBy = db.SQL(`SELECT ` + columns + ` FROM attestation_attestation WHERE signer = $1 ORDER BY id`)
	qReplace  = db.SQL(`UPDATE attestation_attestation SET replaced_by = $2 WHERE id = $1 AND withdrawn_at = 0 AND replaced_by = ''`)
	qWithdraw = db.SQL(`UPDATE attestation_attestation SET withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1 AND withdrawn_at = 0 AND replaced_by = ''`)

	qAddFile = db.SQL(`INSERT INTO attestation_file (id, attestation, name, type, size, digest, content) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qFiles   = db.SQL(`SELECT id, name, type, size, digest FROM attestation_file WHERE attestation = $1 ORDER BY id`)
	qFile    = db.SQL(`SELECT id, name, type, size, digest FROM attestation_file WHERE attestation = $1 AND id = $2`)
	qContent = db.SQL(`SELECT content FROM attestation_file WHERE id = $1`)
)

// Where a sealed value stands; its row's id follows.
const (
	placeDetails = "attestation_attestation.details"
	placeName    = "attestation_file.name"
	placeContent = "attestation_file.content"
	placeDuty    = "attestation_duty.details"
)

func (m *Module) seal(ctx context.Context, owner core.ID, where string, row core.ID, plain []byte) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, owner, where+"/"+string(row), plain)
}

// open gives nothing when the owner's key was destroyed: the value is erased.
func (m *Module) open(ctx context.Context, owner core.ID, where string, row core.ID, sealed []byte) ([]byte, error) {
	plain, err := m.needs.Sealer.Open(ctx, owner, where+"/"+string(row), sealed)
	if core.KindOf(err) == core.Gone {
		return nil, nil
	}
	return plain, err
}

func scanAttestation(scan db.Scan) (a Attestation, err error) {
	var from, until, signed, withdrawn, trial int64
	err = scan(&a.ID, &a.Kind, &a.Reach, &a.Place, &from, &until, &a.sealed, &a.Text.FR, &a.Text.EN, &a.Digest, &a.Signer, &a.AAL, &signed,
		&a.Entry, &a.Renews, &a.ReplacedBy, &withdrawn, &a.WithdrawnBy, &trial)
	a.From, a.Until, a.SignedAt, a.WithdrawnAt = clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(signed), clock.FromMicros(withdrawn)
	a.trial = trial == 1
	return a, err
}

func scanFile(scan db.Scan) (f File, err error) {
	err = scan(&f.ID, &f.sealed, &f.Type, &f.Size, &f.Digest)
	return f, err
}

// files gives the evidence of an attestation, without its content.
func (m *Module) files(ctx context.Context, tx core.Tx, attestation core.ID) ([]File, error) {
	list, err := db.All(ctx, tx, qFiles, scanFile, attestation)
	if err != nil {
		return nil, err
	}
	for i := range list {
		name, err := m.open(ctx, core.Platform, placeName, list[i].ID, list[i].sealed)
		if err != nil {
			return nil, err
		}
		list[i].Name = string(name)
	}
	return list, nil
}
