package settings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errInvalid = i18n.Fault(core.Invalid, "setting.invalid", "Un paramètre est refusé ; rien n'a été changé.", "A setting was refused; nothing was changed.")
	errUnknown = i18n.Fault(core.NotFound, "setting.unknown", "Ce paramètre n'existe pas.", "There is no such setting.")
	errPreset  = i18n.Fault(core.NotFound, "setting.preset_unknown", "Ce jeu de paramètres n'existe pas.", "There is no such set of settings.")
	errMoved   = i18n.Fault(core.Precondition, "setting.moved", "Les paramètres ont changé depuis que vous les avez lus. Relisez-les, puis recommencez.", "The settings have changed since you read them. Read them again, then retry.")
	errReason  = i18n.Fault(core.Invalid, "setting.reason_missing", "Dites pourquoi : la raison est gardée au journal.", "Say why: the reason is kept in the journal.")
)

// The acts of this module.
var (
	ReadSettings = &core.ActDef{
		Permission: "setting.read", Resource: "setting", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true,
		Holders: []string{"admin", "security", "auditor"},
		Title:   core.Text{FR: "Voir les paramètres de sécurité", EN: "See the security settings"},
	}
	ChangeSettings = &core.ActDef{
		Permission: "setting.change", Resource: "setting", Verb: core.Updates, Purpose: core.PurposeSecurity, Fresh: 15 * time.Minute,
		Holders: []string{"admin", "security"},
		Title:   core.Text{FR: "Durcir les paramètres de sécurité de l'organisation", EN: "Tighten the organization's security settings"},
	}
	ReadContacts = &core.ActDef{
		Permission: "contact.read", Resource: "setting", Verb: core.Reads, Reach: core.ByAnyone, Purpose: core.PurposeSecurity, Quiet: true,
		Title: core.Text{FR: "Voir à qui écrire", EN: "See whom to write to"},
	}
	ReadFloors = &core.ActDef{
		Permission: "floor.read", Resource: "setting", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true, Staff: true,
		Holders: []string{"provider.admin", "provider.operator", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Voir les planchers du fournisseur", EN: "See the provider's floors"},
	}
	SetFloors = &core.ActDef{
		Permission: "floor.set", Resource: "setting", Verb: core.Updates, Purpose: core.PurposeSecurity, Fresh: 15 * time.Minute, Staff: true,
		Holders: []string{"provider.admin"},
		Title:   core.Text{FR: "Fixer les planchers du fournisseur", EN: "Set the provider's floors"},
	}
)

func readDef(org core.ID) *core.ActDef {
	if org == core.Platform {
		return ReadFloors
	}
	return ReadSettings
}

func changeDef(org core.ID) *core.ActDef {
	if org == core.Platform {
		return SetFloors
	}
	return ChangeSettings
}

// Setting is one setting as an organization sees it.
type Setting struct {
	*Key
	Floor     string // what the provider imposes; "" with Floored false when nothing is
	Floored   bool
	FloorFrom string // preset that set it, "" when set by hand
	FloorAt   time.Time
	Own       string // what the organization chose
	Set       bool
	From      string
	SetBy     core.ID
	SetAt     time.Time
	Effective string
	// Overruled: the organization's own value is looser than a floor raised since; the floor is in force.
	Overruled bool
	// Promised are the clauses in force that demand something of it, and Bound what they demand together: the loosest
	// value that keeps them, or the only one when Exact.
	Promised []core.Promise
	Bound    string
	Exact    bool

	bound *bound
}

// View is the page of settings of an organization.
type View struct {
	Org      core.ID
	Settings []Setting
	Version  string // changes whenever any of these values does; for If-Match
}

// Change sets or resets one setting.
type Change struct {
	Key   string
	Value string
	Reset bool // back to the floor, or to the default
}

// Edit is a set of changes made together or not at all.
type Edit struct {
	Changes []Change
	Match   string // View.Version that was read; "" for any
	Reason  string // kept in the journal; asked for a floor
	source  string
}

// Read gives the settings of an organization, or the floors for Platform.
func (m *Module) Read(ctx context.Context, org core.ID) (View, error) {
	var view View
	err := m.needs.Gate.Read(ctx, &core.Act{Def: readDef(org), Org: org}, func(tx core.Tx) (err error) {
		view, err = m.view(ctx, tx, org)
		return err
	})
	return view, err
}

func (m *Module) view(ctx context.Context, tx core.Tx, org core.ID) (View, error) {
	floors, err := stored(ctx, tx, core.Platform)
	if err != nil {
		return View{}, err
	}
	own, all := floors, resolved(nil)
	if org != core.Platform {
		if own, err = stored(ctx, tx, org); err != nil {
			return View{}, err
		}
	}
	if all, err = resolve(ctx, tx, org); err != nil {
		return View{}, err
	}
	promised, err := bounds(ctx, tx, "")
	if err != nil {
		return View{}, err
	}
	view := View{Org: org}
	sum := sha256.New()
	for i, k := range catalogue {
		if k.Provider && org != core.Platform {
			continue
		}
		s := Setting{Key: k, Effective: k.text(all[i])}
		if f, ok := floors[k.ID]; ok {
			s.Floor, s.Floored, s.FloorFrom, s.FloorAt = f.value, true, f.source, f.setAt
		}
		if o, ok := own[k.ID]; ok {
			s.Own, s.Set, s.From, s.SetBy, s.SetAt = o.value, true, o.source, o.setBy, o.setAt
			s.Overruled = s.Floored && k.looser(k.must(s.Own), k.must(s.Floor)) || !promised[k.ID].keeps(k, k.must(s.Own))
		}
		if b := promised[k.ID]; b != nil {
			s.bound, s.Promised, s.Bound, s.Exact = b, b.by, k.text(b.floor), b.exact
		}
		view.Settings = append(view.Settings, s)
		fmt.Fprintf(sum, "%s\x00%s\x00%s\x00%s\x00", k.ID, s.Floor, s.Own, s.Bound)
	}
	view.Version = hex.EncodeToString(sum.Sum(nil)[:12])
	return view, nil
}

// Save changes settings of an organization, all or none. A value looser than a floor is refused with the floor named.
func (m *Module) Save(ctx context.Context, org core.ID, edit Edit) error {
	if org == core.Platform && strings.TrimSpace(edit.Reason) == "" {
		return errReason.With("reason", "setting.reason_missing")
	}
	act := &core.Act{Def: changeDef(org), Org: org, Note: strings.TrimSpace(edit.Reason)}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		view, err := m.view(ctx, tx, org)
		if err != nil {
			return err
		}
		if edit.Match != "" && edit.Match != view.Version {
			return errMoved
		}
		return m.apply(ctx, tx, act, view, edit)
	})
}

