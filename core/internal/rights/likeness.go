package rights

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	term "github.com/rempart/rempart/core/internal/rights/clock"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Likeness is the shape of a request, for a test environment: what is asked, how it stands, when, which steps, letters and documents it
// had, and nothing of what was written.
type Likeness struct {
	Account  core.ID // "" when the requester has none
	Kind     Kind
	Channel  string
	Language string
	State    State
	Proof    Proof
	How      string
	Ground   string
	Received time.Time
	Extended time.Time
	Closed   time.Time
	Pauses   []term.Pause
	Steps    []happened
	Letters  []happened // their kinds
	Files    []document
}

// happened is what happened when.
type happened struct {
	what string
	at   time.Time
}

// document is the shape of a proof of identity.
type document struct {
	personal.FileLike
	sent, destroyed time.Time
}

var qEvery = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE org = $1 AND trial = 0 ORDER BY id`)

// Likenesses gives the shape of the requests to an organization, and says every value that was written in them.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, org core.ID, say func(column, value string)) ([]Likeness, error) {
	all, err := db.All(ctx, tx, qEvery, scanRequest, org)
	if err != nil {
		return nil, err
	}
	out := make([]Likeness, len(all))
	for i := range all {
		r := &all[i]
		if err := m.unseal(ctx, r); err != nil {
			return nil, err
		}
		say("name", r.Name)
		say("email", r.Email)
		say("text", r.Text)
		for field, value := range r.Fields {
			say(field, value)
		}
		l := Likeness{Account: r.Account, Kind: r.Kind, Channel: r.Channel, Language: r.Language, State: r.State, Proof: r.Proof, How: r.How, Ground: r.Ground, Received: r.Received, Extended: r.Extended, Closed: r.Closed}
		course, _, err := m.course(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		l.Pauses = course.Pauses
		steps, err := m.steps(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			say("note", s.Note)
			l.Steps = append(l.Steps, happened{s.What, s.At})
		}
		letters, err := m.letters(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		for _, one := range letters {
			say("text", one.Text)
			say("sent_to", one.SentTo)
			say("digest", one.Digest)
			l.Letters = append(l.Letters, happened{one.Kind, one.At})
		}
		if l.Files, err = m.likeDocuments(ctx, tx, r, say); err != nil {
			return nil, err
		}
		out[i] = l
	}
	return out, nil
}

func (m *Module) likeDocuments(ctx context.Context, tx core.Tx, r *Request, say func(column, value string)) ([]document, error) {
	held, err := m.documents(ctx, tx, r)
	all := make([]document, len(held))
	for i, d := range held {
		say("name", d.Name)
		say("digest", d.Digest)
		all[i] = document{FileLike: personal.FileLike{Type: d.Type, Size: d.Size}, sent: d.Sent, destroyed: d.Destroyed}
		if !d.Destroyed.IsZero() {
			all[i].Size = 0
		}
	}
	return all, err
}

// Imitate writes a request of a likeness, with words that were invented; nothing is sent and nothing is carried out. owner has the
// key that seals it.
func (m *Module) Imitate(ctx context.Context, tx core.Tx, org, owner core.ID, l Likeness, who Details, by personal.Inventor) error {
	r := Request{
		Org: org, ID: ids.At(m.now()), Person: owner, Account: l.Account, Kind: l.Kind, Channel: l.Channel, Language: l.Language, Details: who,
		State: l.State, Proof: l.Proof, How: l.How, Received: by.When(l.Received), Extended: by.When(l.Extended), Closed: by.When(l.Closed),
	}
	r.Ground = l.Ground
	if r.Account == "" && r.Channel == "space" { // whose it was is gone: its key is its own
		r.Channel = "desk"
	}
	if r.Proof == Proved {
		r.ProvedAt = r.Received
	}
	var err error
	if r.place, r.other, err = m.placed(ctx, org, r.Email); err != nil {
		return err
	}
	for _, p := range l.Pauses {
		if _, err := tx.Exec(ctx, qPause, org, r.ID, clock.Micros(by.When(p.From))); err != nil {
			return err
		}
		if p.Until.IsZero() {
			continue
		}
		if _, err := tx.Exec(ctx, qEndPause, org, r.ID, clock.Micros(by.When(p.Until))); err != nil {
			return err
		}
	}
	if err := m.reckon(ctx, tx, &r); err != nil {
		return err
	}
	if err := m.add(ctx, tx, &r); err != nil {
		return err
	}
	for _, s := range l.Steps {
		if err := m.stepAt(ctx, tx, &r, s.what, "", by.When(s.at)); err != nil {
			return err
		}
	}
	for _, s := range l.Letters {
		if err := m.keepAt(ctx, tx, &r, s.what, by.Word("Objet"), by.Word("Lettre"), by.When(s.at)); err != nil {
			return err
		}
	}
	for _, d := range l.Files {
		name, content := by.File(d.FileLike)
		id, _, err := m.hold(ctx, tx, &r, name, d.Type, content, by.When(d.sent))
		if err != nil {
			return err
		}
		if d.destroyed.IsZero() {
			continue
		}
		if _, err := tx.Exec(ctx, qDestroy, org, id, clock.Micros(by.When(d.destroyed)), []byte{}); err != nil {
			return err
		}
	}
	return nil
}
