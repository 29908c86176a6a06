package incident

import (
	"context"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Kinds of mail. None says anything about a person: what there is to read is behind the sign-in.
const (
	mailTask   = "incident.task"
	mailDue    = "incident.deadline"
	mailBreach = "breach.notice"
	mailPerson = "breach.person"
)

var (
	sTask   = i18n.T("Une tâche vous est confiée dans un incident", "A task is given to you in an incident")
	bTask   = core.Text{FR: "Ce qui vous est demandé, et pour quand, est ici :", EN: "What you are asked, and by when, is here:"}
	sBreach = i18n.T("Avis de violation de données personnelles", "Notice of a breach of personal data")
	bBreach = core.Text{
		FR: "Une violation de données concerne des personnes de votre organisation. L'avis (article 33-2 du RGPD) et la liste de ces personnes sont ici, après connexion :",
		EN: "A breach of personal data concerns persons of your organization. The notice (article 33-2 GDPR) and the list of these persons are here, once signed in:",
	}
	sPerson   = i18n.T("Vos données : ce qui s'est passé, et ce que vous pouvez faire", "Your data: what happened, and what you can do")
	sDue      = i18n.T("Une échéance d'incident approche", "A deadline of an incident comes near")
	sPast     = i18n.T("Une échéance d'incident est dépassée", "A deadline of an incident has passed")
	tExercise = i18n.T("[EXERCICE] ", "[EXERCISE] ")
)

// mark writes a subject, marked when it belongs to an exercise.
func mark(it *Incident, s i18n.Sentence) core.Text {
	if it.Exercise {
		return core.Text{FR: tExercise.Say(0) + s.Say(0), EN: tExercise.Say(1) + s.Say(1)}
	}
	return core.Text{FR: s.Say(0), EN: s.Say(1)}
}

func page(id core.ID) string { return "/provider/incidents/" + string(id) }

func clientPage(org, notice core.ID) string {
	return "/o/" + string(org) + "/breaches/" + string(notice)
}

// mail writes to one person; who was erased meanwhile gets nothing.
func (m *Module) mail(ctx context.Context, tx core.Tx, to core.ID, kind string, subject, body core.Text, path string) error {
	if path != "" {
		link := "\n" + m.needs.Origin + path
		body = core.Text{FR: body.FR + link, EN: body.EN + link}
	}
	err := m.needs.People.Send(ctx, tx, to, kind, subject, body)
	if core.KindOf(err) == core.NotFound {
		return nil
	}
	return err
}

var (
	tlExercise = i18n.T("EXERCICE : ceci n'est pas une violation réelle.", "EXERCISE: this is no real breach.")
	tlHead     = i18n.T("Avis de violation de données personnelles à %s, responsable du traitement (article 33, paragraphe 2, du RGPD)", "Notice of a breach of personal data to %s, controller (article 33, paragraph 2, GDPR)")
	tlMore     = i18n.T("Cet avis complète le précédent (article 33, paragraphe 4).", "This notice completes the former one (article 33, paragraph 4).")
	tlAware    = i18n.T("Nous en avons eu connaissance le %s (temps universel).", "We became aware of it on %s (universal time).")
	tlPersons  = i18n.T("Personnes de votre organisation possiblement touchées : %d. Leur liste est jointe ; elle a été établie à partir du journal et du registre.", "Persons of your organization possibly affected: %d. Their list is attached; it was computed from the journal and the register.")
	tlUnknown  = i18n.T("pas encore établi ; un complément suivra sans retard", "not established yet; a complement will follow without delay")
	tlContact  = i18n.T("Délégué à la protection des données, auprès de qui en savoir plus : %s", "Data-protection officer, from whom more can be obtained: %s")
	tlYours    = i18n.T("Il vous revient, comme responsable du traitement, de juger si l'autorité de contrôle doit être saisie dans les 72 heures (article 33-1) et si les personnes doivent être informées (article 34). Nous vous y aidons.", "It is for you, as the controller, to judge whether the supervisory authority must be told within 72 hours (article 33-1) and whether the persons must be informed (article 34). We help you with it.")
)

// letter drafts a notice with what article 33-3 asks, in the language of the organization.
func letter(it *Incident, p Proposal, contact string) string {
	lang, _ := i18n.Parse(p.Org.Language)
	var b strings.Builder
	line := func(s string) { b.WriteString(s + "\n\n") }
	if it.Exercise {
		line(tlExercise.Say(lang))
	}
	line(tlHead.Say(lang, p.Org.Name))
	if p.Phase == PhaseComplement {
		line(tlMore.Say(lang))
	}
	line(tlAware.Say(lang, it.Aware.UTC().Format("2006-01-02 15:04")))
	for _, f := range Fields {
		if !f.Told {
			continue
		}
		value := f.Say(lang, it.Values[f.Name])
		if value == "" {
			value = tlUnknown.Say(lang)
		}
		line(fmt.Sprintf("%s\n%s", f.Title.Say(lang), value))
	}
	line(tlPersons.Say(lang, p.Persons))
	if contact != "" {
		line(tlContact.Say(lang, contact))
	}
	line(tlYours.Say(lang))
	return strings.TrimSpace(b.String())
}

var (
	tpHello   = i18n.T("Une violation de données personnelles vous concerne peut-être (article 34 du RGPD). Voici ce que nous savons.", "A breach of personal data may concern you (article 34 GDPR). Here is what we know.")
	tpAdvice  = i18n.T("Ce que vous pouvez faire : ne suivez pas de lien reçu d'un inconnu, changez votre mot de passe s'il servait ailleurs, signalez-nous ce qui vous semble anormal.", "What you can do: follow no link from a stranger, change your password if you used it elsewhere, tell us of anything that seems abnormal.")
	tpContact = i18n.T("Délégué à la protection des données : %s", "Data-protection officer: %s")
)

// PersonLetter drafts what persons are told (article 34-2), in both languages.
func (m *Module) PersonLetter(ctx context.Context, id core.ID) (text core.Text, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		it, err := m.load(ctx, tx, id)
		if err != nil {
			return err
		}
		contact, err := m.needs.Contact(ctx, tx)
		in := func(lang i18n.Lang) string {
			parts := []string{tpHello.Say(lang)}
			for _, f := range Fields {
				if v := it.Values[f.Name]; v != "" && (f.Name == "facts" || f.Name == "consequences" || f.Name == "measures") {
					parts = append(parts, f.Title.Say(lang)+"\n"+v)
				}
			}
			parts = append(parts, tpAdvice.Say(lang))
			if contact != "" {
				parts = append(parts, tpContact.Say(lang, contact))
			}
			return strings.Join(parts, "\n\n")
		}
		text = core.Text{FR: in(0), EN: in(1)}
		return err
	})
	return text, err
}
