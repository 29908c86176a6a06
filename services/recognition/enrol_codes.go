package recognition

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/code"
)

// tokenLife is how long the token of a program serves.
const tokenLife = 365 * 24 * time.Hour

// scopesOf says what each kind of program may do.
var scopesOf = map[string][]core.Permission{
	ForSync:      {"sync.push", "sync.await", "sync.fault", "sync.asked", "sync.source", "sync.announce", "sync.offer"},
	ForLookup:    {"card.find"},
	ForDirectory: {"directory.read"},
	ForCalls:     {"call.report"},
}

const agentColumns = `id, what, link, name, code, until, account, made_by, made_at`

var (
	qAddAgent       = db.SQL(`INSERT INTO recognition_agent (org, ` + agentColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	qAgents         = db.SQL(`SELECT org, ` + agentColumns + ` FROM recognition_agent WHERE org = $1 ORDER BY id DESC`)
	qAgent          = db.SQL(`SELECT org, ` + agentColumns + ` FROM recognition_agent WHERE org = $1 AND id = $2`)
	qAgentByAccount = db.SQL(`SELECT org, ` + agentColumns + ` FROM recognition_agent WHERE org = $1 AND account = $2`)
	qAgentByCode    = db.SQL(`SELECT org, ` + agentColumns + ` FROM recognition_agent WHERE code = $1 AND until > $2`)
	qSpendCode      = db.SQL(`UPDATE recognition_agent SET code = '' WHERE org = $1 AND id = $2 AND code = $3`)
	qSetAccount     = db.SQL(`UPDATE recognition_agent SET account = $3 WHERE org = $1 AND id = $2`)
	qDropAgent      = db.SQL(`DELETE FROM recognition_agent WHERE org = $1 AND id = $2`)
	qDropAgentCodes = db.SQL(`DELETE FROM recognition_agent WHERE org = $1 AND link = $2 AND account = ''`)
	qAgentsOfLink   = db.SQL(`SELECT org, ` + agentColumns + ` FROM recognition_agent WHERE org = $1 AND link = $2`)
	qAgentsMade     = db.SQL(`SELECT org, ` + agentColumns + ` FROM recognition_agent WHERE made_by = $1 ORDER BY org, id`)
	qForgetInviter  = db.SQL(`UPDATE recognition_agent SET made_by = '' WHERE made_by = $1`)
)

type agentRow struct {
	Agent
	org  core.ID
	name []byte
	code string
}

func scanAgent(scan db.Scan) (a agentRow, err error) {
	var until, made int64
	err = scan(&a.org, &a.ID, &a.What, &a.Link, &a.name, &a.code, &until, &a.Account, &a.MadeBy, &made)
	a.Until, a.MadeAt = clock.FromMicros(until), clock.FromMicros(made)
	return a, err
}

func agentPlace(org, id core.ID) string {
	return "recognition_agent.name/" + string(org) + "/" + string(id)
}

func (m *Module) agentOf(ctx context.Context, tx core.Tx, org, account core.ID) (agentRow, bool, error) {
	return db.One(ctx, tx, qAgentByAccount, scanAgent, org, account)
}

func (m *Module) inviteAgent(ctx context.Context, org core.ID, what string, link core.ID, name string) (Install, error) {
	name = strings.TrimSpace(name)
	bad := errWhat
	if scopesOf[what] == nil || (what == ForSync) == link.IsZero() {
		bad = bad.With("what", whatBad)
	}
	if n := utf8.RuneCountInString(name); n < 1 || n > 80 {
		bad = bad.With("name", agentNameBad)
	}
	id, shown := ids.At(m.now()), code.New()
	until := m.now().Add(code.Life)
	sealed, err := m.needs.Sealer.Seal(ctx, org, agentPlace(org, id), []byte(name))
	if err != nil {
		return Install{}, err
	}
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &AgentInvite, Org: org, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if len(bad.Fields) > 0 {
			return bad
		}
		if what == ForSync {
			if _, err := m.LinkIn(ctx, tx, org, link); err != nil {
				return err
			}
		}
		act.Changed("what", "", what)
		_, err := tx.Exec(ctx, qAddAgent, org, id, what, link, sealed, hashed(shown), clock.Micros(until), "", actor.ID, clock.Micros(m.now()))
		return err
	})
	return Install{id, shown, until}, err
}

// hashed is what is kept of a code.
func hashed(typed string) string { return hex.EncodeToString(code.Program.Hash(typed)) }

