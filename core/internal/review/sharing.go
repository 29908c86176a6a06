package review

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// What is known without asking anybody: which sessions of one account are used within minutes of one another, from which
// network and on what sort of device. Two networks at once are no proof: a telephone on its own network beside a computer
// is everyone's day, so that such pairs alone never raise a flag. Two computers on two networks, again and again, do.
const (
	together   = 3 * time.Minute     // two sessions used within it are used at once
	lookBack   = 7 * 24 * time.Hour  // overlaps that count
	markLife   = 90 * 24 * time.Hour // how long marks are kept
	flagAt     = 60                  // points that raise a flag
	settledFor = 30 * 24 * time.Hour // after somebody settled a flag, what came before is not held against them again
	farApart   = 500.0               // kilometres
)

// Sorts of pairs.
const (
	pairComputers = "computers" // two computers
	pairPhone     = "phone"     // a telephone or tablet, and something else
)

// What a flag became.
const (
	FlagOpen      = "open"
	FlagExplained = "explained" // the person said why
	FlagMine      = "mine"      // settled: one person
	FlagShared    = "shared"    // settled: it was shared
)

// Seat is one live session of somebody who has several.
type Seat struct {
	Person, Session, Device  core.ID
	Browser, System, Address string
	Used                     time.Time
}

// Spot is where an address is, as a GeoIP file says.
type Spot struct {
	Latitude, Longitude float64
	Place               string // "FR", "Lyon, FR"
}

func (s Seat) phone() bool {
	return s.System == "Android" || s.System == "iOS" || s.System == "iPadOS"
}

// network is what two people of one place share: the /16 of an IPv4 address, the /32 of an IPv6 one; the inside of an
// organization is one place, however it is numbered. "" when unknown.
func (s Seat) network() string {
	a, err := netip.ParseAddr(s.Address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return "private"
	}
	bits := 32
	if a.Is4() {
		bits = 16
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

func (s Seat) what() string { return s.Browser + "/" + s.System }

// Pair is what two sessions used at once show.
type Pair struct {
	NetworkA string  `json:"a"`
	NetworkB string  `json:"b"`
	DeviceA  string  `json:"da"` // "Firefox/Linux"
	DeviceB  string  `json:"db"`
	PlaceA   string  `json:"pa,omitempty"`
	PlaceB   string  `json:"pb,omitempty"`
	Distance float64 `json:"km,omitempty"` // when a GeoIP file is configured
}

// Overlap is one time when an account was used in two places at once.
type Overlap struct {
	ID, Person core.ID
	At         time.Time
	Kind       string
	Far        bool
	Pair       Pair
	sealed     []byte
}

var (
	qOverlap  = db.SQL(`INSERT INTO review_overlap (id, person, at, kind, far, sealed) VALUES ($1, $2, $3, $4, $5, $6)`)
	qOverlaps = db.SQL(`SELECT id, person, at, kind, far, sealed FROM review_overlap WHERE person = $1 AND at > $2 ORDER BY at DESC LIMIT 500`)

	flagColumns = `id, person, state, score, seen, first_at, last_at, judged_by, judged_at, word`
	qFlag       = db.SQL(`SELECT ` + flagColumns + ` FROM review_sharing WHERE id = $1`)
	qFlagsOf    = db.SQL(`SELECT ` + flagColumns + ` FROM review_sharing WHERE person = $1 ORDER BY id DESC LIMIT 20`)
	qLiveFlags  = db.SQL(`SELECT ` + flagColumns + ` FROM review_sharing WHERE state IN ('open', 'explained') OR judged_at > $1 ORDER BY score DESC, id LIMIT 2000`)
	qAddFlag    = db.SQL(`INSERT INTO review_sharing (id, person, state, score, seen, first_at, last_at, judged_by, judged_at, word) VALUES ($1, $2, 'open', $3, $4, $5, $6, '', 0, '')`)
	qGrowFlag   = db.SQL(`UPDATE review_sharing SET score = $2, seen = $3, last_at = $4 WHERE id = $1 AND state IN ('open', 'explained')`)
	qJudgeFlag  = db.SQL(`UPDATE review_sharing SET state = $2, judged_by = $3, judged_at = $4, word = $5 WHERE id = $1 AND state IN ('open', 'explained')`)
)

func scanOverlap(scan db.Scan) (o Overlap, err error) {
	var at, far int64
	err = scan(&o.ID, &o.Person, &at, &o.Kind, &far, &o.sealed)
	o.At, o.Far = clock.FromMicros(at), far == 1
	return o, err
}

// pairs finds the sessions of one person that are used at once from different networks and different devices.
func (m *Module) pairs(seats []Seat) []Overlap {
	var out []Overlap
	for i, a := range seats {
		for _, b := range seats[i+1:] {
			na, nb := a.network(), b.network()
			gap := a.Used.Sub(b.Used).Abs()
			sameDevice := a.Device != "" && a.Device == b.Device
			if na == "" || nb == "" || na == nb || sameDevice || gap > together {
				continue
			}
			o := Overlap{Person: a.Person, Kind: pairComputers, Pair: Pair{NetworkA: na, NetworkB: nb, DeviceA: a.what(), DeviceB: b.what()}}
			if a.phone() || b.phone() {
				o.Kind = pairPhone
			}
			m.measure(&o, a.Address, b.Address)
			out = append(out, o)
		}
	}
	return out
}

// measure adds the distance where a GeoIP file knows both places.
func (m *Module) measure(o *Overlap, a, b string) {
	if m.needs.Place == nil {
		return
	}
	from, okA := m.needs.Place(a)
	to, okB := m.needs.Place(b)
	if !okA || !okB {
		return
	}
	o.Pair.PlaceA, o.Pair.PlaceB = from.Place, to.Place
	o.Pair.Distance = math.Round(from.distance(to))
	o.Far = o.Pair.Distance >= farApart
}

// distance is that of the great circle, in kilometres.
func (s Spot) distance(t Spot) float64 {
	const radius, rad = 6371.0, math.Pi / 180
	a := math.Pow(math.Sin((t.Latitude-s.Latitude)*rad/2), 2) +
		math.Cos(s.Latitude*rad)*math.Cos(t.Latitude*rad)*math.Pow(math.Sin((t.Longitude-s.Longitude)*rad/2), 2)
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(a)))
}

