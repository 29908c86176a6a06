package journal

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

// The acts of those who read the journal: each is itself an entry.
var (
	holders = []string{"admin", "security", "auditor", "provider.admin", "provider.dpo", "provider.auditor"}

	// Open begins a visit for a stated reason.
	Open = core.ActDef{
		Permission: "journal.open", Resource: "journal_visit", Verb: core.Creates, Purpose: core.PurposeSecurity, Holders: holders,
		Title: core.Text{FR: "Ouvrir le journal en disant pourquoi", EN: "Open the journal, saying why"},
	}
	// Read shows a page of entries within a visit.
	Read = core.ActDef{
		Permission: "journal.read", Resource: "journal_visit", Verb: core.Reads, Purpose: core.PurposeSecurity, Holders: holders,
		Title: core.Text{FR: "Lire le journal", EN: "Read the journal"},
	}
	// Export takes entries out, with their proofs.
	Export = core.ActDef{
		Permission: "journal.export", Resource: "journal_visit", Verb: core.Exports, Purpose: core.PurposeSecurity, Holders: holders,
		Title: core.Text{FR: "Exporter le journal avec ses preuves", EN: "Export the journal with its proofs"},
	}
	// Check verifies entries against the signed tree.
	Check = core.ActDef{
		Permission: "journal.verify", Resource: "journal", Verb: core.Reads, Purpose: core.PurposeSecurity, Holders: holders,
		Title: core.Text{FR: "Vérifier le journal", EN: "Verify the journal"},
	}
	// Save keeps or forgets a search.
	Save = core.ActDef{
		Permission: "journal.save_search", Resource: "journal_search", Verb: core.Updates, Purpose: core.PurposeSecurity, Holders: holders,
		Title: core.Text{FR: "Garder une recherche dans le journal", EN: "Keep a search of the journal"},
	}
)

var (
	errReason = i18n.Fault(core.Forbidden, "journal.reason_needed",
		"Dites d'abord pourquoi vous lisez le journal.", "First say why you are reading the journal.")
	errReasonShort = i18n.Fault(core.Invalid, "journal.reason_short",
		"Donnez une raison en quelques mots (10 caractères au moins).", "Give a reason in a few words (at least 10 characters).")
	errNoEntry = i18n.Fault(core.NotFound, "journal.no_entry", "Cette entrée n'existe pas.", "There is no such entry.")
)

// Look is what every page asks first; it shows nothing of anybody.
var Look = core.ActDef{
	Permission: "journal.search", Resource: "journal_search", Verb: core.Reads, Purpose: core.PurposeSecurity, Holders: holders, Quiet: true,
	Title: core.Text{FR: "Chercher dans le journal", EN: "Search the journal"},
}

// Allowed tells whether the actor may be on the pages of a journal at all.
func (x *Explorer) Allowed(ctx context.Context, org core.ID) error {
	return x.gate.Read(ctx, &core.Act{Def: &Look, Org: org}, func(core.Tx) error { return nil })
}

// visitTime is how long a stated reason holds.
const visitTime = 2 * time.Hour

// pageRows is how many entries a page shows.
const pageRows = 50

// Explorer is the journal for those who read it: every verb is an act.
type Explorer struct {
	m     *Module
	gate  core.Gate
	names Names
}

// Explorer makes the reading side over a gate; names may be nil.
func (m *Module) Explorer(gate core.Gate, names Names) *Explorer { return &Explorer{m, gate, names} }

// Module gives the journal itself.
func (x *Explorer) Module() *Module { return x.m }

// Visit is a reader's stay.
type Visit struct {
	ID     core.ID
	Reason string
	Began  time.Time
	Ends   time.Time
}

