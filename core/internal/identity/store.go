package identity

import (
	"context"
	"embed"
	"io/fs"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema gives the tables of the module.
func Schema() db.Schema {
	sub, err := fs.Sub(schema, "schema")
	if err != nil {
		panic(err) // embedded
	}
	return db.Schema{Module: "identity", FS: sub}
}

const personColumns = `id, profile, language, functional, responsible, state, created_at`

var (
	qPersonAdd = db.SQL(`INSERT INTO identity_person (` + personColumns + `, updated_at, mark)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) ON CONFLICT DO NOTHING`)
	qAccountAdd = db.SQL(`INSERT INTO identity_account (id, person, mark, created_at, signed_in_at) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT DO NOTHING`)
	qPerson        = db.SQL(`SELECT ` + personColumns + ` FROM identity_person WHERE id = $1`)
	qPersonByEmail = db.SQL(`SELECT ` + personColumns + ` FROM identity_person WHERE mark IN ($1, $2)`)
	qAnyone        = db.SQL(`SELECT id FROM identity_person LIMIT 1`)
	qPeople8       = db.SQL(`SELECT ` + personColumns + ` FROM identity_person WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qPeople64      = db.SQL(`SELECT ` + personColumns + ` FROM identity_person WHERE id IN (` + placeholders(64) + `)`)

	qPersonUpdate = db.SQL(`UPDATE identity_person SET profile = $2, mark = $3, language = $4, functional = $5, responsible = $6,
		state = $7, updated_at = $8 WHERE id = $1`)
	qLoginUpdate = db.SQL(`UPDATE identity_account SET mark = $2 WHERE person = $1`)
	qLoginTaken  = db.SQL(`SELECT person FROM identity_account WHERE mark IN ($1, $2)`)
	qState       = db.SQL(`UPDATE identity_person SET state = $2, updated_at = $3 WHERE id = $1`)
	qActive      = db.SQL(`UPDATE identity_person SET state = 'active', updated_at = $2 WHERE id = $1 AND state <> 'disabled'`)
	qSignedIn    = db.SQL(`UPDATE identity_account SET signed_in_at = $2 WHERE person = $1`)
	qSignedInAt  = db.SQL(`SELECT signed_in_at FROM identity_account WHERE person = $1`)
	qResponsible = db.SQL(`SELECT ` + personColumns + ` FROM identity_person WHERE responsible = $1 ORDER BY id`)

	qCredential = db.SQL(`SELECT a.id, COALESCE(p.hash, ''), COALESCE(p.set_at, 0), COALESCE(p.compromised_at, 0)
		FROM identity_account a LEFT JOIN identity_password p ON p.person = a.person WHERE a.person = $1`)
	qPasswordSet = db.SQL(`INSERT INTO identity_password (person, hash, set_at, compromised_at) VALUES ($1, $2, $3, 0)
		ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at, compromised_at = 0`)
	qPasswordUpgrade = db.SQL(`UPDATE identity_password SET hash = $3 WHERE person = $1 AND hash = $2`)
	qPasswordAge     = db.SQL(`INSERT INTO identity_password_old (person, set_at, hash)
		SELECT person, set_at, hash FROM identity_password WHERE person = $1 ON CONFLICT DO NOTHING`)
	qPasswordOld  = db.SQL(`SELECT hash FROM identity_password_old WHERE person = $1 ORDER BY set_at DESC LIMIT $2`)
	qPasswordTrim = db.SQL(`DELETE FROM identity_password_old WHERE person = $1 AND set_at NOT IN
		(SELECT set_at FROM identity_password_old WHERE person = $1 ORDER BY set_at DESC LIMIT $2)`)
	qCompromised = db.SQL(`UPDATE identity_password SET compromised_at = $2 WHERE person = $1`)

	qFactors = db.SQL(`SELECT confirmed_at FROM identity_factor WHERE person = $1 AND kind = 'totp' AND confirmed_at > 0
		ORDER BY confirmed_at DESC`)
	qFactorAdd     = db.SQL(`INSERT INTO identity_factor (id, person, kind, secret, last_step, created_at, confirmed_at, used_at) VALUES ($1, $2, $5, $3, 0, $4, 0, 0)`)
	qFactorPending = db.SQL(`SELECT id, secret, last_step FROM identity_factor WHERE person = $1 AND kind = $3 AND confirmed_at = 0
		AND created_at > $2 ORDER BY created_at DESC`)
	qFactorDropPending = db.SQL(`DELETE FROM identity_factor WHERE person = $1 AND confirmed_at = 0 AND (kind = $2 OR created_at <= $3)`)
	qFactorLive        = db.SQL(`SELECT id, secret, last_step FROM identity_factor WHERE person = $1 AND kind = 'totp' AND confirmed_at > 0`)
	qFactorConfirm     = db.SQL(`UPDATE identity_factor SET confirmed_at = $2, kind = 'totp' WHERE id = $1 AND confirmed_at = 0`)
	qFactorDropOther   = db.SQL(`DELETE FROM identity_factor WHERE person = $1 AND (kind = 'totp' OR confirmed_at = 0) AND id <> $2`)
	qFactorStep        = db.SQL(`UPDATE identity_factor SET last_step = $2, used_at = $3 WHERE id = $1 AND last_step < $2`)
	qFactorLose        = db.SQL(`INSERT INTO identity_factor (id, person, kind, secret, last_step, created_at, confirmed_at, used_at) VALUES ($1, $2, 'lost', $3, 0, $4, $4, 0)`)
	qFactorLost        = db.SQL(`SELECT COUNT(*) FROM identity_factor WHERE person = $1 AND kind = 'lost'`)
	qFactorFound       = db.SQL(`DELETE FROM identity_factor WHERE person = $1 AND kind = 'lost'`)
	qFactorDrop        = db.SQL(`DELETE FROM identity_factor WHERE person = $1 AND (kind = 'totp' OR confirmed_at = 0)`)

	qCodesLeft = db.SQL(`SELECT COUNT(*) FROM identity_recovery WHERE person = $1 AND used_at = 0`)
	qCodesSalt = db.SQL(`SELECT salt FROM identity_recovery WHERE person = $1 AND used_at = 0 LIMIT 1`)
	qCodesDrop = db.SQL(`DELETE FROM identity_recovery WHERE person = $1`)
	qCodeAdd   = db.SQL(`INSERT INTO identity_recovery (person, mark, salt, created_at, used_at) VALUES ($1, $2, $3, $4, 0)`)
	qCodeUse   = db.SQL(`UPDATE identity_recovery SET used_at = $3 WHERE person = $1 AND mark = $2 AND used_at = 0`)

	qLinkAdd    = db.SQL(`INSERT INTO identity_link (mark, kind, person, details, created_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, 0)`)
	qLink       = db.SQL(`SELECT person, details FROM identity_link WHERE mark = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3`)
	qLinkUse    = db.SQL(`UPDATE identity_link SET used_at = $3 WHERE mark = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3`)
	qLinkCancel = db.SQL(`UPDATE identity_link SET used_at = $3 WHERE person = $1 AND kind = $2 AND used_at = 0`)

	qReportAdd    = db.SQL(`INSERT INTO identity_report (id, person, source, about, state, created_at, handled_at, handled_by, conclusion) VALUES ($1, $2, $3, $4, 'open', $5, 0, '', $6)`)
	qReports      = db.SQL(`SELECT id, person, source, about, state, created_at, handled_at, handled_by, conclusion FROM identity_report WHERE state = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`)
	qReport       = db.SQL(`SELECT id, person, source, about, state, created_at, handled_at, handled_by, conclusion FROM identity_report WHERE id = $1`)
	qReportHandle = db.SQL(`UPDATE identity_report SET state = 'handled', handled_at = $2, handled_by = $3, conclusion = $4 WHERE id = $1 AND state = 'open'`)
	qReportsOf    = db.SQL(`SELECT id, person, source, about, state, created_at, handled_at, handled_by, conclusion FROM identity_report WHERE person = $1 ORDER BY id`)
	qReportForget = db.SQL(`UPDATE identity_report SET handled_by = '' WHERE handled_by = $1`)

	qErasePerson    = db.SQL(`DELETE FROM identity_person WHERE id = $1`)
	qEraseAccount   = db.SQL(`DELETE FROM identity_account WHERE person = $1`)
	qErasePassword  = db.SQL(`DELETE FROM identity_password WHERE person = $1`)
	qEraseOld       = db.SQL(`DELETE FROM identity_password_old WHERE person = $1`)
	qEraseLinks     = db.SQL(`DELETE FROM identity_link WHERE person = $1`)
	qEraseFactors   = db.SQL(`DELETE FROM identity_factor WHERE person = $1`)
	qEraseReports   = db.SQL(`DELETE FROM identity_report WHERE person = $1`)
	qExportPassword = db.SQL(`SELECT set_at, compromised_at FROM identity_password WHERE person = $1`)
	qExportFactors  = db.SQL(`SELECT id, created_at, confirmed_at, used_at FROM identity_factor WHERE person = $1 ORDER BY id`)
	qExportCodes    = db.SQL(`SELECT created_at, used_at FROM identity_recovery WHERE person = $1`)
	qExportLinks    = db.SQL(`SELECT mark, kind, details, created_at, expires_at, used_at FROM identity_link WHERE person = $1 ORDER BY created_at`)
	qExportOld      = db.SQL(`SELECT set_at FROM identity_password_old WHERE person = $1 ORDER BY set_at`)
	qExportAccount  = db.SQL(`SELECT id, created_at, signed_in_at FROM identity_account WHERE person = $1`)
)

func placeholders(n int) string {
	b := make([]byte, 0, 5*n)
	for i := 1; i <= n; i++ {
		if i > 1 {
			b = append(b, ", "...)
		}
		b = append(b, '$')
		if i >= 10 {
			b = append(b, byte('0'+i/10))
		}
		b = append(b, byte('0'+i%10))
	}
	return string(b)
}

// people reads persons by id.
func (m *Module) people(ctx context.Context, tx core.Tx, list []core.ID) (map[core.ID]core.Person, error) {
	found := make(map[core.ID]core.Person, len(list))
	err := blocks(list, qPeople8, qPeople64, func(q string, args []any) error {
		some, err := m.all(ctx, tx, q, args...)
		for _, p := range some {
			found[p.ID] = p
		}
		return err
	})
	return found, err
}

// blocks asks for ids in blocks of fixed size, 8 or 64, so that any number of them needs no statement of its own.
func blocks(list []core.ID, few, many string, ask func(query string, args []any) error) error {
	for len(list) > 0 {
		q, size := many, 64
		if len(list) <= 8 {
			q, size = few, 8
		}
		args, n := make([]any, size), min(size, len(list))
		for i := range args {
			args[i] = list[min(i, n-1)]
		}
		list = list[n:]
		if err := ask(q, args); err != nil {
			return err
		}
	}
	return nil
}
