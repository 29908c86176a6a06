package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tdLines     = i18n.T("Centraux téléphoniques", "Telephone exchanges")
	tdLinesLead = i18n.T("D'où viennent les appels, et qui a quel poste.", "Where calls come from, and who has which phone.")
	tdLine      = i18n.T("Central", "Exchange")
	tdKind      = i18n.T("Type", "Kind")
	tdCondition = i18n.T("État", "State")
	tdPhones    = i18n.T("Postes", "Phones")
	tdLastCall  = i18n.T("Dernier appel vu", "Last call seen")
	tdNoLine    = i18n.T("Aucun central raccordé", "No exchange connected")
	tdNoLineTxt = i18n.T("Choisissez le type du vôtre : chaque utilisateur verra qui l'appelle.", "Choose the kind of yours: each user will see who calls them.")
	tdConnect   = i18n.T("Raccorder un central", "Connect an exchange")
	tdChange    = i18n.T("Modifier", "Change")
	tdTitle     = i18n.T("Nom", "Name")
	tdRegion    = i18n.T("Pays des numéros sans indicatif", "Country of numbers without a prefix")
	tdRegionTip = i18n.T("Deux lettres : FR.", "Two letters: FR.")
	tdPaused    = i18n.T("En pause : aucun appel n'est suivi", "Paused: no call is followed")
	tdKeep      = i18n.T("Laissez vide pour garder celui qui est enregistré.", "Leave empty to keep the one that is stored.")
	tdWhose     = i18n.T("Poste de %s", "Phone of %s")
	tdSecretOf  = i18n.T("Mot de passe SIP du poste de %s", "SIP password of the phone of %s")
	tdNobody    = i18n.T("Personne n'a encore le rôle d'usage de la reconnaissance d'appels.", "Nobody has the role of using caller recognition yet.")
	tdKeepLine  = i18n.T("Enregistrer le central", "Save the exchange")
	tdLineKept  = i18n.T("Central enregistré.", "Exchange saved.")
	tdTest      = i18n.T("Essayer maintenant", "Try now")
	tdTried     = i18n.T("Essai : %s.", "Trial: %s.")
	tdRemoveIt  = i18n.T("Retirer ce central", "Remove this exchange")
	tdRemoveAsk = i18n.T("Retirer ce central ? Les postes sont oubliés, les appels restent à chacun jusqu'à leur terme.", "Remove this exchange? Phones are forgotten, calls stay with each person until they end.")
	tdRemoved   = i18n.T("Central retiré.", "Exchange removed.")
	tdContract  = i18n.T("Vérifié sur la forme publiée de son interface, pas encore sur un vrai central.", "Checked against the published form of its interface, not yet against a real exchange.")
	tdHook      = i18n.T("Le central envoie ses appels à POST /api/v1/organizations/%s/calls, avec le jeton d'un compte de service qui a le rôle « programme ».", "The exchange sends its calls to POST /api/v1/organizations/%s/calls, with the token of a service account that has the role “program”.")
	tdReached   = i18n.T("Raccordement", "Connection")
)

var conditions = map[string]struct {
	words i18n.Sentence
	tone  ui.Tone
}{
	"up":       {i18n.T("en service", "working"), ui.Good},
	"starting": {i18n.T("se connecte", "connecting"), ui.Info},
	"down":     {i18n.T("ne répond pas", "not answering"), ui.Bad},
	"refused":  {i18n.T("refuse le compte", "refuses the account"), ui.Bad},
	"paused":   {i18n.T("en pause", "paused"), ui.Neutral},
	"":         {i18n.T("pas encore suivi", "not followed yet"), ui.Warn},
}

func conditionOf(x recognition.Exchange) string {
	if x.Paused {
		return "paused"
	}
	return x.Condition
}

func conditionBadge(ctx context.Context, x recognition.Exchange) ui.Badge {
	c := conditions[conditionOf(x)]
	return ui.Badge{Text: c.words.In(ctx), Tone: c.tone}
}

func kindName(ctx context.Context, id string) string {
	k, _ := recognition.KindOfExchange(id)
	return inWords(ctx, k.Title)
}

func inWords(ctx context.Context, t core.Text) string {
	if i18n.Of(ctx).String() == "fr" {
		return t.FR
	}
	return t.EN
}

// lineView is what the pages of one exchange show.
type lineView struct {
	org      core.ID
	x        recognition.Exchange
	kind     recognition.ExchangeKind
	people   []core.Person
	problems ui.Problems
	fresh    bool // it is being connected
}

func lineRows(ctx context.Context, org core.ID, list []recognition.Exchange) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, x := range list {
		rows[i] = ui.Row{Href: linesAt(org, "/"+string(x.ID)), Cells: []templ.Component{
			ui.To(x.Title, linesAt(org, "/"+string(x.ID))), ui.Words(kindName(ctx, x.Kind)), conditionBadge(ctx, x), ui.Words(phoneList(x)), ui.Time{At: x.EventAt, Relative: true},
		}}
	}
	return rows
}

func phoneList(x recognition.Exchange) string {
	all := make([]string, len(x.Phones))
	for i, p := range x.Phones {
		all[i] = p.Extension
	}
	return strings.Join(all, ", ")
}

func (d desk) lines(w http.ResponseWriter, r *http.Request) error {
	list, err := d.m.Lines(r.Context(), deskOrg(r))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "line.manage"), http.StatusOK, linesPage(deskOrg(r), list))
}

func (d desk) line(w http.ResponseWriter, r *http.Request) error {
	v, err := d.lineView(r)
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "line.manage"), http.StatusOK, linePage(v))
}

