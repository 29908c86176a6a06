package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/directory"
	"github.com/rempart/rempart/services/recognition/pop"
)

type scriptsView struct {
	org      core.ID
	list     []recognition.Script
	limits   pop.Limits
	programs recognition.Programs
}

// askedScripts makes a page know which acts to offer.
func askedScripts(r *http.Request) *http.Request {
	return ui.Asking(r, "script.manage", "script.try", "script.sign")
}

func (p scripts) list(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), orgOf(r)
	v := scriptsView{org: org}
	var err error
	if v.list, err = p.m.Scripts(ctx, org); err != nil {
		return err
	}
	if v.limits, err = p.m.ScriptLimits(ctx, org); err != nil {
		return err
	}
	if v.programs, err = p.m.ReadPrograms(ctx, org); err != nil {
		return err
	}
	return ui.Render(w, askedScripts(r), http.StatusOK, scriptsPage(v))
}

func (v scriptsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, s := range v.list {
		rows[i] = ui.Row{Label: s.Title, Cells: []templ.Component{
			ui.To(s.Title, scriptAt(v.org, s.ID, "")), ui.Words(scriptKinds[s.Kind].In(ctx)), ui.Words(scriptFors[s.For].In(ctx)), scriptState(ctx, s),
		}}
	}
	return rows
}

// unsigned tells whether a program waits for the administrator's signature.
func (v scriptsView) unsigned() bool {
	programs := 0
	for _, s := range v.list {
		if s.Kind != pop.Program {
			continue
		}
		if programs++; !s.Signed {
			return true
		}
	}
	return programs != len(v.programs.List.Programs)
}

func scriptState(ctx context.Context, s recognition.Script) templ.Component {
	switch {
	case s.Removed:
		return ui.Badge{Text: tcRemoved.In(ctx)}
	case s.Kind == pop.Program && !s.Signed:
		return ui.Badge{Text: tcWaitsSign.In(ctx), Tone: ui.Warn}
	}
	return ui.Badge{Text: tcInUse.In(ctx), Tone: ui.Good}
}

type scriptView struct {
	org      core.ID
	one      recognition.Script
	versions []recognition.Script
	form     scriptForm
	problems ui.Problems
	isNew    bool
}

func (p scripts) one(w http.ResponseWriter, r *http.Request) error {
	s, versions, err := p.m.Script(r.Context(), orgOf(r), scriptOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedScripts(r), http.StatusOK, scriptPage(scriptView{org: orgOf(r), one: s, versions: versions, form: formOfScript(s)}))
}

func (p scripts) draft(w http.ResponseWriter, r *http.Request) error {
	f, ok := examples[pop.Kind(r.URL.Query().Get("kind"))]
	if !ok {
		f = examples[pop.Open]
	}
	return ui.Render(w, r, http.StatusOK, scriptEditPage(scriptView{org: orgOf(r), form: f, isNew: true}))
}

