package rights

import (
	"context"
	"strings"
	"unicode"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// mostTries is how many facts may be tried for one request.
const mostTries = 5

var (
	errLink     = i18n.Fault(core.Gone, "rights.link", "Ce lien a expiré, ou n'en a jamais été un.", "This link has expired, or never was one.")
	errClosed   = i18n.Fault(core.Conflict, "rights.closed", "Cette demande est close.", "This request is closed.")
	errUnproved = i18n.Fault(core.Conflict, "rights.unproved", "L'identité n'est pas établie : rien ne peut être fait sur cette demande.", "Identity is not established: nothing can be done on this request.")
	errProved   = i18n.Fault(core.Conflict, "rights.proved", "L'identité est déjà établie.", "Identity is already established.")
	errTries    = i18n.Fault(core.TooMany, "rights.tries", "Trop d'essais. Le délégué à la protection des données examinera votre demande.", "Too many attempts. The data-protection officer will look at your request.")
	errWhy      = i18n.Fault(core.Invalid, "rights.why", "Dites pourquoi, en 2000 caractères au plus.", "Say why, in at most 2000 characters.")
	errFact     = i18n.Fault(core.Invalid, "rights.fact", "Écrivez un fait, en 200 caractères au plus.", "Write a fact, in at most 200 characters.")
)

// Followed is what the page behind a mailed link shows. It holds nothing that the requester does not know, but the answer.
type Followed struct {
	Request
	Desk      string
	Asked     bool     // a proof of identity is awaited
	Documents int      // sent and not yet destroyed
	Letters   []Letter // answer and refusal alone
}

// behind finds the request that a mailed link opens.
func (m *Module) behind(ctx context.Context, tx core.Tx, token string) (Request, error) {
	type at struct{ org, request core.ID }
	l, found, err := db.One(ctx, tx, qLink, func(scan db.Scan) (a at, err error) { return a, scan(&a.org, &a.request) }, markOf(token), clock.Micros(m.now()))
	if err != nil {
		return Request{}, err
	}
	if !found {
		return Request{}, errLink
	}
	r, err := m.load(ctx, tx, l.org, l.request)
	if core.KindOf(err) == core.NotFound {
		err = errLink
	}
	if err == nil && r.JoinedTo != "" {
		return m.load(ctx, tx, l.org, r.JoinedTo)
	}
	return r, err
}

// Behind shows the request that a mailed link opens, and changes nothing: programs that read mails open links too.
func (m *Module) Behind(ctx context.Context, token string) (f Followed, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Follow, Org: core.Platform}, func(tx core.Tx) error {
		r, err := m.behind(ctx, tx, token)
		if err != nil {
			return err
		}
		f, err = m.followed(ctx, tx, r)
		return err
	})
	return f, err
}

func (m *Module) followed(ctx context.Context, tx core.Tx, r Request) (f Followed, err error) {
	f = Followed{Request: r, Asked: r.Proof == Doubted}
	if err := m.reckonNow(ctx, tx, &f.Request); err != nil {
		return f, err
	}
	o, err := m.desk(ctx, tx, r.Org)
	if err != nil {
		return f, err
	}
	f.Desk = o.Name
	docs, err := m.documents(ctx, tx, &r)
	if err != nil {
		return f, err
	}
	for _, d := range docs {
		if d.Destroyed.IsZero() {
			f.Documents++
		}
	}
	all, err := m.letters(ctx, tx, &r)
	for _, l := range all {
		if l.Final() {
			f.Letters = append(f.Letters, l)
		}
	}
	return f, err
}

// reckonNow brings the term of a request whose clock stands still up to this moment, for whoever looks at it.
func (m *Module) reckonNow(ctx context.Context, tx core.Tx, r *Request) error {
	if r.State != Open || r.Proof != Doubted {
		return nil
	}
	return m.reckon(ctx, tx, r)
}

