package access

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/pack"
)

// Allowed is one line of an address list.
type Allowed struct {
	Org     core.ID
	Service string // empty: the whole organization
	Prefix  netip.Prefix
	Note    string
	AddedBy core.ID
	AddedAt time.Time
}

var (
	errAllow    = i18n.Fault(core.Invalid, "allow.invalid", "Cette liste d'adresses ne peut pas être enregistrée.", "This address list cannot be saved.")
	errLockout  = i18n.Fault(core.Conflict, "allow.lockout", "Cette liste vous enfermerait dehors : votre adresse (%s) n'y est pas.", "This list would lock you out: your address (%s) is not on it.")
	codePrefix  = i18n.Reason("allow.prefix", "Ligne %d : écrivez une adresse (192.0.2.7, 2001:db8::7) ou un bloc (192.0.2.0/24, 2001:db8::/32).", "Line %d: write an address (192.0.2.7, 2001:db8::7) or a block (192.0.2.0/24, 2001:db8::/32).")
	codeWide    = i18n.Reason("allow.wide", "Ligne %d : ce bloc admet tout le monde. Pour cela, laissez la liste vide.", "Line %d: this block allows everybody. For that, leave the list empty.")
	codeTooMany = i18n.Reason("allow.too_many", "Une liste tient en %d lignes.", "A list fits in %d lines.")
)

// maxAllow bounds one list: it is read at each decision.
const maxAllow = 200

var (
	qAllowed = db.SQL(`SELECT org, service, prefix, note, added_by, added_at FROM access_allow WHERE org = $1 AND service = $2 ORDER BY prefix`)

	qAllAllowed = db.SQL(`SELECT org, service, prefix, note, added_by, added_at FROM access_allow WHERE org = $1 ORDER BY service, prefix`)

	qAllow = db.SQL(`INSERT INTO access_allow (org, service, prefix, note, added_by, added_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (org, service, prefix) DO UPDATE SET note = excluded.note`)

	qDisallow = db.SQL(`DELETE FROM access_allow WHERE org = $1 AND service = $2 AND prefix = $3`)
)

func scanAllowed(scan db.Scan) (a Allowed, err error) {
	var prefix string
	var added int64
	if err = scan(&a.Org, &a.Service, &prefix, &a.Note, &a.AddedBy, &added); err != nil {
		return a, err
	}
	a.AddedAt = clock.FromMicros(added)
	a.Prefix, err = netip.ParsePrefix(prefix)
	return a, err
}

// AllowedLists gives every address list of org: its own, then one per service.
func (m *Module) AllowedLists(ctx context.Context, tx core.Tx, org core.ID) ([]Allowed, error) {
	return m.allowedLines(ctx, tx, qAllAllowed, org)
}

// ParsePrefix reads one address or block, v4 or v6. A v4 address written as v6 (::ffff:192.0.2.7) is the v4 one; bits
// past the block's length are dropped; a zone (fe80::1%eth0) is refused.
func ParsePrefix(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		if addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("access: an address of a list has no zone")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if prefix.Addr().Is4In6() {
		if prefix.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("access: the block is wider than the v4 addresses it is written with")
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

// ParseAllow reads a list as it is typed: one address or block per line, then an optional note after a space or #.
// The error says which line, without repeating it.
func ParseAllow(text string) ([]Allowed, error) {
	wrong, n := errAllow, 0
	var list []Allowed
	seen := map[netip.Prefix]bool{}
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.IndexAny(line, " \t#;,")
		note := ""
		if end >= 0 {
			line, note = line[:end], strings.TrimSpace(strings.TrimLeft(line[end:], " \t#;,"))
		}
		prefix, err := ParsePrefix(line)
		switch {
		case err != nil:
			wrong = wrong.With("list", codePrefix, n)
			continue
		case prefix.Bits() == 0:
			wrong = wrong.With("list", codeWide, n)
			continue
		case seen[prefix]:
			continue
		}
		if r := []rune(note); len(r) > 80 {
			note = string(r[:80])
		}
		seen[prefix] = true
		list = append(list, Allowed{Prefix: prefix, Note: note})
		if len(list) > maxAllow {
			return nil, errAllow.With("list", codeTooMany, maxAllow)
		}
	}
	if len(wrong.Fields) > 0 {
		return nil, wrong
	}
	return list, nil
}

// SetAllow replaces one address list; it takes effect at the next request. It is refused when the list would lock out
// the actor who sets it; an empty list admits all, but for provider staff, for whom it admits this machine alone.
func (m *Module) SetAllow(ctx context.Context, tx core.Tx, org core.ID, service string, list []Allowed) (before, after []Allowed, err error) {
	if org.IsZero() {
		org = core.Platform
	}
	if _, known := m.cat.Load().modules[service]; service != "" && (!known || org == core.Platform) {
		return nil, nil, errAllow.With("service", codeService)
	}
	if len(list) > maxAllow {
		return nil, nil, errAllow.With("list", codeTooMany, maxAllow)
	}
	actor := core.ActorOf(ctx)
	var wanted prefixes
	for _, l := range list {
		wanted = append(wanted, l.Prefix)
	}
	if actor.Kind == core.HumanActor || actor.Kind == core.ServiceActor {
		if !wanted.admits(actor.Address, org == core.Platform) {
			return nil, nil, withArgs(errLockout, actor.Address.Unmap().String())
		}
	}
	if before, err = m.allowedLines(ctx, tx, qAllowed, org, service); err != nil {
		return nil, nil, err
	}
	keep := map[netip.Prefix]bool{}
	for _, l := range list {
		keep[l.Prefix] = true
		if err := m.Allow(ctx, tx, org, service, l.Prefix, l.Note); err != nil {
			return nil, nil, err
		}
	}
	for _, l := range before {
		if !keep[l.Prefix] {
			if _, err := tx.Exec(ctx, qDisallow, org, service, l.Prefix.String()); err != nil {
				return nil, nil, err
			}
		}
	}
	return before, list, nil
}

// Allow adds one line to a list, without the guard against locking oneself out: a line more can only exclude when the
// list was empty. It serves set-up and the command line.
func (m *Module) Allow(ctx context.Context, tx core.Tx, org core.ID, service string, prefix netip.Prefix, note string) error {
	actor := core.ActorOf(ctx)
	kept, err := m.shut(ctx, pack.Place("access_allow.note", org, core.ID(service), core.ID(prefix.String())), note, org)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAllow, org, service, prefix.String(), kept, actor.ID, clock.Micros(m.Needs.Clock.Now()))
	if err != nil {
		return fmt.Errorf("access: allow an address: %w", err)
	}
	return nil
}

var tFirstAddress = i18n.T("Adresse de la mise en service", "Address of the set-up")

// admitFirst lists the address that the first administrator of the platform sets it up from: provider staff enters
// from listed addresses only, and an empty list would admit this machine alone.
func (m *Module) admitFirst(ctx context.Context, tx core.Tx, actor core.Actor, _ time.Time) error {
	addr := actor.Address.Unmap().WithZone("")
	if !addr.IsValid() || addr.IsLoopback() {
		return nil
	}
	for _, a := range append([]Allowed{{Prefix: netip.PrefixFrom(addr, addr.BitLen())}}, thisMachine...) {
		if err := m.Allow(ctx, tx, core.Platform, "", a.Prefix, tFirstAddress.In(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// thisMachine is what an empty list of the provider admits: a first line must not shut it out.
var thisMachine = []Allowed{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}, {Prefix: netip.MustParsePrefix("::1/128")}}
