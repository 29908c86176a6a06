package web

import "github.com/rempart/rempart/kit/i18n"

// What the pages of the configuration tool say in several places.
var (
	tsSetup  = i18n.T("Reconnaissance d'appels", "Caller recognition")
	tsTools  = i18n.T("Outils reliés", "Linked tools")
	tsTool   = i18n.T("Outil", "Tool")
	tsKind   = i18n.T("Type", "Kind")
	tsName   = i18n.T("Nom", "Name")
	tsState  = i18n.T("État", "State")
	tsCards  = i18n.T("Fiches", "Cards")
	tsLast   = i18n.T("Dernière mise à jour", "Last update")
	tsNever  = i18n.T("jamais", "never")
	tsCancel = i18n.T("Annuler", "Cancel")
	tsSave   = i18n.T("Enregistrer", "Save")
	tsNext   = i18n.T("Continuer", "Continue")
	tsBack   = i18n.T("Retour", "Back")
	tsField  = i18n.T("Champ", "Field")
	tsWhy    = i18n.T("Raison", "Reason")
	tsSaved  = i18n.T("Enregistré.", "Saved.")
)

// The words of tools, by their kind.
var kinds = []struct {
	kind        string
	title, hint i18n.Sentence
	example     string
}{
	{"csv", i18n.T("Fichier CSV", "CSV file"), i18n.T("Un fichier qu'un logiciel exporte régulièrement.", "A file that a program exports regularly."), "file: contacts.csv\nkey: [id]"},
	{"xlsx", i18n.T("Classeur XLSX", "XLSX workbook"), i18n.T("Une feuille d'un classeur.", "A sheet of a workbook."), "file: contacts.xlsx\nsheet: Contacts"},
	{"sql", i18n.T("Base de données", "Database"), i18n.T("PostgreSQL, MariaDB ou MySQL, par une requête en lecture.", "PostgreSQL, MariaDB or MySQL, by a reading query."), "url: postgres://reader@db.example:5432/crm\npassword: {file: crm.secret}\nquery: SELECT id, name, phone FROM contact"},
	{"ldap", i18n.T("Annuaire LDAP", "LDAP directory"), i18n.T("Active Directory, OpenLDAP.", "Active Directory, OpenLDAP."), "url: ldaps://directory.example\nbind_dn: cn=reader,dc=example,dc=com\npassword: {file: directory.secret}\nbase: ou=people,dc=example,dc=com"},
	{"carddav", i18n.T("Carnet d'adresses CardDAV", "CardDAV address book"), i18n.T("Nextcloud, Zimbra, Radicale.", "Nextcloud, Zimbra, Radicale."), "url: https://dav.example/lena/contacts/\nuser: lena\npassword: {file: dav.secret}"},
	{"vcard", i18n.T("Fichiers vCard", "vCard files"), i18n.T("Un fichier .vcf, ou un dossier qui en contient.", "A .vcf file, or a folder of them."), "file: contacts.vcf"},
	{"rest", i18n.T("Logiciel en ligne", "Online software"), i18n.T("Odoo, Dolibarr, HubSpot, Salesforce, Microsoft 365, Google : par leur interface de programmation.", "Odoo, Dolibarr, HubSpot, Salesforce, Microsoft 365, Google: by their programming interface."), "template: odoo\nvalues: {domain: erp.example}"},
}

// anyKind lets the program tell what it reads.
const anyKind = "any"

var (
	tsAnyKind = i18n.T("Le programme le dira", "The program will tell")
	tsAnyHint = i18n.T("Il annonce les fichiers et les tables qu'il voit, par leurs noms ; vous choisissez.", "It announces the files and the tables that it sees, by their names; you choose.")
	tsForm    = i18n.T("Fiches saisies", "Typed cards")
)
