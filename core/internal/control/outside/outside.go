package outside

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/i18n"
)

// Needs is everything that the probes of the outside world can reach.
type Needs struct {
	Origin   string // address that people type
	Data     string // folder of keys and, on SQLite, of the databases
	Database string // PostgreSQL address; "" for SQLite in Data
	// Listeners gives where this process serves. It is asked at each run: listeners open after the house is built.
	Listeners func() []Listener
	// Region gives the countries where data may be ("fr,de"); "" or nil is the European Economic Area.
	Region   func(ctx context.Context) (string, error)
	Declared Declared
	// Dial opens connections to Places, and Client asks them over plain HTTP; nil: through a way out of its own to them alone.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Client *http.Client
	// Pretended gives the facts that a throw-away instance was told; nil on a live one.
	Pretended func(fact string) (value string, ok bool)
	Clock     core.Clock
}

// Listener is a place where this process serves.
type Listener struct {
	Address string // "127.0.0.1:8080"
	TLS     bool
	Metrics bool
}

// Declared is the operator's word about what cannot be seen from inside: it is shown as a word, not as a proof.
type Declared struct {
	Region       string   // "FR/Gravelines": country, then site
	Copies       []string // same, one per copy or backup place
	Disk         string   // how the disk is encrypted where the host cannot show it: "volume encrypted by the hypervisor"
	DatabaseDisk string   // same, for the database's own machine
	Sockets      []string // ports of other services of this host that may be reached from outside: "22"
}

// Module is the probes of the outside world and the facts that they read.
type Module struct {
	Facts
	n Needs
}

// New makes the probes.
func New(n Needs) *Module {
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	if n.Listeners == nil {
		n.Listeners = func() []Listener { return nil }
	}
	m := &Module{Facts{n.Pretended}, n}
	if n.Dial == nil {
		door := egress.New(egress.Needs{Places: m.Places})
		m.n.Dial, m.n.Client = door.Dial, door.Client(10*time.Second, nil)
	}
	return m
}

// Manifest declares nothing kept and no act: probes only look.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{Module: "outside", Title: core.Text{FR: "Sondes du monde extérieur", EN: "Probes of the outside world"}}
}

// ExportPerson has nothing to give.
func (m *Module) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson has nothing to erase.
func (m *Module) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}

// Probes lists the probes of the outside world.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.tls(), m.plain(), m.headers(), m.sockets(), m.disk(), m.region(), m.host(), m.components(), m.limits(), m.contact(),
	}
}

func outsideProbe(id string, title i18n.Sentence, run func(context.Context, core.Stage) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{
		ID: id, Kind: core.OutsideProbe, Title: core.Text{FR: title.Say(i18n.FR), EN: title.Say(i18n.EN)}, Run: run, Faults: faults,
	}
}

func fault(id string, title i18n.Sentence, plant func(ctx context.Context, s core.Saboteur) error) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: title.Say(i18n.FR), EN: title.Say(i18n.EN)}, Plant: plant}
}

// pretending is a fault made of other facts only.
func pretending(id string, title i18n.Sentence, facts map[string]string) core.PlantedFault {
	return fault(id, title, func(_ context.Context, s core.Saboteur) error {
		for name, value := range facts {
			s.Pretend(name, value)
		}
		return nil
	})
}

// origin gives the address that people type.
func (m *Module) origin() (*url.URL, error) {
	return url.Parse(m.text(factOrigin, m.n.Origin))
}

// Places gives the platform's own doors, which the probes knock at from outside: where it is published, over TLS and in clear,
// and where this process serves TLS.
func (m *Module) Places() (all []egress.Place) {
	name := func(address string) {
		if host, port, err := net.SplitHostPort(address); err == nil {
			all = append(all, egress.Place{Host: host, Port: port, Why: core.Text{FR: "La plateforme elle-même, que ses sondes regardent de l'extérieur", EN: "The platform itself, which its probes look at from outside"}})
		}
	}
	u, err := m.origin()
	if err != nil || u.Scheme != "https" {
		return nil
	}
	name(hostPort(u))
	name(net.JoinHostPort(u.Hostname(), m.text(factPort, "80")))
	for _, l := range m.listeners() {
		if l.TLS {
			name(reachable(l.Address))
		}
	}
	return all
}

// listeners gives where this process serves.
func (m *Module) listeners() []Listener {
	told, ok := m.get(factListeners)
	if !ok {
		return m.n.Listeners()
	}
	var all []Listener
	for _, line := range split(told) {
		address, how, _ := strings.Cut(line, " ")
		all = append(all, Listener{Address: address, TLS: how == "tls", Metrics: how == "metrics"})
	}
	return all
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// hostPort gives where a URL is reached.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
