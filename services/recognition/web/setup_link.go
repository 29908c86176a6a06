package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tsHealth     = i18n.T("Synchronisation", "Synchronisation")
	tsHealthLead = i18n.T("À la fin de chaque mise à jour, la plateforme et le programme calculent l'empreinte de l'ensemble des fiches : elles doivent être égales, sinon rien ne change.", "At the end of each update, the platform and the program compute the digest of the whole set of cards: they must be equal, or nothing changes.")
	tsProven     = i18n.T("Empreinte prouvée égale", "Digest proven equal")
	tsProvenText = i18n.T("%s, le %s", "%s, on %s")
	tsNotProven  = i18n.T("pas encore", "not yet")
	tsEvery      = i18n.T("Toutes les", "Every")
	tsEveryText  = i18n.T("%d min", "%d min")
	tsDue        = i18n.T("Prochaine attendue", "Next expected")
	tsArriving   = i18n.T("En cours d'arrivée", "Arriving")
	tsChunks     = i18n.T("%d morceaux reçus", "%d chunks received")
	tsLoaded     = i18n.T("%s fiches chargées", "%s cards loaded")
	tsFault      = i18n.T("Dernier incident", "Last fault")
	tsVersion    = i18n.T("Version du programme", "Version of the program")
	tsMapping    = i18n.T("Version du choix des champs", "Version of the choice of fields")
	tsPast       = i18n.T("Dernières synchronisations", "Last synchronisations")
	tsNoPast     = i18n.T("Aucune synchronisation", "No synchronisation")
	tsNoPastText = i18n.T("La première commence dès que le programme est installé et que les champs sont choisis.", "The first begins as soon as the program is installed and the fields are chosen.")
	tsWhen       = i18n.T("Quand", "When")
	tsOutcome    = i18n.T("Issue", "Outcome")
	tsAddedCol   = i18n.T("Ajoutées ou changées", "Added or changed")
	tsGoneCol    = i18n.T("Retirées", "Taken away")

	tsPause      = i18n.T("Mettre en pause", "Pause")
	tsResume     = i18n.T("Reprendre", "Resume")
	tsPausedNote = i18n.T("En pause : ses fiches restent et ne sont plus trouvées.", "Paused: its cards stay and are not found.")
	tsResumed    = i18n.T("Ses fiches sont de nouveau trouvées.", "Its cards are found again.")
	tsDuring     = i18n.T("Ce lien est en pause", "This link is paused")
	tsRemove     = i18n.T("Retirer cet outil", "Remove this tool")
	tsRemoveLead = i18n.T("Dans la même seconde, ses %s fiches ne sont plus trouvées nulle part : leur clé est détruite, aucune sauvegarde ne les contient. L'outil lui-même garde ses données.", "In the same second its %s cards are found nowhere any more: their key is destroyed, and no backup holds them. The tool itself keeps its data.")
	tsRemoveBack = i18n.T("Pour y revenir, reliez l'outil de nouveau : tout est alors renvoyé. Le programme installé pour lui ne sert plus.", "To come back, link the tool again: everything is then sent anew. The program installed for it no longer serves.")
	tsRemoveNow  = i18n.T("Retirer « %s » et effacer ses fiches", "Remove “%s” and erase its cards")
	tsRemoved    = i18n.T("Outil retiré ; ses fiches sont effacées.", "Tool removed; its cards are erased.")

	tsApprove     = i18n.T("Accepter cette mise à jour", "Accept this update")
	tsRefuse      = i18n.T("La refuser", "Refuse it")
	tsApproveLead = i18n.T("Elle retirerait %s fiches sur %s et en apporterait ou changerait %s. Plus d'un cinquième d'un coup vient souvent d'un export vide ou d'un filtre faux : regardez d'abord l'outil.", "It would take away %s of %s cards and bring or change %s. More than a fifth at once often comes from an empty export or a wrong filter: look at the tool first.")
	tsRefuseHint  = i18n.T("En refusant, rien ne change ; le programme le dira et recommencera à son prochain tour.", "If you refuse, nothing changes; the program says so and starts anew at its next turn.")
	tsNothingHere = i18n.T("Rien n'attend plus ici.", "Nothing waits here any more.")
	tsApproved    = i18n.T("Acceptée : les fiches sont mises à jour.", "Accepted: the cards are being updated.")
	tsRefused     = i18n.T("Refusée : rien n'a changé.", "Refused: nothing has changed.")

	tsPrograms   = i18n.T("Programmes installés", "Programs installed")
	tsNoProgram  = i18n.T("Aucun programme n'apporte encore ces fiches", "No program brings these cards yet")
	tsInstallOne = i18n.T("Installer un programme", "Install a program")
	tsInstalled  = i18n.T("installé", "installed")
	tsCodeWaits  = i18n.T("code en attente", "code waiting")
	tsCodeOver   = i18n.T("code expiré", "code expired")
	tsMadeOn     = i18n.T("Créé", "Made")
	tsDismiss    = i18n.T("Mettre fin", "End")
	tsDismissed  = i18n.T("Ce programme n'entre plus.", "This program is let in no more.")
	tsActionsCol = i18n.T("Actions", "Actions")

	tsSettings   = i18n.T("Réglages", "Settings")
	tsSetFields  = i18n.T("Champs et numéros", "Fields and numbers")
	tsSetShown   = i18n.T("Affichage et scripts", "Notification and scripts")
	tsTryIt      = i18n.T("Essayer un numéro", "Try a number")
	tsSecretCard = i18n.T("Accès à l'outil", "Access to the tool")
	tsSecretLead = i18n.T("Avec quoi l'outil est lu (adresse, compte, requête), chiffré sous la clé de ce lien.", "What the tool is read with (address, account, query), encrypted under the key of this link.")
	tsSecretMask = i18n.T("Masqué", "Masked")
	tsSecretFor  = i18n.T("Visible avec le droit « voir les secrets d'un outil relié » seulement.", "Visible with the right to “see the secrets of a linked tool” only.")
	tsReveal     = i18n.T("Révéler", "Reveal")
	tsRevealHint = i18n.T("Vous prouverez votre identité, et le journal en garde la trace.", "You will prove your identity, and the journal keeps a record.")
	tsNoSecret   = i18n.T("Rien n'est gardé ici : l'accès est réglé sur place, avec le programme.", "Nothing is kept here: the access is set on the spot, with the program.")
	tsShownOnce  = i18n.T("Affiché pour cette page seulement.", "Shown for this page only.")
	tsToolName   = i18n.T("Comment l'appelez-vous ?", "What do you call it?")
	tsAccess     = i18n.T("Nouvel accès", "New access")
	tsAccessHint = i18n.T("Remplace celui qui est gardé, sans le montrer. Laissez vide pour ne rien changer. Une ligne par réglage, comme : %s", "Replaces the one that is kept, without showing it. Leave empty to change nothing. One line for each setting, like: %s")
)

