package boot

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/archive"
	"github.com/rempart/rempart/kit/db"
)

// archiveOf asks for an archive on the page, does its job and gives the address of its page.
func (w *town) archiveOf(who, form string) (page string) {
	w.t.Helper()
	r := w.ask(who, http.MethodPost, "/me/archives", form)
	if r.Code != http.StatusSeeOther {
		w.t.Fatalf("asking for an archive answers %d: %s", r.Code, r.Body)
	}
	page, _, _ = strings.Cut(r.Header().Get("Location"), "?")
	id := core.ID(strings.TrimPrefix(page, "/me/archives/"))
	w.must("build", w.archive.BuildOne(core.WithActor(context.Background(), core.System("job:archive.build")), id))
	return page
}

// unzip gives the files of an archive.
func unzip(t testing.TB, content []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = text
	}
	return files
}

// personData is data.json as a program reads it.
type personData struct {
	Person   core.ID `json:"person"`
	Portable bool    `json:"portable"`
	Tables   []struct {
		Name    string `json:"name"`
		Columns []struct {
			Name, Title, Basis string
		} `json:"columns"`
		Rows []map[string]any `json:"rows"`
	} `json:"tables"`
}

func readData(t testing.TB, content, schema []byte) (d personData) {
	t.Helper()
	form, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("person.schema.json", form); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("person.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Fatalf("data.json does not follow its schema: %v", err)
	}
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestAnArchiveHoldsAllThatIsHeld asks for an archive on the page and opens it: every table that any room gives, once to read,
// once for programs, once for spreadsheets.
func TestAnArchiveHoldsAllThatIsHeld(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		const who, mail = "a.member", "canary-a-member@example.org"
		w.must("photo", w.identity.ChangePhoto(w.as(who), w.people[who], picture()))
		page := w.archiveOf(who, "x=1")
		if r := w.ask(who, http.MethodGet, page, ""); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), page+"/file") {
			t.Fatalf("the page of the archive (%d) does not give it", r.Code)
		}
		r := w.ask(who, http.MethodGet, page+"/file", "")
		if r.Code != http.StatusOK || r.Header().Get("Content-Type") != "application/zip" {
			t.Fatalf("the archive answers %d, %s", r.Code, r.Header().Get("Content-Type"))
		}
		files := unzip(t, r.Body.Bytes())
		if !strings.Contains(string(files["index.html"]), mail) {
			t.Error("the page to read does not hold the address")
		}
		if !bytes.HasPrefix(files["index.pdf"], []byte("%PDF-")) {
			t.Error("the archive lacks its PDF")
		}
		d := readData(t, files["data.json"], files["schema.json"])
		if d.Person != w.people[who] {
			t.Errorf("data.json is of %s", d.Person)
		}
		given := map[string]int{}
		w.must("export", w.db.Read(w.system(), func(tx core.Tx) error {
			for _, room := range w.modules {
				err := room.ExportPerson(w.system(), tx, w.people[who], func(r core.Record) error { given[r.Table]++; return nil })
				if err != nil {
					return err
				}
			}
			return nil
		}))
		for _, table := range d.Tables {
			sheet, err := csv.NewReader(bytes.NewReader(files["csv/"+table.Name+".csv"])).ReadAll()
			if err != nil || len(sheet) != len(table.Rows)+1 {
				t.Errorf("csv/%s.csv has %d lines for %d rows: %v", table.Name, len(sheet), len(table.Rows), err)
			}
			if n := given[table.Name]; n < len(table.Rows) || len(table.Rows) == 0 {
				t.Errorf("%s has %d rows, its room gives %d", table.Name, len(table.Rows), n)
			}
			delete(given, table.Name)
		}
		delete(given, "mail_outbox")     // the message that the archive is ready came after it
		delete(given, "archive_archive") // so did the end of the work
		if len(given) > 0 {
			t.Errorf("the archive lacks %v", given)
		}
		photo := slices.IndexFunc(slices.Collect(keysOf(files)), func(name string) bool { return strings.HasPrefix(name, "files/identity_photo") })
		if photo < 0 {
			t.Error("the archive lacks the photo")
		}
	})
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestPortabilityLeavesOutWhatArticle20DoesNotCover: what rests on the contract or on consent stays, the rest goes.
func TestPortabilityLeavesOutWhatArticle20DoesNotCover(t *testing.T) {
	w := newTown(t, "")
	page := w.archiveOf("a.member", "portable=1")
	files := unzip(t, w.ask("a.member", http.MethodGet, page+"/file", "").Body.Bytes())
	d := readData(t, files["data.json"], files["schema.json"])
	if !d.Portable || len(d.Tables) == 0 {
		t.Fatalf("portable: %v, %d tables", d.Portable, len(d.Tables))
	}
	for _, table := range d.Tables {
		for _, c := range table.Columns {
			if c.Basis != "" && c.Basis != "contract" && c.Basis != "consent" {
				t.Errorf("%s.%s rests on %s", table.Name, c.Name, c.Basis)
			}
		}
	}
	if !strings.Contains(string(files["data.json"]), "canary-a-member@example.org") {
		t.Error("the address, which the person gave, is missing")
	}
}

