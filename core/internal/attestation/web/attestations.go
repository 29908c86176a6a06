package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle     = i18n.T("Attestations", "Attestations")
	tLead      = i18n.T("Ce qu'aucun programme ne voit : des personnes, des locaux, des machines. Une personne nommée le signe, pièces à l'appui, jusqu'à une date ; après elle, les clauses qui reposent dessus ne sont plus prouvées.", "What no program can see: people, premises, machines. A named person signs for it, with evidence, until a date; after it, the clauses that rest on it are no longer shown.")
	tNew       = i18n.T("Signer une attestation", "Sign an attestation")
	tExport    = i18n.T("Exporter en CSV", "Export as CSV")
	tTeam      = i18n.T("Formations et charte de l'équipe", "Training and charter of staff")
	tEvery     = i18n.T("Toutes", "All")
	tFilter    = i18n.T("Filtrer par état", "Filter by state")
	tNone      = i18n.T("Aucune attestation ici", "No attestation here")
	tNoneText  = i18n.T("Choisissez ci-dessous ce que vous attestez : la personne qui signe prouve d'abord qui elle est.", "Choose below what you attest: the signer first proves who they are.")
	tBare      = i18n.T("Ce que personne n'atteste", "What nobody attests")
	tBareLead  = i18n.T("Les clauses nommées restent sans preuve tant que personne ne signe.", "The clauses named have no proof until somebody signs.")
	tKind      = i18n.T("Objet", "Subject")
	tBears     = i18n.T("Porte sur", "Bears on")
	tState     = i18n.T("État", "State")
	tSigner    = i18n.T("Signée par", "Signed by")
	tUntil     = i18n.T("Jusqu'au", "Until")
	tFrom      = i18n.T("Depuis le", "Since")
	tClauses   = i18n.T("Clauses", "Clauses")
	tSign      = i18n.T("Signer", "Sign")
	tChoose    = i18n.T("Que voulez-vous attester ?", "What do you want to attest?")
	tStatement = i18n.T("Ce que vous signez", "What you sign")
	tReach     = i18n.T("Elle porte sur", "It bears on")
	tAll       = i18n.T("Toute l'entreprise", "The whole company")
	tSite      = i18n.T("Un site", "One site")
	tOneTeam   = i18n.T("Une équipe", "One team")
	tPlace     = i18n.T("Nom du site ou de l'équipe", "Name of the site or team")
	tPlaceHint = i18n.T("Signez une attestation par site : l'ensemble tient tant que chacun tient.", "Sign one attestation per site: the whole stands as long as each does.")
	tDetails   = i18n.T("Ce que vous ajoutez", "What you add")
	tDetHint   = i18n.T("Ce que vous avez vu, et quand. Cela fait partie du texte signé.", "What you saw, and when. It is part of the text signed.")
	tFiles     = i18n.T("Pièces", "Evidence")
	tFilesHint = i18n.T("PDF, PNG, JPEG, ODT, DOCX ou texte ; 10 Mio chacune, 20 au plus, 50 Mio en tout. Elles sont chiffrées. Si le formulaire revient, joignez-les de nouveau.", "PDF, PNG, JPEG, ODT, DOCX or text; 10 MiB each, 20 at most, 50 MiB in all. They are encrypted. If the form comes back, attach them again.")
	tAgree     = i18n.T("J'ai lu ce texte, je l'atteste en mon nom", "I have read this text and attest to it in my name")
	tAgreeDue  = i18n.T("Cochez que vous l'attestez.", "Tick that you attest to it.")
	tSigned    = i18n.T("Attestation signée. Son empreinte est dans le journal.", "Attestation signed. Its digest is in the journal.")
	tRenewing  = i18n.T("Elle renouvelle une attestation, qui prend fin à votre signature.", "It renews an attestation, which ends when you sign.")

	tSignedText = i18n.T("Texte signé", "Text signed")
	tHistory    = i18n.T("Histoire", "History")
	tWhen       = i18n.T("Quand", "When")
	tWhat       = i18n.T("Quoi", "What")
	tWho        = i18n.T("Qui", "Who")
	tAAL        = i18n.T("Niveau d'assurance", "Assurance level")
	tSignedOn   = i18n.T("Signée le", "Signed on")
	tDigest     = i18n.T("SHA-256 du texte signé", "SHA-256 of the text signed")
	tEntry      = i18n.T("Entrée du journal", "Entry of the journal")
	tRenew      = i18n.T("Renouveler", "Renew")
	tWithdraw   = i18n.T("Retirer", "Withdraw")
	tWithLead   = i18n.T("Les clauses qui reposent dessus cessent aussitôt d'être prouvées.", "The clauses that rest on it are no longer shown from then on.")
	tWhy        = i18n.T("Pourquoi, en un mot", "Why, in a word")
	tWithdrawn  = i18n.T("Attestation retirée.", "Attestation withdrawn.")
	tName       = i18n.T("Nom", "Name")
	tSize       = i18n.T("Taille", "Size")
	tNoFiles    = i18n.T("Aucune pièce jointe", "No evidence attached")
	tUnsound    = i18n.T("Ce texte n'est plus celui qui a été signé", "This text is no longer the one that was signed")
	tUnsoundTxt = i18n.T("Son empreinte diffère de celle de la signature : la base a été modifiée à la main. L'entrée du journal fait foi.", "Its digest differs from that of the signature: the database was changed by hand. The entry of the journal is what counts.")

	tKibi = i18n.T("%d Kio", "%d KiB")
)