// holding runs fn on the open request behind a link, in the act of its holder.
func (m *Module) holding(ctx context.Context, def *core.ActDef, token string, fn func(tx core.Tx, done *core.Act, r *Request) error) error {
	var at Request
	err := m.needs.Gate.Read(ctx, &core.Act{Def: Follow, Org: core.Platform}, func(tx core.Tx) (err error) { at, err = m.behind(ctx, tx, token); return err })
	if err != nil {
		return err // no entry for a link that opens nothing
	}
	done := &core.Act{Def: def, Org: at.Org, Resource: at.ID, Subject: at.Person}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		r, err := m.behind(ctx, tx, token)
		if err != nil {
			return err
		}
		if r.State != Open {
			return errClosed
		}
		return fn(tx, done, &r)
	})
}

// ConfirmOne takes the word of whoever holds the mailed link, with a fact that the organization can compare with what it
// holds. The answer is the same whether the fact is right or not, and whether anyone is known.
func (m *Module) ConfirmOne(ctx context.Context, token, fact string) error {
	fact, ok := line(fact, 200)
	if !ok || fact == "" {
		return errFact.With("fact", errFact.Code)
	}
	return m.holding(ctx, Confirm, token, func(tx core.Tx, done *core.Act, r *Request) error {
		if r.Proof == Proved {
			return nil
		}
		if r.tries++; r.tries > mostTries {
			return errTries
		}
		if err := m.step(ctx, tx, r, stepConfirmed, ""); err != nil {
			return err
		}
		if err := m.step(ctx, tx, r, stepFact, fact); err != nil {
			return err
		}
		right, err := m.recognize(ctx, tx, r, fact)
		if err != nil {
			return err
		}
		switch {
		case right:
			if err := m.proved(ctx, tx, r, ByLink); err != nil {
				return err
			}
		case r.Proof == Doubted:
			r.Proof = Given
			if err := m.resume(ctx, tx, r); err != nil {
				return err
			}
		case r.Proof == Unproved || r.Proof == Failed:
			r.Proof = Mailed
		}
		done.Changed("proof", "", string(r.Proof))
		return m.joinOrSave(ctx, tx, r)
	})
}

// recognize finds the person of the platform whose mailbox it is, and compares the fact with what is held about them: their
// telephone, their function or their department in the organization.
func (m *Module) recognize(ctx context.Context, tx core.Tx, r *Request, fact string) (bool, error) {
	p, found, err := m.needs.People.PersonByEmail(ctx, tx, r.Email)
	if err != nil || !found {
		return false, err
	}
	facts := []string{p.Phone, p.Email2}
	if r.Org != core.Platform {
		member, is, err := m.needs.Orgs.MemberOf(ctx, tx, r.Org, p.ID)
		if err != nil || !is {
			return false, err
		}
		facts = append(facts, member.Function, member.Department, member.Group, member.Committee)
	}
	r.Account = p.ID
	for _, f := range facts {
		if f = plain(f); len(f) > 3 && f == plain(fact) {
			return true, nil
		}
	}
	return false, nil
}

// plain folds what people write differently: case, spaces, signs, the national form of a French number.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
	if len(s) == 10 && s[0] == '0' && strings.Trim(s, "0123456789") == "" {
		return "33" + s[1:]
	}
	return s
}

// joinOrSave saves a request, unless its person, now known, already asks the same: then one answer serves both.
func (m *Module) joinOrSave(ctx context.Context, tx core.Tx, r *Request) error {
	if r.Account != "" {
		before, found, err := m.same(ctx, tx, r)
		if err != nil {
			return err
		}
		if found {
			if err := m.unseal(ctx, &before); err != nil {
				return err
			}
			if err := m.step(ctx, tx, &before, stepAgain, r.Text); err != nil {
				return err
			}
			if err := m.step(ctx, tx, r, stepJoined, ""); err != nil {
				return err
			}
			r.State, r.JoinedTo, r.Closed = Joined, before.ID, m.now()
			if err := m.save(ctx, tx, r); err != nil {
				return err
			}
			return m.write(ctx, tx, &before, letter.Again, "")
		}
	}
	return m.save(ctx, tx, r)
}