var qAged = db.SQL(`UPDATE archive_archive SET made_at = $2 WHERE id = $1`)

// TestAnArchiveOpensForItsPersonAloneAndDies: not for an administrator, not long after the proof of identity, not after seven
// days; the erasure of the person takes it.
func TestAnArchiveOpensForItsPersonAloneAndDies(t *testing.T) {
	w := newTown(t, "")
	letters, pieces := w.mails("archive.ready"), w.count(qPieces)
	page := w.archiveOf("b.member", "x=1")
	id := core.ID(strings.TrimPrefix(page, "/me/archives/"))
	if n := w.mails("archive.ready") - letters; n != 1 {
		t.Errorf("%d messages say that it is ready, want 1", n)
	}
	for _, who := range []string{"a.admin", "b.admin", "provider.admin", "provider.dpo"} {
		for _, at := range []string{page, page + "/file", page + "/progress"} {
			if r := w.ask(who, http.MethodGet, at, ""); r.Code != http.StatusNotFound {
				t.Errorf("%s answers %d to %s", at, r.Code, who)
			}
		}
	}
	stale := w.as("b.member")
	actor := core.ActorOf(stale)
	actor.AuthenticatedAt = time.Now().Add(-time.Hour)
	if _, _, err := w.archive.Take(core.WithActor(stale, actor), id); core.KindOf(err) != core.StepUp {
		t.Errorf("an hour after the proof of identity: %v", err)
	}
	w.do("age", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qAged, id, time.Now().Add(-archive.Life-time.Minute).UnixMicro())
		return err
	})
	if r := w.ask("b.member", http.MethodGet, page+"/file", ""); r.Code != http.StatusGone {
		t.Errorf("after seven days it answers %d", r.Code)
	}
	w.do("expire", func(ctx context.Context, tx core.Tx) error {
		_, err := w.archive.Expire(ctx, tx, core.Expiry{Rule: "own_archive", Org: core.Platform, Before: time.Now().Add(-archive.Life), Limit: 100})
		return err
	})
	if n := w.count(qPieces) - pieces; n != 0 {
		t.Errorf("%d pieces are left after seven days", n)
	}
	w.archiveOf("b.member", "x=1")
	w.do("erase", func(ctx context.Context, tx core.Tx) error {
		_, err := w.archive.ErasePerson(ctx, tx, w.people["b.member"])
		return err
	})
	if n := w.count(qPieces) - pieces; n != 0 {
		t.Errorf("%d pieces are left of an erased person", n)
	}
}

var qPieces = db.SQL(`SELECT count(*) FROM archive_piece`)

// heap is a room that holds many rows of one person.
type heap struct {
	rows   int
	secret string
	each   func(i int)
}

