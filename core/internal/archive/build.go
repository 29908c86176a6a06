package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// pieceSize is how much of the file is sealed at once.
const pieceSize = 256 << 10

var (
	qBegin    = db.SQL(`UPDATE archive_archive SET state = 'building', done = 0, total = $2 WHERE id = $1 AND state <> 'ready'`)
	qProgress = db.SQL(`UPDATE archive_archive SET done = $2 WHERE id = $1`)
	qFailed   = db.SQL(`UPDATE archive_archive SET state = 'failed' WHERE id = $1 AND state <> 'ready'`)
	qAddPiece = db.SQL(`INSERT INTO archive_piece (archive, n, sealed) VALUES ($1, $2, $3)`)
	qReady    = db.SQL(`UPDATE archive_archive SET state = 'ready', done = total, records = $2, size = $3, pieces = $4, digest = $5, ready_at = $6 WHERE id = $1`)
)

func piecePlace(archive core.ID, n int64) string {
	return fmt.Sprintf("archive_piece.sealed\x00%s\x00%d", archive, n)
}

var (
	tReadySubject = i18n.T("L'archive de vos données est prête", "The archive of your data is ready")
	tReadyBody    = i18n.T("L'archive que vous avez demandée peut être téléchargée jusqu'au %s. Il faudra vous connecter et prouver de nouveau qui vous êtes :\n\n%s\n\nAprès cette date elle est effacée.",
		"The archive that you asked for can be downloaded until %s. You will have to sign in and prove again who you are:\n\n%s\n\nAfter that date it is erased.")
)

// writer cuts what is written into sealed pieces: each full one is kept at once, the last one by the act that ends the work.
type writer struct {
	ctx    context.Context
	m      *Module
	a      Archive
	held   bytes.Buffer
	n      int64
	size   int64
	digest hash.Hash
}

func (w *writer) Write(p []byte) (int, error) {
	w.digest.Write(p)
	w.held.Write(p)
	w.size += int64(len(p))
	for w.held.Len() >= 2*pieceSize {
		if err := w.keep(w.held.Next(pieceSize)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (w *writer) keep(plain []byte) error {
	text, err := w.seal(plain)
	if err != nil {
		return err
	}
	return w.m.needs.Gate.Keep(w.ctx, Work, func(tx core.Tx) error {
		_, err := tx.Exec(w.ctx, qAddPiece, w.a.ID, w.n-1, text)
		return err
	})
}

func (w *writer) seal(plain []byte) ([]byte, error) {
	w.n++
	return w.m.needs.Sealer.Seal(w.ctx, w.a.Person, piecePlace(w.a.ID, w.n-1), plain)
}

// BuildOne does the job of an archive. It can be done again: what an interrupted one left is dropped first. An archive that is
// ready, or gone with its person, is left alone.
func (m *Module) BuildOne(ctx context.Context, id core.ID) error {
	var a Archive
	var person core.Person
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		var found bool
		if a, found, err = db.One(ctx, tx, qOne, scanArchive, id); err != nil || !found {
			return err
		}
		person, err = m.needs.People.Person(ctx, tx, a.Person)
		return err
	})
	if err != nil || a.ID.IsZero() || a.State == Ready {
		return err
	}
	err = m.build(ctx, a, person)
	if core.KindOf(err) == core.Gone { // the person's key went meanwhile: there is nothing to give any more
		return m.needs.Gate.Keep(ctx, Work, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qFailed, id)
			return err
		})
	}
	return err
}

func (m *Module) build(ctx context.Context, a Archive, person core.Person) (err error) {
	err = m.needs.Gate.Keep(ctx, Work, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qDropPieces, a.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, qBegin, a.ID, len(m.needs.Modules()))
		return err
	})
	if err != nil {
		return err
	}
	b := m.newBundle(person, a.Portable)
	defer func() {
		if e := b.close(); err == nil {
			err = e
		}
	}()
	if err := b.gather(ctx, m.progress(ctx, a.ID)); err != nil {
		return err
	}
	w := &writer{ctx: ctx, m: m, a: a, digest: sha256.New()}
	if err := b.compose(ctx, w, m.now()); err != nil {
		return err
	}
	for w.held.Len() > pieceSize {
		if err := w.keep(w.held.Next(pieceSize)); err != nil {
			return err
		}
	}
	last, err := w.seal(w.held.Bytes())
	if err != nil {
		return err
	}
	return m.finish(ctx, w, last, b.records)
}

// progress notes how far an archive is, five times a second at most.
func (m *Module) progress(ctx context.Context, id core.ID) func(done, total int) error {
	said := time.Now()
	return func(done, _ int) error {
		if time.Since(said) < 200*time.Millisecond {
			return nil
		}
		said = time.Now()
		return m.needs.Gate.Keep(ctx, Work, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qProgress, id, done)
			return err
		})
	}
}

// finish keeps the last piece, marks the archive as ready and writes to the person, in one act.
func (m *Module) finish(ctx context.Context, w *writer, last []byte, records int64) error {
	sum := hex.EncodeToString(w.digest.Sum(nil))
	act := &core.Act{Def: &Build, Org: core.Platform, Subject: w.a.Person, Resource: w.a.ID}
	act.Changed("sha256", "", sum)
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qAddPiece, w.a.ID, w.n-1, last); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qReady, w.a.ID, records, w.size, w.n, sum, clock.Micros(m.now()))
		if err != nil || n == 0 {
			return err
		}
		say := func(l i18n.Lang) string {
			return tReadyBody.Say(l, i18n.Date(i18n.With(context.Background(), l), w.a.Ends()), m.needs.Origin+"/me/archives/"+string(w.a.ID))
		}
		return m.needs.People.Send(ctx, tx, w.a.Person, "archive.ready",
			core.Text{FR: tReadySubject.Say(i18n.FR), EN: tReadySubject.Say(i18n.EN)}, core.Text{FR: say(i18n.FR), EN: say(i18n.EN)})
	})
}

var qLost = db.SQL(`SELECT id FROM archive_archive WHERE state = 'queued' AND made_at < $1 ORDER BY id LIMIT 20`)

// Rescue builds the archives that nobody has begun ten minutes after they were asked for: their job was lost.
func (m *Module) Rescue(ctx context.Context) error {
	var lost []core.ID
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		lost, err = db.All(ctx, tx, qLost, db.Value[core.ID], clock.Micros(m.now().Add(-10*time.Minute)))
		return err
	})
	for _, id := range lost {
		if err == nil {
			err = m.BuildOne(ctx, id)
		}
	}
	return err
}
