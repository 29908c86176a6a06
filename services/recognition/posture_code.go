package recognition

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
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

var guessing = &core.Duty{Name: "workstation.guess", Why: "counts attempts at a code of a workstation, by the source they come from"}

const (
	deskCodeLife  = 15 * time.Minute
	deskTokenLife = 180 * 24 * time.Hour
)

// deskScopes are all that the token of a workstation can do.
var deskScopes = []core.Permission{"call.watch", "call.dial", "call.history", "script.fetch", "workstation.report"}

var (
	errDeskCode = i18n.Fault(core.Gone, "workstation.code", "Ce code est inconnu, a expiré ou a déjà servi. Faites-en un autre.", "This code is unknown, has expired or was used. Make another.")
	errDeskSlow = i18n.Fault(core.TooMany, "workstation.code_often", "Trop de codes essayés. Réessayez plus tard.", "Too many codes tried. Try again later.")

	perDeskSource = abuse.Limit{Burst: 10, Every: time.Minute}
	perDeskHouse  = abuse.Limit{Burst: 300, Every: time.Second}
)

var (
	qCodeAdd    = db.SQL(`INSERT INTO recognition_desk_code (org, id, hash, person, token, until_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	qCodeTake   = db.SQL(`SELECT org, id, hash, person, token, until_at FROM recognition_desk_code WHERE hash = $1`)
	qCodeDrop   = db.SQL(`DELETE FROM recognition_desk_code WHERE org = $1 AND id = $2`)
	qCodesDrop  = db.SQL(`DELETE FROM recognition_desk_code WHERE person = $1`)
	qCodesCount = db.SQL(`SELECT count(*) FROM recognition_desk_code WHERE person = $1`)
)

var codeAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newDeskCode gives 16 signs, 80 bits, in groups of four.
func newDeskCode() string {
	b := make([]byte, 10)
	_, _ = rand.Read(b)
	c := codeAlphabet.EncodeToString(b)
	return c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
}

// plainCode undoes what people do to a code that they copy.
func plainCode(code string) string {
	return strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(code)))
}

func codeHash(code string) []byte {
	sum := sha256.Sum256([]byte("rempart.desk.hash\x00" + code))
	return sum[:]
}

// underCode is a cipher whose key is the code: 80 random bits need no stretching.
func underCode(code string) cipher.AEAD {
	key := sha256.Sum256([]byte("rempart.desk.key\x00" + code))
	block, _ := aes.NewCipher(key[:]) // 32 bytes: cannot fail
	a, _ := cipher.NewGCMWithRandomNonce(block)
	return a
}

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
	c := DeskCode{Code: newDeskCode(), Until: now.Add(deskCodeLife)}
	plain, id := plainCode(c.Code), ids.At(now)
	act := &core.Act{Def: MakeDeskCode, Org: org, Subject: me, Resource: id}
	return c, m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		sealed := underCode(plain).Seal(nil, nil, []byte(secret), []byte(id))
		_, err := tx.Exec(ctx, qCodeAdd, org, id, codeHash(plain), me, sealed, micros(c.Until))
		return err
	})
}

type codeRow struct {
	org, id, person core.ID
	hash, token     []byte
	until           int64
}

func scanCode(scan db.Scan) (r codeRow, err error) {
	err = scan(&r.org, &r.id, &r.hash, &r.person, &r.token, &r.until)
	return r, err
}

// DeskToken is what a workstation gets for its code.
type DeskToken struct {
	Org   core.ID
	Token string
}

// EnrolDesk exchanges a code for its token, once. Anyone may try, within limits.
func (m *Module) EnrolDesk(ctx context.Context, code string) (t DeskToken, err error) {
	if err := m.slowDesk(ctx); err != nil {
		return t, err
	}
	plain, now := plainCode(code), m.now()
	hash := codeHash(plain)
	act := &core.Act{Def: UseDeskCode, Org: core.Platform}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		r, found, err := db.One(ctx, tx, qCodeTake, scanCode, hash)
		if err != nil {
			return err
		}
		if !found || subtle.ConstantTimeCompare(r.hash, hash) != 1 || r.until <= micros(now) {
			act.Fail(errDeskCode.Code)
			return nil
		}
		secret, err := underCode(plain).Open(nil, nil, r.token, []byte(r.id))
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

// slowDesk keeps a stranger from trying codes.
func (m *Module) slowDesk(ctx context.Context) error {
	source := abuse.Source(core.ActorOf(ctx).Address).String()
	var v abuse.Verdict
	err := m.needs.Gate.Keep(ctx, guessing, func(tx core.Tx) (err error) {
		for _, l := range []struct {
			key   string
			limit abuse.Limit
		}{{source, perDeskSource}, {"", perDeskHouse}} {
			sum := sha256.Sum256([]byte("recognition.desk\x00" + l.key))
			if v, err = abuse.Take(ctx, tx, "desk:"+hex.EncodeToString(sum[:16]), l.limit, m.now()); err != nil || !v.OK {
				return err
			}
		}
		return nil
	})
	if err == nil && !v.OK {
		err = errDeskSlow.After(v.Retry)
	}
	return err
}
