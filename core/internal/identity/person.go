package identity

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errPerson = i18n.Fault(core.Invalid, "person.invalid",
		"Certaines informations de la personne sont à corriger.", "Some details of the person need correcting.")
	errPersonUnknown = i18n.Fault(core.NotFound, "person.unknown",
		"Cette personne n'existe pas, ou n'est pas à votre portée.", "This person does not exist, or is out of your reach.")
	errPersonTaken = i18n.Fault(core.Conflict, "person.email_taken",
		"Cette adresse est déjà celle d'un compte.", "This address already belongs to an account.")

	whyEmail       = i18n.Reason("person.email", "L'adresse électronique n'est pas valable.", "The e-mail address is not valid.")
	whyName        = i18n.Reason("person.name", "Le nom compte au plus 100 caractères, sans signe de contrôle.", "A name has at most 100 characters and no control sign.")
	whyPhone       = i18n.Reason("person.phone", "Le numéro s'écrit en format international : + puis 6 à 15 chiffres.", "The number is written in international form: + then 6 to 15 digits.")
	whyGender      = i18n.Reason("person.gender", "Le genre est « f », « m », « x » ou rien.", "Gender is \"f\", \"m\", \"x\" or nothing.")
	whyLanguage    = i18n.Reason("person.language", "La langue est le français ou l'anglais.", "The language is French or English.")
	whyResponsible = i18n.Reason("person.responsible", "Un compte fonctionnel nomme la personne qui en répond.", "A functional account names the person responsible for it.")
)

// States of a person.
const (
	stateInvited     = "invited"     // never came in
	stateActive      = "active"      // has chosen a password or signed in
	stateCompromised = "compromised" // must prove the mailbox and choose a new password
	stateDisabled    = "disabled"    // left for good: nothing opens
)

// NormalLogin gives the one form of an address that names an account: NFC, lower case, no blanks around. ok is false
// when it is no address. Nothing else is folded: dots and tags belong to whoever runs the mailbox.
func NormalLogin(address string) (login string, ok bool) {
	login = strings.ToLower(norm.NFC.String(strings.TrimSpace(address)))
	if len(login) > 254 || strings.ContainsFunc(login, func(r rune) bool { return r <= ' ' || unicode.IsControl(r) || r == utf8.RuneError }) {
		return login, false
	}
	a, err := mail.ParseAddress(login)
	if err != nil || a.Address != login || strings.Count(login, "@") != 1 {
		return login, false
	}
	_, domain, _ := strings.Cut(login, "@")
	return login, domain != "" && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.HasPrefix(domain, "[")
}

// AddPerson makes a person and their account, without a password, in state "invited". The person's key must exist
// before when p.ID is given; it is made with the id otherwise. Errors: Invalid with the fields, Conflict when the address is taken, NotFound when the
// responsible person of a functional account does not exist.
func (m *Module) AddPerson(ctx context.Context, tx core.Tx, p core.NewPerson) (core.ID, error) {
	if p.ID.IsZero() {
		p.ID = ids.New()
		if err := m.needs.Keys.MakeKeys(ctx, p.ID); err != nil {
			return "", fmt.Errorf("identity: add person: %w", err)
		}
	}
	now := m.needs.Clock.Now()
	person := core.Person{
		ID: p.ID, GivenName: p.GivenName, FamilyName: p.FamilyName, Gender: p.Gender, Email: p.Email, Email2: p.Email2, Phone: p.Phone,
		Language: p.Language, Functional: p.Functional, Responsible: p.Responsible, State: stateInvited, CreatedAt: now,
	}
	person, err := tidy(person)
	if err != nil {
		return "", err
	}
	if err := m.checkResponsible(ctx, tx, person); err != nil {
		return "", err
	}
	mark, other, err := m.marks(ctx, person.Email)
	if err != nil {
		return "", err
	}
	if _, taken, err := db.One(ctx, tx, qLoginTaken, db.Value[core.ID], mark, other); err != nil || taken {
		return "", cmp.Or(err, error(errPersonTaken.With("email", errPersonTaken.Code)))
	}
	profile, err := sealProfile(ctx, m.needs.Sealer, person)
	if err != nil {
		return "", err
	}
	n, err := tx.Exec(ctx, qPersonAdd, person.ID, profile, person.Language, person.Functional, person.Responsible, person.State, clock.Micros(now), mark)
	if err != nil {
		return "", fmt.Errorf("identity: add person: %w", err)
	}
	if n == 0 {
		return "", errPersonTaken.With("email", errPersonTaken.Code)
	}
	n, err = tx.Exec(ctx, qAccountAdd, ids.New(), person.ID, mark, clock.Micros(now))
	if err != nil {
		return "", fmt.Errorf("identity: add account: %w", err)
	}
	if n == 0 {
		return "", errPersonTaken.With("email", errPersonTaken.Code)
	}
	return person.ID, nil
}

// AddPeople makes many persons at once and gives their ids in the same order; the first mistake stops all.
func (m *Module) AddPeople(ctx context.Context, tx core.Tx, list []core.NewPerson) ([]core.ID, error) {
	out := make([]core.ID, len(list))
	for i, p := range list {
		id, err := m.AddPerson(ctx, tx, p)
		if err != nil {
			return nil, fmt.Errorf("person %d: %w", i+1, err)
		}
		out[i] = id
	}
	return out, nil
}

