package recognition

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/lapse"
	"github.com/rempart/rempart/services/recognition/preview"
)

// previewLife is how long what an agent told can be read, and how long an agent is asked for it.
const previewLife = 30 * time.Minute

// mostTold is how many bytes an agent may tell.
const mostTold = 512 << 10

// The acts of the mapping step.
var (
	AskPreview = &core.ActDef{
		Permission: "link.ask", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleManager},
		Title: core.Text{FR: "Demander à un programme les champs de son outil et ses vingt premières fiches", EN: "Ask a program for the fields of its tool and its first twenty records"},
	}
	ReadPreview = &core.ActDef{
		Permission: "link.preview", Resource: "link", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleManager},
		Title: core.Text{FR: "Voir les vingt premières fiches d'un outil pendant son réglage", EN: "See the first twenty records of a tool while it is set up"},
	}
	HearAsked = &core.ActDef{
		Permission: "sync.asked", Resource: "sync", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleAgent}, Quiet: true,
		Title: core.Text{FR: "Apprendre, pour un programme, qu'une personne règle son outil", EN: "Learn, for a program, that a person sets its tool up"},
	}
	FetchAccess = &core.ActDef{
		Permission: "sync.source", Resource: "link", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleAgent},
		Title: core.Text{FR: "Lire, pour un programme, l'accès à son outil gardé ici", EN: "Read, for a program, the access to its tool that is kept here"},
	}
	TellPreview = &core.ActDef{
		Permission: "sync.announce", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleAgent},
		Title: core.Text{FR: "Annoncer, pour un programme, les champs de son outil", EN: "Announce, for a program, the fields of its tool"},
	}
)

var settingActs = []*core.ActDef{AskPreview, ReadPreview, HearAsked, FetchAccess, TellPreview, TryNumber, AskTools, ReadTools, TellTools}

var settingLapses = lapse.Of(lapse.Line{Table: "recognition_preview", Rule: "preview", Key: []string{"org", "link"}, Org: "org", Since: "asked_at"},
	lapse.Line{Table: "recognition_announcement", Rule: "preview", Key: []string{"org", "link"}, Org: "org", Since: "asked_at"})

var settingEstate = lapse.Estate{Table: "recognition_preview"}

// forgetting ends what agents told; the asking and the telling have their entries.
var forgetting = &core.Duty{Name: "recognition.preview", Why: "takes away after half an hour what a program told the person who set its tool up: the telling is the entry"}

var settingDuties = []*core.Duty{forgetting, settingTrial}

var settingTables = []core.Table{turnTable, announcementTable, {
	Name: "recognition_preview", Title: core.Text{FR: "Aperçus pendant le réglage", EN: "Previews while a tool is set up"}, Unsaved: true,
	Columns: core.Columns(
		core.Plain("org", "link", "asked_at", "told_at", "until_at"), core.Personal(owned, "asked_by"),
		core.Personal(core.Column{Category: "contact", Purpose: Purpose, Basis: core.Contract, Retention: "preview", Sealed: true, OnErase: core.Keep}, "told")),
}}

var settingRule = core.RetentionRule{
	Name: "preview", Title: core.Text{FR: "une demi-heure, un jour au plus", EN: "half an hour, one day at most"},
	From: core.Text{FR: "demande de la personne qui règle l'outil", EN: "the request of the person who sets the tool up"}, Days: 1, Ground: core.Contract,
}

var settingActivity = core.Activity{
	ID: "recognition.settings", Title: core.Text{FR: "Réglage des outils reliés", EN: "Setting up of linked tools"},
	About: core.Text{FR: "Montrer à la personne qui relie un outil ce qui en sortira, avant que rien n'en sorte d'autre", EN: "Show the person who links a tool what will leave it, before anything else leaves"},
	Part:  core.Processor, Purposes: []core.Purpose{Purpose},
	Persons: []core.Text{{FR: "contacts de l'organisation", EN: "contacts of the organization"}, {FR: "utilisateurs", EN: "users"}},
	Tables:  []string{"recognition_preview", "recognition_turn", "recognition_announcement"},
	Acts:    []core.Permission{"link.ask", "link.preview", "link.look", "link.tools", "sync.asked", "sync.source", "sync.announce", "sync.offer", "link.try"},
}

var (
	errNotAsked = i18n.Fault(core.Conflict, "preview.not_asked", "Personne n'a demandé cet aperçu, ou il n'est plus temps.", "Nobody asked for this preview, or it is too late.")
	errToldMuch = i18n.Fault(core.Invalid, "preview.too_large", "Cet aperçu est trop volumineux.", "This preview is too large.")
)