func (p scripts) make(w http.ResponseWriter, r *http.Request) error {
	ctx, org, f := r.Context(), orgOf(r), readScript(r)
	s, err := f.script()
	var id core.ID
	if err == nil {
		id, err = p.m.MakeScript(ctx, org, s)
	}
	if ui.Shown(err) {
		return ui.Render(w, r, http.StatusUnprocessableEntity, scriptEditPage(scriptView{org: org, form: f, isNew: true, problems: ui.ProblemsOf(ctx, err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, scriptAt(org, string(id), ""), tcKept.In(ctx))
}

func (p scripts) edit(w http.ResponseWriter, r *http.Request) error {
	s, _, err := p.m.Script(r.Context(), orgOf(r), scriptOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, scriptEditPage(scriptView{org: orgOf(r), one: s, form: formOfScript(s)}))
}

func (p scripts) save(w http.ResponseWriter, r *http.Request) error {
	ctx, org, f := r.Context(), orgOf(r), readScript(r)
	s, err := f.script()
	if err == nil {
		err = p.m.ChangeScript(ctx, org, scriptOf(r), f.Base, s)
	}
	if ui.Shown(err) {
		one := recognition.Script{Script: pop.Script{ID: string(scriptOf(r)), Title: f.Title}}
		return ui.Render(w, r, http.StatusUnprocessableEntity, scriptEditPage(scriptView{org: org, one: one, form: f, problems: ui.ProblemsOf(ctx, err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, scriptAt(org, string(scriptOf(r)), ""), tcKept.In(ctx))
}

func (p scripts) remove(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.RemoveScript(r.Context(), orgOf(r), scriptOf(r)); err != nil {
		return err
	}
	return ui.Redirect(w, r, scriptAt(orgOf(r), string(scriptOf(r)), ""), tcTaken.In(r.Context()))
}

func (p scripts) restore(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), orgOf(r)
	version := readScript(r).Base
	err := p.m.RestoreScript(ctx, org, scriptOf(r), version)
	if ui.Shown(err) {
		s, versions, readErr := p.m.Script(ctx, org, scriptOf(r))
		if readErr != nil {
			return readErr
		}
		v := scriptView{org: org, one: s, versions: versions, form: formOfScript(s), problems: ui.ProblemsOf(ctx, err)}
		return ui.Render(w, askedScripts(r), http.StatusUnprocessableEntity, scriptPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, scriptAt(org, string(scriptOf(r)), ""), tcBack.In(ctx))
}

func (v scriptView) history(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.versions))
	for i, s := range v.versions {
		what := scriptWhats[s.What].In(ctx)
		if s.Undoes > 0 {
			what = tcRestoredFrom.In(ctx, s.Undoes)
		}
		var act templ.Component = ui.Words("")
		if i > 0 && s.What != recognition.ScriptRemoved && ui.May(ctx, "script.manage") {
			act = restoreForm(scriptAt(v.org, s.ID, "/restore"), s.Version)
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Words(i18n.Number(ctx, s.Version)), ui.Words(what), ui.Words(scriptDoes(s.Script)), ui.Time{At: s.At, Relative: true}, act}}
	}
	return rows
}

// scriptDoes says in one line what a script does.
func scriptDoes(s pop.Script) string {
	switch s.Kind {
	case pop.Call:
		return s.Method + " " + s.URL
	case pop.Program:
		return s.Path + " " + strings.Join(s.Args, " ")
	}
	return s.URL
}

type scriptLimitsView struct {
	org            core.ID
	hosts, schemes string
	problems       ui.Problems
}

func (p scripts) limits(w http.ResponseWriter, r *http.Request) error {
	l, err := p.m.ScriptLimits(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, scriptLimitsPage(scriptLimitsView{orgOf(r), strings.Join(l.Hosts, "\n"), strings.Join(l.Schemes, "\n"), nil}))
}

func (p scripts) limit(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), orgOf(r)
	v := scriptLimitsView{org: org, hosts: r.PostFormValue("hosts"), schemes: r.PostFormValue("schemes")}
	err := p.m.LimitScripts(ctx, org, pop.Limits{Hosts: lines(v.hosts), Schemes: lines(v.schemes)})
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(ctx, err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, scriptLimitsPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, scriptsAt(org, ""), tcLimited.In(ctx))
}

type scriptSignView struct {
	org      core.ID
	list     []recognition.Script
	programs recognition.Programs
}

func (p scripts) signing(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Scripts(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	v := scriptSignView{org: orgOf(r)}
	for _, s := range list {
		if s.Kind == pop.Program {
			v.list = append(v.list, s)
		}
	}
	if v.programs, err = p.m.ReadPrograms(r.Context(), orgOf(r)); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, scriptSignPage(v))
}

func (v scriptSignView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, s := range v.list {
		rows[i] = ui.Row{Label: s.Title, Cells: []templ.Component{ui.Words(s.Title), ui.Mono(s.Path), ui.Mono(strings.Join(s.Args, " ")), scriptState(ctx, s)}}
	}
	return rows
}

func (p scripts) sign(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.SignPrograms(r.Context(), orgOf(r)); err != nil {
		return err
	}
	return ui.Redirect(w, r, scriptsAt(orgOf(r), ""), tcSigned.In(r.Context()))
}

type scriptTryView struct {
	org    core.ID
	number string
	done   bool
	recognition.ScriptTrial
}

func (p scripts) trying(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, scriptTryPage(scriptTryView{org: orgOf(r)}))
}

func (p scripts) try(w http.ResponseWriter, r *http.Request) error {
	v := scriptTryView{org: orgOf(r), number: r.PostFormValue("number"), done: true}
	var err error
	if v.ScriptTrial, err = p.m.TryScripts(r.Context(), v.org, v.number); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, scriptTryPage(v))
}

// caller says who the number is.
func (v scriptTryView) caller(ctx context.Context) string {
	switch {
	case v.Number.E164 == "":
		return tcNoLookup.In(ctx)
	case len(v.Matches) == 0 && v.Number.Automated:
		return tcAutomated.In(ctx, v.Number.E164)
	case len(v.Matches) == 0:
		return tcUnknown.In(ctx, v.Number.E164)
	}
	names := make([]string, len(v.Matches))
	for i, m := range v.Matches {
		names[i] = strings.TrimSpace(m.Name + " " + m.Company)
	}
	return tcKnown.In(ctx, v.Number.E164, strings.Join(names, ", "))
}

func (v scriptTryView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Tried))
	for i, t := range v.Tried {
		result := ui.Words(explained(ctx, recognition.ScriptReason(t.Error)))
		if t.Error == "" {
			result = ui.Mono(scriptDoesNow(t.Action))
		}
		rows[i] = ui.Row{Label: t.Script.Title, Cells: []templ.Component{ui.Words(t.Script.Title), ui.Words(scriptKinds[t.Script.Kind].In(ctx)), result}}
	}
	return rows
}

// scriptDoesNow says in one line what would be done.
func scriptDoesNow(a pop.Action) string {
	switch a.Kind {
	case pop.Call:
		return strings.TrimSpace(a.Method + " " + a.URL + " " + a.Body)
	case pop.Program:
		return strings.Join(a.Args, " ")
	}
	return a.URL
}

func (p scripts) phones(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, askedScripts(r), http.StatusOK, phonesPage(orgOf(r), p.m.Origin()))
}

func (p scripts) threeCX(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="rempart-3cx.xml"`)
	_, err := w.Write(directory.ThreeCX(p.m.Origin(), string(orgOf(r))))
	return err
}
