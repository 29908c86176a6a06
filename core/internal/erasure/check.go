package erasure

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/rempart/rempart/core"
)

// check looks for what should be gone in three ways that do not trust one another: the rooms are asked again, the columns that
// the manifests declare are searched for the person's id, and every column in clear for the person's values.
func (m *Module) check(ctx context.Context, o *Order) error {
	left, err := m.left(ctx, o)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return m.pass(ctx, o, func(tx core.Tx, _ *core.Act) error {
			_, err := tx.Exec(ctx, qUnline, o.ID, Left)
			return err
		})
	}
	again := StepRooms
	done := &core.Act{Def: advance, Org: core.Platform, Resource: o.ID}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qAgain, o.ID, o.Step, again, BlockedLeft)
		if err != nil {
			return err
		}
		if n == 0 {
			return errMoved
		}
		done.Fail(errLeft.Code)
		return setLines(ctx, tx, o.ID, Left, left)
	})
	if err != nil {
		return err
	}
	// What came between two steps (a sign-in that was under way) goes with one more pass; what comes back for ever does not.
	if o.Tries == 0 {
		o.Step, o.Blocked, o.Tries = again, BlockedLeft, 1
		return nil
	}
	return errLeft
}

// left lists what is still there and has no ground to be.
func (m *Module) left(ctx context.Context, o *Order) (left []core.Receipt, err error) {
	again, err := m.dry(ctx, o.Scope, o.Org, o.Person)
	if err != nil {
		return nil, err
	}
	for _, r := range again {
		if r.Deleted > 0 {
			left = append(left, core.Receipt{Table: r.Table, Deleted: r.Deleted, Why: whyRows})
		}
		if r.Kept > 0 && (r.Ground == "" || r.Why.FR == "" || r.Why.EN == "") {
			left = append(left, core.Receipt{Table: r.Table + ".ground", Kept: r.Kept, Why: whyGround})
		}
	}
	if o.Scope == ScopeMember {
		return left, nil
	}
	if _, err := m.needs.Vault.Seal(ctx, o.Person, "erasure.check", nil); core.KindOf(err) != core.Gone {
		if err != nil {
			return nil, err
		}
		left = append(left, core.Receipt{Table: "vault_key", Deleted: 1, Why: whyKey})
	}
	w := &wanted{person: string(o.Person)}
	if w.values, err = m.traces(ctx, o); err != nil {
		return nil, err
	}
	err = o.journey.meet(func(j *journey) func() { return j.search }, func() error { return m.searches.do(ctx, w, m.search) })
	return gather(append(left, w.left...)), err
}

var (
	whyRows   = core.Text{FR: "La pièce a encore de quoi effacer.", EN: "The room still has something to erase."}
	whyGround = core.Text{FR: "Des lignes restent sans que la pièce dise pourquoi.", EN: "Rows stay and the room does not say why."}
	whyNamed  = core.Text{FR: "L'identifiant de la personne reste dans une colonne qui devait partir.", EN: "The person's id stays in a column that was to go."}
	whyValue  = core.Text{FR: "Une valeur de la personne reste en clair.", EN: "A value of the person stays in clear."}
	whyKey    = core.Text{FR: "La clé de la personne existe encore.", EN: "The person's key still exists."}
)

// traces opens the values to look for; none after a restore, when they could not be read any more.
func (m *Module) traces(ctx context.Context, o *Order) (values []string, err error) {
	if o.traces == nil {
		return nil, nil
	}
	plain, err := m.needs.Vault.Open(ctx, o.ID, placeTraces+string(o.ID), o.traces)
	if err != nil {
		return nil, err
	}
	return values, json.Unmarshal(plain, &values)
}

// tracesOf are the values that name one person and nobody else.
func tracesOf(p core.Person) []string {
	var list []string
	for _, v := range []string{p.Email, p.Email2, p.Phone} {
		if len(v) >= 6 && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
