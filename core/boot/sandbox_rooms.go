package boot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/internal/sandbox"
	"github.com/rempart/rempart/core/internal/terms"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/ids"
)

// likeness is the shape of what an organization keeps in the rooms of personal data.
type likeness struct {
	terms    []terms.Likeness
	consents []consent.Likeness
	register []register.Likeness
	requests []rights.Likeness
	settings map[string]string
	services []any // of each service, in the order of the house; nil where it takes no part
}

// likenesses gives the shape of those rooms, and says every value that people wrote in them.
func (h *House) likenesses(ctx context.Context, tx core.Tx, org core.ID, say func(table, column, value string)) (l likeness, err error) {
	in := func(table string) func(column, value string) {
		return func(column, value string) { say(table, column, value) }
	}
	if l.terms, err = h.terms.Likenesses(ctx, tx, org, in("terms_version")); err != nil {
		return l, err
	}
	if l.consents, err = h.consent.Likenesses(ctx, tx, org, in("consent_text")); err != nil {
		return l, err
	}
	if l.register, err = h.register.Likenesses(ctx, tx, org, in("register_version")); err != nil {
		return l, err
	}
	if l.requests, err = h.rights.Likenesses(ctx, tx, org, in("rights_request")); err != nil {
		return l, err
	}
	if l.settings, err = h.settings.Likeness(ctx, tx, org, h.commonWord(ctx, tx), in("settings_value")); err != nil {
		return l, err
	}
	l.services = make([]any, len(h.guests))
	for i, g := range h.guests {
		if g.Likeness == nil {
			continue
		}
		if l.services[i], err = g.Likeness(ctx, tx, org, say); err != nil {
			return l, err
		}
	}
	return l, nil
}

// tellRooms says what every organization of this installation keeps there.
func (h *House) tellRooms(ctx context.Context, tx core.Tx, say func(table, column, value string)) error {
	if err := h.measureHouse(ctx, tx, &shape{}, say); err != nil {
		return err
	}
	if _, err := h.likenesses(ctx, tx, core.Platform, say); err != nil {
		return err
	}
	for after := core.ID(""); ; {
		orgs, err := h.organizations.AllOrgs(ctx, tx, after, 500)
		if err != nil || len(orgs) == 0 {
			return err
		}
		for _, o := range orgs {
			if _, err := h.likenesses(ctx, tx, o.ID, say); err != nil {
				return err
			}
			after = o.ID
		}
	}
}

// furnisher fills the rooms of one organization with invented words.
type furnisher struct {
	h     *House
	s     *shape
	o     *orgShape
	namer *sandbox.Namer
	room  sandbox.Room
	made  *Sandbox
	said  int
	days  int // that dates are moved back by
}

// inventor is what rooms invent with.
func (f *furnisher) inventor() personal.Inventor {
	return personal.Inventor{Word: f.word, Who: f.who, When: f.when, Taken: f.taken, File: f.file, Name: f.name, Number: f.namer.Number}
}

func (f *furnisher) when(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.AddDate(0, 0, -f.days)
}

func (f *furnisher) file(l personal.FileLike) (name string, content []byte) {
	mark := f.word("Document")
	size := 0
	if l.Size > 0 {
		size = f.room.Size(l.Size)
		f.made.Files++
	}
	content = sandbox.File(l.Type, size, mark+" "+string(ids.New()))
	if l.Size > 0 {
		f.made.Bytes += int64(len(content))
	}
	return mark, content
}

// word invents a word that nothing else says.
func (f *furnisher) word(kind string) string { f.said++; return f.namer.Word(kind, f.said) }

func (f *furnisher) name() (given, family string) { return f.namer.Name(f.o.lang) }

func (f *furnisher) taken(value string) bool { return f.namer.Has(value) }

// text is a word in both languages.
func (f *furnisher) text(kind string) core.Text { return core.Text{FR: f.word(kind), EN: f.word(kind)} }

// who is the invented person in the place of a real one; "" when they are not imitated.
func (f *furnisher) who(person core.ID) core.ID {
	if p := f.s.persons[person]; p != nil {
		return p.made
	}
	return ""
}

// as acts like an invented person who has just signed in.
func (f *furnisher) as(ctx context.Context, person core.ID) context.Context {
	return core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: person, AAL: 2, AuthenticatedAt: f.h.cfg.Clock.Now()})
}

// inOrg begins to fill an organization: its dates are moved by another number of days than those of any other.
func (f *furnisher) inOrg(o *orgShape) *furnisher {
	one := *f
	one.o, one.said, one.days = o, 0, 1+rand.IntN(14)
	return &one
}

