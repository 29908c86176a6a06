package data

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tRetention     = i18n.T("Rien n'est gardé au-delà de sa durée", "Nothing is kept beyond its time")
	tRetentionHeld = i18n.T("%d lignes à durée limitée dans %d tables : aucune n'a dépassé son terme. %d table(s) à durée limitée ne sont pas mesurées : %s.", "%d rows with a limited time in %d tables: none is beyond its end. %d table(s) with a limited time are not measured: %s.")
	tRetentionOld  = i18n.T("%d ligne(s) gardée(s) au-delà de leur durée : %s.", "%d row(s) kept beyond their time: %s.")
	tFaultFlow     = i18n.T("Une connexion commencée il y a des années", "A sign-in begun years ago")
	tFaultMail     = i18n.T("Un message remis et gardé depuis des années", "A message delivered and kept for years")
	tFaultLink     = i18n.T("Un lien à usage unique expiré depuis des années", "A single-use link expired years ago")
	tFaultContent  = i18n.T("Le contenu d'un message gardé après sa remise", "The content of a message kept after its delivery")
)

// age is how the end of a table's rows is measured. Its statement counts the rows that have an end, and those whose end is
// before $1; slack is what the sweep may take.
type age struct {
	table string
	rule  string // what the manifest says
	keep  time.Duration
	count string
}

const (
	day   = 24 * time.Hour
	slack = 2 * day // sweeps run every ten minutes; a machine may be off over a weekend's night
)

