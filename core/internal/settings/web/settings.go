package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/settings"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct {
	settings *settings.Module
	now      func() time.Time
}

// Routes are the pages of settings.
func Routes(m *settings.Module, now func() time.Time) []edge.Route {
	p := pages{m, now}
	return []edge.Route{
		{Pattern: "GET /o/{org}/settings", Access: edge.Needs(settings.ReadSettings), Handle: p.show},
		{Pattern: "POST /o/{org}/settings", Access: edge.Needs(settings.ChangeSettings), Handle: p.save},
		{Pattern: "POST /o/{org}/settings/preset", Access: edge.Needs(settings.ChangeSettings), Handle: p.preset},
		{Pattern: "GET /provider/settings", Access: edge.Needs(settings.ReadFloors), Handle: p.show},
		{Pattern: "POST /provider/settings", Access: edge.Needs(settings.SetFloors), Handle: p.save},
		{Pattern: "POST /provider/settings/preset", Access: edge.Needs(settings.SetFloors), Handle: p.preset},
	}
}

var (
	tTitle       = i18n.T("Réglages de sécurité", "Security settings")
	tLead        = i18n.T("Ce que l'organisation exige de ses membres. Elle peut durcir les planchers du fournisseur, jamais les assouplir.", "What the organization demands of its members. It may tighten the provider's floors, never loosen them.")
	tFloors      = i18n.T("Planchers de la plateforme", "Floors of the platform")
	tFloorsLead  = i18n.T("Le minimum imposé à toutes les organisations. Un plancher relevé agit à la prochaine requête, partout.", "The minimum imposed on every organization. A raised floor acts at the next request, everywhere.")
	tConsole     = i18n.T("Console", "Console")
	tSave        = i18n.T("Enregistrer", "Save")
	tReason      = i18n.T("Raison du changement", "Reason for the change")
	tReasonHint  = i18n.T("Gardée au journal, chiffrée.", "Kept in the journal, encrypted.")
	tInherit     = i18n.T("Comme le fournisseur (%s)", "As the provider (%s)")
	tDefault     = i18n.T("Par défaut (%s)", "Default (%s)")
	tYes         = i18n.T("oui", "yes")
	tNo          = i18n.T("non", "no")
	tNever       = i18n.T("jamais", "never")
	tNothing     = i18n.T("vide", "empty")
	tFloor       = i18n.T("Plancher : %s", "Floor: %s")
	tFloorBy     = i18n.T("%s, imposé par le fournisseur le %s%s", "%s, imposed by the provider on %s%s")
	tByPreset    = i18n.T(" (jeu « %s »)", " (set “%s”)")
	tClause      = i18n.T("Clause publiée %s : %s ou plus strict", "Published clause %s: %s or stricter")
	tClauseExact = i18n.T("Clause publiée %s : exactement %s", "Published clause %s: exactly %s")
	tClauseGiven = i18n.T("Exigé par la clause publiée %s", "Demanded by the published clause %s")
	tNoFloor     = i18n.T("aucun", "none")
	tInForce     = i18n.T("En vigueur : %s", "In force: %s")
	tOverruled   = i18n.T("Votre valeur (%s) est devenue plus faible que le plancher : c'est le plancher qui s'applique.", "Your value (%s) has become weaker than the floor: the floor applies.")
	tSaved       = i18n.T("Paramètres enregistrés ; ils s'appliquent dès la prochaine requête.", "Settings saved; they apply from the next request on.")
	tPresets     = i18n.T("Jeux de paramètres", "Sets of settings")
	tPresetsLead = i18n.T("Applique d'un coup les valeurs d'une politique. Ce qui est déjà plus strict reste.", "Applies the values of a policy at once. What is stricter already stays.")
	tPresetsAll  = i18n.T("Fixe d'un coup les planchers d'une politique.", "Sets the floors of a policy at once.")
	tApply       = i18n.T("Appliquer ce jeu", "Apply this set")
	tApplied     = i18n.T("Jeu de paramètres appliqué.", "Set of settings applied.")
	tOwnKey      = i18n.T("Champs que le fournisseur ne peut pas lire", "Fields that the provider cannot read")
	tOrgProfile  = i18n.T("Profil de l'organisation", "Organization profile")
	tDocuments   = i18n.T("Conditions et politiques", "Terms and policies")

	units = map[string]i18n.Sentence{
		"min": i18n.T("%d min", "%d min"), "days": i18n.T("%d jours", "%d days"), "characters": i18n.T("%d caractères", "%d characters"),
		"persons": i18n.T("%d personnes", "%d persons"), "hours": i18n.T("%d heures", "%d hours"),
	}
	groups = []struct {
		id    string
		title i18n.Sentence
	}{
		{"password", i18n.T("Mots de passe", "Passwords")},
		{"signin", i18n.T("Connexion", "Sign-in")},
		{"session", i18n.T("Sessions", "Sessions")},
		{"access", i18n.T("Habilitations", "Access")},
		{"journal", i18n.T("Journal", "Journal")},
		{"erasure", i18n.T("Effacements", "Erasures")},
		{"retention", i18n.T("Durées de conservation", "Retention")},
		{"offboarding", i18n.T("Fin de contrat", "End of contract")},
		{"contact", i18n.T("Contacts", "Contacts")},
		{"host", i18n.T("Lieu des données", "Where data are")},
		{"signup", i18n.T("Inscription", "Sign-up")},
	}
)

