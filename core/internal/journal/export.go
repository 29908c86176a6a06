package journal

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/verify"
)

// Format is the form of an export.
type Format string

// The forms of an export. All can be verified offline (verify.File).
const (
	JSONL Format = "jsonl"
	CSV   Format = "csv"
	OCSF  Format = "ocsf"
)

var errFormat = i18n.Fault(core.Invalid, "journal.format",
	"Ce format d'export n'existe pas : jsonl, csv ou ocsf.", "There is no such export format: jsonl, csv or ocsf.")

// exportWindow is how many entries one statement reads, well below any deadline: whole tiles, so that no batch is missed.
const exportWindow = 8 * tileSize

// Export writes the entries of a filter, oldest first, each with its proof, under one signed head, and a signed list of
// what it holds. The export is an entry before its first byte leaves. Words are refused: what was left out by a text
// could not be told from what was taken out.
func (x *Explorer) Export(ctx context.Context, org core.ID, f Filter, format Format, w io.Writer) error {
	if format != JSONL && format != CSV && format != OCSF {
		return errFormat.With("format", "journal.format")
	}
	f.Words = ""
	act := &core.Act{Def: &Export, Org: org, Subject: firstOf(f.Person, f.Subject), Note: strings.TrimSpace(string(format) + " " + f.told())}
	err := x.gate.Read(ctx, act, func(tx core.Tx) error {
		v, err := x.visit(ctx, tx, org)
		act.Resource = v.ID
		return err
	})
	if err != nil {
		return err
	}
	return x.m.export(ctx, org, f, format, w)
}

// export streams without a decision: Export has taken it.
func (m *Module) export(ctx context.Context, org core.ID, f Filter, format Format, w io.Writer) error {
	var l logState
	var found bool
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		l, found, err = findLog(ctx, tx, org)
		return err
	})
	if err != nil {
		return err
	}
	head := verify.Checkpoint{Origin: m.Key().Origin(string(org)), Root: verify.EmptyRoot()}
	if found && l.size > 0 {
		if err := m.checkpoint(ctx, &l); err != nil {
			return err
		}
		head.Size, head.Root = l.size, l.root
	}
	signed, err := m.signed(head)
	if err != nil {
		return err
	}
	e := &exporter{m: m, l: &l, f: f, head: head, nodes: m.tree(l.log, l.size)}
	e.to = writerOf(format, w)
	if err := e.to.begin(verify.Header{Format: verify.ExportFormat, Log: string(org), Checkpoint: string(signed)}); err != nil {
		return err
	}
	for from := l.pruned &^ (tileSize - 1); from < l.size; from += exportWindow {
		if err := m.db.Read(ctx, func(tx core.Tx) error { return e.window(ctx, tx, from) }); err != nil {
			return fmt.Errorf("journal: export: %w", err)
		}
	}
	seqs := e.seen.String()
	body := verify.EndBody(head.Origin, head, e.seen.Count(), seqs)
	list, err := note.Sign(&note.Note{Text: body}, verify.NewSigner(verify.EndOrigin(head.Origin), m.public, m.sign))
	if err != nil {
		return err
	}
	return e.to.end(verify.End{Count: e.seen.Count(), Seqs: seqs, Note: string(list)})
}

// exporter walks a log.
type exporter struct {
	m     *Module
	l     *logState
	f     Filter
	head  verify.Checkpoint
	nodes *nodes
	seen  verify.Ranges
	to    exportWriter
}

func (e *exporter) window(ctx context.Context, tx core.Tx, from uint64) error {
	rows, err := db.All(ctx, tx, qBatches, scanBatch, place(e.l.log, from), place(e.l.log, min(from+exportWindow, e.l.size)))
	if err != nil {
		return err
	}
	s := &seeker{m: e.m, tx: tx, l: e.l, f: e.f}
	for _, b := range rows {
		if err := s.take(b); err != nil {
			return err
		}
		s.rows = s.rows[:0]
		for i, p := range s.batch {
			if seq := s.from + uint64(i); seq < e.l.size {
				if err := s.one(seq, p); err != nil {
					return err
				}
			}
		}
		for _, r := range s.rows {
			if err := e.write(ctx, tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *exporter) write(ctx context.Context, tx core.Tx, r *Row) error {
	if err := e.m.open(ctx, r); err != nil {
		return err
	}
	proof, err := e.nodes.inclusion(ctx, tx, r.Seq)
	if err != nil {
		return err
	}
	line := verify.NewEntryLine(&r.Entry, proof)
	for _, o := range r.opened {
		line.Reveal(o.part, o.salt, o.plain)
	}
	e.seen.Add(r.Seq)
	return e.to.entry(r, line)
}

// exportWriter is one form of an export.
type exportWriter interface {
	begin(verify.Header) error
	entry(*Row, *verify.EntryLine) error
	end(verify.End) error
}

func writerOf(f Format, w io.Writer) exportWriter {
	switch f {
	case CSV:
		return &csvWriter{w: csv.NewWriter(w)}
	case OCSF:
		return &lineWriter{w, (*verify.Line).OCSF}
	}
	return &lineWriter{w, (*verify.Line).Text}
}

// csvWriter writes one line per entry for a spreadsheet, its proof in the last columns (verify.CSVRecord).
type csvWriter struct{ w *csv.Writer }

func (c *csvWriter) begin(h verify.Header) error {
	return errors.Join(c.w.Write(verify.CSVColumns), c.w.Write(verify.CSVSpecial("checkpoint", "", h.Checkpoint)))
}

func (c *csvWriter) entry(_ *Row, l *verify.EntryLine) error {
	cells, err := verify.CSVRecord(l)
	if err != nil {
		return err
	}
	return c.w.Write(cells)
}

func (c *csvWriter) end(e verify.End) error {
	err := c.w.Write(verify.CSVSpecial("end", e.Seqs, e.Note))
	c.w.Flush()
	return errors.Join(err, c.w.Error())
}