// furnish gives an organization of the sandbox as many documents, questions, lines of the register and requests as its source has,
// through the same rooms.
func (f *furnisher) furnish(ctx context.Context) error {
	for _, fill := range []func(context.Context) error{f.documents, f.questions, f.hands, f.requests, f.services} {
		if err := fill(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *furnisher) documents(ctx context.Context) error {
	for _, l := range f.o.rooms.terms {
		id, version := core.ID(""), int64(0)
		for n, again := range l.Again {
			var err error
			id, err = f.h.terms.Publish(ctx, f.o.made, id, terms.Draft{
				Title: f.text("Document"), Text: f.text("Texte"), Summary: f.text("Changement"), Required: l.Required, Again: again, Version: version,
			})
			if err != nil {
				return err
			}
			version++
			f.made.Rows++
			for _, a := range l.Accepted {
				who := f.who(a.Person)
				if a.Version != int64(n+1) || who == "" {
					continue
				}
				err := f.h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: f.o.made, Resource: id}, func(tx core.Tx) error {
					return f.h.terms.Accept(ctx, tx, who, core.Terms{Org: f.o.made, Document: id, Version: int64(n + 1)})
				})
				if err != nil {
					return err
				}
				f.made.Rows++
			}
		}
		if l.Withdrawn {
			if err := f.h.terms.Withdraw(ctx, f.o.made, id, version); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *furnisher) questions(ctx context.Context) error {
	for n, l := range f.o.rooms.consents {
		id := core.ID("")
		for i, v := range l.Versions {
			draft := consent.Draft{
				Purpose: core.Purpose(fmt.Sprintf("essai-%d", n+1)), Title: f.text("Demande"), Body: f.text("Texte"), Asks: v.Asks, Days: v.Days, Again: v.Again, Number: int64(i),
			}
			var err error
			if id, err = f.h.consent.Publish(ctx, f.o.made, id, draft); err != nil {
				return err
			}
			f.made.Rows++
			for _, a := range l.Answers {
				if a.Number != int64(i+1) {
					continue
				}
				if err := f.answer(ctx, id, v, a); err != nil {
					return err
				}
			}
		}
		if l.Closed {
			if err := f.h.consent.Close(ctx, f.o.made, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// answer has an invented person say yes, or take it back. What cannot be said again (they belong there no more, a yes to what they
// had agreed to before) is left out.
func (f *furnisher) answer(ctx context.Context, question core.ID, v consent.LikeVersion, a consent.LikeAnswer) error {
	who := f.who(a.Person)
	if who == "" {
		return nil
	}
	ctx = f.as(ctx, who)
	err := func() error {
		if !a.Given {
			return f.h.consent.Withdraw(ctx, who, question, consent.OnPage)
		}
		given := consent.Answer{Number: a.Number, Fields: a.Fields, Channel: consent.OnPage}
		if len(a.Fields) > 0 {
			given.Until = f.h.cfg.Clock.Now().AddDate(0, 0, v.Days)
			shown, err := f.h.consent.Preview(ctx, who, question, given)
			if err != nil {
				return err
			}
			given.Seen = shown.Seen
		}
		_, err := f.h.consent.Give(ctx, who, question, given)
		return err
	}()
	if err == nil {
		f.made.Rows++
	}
	return imitable(err)
}

// imitable leaves out what the state of the sandbox does not allow.
func imitable(err error) error {
	if slices.Contains([]core.Kind{core.NotFound, core.Conflict}, core.KindOf(err)) {
		return nil
	}
	return err
}

func (f *furnisher) hands(ctx context.Context) error {
	made := map[string]string{}
	for _, l := range f.o.rooms.register {
		d := register.Draft{Kind: l.Kind, Target: l.Target}
		if to := made[l.Target]; to != "" {
			d.Target = to
		}
		for d.Revision = 0; d.Revision < l.Revisions; d.Revision++ {
			d.Values = map[string]string{}
			for _, field := range l.Fields {
				if d.Values[field] = l.Choices[field]; d.Values[field] == "" {
					d.Values[field] = f.word("Mention")
				}
			}
			id, err := f.h.register.Save(ctx, f.o.made, d)
			if core.KindOf(err) == core.NotFound || core.KindOf(err) == core.Conflict { // about an activity that the sandbox has not, or a second card
				break
			}
			if err != nil {
				return err
			}
			d.ID, made[string(l.ID)] = id, string(id)
			f.made.Rows++
		}
		if l.Ended && d.ID != "" {
			if err := f.h.register.End(ctx, f.o.made, d.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// house fills the rooms of the provider.
func (f *furnisher) house(ctx context.Context) error {
	by := f.inventor()
	inventoried, err := f.h.inventory.Imitate(ctx, f.s.inventory, by)
	if err != nil {
		return err
	}
	attested, err := f.h.attestation.Imitate(ctx, f.s.attestation, by)
	if err != nil {
		return err
	}
	handled, err := f.h.incident.Imitate(ctx, f.s.incidents, by)
	f.made.Rows += inventoried + attested + handled
	return err
}

// archives makes those that could be taken in the source, of whoever stands in the place of a person.
func (f *furnisher) archives(ctx context.Context) error {
	for _, l := range f.s.archives {
		who := f.who(l.Person)
		if who == "" {
			continue
		}
		if err := f.h.archive.Imitate(ctx, who, l.Portable); err != nil {
			return err
		}
		f.made.Rows++
	}
	return nil
}

func (f *furnisher) services(ctx context.Context) error {
	for i, like := range f.o.rooms.services {
		if like == nil {
			continue
		}
		n, err := f.h.guests[i].Imitate(ctx, f.o.made, like, f.inventor())
		f.made.Served += n
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *furnisher) requests(ctx context.Context) error {
	for _, l := range f.o.rooms.requests {
		l.Account = f.who(l.Account)
		owner := l.Account
		if owner == "" || l.Channel != "space" {
			owner = ids.New()
			if err := f.h.vault.MakeKeys(ctx, owner); err != nil {
				return err
			}
		}
		p := f.namer.Person(l.Language, false)
		who := rights.Details{Name: p.GivenName + " " + p.FamilyName, Email: p.Email, Text: f.word("Demande")}
		err := f.h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: f.o.made, Resource: f.o.made}, func(tx core.Tx) error {
			return f.h.rights.Imitate(ctx, tx, f.o.made, owner, l, who, f.inventor())
		})
		if err != nil {
			return err
		}
		f.made.Rows++
	}
	return nil
}
