package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tLinksLead   = i18n.T("Un lien donne à un auditeur la lecture des clauses et de leurs preuves, rien d'autre, jusqu'à une date. Chaque visite est au journal.", "A link lets an auditor read the clauses and their evidence, nothing else, until a date. Each visit is in the journal.")
	tLinkFor     = i18n.T("Pour quel audit", "For which audit")
	tLinkForHint = i18n.T("Par exemple : audit annuel 2026, cabinet Martin.", "For instance: yearly audit 2026, Martin & Co.")
	tLinkDays    = i18n.T("Durée, en jours", "Duration, in days")
	tLinkGive    = i18n.T("Donner un lien", "Give a link")
	tLinkGiven   = i18n.T("Lien donné", "Link given")
	tLinkAddress = i18n.T("Adresse à remettre à l'auditeur", "Address to hand to the auditor")
	tLinkOnce    = i18n.T("Elle ne sera plus montrée. Qui l'a peut lire : remettez-la en main propre ou par un canal chiffré.", "It will not be shown again. Whoever has it can read: hand it over in person or by an encrypted channel.")
	tLinkBack    = i18n.T("Revenir aux liens", "Back to the links")
	tLinkState   = i18n.T("État", "State")
	tLinkOpen    = i18n.T("ouvert", "open")
	tLinkOver    = i18n.T("expiré", "expired")
	tLinkTaken   = i18n.T("retiré", "taken back")
	tLinkUntil   = i18n.T("Jusqu'au", "Until")
	tLinkVisits  = i18n.T("Visites", "Visits")
	tLinkLast    = i18n.T("Dernière visite", "Last visit")
	tLinkEnd     = i18n.T("Retirer", "Take back")
	tLinkAsk     = i18n.T("Retirer ce lien ? Sa prochaine requête sera refusée.", "Take this link back? Its next request will be refused.")
	tLinkEnded   = i18n.T("Lien retiré.", "Link taken back.")
	tNoLink      = i18n.T("Aucun lien", "No link")
	tNoLinkIn    = i18n.T("Donnez-en un à qui doit vérifier, sans lui ouvrir de compte.", "Give one to whoever must check, without opening an account for them.")
	tLinkList    = i18n.T("Liens d'auditeurs", "Auditors' links")
	tTrust       = i18n.T("Page publique de confiance", "Public trust page")
	tTrustIn     = i18n.T("Ouverte, elle montre à tous ce qui est publié et tenu ou attesté, avec la date de la preuve : ni sondes, ni réglages, ni ruptures.", "When open, it shows everyone what is published and held or attested, with the date of evidence: no probes, no settings, no breaks.")
	tTrustOpen   = i18n.T("Ouvrir au public", "Open to the public")
	tTrustClose  = i18n.T("Fermer", "Close")
	tTrustIsOpen = i18n.T("Ouverte", "Open")
	tTrustIsShut = i18n.T("Fermée", "Closed")
	tTrustDone   = i18n.T("Page ouverte au public.", "Page open to the public.")
	tTrustShut   = i18n.T("Page fermée.", "Page closed.")
	tTrustSee    = i18n.T("La voir", "See it")
	tPublicTitle = i18n.T("Ce que %s promet et tient", "What %s promises and keeps")
	tPublicLead  = i18n.N("%d promesse tenue ou attestée aujourd'hui, chacune avec la date de sa preuve.", "%d promesses tenues ou attestées aujourd'hui, chacune avec la date de sa preuve.", "%d promise held or attested today, with the date of its evidence.", "%d promises held or attested today, each with the date of its evidence.")
	tPublicOnly  = i18n.T("Cette page ne montre que ce qui est tenu ou attesté. L'annexe d'un contrat et le lien d'auditeur montrent aussi le reste.", "This page shows only what is held or attested. The annex of a contract and the auditor's link show the rest too.")
	tPublicNone  = i18n.T("Rien n'est montré pour le moment", "Nothing is shown at the moment")
	tContacts    = i18n.T("À qui écrire", "Whom to write to")
	tContactsIn  = i18n.T("Pour signaler une faille, exercer vos droits, ou demander de l'aide.", "To report a weakness, exercise your rights, or ask for help.")
	tNoContact   = i18n.T("Aucun contact n'est publié pour le moment", "No contact is published at the moment")
	tReportHow   = i18n.T("Signaler une faille", "Reporting a weakness")
	tReportText  = i18n.T("Écrivez au contact sécurité, en français ou en anglais. Dites ce que vous avez vu et comment le revoir. N'ouvrez pas les données d'autrui, ne les gardez pas, et laissez-nous le temps de corriger avant d'en parler.", "Write to the security contact, in French or English. Say what you saw and how to see it again. Do not open other people's data, do not keep them, and give us time to correct before you speak of it.")
	tRights      = i18n.T("Vos données", "Your data")
	tRightsText  = i18n.T("Le délégué à la protection des données répond dans le mois. Vous pouvez aussi vous adresser à l'autorité de contrôle (en France, la CNIL).", "The data protection officer answers within a month. You may also turn to the supervisory authority (in France, the CNIL).")
	tDoor        = i18n.T("Lien d'auditeur", "Auditor's link")
	tDoorLead    = i18n.T("Ce lien ouvre la lecture des clauses et de leurs preuves, jusqu'au %s. Chaque visite est inscrite au journal.", "This link opens the clauses and their evidence for reading, until %s. Each visit is written in the journal.")
	tDoorOpen    = i18n.T("Ouvrir", "Open")
	tLeave       = i18n.T("Quitter", "Leave")
	tAuditLead   = i18n.T("%s, lecture seule jusqu'au %s.", "%s, read only until %s.")
	tAnnexFiles  = i18n.T("L'annexe telle qu'elle est aujourd'hui", "The annex as it stands today")
)