// proved writes that identity is established, destroys what showed it and plans what is to do.
func (m *Module) proved(ctx context.Context, tx core.Tx, r *Request, how string) error {
	r.Proof, r.How, r.ProvedAt = Proved, how, m.now()
	if a := core.ActorOf(ctx); a.Kind == core.HumanActor {
		r.ProvedBy = a.ID
	}
	if err := m.resume(ctx, tx, r); err != nil {
		return err
	}
	if err := m.step(ctx, tx, r, stepProved, ""); err != nil {
		return err
	}
	return m.plan(ctx, tx, r)
}

// resume lets the clock of a request run again.
func (m *Module) resume(ctx context.Context, tx core.Tx, r *Request) error {
	n, err := tx.Exec(ctx, qEndPause, r.Org, r.ID, clock.Micros(m.now()))
	if err != nil || n == 0 {
		return err
	}
	return m.reckon(ctx, tx, r)
}

// deciding runs fn on an open request, in an act of the officer.
func (m *Module) deciding(ctx context.Context, def *core.ActDef, org, id core.ID, note string, fn func(tx core.Tx, done *core.Act, r *Request) error) error {
	done := &core.Act{Def: def, Org: org, Resource: id, Note: note}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		r, err := m.load(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if r.State != Open {
			return errClosed
		}
		done.Subject = r.Person
		return fn(tx, done, &r)
	})
}

// AskProof tells a requester why their identity is in doubt and what would end it. The clock stands still until they answer.
func (m *Module) AskProof(ctx context.Context, org, id core.ID, why string) error {
	why, ok := words(why, 2000)
	if !ok || why == "" {
		return errWhy.With("why", errWhy.Code)
	}
	return m.deciding(ctx, Doubt, org, id, "", func(tx core.Tx, done *core.Act, r *Request) error {
		if r.Proof == Proved {
			return errProved
		}
		done.Changed("proof", string(r.Proof), string(Doubted))
		r.Proof = Doubted
		if _, err := tx.Exec(ctx, qPause, org, id, clock.Micros(m.now())); err != nil {
			return err
		}
		if err := m.reckon(ctx, tx, r); err != nil {
			return err
		}
		if err := m.step(ctx, tx, r, stepDoubted, why); err != nil {
			return err
		}
		if err := m.save(ctx, tx, r); err != nil {
			return err
		}
		return m.write(ctx, tx, r, letter.Doubt, why)
	})
}

// Establish is the officer's verdict on an identity, with the reason. The documents that served are destroyed by it.
func (m *Module) Establish(ctx context.Context, org, id core.ID, is bool, why string) error {
	why, ok := words(why, 2000)
	if !ok || why == "" {
		return errWhy.With("why", errWhy.Code)
	}
	return m.deciding(ctx, Prove, org, id, why, func(tx core.Tx, done *core.Act, r *Request) error {
		if r.Proof == Proved {
			return errProved
		}
		before := r.Proof
		destroyed, err := m.destroy(ctx, tx, done, r)
		if err != nil {
			return err
		}
		if !is {
			r.Proof = Failed
			done.Changed("proof", string(before), string(Failed))
			if err := m.resume(ctx, tx, r); err != nil {
				return err
			}
			if err := m.step(ctx, tx, r, stepFailed, why); err != nil {
				return err
			}
			return m.save(ctx, tx, r)
		}
		if r.Account == "" {
			if err := m.adopt(ctx, tx, r); err != nil {
				return err
			}
		}
		how := ByPerson
		if destroyed > 0 {
			how = ByDocument
		}
		if err := m.proved(ctx, tx, r, how); err != nil {
			return err
		}
		done.Changed("proof", string(before), string(Proved))
		return m.joinOrSave(ctx, tx, r)
	})
}

// adopt names the person of the platform that a request comes from, when the organization knows the address.
func (m *Module) adopt(ctx context.Context, tx core.Tx, r *Request) error {
	p, found, err := m.needs.People.PersonByEmail(ctx, tx, r.Email)
	if err != nil || !found {
		return err
	}
	if r.Org != core.Platform {
		if _, is, err := m.needs.Orgs.MemberOf(ctx, tx, r.Org, p.ID); err != nil || !is {
			return err
		}
	}
	r.Account = p.ID
	return nil
}
