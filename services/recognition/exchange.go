package recognition

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

// The kinds of exchanges that a line may speak to.
const (
	KindSIP     = "sip"
	KindHook    = "hook"
	KindAMI     = "ami"
	KindARI     = "ari"
	KindThreeCX = "threecx"
	KindXsi     = "xsi"
	KindFake    = "fake"
)

// Exchange is one telephone exchange of an organization.
type Exchange struct {
	ID       core.ID
	Org      core.ID
	Kind     string
	Title    string
	Paused   bool
	Region   string            // of numbers without a country: "FR"
	Settings map[string]string // by the name of a field of its kind; a secret is never given back
	Phones   []Phone
	Version  int64
	MadeAt   time.Time
	MadeBy   core.ID
	// What the node that runs it last said.
	Condition string // "", "up", "down", "refused"
	Why       string // stable code of the last failure, "" when none
	SeenAt    time.Time
	EventAt   time.Time
}

// Phone is an extension and the member whose phone it is.
type Phone struct {
	ID        core.ID
	Extension string
	Person    core.ID
}

// ExchangeDraft is what a person types of an exchange. A secret left empty stays what it was.
type ExchangeDraft struct {
	Kind     string
	Title    string
	Region   string
	Paused   bool
	Settings map[string]string // secrets among them
	Phones   []Phone           // who has which extension: all of them, each time
	// Passwords are those of extensions, where the exchange has one for each phone (SIP); an empty one stays what it was.
	Passwords map[string]string
}

var (
	errNoLine     = i18n.Fault(core.NotFound, "line.absent", "Ce central n'existe pas, ou n'est pas le vôtre.", "This exchange does not exist, or is not yours.")
	errLineForm   = i18n.Fault(core.Invalid, "line.form", "Ce central ne peut pas être enregistré ainsi.", "This exchange cannot be saved like this.")
	errLineDown   = i18n.Fault(core.Busy, "line.down", "Le central téléphonique ne répond pas. Réessayez dans un instant.", "The telephone exchange does not answer. Try again in a moment.")
	errLineNo     = i18n.Fault(core.Conflict, "line.refused", "Le central téléphonique a refusé.", "The telephone exchange refused.")
	errNoPhone    = i18n.Fault(core.Conflict, "call.no_phone", "Aucun poste ne vous est attribué : demandez à qui règle la téléphonie.", "No phone is assigned to you: ask whoever sets up telephony.")
	errNumber     = i18n.Fault(core.Invalid, "call.number", "Ce numéro ne peut pas être composé.", "This number cannot be dialled.")
	errImpossible = i18n.Fault(core.Conflict, "line.unsupported", "Ce central ne permet pas de le faire d'ici.", "This exchange does not allow it from here.")
)

// The sentences of what is wrong with a field.
var (
	_ = i18n.Fault(core.Invalid, "line.missing", "Ce champ est nécessaire.", "This field is needed.")
	_ = i18n.Fault(core.Invalid, "line.value", "Cette valeur n'est pas possible.", "This value is not possible.")
	_ = i18n.Fault(core.Invalid, "line.address", "Donnez une adresse : https://… ou nom:port.", "Give an address: https://… or name:port.")
	_ = i18n.Fault(core.Invalid, "line.extension_twice", "Ce poste est attribué deux fois.", "This extension is assigned twice.")
	_ = i18n.Fault(core.Invalid, "line.extension", "Un poste est fait de chiffres et de lettres.", "An extension is made of digits and letters.")
	_ = i18n.Fault(core.Invalid, "line.person", "Cette personne n'a pas le rôle d'usage de la reconnaissance d'appels.", "This person does not have the role of using caller recognition.")
)

// Lines lists the exchanges of an organization, with their state.
func (m *Module) Lines(ctx context.Context, org core.ID) (list []Exchange, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLines, Org: org}, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qLinesOf, scanLine, org)
		if err != nil {
			return err
		}
		phones, err := m.phones(ctx, tx, org)
		for i := range rows {
			if err == nil {
				err = m.openExchange(ctx, &rows[i], false)
			}
			list = append(list, m.shown(rows[i], phones))
		}
		return err
	})
	return list, err
}