// linksView is the page of auditors' links, and of the public page for the provider.
type linksView struct {
	place
	list     []trust.Link
	now      time.Time
	label    string
	days     string
	address  string // of the link just given
	open     bool
	openAt   time.Time
	problems ui.Problems
}

func (p pages) auditors(w http.ResponseWriter, r *http.Request) error {
	return p.links(w, r, linksView{days: "30"}, http.StatusOK)
}

func (p pages) links(w http.ResponseWriter, r *http.Request, v linksView, status int) (err error) {
	v.place, v.now = placeOf(r), p.now()
	if v.list, err = p.trust.Links(r.Context(), v.org); err != nil {
		return err
	}
	if v.provider() {
		if v.open, v.openAt, err = p.trust.Opened(r.Context()); err != nil {
			return err
		}
	}
	return ui.Render(w, asks(r), status, linksPage(v))
}

func (p pages) giveLink(w http.ResponseWriter, r *http.Request) error {
	v := linksView{place: placeOf(r), label: r.PostFormValue("label"), days: r.PostFormValue("days")}
	days, _ := strconv.Atoi(strings.TrimSpace(v.days))
	address, err := p.trust.Give(r.Context(), v.org, v.label, days)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.links(w, r, v, edge.StatusOf(err))
	} else if err != nil {
		return err
	}
	v.address = address
	return ui.Render(w, r, http.StatusOK, linkGivenPage(v))
}

