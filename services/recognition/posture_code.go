package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/code"
)

// The acts of installing a workstation.
var (
	MakeDeskCode = ownAct(deviceAct("workstation.invite", core.Creates, "Faire un code pour installer son poste de travail", "Make a code to install one's workstation"))
	UseDeskCode  = func() *core.ActDef {
		d := deviceAct("workstation.enrol", core.Updates, "Échanger un code contre le jeton de son poste de travail", "Exchange a code for the token of one's workstation")
		d.Reach = core.ByAnyone
		return d
	}()
)

const deskTokenLife = 180 * 24 * time.Hour

// deskScopes are all that the token of a workstation can do.
var deskScopes = []core.Permission{"call.watch", "call.dial", "call.history", "script.fetch", "workstation.report"}

var (
	errDeskCode = i18n.Fault(core.Gone, "workstation.code", "Ce code est inconnu, a expiré ou a déjà servi. Faites-en un autre.", "This code is unknown, has expired or was used. Make another.")
	errDeskSlow = i18n.Fault(core.TooMany, "workstation.code_often", "Trop de codes essayés. Réessayez plus tard.", "Too many codes tried. Try again later.")
)

var (
	qCodeAdd    = db.SQL(`INSERT INTO recognition_desk_code (org, id, hash, person, token, until_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	qCodeTake   = db.SQL(`SELECT org, id, person, token, until_at FROM recognition_desk_code WHERE hash = $1`)
	qCodeDrop   = db.SQL(`DELETE FROM recognition_desk_code WHERE org = $1 AND id = $2`)
	qCodesDrop  = db.SQL(`DELETE FROM recognition_desk_code WHERE person = $1`)
	qCodesCount = db.SQL(`SELECT count(*) FROM recognition_desk_code WHERE person = $1 HAVING count(*) > 0`)
)

// DeskCode is a code that installs a workstation, shown once.
type DeskCode struct {
	Code  string
	Until time.Time
}

// InviteDesk makes a token of the actor's own that can do nothing but follow their calls, dial and report a workstation, and a code
// that fetches it once. The token is kept under the code, which is not kept.
func (m *Module) InviteDesk(ctx context.Context, org core.ID) (DeskCode, error) {
	me, now := core.ActorOf(ctx).ID, m.now()
	secret, err := m.needs.Tokens.Personal(ctx, "Workstation", deskScopes, now.Add(deskTokenLife))
	if err != nil {
		return DeskCode{}, err
	}
	c, id := DeskCode{Code: code.New(), Until: now.Add(code.Life)}, ids.At(now)
	act := &core.Act{Def: MakeDeskCode, Org: org, Subject: me, Resource: id}
	return c, m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		sealed := code.Workstation.Cipher(c.Code).Seal(nil, nil, []byte(secret), []byte(id))
		_, err := tx.Exec(ctx, qCodeAdd, org, id, code.Workstation.Hash(c.Code), me, sealed, clock.Micros(c.Until))
		return err
	})
}

type codeRow struct {
	org, id, person core.ID
	token           []byte
	until           int64
}

func scanCode(scan db.Scan) (r codeRow, err error) {
	err = scan(&r.org, &r.id, &r.person, &r.token, &r.until)
	return r, err
}

// DeskToken is what a workstation gets for its code.
type DeskToken struct {
	Org   core.ID
	Token string
}

// EnrolDesk exchanges a code for its token, once. Anyone may try, within limits.
func (m *Module) EnrolDesk(ctx context.Context, typed string) (t DeskToken, err error) {
	now, hash := m.now(), code.Workstation.Hash(typed)
	act := &core.Act{Def: UseDeskCode, Org: core.Platform}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		v, err := code.Workstation.Try(ctx, tx, now)
		if err == nil && !v.OK {
			err = errDeskSlow.After(v.Retry)
		}
		if err != nil {
			return err
		}
		r, found, err := db.One(ctx, tx, qCodeTake, scanCode, hash)
		if err != nil {
			return err
		}
		if !found || r.until <= clock.Micros(now) {
			act.Fail(errDeskCode.Code)
			return nil
		}
		secret, err := code.Workstation.Cipher(typed).Open(nil, nil, r.token, []byte(r.id))
		if err != nil {
			act.Fail(errDeskCode.Code)
			return nil
		}
		act.Org, act.Subject, act.Resource = r.org, r.person, r.id
		t = DeskToken{r.org, string(secret)}
		_, err = tx.Exec(ctx, qCodeDrop, r.org, r.id)
		return err
	})
	if err == nil && t.Token == "" {
		err = errDeskCode
	}
	return t, err
}
