package export

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/paper"
	"github.com/rempart/rempart/kit/sheet"
)

// Formats are those of the page, in its order.
var Formats = []string{"ods", "odt", "pdf", "json", "csv"}

var errFormat = i18n.Fault(core.NotFound, "register.format", "Formats du registre : ods, odt, pdf, json, csv.", "Formats of the register: ods, odt, pdf, json, csv.")

// File is one export.
type File struct {
	Name, Type string
	Bytes      []byte
}

// Write gives a form in a format, in the language of ctx.
func Write(ctx context.Context, f register.Form, format string) (File, error) {
	w := writer{ctx, f}
	name := fmt.Sprintf("registre-%s-%s.%s", f.Part, f.At.UTC().Format("2006-01-02"), format)
	var b []byte
	var err error
	kind := "application/octet-stream"
	switch format {
	case "ods":
		kind = "application/vnd.oasis.opendocument.spreadsheet"
		b, err = w.workbook().ODS()
	case "odt":
		kind = "application/vnd.oasis.opendocument.text"
		b, err = w.document().ODT()
	case "pdf":
		kind = "application/pdf"
		b, err = w.document().PDF()
	case "json":
		kind = "application/json"
		b, err = json.MarshalIndent(struct {
			register.Form
			Hash string `json:"sha256"`
		}{f, f.Hash()}, "", "  ")
	case "csv":
		kind = "text/csv; charset=utf-8"
		b = w.csv()
	default:
		return File{}, errFormat
	}
	return File{name, kind, b}, err
}

type writer struct {
	ctx context.Context
	f   register.Form
}

func (w writer) of(t core.Text) string { return i18n.From(t).In(w.ctx) }

func (w writer) all(list []core.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = w.of(t)
	}
	return out
}

// lines puts each on a line of its own; none is said.
func (w writer) lines(list []core.Text) string {
	if len(list) == 0 {
		return tNone.In(w.ctx)
	}
	return strings.Join(w.all(list), "\n")
}

func (w writer) title() string {
	return tTitle.In(w.ctx, register.FormTitle(w.f.Part).In(w.ctx), article[w.f.Part])
}

func (w writer) foot() string { return tHash.In(w.ctx, w.f.Hash()) }

// pair is a line of a form: what, and what is said of it.
type pair struct{ what, said string }

// parties are who answers: article 30-1-a, 30-2-a.
func (w writer) parties() (list []pair) {
	name := w.f.Card["name"]
	if name == "" {
		name = w.f.Organization
	}
	list = append(list, pair{register.FormTitle(w.f.Part).In(w.ctx), name})
	for _, f := range register.Fields[register.Card] {
		if v := w.f.Card[f.Name]; v != "" && f.Name != "name" {
			list = append(list, pair{f.Title.In(w.ctx), v})
		}
	}
	contact := w.f.Contact
	if contact == "" {
		contact = tNotGiven.In(w.ctx)
	}
	list = append(list, pair{tOfficer.In(w.ctx), contact})
	if w.f.Part == core.Controller && w.f.Org != core.Platform {
		list = append(list, pair{tProvider.In(w.ctx), w.f.Provider})
	}
	return list
}

// entry is what a form says of an activity, in the order of CNIL's model.
func (w writer) entry(e register.Entry) []pair {
	hand := tByProgram.In(w.ctx)
	if e.ByHand {
		hand = tByHand.In(w.ctx, e.Revision)
	}
	state := tInForce.In(w.ctx)
	if e.Suspended {
		state = tSuspended.In(w.ctx)
	}
	list := []pair{
		{tObjective.In(w.ctx), w.of(e.About)},
		{tPurposes.In(w.ctx), w.lines(e.Purposes)},
		{tBases.In(w.ctx), w.lines(e.Bases)},
		{tSoftware.In(w.ctx), e.Software},
		{tPersons.In(w.ctx), w.lines(e.Persons)},
		{tData.In(w.ctx), w.lines(e.Data)},
		{tSensitive.In(w.ctx), w.sensitive(e)},
		{tRetention.In(w.ctx), w.lines(e.Retention)},
		{tRecipients.In(w.ctx), w.lines(e.Recipients)},
		{tProcessors.In(w.ctx), w.processors(e)},
		{tTransfers.In(w.ctx), w.lines(e.Transfers)},
		{tMeasures.In(w.ctx), w.measures(e)},
		{tState.In(w.ctx), state},
		{tSource.In(w.ctx), hand},
	}
	for _, s := range e.Sentences {
		list = append(list, pair{tByHand.In(w.ctx, s.Revision), s.Text})
	}
	return list
}

