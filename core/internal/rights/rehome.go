package rights

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qRehome       = db.SQL(`UPDATE rights_request SET person = $3, account = '', channel = 'form', details = $4 WHERE org = $1 AND id = $2`)
	qRehomeStep   = db.SQL(`UPDATE rights_step SET note = $3 WHERE org = $1 AND id = $2`)
	qRehomeLetter = db.SQL(`UPDATE rights_letter SET text = $3, sent_to = $4 WHERE org = $1 AND id = $2`)
	qRehomeTask   = db.SQL(`UPDATE rights_task SET note = $3 WHERE org = $1 AND id = $2`)
	qNotes        = db.SQL(`SELECT id, note FROM rights_step WHERE org = $1 AND request = $2 AND note <> $3`)
	qTaskNotes    = db.SQL(`SELECT id, note FROM rights_task WHERE org = $1 AND request = $2 AND note <> $3`)
	qTexts        = db.SQL(`SELECT id, text, sent_to FROM rights_letter WHERE org = $1 AND request = $2`)
)

// rehome gives a request a key of its own before its person is erased: what they asked, told and were answered must outlive
// their data until the answer has left, and go soon after (fade). The account is no longer named.
func (m *Module) rehome(ctx context.Context, tx core.Tx, r *Request, owner core.ID) error {
	type note struct {
		id           core.ID
		first, other []byte
	}
	move := func(where string, id core.ID, sealed []byte) ([]byte, error) {
		plain, gone, err := m.open(ctx, r.Person, where, id, sealed)
		if err != nil || gone {
			return []byte{}, err
		}
		return m.seal(ctx, owner, where, id, plain)
	}
	one := func(scan db.Scan) (n note, err error) { return n, scan(&n.id, &n.first) }
	for _, t := range []struct{ all, set, where string }{{qNotes, qRehomeStep, "rights_step.note"}, {qTaskNotes, qRehomeTask, "rights_task.note"}} {
		list, err := db.All(ctx, tx, t.all, one, r.Org, r.ID, []byte{})
		if err != nil {
			return err
		}
		for _, n := range list {
			sealed, err := move(t.where, n.id, n.first)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, t.set, r.Org, n.id, sealed); err != nil {
				return err
			}
		}
	}
	letters, err := db.All(ctx, tx, qTexts, func(scan db.Scan) (n note, err error) { return n, scan(&n.id, &n.first, &n.other) }, r.Org, r.ID)
	if err != nil {
		return err
	}
	for _, n := range letters {
		text, err := move("rights_letter.text", n.id, n.first)
		if err != nil {
			return err
		}
		to, err := move("rights_letter.sent_to", n.id, n.other)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qRehomeLetter, r.Org, n.id, text, to); err != nil {
			return err
		}
	}
	details, err := move("rights_request.details", r.ID, r.sealed)
	if err != nil {
		return err
	}
	r.Person, r.Account, r.Channel, r.sealed = owner, "", "form", details
	_, err = tx.Exec(ctx, qRehome, r.Org, r.ID, owner, details)
	return err
}
