package register

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// The kinds of what is written by hand.
const (
	Card     = "card"     // who answers for the register: one per organization
	Added    = "activity" // a whole activity
	Sentence = "sentence" // a sentence on an activity
)

// Field is one thing that is written by hand.
type Field struct {
	Name     string
	Title    i18n.Sentence
	Hint     i18n.Sentence
	Lines    bool
	Required bool
	Options  []string // values; OptionTitle says them
}

// Fields are those of each kind, in the order of the form.
var Fields = map[string][]Field{
	Card: {
		{Name: "name", Title: i18n.T("Dénomination", "Legal name"), Required: true},
		{Name: "address", Title: i18n.T("Adresse", "Address"), Lines: true},
		{Name: "representative", Title: i18n.T("Représentant", "Representative"), Hint: i18n.T("Nom et coordonnées de qui représente légalement le responsable, et de son représentant dans l'Union s'il est établi hors d'elle.", "Name and contact of who legally represents the controller, and of its representative in the Union when it is established outside of it."), Lines: true},
		{Name: "officer", Title: i18n.T("Délégué à la protection des données", "Data-protection officer"), Hint: i18n.T("Nom et coordonnées ; l'adresse publiée se règle dans les réglages.", "Name and contact; the published address is set in the settings."), Lines: true},
		{Name: "joint", Title: i18n.T("Responsables conjoints", "Joint controllers"), Lines: true},
	},
	Added: {
		{Name: "title", Title: i18n.T("Activité", "Activity"), Required: true},
		{Name: "about", Title: i18n.T("Objectif", "Objective"), Lines: true, Required: true},
		{Name: "part", Title: i18n.T("Au titre de", "Acting as"), Required: true, Options: []string{string(core.Controller), string(core.Processor)}},
		{Name: "purposes", Title: i18n.T("Finalités", "Purposes"), Hint: i18n.T("Une par ligne.", "One per line."), Lines: true, Required: true},
		{Name: "basis", Title: i18n.T("Base légale", "Legal basis"), Required: true, Options: basisNames()},
		{Name: "persons", Title: i18n.T("Catégories de personnes", "Categories of persons"), Hint: i18n.T("Une par ligne.", "One per line."), Lines: true, Required: true},
		{Name: "data", Title: i18n.T("Catégories de données", "Categories of data"), Hint: i18n.T("Une par ligne ; dites celles qui sont sensibles (article 9).", "One per line; say which are sensitive (article 9)."), Lines: true, Required: true},
		{Name: "recipients", Title: i18n.T("Destinataires", "Recipients"), Hint: i18n.T("Une catégorie par ligne.", "One category per line."), Lines: true},
		{Name: "transfers", Title: i18n.T("Transferts hors de l'Union", "Transfers outside the Union"), Hint: i18n.T("Pays et garanties ; vide s'il n'y en a pas.", "Countries and safeguards; empty when there are none."), Lines: true},
		{Name: "retention", Title: i18n.T("Durées de conservation", "Retention"), Hint: i18n.T("Une par ligne.", "One per line."), Lines: true, Required: true},
		{Name: "measures", Title: i18n.T("Mesures de sécurité", "Security measures"), Lines: true},
		{Name: "software", Title: i18n.T("Logiciels utilisés", "Software used")},
	},
	Sentence: {
		{Name: "text", Title: i18n.T("Phrase", "Sentence"), Hint: i18n.T("Elle s'ajoute à ce que le programme écrit, et porte la mention « écrit à la main ».", "It is added to what the program writes, and is marked “written by hand”."), Lines: true, Required: true},
	},
}

func basisNames() []string {
	out := make([]string, len(Bases))
	for i, b := range Bases {
		out[i] = string(b)
	}
	return out
}

// OptionTitle says a choice in words.
func OptionTitle(field, value string) i18n.Sentence {
	if field == "part" {
		return FormTitle(core.Part(value))
	}
	return BasisTitle(core.LegalBasis(value))
}

// Hand is one thing written by hand, in one of its versions.
type Hand struct {
	Org      core.ID
	ID       core.ID
	Kind     string
	Target   string // activity that a sentence is about
	Revision int64
	Ended    time.Time
	Values   map[string]string
	At       time.Time
	By       core.ID

	body []byte
}

const handColumns = `h.org, h.id, h.kind, h.target, v.revision, h.ended_at, v.body, v.changed_at, v.changed_by`

var (
	qHands = db.SQL(`SELECT ` + handColumns + ` FROM register_hand h JOIN register_version v ON v.org = h.org AND v.hand = h.id AND v.revision = h.revision
		WHERE h.org = $1 AND h.ended_at = 0 ORDER BY h.id LIMIT 2000`)
	qHand = db.SQL(`SELECT ` + handColumns + ` FROM register_hand h JOIN register_version v ON v.org = h.org AND v.hand = h.id AND v.revision = h.revision
		WHERE h.org = $1 AND h.id = $2`)
	qVersions = db.SQL(`SELECT ` + handColumns + ` FROM register_hand h JOIN register_version v ON v.org = h.org AND v.hand = h.id
		WHERE h.org = $1 AND h.id = $2 ORDER BY v.revision DESC`)
	qAddHand    = db.SQL(`INSERT INTO register_hand (org, id, kind, target, revision, ended_at) VALUES ($1, $2, $3, $4, 1, 0)`)
	qAddVersion = db.SQL(`INSERT INTO register_version (org, hand, revision, body, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6)`)
	qMoveHand   = db.SQL(`UPDATE register_hand SET revision = revision + 1 WHERE org = $1 AND id = $2 AND revision = $3 AND ended_at = 0`)
	qEndHand    = db.SQL(`UPDATE register_hand SET ended_at = $3 WHERE org = $1 AND id = $2 AND ended_at = 0`)

	errAbsent  = i18n.Fault(core.NotFound, "register.absent", "Cela ne figure pas au registre.", "This is not in the register.")
	errChanged = i18n.Fault(core.Conflict, "register.changed", "Le registre a changé entre-temps : relisez-le, puis recommencez.", "The register has changed meanwhile: read it again, then start over.")
	errLine    = i18n.Fault(core.Invalid, "register.line", "Cela ne peut pas être enregistré ainsi.", "This cannot be kept like this.")
	codeDue    = i18n.Reason("register.required", "Remplissez ce champ.", "Fill this field.")
	codeLong   = i18n.Reason("register.long", "Écrivez %d caractères au plus.", "Write %d characters at most.")
	codeChoice = i18n.Reason("register.choice", "Choisissez dans la liste.", "Choose from the list.")
)

