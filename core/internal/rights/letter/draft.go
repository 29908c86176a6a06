package letter

import (
	"strings"

	"github.com/rempart/rempart/kit/i18n"
)

// drafts are first words of an answer, by right: the officer completes them.
var drafts = map[string]i18n.Sentence{
	"information": i18n.T("Vous avez demandé à être informé de ce qui est fait de vos données. Voici les traitements que nous menons, leurs finalités, leurs bases légales, leurs destinataires et les durées de conservation :",
		"You asked to be informed of what is done with your data. Here are the processing activities that we carry out, their purposes, legal bases, recipients and retention:"),
	"access": i18n.T("Vous avez demandé l'accès à vos données. Une archive de tout ce qui est détenu sur vous a été préparée ; vous recevez à part le lien pour la télécharger, valable sept jours. Elle dit aussi pourquoi chaque donnée est détenue, d'où elle vient, qui l'a reçue et jusqu'à quand elle est gardée.",
		"You asked for access to your data. An archive of everything that is held about you was prepared; you receive apart the link to download it, which works for seven days. It also tells why each datum is held, where it comes from, who received it and until when it is kept."),
	"portability": i18n.T("Vous avez demandé vos données dans un format structuré, couramment utilisé et lisible par machine. L'archive (JSON et CSV) a été préparée ; vous recevez à part le lien pour la télécharger, valable sept jours.",
		"You asked for your data in a structured, commonly used and machine-readable format. The archive (JSON and CSV) was prepared; you receive apart the link to download it, which works for seven days."),
	"rectification": i18n.T("Vos données ont été corrigées comme vous l'avez demandé. Ceux à qui elles avaient été communiquées en ont été avertis.",
		"Your data were corrected as you asked. Those to whom they had been disclosed were told."),
	"erasure": i18n.T("Vos données ont été effacées ; ce qui reste, et pourquoi la loi l'impose, vous est dit dans le reçu. Ceux à qui elles avaient été communiquées en ont été avertis. Les sauvegardes deviennent illisibles dans les 48 heures.",
		"Your data were erased; what stays, and why the law demands it, is told in the receipt. Those to whom they had been disclosed were told. Backups become unreadable within 48 hours."),
	"restriction": i18n.T("L'usage de vos données est limité depuis ce jour : elles sont conservées et ne sont plus utilisées. Vous serez averti avant que cette limitation soit levée. Ceux à qui elles avaient été communiquées en ont été avertis.",
		"The use of your data is restricted from this day: they are kept and no longer used. You will be told before this restriction is lifted. Those to whom they had been disclosed were told."),
	"objection": i18n.T("Votre opposition est enregistrée : vos données ne sont plus utilisées pour cette finalité.",
		"Your objection is recorded: your data are no longer used for this purpose."),
	"consent": i18n.T("Votre consentement est retiré, et les partages qui en dépendaient ont cessé. Ce qui a été fait avant ce retrait reste licite.",
		"Your consent is withdrawn, and the sharing that depended on it has stopped. What was done before the withdrawal stays lawful."),
}

// grounds motivate a refusal, with the article that gives the ground.
var grounds = map[string]i18n.Sentence{
	"identity": i18n.T("Nous n'avons pas pu établir que la demande venait de la personne concernée (articles 11-2 et 12-2 du RGPD). Vous pouvez la renouveler en joignant ce qui permet de vous identifier.",
		"We could not establish that the request came from the person concerned (articles 11-2 and 12-2 GDPR). You can make it again with what allows us to identify you."),
	"nothing": i18n.T("Nous ne détenons aucune donnée sur vous.",
		"We hold no data about you."),
	"unfounded": i18n.T("La demande est manifestement infondée (article 12-5 du RGPD).",
		"The request is manifestly unfounded (article 12-5 GDPR)."),
	"excessive": i18n.T("La demande est excessive, notamment parce qu'elle se répète (article 12-5 du RGPD).",
		"The request is excessive, in particular because it is repetitive (article 12-5 GDPR)."),
	"others": i18n.T("La copie demandée porterait atteinte aux droits et libertés d'autrui (articles 15-4 et 20-4 du RGPD).",
		"The copy asked for would adversely affect the rights and freedoms of others (articles 15-4 and 20-4 GDPR)."),
	"law": i18n.T("Une obligation légale nous impose de conserver ces données (article 17-3-b du RGPD).",
		"A legal obligation demands that we keep these data (article 17-3-b GDPR)."),
	"claims": i18n.T("Ces données sont nécessaires à la constatation, à l'exercice ou à la défense de droits en justice (articles 17-3-e et 21-1 du RGPD).",
		"These data are necessary for the establishment, exercise or defence of legal claims (articles 17-3-e and 21-1 GDPR)."),
	"speech": i18n.T("Ces données sont nécessaires à l'exercice de la liberté d'expression et d'information (article 17-3-a du RGPD).",
		"These data are necessary for exercising the right of freedom of expression and information (article 17-3-a GDPR)."),
	"interest": i18n.T("Des motifs légitimes et impérieux prévalent sur vos intérêts, droits et libertés (article 21-1 du RGPD).",
		"Compelling legitimate grounds override your interests, rights and freedoms (article 21-1 GDPR)."),
	"contract": i18n.T("Ces données ne sont traitées ni sur la base de votre consentement ni sur celle d'un contrat (article 20-1 du RGPD).",
		"These data are processed neither on the basis of your consent nor of a contract (article 20-1 GDPR)."),
	"accurate": i18n.T("Après vérification, les données détenues sont exactes (article 16 du RGPD).",
		"After examination, the data held are accurate (article 16 GDPR)."),
}

// Draft gives the first words of an answer to a right, with what is added to them.
func Draft(l i18n.Lang, kind, more string) string {
	s, ok := drafts[kind]
	if !ok {
		return ""
	}
	text := tHello.Say(l) + "\n\n" + s.Say(l)
	if more = strings.TrimSpace(more); more != "" {
		text += "\n\n" + more
	}
	return text + "\n"
}

// Ground motivates a refusal; "" for an unknown ground.
func Ground(l i18n.Lang, ground string) string {
	if s, ok := grounds[ground]; ok {
		return s.Say(l)
	}
	return ""
}

// Refuse writes a motivated refusal: the ground, then the officer's own words.
func Refuse(l i18n.Lang, ground, motive string) string {
	return tHello.Say(l) + "\n\n" + Ground(l, ground) + "\n\n" + strings.TrimSpace(motive) + "\n"
}
