package egress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
)

// ErrRefused is a destination that may not be called: trying again is of no use.
var ErrRefused = errors.New("egress: this destination is not on the list")

// The reasons of a refusal, stable.
const (
	Unlisted = "egress.unlisted" // nobody named it
	Inside   = "egress.inside"   // it leads to an address that may not be called
	Redirect = "egress.redirect" // an answer sends elsewhere
)

// Place is a destination that the configuration names.
type Place struct {
	Host, Port string
	Why        core.Text
}

// Address is "host:port".
func (p Place) Address() string { return net.JoinHostPort(p.Host, p.Port) }

// Refusal is one connection that was not opened.
type Refusal struct {
	Org     core.ID // for whom a typed destination was called, "" for the platform's own
	Address string  // "host:port"
	Why     string
}

// Needs is everything that a door can reach.
type Needs struct {
	// Places gives what the configuration names.
	Places func() []Place
	// Named tells whether people of an organization typed such a destination, now; nil: nobody did.
	Named func(ctx context.Context, org core.ID, address string) (bool, error)
	// Near tells whether what people of an organization typed may be this very machine, by its own name; nil: never.
	Near func(org core.ID) bool
	// Resolve gives the addresses of a name; the system's resolver when nil.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Pretended gives what a throw-away instance was told about a fact; nil on a live one.
	Pretended func(fact string) (value string, ok bool)
	Log       *slog.Logger
}

// Fact is what a self-test may pretend of a door: Open lets everything through, Within lets typed addresses lead inside, Mute
// tells nobody of a refusal; any other value is a destination that nothing names.
const (
	Fact   = "egress"
	Open   = "open"
	Within = "within"
	Mute   = "mute"
)

// Door opens the connections of the platform.
type Door struct {
	needs Needs

	mu      sync.Mutex
	refused uint64
	waiting []Refusal
	report  func(context.Context, Refusal) error
	working bool
	idle    *sync.Cond
}

// New makes a door.
func New(n Needs) *Door {
	if n.Places == nil {
		n.Places = func() []Place { return nil }
	}
	if n.Resolve == nil {
		n.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if n.Pretended == nil {
		n.Pretended = func(string) (string, bool) { return "", false }
	}
	if n.Log == nil {
		n.Log = slog.Default()
	}
	d := &Door{needs: n}
	d.idle = sync.NewCond(&d.mu)
	return d
}

// Only makes a door to these addresses ("host:port") alone: for a command that has one errand.
func Only(addresses ...string) *Door {
	var all []Place
	for _, a := range addresses {
		if host, port, err := net.SplitHostPort(a); err == nil {
			all = append(all, Place{Host: host, Port: port})
		}
	}
	return New(Needs{Places: func() []Place { return all }})
}

// Places lists what the configuration names.
func (d *Door) Places() []Place {
	all := d.needs.Places()
	if v, ok := d.needs.Pretended(Fact); ok {
		if host, port, err := net.SplitHostPort(v); err == nil {
			all = append(slices.Clip(all), Place{Host: host, Port: port})
		}
	}
	return all
}

func (d *Door) pretends(value string) bool {
	v, ok := d.needs.Pretended(Fact)
	return ok && v == value
}

// call is one connection asked for: by the platform itself, or for an organization that typed the destination.
type call struct {
	org   core.ID
	typed bool
}

// Dial connects to a destination that the configuration names. Errors: ErrRefused, and those of the network.
func (d *Door) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return d.dial(ctx, call{}, network, address)
}

func (d *Door) dial(ctx context.Context, c call, network, address string) (net.Conn, error) {
	if err := d.permit(ctx, c, address); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	found, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, a := range found { // one that may not be called spoils the name: its other addresses come from the same hand
		if !d.reachable(c, host, a) {
			return nil, d.refuse(c, address, Inside)
		}
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for _, a := range found {
		conn, failed := dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if failed == nil {
			return conn, nil
		}
		err = errors.Join(err, failed)
	}
	return nil, err
}

// resolve gives the addresses of a host, at least one.
func (d *Door) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	found, err := d.needs.Resolve(ctx, host)
	if err == nil && len(found) == 0 {
		err = errors.New("egress: the name has no address")
	}
	return found, err
}

// permit tells whether a destination is on the list.
func (d *Door) permit(ctx context.Context, c call, address string) error {
	address = plain(address)
	if d.pretends(Open) {
		return nil
	}
	if c.typed {
		named := false
		if d.needs.Named != nil {
			var err error
			if named, err = d.needs.Named(ctx, c.org, address); err != nil {
				return fmt.Errorf("egress: %w", err)
			}
		}
		if named {
			return nil
		}
		return d.refuse(c, address, Unlisted)
	}
	if d.lists(address) {
		return nil
	}
	return d.refuse(c, address, Unlisted)
}

// lists tells whether the configuration names an address.
func (d *Door) lists(address string) bool {
	return slices.ContainsFunc(d.Places(), func(p Place) bool { return plain(p.Address()) == address })
}

// plain writes an address one way.
func plain(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(host, ".")), port)
}

// reachable tells whether an address may be dialled for a host.
func (d *Door) reachable(c call, host string, a netip.Addr) bool {
	switch {
	case d.pretends(Open), d.pretends(Within):
		return true
	case !c.typed:
		return callable(a)
	case IsLocal(host):
		return a.Unmap().IsLoopback() && d.needs.Near != nil && d.needs.Near(c.org)
	}
	return IsPublic(a)
}