func (heap) Manifest() core.Manifest {
	contact := core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "account"}
	return core.Manifest{Module: "crowd", Title: core.Text{FR: "Foule", EN: "Crowd"}, Tables: []core.Table{
		{Name: "crowd_call", Title: core.Text{FR: "Appels", EN: "Calls"}, Columns: core.Personal(contact, "at", "phone", "note")},
	}}
}

func (c heap) ExportPerson(_ context.Context, _ core.Tx, _ core.ID, emit func(core.Record) error) error {
	for i := range c.rows {
		c.each(i)
		err := emit(core.Record{Table: "crowd_call", Values: map[string]any{"at": time.Unix(int64(i), 0), "phone": fmt.Sprintf("+33%09d", i), "note": c.secret + fmt.Sprint(i)}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (heap) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) { return nil, nil }

// watched is the file of a spool that keeps what was written to it.
type watched struct {
	*os.File
	written *atomic.Int64
	found   *atomic.Bool
	secret  []byte
}

func (f watched) Write(p []byte) (int, error) {
	f.written.Add(int64(len(p)))
	if bytes.Contains(p, f.secret) {
		f.found.Store(true)
	}
	return f.File.Write(p)
}

// TestAHundredThousandRowsOfOnePersonStream builds the archive of somebody of whom 100,000 rows are held, and of ten times
// fewer: memory stays what it was, and nothing in clear touches the disk.
func TestAHundredThousandRowsOfOnePersonStream(t *testing.T) {
	if coretest.RaceDetector {
		t.Skip("the detector multiplies the memory that is measured")
	}
	w := newTown(t, "")
	const secret = "a-word-that-stands-nowhere-else"
	var written atomic.Int64
	var found atomic.Bool
	var doors late
	doors.gate.Gate = w.gate
	peak := func(rows int) (most uint64, size int64) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		before := m.HeapAlloc
		look := func() {
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc-min(before, m.HeapAlloc))
		}
		rooms := append(slices.Clone(w.modules), heap{rows, secret, func(i int) {
			if i%(rows/10) == 0 {
				look()
			}
		}})
		kept := w.modules
		w.modules = rooms
		defer func() { w.modules = kept }()
		m2 := w.archives(&doors, func() (io.ReadWriteSeeker, func() error, error) {
			f, err := os.CreateTemp(t.TempDir(), "spool")
			return watched{f, &written, &found, []byte(secret)}, f.Close, err
		})
		var id core.ID
		w.do("prepare", func(ctx context.Context, tx core.Tx) (err error) {
			id, err = m2.Prepare(ctx, tx, w.people["a.member"], "", false)
			return err
		})
		w.must("build", m2.BuildOne(core.WithActor(context.Background(), core.System("job:archive.build")), id))
		var rowsIn int
		a, pieces, err := m2.Take(w.as("a.member"), id)
		w.must("take", err)
		f, err := os.CreateTemp(t.TempDir(), "zip")
		w.must("file", err)
		w.must("pieces", pieces(func(p []byte) error { look(); _, err := f.Write(p); return err }))
		z, err := zip.NewReader(f, a.Size)
		w.must("zip", err)
		r, err := z.Open("csv/crowd_call.csv")
		w.must("csv", err)
		c := csv.NewReader(r)
		c.ReuseRecord = true
		for {
			if _, err := c.Read(); err == io.EOF {
				break
			} else {
				w.must("row", err)
			}
			rowsIn++
		}
		if rowsIn != rows+1 {
			t.Errorf("%d lines for %d rows", rowsIn, rows)
		}
		return most, a.Size
	}
	small, _ := peak(10_000)
	large, size := peak(100_000)
	t.Logf("10,000 rows: %d KiB of heap; 100,000 rows: %d KiB, a file of %d KiB, %d KiB spooled", small>>10, large>>10, size>>10, written.Load()>>10)
	if large > small+16<<20 {
		t.Errorf("ten times more rows take %d MiB more", (large-small)>>20)
	}
	if written.Load() == 0 {
		t.Error("nothing was spooled: the test measured nothing")
	}
	if found.Load() {
		t.Error("a value stands in clear in the spool")
	}
	for _, name := range []string{"rempart.db", "rempart.db-wal"} {
		if content, err := os.ReadFile(filepath.Join(w.cfg.Data, name)); err == nil && bytes.Contains(content, []byte(secret)) {
			t.Errorf("a value stands in clear in %s", name)
		}
	}
}

// TestEveryPersonalColumnHasAWord: a person reads words, not names of columns.
func TestEveryPersonalColumnHasAWord(t *testing.T) {
	for _, m := range newTown(t, "").Manifests() {
		for _, table := range m.Tables {
			for _, c := range table.Columns {
				if c.Personal && !c.Secret && !archive.Spoken(table.Name, c.Name) {
					t.Errorf("%s.%s has no word in core/internal/archive/words.txt", table.Name, c.Name)
				}
			}
		}
	}
}

// TestTheSchemaOfAnArchiveIsTheOneInTheDocs keeps docs/person.schema.json the same.
func TestTheSchemaOfAnArchiveIsTheOneInTheDocs(t *testing.T) {
	documented, err := os.ReadFile("../../docs/person.schema.json")
	if err != nil || !bytes.Equal(documented, archive.PersonSchema) {
		t.Errorf("docs/person.schema.json differs from core/internal/archive/person.schema.json: %v", err)
	}
}

// TestOnesOwnPageSaysWhoLooked: each field with its ground and its end; who saw it, by what they are, never by their name.
func TestOnesOwnPageSaysWhoLooked(t *testing.T) {
	w := newTown(t, "")
	if r := w.ask("a.admin", http.MethodGet, "/o/"+string(w.a)+"/members/"+string(w.members["a.member"]), ""); r.Code != http.StatusOK {
		t.Fatalf("the administrator reads the member: %d", r.Code)
	}
	w.must("settle", w.journal.Settle(context.Background()))
	page := w.ask("a.member", http.MethodGet, "/me/data", "").Body.String()
	for _, want := range []string{"canary-a-member@example.org", "as long as the account exists", "giving the service", "See a member&#39;s page", "Administration", "Canary Alpha"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, path := range []string{"/me/data", "/me/data/seen", "/me/data/erasure", "/me/data/tables/identity_person"} {
		r := w.ask("a.member", http.MethodGet, path, "")
		if r.Code != http.StatusOK {
			t.Errorf("%s answers %d", path, r.Code)
		}
		if strings.Contains(r.Body.String(), "Canary-a.admin") || strings.Contains(r.Body.String(), "canary-a-admin@") || strings.Contains(r.Body.String(), string(w.people["a.admin"])) {
			t.Errorf("%s names who looked", path)
		}
	}
}

// BenchmarkExport measures a full export of a person as the API answers it (decision, every room, JSON, entry in the journal), and
// an archive from its asking to its last byte. Each export is itself an entry about the person: a hundred persons take turns.
// The reference to beat is 820 exports per second; cpu-µs/op counts all that the process computes.
func BenchmarkExport(b *testing.B) {
	w := newTown(b, "")
	const people = 100
	for i := range people {
		w.person(fmt.Sprintf("b.filler-%d", i), w.b, "member", "Filler")
	}
	run := func(name string, export func(who string)) {
		b.Run(name, func(b *testing.B) {
			before := cpu(b)
			for i := range b.N {
				export(fmt.Sprintf("b.filler-%d", i%people))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exports/s")
			b.ReportMetric(float64(cpu(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-µs/op")
		})
	}
	run("json", func(who string) {
		_, err := w.archive.JSON(w.as(who), false)
		w.must("json", err)
	})
	build := core.WithActor(context.Background(), core.System("job:archive.build"))
	run("archive", func(who string) {
		var id core.ID
		w.do("prepare", func(ctx context.Context, tx core.Tx) (err error) {
			id, err = w.archive.Prepare(ctx, tx, w.people[who], "", false)
			return err
		})
		w.must("build", w.archive.BuildOne(build, id))
	})
}
