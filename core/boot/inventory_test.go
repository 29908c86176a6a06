package boot

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	qDueAt         = db.SQL(`UPDATE inventory_item SET due_at = $2 WHERE id = $1`)
	qWrittenAt     = db.SQL(`UPDATE inventory_version SET changed_at = $2 WHERE item = $1`)
	qSentFor       = db.SQL(`UPDATE inventory_reminder SET due_at = $2 WHERE item = $1`)
	qSealedReport  = db.SQL(`SELECT content FROM inventory_file WHERE item = $1`)
	qLettersOfKind = db.SQL(`SELECT count(*) FROM mail_outbox WHERE kind = $1`)
)

func daysOn(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }

func (w *town) writes(r *inventory.Register, v inventory.Values, files ...inventory.Upload) core.ID {
	w.t.Helper()
	id, err := w.inventory.Add(w.as("provider.dpo"), r, inventory.Draft{Values: v, Files: files})
	w.must("add to "+r.ID, err)
	return id
}

func (w *town) rewrites(r *inventory.Register, id core.ID, change inventory.Values, files ...inventory.Upload) error {
	w.t.Helper()
	p, err := w.inventory.Get(w.as("provider.dpo"), r, id)
	w.must("read "+r.ID, err)
	for name, v := range change {
		p.Values[name] = v
	}
	return w.inventory.Change(w.as("provider.dpo"), r, id, inventory.Draft{Values: p.Values, Files: files, Revision: p.Revision})
}

func (w *town) flags(r *inventory.Register, id core.ID) []string {
	w.t.Helper()
	p, err := w.inventory.Get(w.as("provider.auditor"), r, id)
	w.must("read "+r.ID, err)
	return p.Flags(time.Now())
}

// plantRegister writes an asset with its file and a document of the provider's, for the walks: no client sees them.
func (w *town) plantRegister() {
	w.t.Helper()
	plant := func(r *inventory.Register, v inventory.Values) core.ID {
		file := inventory.Upload{Name: "canary-file.txt", Content: []byte("canary-text")}
		id, err := w.inventory.Add(w.as("provider.admin"), r, inventory.Draft{Values: v, Files: []inventory.Upload{file}})
		w.must("plant in "+r.ID, err)
		return id
	}
	plant(inventory.Documents, inventory.Values{"label": "canary-document", "owner": string(w.people["provider.admin"]), "version": "1", "review": daysOn(200), "state": "draft"})
	id := plant(inventory.Assets, inventory.Values{"label": "canary-asset", "kind": "computer", "encrypted": "yes", "state": "in_use"})
	w.known["item"] = []core.ID{id}
}

// TestAMachineLeavesWithARecord: flagged without one, read by nobody else, sealed, its versions kept.
func TestAMachineLeavesWithARecord(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		laptop := inventory.Values{"label": "=HYPERLINK(1)", "kind": "computer", "serial": "S-42", "encrypted": "yes", "state": "disposed"}
		id := w.writes(inventory.Assets, laptop)
		if f := w.flags(inventory.Assets, id); !slices.Contains(f, inventory.LacksRecord) {
			t.Errorf("an asset that left without a record is flagged %v", f)
		}
		record := inventory.Values{"disposed_on": daysOn(-1), "method": "destroyed", "disposed_by": "A. Broyeur"}
		proof := inventory.Upload{Name: "certificate.pdf", Content: []byte("%PDF-1.7 shredded, seen in person")}
		w.must("record", w.rewrites(inventory.Assets, id, record, proof))
		if f := w.flags(inventory.Assets, id); len(f) > 0 {
			t.Errorf("an asset that left with its record is flagged %v", f)
		}
		p, err := w.inventory.Get(w.as("provider.auditor"), inventory.Assets, id)
		w.must("read", err)
		if len(p.Versions) != 2 || p.Versions[1].Values["method"] != "" || len(p.Files) != 1 || len(p.Files[0].Digest) != 64 {
			t.Errorf("versions %d, files %v", len(p.Versions), p.Files)
		}
		_, content, err := w.inventory.Open(w.as("provider.auditor"), inventory.Assets, id, p.Files[0].ID)
		if err != nil || !bytes.Equal(content, proof.Content) {
			t.Errorf("the certificate reads %q: %v", content, err)
		}
		w.must("sealed", w.db.Read(t.Context(), func(tx core.Tx) error {
			stored, _, err := db.One(t.Context(), tx, qSealedReport, db.Value[[]byte], id)
			if len(stored) == 0 || bytes.Contains(stored, []byte("shredded")) {
				t.Error("the certificate is in clear in the database")
			}
			return err
		}))
		file, _, err := w.inventory.CSV(w.as("provider.auditor"), inventory.Assets)
		if err != nil || !bytes.Contains(file, []byte("S-42")) || bytes.Contains(file, []byte(`"=HYPER`)) || bytes.Contains(file, []byte("\n=HYPER")) {
			t.Errorf("the sheet runs a formula or lacks a line: %q, %v", file, err)
		}
		if err := w.inventory.Change(w.as("provider.dpo"), inventory.Assets, id, inventory.Draft{Values: laptop, Revision: 1}); core.KindOf(err) != core.Conflict {
			t.Errorf("a version that was not read was written over: %v", err)
		}
		if _, err := w.inventory.Add(w.as("provider.auditor"), inventory.Assets, inventory.Draft{Values: laptop}); core.KindOf(err) != core.Forbidden && core.KindOf(err) != core.NotFound {
			t.Errorf("an auditor added an asset: %v", err)
		}
		w.must("erase", w.gate.Keep(w.system(), inventory.Trial, func(tx core.Tx) error {
			receipts, err := w.inventory.ErasePerson(t.Context(), tx, w.people["provider.dpo"])
			if i := slices.IndexFunc(receipts, func(r core.Receipt) bool { return r.Table == "inventory_version" }); i < 0 || receipts[i].Kept != 2 {
				t.Errorf("an erasure answers %v", receipts)
			}
			return err
		}))
	})
}

