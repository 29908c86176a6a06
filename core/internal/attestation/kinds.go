package attestation

import (
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
)

// Kind is one thing that can be attested: what the signer states, and the clauses that it serves.
type Kind struct {
	ID        string
	Title     core.Text
	Statement core.Text // in our words; what is signed begins with it
	Clauses   []string
	Days      int  // proposed period
	Evidence  bool // at least one file
}

// kinds are all that can be attested. Policy packs name them by their ids, which are a contract.
var kinds = []Kind{
	{
		"site-security", core.Text{FR: "Sûreté d'un site", EN: "Security of a site"}, core.Text{
			FR: "L'accès au site est maîtrisé : alarme, gardiennage ou vidéosurveillance, badges nominatifs, zones distinctes ; les visiteurs sont inscrits et accompagnés. Là où des données sont hébergées, l'accès est biométrique ou équivalent et des pare-feux matériels protègent le réseau.",
			EN: "Access to the site is under control: alarm, guards or video surveillance, personal badges, separate zones; visitors are registered and escorted. Where data are hosted, access is biometric or equivalent and hardware firewalls protect the network.",
		}, []string{"USR-1", "KSK-3.1"}, 365, true,
	},
	{
		"staff-sworn", core.Text{FR: "Personnel restreint et assermenté", EN: "Limited, sworn staff"}, core.Text{
			FR: "Le personnel qui approche les données est limité à la liste jointe ; chacun a prêté serment ou signé un engagement équivalent, et la liste a été vérifiée à la date de signature.",
			EN: "Staff who come near the data are limited to the attached list; each is sworn or has signed an equivalent undertaking, and the list was checked on the date of signature.",
		}, []string{"KSK-3.1"}, 365, true,
	},
	{
		"workstation", core.Text{FR: "Postes de travail", EN: "Workstations"}, core.Text{
			FR: "Les postes de travail de l'équipe sont administrés, leurs disques chiffrés, leurs droits d'administration limités aux personnes désignées ; antivirus, pare-feu et réseau privé y sont en service et à jour.",
			EN: "The team's workstations are administered, their disks encrypted, their administration rights limited to designated persons; antivirus, firewall and private network are in service on them and up to date.",
		}, []string{"USR-2.6"}, 182, true,
	},
	{
		"continuity", core.Text{FR: "Plan de continuité", EN: "Continuity plan"}, core.Text{
			FR: "Un plan de continuité est tenu à jour ; il a été exercé pendant la période, les clients concernés ont été prévenus avant l'exercice, et chaque écart constaté a reçu une action et une échéance.",
			EN: "A continuity plan is kept up to date; it was exercised during the period, the clients concerned were told before the exercise, and each gap found received an action and a due date.",
		}, []string{"USR-3.2", "CTI-36.1"}, 365, false,
	},
	{
		"maintenance", core.Text{FR: "Maintenance préventive", EN: "Preventive maintenance"}, core.Text{
			FR: "La maintenance préventive est faite au calendrier ; les locaux sont protégés contre l'incendie, la perte d'énergie et la perte de liaison, et ces protections ont été essayées pendant la période.",
			EN: "Preventive maintenance is done on schedule; the premises are protected against fire, loss of power and loss of link, and these protections were tested during the period.",
		}, []string{"USR-3.2"}, 182, false,
	},
	{
		"security-policy", core.Text{FR: "Politique de sécurité", EN: "Security policy"}, core.Text{
			FR: "Une politique de sécurité des systèmes d'information est en vigueur et connue de l'équipe ; une personne responsable est nommée ; la politique a été évaluée pendant la période.",
			EN: "An information-system security policy is in force and known to the team; an officer is named; the policy was evaluated during the period.",
		}, []string{"USR-4.1"}, 365, false,
	},
	{
		"confidentiality", core.Text{FR: "Engagements de confidentialité", EN: "Confidentiality undertakings"}, core.Text{
			FR: "Chaque membre de l'équipe a signé la charte de confidentialité et d'usage des moyens informatiques en vigueur avant tout accès à des données de clients ; le tableau des signatures a été vérifié à la date de signature.",
			EN: "Each member of the team signed the charter of confidentiality and use of IT in force before any access to clients' data; the table of signatures was checked on the date of signature.",
		}, []string{"USR-4.4", "EMG-2.2"}, 365, false,
	},
	{
		"training", core.Text{FR: "Formation de l'équipe", EN: "Training of the team"}, core.Text{
			FR: "Chaque membre de l'équipe a été formé à la protection des données et à la sécurité à son arrivée, puis dans les douze derniers mois ; le tableau des formations a été vérifié à la date de signature.",
			EN: "Each member of the team was trained in data protection and security on arrival, then within the last twelve months; the table of training was checked on the date of signature.",
		}, []string{"USR-4.4", "EMG-2.1"}, 365, false,
	},
	{
		"security-evaluation", core.Text{FR: "Évaluation de la sécurité", EN: "Security evaluation"}, core.Text{
			FR: "La sécurité de l'application et des données a été évaluée pendant la période, d'après les constats des vérifications continues et les travaux joints ; chaque constat a une personne responsable et une échéance.",
			EN: "The security of the application and of the data was evaluated during the period, from the observations of continuous verification and the attached work; each finding has an owner and a due date.",
		}, []string{"USR-5.1", "EMG-3.3"}, 365, false,
	},
	{
		"hardware-disposal", core.Text{FR: "Mise au rebut du matériel", EN: "Disposal of hardware"}, core.Text{
			FR: "Le matériel est inventorié ; chaque sortie de la période est enregistrée avec sa date, son moyen et son témoin, et aucun support n'a quitté l'entreprise sans être effacé ou détruit.",
			EN: "Hardware is inventoried; each disposal of the period is recorded with its date, its means and its witness, and no medium left the company without being wiped or destroyed.",
		}, []string{"USR-5.4"}, 365, true,
	},
	{
		"media-wipe", core.Text{FR: "Effacement des supports", EN: "Wiping of media"}, core.Text{
			FR: "Les systèmes n'offrent que les fonctions nécessaires. Chaque support de données réemployé ou sorti pendant la période a été effacé par une méthode reconnue, et l'effacement vérifié.",
			EN: "Systems offer only the functions they need. Each data medium reused or released during the period was wiped by a recognised method, and the wiping checked.",
		}, []string{"CTI-35"}, 365, true,
	},
	{
		"roles-checks", core.Text{FR: "Rôles et vérifications", EN: "Roles and checks"}, core.Text{
			FR: "Les rôles et responsabilités de sécurité sont définis par écrit et connus de l'équipe ; les antécédents de chaque personne qui approche les données ont été vérifiés dans les limites de la loi.",
			EN: "Security roles and responsibilities are defined in writing and known to the team; the background of each person who comes near the data was checked within the limits of the law.",
		}, []string{"CTI-38"}, 365, true,
	},
}

// Kinds lists what can be attested, by title in English.
func Kinds() []Kind {
	list := slices.Clone(kinds)
	slices.SortFunc(list, func(a, b Kind) int { return strings.Compare(a.Title.EN, b.Title.EN) })
	return list
}

// KindOf gives a kind by its id.
func KindOf(id string) (Kind, bool) {
	for _, k := range kinds {
		if k.ID == id {
			return k, true
		}
	}
	return Kind{}, false
}