// enrol spends the code in an act of its own, then asks the house for the account: a code serves once whatever happens next.
func (m *Module) enrol(ctx context.Context, typed string) (Enrolled, error) {
	var a agentRow
	var found bool
	act := &core.Act{Def: &AgentEnrol, Org: core.Platform}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		v, err := code.Program.Try(ctx, tx, m.now())
		if err == nil && !v.OK {
			err = errEnrolSlow.After(v.Retry)
		}
		if err != nil {
			return err
		}
		if a, found, err = db.One(ctx, tx, qAgentByCode, scanAgent, hashed(typed), clock.Micros(m.now())); err != nil {
			return err
		}
		if found {
			n, err := tx.Exec(ctx, qSpendCode, a.org, a.ID, hashed(typed))
			if found = n == 1; err != nil {
				return err
			}
		}
		if !found {
			act.Fail("enrol.code")
			return nil
		}
		act.Org, act.Resource = a.org, a.ID
		return nil
	})
	if err == nil && !found {
		err = errCode
	}
	if err != nil {
		return Enrolled{}, err
	}
	name, err := m.needs.Sealer.Open(ctx, a.org, agentPlace(a.org, a.ID), a.name)
	if err != nil {
		return Enrolled{}, err
	}
	system := core.WithActor(ctx, core.System("recognition.enrol"))
	account, secret, err := m.needs.Tokens.Grant(system, a.org, string(name), a.MadeBy, RoleAgent, slices.Clone(scopesOf[a.What]), m.now().Add(tokenLife))
	if err != nil {
		return Enrolled{}, err
	}
	err = m.needs.Gate.Change(system, &core.Act{Def: &AgentEnrol, Org: a.org, Resource: a.ID}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qSetAccount, a.org, a.ID, account)
		if err == nil && n == 0 {
			err = errCode // dismissed, or its link removed, while the account was made
		}
		return err
	})
	if err != nil {
		// Nobody could end an account that no row leads to.
		return Enrolled{}, errors.Join(err, m.needs.Tokens.Revoke(context.WithoutCancel(system), a.org, account, "recognition.dismissed"))
	}
	return Enrolled{Org: a.org, Link: a.Link, What: a.What, Token: secret}, nil
}

func (m *Module) agents(ctx context.Context, org core.ID) (all []Agent, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &AgentRead, Org: org}, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qAgents, scanAgent, org)
		if err != nil {
			return err
		}
		for _, a := range rows {
			if a.Account == "" && !a.Until.After(m.now()) {
				continue // a code that nobody used says nothing any more
			}
			name, err := m.needs.Sealer.Open(ctx, org, agentPlace(org, a.ID), a.name)
			if err != nil {
				return err
			}
			a.Name = string(name)
			all = append(all, a.Agent)
		}
		return nil
	})
	return all, err
}

// dismissAgent ends the account first: when its row is gone, nothing that it carried serves any more.
func (m *Module) dismissAgent(ctx context.Context, org, id core.ID) error {
	var a agentRow
	err := m.needs.Gate.Change(ctx, &core.Act{Def: &AgentDismiss, Org: org, Resource: id}, func(tx core.Tx) error {
		var found bool
		var err error
		if a, found, err = db.One(ctx, tx, qAgent, scanAgent, org, id); err == nil && !found {
			err = errNothing
		}
		if err != nil || a.Account != "" {
			return err
		}
		_, err = tx.Exec(ctx, qDropAgent, org, id)
		return err
	})
	if err != nil || a.Account == "" {
		return err
	}
	return m.endAgent(core.WithActor(ctx, core.System("recognition.dismiss")), a)
}

func (m *Module) endAgent(ctx context.Context, a agentRow) error {
	if err := m.needs.Tokens.Revoke(ctx, a.org, a.Account, "recognition.dismissed"); err != nil && core.KindOf(err) != core.NotFound {
		return err
	}
	return m.needs.Gate.Change(ctx, &core.Act{Def: &AgentDismiss, Org: a.org, Resource: a.ID}, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qDropAgent, a.org, a.ID)
		return err
	})
}

// endAgents ends the programs of a link that was removed.
func (m *Module) endAgents(ctx context.Context, org, link core.ID) error {
	var all []agentRow
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		all, err = db.All(ctx, tx, qAgentsOfLink, scanAgent, org, link)
		return err
	})
	for _, a := range all {
		if err == nil && a.Account != "" {
			err = m.endAgent(core.WithActor(ctx, core.System("recognition.dismiss")), a)
		}
	}
	return err
}

// forgetInviter takes a person out of what they made; the programs stay the organization's.
func forgetInviter(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qForgetInviter, person)
	return []core.Receipt{{Table: "recognition_agent", Deleted: n}}, err
}

// exportAgents gives what programs a person installed.
func (m *Module) exportAgents(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	rows, err := db.All(ctx, tx, qAgentsMade, scanAgent, person)
	for _, a := range rows {
		if err == nil {
			err = emit(core.Record{Table: "recognition_agent", Values: map[string]any{
				"org": a.org, "id": a.ID, "what": a.What, "link": a.Link, "until": clock.Micros(a.Until), "account": a.Account, "made_by": a.MadeBy, "made_at": clock.Micros(a.MadeAt),
			}})
		}
	}
	return err
}