// Reason is one line of how a score came about: Kind names the sentence, Times how often, Points what it adds.
type Reason struct {
	Kind          string // "computers", "phone", "networks", "far"
	Times, Points int
}

// weigh gives the points of overlaps, and why. Moments are counted, not pairs. Those with a telephone give 40 points at
// most and never reach the flag alone.
func weigh(all []Overlap) (score int, why []Reason) {
	computers, phones, far := map[time.Time]bool{}, map[time.Time]bool{}, map[time.Time]bool{}
	networks := map[string]bool{}
	for _, o := range all {
		if o.Far {
			far[o.At] = true
		}
		if o.Kind == pairPhone {
			phones[o.At] = true
			continue
		}
		computers[o.At] = true
		networks[o.Pair.NetworkA], networks[o.Pair.NetworkB] = true, true
	}
	add := func(kind string, times, points int) {
		if times > 0 && points > 0 {
			why, score = append(why, Reason{kind, times, points}), score+points
		}
	}
	add(pairComputers, len(computers), min(len(computers)*15, 90))
	add(pairPhone, len(phones), min(len(phones)*2, 40))
	if n := len(networks); n > 2 {
		add("networks", n, min((n-2)*10, 20))
	}
	add("far", len(far), min(len(far)*20, 60))
	return min(score, 100), why
}

// moments tells at how many moments overlaps were seen.
func moments(all []Overlap) int {
	at := map[time.Time]bool{}
	for _, o := range all {
		at[o.At] = true
	}
	return len(at)
}

// Watch looks at who uses several sessions right now, notes the overlaps and raises the flags. A job runs it every two
// minutes; what happened while nothing ran is not known.
func (m *Module) Watch(ctx context.Context) error { return m.watch(ctx, "") }

// watch looks at one person, or at everybody.
func (m *Module) watch(ctx context.Context, only core.ID) error {
	var seats []Seat
	now := m.now()
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		seats, err = m.needs.Seats(ctx, tx, now.Add(-together))
		return err
	})
	if err != nil {
		return err
	}
	byPerson := map[core.ID][]Seat{}
	for _, s := range seats {
		byPerson[s.Person] = append(byPerson[s.Person], s)
	}
	for person, list := range byPerson {
		if only != "" && person != only {
			continue
		}
		if found := m.pairs(list); len(found) > 0 {
			err = errors.Join(err, m.note(ctx, person, found[:min(len(found), 10)], now))
		}
	}
	return err
}