// sensitive answers CNIL's question on article 9: none of the columns of the program is, what people write says it itself.
func (w writer) sensitive(e register.Entry) string {
	if e.ByHand {
		return tSeeData.In(w.ctx)
	}
	return tNone.In(w.ctx)
}

func (w writer) processors(e register.Entry) string {
	var list []string
	if !e.ByHand {
		for _, p := range w.f.Processors {
			list = append(list, fmt.Sprintf("%s (%s), %s", p.Name, p.Country, p.Service))
		}
	}
	if w.f.Org != core.Platform && !e.ByHand {
		list = append([]string{w.f.Provider}, list...)
	}
	if len(list) == 0 {
		return tNone.In(w.ctx)
	}
	return strings.Join(list, "\n")
}

func (w writer) measures(e register.Entry) string {
	list := w.all(e.Measures)
	for _, m := range w.f.Of(e) {
		list = append(list, w.measure(m))
	}
	if len(list) == 0 {
		return tSeeCommon.In(w.ctx)
	}
	return strings.Join(list, "\n")
}

func (w writer) measure(m register.Measure) string {
	return fmt.Sprintf("%s · %s (%s)", m.Clause, w.of(m.Title), StateWord(m.State).In(w.ctx))
}

// csv writes one line per activity.
func (w writer) csv() []byte {
	s := sheet.Sheet{Head: []string{tID.In(w.ctx), tActivity.In(w.ctx)}}
	for i, e := range w.f.Activities {
		row := []string{e.ID, w.of(e.Title)}
		for _, p := range w.entry(e) {
			if i == 0 || len(s.Head) < len(row)+1 {
				s.Head = append(s.Head, p.what)
			}
			row = append(row, p.said)
		}
		s.Rows = append(s.Rows, row)
	}
	for i := range s.Rows {
		for len(s.Rows[i]) < len(s.Head) {
			s.Rows[i] = append(s.Rows[i], "")
		}
	}
	return s.CSV()
}

// workbook follows CNIL's model: the common page lists who answers and every activity, then a sheet tells of each.
func (w writer) workbook() paper.Workbook {
	b := paper.Workbook{Title: w.title(), Lang: i18n.Of(w.ctx), At: w.f.At}
	common := paper.Sheet{Name: tCommon.In(w.ctx), Wide: []float64{6, 9, 9, 9}}
	row := func(style paper.CellStyle, cells ...string) {
		common.Rows = append(common.Rows, paper.Row{Style: style, Cells: cells})
	}
	row(paper.Headline, w.title())
	for _, p := range w.parties() {
		row(paper.Labelled, p.what, p.said)
	}
	row(paper.Labelled, tDate.In(w.ctx), i18n.Date(w.ctx, w.f.At))
	row(paper.Labelled, tPrint.In(w.ctx), w.f.Hash())
	row("")
	row(paper.HeadRow, tActivity.In(w.ctx), tPurposes.In(w.ctx), tPersons.In(w.ctx), tState.In(w.ctx))
	for _, e := range w.f.Activities {
		state := tInForce.In(w.ctx)
		if e.Suspended {
			state = tSuspended.In(w.ctx)
		}
		row(paper.Labelled, w.of(e.Title), w.lines(e.Purposes), w.lines(e.Persons), state)
	}
	w.tables(row)
	b.Sheets = []paper.Sheet{common}
	for i, e := range w.f.Activities {
		one := paper.Sheet{Name: fmt.Sprintf("%d %s", i+1, w.of(e.Title)), Wide: []float64{6, 16, 6, 6, 9}}
		one.Rows = append(one.Rows, paper.Row{Style: paper.Headline, Cells: []string{w.of(e.Title)}})
		for _, p := range w.entry(e) {
			one.Rows = append(one.Rows, paper.Line(p.what, p.said))
		}
		if rows := w.columns(e); len(rows) > 0 {
			one.Rows = append(one.Rows, paper.Row{}, paper.Row{Style: paper.HeadRow, Cells: w.columnHead()})
			for _, r := range rows {
				one.Rows = append(one.Rows, paper.Row{Style: paper.PlainRow, Cells: r})
			}
		}
		b.Sheets = append(b.Sheets, one)
	}
	return b
}

