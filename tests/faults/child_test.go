//go:build faults

package faults

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/tests/faults/lossy"
	"github.com/rempart/rempart/verify"
)

//go:embed testdata/schema/*.sql
var testdata embed.FS

func faultSchema() db.Schema {
	sub, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err)
	}
	return db.Schema{Module: "fault", FS: sub}
}

var (
	qPut     = db.SQL(`INSERT INTO fault_row (id) VALUES ($1)`)
	qRows    = db.SQL(`SELECT id FROM fault_row`)
	qEntries = db.SQL(`SELECT body FROM journal_batch`)
)

// writeRow is the act: a row and its entry, or neither.
var writeRow = core.ActDef{
	Permission: "fault.write", Resource: "fault", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
	Title: core.Text{FR: "Écrire une ligne", EN: "Write a row"},
}

// kinds are the services of the child: those of the program, and one whose rows are counted.
var kinds = append(slices.Clone(services.All), service.Kind{Name: "fault", Schema: faultSchema(), New: func(service.Doors) (service.Service, error) {
	return service.Service{Module: faulty{}}, nil
}})

type faulty struct{}

func (faulty) Manifest() core.Manifest {
	title := core.Text{FR: "Lignes comptées", EN: "Counted rows"}
	return core.Manifest{
		Module: "fault", Title: title, Acts: []*core.ActDef{&writeRow},
		Tables: []core.Table{{Name: "fault_row", Title: title, Columns: core.Plain("id")}},
		Activities: []core.Activity{{
			ID: "fault.rows", Title: title, About: title, Part: core.Controller, Purposes: []core.Purpose{core.PurposeSecurity}, Tables: []string{"fault_row"}, Persons: []core.Text{title},
		}},
	}
}

func (faulty) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

func (faulty) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) { return nil, nil }

// The child: a house that first checks what its predecessor left, then acts until it is killed or its input ends.
const (
	envChild = "REMPART_FAULT_CHILD" // set: be the child
	envData  = "REMPART_FAULT_DATA"  // folder of keys and SQLite files
	envURL   = "REMPART_FAULT_URL"   // PostgreSQL, or empty
	envAcked = "REMPART_FAULT_ACKED" // file with the ids acknowledged so far
)

func TestMain(m *testing.M) {
	if os.Getenv(envChild) != "" {
		if err := child(); err != nil {
			fmt.Println("failed", strings.ReplaceAll(err.Error(), "\n", " | "))
			os.Exit(1)
		}
		return
	}
	lossy.Sweep()
	os.Exit(m.Run())
}

func child() error {
	ctx, stop := context.WithCancel(core.WithActor(context.Background(), core.System("fault")))
	defer stop()
	data, url := os.Getenv(envData), os.Getenv(envURL)
	d, err := db.Open(ctx, db.Config{URL: rowsURL(data, url), Pool: 2})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer d.Close()
	if err := d.Migrate(ctx, boot.Schemas(kinds...)...); err != nil {
		return err
	}
	level := slog.LevelError
	h, err := boot.New(ctx, boot.Config{
		Services: kinds,
		Data:     data, URL: url, Origin: "http://localhost:8080",
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	said, err := check(ctx, h, d)
	if err != nil {
		return err
	}
	fmt.Println(said)
	var all sync.WaitGroup
	all.Go(func() {
		if err := h.Run(ctx); err != nil {
			fmt.Println("stopped", err)
		}
	})
	for range 8 {
		all.Go(func() { act(ctx, h.Gate()) })
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
	}
	stop()
	all.Wait()
	return h.Close()
}

func rowsURL(data, url string) string {
	if url != "" {
		return url
	}
	return filepath.Join(data, "rempart.db")
}

// act writes rows as fast as they are acknowledged, and says each acknowledgement and each refusal.
func act(ctx context.Context, gate core.Gate) {
	for ctx.Err() == nil {
		id := ids.New()
		err := gate.Change(ctx, &core.Act{Def: &writeRow, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qPut, id)
			return err
		})
		switch {
		case err == nil:
			fmt.Println("ack", id)
		case ctx.Err() == nil:
			code := core.CodeOf(err)
			if code == "" {
				code = "untyped " + strings.ReplaceAll(err.Error(), "\n", " | ")
			}
			fmt.Println("refused", code)
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// written lists what the entries of a batch say was written.
func written(body []byte) (ids []string, err error) {
	for len(body) > 0 {
		var text []byte
		if text, _, body, err = verify.CutStored(body); err != nil {
			return ids, err
		}
		if lines := strings.Split(string(text), "\n"); lines[6] == "fault.write" && lines[11] == "success" {
			ids = append(ids, lines[9])
		}
	}
	return ids, nil
}

// check compares what is there with what was acknowledged.
func check(ctx context.Context, h *boot.House, d *db.DB) (string, error) {
	text, err := os.ReadFile(os.Getenv(envAcked))
	if err != nil {
		return "", err
	}
	acked := strings.Fields(string(text))
	reports, err := h.VerifyJournal(ctx)
	if err != nil {
		return "", fmt.Errorf("verify: %w", err)
	}
	for _, r := range reports {
		if !r.OK() {
			return "", fmt.Errorf("the journal does not verify: %s", r.String())
		}
	}
	var rows, entries []string
	long := db.Long(ctx)
	err = d.Read(long, func(tx core.Tx) (err error) {
		if rows, err = db.All(long, tx, qRows, db.Value[string]); err != nil {
			return err
		}
		bodies, err := db.All(long, tx, qEntries, db.Value[[]byte])
		for _, b := range bodies {
			some, err := written(b)
			if err != nil {
				return err
			}
			entries = append(entries, some...)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	slices.Sort(rows)
	slices.Sort(entries)
	if !slices.Equal(rows, entries) {
		return "", fmt.Errorf("%d rows and %d entries: an act and its entry parted", len(rows), len(entries))
	}
	for _, id := range acked {
		if _, there := slices.BinarySearch(rows, id); !there {
			return "", fmt.Errorf("the acknowledged act %s is lost (%d acknowledged, %d rows)", id, len(acked), len(rows))
		}
	}
	return fmt.Sprintf("checked %d acknowledged, %d rows", len(acked), len(rows)), nil
}