// TestClientsKnowTheSubProcessors: told 30 days before, by mail and on their page, and never of contracts.
func TestClientsKnowTheSubProcessors(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		host := inventory.Values{
			"label": "Hébergeur Aubade", "service": "hosting", "country": "US", "region": "outside", "data": "everything", "contract": "SECRET-REF", "terms": "no",
			"state": "current", "owner": string(w.people["provider.dpo"]), "starts": daysOn(10),
		}
		if _, err := w.inventory.Add(w.as("provider.dpo"), inventory.Processors, inventory.Draft{Values: host}); core.CodeOf(err) != "inventory.line" {
			t.Errorf("a sub-processor starts in 10 days and nobody was told: %v", err)
		}
		host["starts"], host["expiry"] = daysOn(40), daysOn(50)
		id := w.writes(inventory.Processors, host)
		f := w.flags(inventory.Processors, id)
		for _, want := range []string{inventory.LacksTerms, inventory.LacksGround, inventory.LacksTold, inventory.FlagSoon} {
			if !slices.Contains(f, want) {
				t.Errorf("%s is not flagged: %v", want, f)
			}
		}
		w.must("tell", w.Sweep(t.Context(), "inventory.remind"))
		letters := w.letters("subprocessor.change")
		w.must("tell", w.Sweep(t.Context(), "inventory.remind"))
		if letters == 0 || w.letters("subprocessor.change") != letters {
			t.Errorf("clients got %d letters, then %d", letters, w.letters("subprocessor.change"))
		}
		if f := w.flags(inventory.Processors, id); slices.Contains(f, inventory.LacksTold) {
			t.Errorf("clients were told, and it says %v", f)
		}
		page := w.see("a.admin", "/o/"+string(w.a)+"/subprocessors", "Hébergeur Aubade")
		if strings.Contains(page, "SECRET-REF") {
			t.Error("a client reads the contract of a sub-processor")
		}
		ended := inventory.Values{"terms": "yes", "terms_on": daysOn(-1), "ground": "standard clauses"}
		if err := w.rewrites(inventory.Processors, id, ended); err != nil {
			t.Errorf("a change announced 40 days before is refused: %v", err)
		}
		if f := w.flags(inventory.Processors, id); !slices.Contains(f, inventory.LacksTold) || !slices.Contains(f, inventory.FlagOutside) {
			t.Errorf("the ground changed, of which clients are to be told again: %v", f)
		}
	})
}

