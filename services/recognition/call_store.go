package recognition

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
	"github.com/rempart/rempart/services/recognition/line"
)

const callColumns = `org, id, person, line, state, outgoing, own, masked, began_at, answered_at, ended_at, changed_at, details, note`

var (
	qAddCall = db.SQL(`INSERT INTO recognition_call (` + callColumns + `, ref)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)
	qTurnCall   = db.SQL(`UPDATE recognition_call SET state = $3, answered_at = $4, ended_at = $5, changed_at = $6, masked = $7, details = $8 WHERE org = $1 AND id = $2`)
	qReleaseRef = db.SQL(`UPDATE recognition_call SET ref = $3 WHERE org = $1 AND id = $2`)
	qCallRef    = db.SQL(`SELECT ` + callColumns + ` FROM recognition_call WHERE org = $1 AND person = $2 AND ref = $3`)
	qOneCall    = db.SQL(`SELECT ` + callColumns + ` FROM recognition_call WHERE org = $1 AND person = $2 AND id = $3`)
	qChanged    = db.SQL(`SELECT ` + callColumns + ` FROM recognition_call WHERE org = $1 AND person = $2 AND changed_at > $3
		AND (state IN ('ringing', 'answered') OR changed_at > $4) ORDER BY changed_at DESC, id DESC LIMIT 100`)
	qHistory  = db.SQL(`SELECT ` + callColumns + ` FROM recognition_call WHERE org = $1 AND person = $2 AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4`)
	qNoteCall = db.SQL(`UPDATE recognition_call SET note = $4, changed_at = $5 WHERE org = $1 AND person = $2 AND id = $3`)

	qAddKnown = db.SQL(`INSERT INTO recognition_known (org, call, at, link, began_at, card) VALUES ($1, $2, $3, $4, $5, $6)`)
	qKnown    = db.SQL(`SELECT k.call, k.at, k.link, k.card FROM recognition_known k JOIN recognition_call c ON c.org = k.org AND c.id = k.call
		WHERE k.org = $1 AND c.person = $2 AND k.call BETWEEN $3 AND $4 ORDER BY k.call, k.at`)
	qDropKnown = db.SQL(`DELETE FROM recognition_known WHERE org = $1 AND call = $2`)
)

// Where a sealed value stands; its row's id follows.
const (
	placeCall  = "recognition_call.details/"
	placeNote  = "recognition_call.note/"
	placeKnown = "recognition_known.card/"
)

// callRow is a call as it stands in its table.
type callRow struct {
	Call
	ref           string // the exchange's own id, for hanging up
	details, note []byte
}

func scanCall(scan db.Scan) (r callRow, err error) {
	var outgoing, own, masked, began, answered, ended, changed int64
	var state string
	err = scan(&r.Org, &r.ID, &r.Person, &r.Line, &state, &outgoing, &own, &masked, &began, &answered, &ended, &changed, &r.details, &r.note)
	r.State, r.Outgoing, r.Own, r.Hidden = line.State(state), outgoing == 1, own == 1, masked == 1
	r.Began, r.Answered, r.Ended, r.Changed = clock.FromMicros(began), clock.FromMicros(answered), clock.FromMicros(ended), clock.FromMicros(changed)
	return r, err
}

// sealCall seals what is personal of a call under the key of the person whose call it is.
func (m *Module) sealCall(ctx context.Context, r *callRow) (err error) {
	automated := ""
	if r.Automated {
		automated = "1"
	}
	r.details, err = m.needs.Sealer.Seal(ctx, r.Person, placeCall+string(r.ID), pack.Texts(r.Remote, r.Display, r.Extension, r.ref, automated))
	return err
}

// opener opens values of one owner, its key read once.
type opener func(where string, sealed []byte) ([]byte, error)

// openCall opens what is sealed of a call; a person's whose key was destroyed stays empty.
func (m *Module) openCall(ctx context.Context, r *callRow) error {
	return m.openWith(func(where string, sealed []byte) ([]byte, error) {
		return m.needs.Sealer.Open(ctx, r.Person, where, sealed)
	}, r)
}

func (*Module) openWith(open opener, r *callRow) error {
	plain, err := open(placeCall+string(r.ID), r.details)
	if core.KindOf(err) == core.Gone {
		return nil
	} else if err != nil {
		return err
	}
	var automated string
	if err := pack.Read(plain, &r.Remote, &r.Display, &r.Extension, &r.ref, &automated); err != nil {
		return err
	}
	r.Automated = automated == "1"
	if len(r.note) == 0 {
		return nil
	}
	if plain, err = open(placeNote+string(r.ID), r.note); err != nil {
		return err
	}
	return pack.Read(plain, &r.Note)
}

// openAll opens the calls of one person, and who their callers were.
func (m *Module) openAll(ctx context.Context, tx core.Tx, org, person core.ID, rows []callRow) error {
	if len(rows) == 0 {
		return nil
	}
	open, err := m.needs.Bulk.Opener(ctx, person)
	if core.KindOf(err) == core.Gone {
		return nil
	} else if err != nil {
		return err
	}
	for i := range rows {
		if err := m.openWith(open, &rows[i]); err != nil {
			return err
		}
	}
	return m.readKnown(ctx, tx, org, person, rows)
}

func knownPlace(call core.ID, at int64) string {
	return placeKnown + string(call) + "/" + strconv.FormatInt(at, 10)
}

// keepKnown keeps who a caller was by the cards found, each under the key of its link: a link that is removed takes them along.
func (m *Module) keepKnown(ctx context.Context, tx core.Tx, r callRow) error {
	for i, match := range r.Cards {
		plain, err := json.Marshal(match)
		if err != nil {
			return err
		}
		sealed, err := m.needs.Sealer.Seal(ctx, match.Source, knownPlace(r.ID, int64(i)), pack.Texts(string(plain)))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddKnown, r.Org, r.ID, i, match.Source, clock.Micros(r.Began), sealed); err != nil {
			return err
		}
	}
	return nil
}

type knownRow struct {
	call core.ID
	at   int64
	link core.ID
	card []byte
}

func scanKnown(scan db.Scan) (k knownRow, err error) {
	err = scan(&k.call, &k.at, &k.link, &k.card)
	return k, err
}

// readKnown gives who callers were, by cards whose links still stand: one statement for all the calls, one key for each link.
func (m *Module) readKnown(ctx context.Context, tx core.Tx, org, person core.ID, rows []callRow) error {
	place := make(map[core.ID]int, len(rows))
	first, last := rows[0].ID, rows[0].ID
	for i, r := range rows {
		place[r.ID], first, last = i, min(first, r.ID), max(last, r.ID)
	}
	kept, err := db.All(ctx, tx, qKnown, scanKnown, org, person, first, last)
	if err != nil {
		return err
	}
	openers := map[core.ID]opener{}
	for _, k := range kept {
		i, asked := place[k.call]
		if !asked {
			continue
		}
		open, ready := openers[k.link]
		if !ready {
			if open, err = m.needs.Bulk.Opener(ctx, k.link); core.KindOf(err) == core.Gone || core.CodeOf(err) == "vault.no_key" {
				open = nil
			} else if err != nil {
				return err
			}
			openers[k.link] = open
		}
		if open == nil {
			continue
		}
		match, err := openKnown(open, k)
		if core.KindOf(err) == core.Gone {
			continue
		} else if err != nil {
			return err
		}
		rows[i].Cards, rows[i].Company = append(rows[i].Cards, match), match.CompanyOnly
	}
	return nil
}

func openKnown(open opener, k knownRow) (match Match, err error) {
	plain, err := open(knownPlace(k.call, k.at), k.card)
	if err != nil {
		return match, err
	}
	var text string
	if err := pack.Read(plain, &text); err != nil {
		return match, err
	}
	return match, json.Unmarshal([]byte(text), &match)
}