// ApplyPreset sets what a preset says. For an organization a value that it holds stricter, or that a floor holds stricter, stays.
func (m *Module) ApplyPreset(ctx context.Context, org core.ID, id, reason string) error {
	p, ok := preset(id)
	if !ok {
		return errPreset
	}
	if org == core.Platform && strings.TrimSpace(reason) == "" {
		return errReason.With("reason", "setting.reason_missing")
	}
	act := &core.Act{Def: changeDef(org), Org: org, Reason: "", Note: strings.TrimSpace(reason)}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		view, err := m.view(ctx, tx, org)
		if err != nil {
			return err
		}
		edit := Edit{source: id}
		for _, s := range view.Settings {
			asked, named := p.Values[s.ID]
			if !named {
				continue
			}
			v := s.Key.must(asked)
			if org != core.Platform {
				if s.Floored {
					v = s.Key.stricter(v, s.Key.must(s.Floor))
				}
				if s.Set {
					v = s.Key.stricter(v, s.Key.must(s.Own))
				}
				v = s.bound.hold(s.Key, v)
			}
			edit.Changes = append(edit.Changes, Change{Key: s.ID, Value: s.Key.text(v)})
		}
		return m.apply(ctx, tx, act, view, edit)
	})
}

// Put sets values without a form, composed in another act: set-up and the demonstration.
func (m *Module) Put(ctx context.Context, tx core.Tx, org core.ID, values map[string]string) error {
	view, err := m.view(ctx, tx, org)
	if err != nil {
		return err
	}
	edit := Edit{}
	for _, s := range view.Settings {
		if v, ok := values[s.ID]; ok {
			edit.Changes = append(edit.Changes, Change{Key: s.ID, Value: v})
		}
	}
	if len(edit.Changes) != len(values) {
		return errUnknown
	}
	return m.apply(ctx, tx, &core.Act{Org: org}, view, edit)
}

