package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/verify"
)

// Row is an entry as the explorer shows it.
type Row struct {
	verify.Entry
	When time.Time
	// Address, Connection and Content are empty when sealed for ever (Gone) or never given.
	Address    string
	Connection Connection
	Content    Content
	Trimmed    bool // the full address was dropped after the set delay
	Gone       bool // a person's key was destroyed: their part cannot be read any more
	opened     []openedPart
}

// openedPart is what a sealed part of a row says, for whoever shows it with its proof.
type openedPart struct {
	part        int
	salt, plain []byte
}

// rowOf reads a stored entry at its place.
func (f *fields) rowOf(log core.ID, seq uint64, p packed) (*Row, error) {
	if !f.cut(p.text) {
		return nil, fmt.Errorf("journal: entry %d: %w", seq, errBody)
	}
	r := &Row{Entry: f.entry(string(log), seq)}
	r.When = clock.FromMicros(r.At)
	var err error
	if r.Parts, err = verify.DecodeParts(p.sealed); err != nil {
		return nil, fmt.Errorf("journal: entry %d: %w", r.Seq, err)
	}
	return r, nil
}

// owner gives the owner of a part's key.
func (r *Row) owner(p verify.Part) core.ID {
	switch {
	case p.Owner == verify.OfActor:
		return core.ID(r.Actor)
	case p.Owner == verify.OfSubject && len(r.Subjects) > 0:
		return core.ID(r.Subjects[0])
	}
	return core.ID(r.Log)
}

// open reads the sealed parts of a row. A destroyed key is no error; a part that does not open is.
func (m *Module) open(ctx context.Context, r *Row) error {
	return r.open(m.opener(ctx))
}

// opener opens what was sealed for one owner or another.
type opener = func(owner core.ID, where string, sealed []byte) ([]byte, error)

// opener gives one for the entries of one answer: a vault that can unwraps each owner's key once. Do not keep it.
func (m *Module) opener(ctx context.Context) opener {
	v, able := m.sealer.(interface {
		Opener(ctx context.Context, owner core.ID) (func(where string, sealed []byte) ([]byte, error), error)
	})
	if !able {
		return func(owner core.ID, where string, sealed []byte) ([]byte, error) {
			return m.sealer.Open(ctx, owner, where, sealed)
		}
	}
	by := map[core.ID]func(where string, sealed []byte) ([]byte, error){}
	return func(owner core.ID, where string, sealed []byte) (_ []byte, err error) {
		open := by[owner]
		if open == nil {
			if open, err = v.Opener(ctx, owner); err != nil {
				return nil, err
			}
			by[owner] = open
		}
		return open(where, sealed)
	}
}

func (r *Row) open(open opener) error {
	r.opened = make([]openedPart, 0, len(r.Parts))
	for i, p := range r.Parts {
		if p.Dropped {
			r.Trimmed = r.Trimmed || p.Kind == verify.Address
			continue
		}
		salted, err := open(r.owner(p), where(p.Kind, r.ID), p.Sealed)
		if core.KindOf(err) == core.Gone {
			r.Gone = true
			continue
		}
		if err != nil || len(salted) < verify.SaltSize {
			return fmt.Errorf("journal: entry %d does not open: %w", r.Seq, err)
		}
		salt, plain := salted[:verify.SaltSize], salted[verify.SaltSize:]
		r.opened = append(r.opened, openedPart{i, salt, plain})
		switch p.Kind {
		case verify.Address:
			r.Address = string(plain)
		case verify.Connection:
			err = r.Connection.read(plain)
		case verify.Content:
			err = json.Unmarshal(plain, &r.Content)
		}
		if err != nil {
			return fmt.Errorf("journal: entry %d: %w", r.Seq, err)
		}
	}
	return nil
}

// says tells whether a row holds every word, in its codes, its opened parts or the names of those concerned.
func (r *Row) says(words []string, names map[core.ID]core.Person) bool {
	var b strings.Builder
	for _, s := range []string{r.Action, r.Type, r.Reason, r.Outcome, r.Address, r.Connection.Agent, r.Connection.Network, r.Content.Note} {
		b.WriteString(s + "\n")
	}
	for _, c := range r.Content.Changes {
		b.WriteString(c.Field + "\n" + c.Before + "\n" + c.After + "\n")
	}
	for _, id := range append([]string{r.Actor}, r.Subjects...) {
		p := names[core.ID(id)]
		b.WriteString(p.Name() + "\n" + p.Email + "\n")
	}
	text := strings.ToLower(b.String())
	for _, w := range words {
		if !strings.Contains(text, w) && !r.hasID(w) {
			return false
		}
	}
	return true
}

// hasID tells whether a word is one of the row's ids, whole: parts of an id say nothing.
func (r *Row) hasID(w string) bool {
	return w == r.ID || w == r.Resource || w == r.Request || w == r.Actor || w == string(r.Connection.Session) || slices.Contains(r.Subjects, w)
}

// phrases cuts what was typed into words; what stands between quotes stays together.
func phrases(typed string) []string {
	var out []string
	for i, part := range strings.Split(strings.ToLower(typed), `"`) {
		if i%2 == 0 {
			out = append(out, strings.Fields(part)...)
		} else if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
