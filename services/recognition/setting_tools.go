package recognition

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/preview"
)

// The acts of choosing a tool among those that an agent sees.
var (
	AskTools = &core.ActDef{
		Permission: "link.look", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleManager},
		Title: core.Text{FR: "Demander à un programme les outils qu'il voit", EN: "Ask a program for the tools that it sees"},
	}
	ReadTools = &core.ActDef{
		Permission: "link.tools", Resource: "link", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleManager},
		Title: core.Text{FR: "Voir les outils qu'un programme annonce", EN: "See the tools that a program announces"},
	}
	TellTools = &core.ActDef{
		Permission: "sync.offer", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleAgent},
		Title: core.Text{FR: "Annoncer, pour un programme, les outils qu'il voit", EN: "Announce, for a program, the tools that it sees"},
	}
)

// anyKind is the kind of a link whose program tells what it reads.
const anyKind = "any"

var announcementTable = core.Table{
	Name: "recognition_announcement", Title: core.Text{FR: "Outils qu'un programme annonce", EN: "Tools that a program announces"}, Unsaved: true,
	Columns: core.Columns(
		core.Plain("org", "link", "asked_at", "told_at", "until_at"),
		core.Personal(core.Column{Category: "contact", Purpose: Purpose, Basis: core.Contract, Retention: "preview", Sealed: true, OnErase: core.Keep}, "told")),
}

var errToolGone = i18n.Fault(core.Conflict, "preview.tool_gone", "Ce choix n'est plus annoncé. Regardez la liste de nouveau.", "This choice is not announced any more. Look at the list again.")

var (
	qToolsPut = db.SQL(`INSERT INTO recognition_announcement (org, link, asked_at, told_at, told, until_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (org, link) DO UPDATE SET asked_at = excluded.asked_at, told_at = excluded.told_at, told = excluded.told, until_at = excluded.until_at`)
	qTools       = db.SQL(`SELECT asked_at, told_at, told, until_at FROM recognition_announcement WHERE org = $1 AND link = $2 AND until_at > $3`)
	qToolsOver   = db.SQL(`DELETE FROM recognition_announcement WHERE until_at <= $1`)
	qToolsDrop   = db.SQL(`DELETE FROM recognition_announcement WHERE org = $1 AND link = $2`)
	toolsPlaceOf = func(link core.ID) string { return "recognition_announcement.told/" + string(link) }
)

// Tools is what the agent of a link announces to the person who sets it up.
type Tools struct {
	ToldAt time.Time // zero: the agent has not answered yet
	Until  time.Time
	preview.Tools
}

// AskTools asks the agent of a link to look anew at what it may look at.
func (m *Module) AskTools(ctx context.Context, org, link core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: AskTools, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.readLink(ctx, tx, org, link); err != nil {
			return err
		}
		now := m.now()
		_, err := tx.Exec(ctx, qToolsPut, org, link, clock.Micros(now), 0, []byte{}, clock.Micros(now.Add(previewLife)))
		return err
	})
}

// ReadTools gives what the agent announced, for half an hour.
func (m *Module) ReadTools(ctx context.Context, org, link core.ID) (t Tools, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadTools, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.readLink(ctx, tx, org, link); err != nil {
			return err
		}
		r, found, err := db.One(ctx, tx, qTools, scanPreview, org, link, clock.Micros(m.now()))
		if err != nil || !found {
			return err
		}
		t.ToldAt, t.Until = r.ToldAt, r.Until
		if len(r.sealed) == 0 {
			return nil
		}
		plain, err := m.needs.Sealer.Open(ctx, link, toolsPlaceOf(link), r.sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal(plain, &t.Tools)
	})
	return t, err
}

// looks tells whether an agent is to say what it sees: somebody asked, or nobody chose yet and what it said is over.
func (m *Module) looks(ctx context.Context, tx core.Tx, l Link) (bool, error) {
	r, found, err := db.One(ctx, tx, qTools, scanPreview, l.Org, l.ID, clock.Micros(m.now()))
	if err != nil || found {
		return found && r.ToldAt.IsZero(), err
	}
	secret, err := secretOf(ctx, tx, l.Org, l.ID)
	return l.Kind == anyKind && len(secret) == 0, err
}

// TellTools keeps what an agent announces, sealed under the key of its link.
func (m *Module) TellTools(ctx context.Context, org, link core.ID, told preview.Tools) error {
	told.Chosen = ""
	plain, err := json.Marshal(told)
	if err != nil {
		return err
	}
	if len(plain) > mostTold || len(told.Tools) > preview.MostTools || slices.ContainsFunc(told.Tools, func(t preview.Tool) bool { return len(t.Fields) > preview.MostFields }) {
		return errToldMuch
	}
	act := &core.Act{Def: TellTools, Org: org, Resource: link}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		l, err := m.linkOfAgent(ctx, tx, org, link)
		if err != nil {
			return err
		}
		wanted, err := m.looks(ctx, tx, l)
		if err == nil && !wanted {
			err = errNotAsked
		}
		if err != nil {
			return err
		}
		act.Changed("tools", "0", strconv.Itoa(len(told.Tools)))
		return m.keepTools(ctx, tx, l, plain)
	})
}

func (m *Module) keepTools(ctx context.Context, tx core.Tx, l Link, plain []byte) error {
	sealed, err := m.needs.Sealer.Seal(ctx, l.ID, toolsPlaceOf(l.ID), plain)
	if err != nil {
		return err
	}
	now := clock.Micros(m.now())
	_, err = tx.Exec(ctx, qToolsPut, l.Org, l.ID, now, now, sealed, clock.Micros(m.now().Add(previewLife)))
	return err
}

// ChooseTool has the agent of a link read a tool that it announced: its machine alone knows how. The fields are still to be chosen.
func (m *Module) ChooseTool(ctx context.Context, org, link core.ID, name string) error {
	all, err := m.ReadTools(ctx, org, link)
	if err != nil {
		return err
	}
	tool, ok := all.Named(name)
	if !ok || !slices.Contains(LinkKinds, tool.Kind) {
		return errToolGone
	}
	secret, err := preview.Choice(tool.Name)
	if err != nil {
		return err
	}
	all.Chosen = tool.Name
	plain, err := json.Marshal(all.Tools)
	if err != nil {
		return err
	}
	l, err := m.Link(ctx, org, link)
	if err != nil {
		return err
	}
	if err := m.ChangeLink(ctx, org, link, LinkDraft{Name: l.Name, Kind: tool.Kind, Mapping: l.Mapping, Secret: secret}); err != nil {
		return err
	}
	return m.needs.Gate.Change(ctx, &core.Act{Def: AskTools, Org: org, Resource: link}, func(tx core.Tx) error {
		return m.keepTools(ctx, tx, l, plain)
	})
}
