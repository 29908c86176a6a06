package incident

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const columns = `i.id, i.breach, i.part, i.state, i.gravity, i.exercise, i.trial, i.source, i.about, i.lead, i.opened_at, i.opened_by, i.aware_at, i.closed_at, i.revision, i.details,
	COALESCE((SELECT MIN(s.at) FROM incident_step s WHERE s.incident = i.id AND s.kind = 'authority'), 0),
	COALESCE((SELECT MIN(s.at) FROM incident_step s WHERE s.incident = i.id AND s.kind = 'clients'), 0),
	(SELECT COUNT(*) FROM incident_task t WHERE t.incident = i.id AND t.done_at = 0)`

var (
	qAll = db.SQL(`SELECT ` + columns + ` FROM incident_incident i WHERE (i.trial = 0 OR i.opened_by = $1) AND (i.breach = 1 OR $2 = 0)
		ORDER BY i.id DESC LIMIT 2000`)
	qOne   = db.SQL(`SELECT ` + columns + ` FROM incident_incident i WHERE i.id = $1`)
	qAbout = db.SQL(`SELECT i.id FROM incident_incident i WHERE i.source = $1 AND i.about = $2`)
	qAdd   = db.SQL(`INSERT INTO incident_incident (id, breach, part, state, gravity, exercise, trial, source, about, lead, opened_at, opened_by, aware_at, closed_at, revision, details)
		VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 1, $13)`)
	qChange = db.SQL(`UPDATE incident_incident SET breach = $3, part = $4, gravity = $5, lead = $6, aware_at = $7, details = $8, revision = revision + 1 WHERE id = $1 AND revision = $2`)
	qState  = db.SQL(`UPDATE incident_incident SET state = $3, closed_at = $4, revision = revision + 1 WHERE id = $1 AND state = $2`)

	qAddStep = db.SQL(`INSERT INTO incident_step (incident, id, kind, at, by, entry, text) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qSteps   = db.SQL(`SELECT id, kind, at, by, entry, text FROM incident_step WHERE incident = $1 ORDER BY id DESC`)

	qAddTask  = db.SQL(`INSERT INTO incident_task (incident, id, owner, due_at, done_at, done_by, title) VALUES ($1, $2, $3, $4, 0, '', $5)`)
	qTasks    = db.SQL(`SELECT id, owner, due_at, done_at, done_by, title FROM incident_task WHERE incident = $1 ORDER BY done_at > 0, due_at, id`)
	qDoneTask = db.SQL(`UPDATE incident_task SET done_at = $3, done_by = $4 WHERE incident = $1 AND id = $2 AND done_at = 0`)

	qAddHand  = db.SQL(`INSERT INTO incident_hand (incident, person, part, since) VALUES ($1, $2, $3, $4) ON CONFLICT (incident, person, part) DO NOTHING`)
	qDropHand = db.SQL(`DELETE FROM incident_hand WHERE incident = $1 AND person = $2 AND part = $3`)
	qHands    = db.SQL(`SELECT person, part FROM incident_hand WHERE incident = $1 ORDER BY since, person`)

	qAddEvidence = db.SQL(`INSERT INTO incident_evidence (incident, id, kind, at, by, type, size, digest, name, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	qEvidence    = db.SQL(`SELECT id, kind, at, by, type, size, digest, name FROM incident_evidence WHERE incident = $1 ORDER BY id`)
	qOneEvidence = db.SQL(`SELECT id, kind, at, by, type, size, digest, name FROM incident_evidence WHERE incident = $1 AND id = $2`)
	qContent     = db.SQL(`SELECT content FROM incident_evidence WHERE incident = $1 AND id = $2`)
)

// Where a sealed value stands; its row follows.
const (
	placeDetails  = "incident_incident.details"
	placeStep     = "incident_step.text"
	placeTask     = "incident_task.title"
	placeName     = "incident_evidence.name"
	placeContent  = "incident_evidence.content"
	placeCriteria = "incident_scope.criteria"
	placeNotice   = "incident_notice.text"
)

func (m *Module) seal(ctx context.Context, owner core.ID, where string, row core.ID, plain []byte) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, owner, where+"/"+string(row), plain)
}

func (m *Module) open(ctx context.Context, owner core.ID, where string, row core.ID, sealed []byte) ([]byte, error) {
	return m.needs.Sealer.Open(ctx, owner, where+"/"+string(row), sealed)
}

func scanIncident(scan db.Scan) (it Incident, err error) {
	var breach, exercise, trial, opened, aware, closed, authority, clients int64
	err = scan(&it.ID, &breach, &it.Part, &it.State, &it.Gravity, &exercise, &trial, &it.Source, &it.About, &it.Lead, &opened, &it.OpenedBy, &aware, &closed,
		&it.Revision, &it.sealed, &authority, &clients, &it.Tasks)
	it.Breach, it.Exercise, it.trial = breach == 1, exercise == 1, trial == 1
	it.Opened, it.Aware, it.Closed = clock.FromMicros(opened), clock.FromMicros(aware), clock.FromMicros(closed)
	it.authorityAt, it.clientsAt = clock.FromMicros(authority), clock.FromMicros(clients)
	return it, err
}

func (m *Module) unseal(ctx context.Context, list []Incident) error {
	for i := range list {
		plain, err := m.open(ctx, core.Platform, placeDetails, list[i].ID, list[i].sealed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(plain, &list[i].Values); err != nil {
			return fmt.Errorf("incident: %w", err)
		}
	}
	return nil
}

func (m *Module) load(ctx context.Context, tx core.Tx, id core.ID) (Incident, error) {
	it, found, err := db.One(ctx, tx, qOne, scanIncident, id)
	if err == nil && !found {
		err = errAbsent
	}
	if err != nil {
		return it, err
	}
	one := []Incident{it}
	err = m.unseal(ctx, one)
	return one[0], err
}
