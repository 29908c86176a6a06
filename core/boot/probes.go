package boot

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control/data"
	"github.com/rempart/rempart/core/internal/control/outside"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/probe"
)

// Declared is the operator's word about what cannot be seen from inside: where data are, how disks are encrypted, which
// other services of the host may be reached.
type Declared = outside.Declared

// lookout is what the probes of data and of the outside listen to.
type lookout struct {
	heard  probe.Watch
	served served
	outer  *outside.Module
}

// served notes where this process serves, for the probes that look at its doors.
type served struct {
	mu   sync.Mutex
	list []outside.Listener
}

// note keeps a listener until the function that it gives is called. A listener that is no plain TCP one speaks TLS.
func (s *served) note(l net.Listener, metrics bool) (gone func()) {
	_, plain := l.(*net.TCPListener)
	s.mu.Lock()
	defer s.mu.Unlock()
	one := outside.Listener{Address: l.Addr().String(), TLS: !plain, Metrics: metrics}
	s.list = append(s.list, one)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, other := range s.list {
			if other == one {
				s.list = append(s.list[:i:i], s.list[i+1:]...)
				return
			}
		}
	}
}

func (s *served) all() []outside.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]outside.Listener(nil), s.list...)
}

// lookouts are the rooms that only look: at what is stored, and at the outside world.
func (h *House) lookouts() []core.Module {
	h.access.Needs.Routes = h.Routes
	var files []string
	if h.db.Engine() == db.SQLite {
		files = []string{filepath.Join(h.cfg.Data, "rempart.db"), filepath.Join(h.cfg.Data, "keys.db")}
	}
	h.outer = outside.New(outside.Needs{
		Origin: h.cfg.Origin, Data: h.cfg.Data, Database: h.cfg.URL, Listeners: h.served.all, Declared: h.cfg.Declared,
		Dial: h.egress.Dial, Client: h.egress.Client(10*time.Second, nil), Pretended: h.pretends, Clock: h.cfg.Clock,
		Region: func(ctx context.Context) (countries string, err error) {
			err = h.db.Read(ctx, func(tx core.Tx) error {
				countries, err = h.settings.Countries(ctx, tx)
				return err
			})
			return countries, err
		},
	})
	return []core.Module{
		watching{name: "journal-probes", probes: func() []*core.Probe { return h.journal.Probes(h.settings) }},
		data.New(data.Needs{
			Rows: h.db, Keys: h.keys, Files: files, Clock: h.cfg.Clock, Heard: &h.heard, Log: h.cfg.Log,
			Modules: func() []core.Module { return h.modules }, Manifests: h.Manifests,
		}),
		h.outer,
	}
}

// watching is the probes of a room that need something of another room beside it.
type watching struct {
	name   string
	probes func() []*core.Probe
}

// Probes lists them.
func (w watching) Probes() []*core.Probe { return w.probes() }

// Manifest declares nothing kept and no act.
func (w watching) Manifest() core.Manifest {
	return core.Manifest{Module: w.name, Title: core.Text{FR: "Sondes", EN: "Probes"}}
}

// ExportPerson has nothing to give.
func (w watching) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson has nothing to erase.
func (w watching) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}

// ImportAdvisories takes a list of known vulnerabilities (OSV) into a data folder, for the probe of components; it tells how
// many entries it holds and when the newest changed.
func ImportAdvisories(folder string, source []byte) (entries int, newest time.Time, err error) {
	a, err := outside.ImportAdvisories(filepath.Join(folder, outside.AdvisoriesFile), source)
	if err != nil {
		return 0, time.Time{}, err
	}
	return a.Count, a.Newest, nil
}

// WriteSBOM writes what the running program is made of (CycloneDX).
func WriteSBOM(w io.Writer, version string) error {
	return outside.New(outside.Needs{}).WriteSBOM(w, version)
}