// TestADateIsRecalledOnceToItsOwner: a review before and after, a finding of an evaluation.
func TestADateIsRecalledOnceToItsOwner(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		owner := string(w.people["provider.dpo"])
		pssi := w.writes(inventory.Documents, inventory.Values{"label": "PSSI", "owner": owner, "version": "3", "link": "https://pssi.example/3", "review": daysOn(200), "state": "in_force", "approved_by": "CEO", "approved_on": daysOn(-2)})
		if f := w.flags(inventory.Documents, pssi); len(f) > 0 {
			t.Errorf("a sound document is flagged %v", f)
		}
		w.exec(qDueAt, pssi, time.Now().Add(-time.Hour).UnixMicro())
		for range 2 {
			w.must("remind", w.Sweep(t.Context(), "inventory.remind"))
		}
		if n := w.letters("inventory.overdue"); n != 1 {
			t.Errorf("its owner got %d letters for one date", n)
		}
		if w.told("provider.admin", "inventory.escalation") != 1 || w.told("provider.dpo", "inventory.escalation") != 0 || w.told("a.admin", "inventory.escalation") != 0 {
			t.Error("a date that has passed is told once above its owner, and to no client")
		}
		report := inventory.Upload{Name: "report.txt", Content: []byte("two findings")}
		pentest := w.writes(inventory.Evaluations, inventory.Values{"label": "Application", "who": "Auditor", "done": daysOn(-30), "next": daysOn(300), "owner": owner, "state": "current"}, report)
		if _, err := w.inventory.Add(w.as("provider.dpo"), inventory.Findings, inventory.Draft{Parent: pssi, Values: inventory.Values{"label": "x", "severity": "high", "owner": owner, "due": daysOn(9), "state": "open"}}); core.KindOf(err) != core.NotFound {
			t.Errorf("a finding of no evaluation was written: %v", err)
		}
		hole, err := w.inventory.Add(w.as("provider.dpo"), inventory.Findings, inventory.Draft{Parent: pentest, Values: inventory.Values{"label": "hole", "severity": "high", "owner": owner, "due": daysOn(-1), "state": "open"}})
		w.must("finding", err)
		if f := w.flags(inventory.Evaluations, pentest); !slices.Equal(f, []string{inventory.FlagFinding}) {
			t.Errorf("an evaluation with an overdue finding is flagged %v", f)
		}
		w.must("fix", w.rewrites(inventory.Findings, hole, inventory.Values{"state": "fixed"}))
		if f := w.flags(inventory.Evaluations, pentest); len(f) > 0 {
			t.Errorf("once it is fixed, it is flagged %v", f)
		}
		english := i18n.With(context.Background(), i18n.EN)
		if got := inventory.FlagWords(english, []string{inventory.FlagOverdue}); got != "overdue" {
			t.Errorf("a flag says %q", got)
		}
	})
}

// TestADateIsRecalledAtEachStep: 60, 30 and 7 days before, one letter for a run that was missed, then above; what nobody owns too.
func TestADateIsRecalledAtEachStep(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		owner := string(w.people["provider.dpo"])
		id := w.writes(inventory.Documents, inventory.Values{"label": "PSSI", "owner": owner, "version": "3", "link": "https://pssi.example/3", "review": daysOn(300), "state": "in_force", "approved_by": "CEO", "approved_on": daysOn(-2)})
		w.exec(qWrittenAt, id, time.Now().AddDate(-1, 0, 0).UnixMicro())
		for _, at := range []struct {
			left         int
			soon, passed int64
		}{{61, 0, 0}, {59, 1, 0}, {40, 1, 0}, {20, 2, 0}, {3, 3, 0}, {-1, 3, 1}} {
			due := time.Now().AddDate(0, 0, at.left).UnixMicro() // time passes: the line and what was sent for it keep one date
			w.exec(qDueAt, id, due)
			w.exec(qSentFor, id, due)
			w.must("remind", w.Sweep(t.Context(), "inventory.remind"))
			w.must("remind", w.Sweep(t.Context(), "inventory.remind"))
			if soon, passed := w.letters("inventory.due"), w.letters("inventory.escalation"); soon != at.soon || passed != at.passed {
				t.Errorf("%d days before: %d reminders and %d escalations so far, want %d and %d", at.left, soon, passed, at.soon, at.passed)
			}
		}
		w.writes(inventory.Assets, inventory.Values{"label": "spare", "kind": "computer", "encrypted": "yes", "state": "in_use", "check": daysOn(-1)})
		w.must("remind", w.Sweep(t.Context(), "inventory.remind"))
		if n := w.told("provider.admin", "inventory.escalation"); n != 2 {
			t.Errorf("an asset that nobody holds, its check passed: %d escalations, want one more than 1", n)
		}
	})
}

func (w *town) letters(kind string) (n int64) {
	w.t.Helper()
	w.must("letters", w.db.Read(w.t.Context(), func(tx core.Tx) (err error) {
		n, _, err = db.One(w.t.Context(), tx, qLettersOfKind, db.Value[int64], kind)
		return err
	}))
	return n
}
