package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/archive"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle = i18n.T("Mes données", "My data")
	tLead  = i18n.T("Ce qui est gardé de vous, pourquoi, jusqu'à quand, et qui l'a vu.", "What is held about you, why, until when, and who has seen it.")

	tTake       = i18n.T("Emporter", "Take it with you")
	tTakeLead   = i18n.T("Une archive : une page à lire, du JSON, un CSV par table. Elle se télécharge pendant sept jours, puis elle est effacée.", "One archive: a page to read, JSON, one CSV per table. It can be downloaded for seven days, then it is erased.")
	tAccess     = i18n.T("Tout ce qui est gardé (droit d'accès)", "All that is held (right of access)")
	tPortable   = i18n.T("Ce que j'ai fourni (portabilité)", "What I provided (portability)")
	tAsked      = i18n.T("C'est demandé. Un message vous préviendra quand ce sera prêt.", "It is asked for. A message will tell you when it is ready.")
	tArchives   = i18n.T("Archives demandées", "Archives asked for")
	tAskedOn    = i18n.T("Demandée le", "Asked on")
	tKind       = i18n.T("Contenu", "Content")
	tState      = i18n.T("État", "State")
	tErased     = i18n.T("Effacée le", "Erased on")
	tQueued     = i18n.T("en attente", "waiting")
	tBuilding   = i18n.T("en cours", "under way")
	tReady      = i18n.T("prête", "ready")
	tFailed     = i18n.T("abandonnée", "given up")
	tOver       = i18n.T("terminée", "over")
	tDownload   = i18n.T("Télécharger", "Download")
	tFile       = i18n.T("mes-donnees", "my-data")
	tArchive    = i18n.T("Archive de mes données", "Archive of my data")
	tProgress   = i18n.T("%d parties sur %d", "%d parts of %d")
	tAgainst    = i18n.T("On vous demandera de prouver de nouveau qui vous êtes.", "You will be asked to prove again who you are.")
	tSize       = i18n.T("Taille", "Size")
	tKibi       = i18n.T("%s Ko", "%s kB")
	tRecords    = i18n.T("Enregistrements", "Records")
	tBack       = i18n.T("Retour", "Back")
	tSwitches   = i18n.T("Ce que vous décidez", "What you decide")
	tProfile    = i18n.T("Nom, téléphone, autre adresse, photo", "Name, phone, other address, photo")
	tProfileSay = i18n.T("Corriger, retirer : sur votre profil.", "Correct or remove: on your profile.")
	tSessions   = i18n.T("Sessions et navigateurs connus", "Sessions and known browsers")
	tSessSay    = i18n.T("Voir d'où vous êtes connecté, oublier un navigateur.", "See where you are signed in, forget a browser.")
	tWhyAll     = i18n.T("Pourquoi vos données sont traitées", "Why your data are processed")
	tWhyAllSay  = i18n.T("Finalités, bases légales, durées, destinataires, organisation par organisation.", "Purposes, legal bases, durations, recipients, organization by organization.")
	tErase      = i18n.T("Ce qu'un effacement ferait", "What an erasure would do")
	tEraseSay   = i18n.T("Ce qui partirait, ce qui doit rester et pourquoi, avant de le demander.", "What would go, what must stay and why, before you ask for it.")
	tOpen       = i18n.T("Ouvrir", "Open")
	tSee        = i18n.T("Voir", "See")

	tRestraints = i18n.T("Limitations et oppositions", "Restrictions and objections")
	tRestrict   = i18n.T("Vos données sont gardées et ne servent pas%s, depuis le %s.", "Your data are kept and not used%s, since %s.")
	tObject     = i18n.T("Vous vous êtes opposé à la finalité « %s », le %s.", "You objected to the purpose “%s” on %s.")
	tGiveUp     = i18n.T("Y renoncer", "Give it up")

	tSeen      = i18n.T("Qui les a vues", "Who has seen them")
	tSeenLead  = i18n.T("Les derniers actes d'autrui sur vos données, d'après le journal. Les personnes ne sont pas nommées.", "The latest acts of others on your data, from the journal. Persons are not named.")
	tNobody    = i18n.T("Personne d'autre ne les a vues", "Nobody else has seen them")
	tNobodyTxt = i18n.T("Chaque lecture par quelqu'un d'autre apparaîtra ici.", "Each time somebody else reads them will appear here.")
	tWhen      = i18n.T("Quand", "When")
	tWhat      = i18n.T("Ce qui a été fait", "What was done")
	tWho       = i18n.T("Par", "By")
	tWhere     = i18n.T("Chez", "In")
	tRefused   = i18n.T("refusé", "refused")
	tAllSeen   = i18n.T("Tout voir", "See all")

	tHeld    = i18n.T("Ce qui est gardé", "What is held")
	tRows    = i18n.N("%d ligne", "%d lignes", "%d row", "%d rows")
	tAllRows = i18n.T("Toutes les lignes", "All rows")
	tGround  = i18n.T("%s : pour %s · base : %s · gardé %s", "%s: for %s · basis: %s · kept %s")
	tCut     = i18n.T("Les 500 premières lignes ; toutes sont dans l'archive.", "The first 500 rows; all of them are in the archive.")

	tEraseLead = i18n.T("Voici ce qu'un effacement de tout votre compte ferait aujourd'hui. Rien n'est effacé en ouvrant cette page.", "This is what erasing your whole account would do today. Nothing is erased by opening this page.")
	tGoes      = i18n.T("Effacé", "Erased")
	tStays     = i18n.T("Gardé", "Kept")
	tTable     = i18n.T("Données", "Data")
	tWhy       = i18n.T("Pourquoi", "Why")
	tUntil     = i18n.T("Jusqu'à quand", "Until when")
	tNoPreview = i18n.T("Rien à montrer", "Nothing to show")
	tNoPrevTxt = i18n.T("Aucune donnée ne serait touchée.", "No data would be touched.")
)

