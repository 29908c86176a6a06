package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tDepartures     = i18n.T("Départs", "Leavers")
	tDeparturesLead = i18n.T("Un seul acte met fin à l'adhésion, aux habilitations, aux sessions et aux jetons d'une personne, à la même seconde. Donnez la liste complète des présents : qui n'y est pas est proposé au départ.", "One act ends a person's membership, assignments, sessions and tokens, in the same second. Give the full list of who is present: whoever is not on it is proposed to leave.")
	tListFile       = i18n.T("Liste complète des présents", "Full list of who is present")
	tListHint       = i18n.T("CSV ou classeur .xlsx, une colonne d'adresses électroniques.", "CSV or .xlsx workbook, one column of e-mail addresses.")
	tListPaste      = i18n.T("Ou collez les adresses", "Or paste the addresses")
	tListPasteHint  = i18n.T("Une par ligne.", "One per line.")
	tCompare        = i18n.T("Comparer", "Compare")
	tCompared       = i18n.T("Absents de la liste", "Absent from the list")
	tComparedLead   = i18n.T("Rien n'a changé encore. Cochez qui part, dites pourquoi, puis confirmez.", "Nothing has changed yet. Tick who leaves, say why, then confirm.")
	tMembersN       = i18n.T("Membres présents", "Present members")
	tListedN        = i18n.T("Sur la liste", "On the list")
	tAbsentN        = i18n.T("Absents", "Absent")
	tUnknownN       = i18n.T("Adresses inconnues ici", "Addresses unknown here")
	tNoAbsent       = i18n.T("Tous les membres sont sur la liste", "All members are on the list")
	tRolesHeld      = i18n.T("Rôles", "Roles")
	tLastIn         = i18n.T("Dernière connexion", "Last sign-in")
	tYou            = i18n.T("vous", "you")
	tLeaveNow       = i18n.T("Faire partir", "Make them leave")
	tMeant          = i18n.T("C'est voulu, même si beaucoup de membres partent", "This is meant, even if many members leave")
	tLeftN          = i18n.N("%d personne est partie : adhésion, rôles, sessions et jetons ont pris fin.", "%d personnes sont parties : adhésions, rôles, sessions et jetons ont pris fin.", "%d person left: membership, roles, sessions and tokens have ended.", "%d people left: memberships, roles, sessions and tokens have ended.")
	tBack           = i18n.T("Recommencer", "Start again")

	tDormant      = i18n.T("Comptes dormants", "Dormant accounts")
	tDormantLead  = i18n.T("Les comptes qui ne se connectent plus, ou ne l'ont jamais fait. Un compte qui ne sert pas est un compte à retirer.", "Accounts that no longer sign in, or never did. An account that is not used is an account to remove.")
	tDormantDays  = i18n.T("Sans connexion depuis (jours)", "Without a sign-in for (days)")
	tShow         = i18n.T("Afficher", "Show")
	tDormantN     = i18n.N("%d compte dormant", "%d comptes dormants", "%d dormant account", "%d dormant accounts")
	tOfMembers    = i18n.N("sur %d membre", "sur %d membres", "of %d member", "of %d members")
	tNoDormant    = i18n.T("Aucun compte dormant", "No dormant account")
	tJoined       = i18n.T("Membre depuis", "Member since")
	tLastAct      = i18n.T("Dernier acte", "Last act")
	tNeverIn      = i18n.T("jamais connecté", "never signed in")
	tStaff        = i18n.T("prestataire", "provider")
	tFunctional   = i18n.T("compte fonctionnel", "functional account")
	tSuspendThem  = i18n.T("Suspendre", "Suspend")
	tWhyThem      = i18n.T("Pourquoi", "Why")
	tSuspendedN   = i18n.N("%d compte suspendu.", "%d comptes suspendus.", "%d account suspended.", "%d accounts suspended.")
	tDormantWord  = i18n.T("Compte sans connexion", "Account without a sign-in")
	tReasonOfSusp = i18n.T("Motif de la suspension", "Reason of the suspension")
)

var errTickSome = i18n.Fault(core.Invalid, "dormant.choose", "Cochez au moins une ligne.", "Tick one line at least.")

type departuresView struct {
	org      core.ID
	paste    string
	compared *review.Comparison
	chosen   map[core.ID]bool
	reason   string
	ask      bool // whether it is meant
	problems ui.Problems
}

func (p pages) departures(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, departuresPage(departuresView{org: orgOf(r)}))
}

// compare reads a file or pasted addresses; the name of the file is not kept, and nothing of the list is.
func (p pages) compare(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	defer func() {
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll()
		}
	}()
	v := departuresView{org: orgOf(r), paste: r.PostFormValue("paste")}
	data := []byte(v.paste)
	if file, _, err := r.FormFile("file"); err == nil {
		defer func() { _ = file.Close() }()
		sent, err := io.ReadAll(io.LimitReader(file, mostList+1))
		if err != nil {
			return err
		}
		if len(sent) > 0 {
			data = sent
		}
	}
	c, err := p.m.Compare(r.Context(), v.org, data)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, departuresPage(v))
	} else if err != nil {
		return err
	}
	v.compared = &c
	return ui.Render(w, ui.Asking(r, "member.remove"), http.StatusOK, comparedPage(v))
}

