package organization

import (
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
)

// ColumnField is what a column of a sheet holds.
type ColumnField struct {
	ID    string
	Title core.Text
	heads []string // headings, folded, as people write them
}

// fields lists what can be imported: no more than KSK-1.1 allows.
var fields = []ColumnField{
	{"email", core.Text{FR: "Adresse électronique", EN: "E-mail address"}, []string{"email", "e mail", "mail", "courriel", "adresse electronique", "adresse email", "adresse mail", "adresse e mail", "email address", "e mail address", "mel", "identifiant", "login", "user principal name"}},
	{"given_name", core.Text{FR: "Prénom", EN: "Given name"}, []string{"prenom", "prenoms", "given name", "first name", "firstname", "givenname", "forename"}},
	{"family_name", core.Text{FR: "Nom", EN: "Family name"}, []string{"nom", "nom de famille", "nom d usage", "family name", "last name", "lastname", "surname", "familyname"}},
	{"full_name", core.Text{FR: "Prénom et nom", EN: "Full name"}, []string{"nom complet", "prenom nom", "prenom et nom", "full name", "name", "display name", "displayname", "nom affiche"}},
	{"gender", core.Text{FR: "Civilité", EN: "Gender"}, []string{"civilite", "genre", "sexe", "titre", "gender", "title", "sex"}},
	{"phone", core.Text{FR: "Téléphone", EN: "Phone"}, []string{"telephone", "tel", "tel.", "portable", "mobile", "gsm", "numero de telephone", "phone", "phone number", "mobile phone", "cell"}},
	{"language", core.Text{FR: "Langue", EN: "Language"}, []string{"langue", "language", "locale", "lang"}},
	{"function", core.Text{FR: "Fonction", EN: "Function"}, []string{"fonction", "poste", "emploi", "intitule du poste", "job", "job title", "jobtitle", "function", "position", "role"}},
	{"department", core.Text{FR: "Service", EN: "Department"}, []string{"service", "departement", "direction", "pole", "unite", "department", "division", "unit"}},
	{"group", core.Text{FR: "Groupe", EN: "Group"}, []string{"groupe", "group", "equipe", "team", "groupe politique"}},
	{"committee", core.Text{FR: "Commission", EN: "Committee"}, []string{"commission", "comite", "committee", "commissions"}},
	{"manager", core.Text{FR: "Responsable (son adresse)", EN: "Manager (their address)"}, []string{"responsable", "manager", "superieur", "n+1", "responsable hierarchique", "line manager", "manager email", "email manager", "email du responsable"}},
}

// ImportFields lists what a column can hold, in the order of the choice.
func ImportFields() []ColumnField { return append([]ColumnField(nil), fields...) }

func isField(id string) bool {
	for _, f := range fields {
		if f.ID == id {
			return true
		}
	}
	return false
}

// guess finds what each column holds, from its heading and then from its values; headed tells whether the first row
// is a row of headings. A column that nothing is known of stays "".
func guess(s Sheet) (columns []string, headed bool) {
	width := 0
	for _, row := range s.Rows {
		width = max(width, len(row))
	}
	columns = make([]string, width)
	taken := map[string]bool{}
	if len(s.Rows) > 0 {
		for i, head := range s.Rows[0] {
			if id := byHeading(head); id != "" {
				headed = true
				if !taken[id] {
					columns[i], taken[id] = id, true
				}
			}
		}
	}
	sample := s.Rows[min(1, len(s.Rows)):]
	if len(s.Rows) == 1 {
		sample = s.Rows
	}
	sample = sample[:min(len(sample), 50)]
	for i := range columns {
		if columns[i] != "" {
			continue
		}
		if id := byValues(sample, i); id != "" && !taken[id] {
			columns[i], taken[id] = id, true
		}
	}
	if !headed && len(s.Rows) > 1 {
		at := slices.Index(columns, "email")
		headed = at < 0 || at >= len(s.Rows[0]) // a first row without the address that the others have is a row of headings
		if !headed {
			_, isAddress := address(s.Rows[0][at])
			headed = !isAddress
		}
	}
	return columns, headed
}

func byHeading(head string) string {
	h := strings.Trim(fold(strings.NewReplacer("_", " ", "*", " ", ":", " ", "(", " ", ")", " ").Replace(head)), " .")
	for _, f := range fields {
		for _, known := range f.heads {
			if h == known {
				return f.ID
			}
		}
	}
	return ""
}

func byValues(rows [][]string, column int) string {
	filled, mails, phones, genders := 0, 0, 0, 0
	for _, row := range rows {
		if column >= len(row) || row[column] == "" {
			continue
		}
		filled++
		cell := row[column]
		if _, ok := address(cell); ok {
			mails++
		}
		if _, ok := phone(cell); ok && len(cell) >= 9 {
			phones++
		}
		if _, ok := gender(cell); ok {
			genders++
		}
	}
	switch {
	case filled == 0:
		return ""
	case mails*10 >= filled*7:
		return "email"
	case phones*10 >= filled*7:
		return "phone"
	case genders*10 >= filled*9:
		return "gender"
	}
	return ""
}

// gender reads how people write a civility.
func gender(s string) (string, bool) {
	switch strings.Trim(fold(s), ".") {
	case "":
		return "", true
	case "f", "femme", "mme", "madame", "mlle", "mademoiselle", "mrs", "ms", "miss", "female", "woman":
		return "f", true
	case "m", "h", "homme", "mr", "monsieur", "male", "man":
		return "m", true
	case "x", "autre", "other", "mx", "neutre":
		return "x", true
	}
	return "", false
}

func spoken(s string) (string, bool) {
	switch fold(s) {
	case "":
		return "", true
	case "fr", "fra", "fre", "francais", "french", "fr fr", "fr_fr":
		return "fr", true
	case "en", "eng", "anglais", "english", "en gb", "en us", "en_gb", "en_us":
		return "en", true
	}
	return "", false
}