// apply checks every change, then writes them.
func (m *Module) apply(ctx context.Context, tx core.Tx, act *core.Act, view View, edit Edit) error {
	byKey := make(map[string]Setting, len(view.Settings))
	for _, s := range view.Settings {
		byKey[s.ID] = s
	}
	bad, changes := errInvalid, make([]Change, 0, len(edit.Changes))
	for _, c := range edit.Changes {
		s, ok := byKey[c.Key]
		if !ok {
			if k, exists := byID[c.Key]; exists && k.Provider {
				bad = bad.With(c.Key, reasonProvider)
				continue
			}
			return errUnknown
		}
		if c.Reset {
			if code, args := s.back(view.Org); code != "" {
				bad = bad.With(c.Key, code, args...)
				continue
			}
			changes = append(changes, c)
			continue
		}
		v, code, args := s.Key.parse(c.Value)
		if code == "" {
			code, args = s.against(v, view.Org)
		}
		if code != "" {
			bad = bad.With(c.Key, code, args...)
			continue
		}
		c.Value = s.Key.text(v)
		changes = append(changes, c)
	}
	bad = across(bad, byKey, changes)
	if len(bad.Fields) > 0 {
		return bad
	}
	return m.write(ctx, tx, act, view.Org, byKey, changes, edit.source)
}

// back refuses to take the provider's value away when the default would break a clause in force.
func (s Setting) back(org core.ID) (code string, args []any) {
	if org != core.Platform {
		return "", nil
	}
	return s.bound.refuse(s.Key, s.Key.must(s.Default))
}

// against refuses a value that breaks a clause in force, and one looser than the floor of an organization.
func (s Setting) against(v value, org core.ID) (code string, args []any) {
	if code, args := s.bound.refuse(s.Key, v); code != "" {
		return code, args
	}
	if org == core.Platform || !s.Floored || !s.Key.looser(v, s.Key.must(s.Floor)) {
		return "", nil
	}
	since := s.FloorAt.Format(time.DateOnly)
	if s.FloorFrom != "" {
		since = s.FloorFrom + ", " + since
	}
	if s.Sort == Switch {
		return reasonImposed, []any{since}
	}
	return reasonLooser, []any{s.Floor, since}
}

// across checks what one setting demands of another: an idle limit that is chosen is one of the choices (KSK-5.2).
func across(bad *core.Error, byKey map[string]Setting, changes []Change) *core.Error {
	at := slices.IndexFunc(changes, func(c Change) bool { return c.Key == idleKey && !c.Reset })
	if at < 0 {
		return bad
	}
	choices := byKey[choicesKey].Effective
	for _, c := range changes {
		if c.Key == choicesKey && !c.Reset && c.Value != "" {
			choices = c.Value
		}
	}
	if choices != "" && !slices.Contains(strings.Split(choices, ","), changes[at].Value) && changes[at].Value != byKey[idleKey].Own {
		return bad.With(idleKey, reasonChoice, strings.ReplaceAll(choices, ",", ", "))
	}
	return bad
}

func (m *Module) write(ctx context.Context, tx core.Tx, act *core.Act, org core.ID, byKey map[string]Setting, changes []Change, source string) error {
	now, by, changed := clock.Micros(m.needs.Clock.Now()), core.ActorOf(ctx), false
	setBy := core.ID("")
	if by.Kind == core.HumanActor || by.Kind == core.ServiceActor {
		setBy = by.ID
	}
	for _, c := range changes {
		s := byKey[c.Key]
		if c.Reset && !s.Set || !c.Reset && s.Set && s.Own == c.Value && s.From == source {
			continue
		}
		changed = true
		act.Changed(c.Key, s.Own, c.Value)
		var err error
		if c.Reset {
			_, err = tx.Exec(ctx, qDrop, org, c.Key)
		} else {
			_, err = tx.Exec(ctx, qPut, org, c.Key, c.Value, source, setBy, now)
		}
		if err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return renew(ctx, tx)
}
