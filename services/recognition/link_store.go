package recognition

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const linkColumns = `org, id, state, version, shelf, cards, settings, turn_at, made_at, made_by`

var (
	qLinkAdd = db.SQL(`INSERT INTO recognition_link (org, id, state, version, shelf, cards, settings, secret, turn_at, made_at, made_by)
		VALUES ($1, $2, 'awaiting', 1, 0, 0, $3, $4, 0, $5, $6)`)
	qLinkPut    = db.SQL(`UPDATE recognition_link SET version = $3, settings = $4 WHERE org = $1 AND id = $2`)
	qLinkSecret = db.SQL(`UPDATE recognition_link SET secret = $3 WHERE org = $1 AND id = $2`)
	qLinkState  = db.SQL(`UPDATE recognition_link SET state = $3 WHERE org = $1 AND id = $2`)
	qLinkEnd    = db.SQL(`UPDATE recognition_link SET state = 'removed', shelf = 0, cards = 0, secret = $3, settings = $3 WHERE org = $1 AND id = $2`)
	qLinkDrop   = db.SQL(`DELETE FROM recognition_link WHERE org = $1 AND id = $2 AND state = 'removed'`)
	qLink       = db.SQL(`SELECT ` + linkColumns + ` FROM recognition_link WHERE org = $1 AND id = $2 AND state <> 'removed'`)
	qLinks      = db.SQL(`SELECT ` + linkColumns + ` FROM recognition_link WHERE org = $1 AND state <> 'removed'`)
	qSecretOf   = db.SQL(`SELECT secret FROM recognition_link WHERE org = $1 AND id = $2 AND state <> 'removed'`)
	qLinkTurn   = db.SQL(`UPDATE recognition_link SET cards = cards + $3, turn_at = $4 WHERE org = $1 AND id = $2`)
	qLinkShelf  = db.SQL(`UPDATE recognition_link SET shelf = $3, cards = $4, turn_at = $5, state = CASE state WHEN 'awaiting' THEN 'active' ELSE state END
		WHERE org = $1 AND id = $2`)
	qTrunksEnd = db.SQL(`DELETE FROM recognition_trunk WHERE org = $1 AND link = $2`)
	qRemoved   = db.SQL(`SELECT org, id FROM recognition_link WHERE state = 'removed'`)
)

func insertLink(ctx context.Context, tx core.Tx, org, id core.ID, set, secret []byte, now time.Time, by core.ID) error {
	_, err := tx.Exec(ctx, qLinkAdd, org, id, set, secret, clock.Micros(now), by)
	return err
}

// updateLink writes its settings, and its secret when there is a new one.
func updateLink(ctx context.Context, tx core.Tx, org, id core.ID, version int64, set, secret []byte) error {
	if _, err := tx.Exec(ctx, qLinkPut, org, id, version, set); err != nil || len(secret) == 0 {
		return err
	}
	_, err := tx.Exec(ctx, qLinkSecret, org, id, secret)
	return err
}

func setState(ctx context.Context, tx core.Tx, org, id core.ID, s LinkState) error {
	_, err := tx.Exec(ctx, qLinkState, org, id, string(s))
	return err
}

// endLink leaves of a link what the sweeper needs to know, and nothing to find: nor who callers were, in histories.
func endLink(ctx context.Context, tx core.Tx, org, id core.ID) error {
	if err := dropSettings(ctx, tx, org, id); err != nil {
		return err
	}
	for _, q := range []string{qTrunksEnd, qShelvesLeft, qForgetByLink} {
		if _, err := tx.Exec(ctx, q, org, id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, qLinkEnd, org, id, []byte{})
	return err
}

func dropLink(ctx context.Context, tx core.Tx, org, id core.ID) error {
	_, err := tx.Exec(ctx, qLinkDrop, org, id)
	return err
}

func secretOf(ctx context.Context, tx core.Tx, org, id core.ID) ([]byte, error) {
	secret, found, err := db.One(ctx, tx, qSecretOf, db.Value[[]byte], org, id)
	if err == nil && !found {
		err = errNoLink
	}
	return secret, err
}

// linkRow is a link before its settings are opened.
type linkRow struct {
	Link
	settings []byte
}

func scanLink(scan db.Scan) (r linkRow, err error) {
	var turn, made int64
	var state string
	err = scan(&r.Org, &r.ID, &state, &r.Version, &r.Shelf, &r.Cards, &r.settings, &turn, &made, &r.MadeBy)
	r.State, r.MadeAt = LinkState(state), clock.FromMicros(made)
	if turn > 0 {
		r.TurnAt = clock.FromMicros(turn)
	}
	return r, err
}

func (m *Module) openLink(ctx context.Context, r linkRow) (Link, error) {
	plain, err := m.needs.Sealer.Open(ctx, r.Org, settingsPlace(r.ID), r.settings)
	if err != nil {
		return Link{}, err
	}
	var s settings
	if err := json.Unmarshal(plain, &s); err != nil {
		return Link{}, fmt.Errorf("recognition: settings of link %s: %w", r.ID, err)
	}
	l := r.Link
	l.Name, l.Kind, l.Mapping = s.Name, s.Kind, s.Mapping
	return l, nil
}

func (m *Module) readLink(ctx context.Context, tx core.Tx, org, id core.ID) (Link, error) {
	r, found, err := db.One(ctx, tx, qLink, scanLink, org, id)
	if err != nil {
		return Link{}, err
	}
	if !found {
		return Link{}, errNoLink
	}
	return m.openLink(ctx, r)
}

func (m *Module) linksIn(ctx context.Context, tx core.Tx, org core.ID) ([]Link, error) {
	rows, err := db.All(ctx, tx, qLinks, scanLink, org)
	if err != nil {
		return nil, err
	}
	list := make([]Link, len(rows))
	for i, r := range rows {
		if list[i], err = m.openLink(ctx, r); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b Link) int {
		return strings.Compare(strings.ToLower(a.Name)+string(a.ID), strings.ToLower(b.Name)+string(b.ID))
	})
	return list, nil
}
