package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tDuties     = i18n.T("Formations et charte", "Training and charter")
	tDutiesLead = i18n.T("Ce que chaque membre de l'équipe a signé et suivi. Qui n'est pas à jour est listé en premier.", "What each member of staff has signed and taken. Whoever is not up to date is listed first.")
	tClosed     = i18n.T("Les données des clients sont fermées à qui n'est pas à jour", "Clients' data are closed to whoever is not up to date")
	tClosedBy   = i18n.T("Clauses en vigueur qui l'exigent : %s.", "Clauses in force that demand it: %s.")
	tOpen       = i18n.T("Rien n'est encore fermé", "Nothing is closed yet")
	tOpenText   = i18n.T("Aucune clause en vigueur ne l'exige (EMG-2.1, EMG-2.2, USR-4.4). Dès que l'une est publiée, qui n'est pas à jour n'accède plus aux données des clients.", "No clause in force demands it (EMG-2.1, EMG-2.2, USR-4.4). As soon as one is published, whoever is not up to date has no access to clients' data.")
	tPerson     = i18n.T("Personne", "Person")
	tCharter    = i18n.T("Charte signée", "Charter signed")
	tTraining   = i18n.T("Formation jusqu'au", "Trained until")
	tReady      = i18n.T("à jour", "up to date")
	tLacks      = i18n.T("manque : %s", "lacks: %s")
	tNobody     = i18n.T("Personne dans l'équipe", "Nobody on the staff")
	tNobodyText = i18n.T("Donnez un rôle du prestataire à une personne : elle apparaîtra ici.", "Give somebody a role of the provider: they will appear here.")
	tRecord     = i18n.T("Enregistrer une formation", "Record a training")
	tCourse     = i18n.T("Formation suivie", "Training taken")
	tCourseHint = i18n.T("Son titre et qui l'a donnée.", "Its title and who gave it.")
	tDay        = i18n.T("Suivie le", "Taken on")
	tDayHint    = i18n.T("Elle compte pour un an à partir de ce jour.", "It counts for one year from that day.")
	tRecorded   = i18n.T("Formation enregistrée.", "Training recorded.")

	tMine       = i18n.T("Mes engagements", "My undertakings")
	tMineLead   = i18n.T("Qui travaille pour le prestataire signe la charte de confidentialité et suit une formation chaque année.", "Whoever works for the provider signs the charter of confidentiality and takes a training each year.")
	tNotYours   = i18n.T("Rien ne vous est demandé ici", "Nothing is asked of you here")
	tNotText    = i18n.T("Cette page concerne l'équipe du prestataire.", "This page is for the provider's staff.")
	tToDo       = i18n.T("Les données des clients vous sont fermées", "Clients' data are closed to you")
	tToDoText   = i18n.T("Il vous manque : %s. Signez la charte ci-dessous ; pour la formation, suivez-la, puis demandez à une personne qui administre la plateforme de l'enregistrer.", "You lack: %s. Sign the charter below; for the training, take it, then ask a platform administrator to record it.")
	tSoon       = i18n.T("Il vous manque quelque chose", "You lack something")
	tSoonText   = i18n.T("Il vous manque : %s. Rien n'est fermé tant qu'aucune clause en vigueur ne l'exige.", "You lack: %s. Nothing is closed while no clause in force demands it.")
	tUpToDate   = i18n.T("Vous êtes à jour", "You are up to date")
	tText       = i18n.T("Charte de confidentialité et d'usage des moyens informatiques", "Charter of confidentiality and use of IT")
	tHaveRead   = i18n.T("J'ai lu les six engagements et je les prends", "I have read the six undertakings and I take them")
	tSignIt     = i18n.T("Signer la charte", "Sign the charter")
	tItsSigned  = i18n.T("Charte signée. Votre signature est dans le journal.", "Charter signed. Your signature is in the journal.")
	tDone       = i18n.T("Ce que j'ai signé et suivi", "What I signed and took")
	tNothing    = i18n.T("Rien encore", "Nothing yet")
	tNothingTxt = i18n.T("La charte se signe ci-dessus ; une personne qui administre la plateforme enregistre vos formations.", "The charter is signed above; a platform administrator records your training.")
	tDutyWord   = i18n.T("Engagement", "Duty")
	tNoEnd      = i18n.T("tant que ce texte vaut", "as long as this text stands")
	tOver       = i18n.T("remplacé ou échu", "replaced or overdue")
)

