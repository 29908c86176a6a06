package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/register/export"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sensitive"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle      = i18n.T("Registre des traitements", "Record of processing activities")
	tLead       = i18n.T("Écrit par le programme d'après ce qu'il fait, complété à la main, approuvé par le délégué à la protection des données (article 30 du RGPD).", "Written by the program from what it does, added to by hand, approved by the data-protection officer (article 30 GDPR).")
	tForms      = i18n.T("Formes du registre", "Forms of the record")
	tActivities = i18n.T("Activités", "Activities")
	tActivity   = i18n.T("Activité", "Activity")
	tPurposes   = i18n.T("Finalités", "Purposes")
	tBases      = i18n.T("Bases légales", "Legal bases")
	tPersons    = i18n.T("Personnes concernées", "Persons concerned")
	tData       = i18n.T("Catégories de données", "Categories of data")
	tState      = i18n.T("État", "State")
	tInForce    = i18n.T("en vigueur", "in force")
	tSuspended  = i18n.T("suspendue", "suspended")
	tByHand     = i18n.T("écrit à la main", "written by hand")
	tAnswers    = i18n.T("Qui répond", "Who answers")
	tOfficer    = i18n.T("Contact du délégué", "Officer's contact")
	tNoOfficer  = i18n.T("Non renseigné : donnez-le dans les réglages.", "Not given: set it in the settings.")
	tCard       = i18n.T("Compléter qui répond", "Say who answers")
	tAdd        = i18n.T("Ajouter une activité", "Add an activity")
	tClients    = i18n.T("Responsables pour qui l'on agit", "Controllers acted for")
	tNoClient   = i18n.T("Aucune organisation cliente", "No client organization")
	tName       = i18n.T("Nom", "Name")
	tProcessors = i18n.T("Sous-traitants", "Sub-processors")
	tNoProc     = i18n.T("Aucun sous-traitant", "No sub-processor")
	tService    = i18n.T("Service rendu", "Service")
	tCountry    = i18n.T("Pays", "Country")
	tTransfer   = i18n.T("Transfert", "Transfer")
	tNoTransfer = i18n.T("aucun", "none")
	tMeasures   = i18n.T("Mesures de sécurité", "Security measures")
	tNoMeasure  = i18n.T("Aucune clause publiée", "No published clause")
	tClause     = i18n.T("Clause", "Clause")
	tApproval   = i18n.T("Approbation", "Approval")
	tNever      = i18n.T("Cette forme n'a jamais été approuvée.", "This form was never approved.")
	tStands     = i18n.T("Approuvé tel quel par %s.", "Approved as it stands by %s.")
	tChanged    = i18n.T("Depuis la dernière approbation, par %s :", "Since the last approval, by %s:")
	tApprove    = i18n.T("Approuver", "Approve")
	tApproved   = i18n.T("Registre approuvé. L'approbation est au journal.", "Record approved. The approval is in the journal.")
	tGone       = i18n.T("une personne effacée", "an erased person")
	tHash       = i18n.T("Empreinte SHA-256", "SHA-256")
	tExport     = i18n.T("Exporter", "Export")
	tExportAs   = i18n.T("Exporter en %s", "Export as %s")
	tFlags      = i18n.T("Textes libres", "Free texts")
	tFlagsLead  = i18n.T("Saisies des 90 derniers jours qui semblaient contenir une donnée sensible. La personne a été prévenue ; ni le texte ni son auteur ne sont gardés.", "Entries of the last 90 days that seemed to hold sensitive data. The typist was told; neither the text nor its author is kept.")
	tNoFlag     = i18n.T("Rien de sensible n'a été vu.", "Nothing sensitive was seen.")
	tTimes      = i18n.T("Fois", "Times")
	tApprovals  = i18n.T("Approbations", "Approvals")
	tWhen       = i18n.T("Quand", "When")
	tWho        = i18n.T("Qui", "Who")
	tEntry      = i18n.T("Entrée du journal", "Entry of the journal")
)

type listView struct {
	pages
	register.View
	org core.ID
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	org := p.org(r)
	v, err := p.m.View(r.Context(), org, part(r, org))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, register.Write.Permission, register.Approve.Permission, register.Export.Permission), http.StatusOK, listPage(listView{p, v, org}))
}

func (p pages) approve(w http.ResponseWriter, r *http.Request) error {
	org := p.org(r)
	form := part(r, org)
	if err := p.m.Approve(r.Context(), org, form, r.PostFormValue("hash")); err != nil {
		return err
	}
	return ui.Redirect(w, r, p.at(org)+"?form="+string(form), tApproved.In(r.Context()))
}

