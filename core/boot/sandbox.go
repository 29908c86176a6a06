package boot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/archive"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/core/internal/sandbox"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
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
	Rows        int    // of requests, documents, questions, their answers, the register
	Left        []string
}

// filled are the tables that a sandbox fills.
var filled = map[string]bool{
	"identity_person": true, "identity_account": true, "identity_password": true, "identity_photo": true, "organization_member": true, "access_assignment": true,
	"terms_acceptance": true, "consent_record": true, "consent_share": true, "consent_copy": true, "register_version": true,
	"rights_request": true, "rights_step": true, "rights_letter": true, "rights_document": true,
	"attestation_attestation": true, "attestation_file": true, "inventory_item": true, "inventory_version": true, "archive_archive": true,
	"incident_incident": true, "incident_step": true, "incident_task": true, "incident_hand": true, "incident_evidence": true,
	"settings_value": true, "control_publication": true, "control_pin": true, "control_told": true,
	"recognition_subscription": true, "recognition_link": true, "recognition_line": true, "recognition_phone": true,
}

// shape is what an installation holds, in numbers; it lives in memory only and names nobody.
type shape struct {
	orgs        []orgShape
	persons     map[core.ID]*personShape
	policies    []control.Likeness
	inventory   []inventory.Likeness
	attestation []attestation.Likeness
	incidents   []incident.Likeness
	archives    []archive.Likeness
	bytes       int64          // that the files of all rooms take
	skipped     map[string]int // tables that the sandbox does not fill, with their rows

	canaries bool // those of a probe count
}

type orgShape struct {
	id      core.ID
	made    core.ID // in the sandbox
	kind    string
	lang    string
	members []memberShape
	rooms   likeness
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
//
// Its files take most bytes at most: when those of this installation take more, all of them are made smaller in proportion.
func (h *House) MakeSandbox(ctx context.Context, folder string, most int64) (Sandbox, error) {
	return h.makeSandbox(ctx, folder, most)
}

// makeSandbox takes the shape of these organizations alone, of all clients and the provider when none is given.
func (h *House) makeSandbox(ctx context.Context, folder string, most int64, only ...core.Organization) (made Sandbox, err error) {
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
	for i := range s.orgs { // a comparison needs no entries, and does not export them
		if s.orgs[i].acts, err = h.countActs(ctx, s.orgs[i].id); err != nil {
			return made, fmt.Errorf("sandbox: measure: %w", err)
		}
	}
	other, err := h.another(ctx, folder)
	if err != nil {
		return made, fmt.Errorf("sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	made.Of = s.bytes
	if err := other.imitate(ctx, s, sandbox.NewNamer(blind), sandbox.NewRoom(most, s.bytes), &made); err != nil {
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
	other, err := h.another(ctx, folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	_, found, err = other.lookup(ctx, blind)
	return slices.Compact(slices.Sorted(slices.Values(found))), err
}

// another opens an installation in a folder.
func (h *House) another(ctx context.Context, folder string) (*House, error) {
	return New(ctx, Config{Services: h.cfg.Services, Data: folder, Origin: "http://localhost:8080", Version: h.cfg.Version, Log: h.cfg.Log, Clock: h.cfg.Clock})
}

// forgetBare takes out what an installation says where names stand that has nobody but its founder: what the program calls its roles,
// its tasks and the function of who founds it.
func (h *House) forgetBare(ctx context.Context, blind *sandbox.Blind) (err error) {
	folder, err := os.MkdirTemp("", "rempart-sandbox-bare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	other, err := h.another(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	if _, _, err := other.found(ctx, sandbox.NewNamer(blind)); err != nil {
		return err
	}
	return other.said(ctx, func() {}, func(_, column, value string) {
		if sandbox.Named(column) {
			blind.Drop(value)
		}
	})
}

// measure reads the shape of this installation, and puts every value that it keeps of its people into the set.
func (h *House) measure(ctx context.Context, blind *sandbox.Blind, only ...core.Organization) (*shape, error) {
	s := &shape{canaries: len(only) > 0}
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
	say := func(_, column, value string) {
		if sandbox.Telling(column, value) {
			blind.Add(value)
		}
	}
	err := h.gate.Read(db.Long(ctx), &core.Act{Def: &measureSandbox, Org: core.Platform}, func(tx core.Tx) (err error) {
		*s = shape{persons: map[core.ID]*personShape{}, skipped: map[string]int{}, canaries: s.canaries} // a read may be tried again
		if len(only) == 0 {
			if err := h.measureHouse(ctx, tx, s, say); err != nil {
				return err
			}
		}
		for _, o := range orgs {
			blind.Add(o.Name)
			blind.Add(string(o.ID))
			one, err := h.measureOrg(ctx, tx, o, s)
			if err != nil {
				return err
			}
			if one.rooms, err = h.likenesses(ctx, tx, o.ID, say); err != nil {
				return err
			}
			for _, r := range one.rooms.requests {
				for _, d := range r.Files {
					s.weigh([]personal.FileLike{d.FileLike})
				}
			}
			s.orgs = append(s.orgs, one)
		}
		return h.tell(ctx, tx, slices.Collect(maps.Keys(s.persons)), func(person core.ID, table, column, value string) {
			say(table, column, value)
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
	s.forgetShared(blind)
	if err := h.forgetBare(ctx, blind); err != nil {
		return nil, err
	}
	return s, nil
}

// measureHouse reads the shape of what belongs to no organization.
func (h *House) measureHouse(ctx context.Context, tx core.Tx, s *shape, say func(table, column, value string)) (err error) {
	in := func(table string) func(column, value string) {
		return func(column, value string) { say(table, column, value) }
	}
	if s.policies, err = h.control.Likenesses(ctx, tx, h.commonWord(ctx, tx), in("control_publication")); err != nil {
		return err
	}
	if s.inventory, err = h.inventory.Likenesses(ctx, tx, in("inventory_item")); err != nil {
		return err
	}
	if s.attestation, err = h.attestation.Likenesses(ctx, tx, in("attestation_attestation")); err != nil {
		return err
	}
	if s.incidents, err = h.incident.Likenesses(ctx, tx, in("incident_incident")); err != nil {
		return err
	}
	if s.archives, err = h.archive.Likenesses(ctx, tx); err != nil {
		return err
	}
	for i := range s.inventory {
		s.weigh(s.inventory[i].Files())
	}
	for i := range s.attestation {
		s.weigh(s.attestation[i].Files())
	}
	for i := range s.incidents {
		s.weigh(s.incidents[i].Files())
	}
	return nil
}

func (s *shape) weigh(files []personal.FileLike) {
	for _, f := range files {
		s.bytes += int64(f.Size)
	}
}

// forgetShared takes out what every installation has: the names of its own organizations, policies that ship, the words that begin an
// attestation, what is copied of settings.
func (s *shape) forgetShared(blind *sandbox.Blind) {
	for _, id := range []core.ID{core.Platform, core.Canaries, core.Strangers} {
		blind.Drop(string(id))
	}
	for _, k := range attestation.Kinds() {
		blind.Drop(k.Statement.FR)
		blind.Drop(k.Statement.EN)
	}
	for i := range s.policies {
		for _, value := range s.policies[i].Public() {
			blind.Drop(value)
		}
	}
	for i := range s.orgs {
		for _, value := range s.orgs[i].rooms.settings {
			blind.Drop(value)
		}
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