var (
	qVisit    = db.SQL(`SELECT id, reason, began, ends FROM journal_visit WHERE org = $1 AND person = $2 AND ends > $3 ORDER BY ends DESC LIMIT 1`)
	qNewVisit = db.SQL(`INSERT INTO journal_visit (org, id, person, reason, began, ends) VALUES ($1, $2, $3, $4, $5, $6)`)
	qEndVisit = db.SQL(`UPDATE journal_visit SET ends = $4 WHERE org = $1 AND person = $2 AND ends > $3`)
)

// Open begins a visit of the actor in the journal of org, for a reason that the journal keeps.
func (x *Explorer) Open(ctx context.Context, org core.ID, reason string) (Visit, error) {
	if reason = strings.TrimSpace(reason); len([]rune(reason)) < 10 {
		return Visit{}, errReasonShort.With("reason", "journal.reason_short")
	}
	actor := core.ActorOf(ctx)
	now := x.m.clock.Now()
	v := Visit{ID: ids.At(now), Reason: reason, Began: now, Ends: now.Add(visitTime)}
	sealed, err := x.m.sealFor(ctx, actor.ID, org, "journal_visit.reason/"+string(v.ID), []byte(cut(reason, 1000)))
	if err != nil {
		return Visit{}, err
	}
	act := &core.Act{Def: &Open, Org: org, Resource: v.ID, Subject: subjectOf(actor), Note: cut(reason, 1000)}
	return v, x.gate.Change(ctx, act, func(tx core.Tx) error {
		us := clock.Micros(now)
		if _, err := tx.Exec(ctx, qEndVisit, org, actor.ID, us, us); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, qNewVisit, org, v.ID, actor.ID, sealed, us, clock.Micros(v.Ends))
		return err
	})
}

func subjectOf(a core.Actor) core.ID {
	if a.Kind == core.HumanActor {
		return a.ID
	}
	return ""
}

// sealFor seals under a person's key, or the organization's for an actor that has none.
func (m *Module) sealFor(ctx context.Context, owner, org core.ID, place string, plain []byte) ([]byte, error) {
	sealed, err := m.sealer.Seal(ctx, owner, place, plain)
	if core.CodeOf(err) != "vault.no_key" {
		return prefix('A', sealed), err
	}
	if sealed, err = m.sealer.Seal(ctx, org, place, plain); core.CodeOf(err) == "vault.no_key" {
		if err = m.sealer.MakeKeys(ctx, org); err == nil {
			sealed, err = m.sealer.Seal(ctx, org, place, plain)
		}
	}
	return prefix('O', sealed), err
}

func prefix(b byte, rest []byte) []byte { return append([]byte{b}, rest...) }

// openFor opens what sealFor sealed; "" when the key was destroyed.
func (m *Module) openFor(ctx context.Context, owner, org core.ID, place string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	if sealed[0] == 'O' {
		owner = org
	}
	plain, err := m.sealer.Open(ctx, owner, place, sealed[1:])
	if core.KindOf(err) == core.Gone {
		return "", nil
	}
	return string(plain), err
}

// visit finds the live visit of the actor, or says that a reason is needed.
func (x *Explorer) visit(ctx context.Context, tx core.Tx, org core.ID) (Visit, error) {
	actor := core.ActorOf(ctx)
	if actor.Kind == core.SystemActor {
		return Visit{ID: "command", Ends: x.m.clock.Now().Add(visitTime)}, nil
	}
	var sealed []byte
	v, found, err := db.One(ctx, tx, qVisit, func(scan db.Scan) (v Visit, err error) {
		var began, ends int64
		err = scan(&v.ID, &sealed, &began, &ends)
		v.Began, v.Ends = clock.FromMicros(began), clock.FromMicros(ends)
		return v, err
	}, org, actor.ID, clock.Micros(x.m.clock.Now()))
	if err != nil {
		return v, err
	}
	if !found {
		return v, errReason
	}
	v.Reason, err = x.m.openFor(ctx, actor.ID, org, "journal_visit.reason/"+string(v.ID), sealed)
	return v, err
}