// ages is every table whose rows end by time. Rows that live as long as a person, a membership or an organization end with
// them, not by their age.
var ages = []age{
	{"session_session", "session", 90 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN ended_at < $1 THEN 1 ELSE 0 END), 0) FROM session_session WHERE ended_at > 0`)},
	{"token_token", "session", 90 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN (ended_at > 0 AND ended_at < $1) OR ends_at < $1 THEN 1 ELSE 0 END), 0) FROM token_token`)},
	{"token_reply", "session", day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN made_at < $1 THEN 1 ELSE 0 END), 0) FROM token_reply`)},
	{"signin_flow", "session", 0, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN expires_at < $1 THEN 1 ELSE 0 END), 0) FROM signin_flow`)},
	{"signin_device", "400d", 400 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN seen_at < $1 THEN 1 ELSE 0 END), 0) FROM signin_device`)},
	{"identity_link", "7d", 7 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN expires_at < $1 THEN 1 ELSE 0 END), 0) FROM identity_link`)},
	{"identity_report", "12m", 366 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN handled_at < $1 THEN 1 ELSE 0 END), 0) FROM identity_report WHERE handled_at > 0`)},
	{"organization_signup", "24h", 2 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN expires_at < $1 THEN 1 ELSE 0 END), 0) FROM organization_signup`)},
	{"organization_import", "24h", 2 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN expires_at < $1 AND (state = 'ready' OR sealed IS NOT NULL OR undo IS NOT NULL) THEN 1 ELSE 0 END), 0) FROM organization_import`)},
	{"mail_outbox", "30d", 30 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN done_at < $1 THEN 1 ELSE 0 END), 0) FROM mail_outbox WHERE state <> 'queued' AND done_at > 0`)},
	{"mail_outbox", "delivery", 0, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN done_at < $1 THEN 1 ELSE 0 END), 0) FROM mail_outbox WHERE state = 'sent' AND sealed IS NOT NULL`)},
	{"access_usage", "12m", 366 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN last_day * 86400000000 < $1 THEN 1 ELSE 0 END), 0) FROM access_usage`)},
	{"access_assignment", "7y", 7 * 366 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN (CASE WHEN revoked_at > 0 THEN revoked_at ELSE until_at END) < $1 THEN 1 ELSE 0 END), 0) FROM access_assignment WHERE revoked_at > 0 OR until_at > 0`)},
	{"access_suspension", "7y", 7 * 366 * day, db.SQL(`SELECT count(*), coalesce(sum(CASE WHEN (CASE WHEN lifted_at > 0 THEN lifted_at ELSE until_at END) < $1 THEN 1 ELSE 0 END), 0) FROM access_suspension WHERE lifted_at > 0 OR until_at > 0`)},
}

// standing are the rules whose rows end with a person or a membership, and not by their age.
var standing = []string{"account", "membership", ""}

func (m *Module) retention() *core.Probe {
	return dataProbe("data.retention", tRetention, m.runRetention,
		planted("data.retention/flow", tFaultFlow,
			`INSERT INTO signin_flow (id, kind, person, browser, next, password_at, factor_at, mailbox_at, mailbox_due, code, code_at, tries, created_at, expires_at)
			 VALUES ('planted', 'signin', '', '', '', 0, 0, 0, 0, '', 0, 0, 1, 2)`),
		planted("data.retention/mail", tFaultMail,
			`INSERT INTO mail_outbox (id, org, person, kind, sealed, state, attempts, next_at, lease_until, queued_at, done_at, reply)
			 VALUES ('planted', 'platform', '', 'planted', NULL, 'sent', 1, 0, 0, 1, 2, '')`),
		planted("data.retention/content", tFaultContent,
			`INSERT INTO mail_outbox (id, org, person, kind, sealed, state, attempts, next_at, lease_until, queued_at, done_at, reply)
			 VALUES ('planted', 'platform', '', 'planted', x'0101000100', 'sent', 1, 0, 0, 1, (unixepoch() - 500000) * 1000000, '')`),
		planted("data.retention/link", tFaultLink,
			`INSERT INTO identity_link (mark, kind, person, created_at, expires_at, used_at) VALUES ('planted', 'planted', '', 1, 2, 0)`),
	)
}

func (m *Module) runRetention(ctx context.Context, _ core.Stage) (core.Sight, error) {
	now := m.n.Clock.Now()
	var rows, old int64
	var where, tables []string
	err := m.n.Rows.Read(db.Long(ctx), func(tx core.Tx) error {
		for _, a := range ages {
			n, late, err := countAges(ctx, tx, a, now)
			if err != nil {
				return err
			}
			if rows += n; !slices.Contains(tables, a.table) {
				tables = append(tables, a.table)
			}
			if old += late; late > 0 {
				where = append(where, fmt.Sprintf("%s (%d, %s)", a.table, late, a.rule))
			}
		}
		return nil
	})
	if err != nil {
		return core.Sight{}, err
	}
	unmeasured := m.unmeasured(tables)
	population := len(tables) + len(unmeasured)
	if old > 0 {
		return probe.Broken(population, len(tables), tRetentionOld, old, some(where)), nil
	}
	return probe.Held(population, len(tables), tRetentionHeld, rows, len(tables), len(unmeasured), orDash(unmeasured)), nil
}

func orDash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return some(list)
}

func countAges(ctx context.Context, tx core.Tx, a age, now time.Time) (rows, late int64, err error) {
	counts, _, err := db.One(ctx, tx, a.count, func(scan db.Scan) (c [2]int64, err error) { err = scan(&c[0], &c[1]); return c, err },
		clock.Micros(now.Add(-a.keep-slack)))
	if err != nil {
		return 0, 0, fmt.Errorf("data: ages of %s: %w", a.table, err)
	}
	return counts[0], counts[1], nil
}

// unmeasured names the tables that hold data with a limited time and that no age is known of.
func (m *Module) unmeasured(known []string) (names []string) {
	for _, manifest := range m.n.Manifests() {
		if manifest.Module == "journal" { // its own probe measures it, by what each organization's policy says
			continue
		}
		for _, t := range manifest.Tables {
			limited := slices.ContainsFunc(t.Columns, func(c core.Column) bool { return c.Personal && !slices.Contains(standing, c.Retention) })
			if limited && !slices.Contains(known, t.Name) {
				names = append(names, t.Name)
			}
		}
	}
	return names
}
