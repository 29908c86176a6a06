package web

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/verify"
)

func (v listView) entryHref(seq uint64) string {
	return v.path + "/entries/" + strconv.FormatUint(seq, 10)
}

func (p pages) entry(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil {
		seq = ^uint64(0)
	}
	v := listView{where: at, titles: p.titles}
	v.view, err = p.x.Entry(r.Context(), at.org, seq)
	if core.CodeOf(err) == "journal.reason_needed" {
		return ui.Render(w, r, http.StatusOK, reasonPage(reasonView{where: at, back: r.URL.RequestURI()}))
	}
	if err != nil {
		return err
	}
	leaf, err := v.view.Rows[0].Leaf()
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, entryPage(v, v.view.Rows[0], hex.EncodeToString(leaf[:])))
}

// facts says what is known of an entry.
func (v listView) facts(ctx context.Context, r *journal.Row) ui.Facts {
	address := r.Address
	if r.Trimmed {
		address = tTrimmed.In(ctx, r.Connection.Network)
	}
	var about []templ.Component
	for _, s := range r.Subjects {
		about = append(about, ui.PersonLink(v.named(ctx, core.ID(s)), "", v.timeline(core.ID(s))))
	}
	if len(about) == 0 {
		about = append(about, ui.Faint("—"))
	}
	purpose := r.Purpose
	if s, ok := purposes[purpose]; ok {
		purpose = s.In(ctx)
	}
	facts := ui.Facts{
		{Label: tOutcome.In(ctx), Value: outcome(ctx, r.Outcome)},
		{Label: tWhen.In(ctx), Value: ui.Time{At: r.When}},
		{Label: tWho.In(ctx), Value: v.actor(ctx, r)},
		{Label: tCode.In(ctx), Value: ui.Mono(r.Action)},
		{Label: tOn.In(ctx), Value: onCell(noun(ctx, r.Type), r.Resource)},
		{Label: tAbout.In(ctx), Value: ui.Line(about...)},
		{Label: tPurpose.In(ctx), Text: purpose},
	}
	if r.Reason != "" {
		facts = append(facts, ui.Fact{Label: tMotive.In(ctx), Text: explain(ctx, r.Reason)})
	}
	return append(facts,
		ui.Fact{Label: tNote.In(ctx), Text: r.Content.Note},
		ui.Fact{Label: tAddress.In(ctx), Text: address},
		ui.Fact{Label: tAgent.In(ctx), Text: r.Connection.Agent},
		ui.Fact{Label: tSession.In(ctx), Value: ui.Mono(string(r.Connection.Session))},
		ui.Fact{Label: tRequest.In(ctx), Value: ui.Mono(r.Request)},
	)
}

// explain gives the sentence of a reason code, with the code.
func explain(ctx context.Context, code string) string {
	for _, f := range i18n.AllFaults() {
		if f.Code == code {
			return i18n.From(core.Text{FR: f.FR, EN: f.EN}).In(ctx) + " (" + code + ")"
		}
	}
	return code
}

func proofFacts(ctx context.Context, r *journal.Row, leaf string) ui.Facts {
	return ui.Facts{
		{Label: tPlace.In(ctx), Text: i18n.Number(ctx, int64(r.Seq))},
		{Label: tLeaf.In(ctx), Value: ui.Mono(leaf)},
		{Label: tProcess.In(ctx), Value: ui.Mono(r.Node + " · " + strconv.FormatUint(r.Counter, 10))},
	}
}

// reportView is the result of a verification.
type reportView struct {
	where
	rep verify.Report
	key string
}

func (v reportView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.rep.Findings))
	for i, f := range v.rep.Findings {
		at := i18n.Number(ctx, int64(f.Seq))
		if f.Until > f.Seq {
			at += " – " + i18n.Number(ctx, int64(f.Until))
		}
		kind := f.Kind
		if s, ok := faults[kind]; ok {
			kind = s.In(ctx)
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Badge{Text: kind, Tone: ui.Bad}, ui.Words(at), ui.Words(f.Detail)}}
	}
	return rows
}

func (v reportView) facts(ctx context.Context) ui.Facts {
	f := ui.Facts{
		{Label: tSize.In(ctx), Text: i18n.Number(ctx, int64(v.rep.Size))},
		{Label: tRoot.In(ctx), Value: ui.Mono(hex.EncodeToString(v.rep.Root[:]))},
	}
	if v.rep.Pruned > 0 {
		f = append(f, ui.Fact{Label: tPruned.In(ctx), Text: i18n.Number(ctx, int64(v.rep.Pruned))})
	}
	return f
}

// back is the way to the list.
func (w where) back(ctx context.Context) []ui.Crumb {
	return []ui.Crumb{{Label: tJournal.In(ctx), Href: w.path}}
}

func tookWords(rep verify.Report) string {
	return strconv.FormatInt(rep.Took.Milliseconds(), 10) + " ms"
}

// bounds of the entries in view, for the button that verifies them.
func (v listView) bounds() (first, last uint64) {
	first = ^uint64(0)
	for _, r := range v.view.Rows {
		first, last = min(first, r.Seq), max(last, r.Seq)
	}
	return first, last
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func outcomes(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: "", Label: tAny.In(ctx)},
		{Value: "unusual", Label: tUnusual.In(ctx)},
		{Value: "refused", Label: tRefused.In(ctx)},
		{Value: "failure", Label: tFailure.In(ctx)},
		{Value: "success", Label: tSuccess.In(ctx)},
	}
}

func changeRows(ctx context.Context, r *journal.Row) []ui.Row {
	rows := make([]ui.Row, len(r.Content.Changes))
	for i, c := range r.Content.Changes {
		rows[i] = ui.Row{Label: noun(ctx, c.Field), Cells: []templ.Component{ui.Words(noun(ctx, c.Field)), ui.Words(orDash(c.Before)), ui.Words(orDash(c.After))}}
	}
	return rows
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