// view is the page of settings.
type view struct {
	settings.View
	typed    map[string]string // what was sent, when the form comes back
	reason   string
	preset   string
	why      string // reason typed for a preset
	problems ui.Problems
}

func (v view) platform() bool { return v.Org == core.Platform }

func (v view) action() string {
	if v.platform() {
		return "/provider/settings"
	}
	return "/o/" + string(v.Org) + "/settings"
}

func (v view) page(ctx context.Context) ui.Page {
	if v.platform() {
		return ui.Page{Title: tFloors.In(ctx), Lead: tFloorsLead.In(ctx), Section: ui.ProviderFloor, Wide: true, Crumbs: []ui.Crumb{{Label: tConsole.In(ctx), Href: "/provider"}}, Problems: v.problems}
	}
	return ui.Page{Title: tTitle.In(ctx), Lead: tLead.In(ctx), Section: ui.Settings, Wide: true, Problems: v.problems}
}

func (v view) may(ctx context.Context) bool {
	if v.platform() {
		return ui.May(ctx, "floor.set")
	}
	return ui.May(ctx, "setting.change")
}

func (v view) of(group string) []settings.Setting {
	var list []settings.Setting
	for _, s := range v.Settings {
		if s.Group == group {
			list = append(list, s)
		}
	}
	return list
}

// told writes a value for people.
func told(ctx context.Context, s settings.Setting, text string) string {
	switch {
	case s.Sort == settings.Switch && text == "true":
		return tYes.In(ctx)
	case s.Sort == settings.Switch:
		return tNo.In(ctx)
	case s.Direction == settings.LowerSet && text == "0":
		return tNever.In(ctx)
	case text == "":
		return tNothing.In(ctx)
	case s.Sort == settings.Number && s.Unit != "":
		var n int
		if _, err := fmt.Sscan(text, &n); err == nil {
			return units[s.Unit].In(ctx, n)
		}
	case s.Sort == settings.Numbers:
		return strings.ReplaceAll(text, ",", ", ") + " " + s.Unit
	case s.Sort == settings.Words:
		return strings.ReplaceAll(text, ",", ", ")
	}
	return text
}

func (v view) value(s settings.Setting) string {
	if t, sent := v.typed[s.ID]; sent {
		return t
	}
	if s.Set {
		return s.Own
	}
	return ""
}

// rest says what is in force when the field is left empty.
func (v view) rest(ctx context.Context, s settings.Setting) string {
	if s.Floored && !v.platform() {
		return tInherit.In(ctx, told(ctx, s, s.Floor))
	}
	return tDefault.In(ctx, told(ctx, s, s.Default))
}

func (v view) floor(ctx context.Context, s settings.Setting) string {
	if s.Sort == settings.Switch && len(s.Promised) > 0 {
		return promised(ctx, s)
	}
	if !s.Floored {
		return tNoFloor.In(ctx)
	}
	from := ""
	for _, p := range settings.Presets() {
		if p.ID == s.FloorFrom {
			from = tByPreset.In(ctx, i18n.From(p.Title).In(ctx))
		}
	}
	return tFloorBy.In(ctx, told(ctx, s, s.Floor), i18n.Date(ctx, s.FloorAt), from)
}

// imposed tells whether nothing is left to choose: a switch that the provider has set to its strict side.
func (v view) imposed(s settings.Setting) bool {
	strict := "true"
	if s.Direction == settings.Off {
		strict = "false"
	}
	if s.Sort == settings.Switch && s.Bound == strict {
		return true // a published clause leaves no choice, not even to the provider
	}
	return !v.platform() && s.Sort == settings.Switch && s.Floored && s.Floor == strict
}

