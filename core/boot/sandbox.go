package boot

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/sandbox"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/verify"
)

// The acts of a sandbox: the source is read whole, the sandbox is filled. Nobody holds them.
var (
	measureSandbox = core.ActDef{
		Permission: "sandbox.measure", Resource: "platform", Verb: core.Reads, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Mesurer la plateforme pour un environnement d'essai", EN: "Measure the platform for a test environment"},
	}
	fillSandbox = core.ActDef{
		Permission: "sandbox.fill", Resource: "platform", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Remplir un environnement d'essai", EN: "Fill a test environment"},
	}
)

// Sandbox is what was made: its certificate, and how one enters.
type Sandbox struct {
	verify.Sandbox
	Certificate string
	Admin       string // sign-in address of the administrator
	Password    string // of everyone in the sandbox
	Left        []string
}

// filled are the tables that a sandbox fills.
var filled = map[string]bool{
	"identity_person": true, "identity_account": true, "identity_password": true, "identity_photo": true, "organization_member": true, "access_assignment": true,
}

// shape is what an installation holds, in numbers; it lives in memory only and names nobody.
type shape struct {
	orgs    []orgShape
	persons map[core.ID]*personShape
	skipped map[string]int // tables that the sandbox does not fill, with their rows

	canaries bool // those of a probe count
}

type orgShape struct {
	id      core.ID
	made    core.ID // in the sandbox
	kind    string
	lang    string
	members []memberShape
	acts    map[core.Permission]int64
}

type memberShape struct {
	person               core.ID
	state                string
	function, department string
	group, committee     string
	roles                []string
}

type personShape struct {
	language       string
	phone, picture bool
	made           core.ID // in the sandbox
}

// MakeSandbox fills an empty data folder with an installation of the same shape and volumes as this one, and people who do not
// exist. When any value of this one is found in it, there is an error and no certificate.
func (h *House) MakeSandbox(ctx context.Context, folder string) (Sandbox, error) {
	return h.makeSandbox(ctx, folder)
}

