package rights

import (
	"context"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errAnswer   = i18n.Fault(core.Invalid, "rights.answer", "Écrivez la réponse, en 20000 caractères au plus.", "Write the answer, in at most 20000 characters.")
	errGround   = i18n.Fault(core.Invalid, "rights.ground", "Choisissez un motif qui convient à ce droit.", "Choose a ground that suits this right.")
	errNoTime   = i18n.Fault(core.Conflict, "rights.no_extension", "Le premier mois est passé, ou la demande a déjà été prolongée.", "The first month has passed, or the request was extended already.")
	errTodo     = i18n.Fault(core.Conflict, "rights.todo", "Des tâches restent à faire : dites-les faites, ou refusez la demande.", "Tasks remain: tell that they are done, or refuse the request.")
	errIdentity = i18n.Fault(core.Conflict, "rights.identity_only", "Tant que l'identité n'est pas établie, le seul motif possible est celui de l'identité.", "As long as identity is not established, the only possible ground is that of identity.")
)

const mostAnswer = 20000

// close ends a request. What proved an identity goes with it.
func (m *Module) close(ctx context.Context, tx core.Tx, done *core.Act, r *Request, state State, what, note string) error {
	if _, err := m.destroy(ctx, tx, done, r); err != nil {
		return err
	}
	if err := m.resume(ctx, tx, r); err != nil {
		return err
	}
	r.State, r.Closed = state, m.now()
	if a := core.ActorOf(ctx); a.Kind == core.HumanActor || a.Kind == core.ServiceActor {
		r.ClosedBy = a.ID
	}
	if err := m.step(ctx, tx, r, what, note); err != nil {
		return err
	}
	return m.save(ctx, tx, r)
}

// Reply answers a request: the officer's words, with the foot that names the authority, kept as proof and told by mail. It asks
// that the identity is established and that every task in a room of the platform is done.
func (m *Module) Reply(ctx context.Context, org, id core.ID, text string) error {
	text, ok := words(text, mostAnswer)
	if !ok || text == "" {
		return errAnswer.With("text", errAnswer.Code)
	}
	return m.deciding(ctx, Answer, org, id, "", func(tx core.Tx, done *core.Act, r *Request) error {
		if r.Proof != Proved {
			return errUnproved
		}
		todo, err := m.todo(ctx, tx, r)
		if err != nil {
			return err
		}
		if todo {
			return errTodo
		}
		return m.conclude(ctx, tx, done, r, letter.Answer, Answered, stepAnswered, text)
	})
}

// todo tells whether something remains that must come before the answer. An erasure that was ordered goes on by itself.
func (m *Module) todo(ctx context.Context, tx core.Tx, r *Request) (bool, error) {
	list, err := m.tasks(ctx, tx, r)
	if err != nil {
		return false, err
	}
	for _, t := range list {
		ordered := t.Place == AtModule && r.Kind == Erasure && !r.Carried.IsZero()
		if t.State == TaskOpen && t.Place != AtRecipient && !ordered {
			return true, nil
		}
	}
	return false, nil
}

// conclude keeps the signed text, tells that it is there and closes the request.
func (m *Module) conclude(ctx context.Context, tx core.Tx, done *core.Act, r *Request, kind string, state State, what, text string) error {
	full, err := m.signed(ctx, tx, r, text)
	if err != nil {
		return err
	}
	f, err := m.facts(ctx, tx, r)
	if err != nil {
		return err
	}
	subject, _ := letter.Compose(langOf(r), kind, f)
	if err := m.keep(ctx, tx, r, kind, subject, full); err != nil {
		return err
	}
	done.Changed("state", string(r.State), string(state))
	if err := m.close(ctx, tx, done, r, state, what, ""); err != nil {
		return err
	}
	return m.write(ctx, tx, r, kind, "")
}

// RefuseOne refuses a request by a ground of the law, in the officer's words.
func (m *Module) RefuseOne(ctx context.Context, org, id core.ID, ground Ground, motive string) error {
	motive, ok := words(motive, mostAnswer)
	if !ok || motive == "" {
		return errWhy.With("why", errWhy.Code)
	}
	return m.deciding(ctx, Refuse, org, id, motive, func(tx core.Tx, done *core.Act, r *Request) error {
		if !ground.Suits(r.Kind) {
			return errGround.With("ground", errGround.Code)
		}
		if r.Proof != Proved && ground != GroundIdentity {
			return errIdentity
		}
		done.Changed("ground", "", string(ground))
		return m.conclude(ctx, tx, done, r, letter.Refusal, Refused, stepRefused, letter.Refuse(langOf(r), string(ground), motive))
	})
}

// ExtendOne takes two more months, by a motivated notice that leaves within the first (article 12-3).
func (m *Module) ExtendOne(ctx context.Context, org, id core.ID, why string) error {
	why, ok := words(why, 2000)
	if !ok || why == "" {
		return errWhy.With("why", errWhy.Code)
	}
	return m.deciding(ctx, Extend, org, id, "", func(tx core.Tx, done *core.Act, r *Request) error {
		c, zone, err := m.course(ctx, tx, r)
		if err != nil {
			return err
		}
		if !c.MayExtend(zone, m.now()) {
			return errNoTime
		}
		r.Extended = m.now()
		if err := m.reckon(ctx, tx, r); err != nil {
			return err
		}
		if err := m.step(ctx, tx, r, stepExtended, why); err != nil {
			return err
		}
		if err := m.save(ctx, tx, r); err != nil {
			return err
		}
		return m.write(ctx, tx, r, letter.Extension, why)
	})
}

// withdraw ends a request that its own author takes back.
func (m *Module) withdraw(ctx context.Context, tx core.Tx, done *core.Act, r *Request) error {
	if !r.Carried.IsZero() {
		return errCarried
	}
	if err := m.close(ctx, tx, done, r, Withdrawn, stepWithdrawn, ""); err != nil {
		return err
	}
	return m.write(ctx, tx, r, letter.Withdrawn, "")
}

// Drop withdraws the request that a mailed link opens.
func (m *Module) Drop(ctx context.Context, token string) error {
	return m.holding(ctx, DropOne, token, func(tx core.Tx, done *core.Act, r *Request) error { return m.withdraw(ctx, tx, done, r) })
}

// Withdraw takes back one's own request.
func (m *Module) Withdraw(ctx context.Context, id core.ID) error {
	me := core.ActorOf(ctx).ID
	done := &core.Act{Def: WithdrawOwn, Org: core.Platform, Resource: id, Subject: me}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		r, err := m.mine(ctx, tx, me, id)
		if err != nil {
			return err
		}
		if r.State != Open {
			return errClosed
		}
		return m.withdraw(ctx, tx, done, &r)
	})
}

// draft gives the first words of an answer, in the language of the requester: for information, the activities of the register.
func (m *Module) draft(ctx context.Context, tx core.Tx, r *Request) (string, error) {
	more := ""
	if door := m.needs.Doors().Registrar; r.Kind == Information && door != nil {
		all, err := door.Activities(ctx, tx, r.Org)
		if err != nil {
			return "", err
		}
		var lines []string
		l := langOf(r)
		for _, a := range all {
			lines = append(lines, "- "+i18n.From(a.Title).Say(l)+" : "+i18n.From(a.About).Say(l)+".")
		}
		more = strings.Join(lines, "\n")
	}
	return letter.Draft(langOf(r), string(r.Kind), more), nil
}