var events = map[string]i18n.Sentence{
	"signed":    i18n.T("signée", "signed"),
	"expired":   i18n.T("expirée", "expired"),
	"replaced":  i18n.T("renouvelée par une autre", "renewed by another"),
	"withdrawn": i18n.T("retirée", "withdrawn"),
}

var (
	tRecalled     = i18n.T("rappelée %s jours avant son terme", "recalled %s days before its end")
	tRecalledOver = i18n.T("dite expirée, et signalée aux responsables", "told as expired, to those in charge too")
)

var tones = map[attestation.State]ui.Tone{
	attestation.Current: ui.Good, attestation.Due: ui.Warn, attestation.Expired: ui.Bad, attestation.Replaced: ui.Neutral, attestation.Withdrawn: ui.Neutral,
}

type listView struct {
	view  attestation.View
	state attestation.State
	now   time.Time
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	state := attestation.State(r.URL.Query().Get("state"))
	if _, known := tones[state]; !known {
		state = ""
	}
	v, err := p.m.List(r.Context(), state)
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "attestation.sign", "attestation.export", "duty.read"), http.StatusOK, listPage(listView{v, state, p.m.Now()}))
}

func (v listView) tabs(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tFilter.In(ctx), Items: []ui.Tab{{Label: tEvery.In(ctx), Href: listPath, Current: v.state == ""}}}
	for _, s := range attestation.States {
		t.Items = append(t.Items, ui.Tab{Label: attestation.StateTitle(ctx, s), Href: listPath + "?state=" + string(s), Current: v.state == s, Count: v.view.Count[s]})
	}
	return t
}

func stateBadge(ctx context.Context, s attestation.State) ui.Badge {
	return ui.Badge{Text: attestation.StateTitle(ctx, s), Tone: tones[s]}
}

func (v listView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.view.List))
	for i := range v.view.List {
		a := &v.view.List[i]
		href := listPath + "/" + string(a.ID)
		rows[i] = ui.Row{Label: attestation.KindTitle(ctx, a.Kind), Href: href, Cells: []templ.Component{
			ui.To(attestation.KindTitle(ctx, a.Kind), href), ui.Words(attestation.Bears(ctx, a.Reach, a.Place)), stateBadge(ctx, a.State(v.now)),
			ui.Words(nameOf(ctx, v.view.Names, a.Signer)), ui.Words(showDay(a.Until)), ui.Faint(clauses(a.Kind)),
		}}
	}
	return rows
}

func clauses(kind string) string {
	k, _ := attestation.KindOf(kind)
	return strings.Join(k.Clauses, ", ")
}

// kindRows lists kinds to sign.
func kindRows(ctx context.Context, list []attestation.Kind, sign bool) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, k := range list {
		name := ui.Words(i18n.From(k.Title).In(ctx))
		if sign {
			name = ui.To(i18n.From(k.Title).In(ctx), listPath+"/new?kind="+k.ID)
		}
		rows[i] = ui.Row{Cells: []templ.Component{name, ui.Words(i18n.From(k.Statement).In(ctx)), ui.Faint(strings.Join(k.Clauses, ", "))}}
	}
	return rows
}

type draftView struct {
	kind     attestation.Kind
	draft    attestation.Draft
	problems ui.Problems
}

func (p pages) draft(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	kind, known := attestation.KindOf(q.Get("kind"))
	d := attestation.Draft{Kind: kind.ID, Reach: attestation.ReachAll, From: p.m.Now(), Until: p.m.Now().AddDate(0, 0, kind.Days)}
	if old := ids.Typed(q.Get("renews")); old != "" {
		var err error
		if d, err = p.m.Renewal(r.Context(), old); err != nil {
			return err
		}
		kind, known = attestation.KindOf(d.Kind)
	}
	if !known {
		return ui.Render(w, r, http.StatusOK, choicePage())
	}
	return ui.Render(w, r, http.StatusOK, draftPage(draftView{kind: kind, draft: d}))
}

