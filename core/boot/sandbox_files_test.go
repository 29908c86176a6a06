package boot

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/sheet"
	"github.com/rempart/rempart/kit/upload"
)

// Each gives how many there are, and how many bytes they take.
var qFileSizes = map[string]string{
	"documents of identity": db.SQL(`SELECT count(*), coalesce(sum(size), 0) FROM rights_document WHERE destroyed_at = 0`),
	"files of registers":    db.SQL(`SELECT count(*), coalesce(sum(size), 0) FROM inventory_file`),
	"attestation files":     db.SQL(`SELECT count(*), coalesce(sum(size), 0) FROM attestation_file`),
	"evidence":              db.SQL(`SELECT count(*), coalesce(sum(size), 0) FROM incident_evidence`),
	"lines":                 db.SQL(`SELECT count(*), max(revision) FROM inventory_version`),
	"steps":                 db.SQL(`SELECT count(*), count(distinct kind) FROM incident_step`),
	"tasks":                 db.SQL(`SELECT count(*), count(*) FROM incident_task WHERE done_at = 0`),
	"archives":              db.SQL(`SELECT count(*), count(*) FROM archive_archive WHERE state = 'ready' AND size > 0`),
	"destroyed":             db.SQL(`SELECT count(*), count(*) FROM rights_document WHERE destroyed_at > 0`),
}

var (
	qReceived   = db.SQL(`SELECT received_at FROM rights_request WHERE trial = 0 ORDER BY received_at`)
	qAnArchive  = db.SQL(`SELECT id FROM archive_archive`)
	qAnIncident = db.SQL(`SELECT id FROM incident_incident`)
	qDestroyed  = db.SQL(`UPDATE rights_document SET destroyed_at = $3, content = $2, name = $2 WHERE id = $1`)
)

func pdf(size int) []byte { return append([]byte("%PDF-1.7 "), bytes.Repeat([]byte{'x'}, size)...) }

// attaches fills the rooms of a town that keep files, and gives one that stands in its registers.
func (w *town) attaches() []byte {
	w.t.Helper()
	w.plantRights()
	late, err := w.rights.Record(w.as("a.admin"), w.a, rights.Draft{Kind: rights.Access, Details: rights.Details{Name: "Late Canary", Email: "late@example.org"}}, time.Now().AddDate(0, 0, -10))
	w.must("request", err)
	w.must("doubt", w.rights.AskProof(w.as("a.admin"), w.a, late, "canary-doubt"))
	letters := w.desk(late).Letters
	w.must("document", w.rights.SendDocument(anonymous(w.t.Context()), w.linkIn(letters[len(letters)-1].Text), "canary-identity.pdf", pdf(200_000)))
	real := pdf(3_000_000)
	doc := w.writes(inventory.Documents, inventory.Values{
		"label": "Canary security policy", "owner": string(w.people["provider.dpo"]), "version": "2", "review": daysOn(90), "state": "in_force", "approved_by": "Canary Board",
		"approved_on": daysOn(-3), "link": "https://canary.example/psi",
	}, inventory.Upload{Name: "canary-policy.pdf", Content: real}, inventory.Upload{Name: "canary.txt", Content: []byte("canary words")})
	w.must("again", w.rewrites(inventory.Documents, doc, inventory.Values{"version": "3"}, inventory.Upload{Name: "canary.png", Content: picture()}))
	id := w.opens(breachDraft())
	w.must("evidence", w.incident.Attach(w.as("provider.operator"), id, "canary-evidence.pdf", pdf(500_000)))
	w.must("task", w.incident.AddTask(w.as("provider.dpo"), id, incident.Task{Title: "canary-task", Owner: w.people["provider.admin"], Due: time.Now().Add(time.Hour)}))
	_, err = w.archive.Ask(w.as("a.member"), true)
	w.must("archive", err)
	w.must("archive", w.archive.BuildOne(w.system(), w.anArchive(w.House)))
	w.must("contain", w.incident.Move(w.as("provider.dpo"), id, incident.StateOpen, incident.StateContained))
	return real
}

// twice gives what a query counts in a town and in its sandbox.
func (w *town) twice(other *House, q string) (n [2][2]int64) {
	w.t.Helper()
	for i, h := range []*House{w.House, other} {
		w.must("count", h.db.Read(w.t.Context(), func(tx core.Tx) (err error) {
			n[i], _, err = db.One(w.t.Context(), tx, q, func(scan db.Scan) (c [2]int64, err error) { return c, scan(&c[0], &c[1]) })
			return err
		}))
	}
	return n
}