func (p pages) depart(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	members := idsOf(r.PostForm["member"])
	err := p.m.Depart(r.Context(), orgOf(r), members, r.PostFormValue("reason"), r.PostFormValue("meant") != "")
	if ui.Shown(err) {
		v := departuresView{org: orgOf(r), reason: r.PostFormValue("reason"), ask: core.CodeOf(err) == "departure.most", problems: ui.ProblemsOf(r.Context(), err), chosen: map[core.ID]bool{}}
		for _, m := range members {
			v.chosen[m] = true
		}
		return ui.Render(w, r, http.StatusUnprocessableEntity, againPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/departures"), tLeftN.In(r.Context(), len(members)))
}

func (v departuresView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.compared.Absent))
	for i, l := range v.compared.Absent {
		rows[i] = ui.Row{ID: string(l.Member), Label: l.Name, Cells: []templ.Component{
			ui.Person(l.Name, l.Email), ui.Words(l.Function), ui.Words(strconv.Itoa(l.Assignments)),
		}}
		if l.Self {
			rows[i].ID = ""
			rows[i].Cells[0] = ui.Line(ui.Person(l.Name, l.Email), ui.Badge{Text: tYou.In(ctx)})
		}
	}
	return rows
}

type dormantView struct {
	org      core.ID
	report   review.Dormant
	reasons  []ui.Option
	word     string
	problems ui.Problems
}

func (p pages) dormant(w http.ResponseWriter, r *http.Request) error {
	return p.showDormant(w, r, http.StatusOK, number(r.URL.Query().Get("days")), "", nil)
}

func (p pages) showDormant(w http.ResponseWriter, r *http.Request, status, days int, word string, problems ui.Problems) error {
	d, err := p.m.Dormant(r.Context(), orgOf(r), days)
	if err != nil {
		return err
	}
	v := dormantView{org: orgOf(r), report: d, word: word, problems: problems}
	for _, reason := range p.o.Reasons {
		v.reasons = append(v.reasons, ui.Option{Value: reason, Label: p.o.ReasonTitle(r.Context(), reason)})
	}
	return ui.Render(w, ui.Asking(r, "suspension.declare", "member.remove"), status, dormantPage(v))
}

func (p pages) suspendSleepers(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	days, word := number(r.PostFormValue("days")), r.PostFormValue("word")
	persons, err := p.picked(r, days, func(s review.Sleeper) core.ID { return s.Person })
	if err == nil {
		err = p.o.Suspender.SuspendMembers(r.Context(), orgOf(r), persons, r.PostFormValue("reason"), word, noTime)
	}
	if ui.Shown(err) {
		return p.showDormant(w, r, http.StatusUnprocessableEntity, days, word, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/dormant"), tSuspendedN.In(r.Context(), len(persons)))
}

func (p pages) removeSleepers(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	days, word := number(r.PostFormValue("days")), r.PostFormValue("word")
	members, err := p.picked(r, days, func(s review.Sleeper) core.ID { return s.Member })
	if err == nil {
		err = p.m.Depart(r.Context(), orgOf(r), members, word, true)
	}
	if ui.Shown(err) {
		return p.showDormant(w, r, http.StatusUnprocessableEntity, days, word, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/dormant"), tLeftN.In(r.Context(), len(members)))
}

// picked gives what the ticked lines name, of those that are still dormant now.
func (p pages) picked(r *http.Request, days int, of func(review.Sleeper) core.ID) ([]core.ID, error) {
	ticked := map[core.ID]bool{}
	for _, v := range idsOf(r.PostForm["member"]) {
		ticked[v] = true
	}
	if len(ticked) == 0 {
		return nil, errTickSome
	}
	d, err := p.m.Dormant(r.Context(), orgOf(r), days)
	if err != nil {
		return nil, err
	}
	var out []core.ID
	for _, s := range d.Sleepers {
		if ticked[s.Member] {
			out = append(out, of(s))
		}
	}
	if len(out) == 0 {
		return nil, errTickSome
	}
	return out, nil
}

func (v dormantView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.report.Sleepers))
	for i, s := range v.report.Sleepers {
		who := []templ.Component{ui.PersonLink(s.Name, s.Email, at(v.org, "/members/"+string(s.Member)))}
		if s.Staff {
			who = append(who, ui.Badge{Text: tStaff.In(ctx), Tone: ui.Info})
		}
		if s.Functional {
			who = append(who, ui.Badge{Text: tFunctional.In(ctx)})
		}
		rows[i] = ui.Row{ID: string(s.Member), Label: s.Name, Cells: []templ.Component{
			ui.Line(who...), ui.Words(s.Function),
			ui.Time{At: s.Joined},
			ui.Time{At: s.SignedIn, Relative: true, Never: tNeverIn.In(ctx)},
			lastUse(ctx, s.Act), ui.Words(strconv.Itoa(s.Assignments)),
		}}
	}
	return rows
}

var noTime time.Time // a suspension that lasts until it is lifted

func word(ctx context.Context, typed string) string {
	if typed == "" {
		return tDormantWord.In(ctx)
	}
	return typed
}
