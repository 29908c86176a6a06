package token

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const (
	tokenColumns   = `id, org, owner, kind, name, hint, scopes, made_by, made_at, ends_at, last_day, ended_at, reason`
	serviceColumns = `org, id, name, description, responsible, made_by, made_at, closed_at, version`
)

var (
	qInsert = db.SQL(`INSERT INTO token_token (id, org, owner, kind, name, secret, hint, scopes, made_by, made_at, ends_at, last_day, ended_at, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, '')`)
	// A token of a service account tells when that account was closed: 0 while it is open, -1 when there is none.
	qBySecret = db.SQL(`SELECT ` + tokenColumns + `, secret, COALESCE((SELECT s.closed_at FROM token_service s WHERE s.org = t.org AND s.id = t.owner), -1)
		FROM token_token t WHERE secret = $1`)
	qByID      = db.SQL(`SELECT ` + tokenColumns + ` FROM token_token WHERE id = $1`)
	qOfOwner   = db.SQL(`SELECT ` + tokenColumns + ` FROM token_token WHERE owner = $1 ORDER BY ended_at = 0 DESC, made_at DESC, id`)
	qRotate    = db.SQL(`UPDATE token_token SET secret = $2, hint = $3, ends_at = $4, last_day = 0 WHERE id = $1 AND ended_at = 0`)
	qUsed      = db.SQL(`UPDATE token_token SET last_day = $2 WHERE id = $1 AND last_day < $2`)
	qEnd       = db.SQL(`UPDATE token_token SET ended_at = $2, reason = $3 WHERE id = $1 AND ended_at = 0`)
	qEndOwner  = db.SQL(`UPDATE token_token SET ended_at = $2, reason = $3 WHERE owner = $1 AND ended_at = 0`)
	qErase     = db.SQL(`DELETE FROM token_token WHERE owner = $1`)
	qEraseMade = db.SQL(`UPDATE token_token SET made_by = '' WHERE made_by = $1`)

	qAddService = db.SQL(`INSERT INTO token_service (org, id, name, description, responsible, made_by, made_at, closed_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 1)`)
	qService     = db.SQL(`SELECT ` + serviceColumns + ` FROM token_service WHERE org = $1 AND id = $2`)
	qServices    = db.SQL(`SELECT ` + serviceColumns + ` FROM token_service WHERE org = $1 AND id > $2 ORDER BY id LIMIT $3`)
	qResponsible = db.SQL(`SELECT ` + serviceColumns + ` FROM token_service WHERE responsible = $1 OR made_by = $1 ORDER BY id`)
	qEditService = db.SQL(`UPDATE token_service SET name = $3, description = $4, responsible = $5, version = version + 1
		WHERE org = $1 AND id = $2 AND version = $6 AND closed_at = 0`)
	qCloseService = db.SQL(`UPDATE token_service SET closed_at = $3, version = version + 1 WHERE org = $1 AND id = $2 AND closed_at = 0`)
	qOrphan       = db.SQL(`UPDATE token_service SET responsible = '', version = version + 1 WHERE responsible = $1`)
	qEraseMaker   = db.SQL(`UPDATE token_service SET made_by = '' WHERE made_by = $1`)

	qReserve = db.SQL(`INSERT INTO token_reply (actor, key, request, made_at, done_at, status, body) VALUES ($1, $2, $3, $4, 0, 0, $5)
		ON CONFLICT (actor, key) DO NOTHING`)
	qReply       = db.SQL(`SELECT request, done_at, status, body FROM token_reply WHERE actor = $1 AND key = $2`)
	qKeepReply   = db.SQL(`UPDATE token_reply SET done_at = $3, status = $4, body = $5 WHERE actor = $1 AND key = $2`)
	qDropReply   = db.SQL(`DELETE FROM token_reply WHERE actor = $1 AND key = $2`)
	qForgetReply = db.SQL(`DELETE FROM token_reply WHERE made_at < $1`)
	qEraseReply  = db.SQL(`DELETE FROM token_reply WHERE actor = $1`)
)

