package rights

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Likeness is the shape of a request, for a test environment: what is asked, how it stands, how many steps and letters it had,
// and nothing of what was written.
type Likeness struct {
	Account  core.ID // "" when the requester has none
	Kind     Kind
	Channel  string
	Language string
	State    State
	Proof    Proof
	How      string
	Ground   string
	Steps    []string
	Letters  []string // their kinds
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
		l := Likeness{Account: r.Account, Kind: r.Kind, Channel: r.Channel, Language: r.Language, State: r.State, Proof: r.Proof, How: r.How, Ground: r.Ground}
		steps, err := m.steps(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			say("note", s.Note)
			l.Steps = append(l.Steps, s.What)
		}
		letters, err := m.letters(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		for _, one := range letters {
			say("text", one.Text)
			say("sent_to", one.SentTo)
			l.Letters = append(l.Letters, one.Kind)
		}
		out[i] = l
	}
	return out, nil
}

// Imitate writes a request of a likeness, with words that were invented; nothing is sent and nothing is carried out. owner has the
// key that seals it; the letters say what say gives.
func (m *Module) Imitate(ctx context.Context, tx core.Tx, org, owner core.ID, l Likeness, who Details, say func() string) error {
	r := Request{
		Org: org, ID: ids.At(m.now()), Person: owner, Account: l.Account, Kind: l.Kind, Channel: l.Channel, Language: l.Language, Details: who,
		State: l.State, Proof: l.Proof, How: l.How, Received: m.now(),
	}
	r.Ground = l.Ground
	if r.Account == "" && r.Channel == "space" { // whose it was is gone: its key is its own
		r.Channel = "desk"
	}
	if r.Proof == Proved {
		r.ProvedAt = r.Received
	}
	if r.State != Open {
		r.Closed = r.Received
	}
	var err error
	if r.place, r.other, err = m.placed(ctx, org, r.Email); err != nil {
		return err
	}
	if err := m.reckon(ctx, tx, &r); err != nil {
		return err
	}
	if err := m.add(ctx, tx, &r); err != nil {
		return err
	}
	for _, what := range l.Steps {
		if err := m.step(ctx, tx, &r, what, ""); err != nil {
			return err
		}
	}
	for _, kind := range l.Letters {
		if err := m.keep(ctx, tx, &r, kind, say(), say()); err != nil {
			return err
		}
	}
	return nil
}