func scanHand(scan db.Scan) (h Hand, err error) {
	var ended, at int64
	err = scan(&h.Org, &h.ID, &h.Kind, &h.Target, &h.Revision, &ended, &h.body, &at, &h.By)
	h.Ended, h.At = clock.FromMicros(ended), clock.FromMicros(at)
	return h, err
}

func place(table, column string, row ...any) string {
	return table + "." + column + "/" + strings.TrimSuffix(fmt.Sprintln(row...), "\n")
}

func (m *Module) open(ctx context.Context, list ...*Hand) error {
	for _, h := range list {
		plain, err := m.needs.Sealer.Open(ctx, h.Org, place("register_version", "body", h.ID, h.Revision), h.body)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(plain, &h.Values); err != nil {
			return fmt.Errorf("register: %w", err)
		}
	}
	return nil
}

// hands gives everything in force that was written by hand into a register.
func (m *Module) hands(ctx context.Context, tx core.Tx, org core.ID) ([]Hand, error) {
	list, err := db.All(ctx, tx, qHands, scanHand, org)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := m.open(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Draft is what a person writes.
type Draft struct {
	ID       core.ID // "" for what is new
	Kind     string
	Target   string
	Revision int64
	Values   map[string]string
}

func (d Draft) clean() (map[string]string, error) {
	out, err := map[string]string{}, errLine
	for _, f := range Fields[d.Kind] {
		s, most := strings.TrimSpace(d.Values[f.Name]), 200
		if f.Lines {
			most = 4000
		}
		switch {
		case s == "" && f.Required:
			err = err.With(f.Name, codeDue)
		case utf8.RuneCountInString(s) > most:
			err = err.With(f.Name, codeLong, most)
		case s != "" && f.Options != nil && !slices.Contains(f.Options, s):
			err = err.With(f.Name, codeChoice)
		case s != "":
			out[f.Name] = s
		}
	}
	if len(err.Fields) > 0 {
		return out, err
	}
	return out, nil
}

// Save adds what a person wrote, or a version of it; it gives its id. The card of an organization is one.
func (m *Module) Save(ctx context.Context, org core.ID, d Draft) (id core.ID, err error) {
	if Fields[d.Kind] == nil {
		return "", errAbsent
	}
	if org != core.Platform && d.Kind == Added { // a client's register is its own as a controller
		d.Values["part"] = string(core.Controller)
	}
	values, err := d.clean()
	if err != nil {
		return "", err
	}
	if err := m.needs.Keys.MakeKeys(ctx, org); err != nil {
		return "", err
	}
	body, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	done := &core.Act{Def: Write, Org: org}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		id, err = m.put(ctx, tx, org, d, body)
		done.Resource = id
		return err
	})
	return id, err
}

func (m *Module) put(ctx context.Context, tx core.Tx, org core.ID, d Draft, body []byte) (core.ID, error) {
	if d.Kind == Card {
		all, err := db.All(ctx, tx, qHands, scanHand, org)
		if err != nil {
			return "", err
		}
		for _, h := range all {
			if h.Kind == Card && d.ID == "" {
				return "", errChanged
			}
		}
	}
	revision := int64(1)
	if d.ID == "" {
		if d.Kind == Sentence {
			if _, err := m.known(ctx, tx, org, d.Target); err != nil {
				return "", err
			}
		}
		d.ID = ids.New()
		if _, err := tx.Exec(ctx, qAddHand, org, d.ID, d.Kind, d.Target); err != nil {
			return "", err
		}
	} else {
		h, found, err := db.One(ctx, tx, qHand, scanHand, org, d.ID)
		if err != nil {
			return "", err
		}
		if !found || h.Kind != d.Kind || !h.Ended.IsZero() {
			return "", errAbsent
		}
		n, err := tx.Exec(ctx, qMoveHand, org, d.ID, d.Revision)
		if err != nil {
			return "", err
		}
		if n == 0 {
			return "", errChanged
		}
		revision = d.Revision + 1
	}
	sealed, err := m.needs.Sealer.Seal(ctx, org, place("register_version", "body", d.ID, revision), body)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, qAddVersion, org, d.ID, revision, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID)
	return d.ID, err
}

// End takes back what was written by hand; its versions stay.
func (m *Module) End(ctx context.Context, org, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: Write, Org: org, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qEndHand, org, id, clock.Micros(m.now()))
		if err == nil && n == 0 {
			err = errAbsent
		}
		return err
	})
}

// One gives one thing written by hand with its versions, newest first.
func (m *Module) One(ctx context.Context, org, id core.ID) (list []Hand, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: org, Resource: id}, func(tx core.Tx) error {
		if list, err = db.All(ctx, tx, qVersions, scanHand, org, id); err != nil {
			return err
		}
		if len(list) == 0 {
			return errAbsent
		}
		for i := range list {
			if err := m.open(ctx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}