// Token is a token without its secret.
type Token struct {
	ID      core.ID
	Org     core.ID // of a service account; "" for a person's
	Owner   core.ID // person or service account
	Kind    string  // "person" or "service"
	Name    string
	Hint    string
	Scopes  []core.Permission
	MadeBy  core.ID
	Made    time.Time
	Ends    time.Time
	LastDay time.Time // day of last use; zero when never used
	Ended   time.Time // zero while it lives
	Reason  string    // why it ended
	hash    []byte
	closed  int64 // of the service account, for a check alone
}

// Live tells whether the token can be used at a moment.
func (t Token) Live(now time.Time) bool { return t.Ended.IsZero() && now.Before(t.Ends) }

func (t *Token) dest(scopes *string, times *[4]int64) []any {
	return []any{&t.ID, &t.Org, &t.Owner, &t.Kind, &t.Name, &t.Hint, scopes, &t.MadeBy, &times[0], &times[1], &times[2], &times[3], &t.Reason}
}

func (t *Token) fill(scopes string, times [4]int64) error {
	t.Made, t.Ends = clock.FromMicros(times[0]), clock.FromMicros(times[1])
	t.LastDay, t.Ended = clock.FromMicros(times[2]), clock.FromMicros(times[3])
	t.Scopes = []core.Permission{}
	return json.Unmarshal([]byte(scopes), &t.Scopes)
}

func scanToken(scan db.Scan) (t Token, err error) {
	var scopes string
	var times [4]int64
	if err = scan(t.dest(&scopes, &times)...); err != nil {
		return t, err
	}
	return t, t.fill(scopes, times)
}

func scanSecret(scan db.Scan) (t Token, err error) {
	var scopes string
	var times [4]int64
	if err = scan(append(t.dest(&scopes, &times), &t.hash, &t.closed)...); err != nil {
		return t, err
	}
	return t, t.fill(scopes, times)
}

// Service is a service account: a program that acts in one organization, and the person who answers for it.
type Service struct {
	Org         core.ID
	ID          core.ID
	Name        string
	Description string
	Responsible core.ID
	// ResponsibleName is filled in lists for people.
	ResponsibleName string
	MadeBy          core.ID
	Made            time.Time
	Closed          time.Time
	Version         int64 // for ETag and If-Match
}

func scanService(scan db.Scan) (s Service, err error) {
	var made, closed int64
	err = scan(&s.Org, &s.ID, &s.Name, &s.Description, &s.Responsible, &s.MadeBy, &made, &closed, &s.Version)
	s.Made, s.Closed = clock.FromMicros(made), clock.FromMicros(closed)
	return s, err
}

func (m *Module) ofOwner(ctx context.Context, tx core.Tx, owner core.ID) ([]Token, error) {
	list, err := db.All(ctx, tx, qOfOwner, scanToken, owner)
	for i := range list {
		if err == nil {
			err = m.openToken(ctx, &list[i])
		}
	}
	return list, err
}

func (m *Module) service(ctx context.Context, tx core.Tx, org, id core.ID) (Service, error) {
	s, found, err := db.One(ctx, tx, qService, scanService, org, id)
	if err == nil && !found {
		err = errNoService
	}
	if err == nil {
		err = m.openText(ctx, &s)
	}
	return s, err
}

func (m *Module) openService(ctx context.Context, tx core.Tx, org, id core.ID) (Service, error) {
	s, err := m.service(ctx, tx, org, id)
	if err == nil && !s.Closed.IsZero() {
		err = errNoService
	}
	return s, err
}

// ServiceName gives the name of an open service account of an organization; false when it is not one.
func (m *Module) ServiceName(ctx context.Context, tx core.Tx, org, id core.ID) (string, bool, error) {
	s, found, err := db.One(ctx, tx, qService, scanService, org, id)
	if err == nil && found {
		err = m.openText(ctx, &s)
	}
	return s.Name, found && s.Closed.IsZero(), err
}