// makeSandbox takes the shape of these organizations alone, of all clients and the provider when none is given.
func (h *House) makeSandbox(ctx context.Context, folder string, only ...core.Organization) (made Sandbox, err error) {
	ctx = core.WithActor(ctx, core.System("sandbox"))
	blind, err := sandbox.NewBlind()
	if err != nil {
		return made, err
	}
	defer blind.Forget()
	s, err := h.measure(ctx, blind, only...)
	if err != nil {
		return made, fmt.Errorf("sandbox: measure: %w", err)
	}
	other, err := New(ctx, Config{Data: folder, Origin: "http://localhost:8080", Version: h.cfg.Version, Log: h.cfg.Log, Clock: h.cfg.Clock})
	if err != nil {
		return made, fmt.Errorf("sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	if err := other.imitate(ctx, s, sandbox.NewNamer(blind), &made); err != nil {
		return made, fmt.Errorf("sandbox: fill: %w", err)
	}
	looked, found, err := other.lookup(ctx, blind)
	if err != nil {
		return made, fmt.Errorf("sandbox: compare: %w", err)
	}
	made.Made, made.Key, made.Source, made.Looked, made.Found = h.cfg.Clock.Now(), other.JournalKey(), blind.Size(), looked, len(found)
	if len(found) > 0 {
		return made, fmt.Errorf("%w: %d of them, in %s: it must not be handed over", errReal, len(found), strings.Join(slices.Compact(slices.Sorted(slices.Values(found))), ", "))
	}
	for table, rows := range s.skipped {
		made.Left = append(made.Left, fmt.Sprintf("%s (%d rows)", table, rows))
	}
	slices.Sort(made.Left)
	made.Certificate, err = verify.SignSandbox(&made.Sandbox, h.journal.Key(), h.journal.Sign)
	return made, err
}

// CheckSandbox compares an installation with this one once more, blindly: it tells in which columns values of this one stand.
func (h *House) CheckSandbox(ctx context.Context, folder string) (found []string, err error) {
	ctx = core.WithActor(ctx, core.System("sandbox"))
	blind, err := sandbox.NewBlind()
	if err != nil {
		return nil, err
	}
	defer blind.Forget()
	if _, err := h.measure(ctx, blind); err != nil {
		return nil, err
	}
	other, err := New(ctx, Config{Data: folder, Origin: "http://localhost:8080", Log: h.cfg.Log})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	_, found, err = other.lookup(ctx, blind)
	return slices.Compact(slices.Sorted(slices.Values(found))), err
}

// measure reads the shape of this installation, and puts every value that it keeps of its people into the set.
func (h *House) measure(ctx context.Context, blind *sandbox.Blind, only ...core.Organization) (*shape, error) {
	s := &shape{persons: map[core.ID]*personShape{}, skipped: map[string]int{}, canaries: len(only) > 0}
	orgs := only
	if len(orgs) == 0 {
		orgs = []core.Organization{{ID: core.Platform, Kind: "provider", Language: "fr"}}
	}
	for next := core.ID(""); len(only) == 0; {
		page, more, err := h.organizations.Orgs(ctx, next, 50)
		if err != nil {
			return nil, err
		}
		for _, o := range page {
			if o.Kind != "provider" {
				orgs = append(orgs, core.Organization{ID: o.ID, Name: o.Name, Kind: o.Kind, Language: o.Language})
			}
		}
		if next = more; next == "" {
			break
		}
	}
	err := h.gate.Read(db.Long(ctx), &core.Act{Def: &measureSandbox, Org: core.Platform}, func(tx core.Tx) error {
		for _, o := range orgs {
			blind.Add(o.Name)
			blind.Add(string(o.ID))
			one, err := h.measureOrg(ctx, tx, o, s)
			if err != nil {
				return err
			}
			s.orgs = append(s.orgs, one)
		}
		return h.tell(ctx, tx, slices.Collect(maps.Keys(s.persons)), func(person core.ID, table, column, value string) {
			if sandbox.Telling(column, value) {
				blind.Add(value)
			}
			switch p := s.persons[person]; {
			case column != "": // a value, not the beginning of a row
			case table == "identity_photo":
				p.picture = true
			case !filled[table]:
				s.skipped[table]++
			}
		})
	})
	if err != nil {
		return nil, err
	}
	forgetShared(blind)
	for i := range s.orgs {
		if s.orgs[i].acts, err = h.countActs(ctx, s.orgs[i].id); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// forgetShared takes out what every installation has: the names of its own organizations.
func forgetShared(blind *sandbox.Blind) {
	for _, id := range []core.ID{core.Platform, core.Canaries, core.Strangers} {
		blind.Drop(string(id))
	}
}

func (h *House) measureOrg(ctx context.Context, tx core.Tx, o core.Organization, s *shape) (orgShape, error) {
	one := orgShape{id: o.ID, kind: o.Kind, lang: o.Language}
	members, err := h.organizations.Members(ctx, tx, o.ID)
	if err != nil {
		return one, err
	}
	live, err := h.access.LiveIn(ctx, tx, o.ID)
	if err != nil {
		return one, err
	}
	idsOf := make([]core.ID, len(members))
	for i, m := range members {
		idsOf[i] = m.Person
	}
	people, err := h.identity.People(ctx, tx, idsOf...)
	if err != nil {
		return one, err
	}
	for _, m := range members {
		p := people[m.Person]
		if p.IsCanary() && !s.canaries {
			continue
		}
		if s.persons[m.Person] == nil {
			s.persons[m.Person] = &personShape{language: p.Language, phone: p.Phone != ""}
		}
		shape := memberShape{person: m.Person, state: m.State, function: m.Function, department: m.Department, group: m.Group, committee: m.Committee}
		for _, a := range live {
			if a.Person == m.Person && a.Object == "" && a.Service == "" {
				shape.roles = append(shape.roles, a.Role)
			}
		}
		one.members = append(one.members, shape)
	}
	return one, nil
}

// tell gives every text that the rooms keep about people, as it reads in clear.
func (h *House) tell(ctx context.Context, tx core.Tx, people []core.ID, say func(person core.ID, table, column, value string)) error {
	for _, person := range people {
		say(person, "identity_person", "name", string(person))
		for _, m := range h.modules {
			if m == core.Module(h.journal) {
				continue // what it seals of persons are their addresses and browsers, and the fields that other rooms keep
			}
			err := m.ExportPerson(ctx, tx, person, func(r core.Record) error {
				say(person, r.Table, "", "")
				for column, value := range r.Values {
					switch v := value.(type) {
					case string:
						say(person, r.Table, column, v)
					case core.ID:
						say(person, r.Table, column, string(v))
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", m.Manifest().Module, err)
			}
		}
	}
	return nil
}

// countActs counts the entries of a log by act.
func (h *House) countActs(ctx context.Context, org core.ID) (map[core.Permission]int64, error) {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(h.ExportJournal(ctx, org, "jsonl", "shape of a test environment, without any content", w))
	}()
	defer r.Close()
	counts := map[core.Permission]int64{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var l verify.Line
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Entry != nil {
			counts[core.Permission(l.Entry.Action)]++
		}
	}
	return counts, lines.Err()
}

// imitate fills this installation with the shape of another.
func (h *House) imitate(ctx context.Context, s *shape, namer *sandbox.Namer, made *Sandbox) error {
	admin := namer.Person("fr", false)
	policy := core.Policy{}
	err := h.db.Read(ctx, func(tx core.Tx) (err error) { policy, err = h.settings.For(ctx, tx, core.Platform); return err })
	if err != nil {
		return err
	}
	made.Admin, made.Password = admin.Email, password.Generate(policy.Password).Plain
	err = h.CreateAdmin(ctx, Founder{Organization: namer.Word("Plateforme", 1), Email: admin.Email, GivenName: admin.GivenName, FamilyName: admin.FamilyName, Language: "fr", Password: made.Password})
	if err != nil {
		return err
	}
	hash, err := h.identity.FirstHash(ctx, made.Password)
	if err != nil {
		return err
	}
	if err := h.invent(ctx, s, namer, hash); err != nil {
		return err
	}
	made.People = len(s.persons)
	for i := range s.orgs {
		if err := h.settleOrg(ctx, s, &s.orgs[i], i, namer); err != nil {
			return err
		}
		made.Members += len(s.orgs[i].members)
		if s.orgs[i].kind != "provider" {
			made.Orgs++
		}
	}
	for _, p := range s.persons {
		if !p.picture {
			continue
		}
		if err := h.identity.ChangePhoto(core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: p.made, AAL: 2, AuthenticatedAt: h.cfg.Clock.Now()}), p.made, drawn()); err != nil {
			return err
		}
		made.Pictures++
	}
	for i := range s.orgs {
		n, err := h.relive(ctx, &s.orgs[i])
		if err != nil {
			return err
		}
		made.Entries += n
	}
	return h.journal.Settle(ctx)
}

// invent makes the people, fifty in a transaction.
func (h *House) invent(ctx context.Context, s *shape, namer *sandbox.Namer, hash string) error {
	for batch := range slices.Chunk(slices.Collect(maps.Values(s.persons)), 50) {
		keys := make([]core.ID, len(batch))
		for i, p := range batch {
			p.made = ids.New()
			keys[i] = p.made
		}
		if err := h.vault.MakeKeys(ctx, keys...); err != nil {
			return err
		}
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: core.Platform}, func(tx core.Tx) error {
			for _, p := range batch {
				who := namer.Person(p.language, p.phone)
				_, err := h.identity.AddPerson(ctx, tx, core.NewPerson{ID: p.made, GivenName: who.GivenName, FamilyName: who.FamilyName, Email: who.Email, Phone: who.Phone, Language: who.Language})
				if err != nil {
					return err
				}
				if err := h.identity.KeepPassword(ctx, tx, p.made, hash); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settleOrg makes an organization with as many members, in as many functions and roles.
func (h *House) settleOrg(ctx context.Context, s *shape, o *orgShape, number int, namer *sandbox.Namer) error {
	if o.made = core.Platform; o.kind != "provider" {
		o.made = ids.New()
		if err := h.vault.MakeKeys(ctx, o.made); err != nil {
			return err
		}
	}
	words := map[string]string{}
	word := func(kind, value string) string {
		if value == "" {
			return ""
		}
		key := kind + "\x00" + value
		if words[key] == "" {
			words[key] = namer.Word(kind, len(words)+1)
		}
		return words[key]
	}
	if o.made != core.Platform {
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: core.Platform, Resource: o.made}, func(tx core.Tx) error {
			_, err := h.organizations.AddOrg(ctx, tx, core.Organization{ID: o.made, Name: namer.Word("Organisation", number), Kind: "client", Language: o.lang, TimeZone: "Europe/Paris"})
			return err
		})
		if err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(o.members, 50) {
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: o.made, Resource: o.made}, func(tx core.Tx) error {
			for _, m := range batch {
				who := s.persons[m.person].made
				if _, err := h.organizations.AddMember(ctx, tx, core.Membership{
					Org: o.made, Person: who, State: m.state, Function: word("Fonction", m.function), Department: word("Service", m.department),
					Group: word("Groupe", m.group), Committee: word("Commission", m.committee),
				}); err != nil {
					return err
				}
				for _, role := range m.roles {
					if info, err := h.access.Role(ctx, tx, o.made, role); err != nil || info.ID == "" {
						continue // a role of their own: the sandbox has the built-in ones
					}
					if _, err := h.access.Assign(ctx, tx, core.Assignment{Org: o.made, Person: who, Role: role, Reason: namer.Word("Essai", 1)}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// relive writes as many entries of each act as the source has, about nothing.
func (h *House) relive(ctx context.Context, o *orgShape) (total int64, err error) {
	known := map[core.Permission]*core.ActDef{}
	for _, m := range h.Manifests() {
		for _, a := range m.Acts {
			if !a.Quiet {
				known[a.Permission] = a
			}
		}
	}
	for action, count := range o.acts {
		def := known[action]
		if def == nil {
			continue
		}
		total += count
		for count > 0 {
			n := min(count, 200)
			first := &core.Act{Def: def, Org: o.made, Resource: ids.New()}
			for range n - 1 {
				first.Also = append(first.Also, &core.Act{Def: def, Org: o.made, Resource: ids.New()})
			}
			if err := h.gate.Change(ctx, first, func(core.Tx) error { return nil }); err != nil {
				return total, err
			}
			count -= n
		}
	}
	return total, nil
}

// drawn is the picture of nobody: two colours.
func drawn() []byte {
	m := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for x := range 96 {
		for y := range 96 {
			m.Set(x, y, color.RGBA{uint8(80 + x), uint8(90 + y), 160, 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // a buffer takes everything
	return b.Bytes()
}

var (
	qTextsSQLite   = db.SQLOn(db.SQLite, `SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.type = 'table' AND upper(c.type) = 'TEXT' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
	sandboxTable   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	errReal        = errors.New("sandbox: values of the source stand in it")
	errNotInFolder = errors.New("a sandbox is a folder of SQLite files")
)

// lookup looks up, in the set, everything that this installation says: what its rooms keep of people, in clear, and each text of
// each table. It tells in which columns something was found.
func (h *House) lookup(ctx context.Context, blind *sandbox.Blind) (looked int, found []string, err error) {
	if h.db.Engine() != db.SQLite {
		return 0, nil, errNotInFolder
	}
	seen := func(place, column, value string) {
		if !sandbox.Telling(column, value) {
			return
		}
		looked++
		if blind.Has(value) {
			found = append(found, place+"."+column)
		}
	}
	err = h.gate.Read(db.Long(ctx), &core.Act{Def: &measureSandbox, Org: core.Platform}, func(tx core.Tx) error {
		looked, found = 0, nil
		people, err := h.identity.Everyone(ctx, tx)
		if err != nil {
			return err
		}
		if err := h.tell(ctx, tx, people, func(_ core.ID, table, column, value string) { seen(table, column, value) }); err != nil {
			return err
		}
		columns, err := db.All(ctx, tx, qTextsSQLite, func(scan db.Scan) (c [2]string, err error) { err = scan(&c[0], &c[1]); return c, err })
		if err != nil {
			return err
		}
		for _, c := range columns {
			if !sandboxTable.MatchString(c[0]) || !sandboxTable.MatchString(c[1]) || strings.HasPrefix(c[0], "goose_") || strings.HasPrefix(c[0], "ground_") {
				continue
			}
			q := db.SQLOn(db.SQLite, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL", c[1], c[0], c[1]))
			values, err := db.All(ctx, tx, q, db.Value[string])
			if err != nil {
				return err
			}
			for _, v := range values {
				seen(c[0], c[1], v)
			}
		}
		return nil
	})
	return looked, found, err
}