func (p pages) data(w http.ResponseWriter, r *http.Request) error {
	v, err := p.m.Own(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, dataPage(dataView{Own: v, ways: p.ways, now: p.m.Now()}))
}

func (p pages) table(w http.ResponseWriter, r *http.Request) error {
	t, err := p.m.Table(r.Context(), r.PathValue("table"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, tablePage(t))
}

func (p pages) seen(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Seen(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, seenPage(list))
}

func (p pages) erasure(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Erasure(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, erasurePage(erasureView{list, p.m}))
}

type dataView struct {
	archive.Own
	ways []Way
	now  time.Time
}

// rooms are the parts by room, in their order.
func (v dataView) rooms() [][]archive.Part {
	var list [][]archive.Part
	for i, p := range v.Parts {
		if i == 0 || v.Parts[i-1].Room != p.Room {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], p)
	}
	return list
}

func (v dataView) switches(ctx context.Context) []ui.Finding {
	list := []ui.Finding{
		{Tone: ui.Info, Title: tProfile.In(ctx), Text: tProfileSay.In(ctx), Action: ui.Link{Label: tOpen.In(ctx), Href: "/me/profile", Hint: tProfile.In(ctx)}},
		{Tone: ui.Info, Title: tWhyAll.In(ctx), Text: tWhyAllSay.In(ctx), Action: ui.Link{Label: tSee.In(ctx), Href: "/me/register", Hint: tWhyAll.In(ctx)}},
		{Tone: ui.Info, Title: tSessions.In(ctx), Text: tSessSay.In(ctx), Action: ui.Link{Label: tOpen.In(ctx), Href: "/me/sessions", Hint: tSessions.In(ctx)}},
	}
	for _, w := range v.ways {
		list = append(list, ui.Finding{Tone: ui.Info, Title: w.Label.In(ctx), Text: w.Says.In(ctx), Action: ui.Link{Label: tOpen.In(ctx), Href: w.Href, Hint: w.Label.In(ctx)}})
	}
	return append(list, ui.Finding{Tone: ui.Info, Title: tErase.In(ctx), Text: tEraseSay.In(ctx), Action: ui.Link{Label: tSee.In(ctx), Href: dataPath + "/erasure", Hint: tErase.In(ctx)}})
}

func (v dataView) archives(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Archives))
	for i, a := range v.Archives {
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.To(i18n.Moment(ctx, a.Made), archivePath+"/"+string(a.ID)), ui.Words(kindOf(ctx, a)), stateOf(ctx, a, v.now), ui.Words(i18n.Date(ctx, a.Ends())),
		}}
	}
	return rows
}

func kindOf(ctx context.Context, a archive.Archive) string {
	if a.Portable {
		return tPortable.In(ctx)
	}
	return tAccess.In(ctx)
}

func stateOf(ctx context.Context, a archive.Archive, now time.Time) ui.Badge {
	switch {
	case !now.Before(a.Ends()):
		return ui.Badge{Text: tOver.In(ctx)}
	case a.State == archive.Ready:
		return ui.Badge{Text: tReady.In(ctx), Tone: ui.Good}
	case a.State == archive.Building:
		return ui.Badge{Text: tBuilding.In(ctx), Tone: ui.Info}
	case a.State == archive.Failed:
		return ui.Badge{Text: tFailed.In(ctx), Tone: ui.Bad}
	}
	return ui.Badge{Text: tQueued.In(ctx), Tone: ui.Info}
}

