package settings

import (
	"strings"

	"github.com/rempart/rempart/core"
)

// Names of the settings that other code of this package asks for by name.
const (
	idleKey        = "session.idle"
	choicesKey     = "session.idle_choices"
	factorRolesKey = "signin.factor_roles"
	signUpKey      = "signup.open"
	countriesKey   = "host.countries"
	reviewDaysKey  = "access.review_days"
	erasuresKey    = "erasure.approval"
	erasureWaitKey = "erasure.wait_hours"
	securityKey    = "contact.security"
	dpoKey         = "contact.dpo"
	supportKey     = "contact.support"
	authorityKey   = "contact.authority"
	addressKey     = "contact.authority_address"
)

var nextPassword = core.Text{
	FR: "Vérifié au prochain choix de mot de passe ; les mots de passe en place ne sont pas relus.",
	EN: "Checked when a password is next chosen; passwords in place are not read again.",
}

var nextRequest = core.Text{
	FR: "Agit à la prochaine requête de chaque session, sur toutes les machines.",
	EN: "Acts at the next request of every session, on every machine.",
}

var nextSweep = core.Text{
	FR: "Au-delà, les lignes partent au prochain balayage, avec un certificat dans le journal.",
	EN: "Beyond that, rows go at the next sweep, with a certificate in the journal.",
}