// Line gives one exchange.
func (m *Module) Line(ctx context.Context, org, id core.ID) (x Exchange, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLines, Org: org, Resource: id}, func(tx core.Tx) error {
		r, phones, err := m.lineOf(ctx, tx, org, id)
		x = m.shown(r, phones)
		return err
	})
	return x, err
}

func (m *Module) lineOf(ctx context.Context, tx core.Tx, org, id core.ID) (r lineRow, phones []phoneRow, err error) {
	r, found, err := db.One(ctx, tx, qOneLine, scanLine, org, id)
	if err == nil && !found {
		err = errNoLine
	}
	if err != nil {
		return r, nil, err
	}
	if err = m.openExchange(ctx, &r, true); err != nil {
		return r, nil, err
	}
	phones, err = m.phones(ctx, tx, org)
	return r, phones, err
}

// shown is an exchange as it may be shown: without a secret, with its phones. A state nobody renewed says nothing.
func (m *Module) shown(r lineRow, phones []phoneRow) Exchange {
	x := r.Exchange
	for _, p := range phones {
		if p.line == r.ID {
			x.Phones = append(x.Phones, p.Phone)
		}
	}
	if m.now().After(r.until) {
		x.Condition, x.Why = "", ""
	}
	return x
}

// Users are the persons to whom an extension can be given.
func (m *Module) Users(ctx context.Context, org core.ID) (list map[core.ID]core.Person, err error) {
	act := &core.Act{Def: ReadLines, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if act.Subjects, err = m.needs.Rights.Holders(ctx, tx, org, RoleUser); err != nil {
			return err
		}
		list, err = m.needs.People.People(ctx, tx, act.Subjects...)
		return err
	})
	return list, err
}

// MakeLine connects an exchange.
func (m *Module) MakeLine(ctx context.Context, org core.ID, d ExchangeDraft) (core.ID, error) {
	r := lineRow{Exchange: Exchange{ID: ids.At(m.now()), Org: org, MadeAt: m.now(), MadeBy: core.ActorOf(ctx).ID, Kind: d.Kind}}
	act := &core.Act{Def: ManageLine, Org: org, Resource: r.ID}
	return r.ID, m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.applyLine(ctx, tx, act, &r, d); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, qAddLine, org, r.ID, r.Kind, r.settings, r.secrets, clock.Micros(r.MadeAt), r.MadeBy)
		return err
	})
}

// ChangeLine changes how an exchange is reached and whose phones it has.
func (m *Module) ChangeLine(ctx context.Context, org, id core.ID, d ExchangeDraft) error {
	act := &core.Act{Def: ManageLine, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		r, _, err := m.lineOf(ctx, tx, org, id)
		if err != nil {
			return err
		}
		d.Kind = r.Kind
		if err := m.applyLine(ctx, tx, act, &r, d); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qChangeLine, org, id, r.Paused, r.settings, r.secrets)
		return err
	})
}

// RemoveLine ends an exchange and its phones; calls stay in the histories of their persons until they end by time.
func (m *Module) RemoveLine(ctx context.Context, org, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: ManageLine, Org: org, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qDropLine, org, id)
		if err == nil && n == 0 {
			err = errNoLine
		}
		for _, q := range []string{qDropPhones, qDropLease} {
			if err == nil {
				_, err = tx.Exec(ctx, q, org, id)
			}
		}
		tx.Notify(lineTopic, string(org))
		return err
	})
}

