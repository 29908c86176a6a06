package control

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

const observed = `o.id, o.probe, o.outcome, o.why_fr, o.why_en, o.population, o.sample, o.settings, o.entries, o.began_at, o.ended_at, o.expires_at, o.version, o.node, o.log, o.entry, o.position, o.signature`

var (
	qNewest  = db.SQL(`SELECT ` + observed + ` FROM control_probe p JOIN control_observation o ON o.id = p.last`)
	qOneSeen = db.SQL(`SELECT ` + observed + ` FROM control_observation o WHERE o.id = $1`)
	qSeenOf  = db.SQL(`SELECT ` + observed + ` FROM control_observation o WHERE o.probe = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3`)
	qSeen    = db.SQL(`SELECT ` + observed + ` FROM control_observation o WHERE o.id < $1 ORDER BY o.id DESC LIMIT $2`)
	qAddSeen = db.SQL(`INSERT INTO control_observation (id, probe, outcome, why_fr, why_en, population, sample, settings, entries, began_at, ended_at, expires_at, version, node, log, entry, position, signature)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`)

	qStatuses  = db.SQL(`SELECT pack, clause, status, since FROM control_status`)
	qSetStatus = db.SQL(`INSERT INTO control_status (pack, clause, status, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pack, clause) DO UPDATE SET status = excluded.status, since = excluded.since`)
	qAddDay = db.SQL(`INSERT INTO control_day (pack, clause, day, held, broken, other) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pack, clause, day) DO UPDATE SET held = control_day.held + excluded.held,
			broken = control_day.broken + excluded.broken, other = control_day.other + excluded.other`)
	qDays = db.NewFamily(`SELECT day, SUM(held), SUM(broken), SUM(other) FROM control_day WHERE pack = $1 {AND clause = $2} AND day >= $3 GROUP BY day ORDER BY day`)

	qPublished = db.SQL(`SELECT pack, number, version, hash, source, state, published_at, published_by, ended_at FROM control_publication WHERE state = 'in_force' ORDER BY pack`)
	qVersions  = db.SQL(`SELECT pack, number, version, hash, source, state, published_at, published_by, ended_at FROM control_publication ORDER BY pack, number DESC`)
	qVersion   = db.SQL(`SELECT pack, number, version, hash, source, state, published_at, published_by, ended_at FROM control_publication WHERE pack = $1 AND number = $2`)
	qLatest    = db.SQL(`SELECT pack, number, version, hash, source, state, published_at, published_by, ended_at FROM control_publication WHERE pack = $1 ORDER BY number DESC LIMIT 1`)
	qEnd       = db.SQL(`UPDATE control_publication SET state = $3, ended_at = $4 WHERE pack = $1 AND number = $2`)
	qPublish   = db.SQL(`INSERT INTO control_publication (pack, number, version, hash, source, state, published_at, published_by, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	qMarks     = db.SQL(`SELECT clause, state FROM control_clause WHERE pack = $1 AND number = $2 ORDER BY clause`)
	qMark      = db.SQL(`INSERT INTO control_clause (pack, number, clause, state) VALUES ($1, $2, $3, $4)`)
)

// What a publication says of a clause.
const (
	promised  = "held"
	apart     = "apart"
	withdrawn = "withdrawn"
)

const (
	inForce  = "in_force"
	replaced = "replaced"
)

func outcomeOf(o *Observation) string {
	switch {
	case o.Failed != "":
		return verify.SawNothing
	case o.Held:
		return verify.SawHeld
	}
	return verify.SawBroken
}

func scanObservation(scan db.Scan) (*Observation, error) {
	o := &Observation{}
	var outcome, settings, entries string
	var began, ended, expires int64
	err := scan(&o.ID, &o.Probe, &outcome, &o.Why.FR, &o.Why.EN, &o.Population, &o.Sample, &settings, &entries, &began, &ended, &expires,
		&o.Version, &o.Node, &o.Log, &o.Entry, &o.Position, &o.Signature)
	if err != nil {
		return nil, err
	}
	o.Start, o.End, o.Expires = clock.FromMicros(began), clock.FromMicros(ended), clock.FromMicros(expires)
	o.Held = outcome == verify.SawHeld
	if outcome == verify.SawNothing {
		o.Failed = o.Why.EN
	}
	if settings != "" {
		err = json.Unmarshal([]byte(settings), &o.Settings)
	}
	for id := range strings.FieldsSeq(entries) {
		o.Entries = append(o.Entries, core.ID(id))
	}
	return o, err
}

func addObservation(ctx context.Context, tx core.Tx, o *Observation) error {
	settings := ""
	if len(o.Settings) > 0 {
		b, err := json.Marshal(o.Settings)
		if err != nil {
			return err
		}
		settings = string(b)
	}
	entries := make([]string, len(o.Entries))
	for i, id := range o.Entries {
		entries[i] = string(id)
	}
	_, err := tx.Exec(ctx, qAddSeen, o.ID, o.Probe, outcomeOf(o), o.Why.FR, o.Why.EN, o.Population, o.Sample, settings,
		strings.Join(entries, " "), clock.Micros(o.Start), clock.Micros(o.End), clock.Micros(o.Expires), o.Version, o.Node, o.Log, o.Entry,
		o.Position, o.Signature)
	return err
}

// publicationRow is a publication as it is stored, its text not read yet.
type publicationRow struct {
	Publication
	pack, version string
	source        []byte
}

func scanPublication(scan db.Scan) (p publicationRow, err error) {
	var at, ended int64
	err = scan(&p.pack, &p.Number, &p.version, &p.Hash, &p.source, &p.State, &at, &p.PublishedBy, &ended)
	p.PublishedAt, p.EndedAt = clock.FromMicros(at), clock.FromMicros(ended)
	return p, err
}