func (d desk) lineView(r *http.Request) (v lineView, err error) {
	v = lineView{org: deskOrg(r)}
	if v.x, err = d.m.Line(r.Context(), v.org, core.ID(r.PathValue("line"))); err != nil {
		return v, err
	}
	v.kind, _ = recognition.KindOfExchange(v.x.Kind)
	return v, d.fill(r.Context(), &v)
}

// fill adds the persons who may have a phone.
func (d desk) fill(ctx context.Context, v *lineView) error {
	users, err := d.m.Users(ctx, v.org)
	if err != nil {
		return err
	}
	for id, p := range users {
		p.ID = id
		v.people = append(v.people, p)
	}
	slices.SortFunc(v.people, func(a, b core.Person) int {
		return cmp.Or(strings.Compare(a.FamilyName, b.FamilyName), strings.Compare(a.GivenName, b.GivenName), strings.Compare(string(a.ID), string(b.ID)))
	})
	return nil
}

func (d desk) newLine(w http.ResponseWriter, r *http.Request) error {
	v, err := d.blank(r)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, lineForm(v))
}

var errNoKind = i18n.Fault(core.NotFound, "line.kind", "Ce type de central n'existe pas.", "There is no such kind of exchange.")

func (d desk) blank(r *http.Request) (lineView, error) {
	kind, ok := recognition.KindOfExchange(r.PathValue("kind"))
	if !ok {
		return lineView{}, errNoKind
	}
	v := lineView{org: deskOrg(r), kind: kind, fresh: true, x: recognition.Exchange{Kind: kind.ID, Region: "FR", Settings: map[string]string{}}}
	for _, f := range kind.Fields {
		v.x.Settings[f.Name] = f.Default
	}
	return v, d.fill(r.Context(), &v)
}

// draft reads the form of an exchange.
func (v *lineView) draft(r *http.Request) recognition.ExchangeDraft {
	d := recognition.ExchangeDraft{
		Kind: v.kind.ID, Title: r.PostFormValue("title"), Region: r.PostFormValue("region"), Paused: r.PostFormValue("paused") != "",
		Settings: map[string]string{}, Passwords: map[string]string{},
	}
	v.x.Title, v.x.Region, v.x.Paused, v.x.Phones = d.Title, d.Region, d.Paused, nil
	v.x.Settings = map[string]string{}
	for _, f := range v.kind.Fields {
		d.Settings[f.Name] = r.PostFormValue(f.Name)
		if !f.Secret {
			v.x.Settings[f.Name] = d.Settings[f.Name]
		}
	}
	for _, p := range v.people {
		phone := recognition.Phone{Person: p.ID, Extension: strings.TrimSpace(r.PostFormValue("extension-" + string(p.ID)))}
		if phone.Extension == "" {
			continue
		}
		d.Phones, v.x.Phones = append(d.Phones, phone), append(v.x.Phones, phone)
		d.Passwords[phone.Extension] = r.PostFormValue("secret-" + string(p.ID))
	}
	return d
}

func (v lineView) extensionOf(p core.Person) string {
	for _, phone := range v.x.Phones {
		if phone.Person == p.ID {
			return phone.Extension
		}
	}
	return ""
}

func (d desk) makeLine(w http.ResponseWriter, r *http.Request) error {
	v, err := d.blank(r)
	if err != nil {
		return err
	}
	id, err := d.m.MakeLine(r.Context(), v.org, v.draft(r))
	return d.kept(w, r, v, id, err)
}

func (d desk) kept(w http.ResponseWriter, r *http.Request, v lineView, id core.ID, err error) error {
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, edge.StatusOf(err), lineForm(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, linesAt(v.org, "/"+string(id)), tdLineKept.In(r.Context()))
}

func (d desk) editLine(w http.ResponseWriter, r *http.Request) error {
	v, err := d.lineView(r)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, lineForm(v))
}

func (d desk) changeLine(w http.ResponseWriter, r *http.Request) error {
	v, err := d.lineView(r)
	if err != nil {
		return err
	}
	return d.kept(w, r, v, v.x.ID, d.m.ChangeLine(r.Context(), v.org, v.x.ID, v.draft(r)))
}

func (d desk) testLine(w http.ResponseWriter, r *http.Request) error {
	org, id := deskOrg(r), core.ID(r.PathValue("line"))
	x, err := d.m.TestLine(r.Context(), org, id)
	if err != nil {
		return err
	}
	c := conditions[conditionOf(x)]
	tone := c.tone
	if tone == ui.Neutral {
		tone = ui.Info
	}
	return ui.RedirectWith(w, r, linesAt(org, "/"+string(id)), ui.Note{Tone: tone, Text: tdTried.In(r.Context(), c.words.In(r.Context()))})
}

func (d desk) removeLine(w http.ResponseWriter, r *http.Request) error {
	org := deskOrg(r)
	if err := d.m.RemoveLine(r.Context(), org, core.ID(r.PathValue("line"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, linesAt(org, ""), tdRemoved.In(r.Context()))
}

func (v lineView) formTitle(ctx context.Context) string {
	if v.fresh {
		return tdConnect.In(ctx) + " · " + inWords(ctx, v.kind.Title)
	}
	return tdChange.In(ctx) + " · " + v.x.Title
}

func (v lineView) action() string {
	if v.fresh {
		return connectAt(v.org, v.kind.ID)
	}
	return linesAt(v.org, "/"+string(v.x.ID)+"/edit")
}

func (v lineView) keeps(ctx context.Context) string {
	if v.fresh {
		return ""
	}
	return tdKeep.In(ctx)
}

func choicesOf(f recognition.ExchangeField) []ui.Option {
	all := make([]ui.Option, len(f.Choices))
	for i, c := range f.Choices {
		all[i] = ui.Option{Value: c, Label: c}
	}
	return all
}