// View is what a page of the explorer shows.
type View struct {
	Page
	Visit  Visit
	People map[core.ID]core.Person
}

// Page reads a page of entries. It needs a live visit; the read is an entry that says what was asked.
func (x *Explorer) Page(ctx context.Context, org core.ID, f Filter, from Mark) (View, error) {
	return x.page(ctx, org, f, from, pageRows)
}

// List is Page with a number of entries of one's own, 1 to 200.
func (x *Explorer) List(ctx context.Context, org core.ID, f Filter, from Mark, limit int) (View, error) {
	return x.page(ctx, org, f, from, min(max(limit, 1), 200))
}

func (x *Explorer) page(ctx context.Context, org core.ID, f Filter, from Mark, limit int) (v View, err error) {
	if from == (Mark{}) {
		from = newestMark
	}
	act := &core.Act{Def: &Read, Org: org, Subject: firstOf(f.Person, f.Subject), Note: f.told()}
	err = x.gate.Read(ctx, act, func(tx core.Tx) error {
		v = View{}
		if v.Visit, err = x.visit(ctx, tx, org); err != nil {
			return err
		}
		act.Resource = v.Visit.ID
		l, found, err := findLog(ctx, tx, org)
		if err != nil || !found {
			return err
		}
		if f.Words != "" {
			v.Page, err = x.m.search(ctx, tx, &l, f, from, limit, x.names)
		} else if v.Page, err = x.m.page(ctx, tx, &l, f, from, limit); err == nil {
			err = x.m.openAll(ctx, v.Rows)
		}
		if err != nil {
			return err
		}
		if c, ok, err := db.One(ctx, tx, qLatest, scanCheckpoint, l.log); err != nil {
			return err
		} else if ok {
			v.Signed = clock.FromMicros(c.at)
		}
		v.People, err = nameAll(ctx, tx, x.names, v.Rows)
		return err
	})
	return v, err
}

func firstOf(list ...core.ID) core.ID {
	for _, id := range list {
		if id != "" {
			return id
		}
	}
	return ""
}

// told says what was asked, for the sealed part of the entry of the read.
func (f Filter) told() string {
	q := f.Query().Encode()
	if f.Words != "" {
		q += " " + f.Words
	}
	return cut(strings.TrimSpace(q), 500)
}

// Verify checks the entries from ≤ seq ≤ to of a log.
func (x *Explorer) Verify(ctx context.Context, org core.ID, from, to uint64) (rep verify.Report, err error) {
	act := &core.Act{Def: &Check, Org: org, Resource: org}
	if err := x.gate.Read(ctx, act, func(core.Tx) error { return nil }); err != nil {
		return rep, err
	}
	return x.m.VerifyRange(ctx, org, from, to)
}

// Entry reads one entry within a visit.
func (x *Explorer) Entry(ctx context.Context, org core.ID, seq uint64) (v View, err error) {
	act := &core.Act{Def: &Read, Org: org}
	err = x.gate.Read(ctx, act, func(tx core.Tx) error {
		if v.Visit, err = x.visit(ctx, tx, org); err != nil {
			return err
		}
		act.Resource = v.Visit.ID
		l, found, err := findLog(ctx, tx, org)
		if err != nil {
			return err
		}
		if !found || seq >= l.size {
			return errNoEntry
		}
		s := &seeker{m: x.m, tx: tx, l: &l}
		if err := s.entryAt(ctx, []uint64{seq}); err != nil {
			return err
		}
		if len(s.rows) == 0 {
			return errNoEntry
		}
		r := s.rows[0]
		if len(r.Subjects) > 0 {
			act.Subject = core.ID(r.Subjects[0])
		}
		v.Rows, v.Tree = []*Row{r}, l.size
		if err := x.m.open(ctx, r); err != nil {
			return err
		}
		v.People, err = nameAll(ctx, tx, x.names, v.Rows)
		return err
	})
	return v, err
}
