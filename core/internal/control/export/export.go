package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
)

// Format names a form.
type Format string

// The formats.
const (
	Results   Format = "oscal-assessment-results"
	Component Format = "oscal-component-definition"
	OCSF      Format = "ocsf"
	CSV       Format = "csv"
)

// Formats are all of them, in the order of the page.
var Formats = []Format{CSV, Results, Component, OCSF}

var errFormat = i18n.Fault(core.Invalid, "control.export_format",
	"Choisissez csv, ocsf, oscal-assessment-results ou oscal-component-definition.",
	"Choose csv, ocsf, oscal-assessment-results or oscal-component-definition.")

// File is one export.
type File struct {
	Name, Type string
	Bytes      []byte
}

// Write gives a document in a format, its sentences in the language of ctx.
func Write(ctx context.Context, d annex.Document, f Format) (File, error) {
	w := writer{ctx, d}
	name := "rempart-" + string(f) + "-" + d.At.UTC().Format("2006-01-02")
	switch f {
	case Results:
		return asJSON(name, w.results())
	case Component:
		return asJSON(name, w.component())
	case OCSF:
		return w.ocsf(name)
	case CSV:
		return File{name + ".csv", "text/csv; charset=utf-8", w.csv()}, nil
	}
	return File{}, errFormat
}

type writer struct {
	ctx context.Context
	d   annex.Document
}

func (w writer) of(t core.Text) string { return i18n.From(t).In(w.ctx) }

func asJSON(name string, v any) (File, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return File{name + ".json", "application/json", append(b, '\n')}, err
}

var (
	tPack     = i18n.T("Politique", "Policy")
	tClause   = i18n.T("Clause", "Clause")
	tTitle    = i18n.T("Titre", "Title")
	tText     = i18n.T("Texte", "Text")
	tKind     = i18n.T("Nature", "Kind")
	tInForce  = i18n.T("Publiée", "Published")
	tStatus   = i18n.T("État", "Status")
	tWhy      = i18n.T("Raison", "Reason")
	tSince    = i18n.T("Depuis", "Since")
	tEvidence = i18n.T("Date de la preuve", "Date of evidence")
	tProbes   = i18n.T("Sondes", "Probes")
	tEntries  = i18n.T("Entrées du journal", "Journal entries")
	tRefs     = i18n.T("Références", "References")
	tYes      = i18n.T("oui", "yes")
	tNo       = i18n.T("non", "no")
)

// csv writes one line per clause for spreadsheets: UTF-8 with its mark, and no cell that a spreadsheet would run.
func (w writer) csv() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	line := func(cells ...string) {
		for i, c := range cells {
			cells[i] = sheet.Inert(c)
		}
		_ = out.Write(cells) // a Buffer never fails
	}
	var head []string
	for _, s := range []i18n.Sentence{tPack, tClause, tTitle, tText, tKind, tInForce, tStatus, tWhy, tSince, tEvidence, tProbes, tEntries, tRefs} {
		head = append(head, s.In(w.ctx))
	}
	line(head...)
	for _, c := range w.d.Clauses {
		var probes, entries []string
		for _, p := range c.Probes {
			probes = append(probes, p.ID+" "+string(p.Status))
			if p.Entry != "" {
				entries = append(entries, string(p.Log)+"/"+string(p.Entry))
			}
		}
		published := tNo
		if c.Published {
			published = tYes
		}
		line(c.Pack, c.ID, w.of(c.Title), w.of(c.Text), strings.Join(c.Kinds, " "), published.In(w.ctx), string(c.Status), w.of(c.Why),
			clock.Stamp(c.Since), clock.Stamp(c.Evidence), strings.Join(probes, " ; "), strings.Join(entries, " ; "), strings.Join(c.References, " ; "))
	}
	out.Flush()
	return b.Bytes()
}

func number(n int) string { return strconv.Itoa(n) }
