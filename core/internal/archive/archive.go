package archive

import (
	"context"
	"errors"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Life is how long an archive can be taken.
const Life = 7 * 24 * time.Hour

// daily is how many archives one person can ask for in a day.
const daily = 5

// States of an archive.
const (
	Queued   = "queued"
	Building = "building"
	Ready    = "ready"
	Failed   = "failed"
)

var (
	errUnknown = i18n.Fault(core.NotFound, "archive.unknown", "Cette archive n'existe pas, ou n'est pas la vôtre.", "There is no such archive, or it is not yours.")
	errDead    = i18n.Fault(core.Gone, "archive.over", "Cette archive a plus de sept jours : elle ne s'ouvre plus. Demandez-en une autre.", "This archive is more than seven days old: it does not open any more. Ask for another.")
	errNotYet  = i18n.Fault(core.Conflict, "archive.not_ready", "Cette archive n'est pas encore prête.", "This archive is not ready yet.")
	errOften   = i18n.Fault(core.TooMany, "archive.often", "Vous avez déjà demandé plusieurs archives aujourd'hui. Réessayez demain.", "You have asked for several archives today. Try again tomorrow.")
	errLarge   = i18n.Fault(core.Conflict, "archive.large", "Vos données sont trop nombreuses pour une seule réponse : demandez l'archive.", "Your data are too many for one answer: ask for the archive.")

	errEnough = errors.New("archive: enough rows")
	errNone   = errors.New("archive: there is no row to read")
)

const columns = `id, person, request, portable, state, done, total, records, size, pieces, digest, made_at, ready_at, taken_at`

var (
	qAdd = db.SQL(`INSERT INTO archive_archive (` + columns + `) VALUES ($1, $2, $3, $4, 'queued', 0, 0, 0, 0, 0, '', $5, 0, 0)`)
	qOne = db.SQL(`SELECT ` + columns + ` FROM archive_archive WHERE id = $1`)
	qOf  = db.SQL(`SELECT ` + columns + ` FROM archive_archive WHERE person = $1 ORDER BY id DESC`)

	qCount = db.SQL(`SELECT count(*) FROM archive_archive WHERE person = $1 AND made_at > $2`)
	qTaken = db.SQL(`UPDATE archive_archive SET taken_at = $2 WHERE id = $1`)
	qPiece = db.SQL(`SELECT sealed FROM archive_piece WHERE archive = $1 AND n = $2`)
)

// Archive is one archive of one person.
type Archive struct {
	ID          core.ID
	Person      core.ID
	Request     core.ID
	Portable    bool
	State       string
	Done, Total int
	Records     int64
	Size        int64
	Pieces      int64
	Digest      string
	Made        time.Time
	Ready       time.Time
	Taken       time.Time
}

// Ends tells when it dies.
func (a Archive) Ends() time.Time { return a.Made.Add(Life) }

func scanArchive(scan db.Scan) (a Archive, err error) {
	var portable, made, ready, taken int64
	err = scan(&a.ID, &a.Person, &a.Request, &portable, &a.State, &a.Done, &a.Total, &a.Records, &a.Size, &a.Pieces, &a.Digest, &made, &ready, &taken)
	a.Portable, a.Made, a.Ready, a.Taken = portable == 1, clock.FromMicros(made), clock.FromMicros(ready), clock.FromMicros(taken)
	return a, err
}

// Prepare implements personal.Archivist.
func (m *Module) Prepare(ctx context.Context, tx core.Tx, person, request core.ID, portable bool) (core.ID, error) {
	id := ids.New()
	if _, err := tx.Exec(ctx, qAdd, id, person, request, portable, clock.Micros(m.now())); err != nil {
		return "", err
	}
	return id, m.needs.Enqueue(ctx, tx, id)
}

// Ask makes an archive of one's own data.
func (m *Module) Ask(ctx context.Context, portable bool) (id core.ID, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &AskOwn, Org: core.Platform, Subject: self}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, _, err := db.One(ctx, tx, qCount, db.Value[int64], self, clock.Micros(m.now().Add(-24*time.Hour)))
		if err != nil {
			return err
		}
		if n >= daily {
			return errOften.After(time.Hour)
		}
		id, err = m.Prepare(ctx, tx, self, "", portable)
		act.Resource = id
		return err
	})
	return id, err
}

// List gives one's own archives, newest first.
func (m *Module) List(ctx context.Context) (list []Archive, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &ListOwn, Org: core.Platform, Subject: self}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qOf, scanArchive, self)
		return err
	})
	return list, err
}

// Get gives one of one's own archives. Error: NotFound, alike for another person's.
func (m *Module) Get(ctx context.Context, id core.ID) (a Archive, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &ListOwn, Org: core.Platform, Subject: self, Resource: id}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		a, err = one(ctx, tx, id, self)
		return err
	})
	return a, err
}

func one(ctx context.Context, tx core.Tx, id, person core.ID) (Archive, error) {
	a, found, err := db.One(ctx, tx, qOne, scanArchive, id)
	if err == nil && (!found || a.Person != person) {
		return Archive{}, errUnknown
	}
	return a, err
}

// Take opens one of one's own archives to be downloaded: write gives it out, piece by piece. Errors: NotFound, Conflict while
// it is not ready, Gone after its seven days, StepUp when identity was proved too long ago.
func (m *Module) Take(ctx context.Context, id core.ID) (a Archive, write func(put func([]byte) error) error, err error) {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &TakeOwn, Org: core.Platform, Subject: self, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if a, err = one(ctx, tx, id, self); err != nil {
			return err
		}
		switch {
		case !m.now().Before(a.Ends()):
			return errDead
		case a.State != Ready:
			return errNotYet
		}
		act.Changed("sha256", "", a.Digest)
		_, err = tx.Exec(ctx, qTaken, id, clock.Micros(m.now()))
		return err
	})
	if err != nil {
		return a, nil, err
	}
	return a, func(put func([]byte) error) error { return m.pieces(ctx, a, put) }, nil
}

// pieces reads the file, one piece in memory at a time.
func (m *Module) pieces(ctx context.Context, a Archive, put func([]byte) error) error {
	for n := range a.Pieces {
		var text []byte
		err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			got, found, err := db.One(ctx, tx, qPiece, db.Value[[]byte], a.ID, n)
			if err == nil && !found {
				err = errUnknown
			}
			text = got
			return err
		})
		if err != nil {
			return err
		}
		plain, err := m.needs.Sealer.Open(ctx, a.Person, piecePlace(a.ID, n), text)
		if err == nil {
			err = put(plain)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
