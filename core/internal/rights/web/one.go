package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

// oneView is one request, with what was typed when a form comes back.
type oneView struct {
	rights.Sheet
	now      time.Time
	typed    map[string]string
	problems ui.Problems
}

func (v oneView) base() string { return rights.PathOf(v.Org) + "/" + string(v.ID) }
func (v oneView) open() bool   { return v.State == rights.Open }
func (v oneView) sure() bool   { return v.Proof == rights.Proved }

// said is what was typed in a form, or what it begins with.
func (v oneView) said(name, first string) string {
	if t, typed := v.typed[name]; typed {
		return t
	}
	return first
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, http.StatusOK, nil)
}

func (p pages) showOne(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	s, err := p.m.Get(r.Context(), orgOf(r), id(r, "rights_request"))
	if err != nil {
		return err
	}
	v := oneView{Sheet: s, now: p.m.Now(), typed: map[string]string{}, problems: problems}
	for _, name := range []string{"why", "how", "text", "motive", "ground", "reason"} {
		if r.Method == http.MethodPost && r.PostForm.Has(name) {
			v.typed[name] = r.PostFormValue(name)
		}
	}
	return ui.Render(w, ui.Asking(r, "rights_request.doubt", "rights_request.prove", "rights_request.carry", "rights_request.extend", "rights_request.answer",
		"rights_request.refuse", "rights_document.open", "rights_task.do"), status, onePage(v))
}

// done shows the request again, with what was wrong or with a note.
func (p pages) done(w http.ResponseWriter, r *http.Request, err error, note i18n.Sentence) error {
	if ui.Shown(err) {
		return p.showOne(w, r, edge.StatusOf(err), ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, rights.PathOf(orgOf(r))+"/"+string(id(r, "rights_request")), note.In(r.Context()))
}

func (p pages) doubt(w http.ResponseWriter, r *http.Request) error {
	return p.done(w, r, p.m.AskProof(r.Context(), orgOf(r), id(r, "rights_request"), r.PostFormValue("why")), tDoubted)
}

func (p pages) identity(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Establish(r.Context(), orgOf(r), id(r, "rights_request"), r.PostFormValue("verdict") == "yes", r.PostFormValue("how"))
	return p.done(w, r, err, tProved)
}

func (p pages) document(w http.ResponseWriter, r *http.Request) error {
	d, content, err := p.m.Document(r.Context(), orgOf(r), id(r, "rights_request"), id(r, "rights_document"), edge.UnlockOf(r))
	if core.CodeOf(err) == "blind.locked" {
		return ui.Redirect(w, r, "/o/"+string(orgOf(r))+"/settings/blindness", tUnlockFirst.In(r.Context()))
	} else if err != nil {
		return err
	}
	return edge.Attach(w, d.Type, d.Name, content)
}

func (p pages) carry(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	return p.done(w, r, p.m.CarryOut(r.Context(), orgOf(r), id(r, "rights_request"), r.PostForm["fields"]), tCarried)
}

func (p pages) task(w http.ResponseWriter, r *http.Request) error {
	return p.done(w, r, p.m.FinishTask(r.Context(), orgOf(r), id(r, "rights_request"), id(r, "rights_task"), r.PostFormValue("note")), tTaskDone)
}

func (p pages) extend(w http.ResponseWriter, r *http.Request) error {
	return p.done(w, r, p.m.ExtendOne(r.Context(), orgOf(r), id(r, "rights_request"), r.PostFormValue("reason")), tExtended)
}

func (p pages) answer(w http.ResponseWriter, r *http.Request) error {
	return p.done(w, r, p.m.Reply(r.Context(), orgOf(r), id(r, "rights_request"), r.PostFormValue("text")), tReplied)
}

func (p pages) refuse(w http.ResponseWriter, r *http.Request) error {
	err := p.m.RefuseOne(r.Context(), orgOf(r), id(r, "rights_request"), rights.Ground(r.PostFormValue("ground")), r.PostFormValue("motive"))
	return p.done(w, r, err, tRefused)
}

func (v oneView) facts(ctx context.Context) ui.Facts {
	account := tNoAccount.In(ctx)
	if v.Account != "" {
		account = nameOf(ctx, v.Names, v.Account)
	}
	list := ui.Facts{
		{Label: tState.In(ctx), Value: stateBadge(ctx, v.State)},
		{Label: tDueOn.In(ctx), Value: dueCell(ctx, &v.Request, v.Zone, v.now)},
		{Label: tReceived.In(ctx), Value: ui.Time{At: v.Received}},
		{Label: tWho.In(ctx), Text: whoOf(ctx, &v.Request)},
		{Label: tMailbox.In(ctx), Text: v.Email},
		{Label: tAccount.In(ctx), Text: account},
		{Label: tIdentity.In(ctx), Value: proofBadge(ctx, v.Proof)},
	}
	if v.How != "" {
		list = append(list, ui.Fact{Label: tHow.In(ctx), Text: rights.HowTitle(ctx, v.How)})
	}
	if v.Ground != "" {
		list = append(list, ui.Fact{Label: tReason.In(ctx), Text: rights.RestrictionTitle(ctx, v.Ground)})
	}
	if v.Purpose != "" {
		list = append(list, ui.Fact{Label: tPurpose.In(ctx), Value: ui.Mono(string(v.Purpose))})
	}
	if !v.Carried.IsZero() {
		list = append(list, ui.Fact{Label: tCarriedOn.In(ctx), Value: ui.Time{At: v.Carried}})
	}
	if v.EffectSays != "" {
		list = append(list, ui.Fact{Label: tOrder.In(ctx), Value: ui.Mono(v.EffectSays)})
	}
	return append(list, ui.Fact{Label: tNumber.In(ctx), Value: ui.Mono(string(v.ID))})
}

func (v oneView) who(ctx context.Context, id core.ID) string {
	if id == "" {
		return ""
	}
	return nameOf(ctx, v.Names, id)
}

func (v oneView) steps(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Steps))
	for i, s := range v.Steps {
		rows[i] = ui.Row{Cells: []templ.Component{ui.Time{At: s.At}, ui.Words(rights.StepTitle(ctx, s.What)), ui.Words(v.who(ctx, s.Who)), ui.Words(s.Note)}}
	}
	return rows
}

