package recognition

import (
	"context"
	"crypto/ed25519"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/pop"
)

var (
	qProgram = db.SQL(`SELECT public, private, version, manifest, signature, signed_at, signed_by FROM recognition_program WHERE org = $1`)
	// A key that is there already stays: workstations know it.
	qAddKey = db.SQL(`INSERT INTO recognition_program (org, public, private, version, manifest, signature, signed_at, signed_by)
		VALUES ($1, $2, $3, 0, $4, $4, 0, '') ON CONFLICT (org) DO NOTHING`)
	qSignPrograms = db.SQL(`UPDATE recognition_program SET version = $2, manifest = $3, signature = $4, signed_at = $5, signed_by = $6 WHERE org = $1`)
)

// Programs is the list of local programs that an organization signed.
type Programs struct {
	Public []byte // Ed25519 (RFC 8032), 32 bytes; a workstation keeps the one that it got first. nil: nothing was ever signed
	pop.Signed
	List pop.Manifest
	By   core.ID
}

type programRow struct {
	public, private, manifest, signature []byte
	version, at                          int64
	by                                   core.ID
}

func scanProgram(scan db.Scan) (r programRow, err error) {
	err = scan(&r.public, &r.private, &r.version, &r.manifest, &r.signature, &r.at, &r.by)
	return r, err
}

// programs reads the signed list and checks its signature: what was changed in the tables counts for nothing.
func (m *Module) programs(ctx context.Context, tx core.Tx, org core.ID) (p Programs, r programRow, err error) {
	r, found, err := db.One(ctx, tx, qProgram, scanProgram, org)
	if err != nil || !found || r.version == 0 {
		p.Public = r.public
		return p, r, err
	}
	p.Public, p.By = r.public, r.by
	p.Signature = r.signature
	if p.Manifest, err = m.needs.Sealer.Open(ctx, org, placeList+string(org), r.manifest); err != nil {
		if core.KindOf(err) == core.Gone {
			err = nil
		}
		return Programs{}, r, err
	}
	if p.List, err = p.Open(r.public, string(org), r.version); err != nil {
		m.needs.Log.ErrorContext(ctx, "recognition: the signed list of programs does not hold", "org", org)
		return Programs{Public: r.public}, r, nil
	}
	return p, r, nil
}

// SignPrograms signs the list of programs that workstations may start, as scripts now name them. Its key is made at the first time.
func (m *Module) SignPrograms(ctx context.Context, org core.ID) error {
	act := &core.Act{Def: SignPrograms, Org: org}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.programKey(ctx, tx, org); err != nil {
			return err
		}
		_, r, err := m.programs(ctx, tx, org)
		if err != nil {
			return err
		}
		private, err := m.needs.Sealer.Open(ctx, org, placePrivate+string(org), r.private)
		if err != nil {
			return err
		}
		live, err := m.liveScripts(ctx, tx, org)
		if err != nil {
			return err
		}
		scripts := make([]pop.Script, len(live))
		for i := range live {
			scripts[i] = live[i].Script
		}
		list := pop.List(string(org), r.version+1, m.now(), scripts)
		signed, err := pop.Sign(ed25519.NewKeyFromSeed(private), list)
		if err != nil {
			return err
		}
		sealed, err := m.needs.Sealer.Seal(ctx, org, placeList+string(org), signed.Manifest)
		if err != nil {
			return err
		}
		act.Changed("programs", strconv.FormatInt(r.version, 10), strconv.FormatInt(list.Version, 10))
		_, err = tx.Exec(ctx, qSignPrograms, org, list.Version, sealed, signed.Signature, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
}

// programKey makes the organization's key when it has none: its private half is sealed to the organization.
func (m *Module) programKey(ctx context.Context, tx core.Tx, org core.ID) error {
	if _, found, err := db.One(ctx, tx, qProgram, scanProgram, org); err != nil || found {
		return err
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	sealed, err := m.needs.Sealer.Seal(ctx, org, placePrivate+string(org), private.Seed())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAddKey, org, []byte(public), sealed, []byte{})
	return err
}

// FetchPrograms gives a workstation the signed list and the public key; it keeps the key that it got first, and the version.
func (m *Module) FetchPrograms(ctx context.Context, org core.ID) (p Programs, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: FetchPrograms, Org: org}, func(tx core.Tx) error {
		p, _, err = m.programs(ctx, tx, org)
		return err
	})
	return p, err
}

// OwnPrograms gives whoever uses a workstation the list of what it may start, and the name of who signed it, "" when forgotten.
func (m *Module) OwnPrograms(ctx context.Context, org core.ID) (p Programs, signer string, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: FetchPrograms, Org: org}, func(tx core.Tx) error {
		if p, _, err = m.programs(ctx, tx, org); err != nil {
			return err
		}
		names, err := m.namesOf(ctx, tx, []core.ID{p.By})
		signer = names[p.By]
		return err
	})
	return p, signer, err
}

// ReadPrograms gives the list signed last to who sets scripts up.
func (m *Module) ReadPrograms(ctx context.Context, org core.ID) (p Programs, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadScripts, Org: org}, func(tx core.Tx) error {
		p, _, err = m.programs(ctx, tx, org)
		return err
	})
	return p, err
}

// markSigned notes which programs stand in the signed list as they now are.
func (m *Module) markSigned(ctx context.Context, tx core.Tx, org core.ID, list []Script) error {
	for i := range list {
		if list[i].Kind != pop.Program {
			continue
		}
		p, _, err := m.programs(ctx, tx, org)
		if err != nil {
			return err
		}
		for j := i; j < len(list); j++ {
			list[j].Signed = list[j].Kind == pop.Program && p.List.Covers(&list[j].Script)
		}
		return nil
	}
	return nil
}