// tables writes the lists that concern every activity.
func (w writer) tables(row func(paper.CellStyle, ...string)) {
	if w.f.Part == core.Processor {
		row("")
		row(paper.HeadRow, tControllers.In(w.ctx), tOfficer.In(w.ctx), tRepresentative.In(w.ctx), tCarried.In(w.ctx))
		for _, c := range w.f.Controllers {
			row(paper.Labelled, c.Name, c.Contact, c.Card["representative"], w.carried())
		}
	}
	row("")
	row(paper.HeadRow, tProcessors.In(w.ctx), tService.In(w.ctx), tCountry.In(w.ctx), tGround.In(w.ctx))
	for _, p := range w.f.Processors {
		row(paper.Labelled, p.Name, p.Service, p.Country, p.Ground)
	}
	row("")
	row(paper.HeadRow, tMeasures.In(w.ctx), "", tState.In(w.ctx))
	for _, m := range w.f.Measures {
		row(paper.Labelled, m.Clause, w.of(m.Title), StateWord(m.State).In(w.ctx))
	}
}

// carried are the categories of processing carried out for each controller (article 30-2-b): the platform does the same for all.
func (w writer) carried() string {
	var list []string
	for _, e := range w.f.Activities {
		list = append(list, w.of(e.Title))
	}
	return strings.Join(list, "\n")
}

func (w writer) columnHead() []string {
	return []string{tColumn.In(w.ctx), tPurposes.In(w.ctx), tData.In(w.ctx), tBases.In(w.ctx), tRetention.In(w.ctx)}
}

func (w writer) columns(e register.Entry) (rows [][]string) {
	for _, t := range e.Tables {
		for _, c := range t.Columns {
			rows = append(rows, []string{tOf.In(w.ctx, w.of(t.Title), c.Name), w.of(c.Purpose), w.of(c.Category), w.of(c.Basis), w.of(c.Retention)})
		}
	}
	return rows
}

// document lays the form out for reading.
func (w writer) document() paper.Document {
	d := paper.Document{Title: w.title() + " · " + w.f.Organization, Lang: i18n.Of(w.ctx), At: w.f.At, Foot: w.foot()}
	add := func(b paper.Block) { d.Blocks = append(d.Blocks, b) }
	facts := func(list []pair) {
		b := paper.Block{Sort: paper.Table, Head: []string{tWhat.In(w.ctx), tSaid.In(w.ctx)}, Wide: []float64{28, 72}}
		for _, p := range list {
			b.Rows = append(b.Rows, []string{p.what, p.said})
		}
		add(b)
	}
	add(paper.Block{Sort: paper.Title, Text: w.title()})
	add(paper.Block{Sort: paper.Faint, Text: tMade.In(w.ctx, i18n.Moment(w.ctx, w.f.At.UTC()))})
	facts(w.parties())
	if w.f.Part == core.Processor {
		add(paper.Block{Sort: paper.Heading, Text: tControllers.In(w.ctx)})
		b := paper.Block{Sort: paper.Table, Head: []string{tControllers.In(w.ctx), tOfficer.In(w.ctx), tRepresentative.In(w.ctx)}, Wide: []float64{34, 33, 33}}
		for _, c := range w.f.Controllers {
			b.Rows = append(b.Rows, []string{c.Name, c.Contact, c.Card["representative"]})
		}
		add(b)
	}
	add(paper.Block{Sort: paper.Heading, Text: tActivities.In(w.ctx)})
	for _, e := range w.f.Activities {
		add(paper.Block{Sort: paper.Part, Text: w.of(e.Title)})
		facts(w.entry(e))
	}
	add(paper.Block{Sort: paper.Heading, Text: tProcessors.In(w.ctx)})
	if len(w.f.Processors) == 0 {
		add(paper.Block{Sort: paper.Words, Text: tNone.In(w.ctx)})
	} else {
		b := paper.Block{Sort: paper.Table, Head: []string{tProcessors.In(w.ctx), tService.In(w.ctx), tCountry.In(w.ctx), tGround.In(w.ctx)}, Wide: []float64{25, 30, 20, 25}}
		for _, p := range w.f.Processors {
			b.Rows = append(b.Rows, []string{p.Name, p.Service, p.Country, p.Ground})
		}
		add(b)
	}
	add(paper.Block{Sort: paper.Heading, Text: tMeasures.In(w.ctx)})
	if len(w.f.Measures) == 0 {
		add(paper.Block{Sort: paper.Words, Text: tNoMeasure.In(w.ctx)})
	} else {
		b := paper.Block{Sort: paper.Table, Head: []string{tClause.In(w.ctx), tSaid.In(w.ctx), tState.In(w.ctx)}, Wide: []float64{16, 62, 22}}
		for _, m := range w.f.Measures {
			b.Rows = append(b.Rows, []string{m.Clause, w.of(m.Title), StateWord(m.State).In(w.ctx)})
		}
		add(b)
	}
	return d
}