func (v oneView) taskRows(ctx context.Context) []ui.Row {
	tones := map[string]ui.Tone{rights.TaskDone: ui.Good, rights.TaskSent: ui.Info, rights.TaskOpen: ui.Warn}
	rows := make([]ui.Row, len(v.Tasks))
	for i, t := range v.Tasks {
		by := ui.Words("")
		if t.State == rights.TaskDone {
			by = ui.Words(tProgram.In(ctx))
			if t.DoneBy != "" {
				by = ui.Words(nameOf(ctx, v.Names, t.DoneBy))
			}
		}
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.Words(i18n.From(t.Title).In(ctx)), ui.Words(places[t.Place].In(ctx)), ui.Words(count(t.Records)),
			ui.Badge{Text: taskStates[t.State].In(ctx), Tone: tones[t.State]},
			by, taskForm(v, t),
		}}
	}
	return rows
}

func (v oneView) letterRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Letters))
	for i, l := range v.Letters {
		rows[i] = ui.Row{Cells: []templ.Component{ui.Time{At: l.At}, ui.Words(l.Subject), ui.Words(l.SentTo), ui.Words(v.who(ctx, l.SentBy)), ui.Faint(grouped(l.Digest))}}
	}
	return rows
}

func (v oneView) pieceRows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Documents))
	for i, d := range v.Documents {
		name := ui.Words(d.Name)
		if d.Destroyed.IsZero() {
			name = ui.ToIf("rights_document.open", d.Name, v.base()+"/documents/"+string(d.ID)+"/file")
		}
		state := ui.Badge{Text: tGone.In(ctx)}
		if d.Destroyed.IsZero() {
			state = ui.Badge{Text: tPieceSent.In(ctx), Tone: ui.Info}
		}
		rows[i] = ui.Row{Cells: []templ.Component{name, ui.Time{At: d.Sent}, state, ui.Faint(grouped(d.Digest))}}
	}
	return rows
}

// grouped writes a digest so that a narrow column can break it.
func grouped(digest string) string {
	var parts []string
	for ; len(digest) > 16; digest = digest[16:] {
		parts = append(parts, digest[:16])
	}
	return strings.Join(append(parts, digest), " ")
}

// corrections are the fields that were asked, with what is held now.
func (v oneView) corrections(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, f := range rights.Fields {
		if asked := v.Fields[f]; asked != "" {
			list = append(list, ui.Option{Value: f, Label: rights.FieldTitle(ctx, f) + " : " + cmp.Or(v.Profile[f], "—") + " → " + asked})
		}
	}
	return list
}

func (v oneView) asked() []string {
	var list []string
	for _, f := range rights.Fields {
		if v.Fields[f] != "" {
			list = append(list, f)
		}
	}
	return list
}

func (v oneView) grounds(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, g := range rights.Grounds {
		if g.Suits(v.Kind) && (v.sure() || g == rights.GroundIdentity) {
			list = append(list, ui.Option{Value: string(g), Label: groundTitles[g].In(ctx)})
		}
	}
	return list
}