// catalogue is the list of settings, in the order of the page.
var catalogue = []*Key{
	{
		ID: "password.min_length", Sort: Number, Direction: Higher, Default: "12", Least: 8, Most: 128, Unit: "characters", Clause: "ACC-4.1, CTI-27, USR-2.3",
		Title: core.Text{FR: "Longueur minimale", EN: "Minimum length"}, Effect: nextPassword,
	},
	{
		ID: "password.upper", Sort: Switch, Direction: On, Default: "false", Clause: "CTI-27",
		Title: core.Text{FR: "Exiger une majuscule", EN: "Require an upper-case letter"}, Effect: nextPassword,
	},
	{
		ID: "password.lower", Sort: Switch, Direction: On, Default: "false", Clause: "CTI-27",
		Title: core.Text{FR: "Exiger une minuscule", EN: "Require a lower-case letter"}, Effect: nextPassword,
	},
	{
		ID: "password.digit", Sort: Switch, Direction: On, Default: "false", Clause: "CTI-27",
		Title: core.Text{FR: "Exiger un chiffre", EN: "Require a digit"}, Effect: nextPassword,
	},
	{
		ID: "password.special", Sort: Switch, Direction: On, Default: "false", Clause: "CTI-27, USR-2.3",
		Title: core.Text{FR: "Exiger un caractère spécial", EN: "Require a special character"}, Effect: nextPassword,
	},
	{
		ID: "password.specials", Sort: Symbols, Direction: Within, Clause: "CTI-27",
		Title: core.Text{FR: "Caractères spéciaux reconnus (vide : tous)", EN: "Special characters that count (empty: any)"}, Effect: nextPassword,
	},
	{
		ID: "password.min_strength", Sort: Number, Direction: Higher, Default: "3", Most: 4, Clause: "ACC-4.1",
		Title: core.Text{FR: "Solidité estimée minimale, de 0 à 4", EN: "Minimum estimated strength, 0 to 4"}, Effect: nextPassword,
	},
	{
		ID: "password.breached", Sort: Switch, Direction: On, Default: "true", Clause: "ACC-4.1",
		Title: core.Text{FR: "Refuser les mots de passe connus de fuites", EN: "Refuse passwords known from breaches"}, Effect: nextPassword,
	},
	{
		ID: "password.history", Sort: Number, Direction: Higher, Default: "5", Most: 24, Clause: "ACC-4.3",
		Title: core.Text{FR: "Derniers mots de passe refusés", EN: "Last passwords refused"}, Effect: nextPassword,
	},
	{
		ID: "password.max_age_days", Sort: Number, Direction: LowerSet, Default: "0", Least: 30, Most: 1095, Unit: "days", Clause: "USR-2.3",
		Title: core.Text{FR: "Changement périodique (0 : jamais)", EN: "Periodic change (0: never)"},
		Effect: core.Text{
			FR: "Un mot de passe plus ancien doit être changé à la prochaine connexion. Déconseillé pour les comptes ordinaires (CNIL 2022-100, ANSSI R24).",
			EN: "An older password must be changed at the next sign-in. Advised against for ordinary accounts (CNIL 2022-100, ANSSI R24).",
		},
	},

	{
		ID: "signin.second_factor", Sort: Switch, Direction: On, Default: "false", Clause: "ACC-3.2, CTI-37.3",
		Title:  core.Text{FR: "Second facteur obligatoire", EN: "Second factor required"},
		Effect: core.Text{FR: "Qui n'en a pas l'enregistre à sa prochaine connexion, avant d'entrer.", EN: "Those who have none set one up at their next sign-in, before they enter."},
	},
	{
		ID: factorRolesKey, Sort: Words, Direction: Joined, Clause: "ACC-3.2",
		Title: core.Text{FR: "Rôles qui exigent un second facteur", EN: "Roles that require a second factor"},
		Effect: core.Text{
			FR: "Qui tient l'un de ces rôles l'enregistre à sa prochaine connexion, avant d'entrer. Le personnel du fournisseur y est toujours tenu.",
			EN: "Whoever holds one of these roles sets one up at their next sign-in, before they enter. Provider staff always must.",
		},
	},
	{
		ID: "signin.attempts", Sort: Number, Direction: Lower, Default: "10", Least: 3, Most: 100, Clause: "USR-2.5, USR-5.2",
		Title:  core.Text{FR: "Échecs tolérés avant attente", EN: "Failures allowed before waiting"},
		Effect: core.Text{FR: "Compte pour chaque navigateur connu à part ; les inconnus partagent un seul compteur par compte.", EN: "Counted for each known browser apart; unknown ones share one counter per account."},
	},

	{
		ID: idleKey, Sort: Number, Direction: Lower, Default: "60", Least: 5, Most: 720, Unit: "min", Clause: "ACC-8.2, USR-2.4, KSK-5.2",
		Title: core.Text{FR: "Fin de session sans activité", EN: "Session ends when unused for"}, Effect: nextRequest,
	},
	{
		ID: choicesKey, Sort: Numbers, Direction: Within, Least: 5, Most: 720, Unit: "min", Clause: "KSK-5.2",
		Title: core.Text{FR: "Durées sans activité offertes au choix (vide : toutes)", EN: "Unused times offered as choices (empty: any)"}, Effect: nextRequest,
	},
	{
		ID: "session.lock", Sort: Number, Direction: LowerSet, Default: "15", Least: 1, Most: 720, Unit: "min", Clause: "USR-2.4",
		Title: core.Text{FR: "Verrouillage sans activité (0 : jamais)", EN: "Session locks when unused for (0: never)"}, Effect: nextRequest,
	},
	{
		ID: "session.absolute", Sort: Number, Direction: Lower, Default: "720", Least: 30, Most: 43200, Unit: "min", Clause: "ACC-8.2",
		Title: core.Text{FR: "Fin de session dans tous les cas", EN: "Session ends anyway after"}, Effect: nextRequest,
	},
	{
		ID: "session.fresh", Sort: Number, Direction: Lower, Default: "15", Least: 1, Most: 60, Unit: "min", Clause: "ACC-8.2",
		Title: core.Text{FR: "Durée d'une preuve d'identité pour les actes sensibles", EN: "How long a proof of identity lasts for sensitive acts"}, Effect: nextRequest,
	},

	{
		ID: "access.unused_days", Sort: Number, Direction: Lower, Default: "90", Least: 7, Most: 730, Unit: "days", Clause: "ACC-5.1",
		Title:  core.Text{FR: "Une habilitation est dite inutilisée après", EN: "An assignment is called unused after"},
		Effect: core.Text{FR: "Elle apparaît alors dans la liste des habilitations à revoir.", EN: "It then shows in the list of assignments to review."},
	},

	{
		ID: reviewDaysKey, Sort: Number, Direction: Lower, Default: "365", Least: 30, Most: 366, Unit: "days", Clause: "CTI-37.8",
		Title: core.Text{FR: "Une revue des habilitations commence au moins tous les", EN: "A review of assignments begins at least every"},
		Effect: core.Text{
			FR: "La plateforme l'ouvre d'elle-même à l'échéance ; ce que personne ne confirme est retiré.",
			EN: "The platform opens it by itself when it is due; what nobody confirms is revoked.",
		},
	},

	{
		ID: erasuresKey, Sort: Number, Direction: Lower, Default: "10", Least: 1, Most: 1000, Unit: "persons", Clause: "EMG-3.2", Provider: true,
		Title: core.Text{FR: "Effacements qu'une personne ordonne seule en une journée", EN: "Erasures that one person orders alone in a day"},
		Effect: core.Text{
			FR: "Au-delà, tous attendent qu'une seconde personne les approuve. Une demande à laquelle on répond n'est pas comptée.",
			EN: "Above that, all of them wait until a second person approves. A request that is answered does not count.",
		},
	},
	{
		ID: erasureWaitKey, Sort: Number, Direction: Lower, Default: "0", Least: 0, Most: 720, Unit: "hours", Clause: "EMG-3.2", Provider: true,
		Title: core.Text{FR: "Attente avant qu'un effacement commence", EN: "Wait before an erasure begins"},
		Effect: core.Text{
			FR: "Pendant ce temps, la personne qui l'a demandé peut l'annuler. Une fois commencé, un effacement ne s'annule pas.",
			EN: "Meanwhile, the person who asked for it can cancel it. Once begun, an erasure cannot be undone.",
		},
	},

	{
		ID: "journal.retention_days", Sort: Number, Direction: Lower, Default: "365", Least: 180, Most: 1095, Unit: "days", Clause: "ACC-11.1",
		Title: core.Text{FR: "Conservation du journal", EN: "Journal kept for"},
		Effect: core.Text{
			FR: "Les entrées plus anciennes partent au prochain élagage ; leurs empreintes restent, et le reste se vérifie toujours. CNIL 2021-122 : six mois à un an, jusqu'à trois ans si justifié.",
			EN: "Older entries go at the next pruning; their hashes stay, and the rest still verifies. CNIL 2021-122: six months to one year, up to three if justified.",
		},
	},
	{
		ID: "journal.address_days", Sort: Number, Direction: Lower, Default: "180", Least: 1, Most: 365, Unit: "days", Clause: "ACC-11.1",
		Title:  core.Text{FR: "Adresses IP entières conservées", EN: "Whole IP addresses kept for"},
		Effect: core.Text{FR: "Au-delà, elles sont tronquées.", EN: "Beyond that they are truncated."},
	},

	{
		ID: "retention.session_days", Sort: Number, Direction: Lower, Default: "90", Least: 1, Most: 90, Unit: "days", Provider: true, Clause: "EMG-4.8, ACC-11.1",
		Title: core.Text{FR: "Sessions et jetons terminés gardés", EN: "Ended sessions and tokens kept for"}, Effect: nextSweep,
	},
	{
		ID: "retention.device_days", Sort: Number, Direction: Lower, Default: "400", Least: 30, Most: 400, Unit: "days", Provider: true, Clause: "EMG-4.8",
		Title: core.Text{FR: "Navigateurs connus, plus vus depuis", EN: "Known browsers, unseen for"}, Effect: nextSweep,
	},
	{
		ID: "retention.mail_days", Sort: Number, Direction: Lower, Default: "30", Least: 1, Most: 30, Unit: "days", Clause: "EMG-4.8",
		Title: core.Text{FR: "Trace des messages remis", EN: "Trace of delivered messages"}, Effect: nextSweep,
	},
	{
		ID: "retention.call_days", Sort: Number, Direction: Lower, Default: "30", Least: 1, Most: 30, Unit: "days", Clause: "CTI-22, EMG-4.8",
		Title: core.Text{FR: "Historique des appels de chacun", EN: "Each person's history of calls"}, Effect: nextSweep,
	},
	{
		ID: "retention.invitation_days", Sort: Number, Direction: Lower, Default: "30", Least: 1, Most: 30, Unit: "days", Clause: "EMG-4.8",
		Title: core.Text{FR: "Invitations échues gardées", EN: "Invitations kept after they ran out"}, Effect: nextSweep,
	},
	{
		ID: "retention.usage_days", Sort: Number, Direction: Lower, Default: "365", Least: 90, Most: 365, Unit: "days", Clause: "EMG-4.8",
		Title: core.Text{FR: "Dernier usage des permissions", EN: "Last use of permissions"}, Effect: nextSweep,
	},
	{
		ID: "retention.member_days", Sort: Number, Direction: Lower, Default: "365", Least: 1, Most: 365, Unit: "days", Clause: "CTI-32.2, EMG-4.8",
		Title: core.Text{FR: "Anciens membres visibles avant l'archive", EN: "Former members at hand before the archive"}, Effect: nextSweep,
	},
	{
		ID: "retention.ended_days", Sort: Number, Direction: Lower, Default: "365", Least: 1, Most: 365, Unit: "days", Clause: "CTI-32.2, EMG-4.8",
		Title: core.Text{FR: "Habilitations et revues terminées visibles avant l'archive", EN: "Ended assignments and reviews at hand before the archive"}, Effect: nextSweep,
	},
	{
		ID: "offboarding.days", Sort: Number, Direction: Higher, Default: "30", Least: 30, Most: 365, Unit: "days", Provider: true, Clause: "KSK-3.6",
		Title:  core.Text{FR: "Temps pour tout emporter après la fin du contrat", EN: "Time to take everything away after the contract ends"},
		Effect: core.Text{FR: "Vaut pour les fins de contrat fixées ensuite.", EN: "Applies to ends of contract that are set afterwards."},
	},

	{
		ID: securityKey, Sort: Contact, Direction: Free, Clause: "ACC-14.1",
		Title:  core.Text{FR: "Contact sécurité", EN: "Security contact"},
		Effect: core.Text{FR: "Publié dans l'application, les avis et security.txt.", EN: "Published in the application, in notices and in security.txt."},
	},
	{
		ID: dpoKey, Sort: Contact, Direction: Free, Clause: "ACC-14.1, CTI-6",
		Title:  core.Text{FR: "Délégué à la protection des données", EN: "Data protection officer"},
		Effect: core.Text{FR: "Publié dans l'application et les avis.", EN: "Published in the application and in notices."},
	},
	{
		ID: supportKey, Sort: Contact, Direction: Free, Clause: "ACC-14.1",
		Title:  core.Text{FR: "Contact assistance", EN: "Support contact"},
		Effect: core.Text{FR: "Publié dans l'application et les avis.", EN: "Published in the application and in notices."},
	},

	{
		ID: authorityKey, Sort: Sentence, Direction: Free, Default: "Commission nationale de l'informatique et des libertés (CNIL)", Clause: "CTI-8",
		Title:  core.Text{FR: "Autorité de contrôle", EN: "Supervisory authority"},
		Effect: core.Text{FR: "Nommée dans chaque réponse à une demande de droits.", EN: "Named in each answer to a request of rights."},
	},
	{
		ID: addressKey, Sort: Sentence, Direction: Free, Default: "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, https://www.cnil.fr/fr/plaintes", Clause: "CTI-8",
		Title:  core.Text{FR: "Adresse de l'autorité de contrôle", EN: "Address of the supervisory authority"},
		Effect: core.Text{FR: "Donnée avec son nom. Changez les deux ensemble.", EN: "Given with its name. Change both together."},
	},

	{
		ID: countriesKey, Sort: Words, Direction: Within, Provider: true, Clause: "KSK-3.3",
		Title: core.Text{FR: "Pays où les données peuvent être (vide : l'Espace économique européen)", EN: "Countries where data may be (empty: the European Economic Area)"},
		Effect: core.Text{
			FR: "Codes de deux lettres : fr, de. Une sonde compare ces pays au lieu que l'exploitant déclare.",
			EN: "Codes of two letters: fr, de. A probe compares these countries with the place that the operator declares.",
		},
	},
	{
		ID: signUpKey, Sort: Switch, Direction: Off, Default: "true", Provider: true, Clause: "CTI-3",
		Title:  core.Text{FR: "Inscription libre d'une organisation", EN: "Self-service sign-up of an organization"},
		Effect: core.Text{FR: "Fermée, la page d'inscription le dit et rien ne peut être créé.", EN: "When closed, the sign-up page says so and nothing can be made."},
	},
}

var byID = index()

func index() map[string]*Key {
	m := make(map[string]*Key, len(catalogue))
	for i, k := range catalogue {
		k.index = i
		k.Group, _, _ = strings.Cut(k.ID, ".")
		m[k.ID] = k
	}
	return m
}

// Keys lists the settings in the order of the page.
func Keys() []*Key { return append([]*Key(nil), catalogue...) }

// Lookup gives the setting of a name.
func Lookup(id string) (*Key, bool) { k, ok := byID[id]; return k, ok }
