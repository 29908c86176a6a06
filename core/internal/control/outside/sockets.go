package outside

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tSockets       = i18n.T("Seuls les ports déclarés s'ouvrent aux autres machines, et jamais la base de données", "Only declared ports are open to other machines, and never the database")
	tSocketsHeld   = i18n.T("%d ports TCP en écoute : %d ouverts aux autres machines, tous déclarés (%s) ; base de données : %s. Vu depuis l'espace réseau de ce processus ; UDP n'est pas regardé.", "%d TCP ports listening: %d open to other machines, all declared (%s); database: %s. Seen from the network space of this process; UDP is not looked at.")
	tSocketsOpen   = i18n.T("Port(s) ouverts aux autres machines sans avoir été déclarés : %s.", "Port(s) open to other machines without being declared: %s.")
	tSocketsData   = i18n.T("La base de données est jointe à une adresse publique.", "The database is reached at a public address.")
	tSocketsName   = i18n.T("N'a pas pu être vu : le nom de la machine de la base de données ne se résout pas d'ici.", "Could not be seen: the name of the database's machine does not resolve from here.")
	tSocketsUnseen = i18n.T("N'a pas pu être vu : la liste des ports en écoute (/proc/net/tcp) ne se laisse pas lire.", "Could not be seen: the list of listening ports (/proc/net/tcp) cannot be read.")
	tFaultPort     = i18n.T("Un port 5432 ouvert à tous", "A port 5432 open to all")
	tFaultPublic   = i18n.T("Une base de données à une adresse publique", "A database at a public address")
)

func (m *Module) sockets() *core.Probe {
	return outsideProbe("outside.sockets", tSockets, m.runSockets,
		pretending("outside.sockets/open", tFaultPort, map[string]string{"/proc/net/tcp": soundTCP + "   2: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1\n"}),
		pretending("outside.sockets/database", tFaultPublic, map[string]string{factDatabase: "postgres://203.0.113.9/rempart"}),
	)
}

func (m *Module) runSockets(context.Context, core.Stage) (core.Sight, error) {
	open, err := m.listening()
	if err != nil {
		return core.Sight{}, probe.Because(err, tSocketsUnseen)
	}
	database, public, err := m.database()
	if err != nil {
		return core.Sight{}, err
	}
	declared := slices.Clone(m.lines(factSockets, m.n.Declared.Sockets))
	for _, l := range m.listeners() {
		if _, port, ok := cutLast(l.Address, ":"); ok {
			declared = append(declared, port)
		}
	}
	var beyond, stray []string
	for _, s := range open {
		if s.Addr().IsLoopback() {
			continue
		}
		port := strconv.Itoa(int(s.Port()))
		if slices.Contains(beyond, port) {
			continue
		}
		beyond = append(beyond, port)
		if !slices.Contains(declared, port) {
			stray = append(stray, port)
		}
	}
	switch {
	case len(stray) > 0:
		return probe.Broken(len(open), len(open), tSocketsOpen, strings.Join(stray, ", ")), nil
	case public:
		return probe.Broken(len(open), len(open), tSocketsData), nil
	}
	return probe.Held(len(open), len(open), tSocketsHeld, len(open), len(beyond), list(beyond), database), nil
}

func list(all []string) string {
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// listening lists the TCP sockets that listen, of every process that shares this one's network space.
func (m *Module) listening() ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := m.file(path)
		if os.IsNotExist(err) && path == "/proc/net/tcp6" { // a machine without IPv6
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != "0A" { // TCP_LISTEN
				continue
			}
			at, err := socketAddress(fields[1])
			if err != nil {
				return nil, err
			}
			all = append(all, at)
		}
	}
	return all, nil
}

// socketAddress reads "0100007F:1F90": words of 32 bits in the order of the machine, which is little endian wherever we run.
func socketAddress(text string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(address)
	if err != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("outside: %q is no socket address", text)
	}
	for i := 0; i+4 <= len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	a, ok := netip.AddrFromSlice(b)
	n, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("outside: %q is no socket address", text)
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), nil
}

// database tells how the database is reached, and whether any of its addresses is a public one.
func (m *Module) database() (words string, public bool, err error) {
	address := m.text(factDatabase, m.n.Database)
	if address == "" {
		return "SQLite", false, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", false, probe.Unseen(tSocketsName) // the cause would print the password
	}
	hosts := strings.Split(u.Host, ",")
	hosts = append(hosts, strings.Split(u.Query().Get("host"), ",")...)
	for _, h := range hosts {
		if name, _, ok := cutLast(h, ":"); ok && !strings.HasSuffix(h, "]") {
			h = name
		}
		h = strings.Trim(h, "[]")
		if h == "" || strings.HasPrefix(h, "/") { // a socket of this machine
			continue
		}
		addresses, err := resolve(h)
		if err != nil {
			return "", false, probe.Unseen(tSocketsName)
		}
		if slices.ContainsFunc(addresses, isPublic) {
			return "", true, nil
		}
	}
	return "PostgreSQL", false, nil
}

func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	return !a.IsLoopback() && !a.IsPrivate() && !a.IsLinkLocalUnicast() && !shared.Contains(a)
}

// shared is the block of carriers and private clouds (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")