func (p pages) sign(w http.ResponseWriter, r *http.Request) error {
	files, err := uploads(r)
	if err != nil {
		return err
	}
	d := attestation.Draft{
		Kind: r.PostFormValue("kind"), Reach: r.PostFormValue("reach"), Place: r.PostFormValue("place"), From: dayOf(r.PostFormValue("from")),
		Until: dayOf(r.PostFormValue("until")), Details: r.PostFormValue("details"), Files: files, Renews: ids.Typed(r.PostFormValue("renews")),
	}
	kind, known := attestation.KindOf(d.Kind)
	again := func(problems ui.Problems) error {
		if !known {
			return ui.Render(w, r, http.StatusUnprocessableEntity, choicePage())
		}
		return ui.Render(w, r, http.StatusUnprocessableEntity, draftPage(draftView{kind, d, problems}))
	}
	if r.PostFormValue("agree") == "" {
		return again(ui.Problems{{Field: "agree", Text: tAgreeDue.In(r.Context())}})
	}
	made, err := p.m.Sign(r.Context(), d)
	if ui.Shown(err) {
		return again(ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, listPath+"/"+string(made), tSigned.In(r.Context()))
}

type sheetView struct {
	attestation.Sheet
	now      time.Time
	why      string
	problems ui.Problems
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, "", nil)
}

func (p pages) show(w http.ResponseWriter, r *http.Request, status int, why string, problems ui.Problems) error {
	s, err := p.m.Get(r.Context(), ids.Typed(r.PathValue("attestation")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "attestation.sign", "attestation.withdraw", "attestation.evidence"), status, onePage(sheetView{s, p.m.Now(), why, problems}))
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	one, why := ids.Typed(r.PathValue("attestation")), r.PostFormValue("why")
	err := p.m.Withdraw(r.Context(), one, why)
	if ui.Shown(err) {
		return p.show(w, r, http.StatusUnprocessableEntity, why, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, listPath+"/"+string(one), tWithdrawn.In(r.Context()))
}

func (p pages) evidence(w http.ResponseWriter, r *http.Request) error {
	f, content, err := p.m.Open(r.Context(), ids.Typed(r.PathValue("attestation")), ids.Typed(r.PathValue("file")))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, content)
}

func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	content, name, err := p.m.CSV(r.Context())
	if err != nil {
		return err
	}
	return edge.Attach(w, "text/csv; charset=utf-8", name, content)
}

// live tells whether it can still be renewed or withdrawn.
func (v sheetView) live() bool { return v.WithdrawnAt.IsZero() && v.ReplacedBy == "" }

func (v sheetView) facts(ctx context.Context) ui.Facts {
	facts := ui.Facts{
		{Label: tState.In(ctx), Value: stateBadge(ctx, v.State(v.now))},
		{Label: tBears.In(ctx), Text: attestation.Bears(ctx, v.Reach, v.Place)},
		{Label: tFrom.In(ctx), Text: showDay(v.From)},
		{Label: tUntil.In(ctx), Text: showDay(v.Until)},
		{Label: tSigner.In(ctx), Text: nameOf(ctx, v.Names, v.Signer)},
		{Label: tSignedOn.In(ctx), Value: ui.Time{At: v.SignedAt}},
		{Label: tAAL.In(ctx), Text: "AAL" + strconv.Itoa(v.AAL)},
		{Label: tClauses.In(ctx), Text: clauses(v.Kind)},
		{Label: tDigest.In(ctx), Value: ui.Mono(v.Digest)},
		{Label: tEntry.In(ctx), Value: ui.Mono(string(v.Entry))},
	}
	return facts
}

func (v sheetView) files(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.Files))
	for i, f := range v.Files {
		rows[i] = ui.Row{Label: f.Name, Cells: []templ.Component{
			ui.ToIf("attestation.evidence", f.Name, listPath+"/"+string(v.ID)+"/evidence/"+string(f.ID)),
			ui.Words(tKibi.In(ctx, (f.Size+1023)/1024)), ui.Mono(f.Digest),
		}}
	}
	return rows
}

func (v sheetView) history(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.History))
	for i, e := range v.History {
		what := events[e.What].In(ctx)
		switch {
		case e.What == "recalled" && e.Step == "expired":
			what = tRecalledOver.In(ctx)
		case e.What == "recalled":
			what = tRecalled.In(ctx, e.Step)
		}
		shown := ui.Words(what)
		if e.About != "" {
			shown = ui.To(what, listPath+"/"+string(e.About))
		}
		who := ui.Words("")
		if e.Person != "" {
			who = ui.Words(nameOf(ctx, v.Names, e.Person))
		}
		rows[i] = ui.Row{Cells: []templ.Component{ui.Time{At: e.At}, shown, who}}
	}
	return rows
}