// note keeps what was seen of one person, and flags when it is enough.
func (m *Module) note(ctx context.Context, person core.ID, found []Overlap, now time.Time) error {
	var score int
	var flag Flag
	var flagged bool
	err := m.needs.Gate.Keep(ctx, Watching, func(tx core.Tx) error {
		for _, o := range found {
			plain, err := json.Marshal(o.Pair)
			if err != nil {
				return err
			}
			id := ids.At(now)
			sealed, err := m.needs.Sealer.Seal(ctx, person, overlapPlace, plain)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qOverlap, id, person, clock.Micros(now), o.Kind, db.Flag(o.Far), sealed); err != nil {
				return err
			}
		}
		flags, err := m.keptFlags(ctx, tx, qFlagsOf, person)
		if err != nil {
			return err
		}
		all, err := m.overlaps(ctx, tx, person, since(flags, now))
		if err != nil {
			return err
		}
		score, _ = weigh(all)
		if len(flags) > 0 && flags[0].Open() {
			flag, flagged = flags[0], true
			_, err = tx.Exec(ctx, qGrowFlag, flag.ID, max(score, flag.Score), moments(all), clock.Micros(now))
		}
		flag.Seen = moments(all)
		if len(all) > 0 {
			flag.First = all[len(all)-1].At
		}
		return err
	})
	if err != nil || flagged || score < flagAt {
		return err
	}
	return m.flag(ctx, person, score, flag.Seen, flag.First, now)
}

const overlapPlace = "review_overlap.sealed"

// since is from when overlaps count: a week back, and after the last time that somebody settled the matter.
func since(flags []Flag, now time.Time) time.Time {
	from := now.Add(-lookBack)
	for _, f := range flags {
		if f.JudgedAt.After(from) {
			from = f.JudgedAt
		}
	}
	return from
}

func (m *Module) overlaps(ctx context.Context, tx core.Tx, person core.ID, from time.Time) ([]Overlap, error) {
	all, err := db.All(ctx, tx, qOverlaps, scanOverlap, person, clock.Micros(from))
	if err != nil {
		return nil, err
	}
	for i := range all {
		plain, err := m.needs.Sealer.Open(ctx, person, overlapPlace, all[i].sealed)
		if core.KindOf(err) == core.Gone {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &all[i].Pair); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// flag raises a flag: an entry on the platform and in each organization of the person, a mail to the person with the
// "this wasn't me" link, a mail to those who watch over each organization.
func (m *Module) flag(ctx context.Context, person core.ID, score, seen int, first, now time.Time) error {
	act := &core.Act{Def: FlagSharing, Org: core.Platform, Resource: ids.New(), Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qAddFlag, act.Resource, person, score, seen, clock.Micros(first), clock.Micros(now))
		if err != nil {
			return err
		}
		memberships, err := m.needs.Members.Memberships(ctx, tx, person)
		if err != nil {
			return err
		}
		for _, ms := range memberships {
			if ms.State != "active" {
				continue
			}
			if ms.Org != core.Platform {
				act.Also = append(act.Also, &core.Act{Def: FlagSharing, Org: ms.Org, Resource: act.Resource, Subject: person})
			}
			to, err := m.needs.Rights.Holders(ctx, tx, ms.Org, "security")
			if err != nil {
				return err
			}
			if len(to) == 0 {
				if to, err = m.needs.Rights.Holders(ctx, tx, ms.Org, adminRole(ms.Org)); err != nil {
					return err
				}
			}
			if err := m.writeAll(ctx, tx, ms.Org, without(to, person), mailSharingOrg); err != nil {
				return err
			}
		}
		return m.needs.People.Alert(ctx, tx, person, mailSharing.kind, mailSharing.subject, mailSharing.body, string(act.Resource))
	})
}

func without(list []core.ID, one core.ID) []core.ID {
	out := make([]core.ID, 0, len(list))
	for _, id := range list {
		if id != one {
			out = append(out, id)
		}
	}
	return out
}

var (
	errNoFlag  = i18n.Fault(core.NotFound, "sharing.absent", "Ce signalement n'existe pas, ou n'est pas à vous.", "There is no such flag, or it is not yours.")
	errFlagEnd = i18n.Fault(core.Conflict, "sharing.settled", "Ce signalement est déjà réglé.", "This flag is already settled.")
	errFlagAs  = i18n.Fault(core.Invalid, "sharing.state", "Dites si le compte était partagé ou non.", "Say whether the account was shared or not.")
	errOwnFlag = i18n.Fault(core.Forbidden, "sharing.own_flag", "Personne ne règle le signalement de son propre compte : expliquez-le dans « Ma sécurité ».", "Nobody settles the flag of their own account: explain it in “My security”.")
)
