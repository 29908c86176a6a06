package source

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/rempart/rempart/services/recognition/number"
)

// What fields are called, in French and English, without accents nor signs. A name is looked for whole, then its words.
var (
	calledFirst   = []string{"prenom", "first name", "firstname", "givenname", "given name", "forename", "contact prenom"}
	calledLast    = []string{"nom", "nom de famille", "last name", "lastname", "surname", "sn", "familyname", "family name", "contact nom"}
	calledWhole   = []string{"nom complet", "nom prenom", "prenom nom", "nom et prenom", "name", "full name", "fullname", "displayname", "display name", "nom affiche", "contact name", "contact", "cn", "partner name"}
	calledCompany = []string{
		"societe", "entreprise", "raison sociale", "company", "company name", "companyname", "commercial company name", "organisation", "organization", "account name", "account", "compte", "employeur", "socname",
		"nom societe", "nom entreprise", "nom de la societe", "nom du client", "client", "customer", "customer name", "o",
	}
	calledCity  = []string{"ville", "city", "town", "commune", "mailingcity", "l", "localite"}
	calledTitle = []string{"fonction", "poste", "title", "job title", "jobtitle", "titre", "qualite", "emploi"}
	calledKey   = []string{"code client", "numero client", "n client", "no client", "customer id", "customer number", "client id", "id client", "reference", "ref client", "code", "id"}

	phoneWords = []string{
		"tel", "telephone", "tels", "phone", "phones", "telephonenumber", "mobile", "mobiles", "mobilephone", "mobilephones", "portable", "gsm", "cell", "cellphone", "cellular", "homephone", "otherphone", "othermobile",
		"othertelephone", "workphone", "businessphone", "businessphones", "homephones", "standard", "ligne", "phonenumber", "phonenumbers", "msisdn", "handy",
	}
	neverPhones = []string{
		"fax", "telecopie", "facsimiletelephonenumber", "type", "date", "siret", "siren", "iban", "rib", "tva", "vat", "zip", "cp", "postal", "email", "mail", "courriel", "note", "id", "naissance", "birth", "birthday",
		"updated", "created", "verified", "indicatif", "extension", "ext",
	}
)

// mostGuessed is how many records are looked at.
const mostGuessed = 200

// Guess proposes a mapping from the names of fields, in French or English, and from what a few records hold. It shows little: a
// person adds what is missing.
func Guess(fields []string, samples []Record) Mapping {
	m := Mapping{Version: 1, Region: "FR", Shown: map[string]string{}, Scripts: map[string]string{}}
	samples = samples[:min(len(samples), mostGuessed)]
	first, last, whole := called(fields, calledFirst), called(fields, calledLast), called(fields, calledWhole)
	m.Company = called(fields, calledCompany)
	switch {
	case first != "" && last != "":
		m.Name = []string{first, last}
	case whole != "":
		m.Name = []string{whole}
	case last != "":
		m.Name = []string{last}
	case first != "":
		m.Name = []string{first}
	}
	m.Numbers = guessNumbers(fields, samples)
	for _, names := range [][]string{calledCity, calledTitle} {
		if field := called(fields, names); field != "" {
			m.Shown[label(field)] = field
		}
	}
	if field := called(fields, calledKey); field != "" {
		m.Scripts["id"] = field
	}
	return m
}

// called finds the field that has one of these names, the first names first.
func called(fields, names []string) string {
	for _, name := range names {
		for _, f := range fields {
			if together(f) == together(name) {
				return f
			}
		}
	}
	return ""
}

var plainLetters = transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)