// applyLine checks what was typed, seals it and writes the phones.
func (m *Module) applyLine(ctx context.Context, tx core.Tx, act *core.Act, r *lineRow, d ExchangeDraft) error {
	kind, ok := KindOfExchange(d.Kind)
	wrong := errLineForm
	if !ok {
		return wrong.With("kind", "line.value")
	}
	r.Title, r.Region, r.Paused = tidy(d.Title), strings.ToUpper(tidy(d.Region)), d.Paused
	if r.Title == "" {
		wrong = wrong.With("title", "line.missing")
	}
	if len(r.Region) != 2 {
		wrong = wrong.With("region", "line.value")
	}
	before := r.Settings
	r.Settings = map[string]string{}
	if r.secret == nil {
		r.secret = map[string]string{}
	}
	for _, f := range kind.Fields {
		value := strings.TrimSpace(d.Settings[f.Name])
		if code := f.check(value, r.secret[f.Name] != ""); code != "" {
			wrong = wrong.With(f.Name, code)
			continue
		}
		if !f.Secret {
			act.Changed(f.Name, before[f.Name], value)
			r.Settings[f.Name] = value
		} else if value != "" {
			act.Changed(f.Name, "", "•")
			r.secret[f.Name] = value
		}
	}
	phones, wrong, err := m.checkPhones(ctx, tx, r, d, wrong)
	if err != nil {
		return err
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	if err := m.sealExchange(ctx, r); err != nil {
		return err
	}
	tx.Notify(lineTopic, string(r.Org))
	return m.writePhones(ctx, tx, act, r, phones)
}

// extensionForm is what an extension may look like: it goes into requests of every kind.
var extensionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$`)

func (m *Module) checkPhones(ctx context.Context, tx core.Tx, r *lineRow, d ExchangeDraft, wrong *core.Error) ([]Phone, *core.Error, error) {
	taken := map[string]bool{}
	others, err := m.phones(ctx, tx, r.Org)
	if err != nil {
		return nil, wrong, err
	}
	for _, p := range others {
		taken[p.Extension] = taken[p.Extension] || p.line != r.ID
	}
	users, err := m.needs.Rights.Holders(ctx, tx, r.Org, RoleUser)
	if err != nil {
		return nil, wrong, err
	}
	var phones []Phone
	for _, p := range d.Phones {
		field := "extension-" + string(p.Person)
		switch p.Extension = strings.TrimSpace(p.Extension); {
		case p.Extension == "":
			continue
		case !extensionForm.MatchString(p.Extension):
			wrong = wrong.With(field, "line.extension")
		case taken[p.Extension]:
			wrong = wrong.With(field, "line.extension_twice")
		case !slices.Contains(users, p.Person):
			wrong = wrong.With(field, "line.person")
		}
		taken[p.Extension] = true
		phones = append(phones, p)
		if given := d.Passwords[p.Extension]; given != "" {
			r.secret["phone "+p.Extension] = given
		}
	}
	for name := range r.secret {
		if ext, ok := strings.CutPrefix(name, "phone "); ok && !slices.ContainsFunc(phones, func(p Phone) bool { return p.Extension == ext }) {
			delete(r.secret, name)
		}
	}
	return phones, wrong, nil
}

func (m *Module) writePhones(ctx context.Context, tx core.Tx, act *core.Act, r *lineRow, phones []Phone) error {
	if _, err := tx.Exec(ctx, qDropPhones, r.Org, r.ID); err != nil {
		return err
	}
	for _, p := range phones {
		id := ids.At(m.now())
		sealed, err := m.sealOf(ctx, r.Org, placePhone, id, pack.Texts(p.Extension))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddPhone, r.Org, id, r.ID, p.Person, sealed); err != nil {
			return err
		}
		act.Subjects = append(act.Subjects, p.Person)
	}
	return nil
}

// TestLine starts an exchange anew and tells what became of it within a few seconds.
func (m *Module) TestLine(ctx context.Context, org, id core.ID) (x Exchange, err error) {
	err = m.needs.Gate.Change(ctx, &core.Act{Def: ManageLine, Org: org, Resource: id}, func(tx core.Tx) error {
		r, _, err := m.lineOf(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, qChangeLine, org, id, r.Paused, r.settings, r.secrets); err == nil {
			_, err = tx.Exec(ctx, qStarting, org, id)
		}
		tx.Notify(lineTopic, string(org))
		return err
	})
	for began := time.Now(); err == nil && time.Since(began) < 6*time.Second; {
		err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			r, found, err := db.One(ctx, tx, qOneLine, scanLine, org, id)
			if x = m.shown(r, nil); err == nil && !found {
				err = errNoLine
			}
			return err
		})
		if err == nil && x.Condition != "" && x.Condition != conditionStarting {
			return x, nil
		}
		select {
		case <-ctx.Done():
			return x, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return x, err
}
