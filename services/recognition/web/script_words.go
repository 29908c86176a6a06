package web

import (
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/pop"
)

var (
	tcScripts   = i18n.T("Scripts d'appel", "Call scripts")
	tcLead      = i18n.T("Ce qui s'ouvre ou se lance quand un appel arrive : la fiche d'un appelant connu, un nouveau contact prérempli pour un inconnu.", "What opens or starts when a call comes in: the record of a known caller, a new contact filled in for an unknown one.")
	tcTitle     = i18n.T("Titre", "Title")
	tcKind      = i18n.T("Ce qu'il fait", "What it does")
	tcFor       = i18n.T("Pour", "For")
	tcState     = i18n.T("État", "State")
	tcNone      = i18n.T("Aucun script", "No script")
	tcNoneText  = i18n.T("Permettez d'abord l'hôte de votre outil, puis ajoutez un script qui en ouvre la bonne fiche.", "Allow the host of your tool first, then add a script that opens the right record in it.")
	tcAddOpen   = i18n.T("Ouvrir une adresse", "Open an address")
	tcAddCall   = i18n.T("Envoyer une requête", "Send a request")
	tcAddRun    = i18n.T("Lancer un programme", "Start a program")
	tcAdd       = i18n.T("Ajouter un script", "Add a script")
	tcTry       = i18n.T("Essayer avec un numéro", "Try with a number")
	tcRemoved   = i18n.T("retiré", "removed")
	tcWaitsSign = i18n.T("attend la signature", "waits for the signature")
	tcInUse     = i18n.T("en service", "in use")
	tcKept      = i18n.T("Script enregistré. Il vaut pour le prochain appel.", "Script saved. It counts from the next call.")
	tcTaken     = i18n.T("Script retiré. Ses versions restent : vous pouvez le remettre.", "Script removed. Its versions stay: you can bring it back.")
	tcBack      = i18n.T("Cette version est de nouveau en service.", "That version is in use again.")
	tcHistory   = i18n.T("Versions", "Versions")
	tcVersion   = i18n.T("Version", "Version")
	tcWhat      = i18n.T("Quoi", "What")
	tcWhen      = i18n.T("Quand", "When")
	tcActions   = i18n.T("Actions", "Actions")
	tcBring     = i18n.T("Remettre en service", "Bring back")
	tcEdit      = i18n.T("Modifier", "Change")
	tcRemove    = i18n.T("Retirer", "Remove")
	tcSave      = i18n.T("Enregistrer", "Save")

	tcRestoredFrom = i18n.T("version %d remise", "version %d brought back")

	tcLimits      = i18n.T("Hôtes permis", "Allowed hosts")
	tcLimitsLead  = i18n.T("Un script n'ouvre et n'appelle rien d'autre : retirer un hôte arrête aussitôt les scripts qui y mènent.", "A script opens and calls nothing else: taking a host off stops at once the scripts that lead there.")
	tcHosts       = i18n.T("Hôtes", "Hosts")
	tcHostsHint   = i18n.T("Un par ligne, sans https:// : crm.example.org, ou crm.example.org:8443.", "One per line, without https://: crm.example.org, or crm.example.org:8443.")
	tcSchemes     = i18n.T("Schémas de vos propres logiciels", "Schemes of your own software")
	tcSchemesHint = i18n.T("Un par ligne, tel que moncrm pour moncrm://contact. Facultatif.", "One per line, such as mycrm for mycrm://contact. Optional.")
	tcLimited     = i18n.T("Liste enregistrée.", "List saved.")
	tcNoHost      = i18n.T("Aucun hôte n'est permis", "No host is allowed")

	tcPrograms   = i18n.T("Programmes signés", "Signed programs")
	tcSignLead   = i18n.T("Un poste ne lance que les programmes de cette liste, signée par qui administre l'organisation, jamais par qui règle les scripts.", "A workstation starts nothing but the programs of this list, signed by whoever administers the organization, never by whoever sets scripts up.")
	tcSignIt     = i18n.T("Signer cette liste", "Sign this list")
	tcSigned     = i18n.T("Liste signée. Les postes la reçoivent à leur prochaine question.", "List signed. Workstations receive it at their next question.")
	tcSignWait   = i18n.T("La liste a changé depuis sa signature", "The list has changed since it was signed")
	tcSignText   = i18n.T("Ce qui n'y figure pas tel quel ne se lance pas. Une personne qui administre l'organisation doit signer de nouveau.", "What does not stand in it as it is does not start. Somebody who administers the organization must sign again.")
	tcSignedOn   = i18n.T("Version %d, signée le %s", "Version %d, signed on %s")
	tcNeverSign  = i18n.T("Jamais signée", "Never signed")
	tcPath       = i18n.T("Programme", "Program")
	tcArgs       = i18n.T("Arguments", "Arguments")
	tcNoProgram  = i18n.T("Aucun programme", "No program")
	tcNoProgText = i18n.T("Signer une liste vide retire tous les programmes des postes.", "Signing an empty list takes all programs away from workstations.")

	tcForHint     = i18n.T("Un appelant masqué ne déclenche jamais rien.", "A masked caller never starts anything.")
	tcAuto        = i18n.T("Le faire aussitôt", "Do it at once")
	tcAutoHint    = i18n.T("Sinon, un bouton le propose.", "Otherwise a button offers it.")
	tcParams      = i18n.T("Paramètres", "Parameters")
	tcParamsHint  = i18n.T("Un par ligne : nom, type (number, text, enum), origine (number, name, company, known, card:champ), puis au choix required, form=digits, values=a,b, default=a, most=50.", "One per line: name, type (number, text, enum), source (number, name, company, known, card:field), then as needed required, form=digits, values=a,b, default=a, most=50.")
	tcURL         = i18n.T("Adresse", "Address")
	tcURLHint     = i18n.T("Les paramètres entre accolades viennent après l'hôte ; leurs valeurs sont encodées.", "Parameters in braces come after the host; their values are encoded.")
	tcBy          = i18n.T("Qui envoie la requête", "Who sends the request")
	tcByAgent     = i18n.T("le poste de travail, sur votre réseau", "the workstation, on your network")
	tcByPlatform  = i18n.T("la plateforme, vers une adresse publique", "the platform, to a public address")
	tcMethod      = i18n.T("Méthode", "Method")
	tcHeaders     = i18n.T("En-têtes", "Headers")
	tcHeadersHint = i18n.T("Un par ligne : Nom: valeur. N'y mettez pas de secret.", "One per line: Name: value. Put no secret there.")
	tcBody        = i18n.T("Corps JSON", "JSON body")
	tcBodyHint    = i18n.T("Les paramètres sont dans des chaînes : une valeur n'en sort jamais.", "Parameters stand within strings: a value never leaves its string.")
	tcPathHint    = i18n.T("Chemin complet sur le poste. Pas d'interpréteur de commandes.", "Whole path on the workstation. No command interpreter.")
	tcArgsHint    = i18n.T("Un par ligne ; un texte ne commence pas un argument : --nom={name}.", "One per line; a text does not begin an argument: --name={name}.")

	tcTryLead   = i18n.T("Tapez un numéro : ce que ferait chaque script, sans rien ouvrir, appeler ni lancer.", "Type a number: what each script would do, with nothing opened, called or started.")
	tcNumber    = i18n.T("Numéro", "Number")
	tcTryIt     = i18n.T("Essayer", "Try")
	tcResult    = i18n.T("Résultat", "Result")
	tcNoLookup  = i18n.T("Ce n'est pas un numéro public : rien n'est cherché.", "This is no public number: nothing is looked up.")
	tcUnknown   = i18n.T("%s : appelant inconnu.", "%s: unknown caller.")
	tcAutomated = i18n.T("%s : appelant inconnu, appel automatisé probable.", "%s: unknown caller, probably an automated call.")
	tcKnown     = i18n.T("%s : %s.", "%s: %s.")

	tcPhones      = i18n.T("Annuaire des téléphones", "Directory for telephones")
	tcPhonesLead  = i18n.T("Les téléphones de bureau montrent les noms par eux-mêmes, sans rien installer sur les postes.", "Desk telephones show names by themselves, with nothing installed on workstations.")
	tcPhonesHow   = i18n.T("Lancez ce programme sur une machine de votre réseau : il traduit, ne garde rien, et chaque téléphone donne son propre jeton.", "Run this program on a machine of your network: it translates, keeps nothing, and each telephone gives its own token.")
	tcPhonesCmd   = i18n.T("Commande", "Command")
	tcLDAPBase    = i18n.T("LDAP : base et nom", "LDAP: base and name")
	tcLDAPNumber  = i18n.T("LDAP : filtre de numéro", "LDAP: number filter")
	tcLDAPName    = i18n.T("LDAP : filtre de nom", "LDAP: name filter")
	tcXML         = i18n.T("XML (Yealink, Snom, Cisco)", "XML (Yealink, Snom, Cisco)")
	tcXMLAt       = i18n.T("https://VOTRE-MACHINE:8443/directory/yealink.xml, snom.xml ou cisco.xml", "https://YOUR-MACHINE:8443/directory/yealink.xml, snom.xml or cisco.xml")
	tcXMLUser     = i18n.T("XML : nom d'utilisateur", "XML: user name")
	tcPassword    = i18n.T("Mot de passe", "Password")
	tcPasswordIs  = i18n.T("un jeton de compte de service : rôle « Reconnaissance d'appels : programme », portée directory.read", "a token of a service account: role “Caller recognition: program”, scope directory.read")
	tcAccounts    = i18n.T("Comptes de service", "Service accounts")
	tc3CX         = i18n.T("Modèle CRM pour 3CX", "CRM template for 3CX")
	tc3CXLead     = i18n.T("Téléchargez-le, ajoutez-le dans 3CX (Paramètres, CRM), puis collez-y un jeton de compte de service, portée card.find : le fichier ne contient aucun secret. Il suit le format publié par 3CX et n'a pas été essayé sur un 3CX réel.", "Download it, add it in 3CX (Settings, CRM), then paste a token of a service account there, scope card.find: the file holds no secret. It follows the format that 3CX publishes and was not tried on a real 3CX.")
	tc3CXDownload = i18n.T("Télécharger le modèle", "Download the template")
)

var scriptKinds = map[pop.Kind]i18n.Sentence{
	pop.Open:    i18n.T("ouvre une adresse", "opens an address"),
	pop.Call:    i18n.T("envoie une requête", "sends a request"),
	pop.Program: i18n.T("lance un programme", "starts a program"),
}

var scriptFors = map[pop.For]i18n.Sentence{
	pop.Known:   i18n.T("appelants connus", "known callers"),
	pop.Unknown: i18n.T("appelants inconnus", "unknown callers"),
	pop.Both:    i18n.T("tous les appelants", "all callers"),
}

var scriptWhats = map[string]i18n.Sentence{
	recognition.ScriptMade:     i18n.T("créée", "made"),
	recognition.ScriptChanged:  i18n.T("modifiée", "changed"),
	recognition.ScriptRemoved:  i18n.T("script retiré", "script removed"),
	recognition.ScriptRestored: i18n.T("remise", "brought back"),
}