var (
	tsAwaiting = i18n.T("En attente de fiches", "Waiting for cards")
	tsActive   = i18n.T("Active", "Active")
	tsPaused   = i18n.T("En pause", "Paused")
	tsLate     = i18n.T("En retard", "Late")
	tsFailing  = i18n.T("Outil illisible", "Tool not readable")
	tsHeld     = i18n.T("Attend votre accord", "Waits for approval")
	tsSending  = i18n.T("Mise à jour en cours", "Being updated")
)

// badge says in a word where a link stands.
func (l toolLine) badge(ctx context.Context) ui.Badge {
	switch {
	case l.State == recognition.LinkPaused:
		return ui.Badge{Text: tsPaused.In(ctx)}
	case l.health.State == recognition.SyncWaiting:
		return ui.Badge{Text: tsHeld.In(ctx), Tone: ui.Warn}
	case l.health.Late:
		return ui.Badge{Text: tsLate.In(ctx), Tone: ui.Bad}
	case strings.HasPrefix(l.health.Fault, "source.") || strings.HasPrefix(l.health.Fault, "agent."):
		return ui.Badge{Text: tsFailing.In(ctx), Tone: ui.Warn}
	case l.health.State == recognition.SyncOpen || l.health.State == recognition.SyncSwitching:
		return ui.Badge{Text: tsSending.In(ctx), Tone: ui.Info}
	case l.State == recognition.LinkAwaiting:
		return ui.Badge{Text: tsAwaiting.In(ctx), Tone: ui.Info}
	}
	return ui.Badge{Text: tsActive.In(ctx), Tone: ui.Good}
}

