package control

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/policies"
)

var (
	qPin  = db.SQL(`INSERT INTO control_pin (org, pack, number, hash, pinned_at, signed_at, signed_by) VALUES ($1, $2, $3, $4, $5, 0, '') ON CONFLICT (org, pack, number) DO NOTHING`)
	qPins = db.SQL(`SELECT i.org, i.pack, i.number, p.version, i.hash, p.state, i.pinned_at, i.signed_at, i.signed_by
		FROM control_pin i JOIN control_publication p ON p.pack = i.pack AND p.number = i.number WHERE i.pack = $1 ORDER BY i.number DESC, i.org`)
	qPinsAt = db.SQL(`SELECT i.org, i.pack, i.number, p.version, i.hash, p.state, i.pinned_at, i.signed_at, i.signed_by
		FROM control_pin i JOIN control_publication p ON p.pack = i.pack AND p.number = i.number WHERE i.pack = $1 AND i.number = $2 ORDER BY i.org`)
	qPinsOf = db.SQL(`SELECT i.org, i.pack, i.number, p.version, i.hash, p.state, i.pinned_at, i.signed_at, i.signed_by
		FROM control_pin i JOIN control_publication p ON p.pack = i.pack AND p.number = i.number WHERE i.org = $1 ORDER BY i.pack, i.number DESC`)
	qSign    = db.SQL(`UPDATE control_pin SET signed_at = $5, signed_by = $6 WHERE org = $1 AND pack = $2 AND number = $3 AND hash = $4 AND signed_at = 0`)
	qTell    = db.SQL(`INSERT INTO control_told (org, pack, number, person, told_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org, pack, number, person) DO NOTHING`)
	qTold    = db.SQL(`SELECT org, pack, number, person, told_at FROM control_told WHERE org = $1 ORDER BY told_at, person`)
	qLatests = db.SQL(`SELECT pack, number, version, hash, source, state, published_at, published_by, ended_at FROM control_publication p
		WHERE number = (SELECT MAX(number) FROM control_publication q WHERE q.pack = p.pack) ORDER BY pack`)
)

var (
	errNotSigned = i18n.Fault(core.Conflict, "promise.moved", "Ce n'est plus la version en vigueur, ou elle est déjà signée : relisez-la.", "This is no longer the version in force, or it is signed already: read it again.")

	mailNewSubject = i18n.T("%s : version %s de la politique", "%s: version %s of the policy")
	mailNewBody    = i18n.T(
		"La politique « %s » (version %s) s'applique à votre organisation. Lisez ce qui change, puis signez-la :\n%s",
		"The policy “%s” (version %s) applies to your organization. Read what changes, then sign it:\n%s")
	mailGoneSubject = i18n.T("%s : des clauses sont retirées", "%s: clauses are withdrawn")
	mailGoneBody    = i18n.T(
		"Le fournisseur ne promet plus une partie de la politique « %s » (version %s). Lisez ce qui change :\n%s",
		"The provider no longer promises a part of the policy “%s” (version %s). Read what changes:\n%s")
)

func scanPin(scan db.Scan) (p Pin, err error) {
	var pinned, signed int64
	err = scan(&p.Org, &p.Pack, &p.Number, &p.Version, &p.Hash, &p.State, &pinned, &signed, &p.SignedBy)
	p.PinnedAt, p.SignedAt = clock.FromMicros(pinned), clock.FromMicros(signed)
	return p, err
}

func (m *Module) pins(ctx context.Context, tx core.Tx, pack string, number int64) ([]Pin, error) {
	return db.All(ctx, tx, qPinsAt, scanPin, pack, number)
}

// Pins lists which organization was promised what of a pack, the newest version first.
func (m *Module) Pins(ctx context.Context, pack string) (list []Pin, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		if list, err = db.All(ctx, tx, qPins, scanPin, pack); err != nil {
			return err
		}
		names, err := m.names(ctx, tx)
		if err != nil {
			return err
		}
		told := map[core.ID][]telling{}
		for i := range list {
			p := &list[i]
			p.OrgName = names[p.Org]
			if told[p.Org] == nil {
				if told[p.Org], err = m.told(ctx, tx, p.Org); err != nil {
					return err
				}
			}
			p.fill(told[p.Org])
		}
		return nil
	})
	return list, err
}

// PinsOf lists what an organization was promised, newest version first. For its own people.
func (m *Module) PinsOf(ctx context.Context, org core.ID) (list []Pin, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadPromises, Org: org}, func(tx core.Tx) error {
		if list, err = db.All(ctx, tx, qPinsOf, scanPin, org); err != nil {
			return err
		}
		told, err := m.told(ctx, tx, org)
		for i := range list {
			list[i].fill(told)
		}
		return err
	})
	return list, err
}

type telling struct {
	Told
	pack   string
	number int64
}

func (m *Module) told(ctx context.Context, tx core.Tx, org core.ID) ([]telling, error) {
	return db.All(ctx, tx, qTold, func(scan db.Scan) (t telling, err error) {
		var at int64
		err = scan(&org, &t.pack, &t.number, &t.Person, &at)
		t.At = clock.FromMicros(at)
		return t, err
	}, org)
}

func (p *Pin) fill(all []telling) {
	for _, t := range all {
		if t.pack == p.Pack && t.number == p.Number {
			p.Told = append(p.Told, t.Told)
		}
	}
}

// names gives the names of the client organizations.
func (m *Module) names(ctx context.Context, tx core.Tx) (map[core.ID]string, error) {
	names := map[core.ID]string{}
	for after := core.ID(""); ; {
		list, err := m.needs.Orgs.AllOrgs(ctx, tx, after, 500)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			names[o.ID], after = o.Name, o.ID
		}
		if len(list) < 500 {
			return names, nil
		}
	}
}

