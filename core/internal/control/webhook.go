package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/hook"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/jobs"
)

// JobWebhook is the kind of the job that sends one alert to one address.
const JobWebhook = "control.webhook"

const mostWebhooks = 10

var (
	errHookURL = i18n.Fault(core.Invalid, "webhook.invalid", "Donnez une adresse https publique, sans mot de passe (http pour cette machine seulement).", "Give a public https address without a password (http for this machine only).")
	errHooks   = i18n.Fault(core.Conflict, "webhook.too_many", "Il y a déjà dix destinations : retirez-en une.", "There are ten destinations already: remove one.")
	errNoHook  = i18n.Fault(core.NotFound, "webhook.absent", "Cette destination n'existe pas.", "There is no such destination.")
)

var (
	qHooks   = db.SQL(`SELECT id, url, made_at, last_at, last_reply FROM control_webhook ORDER BY id`)
	qHook    = db.SQL(`SELECT url, secret FROM control_webhook WHERE id = $1`)
	qAddHook = db.SQL(`INSERT INTO control_webhook (id, url, secret, made_at, made_by, last_at, last_reply) VALUES ($1, $2, $3, $4, $5, 0, '')`)
	qEndHook = db.SQL(`DELETE FROM control_webhook WHERE id = $1`)
	qReplied = db.SQL(`UPDATE control_webhook SET last_at = $2, last_reply = $3 WHERE id = $1`)
)

func scanWebhook(scan db.Scan) (h Webhook, err error) {
	var made, last int64
	err = scan(&h.ID, &h.URL, &made, &last, &h.LastReply)
	h.MadeAt, h.LastAt = clock.FromMicros(made), clock.FromMicros(last)
	return h, err
}

// Webhooks lists where alerts are sent.
func (m *Module) Webhooks(ctx context.Context) (list []Webhook, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qHooks, scanWebhook)
		return err
	})
	return list, err
}

// AddWebhook sends alerts to an address from now on; the secret that signs them is shown once.
func (m *Module) AddWebhook(ctx context.Context, address string) (id core.ID, secret string, err error) {
	if !hook.Valid(address) {
		return "", "", errHookURL.With("url", errHookURL.Code)
	}
	id, secret = ids.New(), ids.Secret("whs_", 32)
	by := core.ActorOf(ctx)
	err = m.needs.Gate.Change(ctx, &core.Act{Def: ManageWebhooks, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		hooks, err := db.All(ctx, tx, qHooks, scanWebhook)
		if err != nil {
			return err
		}
		if len(hooks) >= mostWebhooks {
			return errHooks
		}
		sealed, err := m.needs.Sealer.Seal(ctx, core.Platform, sealedAt(id), []byte(secret))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAddHook, id, address, sealed, clock.Micros(m.needs.Clock.Now()), personOf(by))
		return err
	})
	return id, secret, err
}

// Places lists what the configuration lets the platform call, beside webhooks.
func (m *Module) Places() []egress.Place { return m.needs.Places() }

// Names tells whether a destination of alerts leads to an address ("host:port"), now.
func (m *Module) Names(ctx context.Context, address string) (named bool, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		hooks, err := db.All(ctx, tx, qHooks, scanWebhook)
		named = slices.ContainsFunc(hooks, func(h Webhook) bool { return hook.Leads(h.URL, address) })
		return err
	})
	return named, err
}

func personOf(a core.Actor) core.ID {
	if a.Kind == core.HumanActor {
		return a.ID
	}
	return ""
}

func sealedAt(id core.ID) string { return "control_webhook.secret/" + string(id) }

// DropWebhook ends a destination.
func (m *Module) DropWebhook(ctx context.Context, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: ManageWebhooks, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qEndHook, id)
		if err == nil && n == 0 {
			return errNoHook
		}
		return err
	})
}