type linkView struct {
	toolLine
	turns  []recognition.Turn
	agents []recognition.Agent
	now    time.Time
	// what is shown of the secret: nothing but once it was revealed
	kept     bool
	revealed bool
	secret   string
}

func (p setup) line(ctx context.Context, org, link core.ID) (toolLine, error) {
	l, err := p.m.Link(ctx, org, link)
	if err != nil {
		return toolLine{}, err
	}
	h, err := p.health(ctx, l)
	return toolLine{l, h}, err
}

func (p setup) linkView(ctx context.Context, org, link core.ID) (v linkView, err error) {
	if v.toolLine, err = p.line(ctx, org, link); err != nil {
		return v, err
	}
	v.now = p.m.Now()
	if v.kept, err = p.m.KeepsSecret(ctx, org, link); err != nil {
		return v, err
	}
	if v.turns, err = p.m.Turns(ctx, org, link); err != nil {
		return v, err
	}
	agents, err := p.m.Agents(ctx, org)
	if k := core.KindOf(err); k == core.Forbidden || k == core.NotFound {
		agents, err = nil, nil // whoever may read the link and not the programs
	}
	for _, a := range agents {
		if a.Link == link {
			v.agents = append(v.agents, a)
		}
	}
	return v, err
}

func (p setup) link(w http.ResponseWriter, r *http.Request) error {
	v, err := p.linkView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, linkPage(v))
}

// secret shows what the tool is read with, once its reader has just proved who they are; the journal says so.
func (p setup) secret(w http.ResponseWriter, r *http.Request) error {
	secret, err := p.m.LinkSecret(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	v, err := p.linkView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	v.revealed, v.secret = true, string(secret)
	return ui.Render(w, askedOf(r), http.StatusOK, linkPage(v))
}

func (v linkView) facts(ctx context.Context) ui.Facts {
	h := v.health
	proven := tsNotProven.In(ctx)
	if h.Digest != "" && !h.Done.IsZero() {
		proven = tsProvenText.In(ctx, h.Digest[:min(12, len(h.Digest))]+"…", i18n.Moment(ctx, h.Done))
	}
	facts := ui.Facts{
		{Label: tsState.In(ctx), Value: v.badge(ctx)},
		{Label: tsKind.In(ctx), Text: kindTitle(ctx, v.Kind)},
		{Label: tsCards.In(ctx), Text: i18n.Number(ctx, v.Cards)},
		{Label: tsLast.In(ctx), Value: ui.Time{At: v.updated(), Never: tsNever.In(ctx)}},
		{Label: tsProven.In(ctx), Text: proven},
		{Label: tsMapping.In(ctx), Text: i18n.Number(ctx, v.Version)},
	}
	if !h.Due.IsZero() {
		facts = append(facts, ui.Fact{Label: tsDue.In(ctx), Value: ui.Time{At: h.Due}})
	}
	if h.Every > 0 {
		facts = append(facts, ui.Fact{Label: tsEvery.In(ctx), Text: tsEveryText.In(ctx, int(h.Every.Minutes()))})
	}
	switch h.State {
	case recognition.SyncOpen:
		facts = append(facts, ui.Fact{Label: tsArriving.In(ctx), Text: tsChunks.In(ctx, h.Chunks)})
	case recognition.SyncSwitching:
		facts = append(facts, ui.Fact{Label: tsArriving.In(ctx), Text: tsLoaded.In(ctx, i18n.Number(ctx, int64(h.Loaded)))})
	}
	if h.Fault != "" {
		facts = append(facts, ui.Fact{Label: tsFault.In(ctx), Text: explained(ctx, h.Fault)})
	}
	if h.Version != "" {
		facts = append(facts, ui.Fact{Label: tsVersion.In(ctx), Text: h.Version})
	}
	return facts
}

var turnOutcomes = map[string]struct {
	words i18n.Sentence
	tone  ui.Tone
}{
	"idle":    {i18n.T("Empreintes égales", "Digests equal"), ui.Good},
	"waiting": {i18n.T("Mise en attente", "Held"), ui.Warn},
	"refused": {i18n.T("Refusée", "Refused"), ui.Warn},
	"differs": {i18n.T("Empreintes différentes : rien n'a changé", "Digests differ: nothing changed"), ui.Bad},
}

func (v linkView) past(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.turns))
	for i, t := range v.turns {
		o := turnOutcomes[t.Outcome]
		rows[i] = ui.Row{Cells: []templ.Component{
			ui.Time{At: t.At},
			ui.Badge{Text: o.words.In(ctx), Tone: o.tone},
			ui.Words(i18n.Number(ctx, int64(t.Puts))),
			ui.Words(i18n.Number(ctx, int64(t.Deletes))), ui.Words(i18n.Number(ctx, int64(t.Cards))),
		}}
	}
	return rows
}

