package consent

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errNoShare = i18n.Fault(core.NotFound, "share.absent", "Ce partage n'existe pas, ou il a pris fin.", "There is no such share, or it has ended.")
	errNoNote  = i18n.Fault(core.NotFound, "share.note_absent", "Cette note n'existe pas.", "There is no such note.")
	errNote    = i18n.Fault(core.Invalid, "share.note_invalid", "La note est à corriger.", "The note needs correcting.")

	whyNote = i18n.Reason("share.note", "Écrivez une note de 2 000 caractères au plus.", "Write a note of at most 2,000 characters.")
)

const mostNote = 2_000

var (
	qReceived = db.SQL(`SELECT ` + shareColumns + ` FROM consent_share WHERE org = $1 AND ended_at = 0 AND until_at > $2 ORDER BY id DESC LIMIT 500`)

	qAddNote  = db.SQL(`INSERT INTO consent_note (org, id, question, person, text, written_at, written_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qNotes    = db.SQL(`SELECT org, id, question, person, text, written_at, written_by FROM consent_note WHERE org = $1 AND question = $2 AND person = $3 ORDER BY id`)
	qNote     = db.SQL(`SELECT org, id, question, person, text, written_at, written_by FROM consent_note WHERE org = $1 AND id = $2`)
	qNotesOn  = db.SQL(`SELECT org, id, question, person, text, written_at, written_by FROM consent_note WHERE person = $1 ORDER BY id`)
	qAllNotes = db.SQL(`SELECT org, id, question, person, text, written_at, written_by FROM consent_note WHERE org = $1 ORDER BY id`)
	qDropNote = db.SQL(`DELETE FROM consent_note WHERE org = $1 AND id = $2`)
	// Notes of an organization whose share has ended.
	qLeftNotes = db.SQL(`SELECT org, id, question, person, text, written_at, written_by FROM consent_note o WHERE org = $1 AND NOT EXISTS (
		SELECT 1 FROM consent_share s WHERE s.org = o.org AND s.question = o.question AND s.person = o.person AND s.ended_at = 0 AND s.until_at > $2) ORDER BY id LIMIT 500`)
)

// Note is what an organization wrote beside what a person shares: its own.
type Note struct {
	Org, ID, Question core.ID
	Person            core.ID
	Text              string
	At                time.Time
	By                core.ID
	sealed            []byte
}

func scanNote(scan db.Scan) (n Note, err error) {
	var at int64
	err = scan(&n.Org, &n.ID, &n.Question, &n.Person, &n.sealed, &at, &n.By)
	n.At = clock.FromMicros(at)
	return n, err
}

func notePlace(n core.ID) string { return "consent_note.text/" + string(n) }

// notes opens them; those of an erased person are gone.
func (m *Module) notes(ctx context.Context, tx core.Tx, q string, args ...any) ([]Note, error) {
	list, err := db.All(ctx, tx, q, scanNote, args...)
	if err != nil {
		return nil, err
	}
	var open []Note
	for _, n := range list {
		plain, err := m.needs.Sealer.Open(ctx, n.Person, notePlace(n.ID), n.sealed)
		if core.KindOf(err) == core.Gone {
			continue
		}
		if err != nil {
			return nil, err
		}
		n.Text = string(plain)
		open = append(open, n)
	}
	return open, nil
}

// Received is a share in the list of an organization.
type Received struct {
	Share
	Title core.Text
	Name  string // of the person, when they share it; "" otherwise
}

// Inbox is what an organization receives, and its own notes whose share has ended.
type Inbox struct {
	Shares []Received
	Left   []Note
}

// Notes gives everything that an organization wrote beside what persons share with it: it is its own, whatever became of the shares.
func (m *Module) Notes(ctx context.Context, org core.ID) (list []Note, err error) {
	done := &core.Act{Def: ListShares, Org: org}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		list, err = m.notes(ctx, tx, qAllNotes, org)
		done.Subjects = nil
		for _, n := range list {
			done.Subjects = append(done.Subjects, n.Person)
		}
		return err
	})
	return list, err
}

// List gives the shares that live. One entry per purpose says whom it showed.
func (m *Module) List(ctx context.Context, org core.ID) (v Inbox, err error) {
	done := &core.Act{Def: ListShares, Org: org}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		v, done.Subjects = Inbox{}, nil
		list, err := db.All(ctx, tx, qReceived, scanShare, org, clock.Micros(m.now()))
		if err != nil {
			return err
		}
		for _, s := range list {
			fields, err := m.copies(ctx, tx, s)
			if err != nil {
				return err
			}
			if fields == nil {
				continue
			}
			q := Question{Org: s.Org, ID: s.Question}
			t, err := m.text(ctx, tx, q, s.Number)
			if err != nil {
				return err
			}
			v.Shares = append(v.Shares, Received{s, t.Title, nameIn(fields)})
			done.Subjects = append(done.Subjects, s.Person)
		}
		if v.Left, err = m.notes(ctx, tx, qLeftNotes, org, clock.Micros(m.now())); err != nil {
			return err
		}
		for _, n := range v.Left {
			if !slices.Contains(done.Subjects, n.Person) {
				done.Subjects = append(done.Subjects, n.Person)
			}
		}
		return nil
	})
	return v, err
}

// nameIn is the name that a person shares.
func nameIn(fields []Field) string {
	var parts []string
	for _, id := range []string{"profile.given_name", "profile.family_name"} {
		for _, f := range fields {
			if f.ID == id && f.Value != "" {
				parts = append(parts, f.Value)
			}
		}
	}
	return strings.Join(parts, " ")
}

// Reading is what an organization sees of one share, each field with its owner.
type Reading struct {
	Received
	Fields []Field // the person's
	Notes  []Note  // the organization's
}

// Read gives one share to the organization that receives it. The entry names the purpose and the person.
func (m *Module) Read(ctx context.Context, org, share core.ID) (v Reading, err error) {
	done := &core.Act{Def: ReadShare, Org: org, Resource: share}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		v, err = m.reading(ctx, tx, done, org, share)
		return err
	})
	return v, err
}

func (m *Module) reading(ctx context.Context, tx core.Tx, done *core.Act, org, share core.ID) (v Reading, err error) {
	s, found, err := db.One(ctx, tx, qShare, scanShare, org, share)
	if err != nil {
		return v, err
	}
	if !found || !s.Lives(m.now()) {
		return v, errNoShare
	}
	done.Subject = s.Person
	done.Changed("purpose", "", string(s.Purpose))
	if v.Fields, err = m.copies(ctx, tx, s); err != nil {
		return v, err
	}
	if v.Fields == nil {
		return v, errNoShare
	}
	t, err := m.text(ctx, tx, Question{Org: s.Org, ID: s.Question}, s.Number)
	if err != nil {
		return v, err
	}
	v.Received = Received{s, t.Title, nameIn(v.Fields)}
	v.Notes, err = m.notes(ctx, tx, qNotes, org, s.Question, s.Person)
	return v, err
}

// Write notes something of the organization's own about a person who shares with it.
func (m *Module) Write(ctx context.Context, org, share core.ID, text string) (core.ID, error) {
	text, ok := body(text, mostNote)
	if !ok {
		return "", errNote.With("text", whyNote)
	}
	id := ids.At(m.now())
	done := &core.Act{Def: NoteShare, Org: org, Resource: share}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		s, found, err := db.One(ctx, tx, qShare, scanShare, org, share)
		if err != nil {
			return err
		}
		if !found || !s.Lives(m.now()) {
			return errNoShare
		}
		done.Subject = s.Person
		done.Changed("purpose", "", string(s.Purpose))
		sealed, err := m.needs.Sealer.Seal(ctx, s.Person, notePlace(id), []byte(text))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAddNote, org, id, s.Question, s.Person, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
	return id, err
}

// DropNote removes a note of the organization.
func (m *Module) DropNote(ctx context.Context, org, note core.ID) error {
	done := &core.Act{Def: NoteShare, Org: org, Resource: note}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, found, err := db.One(ctx, tx, qNote, scanNote, org, note)
		if err != nil {
			return err
		}
		if !found {
			return errNoNote
		}
		done.Subject = n.Person
		_, err = tx.Exec(ctx, qDropNote, org, note)
		return err
	})
}