func (p pages) endLink(w http.ResponseWriter, r *http.Request) error {
	v := placeOf(r)
	if err := p.trust.End(r.Context(), v.org, core.ID(r.PathValue("link"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, v.base+"/auditors", tLinkEnded.In(r.Context()))
}

func (p pages) openTrust(w http.ResponseWriter, r *http.Request) error {
	open := r.PostFormValue("open") == "1"
	if err := p.trust.Open(r.Context(), open); err != nil {
		return err
	}
	said := tTrustShut
	if open {
		said = tTrustDone
	}
	return ui.Redirect(w, r, "/provider/controls/auditors", said.In(r.Context()))
}

func (v linksView) state(ctx context.Context, l trust.Link) ui.Badge {
	switch {
	case !l.EndedAt.IsZero():
		return ui.Badge{Text: tLinkTaken.In(ctx)}
	case !l.Live(v.now):
		return ui.Badge{Text: tLinkOver.In(ctx)}
	}
	return ui.Badge{Text: tLinkOpen.In(ctx), Tone: ui.Good}
}

func (v linksView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, l := range v.list {
		rows[i] = ui.Row{Label: l.Label, Faded: !l.Live(v.now), Cells: []templ.Component{
			ui.Words(l.Label), v.state(ctx, l), ui.Time{At: l.EndsAt}, ui.Words(i18n.Number(ctx, l.Visits)), ui.Time{At: l.LastAt, Never: tNever.In(ctx)}, endCell(v, l),
		}}
	}
	return rows
}

func (p pages) public(w http.ResponseWriter, r *http.Request) error {
	f, err := p.trust.Public(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, publicPage(f))
}

func (p pages) contacts(w http.ResponseWriter, r *http.Request) error {
	list, err := p.trust.Contacts(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, contactsPage(list))
}

// securityText answers RFC 9116. Without a security contact there is nothing to publish.
func (p pages) securityText(w http.ResponseWriter, r *http.Request) error {
	text, err := p.trust.SecurityText(r.Context())
	if err != nil {
		return err
	}
	if text == "" {
		http.NotFound(w, r)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write([]byte(text))
	return err
}

func mailOrPage(address string) string {
	if strings.HasPrefix(address, "https://") {
		return address
	}
	return "mailto:" + address
}

// auditCookie carries the secret of an auditor's link once it was opened, so that no address carries it any more. It dies
// with the browser; the link's end rules before.
const auditCookie = "__Host-audit"

func putAudit(w http.ResponseWriter, secret string, age int) {
	http.SetCookie(w, &http.Cookie{Name: auditCookie, Value: secret, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func auditOf(r *http.Request) string {
	c, err := r.Cookie(auditCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// auditDoor asks to open a link: mail scanners that fetch its address count no visit.
func (p pages) auditDoor(w http.ResponseWriter, r *http.Request) error {
	l, err := p.trust.Find(r.Context(), r.PathValue("secret"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, doorPage(l, r.URL.Path))
}

func (p pages) auditEnter(w http.ResponseWriter, r *http.Request) error {
	secret := r.PathValue("secret")
	if _, err := p.trust.Find(r.Context(), secret); err != nil {
		return err
	}
	putAudit(w, secret, 0)
	return ui.Redirect(w, r, "/audit", "")
}

func (p pages) auditLeave(w http.ResponseWriter, r *http.Request) error {
	putAudit(w, "", -1)
	return ui.Redirect(w, r, "/contacts", "")
}

// visited makes the dashboard of an auditor's visit.
func visited(v trust.Visit, f filter) boardView {
	b := boardView{place: place{org: v.Org, base: "/audit", audit: true}, f: f, visit: v.Label, until: v.EndsAt, at: v.Document.At, titles: map[string]core.Text{}}
	for _, p := range v.Document.Packs {
		b.titles[p.ID] = p.Title
	}
	for _, c := range v.Document.Clauses {
		if !slices.Contains(b.order, c.Pack) {
			b.order = append(b.order, c.Pack)
		}
	}
	b.take(v.Document.Clauses)
	return b
}

func (p pages) audit(w http.ResponseWriter, r *http.Request) error {
	v, err := p.trust.Visit(r.Context(), auditOf(r), "/audit")
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, auditPage(visited(v, filterOf(r)), v.Document.Organization))
}

func (p pages) auditClause(w http.ResponseWriter, r *http.Request) error {
	pack, id := r.PathValue("pack"), r.PathValue("clause")
	v, err := p.trust.Visit(r.Context(), auditOf(r), pack+"/"+id)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(v.Document.Clauses, func(c annex.Clause) bool { return c.Pack == pack && c.ID == id })
	if at < 0 {
		return errClause
	}
	b := visited(v, filter{days: 30})
	one := clauseView{place: b.place, c: v.Document.Clauses[at], pack: b.packTitle(r.Context(), pack)}
	for _, s := range one.c.Settings {
		one.settings = append(one.settings, settingLine{Setting: s})
	}
	return ui.Render(w, r, http.StatusOK, auditClausePage(one))
}

func (p pages) auditFile(w http.ResponseWriter, r *http.Request) error {
	f, err := p.trust.VisitFile(r.Context(), auditOf(r), r.PathValue("form"), i18n.Of(r.Context()))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

func linksTitle(ctx context.Context, v linksView) string {
	if v.provider() {
		return tAuditors.In(ctx)
	}
	return tAuditor.In(ctx)
}