func (v linkView) programs(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.agents))
	for i, a := range v.agents {
		state := ui.Badge{Text: tsInstalled.In(ctx), Tone: ui.Good}
		switch {
		case a.Account == "" && a.Until.Before(v.now):
			state = ui.Badge{Text: tsCodeOver.In(ctx)}
		case a.Account == "":
			state = ui.Badge{Text: tsCodeWaits.In(ctx), Tone: ui.Info}
		}
		rows[i] = ui.Row{Label: a.Name, Cells: []templ.Component{ui.Words(a.Name), state, ui.Time{At: a.MadeAt}, dismissForm(v.Link, a)}}
	}
	return rows
}

func (p setup) pause(w http.ResponseWriter, r *http.Request) error {
	org, link, paused := setupOrg(r), setupLink(r), r.PostFormValue("paused") == "1"
	if err := p.m.PauseLink(r.Context(), org, link, paused); err != nil {
		return err
	}
	note := tsResumed
	if paused {
		note = tsPausedNote
	}
	return ui.Redirect(w, r, linkAt(org, link, ""), note.In(r.Context()))
}

func (p setup) removing(w http.ResponseWriter, r *http.Request) error {
	l, err := p.m.Link(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, removePage(l))
}

func (p setup) removed(w http.ResponseWriter, r *http.Request) error {
	org := setupOrg(r)
	if err := p.m.RemoveLink(r.Context(), org, setupLink(r)); err != nil {
		return err
	}
	return ui.Redirect(w, r, setupAt(org, ""), tsRemoved.In(r.Context()))
}

func (p setup) approving(w http.ResponseWriter, r *http.Request) error {
	l, err := p.line(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	if l.health.State != recognition.SyncWaiting {
		return ui.Redirect(w, r, linkAt(l.Org, l.ID, ""), tsNothingHere.In(r.Context()))
	}
	return ui.Render(w, r, http.StatusOK, approvePage(l))
}

func (p setup) approved(w http.ResponseWriter, r *http.Request) error {
	org, link := setupOrg(r), setupLink(r)
	if err := p.m.Approve(r.Context(), org, link); err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, ""), tsApproved.In(r.Context()))
}

func (p setup) refused(w http.ResponseWriter, r *http.Request) error {
	org, link := setupOrg(r), setupLink(r)
	if err := p.m.Refuse(r.Context(), org, link); err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, ""), tsRefused.In(r.Context()))
}

func (p setup) dismiss(w http.ResponseWriter, r *http.Request) error {
	org, link := setupOrg(r), setupLink(r)
	if err := p.m.DismissAgent(r.Context(), org, core.ID(r.PostFormValue("agent"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, ""), tsDismissed.In(r.Context()))
}

type settingsView struct {
	recognition.Link
	problems ui.Problems
}

func (v settingsView) example() string {
	for _, k := range kinds {
		if k.kind == v.Kind {
			return oneLine(k.example)
		}
	}
	return oneLine(kinds[0].example)
}

func (p setup) settings(w http.ResponseWriter, r *http.Request) error {
	l, err := p.m.Link(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, settingsPage(settingsView{Link: l}))
}

func (p setup) settingsSaved(w http.ResponseWriter, r *http.Request) error {
	ctx, org, link := r.Context(), setupOrg(r), setupLink(r)
	l, err := p.m.Link(ctx, org, link)
	if err != nil {
		return err
	}
	l.Name = r.PostFormValue("name")
	err = p.m.ChangeLink(ctx, org, link, recognition.LinkDraft{Name: l.Name, Kind: l.Kind, Mapping: l.Mapping, Secret: typedText(r, "secret")})
	if ui.Shown(err) {
		return ui.Render(w, r, http.StatusUnprocessableEntity, settingsPage(settingsView{l, ui.ProblemsOf(ctx, err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, ""), tsSaved.In(ctx))
}