// Sign notes that an organization signs the version in force, whose hash was read. For its administrators.
func (m *Module) Sign(ctx context.Context, org core.ID, pack, hash string) error {
	act := &core.Act{Def: SignPromises, Org: org, Resource: core.ID(pack)}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		p, found, err := db.One(ctx, tx, qLatest, scanPublication, pack)
		if err != nil {
			return err
		}
		if !found || p.State != inForce {
			return errNoPack
		}
		n, err := tx.Exec(ctx, qSign, org, pack, p.Number, hash, clock.Micros(m.needs.Clock.Now()), personOf(core.ActorOf(ctx)))
		if err == nil && n == 0 {
			return errNotSigned
		}
		act.Changed("hash", "", hash)
		return err
	})
}

// Difference says in words what changed between the version that an organization signed, or was first promised, and the
// newest one (ACC-13.1). For its own people.
func (m *Module) Difference(ctx context.Context, org core.ID, pack string) (changes []policies.Change, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadPromises, Org: org}, func(tx core.Tx) error {
		all, err := db.All(ctx, tx, qPinsOf, scanPin, org)
		if err != nil {
			return err
		}
		var signed, first int64
		for _, p := range all {
			if p.Pack != pack {
				continue
			}
			if signed == 0 && !p.SignedAt.IsZero() {
				signed = p.Number
			}
			first = p.Number
		}
		if first == 0 {
			return errNoPack
		}
		if signed == 0 {
			signed = first
		}
		row, _, err := db.One(ctx, tx, qLatest, scanPublication, pack)
		if err != nil {
			return err
		}
		changes, err = m.difference(ctx, tx, pack, signed, row.Number)
		return err
	})
	return changes, err
}

func (m *Module) difference(ctx context.Context, tx core.Tx, pack string, from, to int64) ([]policies.Change, error) {
	var both [2]*policies.Pack
	for i, number := range []int64{from, to} {
		row, found, err := db.One(ctx, tx, qVersion, scanPublication, pack, number)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, errNoPack
		}
		p, err := m.opened(ctx, tx, row)
		if err != nil {
			return nil, err
		}
		both[i] = less(p.Pack, p.Withdrawn)
	}
	return policies.Diff(both[0], both[1], m.needs.Catalogue()), nil
}

// HandleTell is the job of Tell.
func (m *Module) HandleTell(ctx context.Context, _ jobs.Run) error { return m.Tell(ctx) }

// Tell pins every client organization to the newest version of each pack and tells its administrators, each once. What a
// client that comes later was never promised is not told: a pack that was withdrawn before it came.
func (m *Module) Tell(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System("policy.tell"))
	for after := core.ID(""); ; {
		var list []core.Organization
		var todo map[core.ID][]publicationRow
		err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
			newest, err := db.All(ctx, tx, qLatests, scanPublication)
			if err != nil || len(newest) == 0 {
				list = nil
				return err
			}
			if list, err = m.needs.Orgs.AllOrgs(ctx, tx, after, 200); err != nil {
				return err
			}
			todo, err = m.untold(ctx, tx, list, newest)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, o := range list {
			after = o.ID
			for _, p := range todo[o.ID] {
				if err := m.tell(ctx, o, p); err != nil {
					return err
				}
			}
		}
	}
}

// untold gives, for each organization, the newest versions that it is not pinned to yet.
func (m *Module) untold(ctx context.Context, tx core.Tx, list []core.Organization, newest []publicationRow) (map[core.ID][]publicationRow, error) {
	todo := map[core.ID][]publicationRow{}
	for _, o := range list {
		if o.State != "active" || o.ID == core.Canaries || o.ID == core.Strangers {
			continue
		}
		has, err := db.All(ctx, tx, qPinsOf, scanPin, o.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range newest {
			known, now := false, false
			for _, pin := range has {
				known = known || pin.Pack == p.pack
				now = now || pin.Pack == p.pack && pin.Number == p.Number
			}
			if !now && (known || p.State == inForce) {
				todo[o.ID] = append(todo[o.ID], p)
			}
		}
	}
	return todo, nil
}

// tell pins one organization to one version and writes to its administrators.
func (m *Module) tell(ctx context.Context, o core.Organization, row publicationRow) error {
	pack, err := m.read(row)
	if err != nil {
		return err
	}
	act := &core.Act{Def: TellPolicy, Org: o.ID, Resource: core.ID(row.pack)}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		p, err := m.opened(ctx, tx, row)
		if err != nil {
			return err
		}
		now := clock.Micros(m.needs.Clock.Now())
		if _, err := tx.Exec(ctx, qPin, o.ID, row.pack, row.Number, row.Hash, now); err != nil {
			return err
		}
		admins, err := m.needs.Roles.Holders(ctx, tx, o.ID, "admin")
		if err != nil {
			return err
		}
		subject, body := mailNewSubject, mailNewBody
		if len(p.Withdrawn) > 0 {
			subject, body = mailGoneSubject, mailGoneBody
		}
		link := m.link("/o/" + string(o.ID) + "/controls/policies")
		for _, person := range admins {
			n, err := tx.Exec(ctx, qTell, o.ID, row.pack, row.Number, person, now)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if err := m.needs.Notices.Send(ctx, tx, person, "policy.version", said(subject, pack.Title, row.version), said(body, pack.Title, row.version, link)); err != nil {
				return err
			}
			act.Subjects = append(act.Subjects, person)
		}
		act.Changed("version", "", row.version)
		act.Changed("hash", "", row.Hash)
		return nil
	})
}