// bare writes a name in small letters, without accents, its words set apart by one space: "N° Téléphone_1" is "n telephone 1".
func bare(name string) string {
	var b strings.Builder
	plain, _, err := transform.String(plainLetters, name)
	if err != nil {
		plain = name
	}
	lower := false
	for _, r := range plain {
		switch {
		case unicode.IsUpper(r) && lower: // firstName
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
		lower = unicode.IsLower(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// together is a name in which neither case, accents, signs nor spaces count.
func together(name string) string { return strings.ReplaceAll(bare(name), " ", "") }

// guessNumbers finds the fields that hold telephone numbers: those that say so, unless what they hold says otherwise, and those
// that say nothing and hold little else.
func guessNumbers(fields []string, samples []Record) (found []string) {
	vcard := !slices.ContainsFunc([]string{"phone", "phone_mobile", "phone_work", "phone_home", "phone_fax", "uid"}, func(f string) bool { return !slices.Contains(fields, f) })
	if vcard { // "phone" holds them all
		return []string{"phone"}
	}
	for _, f := range fields {
		words := strings.Fields(bare(f))
		words = append(words, strings.Join(words, "")) // telephoneNumber
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(neverPhones, w) }) {
			continue
		}
		named := slices.ContainsFunc(words, func(w string) bool { return slices.Contains(phoneWords, strings.TrimRight(w, "0123456789")) })
		full, good, plain := weigh(f, samples)
		switch {
		case named && full >= 3 && good == 0: // "mobile: yes"
		case named, full >= 3 && good*10 >= full*8 && plain*10 >= full*8:
			found = append(found, f)
		}
	}
	return found
}

// weigh counts the values of a field, those that are numbers, and those that look like one: a plus or a zero first.
func weigh(field string, samples []Record) (full, good, plain int) {
	for _, r := range samples {
		for _, v := range r.Fields[field] {
			full++
			if v = strings.TrimSpace(v); strings.HasPrefix(v, "+") || strings.HasPrefix(v, "0") {
				plain++
			}
			if slices.ContainsFunc(number.Split(v, "FR"), func(n number.Number) bool { return n.Kind == number.E164 }) {
				good++
			}
		}
	}
	return full, good, plain
}

// label writes the name of a field for people.
func label(field string) string {
	words := []rune(strings.Join(strings.FieldsFunc(field, func(r rune) bool { return r == '_' || r == ' ' || r == '.' }), " "))
	if len(words) > 0 {
		words[0] = unicode.ToUpper(words[0])
	}
	return string(words)
}

// otherWords are the rest of what fields are called.
var otherWords = []string{
	"1", "2", "3", "4", "prefere", "principal", "direct", "pro", "professionnel", "perso", "personnel", "work", "home", "other", "autre", "siege", "accueil",
	"adresse", "address", "rue", "street", "pays", "country", "region", "departement", "department", "service", "equipe", "team", "statut", "status", "etat", "state",
	"categorie", "category", "contrat", "contract", "depuis", "since", "fin", "end", "debut", "begin", "langue", "language", "remarque", "remark", "commentaire", "comment",
	"site", "url", "lien", "link", "web", "secteur", "sector", "activite", "niveau", "level", "priorite", "priority", "commercial", "technique", "responsable", "manager",
	"proprietaire", "owner", "groupe", "group", "dossier", "file", "numero", "number", "no", "n", "num", "ref", "key", "cle", "de", "du", "des", "la", "le", "les", "of", "the", "et", "and", "dernier", "last", "premier", "first",
	"appel", "call", "commande", "order", "facture", "invoice", "solde", "balance", "points", "civilite", "salutation", "sexe", "gender", "uid", "partner", "display", "full",
}

var publicWords = func() map[string]bool {
	known := map[string]bool{}
	for _, list := range [][]string{calledFirst, calledLast, calledWhole, calledCompany, calledCity, calledTitle, calledKey, phoneWords, neverPhones, otherWords} {
		for _, name := range list {
			for w := range strings.FieldsSeq(name) {
				known[w] = true
			}
		}
	}
	return known
}()

// Public tells whether the name of a field is made of words that fields are commonly called by, alone: it says nothing of anybody.
func Public(name string) bool {
	words := strings.Fields(bare(name))
	return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !publicWords[w] })
}
