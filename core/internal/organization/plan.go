package organization

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// What a dry run says of a line.
const (
	LineNew     = "new"
	LineChanged = "changed"
	LineSame    = "same"
	LineRefused = "refused"
)

// Line is one row of an import and what it would do.
type Line struct {
	Number  int // in the file, from 1
	Verdict string
	Problem core.FieldError // why it is refused
	Profile Profile         // as it would stand after the import
	Manager string          // address of the manager that the sheet names
	Member  core.ID         // the existing membership
	Version int64           // of that membership when it was read
	Changes []core.FieldChange
	Kept    []string // fields that the sheet would change and that belong to the person alone
	Fields  []string // fields that the sheet gives for this line
}

// Counts sums up a dry run.
type Counts struct{ New, Changed, Same, Refused int }

func count(lines []Line) (c Counts) {
	for _, l := range lines {
		switch l.Verdict {
		case LineNew:
			c.New++
		case LineChanged:
			c.Changed++
		case LineSame:
			c.Same++
		default:
			c.Refused++
		}
	}
	return c
}

var (
	errMapping = i18n.Fault(core.Invalid, "import.columns", "Dites quelle colonne tient l'adresse électronique ; chaque donnée ne peut venir que d'une colonne.", "Say which column holds the e-mail address; each datum can come from one column only.")

	reasonTwice      = i18n.Reason("import.twice", "Cette adresse est déjà à la ligne %d.", "This address is already on line %d.")
	reasonNoEmail    = i18n.Reason("import.no_email", "L'adresse électronique manque.", "The e-mail address is missing.")
	reasonNoManager  = i18n.Reason("import.manager_unknown", "Le responsable n'est ni membre de l'organisation ni dans le tableau.", "The manager is neither a member of the organization nor in the sheet.")
	reasonLoop       = i18n.Reason("import.manager_loop", "La chaîne des responsables revient à cette personne.", "The chain of managers comes back to this person.")
	reasonNotGender  = i18n.Reason("import.gender", "Civilité non reconnue : écrivez Mme, M. ou laissez vide.", "Gender not recognized: write Mrs, Mr or leave empty.")
	reasonNotSpoken  = i18n.Reason("import.language", "Langue non reconnue : écrivez fr ou en.", "Language not recognized: write fr or en.")
	reasonNotMachine = i18n.Reason("import.functional", "Cette adresse est celle d'un compte fonctionnel : modifiez-le sur sa fiche.", "This address is that of a functional account: edit it on its page.")
)

// known is what the organization has of a member while a sheet is compared.
type known struct {
	Member
	person core.Person // zero while invited elsewhere
	own    bool        // the person belongs elsewhere too: the profile is theirs alone
}

var (
	qAllCurrent = db.SQL(`SELECT ` + memberColumns + ` FROM organization_member m WHERE m.org = $1 AND m.state <> 'left' ORDER BY m.id`)
	qShared     = db.SQL(`SELECT DISTINCT o.person FROM organization_member o WHERE o.org <> $1 AND o.state <> 'left'
		AND o.person IN (SELECT h.person FROM organization_member h WHERE h.org = $1 AND h.state <> 'left')`)
)

// roster reads everyone in the organization, once, by address.
func (m *Module) roster(ctx context.Context, tx core.Tx, org core.ID) (map[string]*known, error) {
	members, err := m.all(ctx, tx, qAllCurrent, org)
	if err != nil {
		return nil, err
	}
	shared, err := db.All(ctx, tx, qShared, db.Value[core.ID], org)
	if err != nil {
		return nil, err
	}
	elsewhere := make(map[core.ID]bool, len(shared))
	for _, id := range shared {
		elsewhere[id] = true
	}
	byEmail := make(map[string]*known, len(members))
	persons := make([]core.ID, 0, len(members))
	for _, got := range members {
		byEmail[got.Email] = &known{Member: got, own: elsewhere[got.Person]}
		persons = append(persons, got.Person)
	}
	people := map[core.ID]core.Person{}
	for len(persons) > 0 {
		n := min(len(persons), 400)
		some, err := m.needs.People.People(ctx, tx, persons[:n]...)
		if err != nil {
			return nil, err
		}
		for id, p := range some {
			people[id] = p
		}
		persons = persons[n:]
	}
	for _, k := range byEmail {
		k.person = people[k.Person]
		if k.State == "invited" && k.person.State != "invited" {
			k.own = true // an account of their own, not yet shown to this organization
		}
	}
	return byEmail, nil
}