// TestASandboxHasFilesOfNothing: as many in each room, of the same types and about as large, within what they may take together; dates
// of requests move together; a file of the source is seen by its digest and its name.
func TestASandboxHasFilesOfNothing(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		real := w.attaches()
		w.exec(qDestroyed, w.known["rights_document"][0], []byte{}, time.Now().UnixMicro())
		s, other, dir := w.sandboxed()
		ctx := core.WithActor(t.Context(), core.System("test"))
		for what, q := range qFileSizes {
			n := w.twice(other, q)
			if n[0][0] == 0 || n[0][0] != n[1][0] || slices.Contains([]string{"lines", "steps", "tasks"}, what) && n[0][1] != n[1][1] {
				t.Errorf("%s: %v in the source, %v in the sandbox", what, n[0], n[1])
			}
		}
		if n := w.twice(other, qFileSizes["files of registers"]); n[1][1] > 1<<20 || n[1][1] < 1<<18 {
			t.Errorf("files of registers take %d bytes, with a mebibyte for all and %d in the source", n[1][1], n[0][1])
		}
		if s.Bytes > 1<<20 || s.Of < 3_500_000 || s.Files < 6 {
			t.Errorf("%d files of %d bytes in the place of %d", s.Files, s.Bytes, s.Of)
		}
		w.opensAs(other)
		var received [2][]int64
		for i, h := range []*House{w.House, other} {
			w.must("dates", h.db.Read(ctx, func(tx core.Tx) (err error) {
				received[i], err = db.All(ctx, tx, qReceived, db.Value[int64])
				return err
			}))
		}
		moved := received[0][0] - received[1][0]
		for i := range received[0] {
			if received[0][i]-received[1][i] != moved {
				t.Errorf("request %d moved by %s, another by %s", i, time.Duration(received[0][i]-received[1][i])*time.Microsecond, time.Duration(moved)*time.Microsecond)
			}
		}
		if by := time.Duration(moved) * time.Microsecond; by < 23*time.Hour || by > 14*25*time.Hour {
			t.Errorf("dates moved by %s", by)
		}
		staff := other.somebodyOfStaff(t)
		_, err := other.inventory.Add(ctx, inventory.Documents, inventory.Draft{Values: inventory.Values{"label": "Title", "owner": string(staff), "version": "1", "review": daysOn(30), "state": "draft"}, Files: []inventory.Upload{{Name: "nothing.pdf", Content: real}}})
		w.must("plant a file", err)
		w.must("plant evidence", other.incident.Attach(ctx, w.anIncident(other), "canary-evidence.pdf", pdf(7)))
		w.must("close", other.Close())
		found, err := w.CheckSandbox(t.Context(), dir)
		w.must("compare", err)
		for _, place := range []string{"inventory_item.digest", "incident_incident.name"} {
			if !slices.Contains(found, place) {
				t.Errorf("a real file stands in %s, and the comparison sees %v", place, found)
			}
		}
	})
}

func (w *town) anIncident(h *House) (id core.ID) {
	w.t.Helper()
	w.must("incident", h.db.Read(w.t.Context(), func(tx core.Tx) (err error) {
		id, _, err = db.One(w.t.Context(), tx, qAnIncident, db.Value[core.ID])
		return err
	}))
	return id
}

// somebodyOfStaff gives a member of staff of a sandbox.
func (h *House) somebodyOfStaff(t *testing.T) core.ID {
	t.Helper()
	names, err := h.inventory.Team(core.WithActor(t.Context(), core.System("test")))
	if err != nil {
		t.Fatal(err)
	}
	for id := range names {
		return id
	}
	t.Fatal("nobody is of staff")
	return ""
}

func (w *town) anArchive(h *House) (id core.ID) {
	w.t.Helper()
	w.must("archive", h.db.Read(w.t.Context(), func(tx core.Tx) (err error) {
		id, _, err = db.One(w.t.Context(), tx, qAnArchive, db.Value[core.ID])
		return err
	}))
	return id
}

// opensAs opens files of a sandbox: they are what they are called, and attestations are still what was signed.
func (w *town) opensAs(other *House) {
	w.t.Helper()
	ctx := w.system()
	v, err := other.inventory.List(ctx, inventory.Documents, inventory.FilterLive)
	w.must("list", err)
	seen := 0
	for _, it := range v.List {
		page, err := other.inventory.Get(ctx, inventory.Documents, it.ID)
		w.must("line", err)
		for _, f := range page.Files {
			_, content, err := other.inventory.Open(ctx, inventory.Documents, it.ID, f.ID)
			w.must("open", err)
			if upload.Office(content) != f.Type || sheet.Digest(content) != f.Digest || len(content) != f.Size {
				w.t.Errorf("%s of %d bytes is a %s", f.Type, f.Size, upload.Office(content))
			}
			seen++
		}
	}
	if seen < 4 {
		w.t.Errorf("%d files open", seen)
	}
	list, err := other.attestation.List(ctx, attestation.Current)
	w.must("attestations", err)
	for _, a := range list.List {
		one, err := other.attestation.Get(ctx, a.ID)
		w.must("attestation", err)
		if !one.Sound || len(one.Files) == 0 || one.Names[one.Signer] == "" {
			w.t.Errorf("attestation %+v", one)
		}
	}
	if len(list.List) == 0 {
		w.t.Error("nothing is attested")
	}
}
