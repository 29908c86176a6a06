package inventory

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Sort is what a field takes.
type Sort uint8

// The sorts of fields.
const (
	Words  Sort = iota // one line, 200 characters at most
	Lines              // several, 4,000 at most
	Day                // a date
	Choice             // one of Options
	Staff              // a member of the provider's staff, by id
	Link               // an address of the web
)

// Option is one choice of a field.
type Option struct {
	Value string
	Title i18n.Sentence
}

// Field is one thing that a line says.
type Field struct {
	Name    string
	Title   i18n.Sentence
	Hint    i18n.Sentence
	Sort    Sort
	Options []Option
	Due     bool // it must be given
	Listed  bool // it stands in the list and not on the page of the line only
}

// Values is what a line says, by the name of the field. Dates are as 2026-11-22.
type Values map[string]string

// Day reads a date; what is none is the zero time.
func (v Values) Day(name string) time.Time {
	t, err := time.Parse(time.DateOnly, v[name])
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}

// Register is one list: what its lines say, and when something of a line is missing.
type Register struct {
	ID     string
	Title  i18n.Sentence
	One    i18n.Sentence // one line of it
	Lead   i18n.Sentence
	Empty  i18n.Sentence // what to do when there is none
	File   i18n.Sentence // what its files are
	Fields []Field
	// Over are the states in which nothing is expected of a line any more.
	Over []string
	// next gives the date that comes next, missing what a line lacks; files is how many it has.
	next    func(v Values) time.Time
	missing func(v Values, files int) []string
	// refuse says what is wrong with a line, beyond its fields.
	refuse func(v, before Values, now time.Time, err *core.Error) *core.Error

	Read, Add, Change, Export *core.ActDef
}

// Registers are all of them, in the order of the pages.
var Registers = []*Register{Assets, Processors, Documents, Evaluations, Findings}

// RegisterOf finds a register.
func RegisterOf(id string) (*Register, bool) {
	i := slices.IndexFunc(Registers, func(r *Register) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	return Registers[i], true
}

// FieldOf finds a field by its name.
func (r *Register) FieldOf(name string) (Field, bool) {
	i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return r.Fields[i], true
}

// What a line can lack, as codes; WhatFlags has the words.
const (
	LacksRecord   = "record"   // disposed of, and no complete record of it
	LacksTerms    = "terms"    // no data-protection terms
	LacksGround   = "ground"   // outside the EEA without a ground for it
	LacksContract = "contract" // no reference of a contract
	LacksTold     = "told"     // clients were not told
	LacksApproval = "approval" // in force and approved by nobody
	LacksText     = "text"     // neither a file nor a link
	LacksReport   = "report"   // an evaluation without its report

	FlagOverdue = "overdue"  // its date has passed
	FlagSoon    = "soon"     // its date comes within 60 days
	FlagOutside = "outside"  // outside the EEA, on a ground
	FlagFinding = "findings" // a finding of the evaluation is overdue
)

var flagTitles = map[string]i18n.Sentence{
	LacksRecord:   i18n.T("sortie sans trace complète", "disposal without a complete record"),
	LacksTerms:    i18n.T("sans clauses de protection des données", "without data-protection terms"),
	LacksGround:   i18n.T("hors de l'EEE sans fondement", "outside the EEA without a ground"),
	LacksContract: i18n.T("sans contrat", "without a contract"),
	LacksTold:     i18n.T("clients non prévenus", "clients not told"),
	LacksApproval: i18n.T("non approuvé", "not approved"),
	LacksText:     i18n.T("sans texte", "without its text"),
	LacksReport:   i18n.T("sans rapport", "without its report"),
	FlagOverdue:   i18n.T("échéance dépassée", "overdue"),
	FlagSoon:      i18n.T("échéance proche", "due soon"),
	FlagOutside:   i18n.T("hors de l'EEE", "outside the EEA"),
	FlagFinding:   i18n.T("constat en retard", "overdue finding"),
}

// FlagTitle says a flag in words.
func FlagTitle(flag string) i18n.Sentence { return flagTitles[flag] }

// Bounds of what a line says.
const (
	mostWords = 200
	mostLines = 4000
)

var (
	errLine    = i18n.Fault(core.Invalid, "inventory.line", "La ligne ne peut pas être enregistrée ainsi.", "The line cannot be kept like this.")
	errAbsent  = i18n.Fault(core.NotFound, "inventory.absent", "Cette ligne n'existe pas.", "There is no such line.")
	errChanged = i18n.Fault(core.Conflict, "inventory.changed", "La ligne a changé entre-temps : relisez-la, puis recommencez.", "The line has changed meanwhile: read it again, then start over.")
	codeDue    = i18n.Reason("inventory.required", "Remplissez ce champ.", "Fill this field.")
	codeLong   = i18n.Reason("inventory.long", "Écrivez %d caractères au plus.", "Write %d characters at most.")
	codeDay    = i18n.Reason("inventory.day", "Donnez une date, comme 2026-11-22.", "Give a date, as 2026-11-22.")
	codeChoice = i18n.Reason("inventory.choice", "Choisissez dans la liste.", "Choose from the list.")
	codeLink   = i18n.Reason("inventory.link", "Donnez une adresse qui commence par https://.", "Give an address that begins with https://.")
	codeStaff  = i18n.Reason("inventory.staff", "Choisissez une personne de l'équipe.", "Choose a member of staff.")
)

// clean keeps the fields of the register and says everything that is wrong with them at once. staff are who may own a line.
func (r *Register) clean(v, before Values, now time.Time, staff []core.ID) (Values, error) {
	out, err := Values{}, errLine
	for _, f := range r.Fields {
		s := strings.TrimSpace(v[f.Name])
		if s == "" {
			if f.Due {
				err = err.With(f.Name, codeDue)
			}
			continue
		}
		out[f.Name] = s
		if code, args := f.wrong(s, out, before, staff); code != "" {
			err = err.With(f.Name, code, args...)
		}
	}
	if r.refuse != nil {
		err = r.refuse(out, before, now, err)
	}
	if len(err.Fields) > 0 {
		return out, err
	}
	return out, nil
}

func (f Field) wrong(s string, v, before Values, staff []core.ID) (code string, args []any) {
	most := mostWords
	if f.Sort == Lines {
		most = mostLines
	}
	if utf8.RuneCountInString(s) > most {
		return codeLong, []any{most}
	}
	switch f.Sort {
	case Day:
		if v.Day(f.Name).IsZero() {
			return codeDay, nil
		}
	case Choice:
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == s }) {
			return codeChoice, nil
		}
	case Staff:
		// Who has left stays named on what they held, until somebody else is.
		if s != before[f.Name] && !slices.Contains(staff, core.ID(s)) {
			return codeStaff, nil
		}
	case Link:
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" {
			return codeLink, nil
		}
	}
	return "", nil
}

// over tells whether nothing is expected of a line any more.
func (r *Register) over(state string) bool { return slices.Contains(r.Over, state) }