type dutiesView struct {
	team     attestation.Team
	now      time.Time
	form     recordForm
	problems ui.Problems
}

type recordForm struct{ Person, Title, Day string }

func (p pages) duties(w http.ResponseWriter, r *http.Request) error {
	return p.showDuties(w, r, http.StatusOK, recordForm{Day: showDay(p.m.Now())}, nil)
}

func (p pages) showDuties(w http.ResponseWriter, r *http.Request, status int, f recordForm, problems ui.Problems) error {
	t, err := p.m.TeamDuties(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "duty.record"), status, dutiesPage(dutiesView{t, p.m.Now(), f, problems}))
}

func (p pages) record(w http.ResponseWriter, r *http.Request) error {
	f := recordForm{r.PostFormValue("person"), r.PostFormValue("title"), r.PostFormValue("day")}
	err := p.m.RecordTraining(r.Context(), ids.Typed(f.Person), f.Title, dayOf(f.Day))
	if ui.Shown(err) {
		return p.showDuties(w, r, http.StatusUnprocessableEntity, f, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, dutiesPath, tRecorded.In(r.Context()))
}

func words(ctx context.Context, duties []string) string {
	list := make([]string, len(duties))
	for i, d := range duties {
		list[i] = attestation.DutyTitle(ctx, d)
	}
	return strings.Join(list, ", ")
}

func (v dutiesView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.team.People))
	for i, o := range v.team.People {
		state := ui.Badge{Text: tReady.In(ctx), Tone: ui.Good}
		if len(o.Lacks) > 0 {
			state = ui.Badge{Text: tLacks.In(ctx, words(ctx, o.Lacks)), Tone: ui.Warn}
		}
		rows[i] = ui.Row{Label: o.Name, Cells: []templ.Component{
			ui.Person(o.Name, o.Email), state, ui.Words(showDay(o.Lines[attestation.Charter].Done)), ui.Words(showDay(o.Lines[attestation.Training].Until)),
		}}
	}
	return rows
}

func (v dutiesView) people() []ui.Option {
	out := make([]ui.Option, len(v.team.People))
	for i, o := range v.team.People {
		out[i] = ui.Option{Value: string(o.Person), Label: o.Name}
	}
	return out
}

type mineView struct {
	attestation.Own
	now      time.Time
	problems ui.Problems
}

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	return p.showMine(w, r, http.StatusOK, nil)
}

func (p pages) showMine(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	o, err := p.m.MyDuties(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, minePage(mineView{o, p.m.Now(), problems}))
}

func (p pages) signCharter(w http.ResponseWriter, r *http.Request) error {
	err := p.m.SignCharter(r.Context(), r.PostFormValue("read") != "")
	if ui.Shown(err) {
		return p.showMine(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, minePath, tItsSigned.In(r.Context()))
}

func (v mineView) lacks(duty string) bool { return slices.Contains(v.Lacks, duty) }

// closed are the duties that close clients' data now.
func (v mineView) closed() (list []string) {
	for _, d := range v.Lacks {
		if v.Demanded[d] {
			list = append(list, d)
		}
	}
	return list
}

func (v mineView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Lines))
	for i := range v.Lines {
		l := &v.Lines[i]
		until := showDay(l.Until)
		if l.Until.IsZero() {
			until = tNoEnd.In(ctx)
		}
		state := ui.Badge{Text: tReady.In(ctx), Tone: ui.Good}
		if !l.Holds(v.now) {
			state = ui.Badge{Text: tOver.In(ctx)}
		}
		name := attestation.DutyTitle(ctx, l.Duty)
		if l.Details != "" {
			name += " : " + l.Details
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Words(name), ui.Words(showDay(l.Done)), ui.Words(until), state}}
	}
	return rows
}