func (v view) options(ctx context.Context, s settings.Setting) []ui.Option {
	none := ui.Option{Value: "", Label: v.rest(ctx, s)}
	if s.Sort == settings.Switch {
		return []ui.Option{none, {Value: "true", Label: tYes.In(ctx)}, {Value: "false", Label: tNo.In(ctx)}}
	}
	list := []ui.Option{none}
	for _, one := range v.choices(s) {
		list = append(list, ui.Option{Value: one, Label: told(ctx, s, one)})
	}
	return list
}

// choices are those that the idle limit is limited to (KSK-5.2); none for any other setting.
func (v view) choices(s settings.Setting) []string {
	if s.ID != "session.idle" {
		return nil
	}
	for _, c := range v.Settings {
		if c.ID == "session.idle_choices" && c.Effective != "" {
			list := strings.Split(c.Effective, ",")
			if s.Set && !strings.Contains(","+c.Effective+",", ","+s.Own+",") {
				list = append(list, s.Own) // kept from before the choices were set
			}
			return list
		}
	}
	return nil
}

func (v view) presetOptions(ctx context.Context) []ui.Option {
	var list []ui.Option
	for _, p := range settings.Presets() {
		list = append(list, ui.Option{Value: p.ID, Label: i18n.From(p.Title).In(ctx)})
	}
	return list
}

func orgOf(r *http.Request) core.ID {
	if org := r.PathValue("org"); org != "" {
		return core.ID(org)
	}
	return core.Platform
}

func (p pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.render(w, r, http.StatusOK, view{})
}

func (p pages) render(w http.ResponseWriter, r *http.Request, status int, v view) error {
	var err error
	if v.View, err = p.settings.Read(r.Context(), orgOf(r)); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "setting.change", "floor.set", "organization.edit", "terms.manage"), status, page(v))
}

func (p pages) save(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), orgOf(r)
	now, err := p.settings.Read(ctx, org)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := view{typed: map[string]string{}, reason: r.PostFormValue("reason")}
	edit := settings.Edit{Match: r.PostFormValue("version"), Reason: v.reason}
	for _, s := range now.Settings {
		sent, there := r.PostForm[s.ID]
		if !there {
			continue
		}
		typed := strings.TrimSpace(sent[0])
		v.typed[s.ID] = typed
		switch {
		case typed == "" && s.Set:
			edit.Changes = append(edit.Changes, settings.Change{Key: s.ID, Reset: true})
		case typed != "" && (!s.Set || typed != s.Own):
			edit.Changes = append(edit.Changes, settings.Change{Key: s.ID, Value: typed})
		}
	}
	if err := p.settings.Save(ctx, org, edit); ui.Shown(err) {
		v.problems = ui.ProblemsOf(ctx, err)
		return p.render(w, r, edge.StatusOf(err), v)
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, view{View: now}.action(), tSaved.In(ctx))
}

func (p pages) preset(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), orgOf(r)
	v := view{preset: r.PostFormValue("preset"), why: r.PostFormValue("why"), View: settings.View{Org: org}}
	if err := p.settings.ApplyPreset(ctx, org, v.preset, v.why); ui.Shown(err) {
		v.problems = ui.ProblemsOf(ctx, err)
		return p.render(w, r, edge.StatusOf(err), v)
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, v.action(), tApplied.In(ctx))
}

// line says in one line the floor of a setting and what is in force.
func (v view) line(ctx context.Context, s settings.Setting) string {
	now := tInForce.In(ctx, told(ctx, s, s.Effective))
	if p := promised(ctx, s); p != "" {
		now += " · " + p
	}
	if v.platform() || !s.Floored && len(s.Promised) > 0 {
		return now
	}
	return now + " · " + tFloor.In(ctx, v.floor(ctx, s))
}

// promised says which published clauses demand what of a setting.
func promised(ctx context.Context, s settings.Setting) string {
	if len(s.Promised) == 0 {
		return ""
	}
	var ids []string
	for _, p := range s.Promised {
		if !slices.Contains(ids, p.Clause) {
			ids = append(ids, p.Clause)
		}
	}
	list := strings.Join(ids, ", ")
	switch {
	case s.Direction == settings.Free:
		return tClauseGiven.In(ctx, list)
	case s.Exact:
		return tClauseExact.In(ctx, list, told(ctx, s, s.Bound))
	}
	return tClause.In(ctx, list, told(ctx, s, s.Bound))
}

func mode(s settings.Setting) string {
	if s.Sort == settings.Number {
		return "numeric"
	}
	return ""
}

func presetLead(ctx context.Context, v view) string {
	if v.platform() {
		return tPresetsAll.In(ctx)
	}
	return tPresetsLead.In(ctx)
}