func restraint(ctx context.Context, r personal.Restraint) string {
	day := i18n.Date(ctx, r.Since)
	if r.Purpose != "" {
		return tObject.In(ctx, archive.PurposeWord(ctx, r.Purpose), day)
	}
	return tRestrict.In(ctx, "", day)
}

func seenRows(ctx context.Context, list []archive.Seen) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, s := range list {
		what := ui.Words(i18n.From(s.Action).In(ctx))
		if s.Refuse {
			what = ui.Line(what, ui.Badge{Text: tRefused.In(ctx), Tone: ui.Warn})
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Time{At: s.At}, what, ui.Words(i18n.From(s.Who).In(ctx)), ui.Words(s.Org)}}
	}
	return rows
}

func seenColumns(ctx context.Context) []ui.Column {
	return []ui.Column{{Label: tWhen.In(ctx)}, {Label: tWhat.In(ctx)}, {Label: tWho.In(ctx)}, {Label: tWhere.In(ctx)}}
}

// facts are the one row of a part, as a list.
func facts(p archive.Part) ui.Facts {
	var list ui.Facts
	for i, c := range p.Columns {
		if len(p.Cells) > 0 && p.Cells[0][i] != "" {
			list = append(list, ui.Fact{Label: c, Text: p.Cells[0][i]})
		}
	}
	return list
}

func columns(p archive.Part) []ui.Column {
	list := make([]ui.Column, len(p.Columns))
	for i, c := range p.Columns {
		list[i] = ui.Column{Label: c}
	}
	return list
}

func rows(p archive.Part) []ui.Row {
	list := make([]ui.Row, len(p.Cells))
	for i, row := range p.Cells {
		for _, c := range row {
			list[i].Cells = append(list[i].Cells, ui.Words(c))
		}
	}
	return list
}

func ground(ctx context.Context, g archive.Ground) string {
	return tGround.In(ctx, strings.Join(g.Fields, ", "), g.Purpose, g.Basis, g.Until)
}

type archiveView struct {
	archive.Archive
	now time.Time
}

func (v archiveView) open() bool { return v.State == archive.Ready && v.now.Before(v.Ends()) }
func (v archiveView) waits() bool {
	return v.now.Before(v.Ends()) && (v.State == archive.Queued || v.State == archive.Building)
}

func (v archiveView) facts(ctx context.Context) ui.Facts {
	list := ui.Facts{
		{Label: tState.In(ctx), Value: stateOf(ctx, v.Archive, v.now)},
		{Label: tKind.In(ctx), Text: kindOf(ctx, v.Archive)},
		{Label: tAskedOn.In(ctx), Text: i18n.Moment(ctx, v.Made)},
		{Label: tErased.In(ctx), Text: i18n.Moment(ctx, v.Ends())},
	}
	if v.State == archive.Ready {
		list = append(list, ui.Fact{Label: tRecords.In(ctx), Text: i18n.Number(ctx, v.Records)}, ui.Fact{Label: tSize.In(ctx), Text: tKibi.In(ctx, i18n.Number(ctx, (v.Size+1023)/1024))},
			ui.Fact{Label: "SHA-256", Value: ui.Mono(v.Digest)})
	}
	return list
}

type erasureView struct {
	list []core.Receipt
	m    *archive.Module
}

func (v erasureView) rows(ctx context.Context) []ui.Row {
	var list []ui.Row
	for _, r := range v.list {
		if r.Deleted == 0 && r.Kept == 0 {
			continue
		}
		why := i18n.From(r.Why).In(ctx)
		if why == "" && r.Ground != "" {
			why = archive.BasisWord(ctx, r.Ground)
		}
		rule := ""
		if r.Kept > 0 || r.Archived > 0 {
			rule = v.m.RuleTitle(ctx, r.Rule)
		}
		list = append(list, ui.Row{Cells: []templ.Component{
			ui.Words(v.m.TableTitle(ctx, r.Table)), ui.Words(count(ctx, r.Deleted)), ui.Words(count(ctx, r.Kept)), ui.Words(why), ui.Words(rule),
		}})
	}
	return list
}

func count(ctx context.Context, n int64) string {
	if n == 0 {
		return "—"
	}
	return i18n.Number(ctx, n)
}
