package recognition

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/lapse"
	"github.com/rempart/rempart/kit/pack"
)

// State is what a workstation says of one of its protections. What it cannot tell is unknown, and never counts as good.
type State string

// The states.
const (
	Good    State = "good"
	Bad     State = "bad"
	Unknown State = "unknown"
)

// The protections of a workstation, in the order of pages (USR-2.6).
const (
	CheckDisk     = "disk"     // its disk is encrypted
	CheckFirewall = "firewall" // a firewall is in service
	CheckUpdates  = "updates"  // no security update waits
	CheckScreen   = "screen"   // the screen locks by itself
)

// Checks lists them.
var Checks = []string{CheckDisk, CheckFirewall, CheckUpdates, CheckScreen}

// silent is after how long without a report nothing is known of a workstation any more.
const silent = 7 * 24 * time.Hour

// Posture is what an agent reports of its workstation.
type Posture struct {
	Device core.ID // chosen by the agent at its first start
	Name   string  // of the machine
	System string  // "Debian 12", "Windows 11"
	States map[string]State
}

// Device is a workstation as it was last described.
type Device struct {
	ID      core.ID
	Org     core.ID
	Person  core.ID
	Name    string
	System  string
	FirstAt time.Time
	SeenAt  time.Time
	states  [4]State
	since   [4]time.Time
	sealed  []byte
}

// Silent tells whether it has not reported for a week.
func (d *Device) Silent(now time.Time) bool { return now.Sub(d.SeenAt) > silent }

// State tells what is known of a protection now and since when. Nothing is known of a workstation that does not report any more.
func (d *Device) State(check string, now time.Time) (State, time.Time) {
	i := slices.Index(Checks, check)
	if i < 0 || d.Silent(now) {
		return Unknown, d.SeenAt
	}
	return d.states[i], d.since[i]
}

// Red tells whether a protection is known to be off.
func (d *Device) Red(now time.Time) bool {
	return slices.ContainsFunc(Checks, func(c string) bool { s, _ := d.State(c, now); return s == Bad })
}

// Blank tells whether something is unknown.
func (d *Device) Blank(now time.Time) bool {
	return slices.ContainsFunc(Checks, func(c string) bool { s, _ := d.State(c, now); return s == Unknown })
}

const onDevice = "workstation"

func deviceAct(p core.Permission, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: onDevice, Verb: verb, Purpose: core.PurposeSecurity, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

// The acts on workstations.
var (
	ReportDevice = ownAct(deviceAct("workstation.report", core.Updates, "Dire l'état de son poste de travail", "Tell the state of one's workstation"))
	ListDevices  = deviceAct("workstation.list", core.Reads, "Voir l'état des postes de travail", "See the state of workstations", "admin", "security", "provider.admin", "provider.operator")
	OwnDevices   = ownAct(deviceAct("workstation.own", core.Reads, "Voir ses postes de travail", "See one's workstations"))
	ForgetDevice = ownAct(deviceAct("workstation.forget", core.Deletes, "Oublier un de ses postes de travail", "Forget one of one's workstations"))
)

var deviceActs = []*core.ActDef{ReportDevice, ListDevices, OwnDevices, ForgetDevice, lookAtDevice, MakeDeskCode, UseDeskCode}

var seeing = &core.Duty{Name: "workstation.seen", Why: "when a workstation last said that nothing has changed; each change is journaled"}

const ruleDevice = "workstation"

var deviceRules = []core.RetentionRule{{
	Name: ruleDevice, Title: core.Text{FR: "trois mois après le dernier signe du poste", EN: "three months after the workstation's last report"},
	From: core.Text{FR: "dernier signe du poste", EN: "last report of the workstation"}, Days: 90, Ground: core.LegitimateInterest,
}}

var (
	deviceOwned  = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: ruleDevice, OnErase: core.EraseRow}
	deviceSealed = core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: ruleDevice, Sealed: true, OnErase: core.EraseRow}
	codeOwned    = core.Column{Category: "security", Purpose: core.PurposeService, Basis: core.Contract, Retention: "24h", OnErase: core.EraseRow}
	codeSealed   = core.Column{Category: "security", Purpose: core.PurposeService, Basis: core.Contract, Retention: "24h", Secret: true, OnErase: core.EraseRow}
)

var deviceTables = []core.Table{
	{Name: "recognition_device", Title: core.Text{FR: "Postes de travail", EN: "Workstations"}, Columns: core.Columns(
		core.Plain("org", "id"),
		core.Personal(deviceOwned, "person", "disk", "disk_at", "firewall", "firewall_at", "updates", "updates_at", "screen", "screen_at", "first_at", "seen_at"),
		core.Personal(deviceSealed, "details"))},
	{Name: "recognition_desk_code", Title: core.Text{FR: "Codes d'installation d'un poste", EN: "Codes that install a workstation"}, Columns: core.Columns(
		core.Plain("org", "id", "until_at"), core.Personal(codeOwned, "person"), core.Personal(codeSealed, "hash", "token"))},
}