// person gives one person, whatever they have restricted: for what this module does itself. Error: NotFound.
func (m *Module) person(ctx context.Context, tx core.Tx, id core.ID) (core.Person, error) {
	p, ok, err := m.one(ctx, tx, qPerson, id)
	if err != nil {
		return p, fmt.Errorf("identity: person: %w", err)
	}
	if !ok {
		return p, errPersonUnknown
	}
	return p, nil
}

// People gives those of the persons who exist, by id, as the act of the transaction may show them.
func (m *Module) People(ctx context.Context, tx core.Tx, list ...core.ID) (map[core.ID]core.Person, error) {
	found, err := m.people(ctx, tx, list)
	if err != nil {
		return nil, fmt.Errorf("identity: people: %w", err)
	}
	return found, m.mask(ctx, tx, found)
}

// PersonByEmail finds a person by the address they sign in with; false when there is none.
func (m *Module) PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error) {
	mark, other, err := m.marks(ctx, email)
	if err != nil {
		return core.Person{}, false, err
	}
	p, ok, err := m.one(ctx, tx, qPersonByEmail, mark, other)
	if err != nil {
		return p, false, fmt.Errorf("identity: person by address: %w", err)
	}
	return p, ok, nil
}

// ResponsibleFor lists the functional accounts that a person answers for (CTI-37.1).
func (m *Module) ResponsibleFor(ctx context.Context, tx core.Tx, person core.ID) ([]core.Person, error) {
	return m.all(ctx, tx, qResponsible, person)
}

// UpdatePerson writes the profile and the state of a person. A new address changes the login too.
func (m *Module) UpdatePerson(ctx context.Context, tx core.Tx, p core.Person) error {
	before, err := m.person(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if p.State == "" {
		p.State = before.State
	}
	if p, err = tidy(p); err != nil {
		return err
	}
	if err := m.checkResponsible(ctx, tx, p); err != nil {
		return err
	}
	mark, other, err := m.marks(ctx, p.Email)
	if err != nil {
		return err
	}
	if p.Email != before.Email {
		owner, taken, err := db.One(ctx, tx, qLoginTaken, db.Value[core.ID], mark, other)
		if err != nil {
			return fmt.Errorf("identity: login: %w", err)
		}
		if taken && owner != p.ID {
			return errPersonTaken.With("email", errPersonTaken.Code)
		}
	}
	if _, err := tx.Exec(ctx, qLoginUpdate, p.ID, mark); err != nil { // of the same address too: its index may have changed
		return fmt.Errorf("identity: login: %w", err)
	}
	profile, err := sealProfile(ctx, m.needs.Sealer, p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qPersonUpdate, p.ID, profile, mark, p.Language, p.Functional, p.Responsible, p.State, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return fmt.Errorf("identity: update person: %w", err)
	}
	if m.needs.Told != nil {
		return m.needs.Told(ctx, tx, before, p)
	}
	return nil
}

// checkResponsible holds CTI-37.1: a functional account names a natural person who exists.
func (m *Module) checkResponsible(ctx context.Context, tx core.Tx, p core.Person) error {
	if !p.Functional {
		return nil
	}
	r, ok, err := m.one(ctx, tx, qPerson, p.Responsible)
	if err != nil {
		return fmt.Errorf("identity: responsible: %w", err)
	}
	if !ok || r.Functional || r.ID == p.ID || r.State == stateDisabled {
		return errPerson.With("responsible", whyResponsible)
	}
	return nil
}

var phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)

// tidy brings a person to its stored form, or says field by field what is wrong.
func tidy(p core.Person) (core.Person, error) {
	fault := errPerson
	bad := func(field, code string) { fault = fault.With(field, code) }
	var ok bool
	if p.Email, ok = NormalLogin(p.Email); !ok {
		bad("email", whyEmail)
	}
	if p.Email2 != "" {
		if p.Email2, ok = NormalLogin(p.Email2); !ok {
			bad("email2", whyEmail)
		}
	}
	if p.GivenName, ok = tidyName(p.GivenName); !ok {
		bad("given_name", whyName)
	}
	if p.FamilyName, ok = tidyName(p.FamilyName); !ok {
		bad("family_name", whyName)
	}
	p.Phone = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()\u00a0\u202f", r) {
			return -1
		}
		return r
	}, p.Phone)
	if p.Phone != "" && !phoneForm.MatchString(p.Phone) {
		bad("phone", whyPhone)
	}
	switch p.Gender {
	case "", "f", "m", "x":
	default:
		bad("gender", whyGender)
	}
	switch p.Language {
	case "":
		p.Language = "fr"
	case "fr", "en":
	default:
		bad("language", whyLanguage)
	}
	if p.Functional && p.Responsible.IsZero() {
		bad("responsible", whyResponsible)
	}
	if !p.Functional {
		p.Responsible = ""
	}
	if len(fault.Fields) > 0 {
		return p, fault
	}
	return p, nil
}

func tidyName(s string) (string, bool) {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	return s, utf8.ValidString(s) && utf8.RuneCountInString(s) <= 100 &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '<' || r == '>' })
}

// Anyone tells whether any person exists: the set-up is over once one does.
func (m *Module) Anyone(ctx context.Context, tx core.Tx) (bool, error) {
	_, any, err := db.One(ctx, tx, qAnyone, db.Value[core.ID])
	if err != nil {
		return false, fmt.Errorf("identity: anyone: %w", err)
	}
	return any, nil
}