// plan compares a sheet with the organization. It changes nothing.
func (m *Module) plan(ctx context.Context, tx core.Tx, org core.ID, s Sheet, columns []string, headed bool) ([]Line, error) {
	if !mapped(columns) {
		return nil, errMapping.With("columns", "import.columns")
	}
	have, err := m.roster(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	rows, numbers := s.Rows, s.Lines
	if headed && len(rows) > 0 {
		rows, numbers = rows[1:], numbers[1:]
	}
	lines, first := make([]Line, len(rows)), make(map[string]int, len(rows))
	for i, row := range rows {
		l := read(row, columns)
		l.Number = numbers[i]
		if l.Verdict == "" {
			if n, twice := first[l.Profile.Email]; twice {
				l.refused("email", reasonTwice, n)
			} else {
				first[l.Profile.Email] = l.Number
			}
		}
		lines[i] = l
	}
	names := make(map[core.ID]string, len(have))
	for email, k := range have {
		names[k.ID] = email
	}
	managers(lines, have, names)
	for i := range lines {
		if lines[i].Verdict == "" {
			compare(&lines[i], have[lines[i].Profile.Email], names)
		}
	}
	return lines, nil
}

func mapped(columns []string) bool {
	seen := map[string]bool{}
	for _, c := range columns {
		if c == "" {
			continue
		}
		if seen[c] || !isField(c) {
			return false
		}
		seen[c] = true
	}
	return seen["email"]
}

func (l *Line) refused(field, code string, args ...any) {
	l.Verdict, l.Problem = LineRefused, core.FieldError{Field: field, Code: code, Args: args}
}

// read makes a profile of a row. An empty cell says nothing: it never empties what is known.
func read(row, columns []string) (l Line) {
	p := &l.Profile
	for i, field := range columns {
		if field == "" || i >= len(row) || row[i] == "" {
			continue
		}
		cell, ok := row[i], true
		l.Fields = append(l.Fields, field)
		switch field {
		case "email":
			p.Email = cell
		case "given_name":
			p.GivenName = cell
		case "family_name":
			p.FamilyName = cell
		case "full_name":
			p.GivenName, p.FamilyName = names(cell)
		case "gender":
			if p.Gender, ok = gender(cell); !ok {
				l.refused(field, reasonNotGender)
			}
		case "phone":
			p.Phone = cell
		case "language":
			if p.Language, ok = spoken(cell); !ok {
				l.refused(field, reasonNotSpoken)
			}
		case "function":
			p.Function = cell
		case "department":
			p.Department = cell
		case "group":
			p.Group = cell
		case "committee":
			p.Committee = cell
		case "manager":
			if l.Manager, ok = address(cell); !ok {
				l.refused(field, reasonEmail)
			}
		}
	}
	if l.Verdict != "" {
		return l
	}
	if p.Email == "" {
		l.refused("email", reasonNoEmail)
		return l
	}
	clean, err := p.check()
	if bad, ok := err.(*core.Error); ok && len(bad.Fields) > 0 {
		l.refused(bad.Fields[0].Field, bad.Fields[0].Code, bad.Fields[0].Args...)
		return l
	}
	l.Profile = clean
	return l
}

// managers refuses the lines whose manager is nobody, or whose chain of managers comes back to them.
func managers(lines []Line, have map[string]*known, names map[core.ID]string) {
	above := make(map[string]string, len(have)+len(lines))
	for email, k := range have {
		above[email] = names[k.Manager]
	}
	inFile := make(map[string]*Line, len(lines))
	for i := range lines {
		if lines[i].Verdict == "" {
			inFile[lines[i].Profile.Email] = &lines[i]
			if lines[i].Manager != "" {
				above[lines[i].Profile.Email] = lines[i].Manager
			}
		}
	}
	for again := true; again; { // a refused line cannot be a new manager either
		again = false
		for i := range lines {
			l := &lines[i]
			if l.Verdict != "" || l.Manager == "" {
				continue
			}
			boss, listed := inFile[l.Manager]
			if have[l.Manager] == nil && (!listed || boss.Verdict == LineRefused) {
				l.refused("manager", reasonNoManager)
				again = true
			} else if loops(above, l.Profile.Email) {
				l.refused("manager", reasonLoop)
				delete(above, l.Profile.Email)
				again = true
			}
		}
	}
}

func loops(above map[string]string, from string) bool {
	at := above[from]
	for depth := 0; at != ""; depth++ {
		if at == from || depth > 64 {
			return true
		}
		at = above[at]
	}
	return false
}

// compare says what a line changes. Names, gender, phone and language of a person who belongs elsewhere too are kept.
func compare(l *Line, k *known, names map[core.ID]string) {
	if k == nil {
		l.Verdict = LineNew
		return
	}
	if k.Functional {
		l.refused("email", reasonNotMachine)
		return
	}
	l.Member, l.Version = k.ID, k.Version
	sheet, given := l.Profile, make(map[string]bool, len(l.Fields))
	for _, f := range l.Fields {
		given[f] = true
	}
	given["given_name"] = given["given_name"] || given["full_name"] && sheet.GivenName != ""
	given["family_name"] = given["family_name"] || given["full_name"]
	now := Profile{
		GivenName: k.person.GivenName, FamilyName: k.person.FamilyName, Gender: k.person.Gender, Phone: k.person.Phone, Language: k.person.Language,
		Email: k.Email, Function: k.Function, Department: k.Department, Group: k.Group, Committee: k.Committee, Manager: k.Manager,
	}
	after := now
	set := func(field string, personal bool, old string, new string, to *string) {
		if !given[field] || new == old {
			return
		}
		if personal && k.own {
			l.Kept = append(l.Kept, field)
			return
		}
		*to = new
		l.Changes = append(l.Changes, core.FieldChange{Field: field, Before: old, After: new})
	}
	set("given_name", true, now.GivenName, sheet.GivenName, &after.GivenName)
	set("family_name", true, now.FamilyName, sheet.FamilyName, &after.FamilyName)
	set("gender", true, now.Gender, sheet.Gender, &after.Gender)
	set("phone", true, now.Phone, sheet.Phone, &after.Phone)
	set("language", true, now.Language, sheet.Language, &after.Language)
	set("function", false, now.Function, sheet.Function, &after.Function)
	set("department", false, now.Department, sheet.Department, &after.Department)
	set("group", false, now.Group, sheet.Group, &after.Group)
	set("committee", false, now.Committee, sheet.Committee, &after.Committee)
	if given["manager"] {
		if old := names[k.Manager]; old != l.Manager {
			l.Changes = append(l.Changes, core.FieldChange{Field: "manager", Before: old, After: l.Manager})
		}
	}
	l.Profile, l.Verdict = after, LineSame
	if len(l.Changes) > 0 {
		l.Verdict = LineChanged
	}
}