var (
	qPreviewAsk = db.SQL(`INSERT INTO recognition_preview (org, link, asked_at, asked_by, told_at, told, until_at) VALUES ($1, $2, $3, $4, 0, $5, $6)
		ON CONFLICT (org, link) DO UPDATE SET asked_at = excluded.asked_at, asked_by = excluded.asked_by, told_at = 0, told = excluded.told, until_at = excluded.until_at`)
	qPreviewTell   = db.SQL(`UPDATE recognition_preview SET told_at = $3, told = $4, until_at = $5 WHERE org = $1 AND link = $2 AND told_at = 0 AND until_at > $3`)
	qPreview       = db.SQL(`SELECT asked_at, told_at, told, until_at FROM recognition_preview WHERE org = $1 AND link = $2 AND until_at > $3`)
	qPreviewOver   = db.SQL(`DELETE FROM recognition_preview WHERE until_at <= $1`)
	qPreviewDrop   = db.SQL(`DELETE FROM recognition_preview WHERE org = $1 AND link = $2`)
	qForgetAsker   = db.SQL(`UPDATE recognition_preview SET asked_by = '' WHERE asked_by = $1`)
	previewPlaceOf = func(link core.ID) string { return "recognition_preview.told/" + string(link) }
)

// Preview is what the agent of a link tells the person who sets it up.
type Preview struct {
	AskedAt time.Time // zero: not asked, or over
	ToldAt  time.Time // zero: the agent has not answered yet
	Until   time.Time
	Told    preview.Told
}

// AskPreview asks the agent of a link to look at its tool with the mapping as it stands; what it told before is gone.
func (m *Module) AskPreview(ctx context.Context, org, link core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: AskPreview, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.readLink(ctx, tx, org, link); err != nil {
			return err
		}
		now := m.now()
		_, err := tx.Exec(ctx, qPreviewAsk, org, link, clock.Micros(now), core.ActorOf(ctx).ID, []byte{}, clock.Micros(now.Add(previewLife)))
		return err
	})
}

type previewRow struct {
	Preview
	sealed []byte
}

func scanPreview(scan db.Scan) (p previewRow, err error) {
	var asked, told, until int64
	err = scan(&asked, &told, &p.sealed, &until)
	p.AskedAt, p.ToldAt, p.Until = clock.FromMicros(asked), clock.FromMicros(told), clock.FromMicros(until)
	return p, err
}

// ReadPreview gives what the agent told, for half an hour.
func (m *Module) ReadPreview(ctx context.Context, org, link core.ID) (p Preview, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadPreview, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.readLink(ctx, tx, org, link); err != nil {
			return err
		}
		r, found, err := db.One(ctx, tx, qPreview, scanPreview, org, link, clock.Micros(m.now()))
		if err != nil || !found {
			return err
		}
		p = r.Preview
		if len(r.sealed) == 0 {
			return nil
		}
		plain, err := m.needs.Sealer.Open(ctx, link, previewPlaceOf(link), r.sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal(plain, &p.Told)
	})
	return p, err
}

// Asked is what an agent hears.
type Asked struct {
	Asked   bool
	Look    bool  // a person chooses a tool among those that the program sees
	Version int64 // of the mapping
	Mapping Mapping
}

// HearAsked tells an agent whether a person waits for it, and the mapping to look with.
func (m *Module) HearAsked(ctx context.Context, org, link core.ID) (a Asked, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: HearAsked, Org: org, Resource: link}, func(tx core.Tx) error {
		l, err := m.linkOfAgent(ctx, tx, org, link)
		if err != nil {
			return err
		}
		r, found, err := db.One(ctx, tx, qPreview, scanPreview, org, link, clock.Micros(m.now()))
		if err != nil {
			return err
		}
		look, err := m.looks(ctx, tx, l)
		a = Asked{found && r.ToldAt.IsZero(), look, l.Version, l.Mapping}
		a.Mapping.Trunks = nil // the agent does not need to know them
		return err
	})
	return a, err
}

// TellPreview keeps what an agent tells, sealed under the key of its link.
func (m *Module) TellPreview(ctx context.Context, org, link core.ID, told preview.Told) error {
	plain, err := json.Marshal(told)
	if err != nil {
		return err
	}
	if len(plain) > mostTold || len(told.Rows) > preview.MostRows || len(told.Fields) > preview.MostFields {
		return errToldMuch
	}
	act := &core.Act{Def: TellPreview, Org: org, Resource: link}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := m.linkOfAgent(ctx, tx, org, link); err != nil {
			return err
		}
		sealed, err := m.needs.Sealer.Seal(ctx, link, previewPlaceOf(link), plain)
		if err != nil {
			return err
		}
		now := m.now()
		n, err := tx.Exec(ctx, qPreviewTell, org, link, clock.Micros(now), sealed, clock.Micros(now.Add(previewLife)))
		if err == nil && n == 0 {
			err = errNotAsked
		}
		act.Changed("rows", "0", fmt.Sprint(len(told.Rows)))
		return err
	})
}

// forgetPreviews ends what has lasted half an hour.
func (m *Module) forgetPreviews(ctx context.Context) error {
	return m.needs.Gate.Keep(ctx, forgetting, func(tx core.Tx) error {
		for _, q := range []string{qPreviewOver, qToolsOver} {
			if _, err := tx.Exec(ctx, q, clock.Micros(m.now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// linkOfAgent gives the link whose cards the program that asks brings; another's does not exist for it.
func (m *Module) linkOfAgent(ctx context.Context, tx core.Tx, org, link core.ID) (Link, error) {
	if err := m.mine(ctx, tx, org, link); err != nil {
		return Link{}, err
	}
	return m.readLink(ctx, tx, org, link)
}

func forgetAsker(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qForgetAsker, person)
	return []core.Receipt{{Table: "recognition_preview", Deleted: n}}, err
}