func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	org := p.org(r)
	f, err := p.m.Exported(r.Context(), org, part(r, org))
	if err != nil {
		return err
	}
	file, err := export.Write(r.Context(), f, r.PathValue("format"))
	if err != nil {
		return err
	}
	return edge.Attach(w, file.Type, file.Name, file.Bytes)
}

func (v listView) forms(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tForms.In(ctx)}
	for _, one := range register.Parts(v.org) {
		t.Items = append(t.Items, ui.Tab{Label: register.FormTitle(one).In(ctx), Href: v.at(v.org) + "?form=" + string(one), Current: one == v.Part})
	}
	return t
}

// answers are who answers for the register.
func (v listView) answers(ctx context.Context) ui.Facts {
	name := v.Card["name"]
	if name == "" {
		name = v.Organization
	}
	facts := ui.Facts{{Label: register.FormTitle(v.Part).In(ctx), Text: name}}
	for _, f := range register.Fields[register.Card] {
		if s := v.Card[f.Name]; s != "" && f.Name != "name" {
			facts = append(facts, ui.Fact{Label: f.Title.In(ctx), Text: s})
		}
	}
	contact := v.Contact
	if contact == "" {
		contact = tNoOfficer.In(ctx)
	}
	return append(facts, ui.Fact{Label: tOfficer.In(ctx), Text: contact})
}

func join(ctx context.Context, list []core.Text) string {
	out := ""
	for i, t := range list {
		if i > 0 {
			out += " · "
		}
		out += i18n.From(t).In(ctx)
	}
	return out
}

func badges(ctx context.Context, e register.Entry) templ.Component {
	state := ui.Badge{Text: tInForce.In(ctx), Tone: ui.Good}
	if e.Suspended {
		state = ui.Badge{Text: tSuspended.In(ctx), Tone: ui.Warn}
	}
	if e.ByHand || len(e.Sentences) > 0 {
		return ui.Line(state, ui.Badge{Text: tByHand.In(ctx)})
	}
	return state
}

func (v listView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Activities))
	for i, e := range v.Activities {
		title := i18n.From(e.Title).In(ctx)
		href := v.at(v.org, "activities", e.ID)
		out[i] = ui.Row{Label: title, Href: href, Faded: e.Suspended, Cells: []templ.Component{
			ui.To(title, href), ui.Words(join(ctx, e.Purposes)), ui.Words(join(ctx, e.Data)), ui.Words(join(ctx, e.Persons)), badges(ctx, e),
		}}
	}
	return out
}

func (v listView) clients() []ui.Row {
	out := make([]ui.Row, len(v.Controllers))
	for i, c := range v.Controllers {
		out[i] = ui.Row{Label: c.Name, Cells: []templ.Component{ui.Words(c.Name), ui.Words(c.Contact)}}
	}
	return out
}

func (v listView) processors(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Processors))
	for i, p := range v.Processors {
		transfer := tNoTransfer.In(ctx)
		if p.Outside {
			transfer = p.Ground
		}
		out[i] = ui.Row{Label: p.Name, Cells: []templ.Component{ui.Words(p.Name), ui.Words(p.Service), ui.Words(p.Country), ui.Words(transfer)}}
	}
	return out
}

func measures(ctx context.Context, list []register.Measure) []ui.Row {
	out := make([]ui.Row, len(list))
	for i, m := range list {
		out[i] = ui.Row{Label: m.Clause, Cells: []templ.Component{
			ui.To(m.Clause, m.Href), ui.Words(i18n.From(m.Title).In(ctx)), ui.Badge{Text: export.StateWord(m.State).In(ctx), Tone: tones[m.State]},
		}}
	}
	return out
}

var tones = map[string]ui.Tone{"held": ui.Good, "attested": ui.Good, "broken": ui.Bad, "stale": ui.Warn}

func (v listView) flags(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Flags))
	for i, f := range v.Flags {
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(sensitive.Title(f.Category).In(ctx)), ui.Words(i18n.Number(ctx, f.Count))}}
	}
	return out
}

func (v listView) by(ctx context.Context, person core.ID) string {
	if name := v.Names[person]; name != "" {
		return name
	}
	return tGone.In(ctx)
}

func (v listView) approvals(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Approvals))
	for i, a := range v.Approvals {
		out[i] = ui.Row{Cells: []templ.Component{ui.Time{At: a.At}, ui.Words(v.by(ctx, a.By)), ui.Mono(a.Hash), ui.Mono(string(a.Entry))}}
	}
	return out
}
