package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tStaffLead   = i18n.T("Une personne qui administre la plateforme désigne qui lit un problème ; elle ne le lit pas elle-même. Le client voit qui est désigné, et chaque lecture dans son journal.", "A platform administrator names who reads a problem, and does not read it. The client sees who is named, and each reading in its journal.")
	tClient      = i18n.T("Organisation", "Organization")
	tOpenIt      = i18n.T("Lire", "Read")
	tName        = i18n.T("Désigner", "Name")
	tUnname      = i18n.T("Retirer %s", "Take %s off")
	tNameOne     = i18n.T("Désigner %s", "Name %s")
	tNamed       = i18n.T("Désignation enregistrée.", "Naming recorded.")
	tStaffNone   = i18n.T("Aucun problème ne vous est confié", "No problem is entrusted to you")
	tStaffNoneIn = i18n.T("Un problème apparaît ici quand on vous désigne pour le lire.", "A problem appears here when you are named to read it.")
	tOneCase     = i18n.T("Problème signalé par %s", "Problem reported by %s")
	tOneLead     = i18n.T("Ce qui fut noté, numéros masqués. Votre lecture est dans le journal du client.", "What was noted, with numbers masked. Your reading is in the client's journal.")
	tMoment      = i18n.T("Moment", "Moment")
	tStep        = i18n.T("Ce qui s'est passé", "What happened")
	tNothingYet  = i18n.T("Rien n'a encore été noté", "Nothing was noted yet")
	tSettle      = i18n.T("Résolu : clore et détruire", "Solved: close and destroy")
	tSettleWhy   = i18n.T("Ce qui fut noté est détruit à l'instant, sa clé aussi. Rien ne le ramène.", "What was noted is destroyed at once, and its key too. Nothing brings it back.")
)

type staffView struct {
	list recognition.StaffList
	now  time.Time
}

func (p supportPages) staff(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.SupportCases(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "support_log.name", "support_log.read"), http.StatusOK, staffPage(staffView{list, p.m.Now()}))
}

func (v staffView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list.Cases))
	for i := range v.list.Cases {
		c := &v.list.Cases[i]
		part := partOf(ctx, &c.Case, nil, v.list.Names)
		rows[i] = ui.Row{Label: c.OrgName, Cells: []templ.Component{
			ui.Words(c.OrgName), ui.Words(part), ui.Words(nameFrom(ctx, v.list.Names, c.OpenedBy)),
			ui.Time{At: c.Until},
			ui.Words(strconv.Itoa(c.Noted)),
			ui.Words(namesFrom(ctx, v.list.Names, c.Staff)), caseState(ctx, &c.Case, v.now), caseActs(v, c),
		}}
	}
	return rows
}

// others are those of support who can still be named for a case.
func (v staffView) others(c *recognition.StaffCase) (out []core.ID) {
	for _, person := range v.list.Support {
		if !slices.Contains(c.Staff, person) {
			out = append(out, person)
		}
	}
	return out
}

type readView struct {
	recognition.StaffCase
	lines []recognition.CaseLine
}

func (p supportPages) read(w http.ResponseWriter, r *http.Request) error {
	c, lines, err := p.m.ReadCaseLog(r.Context(), supportID(r.PathValue("case")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, readPage(readView{c, lines}))
}

func (v readView) rows() []ui.Row {
	rows := make([]ui.Row, 0, len(v.lines))
	for _, l := range v.lines[min(1, len(v.lines)):] {
		rows = append(rows, ui.Row{Cells: []templ.Component{ui.Time{At: l.At}, ui.Words(l.Text)}})
	}
	return rows
}

func (v readView) problem() string {
	if len(v.lines) == 0 {
		return ""
	}
	return v.lines[0].Text
}

func (p supportPages) name(w http.ResponseWriter, r *http.Request) error {
	person, may := r.PostFormValue("person"), true
	if out := r.PostFormValue("unname"); out != "" {
		person, may = out, false
	}
	if err := p.m.Name(r.Context(), supportID(r.PathValue("case")), supportID(person), may); err != nil {
		return err
	}
	return ui.Redirect(w, r, staffPath, tNamed.In(r.Context()))
}

func (p supportPages) settle(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.Settle(r.Context(), supportID(r.PathValue("case"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, staffPath, tClosedNow.In(r.Context()))
}