// TryWebhook sends a destination an event that says it is a test, now; reply is what it answered.
func (m *Module) TryWebhook(ctx context.Context, id core.ID) (reply string, err error) {
	var address string
	var secret []byte
	err = m.needs.Gate.Change(ctx, &core.Act{Def: ManageWebhooks, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		var sealed []byte
		_, found, err := db.One(ctx, tx, qHook, func(scan db.Scan) (struct{}, error) { return struct{}{}, scan(&address, &sealed) }, id)
		if err == nil && !found {
			err = errNoHook
		}
		if err != nil {
			return err
		}
		secret, err = m.needs.Sealer.Open(ctx, core.Platform, sealedAt(id), sealed)
		return err
	})
	if err != nil {
		return "", err
	}
	// What the destination answers is the answer of this test, and no failure of ours.
	reply, _ = m.post(ctx, address, string(secret), Alert{ID: ids.New(), Began: m.needs.Clock.Now(), Why: core.Text{FR: "Un essai : rien n'est rompu.", EN: "A test: nothing is broken."}}, "control.test")
	return reply, m.needs.Gate.Keep(ctx, dutyHook, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qReplied, id, clock.Micros(m.needs.Clock.Now()), reply)
		return err
	})
}

// Event is what a webhook receives as JSON. Its header Rempart-Signature is "t=<seconds>,v1=<hex>": HMAC-SHA256 under the
// secret of "<t>.<body>". Whoever receives it compares t with its own clock and forgets what it has seen by ID.
type Event struct {
	ID          core.ID   `json:"id"`    // of the alert: the same when it is mended
	Event       string    `json:"event"` // "control.broken", "control.mended", "control.test"
	Probe       string    `json:"probe"`
	Observation core.ID   `json:"observation"`
	Clauses     []string  `json:"clauses"` // "pack/clause"
	Orgs        int       `json:"organizations"`
	Began       time.Time `json:"began"`
	Mended      time.Time `json:"mended,omitzero"`
	Why         string    `json:"why"`
	Address     string    `json:"address"`
}

// HandleWebhook sends one alert to one address; an error makes the job try again later.
func (m *Module) HandleWebhook(ctx context.Context, run jobs.Run) error {
	id, event := run.Payload["webhook"], string(run.Payload["event"])
	var address string
	var sealed []byte
	var a Alert
	gone := false
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		_, found, err := db.One(ctx, tx, qHook, func(scan db.Scan) (struct{}, error) { return struct{}{}, scan(&address, &sealed) }, id)
		if err != nil {
			return err
		}
		var there bool
		a, there, err = db.One(ctx, tx, qAlert, scanAlert, run.Payload["alert"])
		gone = !found || !there
		return err
	})
	if err != nil || gone {
		return err
	}
	secret, err := m.needs.Sealer.Open(ctx, core.Platform, sealedAt(id), sealed)
	if err != nil {
		return err
	}
	reply, failed := m.post(ctx, address, string(secret), a, event)
	err = m.needs.Gate.Keep(ctx, dutyHook, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qReplied, id, clock.Micros(m.needs.Clock.Now()), reply)
		return err
	})
	return errors.Join(failed, err)
}

// post sends an event; reply is its short outcome, kept for the page.
func (m *Module) post(ctx context.Context, address, secret string, a Alert, event string) (reply string, err error) {
	e := Event{
		ID: a.ID, Event: event, Probe: a.Probe, Observation: a.Observation, Orgs: a.Orgs, Began: a.Began, Why: a.Why.EN,
		Address: m.link("/provider/controls"),
	}
	for _, r := range a.Clauses {
		e.Clauses = append(e.Clauses, r.Pack+"/"+r.Clause)
	}
	if event == "control.mended" {
		e.Mended, e.Observation = a.Mended, a.MendedBy
	}
	body, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	reply, err = hook.Post(ctx, m.needs.Calls(core.Platform), address, secret, m.needs.Clock.Now(), body)
	if errors.Is(err, hook.ErrInside) {
		err = jobs.Permanent(err)
	}
	return reply, err
}