var deviceActivity = core.Activity{
	ID: "recognition.workstations", Title: core.Text{FR: "État des postes de travail", EN: "State of workstations"},
	About: core.Text{FR: "Voir quels postes de travail ne sont pas protégés comme promis", EN: "See which workstations are not protected as promised"},
	Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity, core.PurposeService},
	Persons:    []core.Text{{FR: "utilisateurs", EN: "users"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
	Recipients: []core.Text{{FR: "responsables de la sécurité de l'organisation", EN: "security people of the organization"}},
	Tables:     []string{"recognition_device", "recognition_desk_code"},
	Acts: []core.Permission{
		ReportDevice.Permission, ListDevices.Permission, OwnDevices.Permission, ForgetDevice.Permission, MakeDeskCode.Permission, UseDeskCode.Permission,
	},
}

var deviceLapses = lapse.Of(
	lapse.Line{Table: "recognition_device", Rule: ruleDevice, Key: []string{"org", "person", "id"}, Org: "org", Person: "person", Since: "seen_at"},
	lapse.Line{Table: "recognition_desk_code", Rule: "24h", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "until_at"},
)

var deviceEstates = []lapse.Estate{{Table: "recognition_device"}, {Table: "recognition_desk_code"}}

const deviceColumns = `org, person, id, details, disk, disk_at, firewall, firewall_at, updates, updates_at, screen, screen_at, first_at, seen_at`

var (
	qDevicesOf  = db.SQL(`SELECT ` + deviceColumns + ` FROM recognition_device WHERE org = $1 ORDER BY person, id LIMIT 5000`)
	qDevicesBy  = db.SQL(`SELECT ` + deviceColumns + ` FROM recognition_device WHERE person = $1 ORDER BY org, id`)
	qDeviceOne  = db.SQL(`SELECT ` + deviceColumns + ` FROM recognition_device WHERE org = $1 AND person = $2 AND id = $3`)
	qDeviceMany = db.SQL(`SELECT count(*) FROM recognition_device WHERE org = $1 AND person = $2`)
	qDevicePut  = db.SQL(`INSERT INTO recognition_device (` + deviceColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (org, person, id) DO UPDATE SET details = excluded.details, disk = excluded.disk, disk_at = excluded.disk_at, firewall = excluded.firewall,
		firewall_at = excluded.firewall_at, updates = excluded.updates, updates_at = excluded.updates_at, screen = excluded.screen, screen_at = excluded.screen_at, seen_at = excluded.seen_at`)
	qDeviceSeen  = db.SQL(`UPDATE recognition_device SET seen_at = $4 WHERE org = $1 AND person = $2 AND id = $3`)
	qDevicesMine = db.SQL(`SELECT ` + deviceColumns + ` FROM recognition_device WHERE org = $1 AND person = $2 ORDER BY id`)
	qDeviceDrop  = db.SQL(`DELETE FROM recognition_device WHERE org = $1 AND person = $2 AND id = $3`)
	qDevicesDrop = db.SQL(`DELETE FROM recognition_device WHERE person = $1`)
)

var (
	errPosture  = i18n.Fault(core.Invalid, "workstation.invalid", "Ce que le poste dit de lui-même ne peut pas être lu.", "What the workstation says of itself cannot be read.")
	errNoDevice = i18n.Fault(core.NotFound, "workstation.unknown", "Ce poste de travail n'existe pas.", "There is no such workstation.")
	errDevices  = i18n.Fault(core.Conflict, "workstation.too_many", "Cette personne a déjà 20 postes de travail : oubliez-en un d'abord.", "This person has 20 workstations already: forget one first.")
)

const mostDevices = 20

func (p *Posture) check() error {
	p.Name, p.System = tidyTo(p.Name, 80), tidyTo(p.System, 80)
	if !ids.Valid(string(p.Device)) || p.Name == "" {
		return errPosture
	}
	for check, state := range p.States {
		if !slices.Contains(Checks, check) || !slices.Contains([]State{Good, Bad, Unknown}, state) {
			return errPosture
		}
	}
	return nil
}

// ReportPosture takes what an agent says of the actor's own workstation. A change is an act; to say again what is known is not.
func (m *Module) ReportPosture(ctx context.Context, org core.ID, p Posture) error {
	if err := p.check(); err != nil {
		return err
	}
	me, now := core.ActorOf(ctx).ID, m.now()
	was, known, err := m.device(ctx, org, me, p.Device)
	if err != nil {
		return err
	}
	is := Device{ID: p.Device, Org: org, Person: me, Name: p.Name, System: p.System, FirstAt: now, SeenAt: now}
	act := &core.Act{Def: ReportDevice, Org: org, Resource: p.Device, Subject: me}
	changed := !known || was.Name != is.Name || was.System != is.System
	if known {
		is.FirstAt = was.FirstAt
	}
	for i, check := range Checks {
		is.states[i], is.since[i] = p.States[check], now
		if is.states[i] == "" {
			is.states[i] = Unknown
		}
		if known && was.states[i] == is.states[i] {
			is.since[i] = was.since[i]
			continue
		}
		changed = true
		act.Changed(check, string(was.states[i]), string(is.states[i]))
	}
	if !changed {
		return m.needs.Gate.Keep(ctx, seeing, func(tx core.Tx) error {
			_, err := tx.Exec(ctx, qDeviceSeen, org, me, p.Device, clock.Micros(now))
			return err
		})
	}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error { return m.putDevice(ctx, tx, &is, known) })
}

// device gives one of the actor's own, by the act of seeing one's own: a stranger to the organization gets no further.
func (m *Module) device(ctx context.Context, org, me, id core.ID) (d Device, known bool, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: lookAtDevice, Org: org, Subject: me}, func(tx core.Tx) error {
		if d, known, err = db.One(ctx, tx, qDeviceOne, scanDevice, org, me, id); err != nil || !known {
			return err
		}
		return m.openDevice(ctx, &d)
	})
	return d, known, err
}

// lookAtDevice is the quiet look before a report: nothing is shown to anybody.
var lookAtDevice = func() *core.ActDef { d := *ReportDevice; d.Quiet, d.Verb = true, core.Reads; return &d }()

func placeDevice(d *Device) string {
	return pack.Place("recognition_device.details", d.Org, d.Person, d.ID)
}

func (m *Module) putDevice(ctx context.Context, tx core.Tx, d *Device, known bool) error {
	if !known {
		n, _, err := db.One(ctx, tx, qDeviceMany, db.Value[int], d.Org, d.Person)
		if err != nil {
			return err
		}
		if n >= mostDevices {
			return errDevices
		}
	}
	sealed, err := m.needs.Sealer.Seal(ctx, d.Person, placeDevice(d), pack.Texts(d.Name, d.System))
	if err != nil {
		return err
	}
	args := []any{d.Org, d.Person, d.ID, sealed}
	for i := range Checks {
		args = append(args, string(d.states[i]), clock.Micros(d.since[i]))
	}
	_, err = tx.Exec(ctx, qDevicePut, append(args, clock.Micros(d.FirstAt), clock.Micros(d.SeenAt))...)
	return err
}

func scanDevice(scan db.Scan) (d Device, err error) {
	var at [4]int64
	var first, seen int64
	into := []any{&d.Org, &d.Person, &d.ID, &d.sealed}
	for i := range Checks {
		into = append(into, &d.states[i], &at[i])
	}
	err = scan(append(into, &first, &seen)...)
	for i := range at {
		d.since[i] = clock.FromMicros(at[i])
	}
	d.FirstAt, d.SeenAt = clock.FromMicros(first), clock.FromMicros(seen)
	return d, err
}

func (m *Module) openDevice(ctx context.Context, d *Device) error {
	plain, err := m.needs.Sealer.Open(ctx, d.Person, placeDevice(d), d.sealed)
	if core.KindOf(err) == core.Gone {
		return nil
	}
	if err != nil {
		return err
	}
	return pack.Read(plain, &d.Name, &d.System)
}

// DeviceList is the workstations of an organization, worst first, with the names of whose they are.
type DeviceList struct {
	Devices []Device
	Names   map[core.ID]string
}

// Devices gives the workstations of an organization to its security people.
func (m *Module) Devices(ctx context.Context, org core.ID) (l DeviceList, err error) {
	act := &core.Act{Def: ListDevices, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if l.Devices, err = m.devices(ctx, tx, qDevicesOf, org); err != nil {
			return err
		}
		for i := range l.Devices {
			act.Subjects = append(act.Subjects, l.Devices[i].Person)
		}
		act.Subjects = once(act.Subjects)
		l.Names, err = m.namesOf(ctx, tx, act.Subjects)
		return err
	})
	now := m.now()
	weight := func(d *Device) int {
		switch {
		case d.Red(now):
			return 0
		case d.Blank(now):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(l.Devices, func(a, b Device) int { return weight(&a) - weight(&b) })
	return l, err
}

func (m *Module) devices(ctx context.Context, tx core.Tx, q string, args ...any) ([]Device, error) {
	list, err := db.All(ctx, tx, q, scanDevice, args...)
	for i := range list {
		if err == nil {
			err = m.openDevice(ctx, &list[i])
		}
	}
	return list, err
}

// MyDevices gives the actor's own.
func (m *Module) MyDevices(ctx context.Context, org core.ID) (list []Device, err error) {
	me := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: OwnDevices, Org: org, Subject: me}, func(tx core.Tx) error {
		list, err = m.devices(ctx, tx, qDevicesMine, org, me)
		return err
	})
	return list, err
}

// ForgetDevice drops one of the actor's own workstations; one that still reports comes back.
func (m *Module) ForgetDevice(ctx context.Context, org, id core.ID) error {
	me := core.ActorOf(ctx).ID
	return m.needs.Gate.Change(ctx, &core.Act{Def: ForgetDevice, Org: org, Subject: me, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qDeviceDrop, org, me, id)
		if err == nil && n == 0 {
			err = errNoDevice
		}
		return err
	})
}

// Origin is the address of the platform, as a workstation types it.
func (m *Module) Origin() string { return m.needs.Origin }
