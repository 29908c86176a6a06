package boot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // a saboteur writes beside the gate, on a throw-away instance

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/core/service"
)

// Trying is what one probe did with one fault, or with the sound instance.
type Trying struct {
	Probe, Fault string // Fault is "" on the sound instance
	Title        core.Text
	Why          string // what was seen instead, or why nothing could be seen
}

// SelfTested says how well the probes see.
type SelfTested struct {
	Probes, Faults, Killed int
	Seen                   []Trying // faults that turned their probe red, with what it said
	Survivors              []Trying // faults that a probe called sound
	Unseen                 []Trying // faults, and sound instances, of which nothing could be seen
	Alarms                 []Trying // sound instances that a probe called broken
	Toothless              []string // probes without any fault
	Took                   time.Duration
}

// Rate is the share of faults that turned their probe red.
func (r SelfTested) Rate() float64 {
	if r.Faults == 0 {
		return 0
	}
	return float64(r.Killed) / float64(r.Faults)
}

// Sound tells that every probe is green on a sound instance and red on each of its faults.
func (r SelfTested) Sound() bool {
	return r.Killed == r.Faults && len(r.Unseen)+len(r.Alarms)+len(r.Toothless) == 0
}

// SelfTest plants every fault of the wanted probes (nil wants all) in an instance made for it and thrown away, and looks
// whether the probe turns red. It touches nothing of a live system: not its data, not its keys.
func SelfTest(ctx context.Context, kinds []service.Kind, wanted func(*core.Probe) bool) (r SelfTested, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "rempart-self-test-")
	if err != nil {
		return r, fmt.Errorf("self-test: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := &trials{dir: dir, kinds: kinds}
	h, err := t.found(ctx)
	if err != nil {
		return r, fmt.Errorf("self-test: %w", err)
	}
	probes := h.Probes()
	if err := h.Close(); err != nil {
		return r, fmt.Errorf("self-test: %w", err)
	}
	work := make(chan string)
	var all sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) { // sign-ins wait for their beat more than they compute
		all.Go(func() {
			for id := range work {
				t.try(ctx, id)
			}
		})
	}
	for _, p := range probes {
		if wanted == nil || wanted(p) {
			work <- p.ID
		}
	}
	close(work)
	all.Wait()
	t.result.Took, t.result.Killed = time.Since(began).Round(time.Millisecond), len(t.result.Seen)
	for _, list := range [][]Trying{t.result.Seen, t.result.Survivors, t.result.Unseen, t.result.Alarms} {
		slices.SortFunc(list, func(a, b Trying) int { return cmp.Or(cmp.Compare(a.Probe, b.Probe), cmp.Compare(a.Fault, b.Fault)) })
	}
	return t.result, ctx.Err()
}

// trials makes throw-away instances and keeps what came of them.
type trials struct {
	dir   string
	kinds []service.Kind

	mu     sync.Mutex
	made   int
	result SelfTested
}

// found makes the sound instance that the others are copies of: the provider with its first administrator, and the
// organizations of canaries.
func (t *trials) found(ctx context.Context) (*House, error) {
	if err := os.Mkdir(t.sound(), 0o700); err != nil {
		return nil, err
	}
	h, err := t.open(ctx, t.sound())
	if err != nil {
		return nil, err
	}
	code := func(secret string) (string, error) { return identity.CodeAt(secret, h.cfg.Clock.Now()) }
	_, err = h.NewTrial(ctx, "Self-test", Player{
		Name: "admin", GivenName: "Self", FamilyName: "Test", Email: "admin@self-test.invalid", Language: "en", Password: "lantern orbit quarry 41 Meadow",
	}, code, nil)
	system := core.WithActor(ctx, core.System("self-test"))
	for _, org := range []core.ID{core.Canaries, core.Strangers} {
		if err == nil {
			err = h.openCanaries(system, org)
		}
	}
	if err == nil {
		err = h.db.Write(system, func(tx core.Tx) error { return h.settings.Put(system, tx, core.Platform, soundSettings) })
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// soundSettings are what an operator sets on the first day.
var soundSettings = map[string]string{"contact.security": "security@self-test.invalid", "contact.dpo": "dpo@self-test.invalid", "contact.support": "support@self-test.invalid"}

func (t *trials) sound() string { return filepath.Join(t.dir, "sound") }

func (t *trials) open(ctx context.Context, dir string) (*House, error) {
	h, err := New(ctx, Config{Services: t.kinds, Data: dir, CheckpointFolders: []string{dir + "-outside"}, Origin: "http://localhost:8080", Version: "self-test", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return nil, err
	}
	h.pretended = map[string]string{}
	for _, m := range h.modules {
		if f, ok := m.(interface{ SoundFacts() map[string]string }); ok {
			maps.Copy(h.pretended, f.SoundFacts())
		}
	}
	return h, nil
}

// throwAway gives a copy of the sound instance.
func (t *trials) throwAway(ctx context.Context) (h *House, end func(), err error) {
	t.mu.Lock()
	t.made++
	dir := filepath.Join(t.dir, fmt.Sprint(t.made))
	t.mu.Unlock()
	if err := os.CopyFS(dir, os.DirFS(t.sound())); err != nil {
		return nil, nil, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error { // as keys want it
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		return nil, nil, err
	}
	if h, err = t.open(ctx, dir); err != nil {
		return nil, nil, err
	}
	return h, func() { _ = h.Close(); _ = os.RemoveAll(dir) }, nil // the whole folder goes at the end in any case
}

// try runs one probe on a sound instance, then on one instance for each of its faults. The first fault is planted in the
// sound instance once it was seen sound.
func (t *trials) try(ctx context.Context, id string) {
	h, end, err := t.throwAway(ctx)
	if err != nil {
		t.unseen(Trying{Probe: id}, err)
		return
	}
	p := h.probe(id)
	t.count(len(p.Faults), id)
	t.judge(ctx, h, p)
	for i := range p.Faults {
		if i > 0 {
			if h, end, err = t.throwAway(ctx); err != nil {
				t.unseen(Trying{Probe: id, Fault: p.Faults[i].ID}, err)
				continue
			}
			p = h.probe(id)
		}
		t.plant(ctx, h, p, p.Faults[i])
		end()
	}
	if len(p.Faults) == 0 {
		end()
	}
}

// judge runs a probe on a sound instance.
func (t *trials) judge(ctx context.Context, h *House, p *core.Probe) {
	sight, err := h.Play(ctx, p)
	switch {
	case err != nil:
		t.unseen(Trying{Probe: p.ID, Title: p.Title}, err)
	case !sight.Held:
		t.add(&t.result.Alarms, Trying{Probe: p.ID, Title: p.Title, Why: sight.Why.EN})
	}
}

func (h *House) probe(id string) *core.Probe {
	all := h.Probes()
	return all[slices.IndexFunc(all, func(p *core.Probe) bool { return p.ID == id })]
}

// plant plants one fault and looks whether the probe sees it.
func (t *trials) plant(ctx context.Context, h *House, p *core.Probe, f core.PlantedFault) {
	tried := Trying{Probe: p.ID, Fault: f.ID, Title: f.Title}
	s := &saboteur{h: h}
	defer s.leave()
	if err := f.Plant(ctx, s); err != nil {
		t.unseen(tried, fmt.Errorf("the fault could not be planted: %w", err))
		return
	}
	sight, err := h.Play(ctx, p)
	switch {
	case err != nil:
		t.unseen(tried, err)
	case sight.Held:
		tried.Why = sight.Why.EN
		t.add(&t.result.Survivors, tried)
	default:
		tried.Why = sight.Why.EN
		t.add(&t.result.Seen, tried)
	}
}

func (t *trials) count(faults int, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result.Probes++
	t.result.Faults += faults
	if faults == 0 {
		t.result.Toothless = append(t.result.Toothless, id)
	}
}

func (t *trials) unseen(tried Trying, err error) {
	tried.Why = err.Error()
	t.add(&t.result.Unseen, tried)
}

func (t *trials) add(list *[]Trying, tried Trying) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*list = append(*list, tried)
}

// saboteur breaks an instance that SelfTest made. Nothing else makes one: a live house has no way to hand it out.
type saboteur struct {
	h    *House
	data *sql.DB
	keys *sql.DB
}

// Exec runs a statement beside the gate: on the keys' database when it names a table of theirs.
func (s *saboteur) Exec(ctx context.Context, statement string) error {
	file, kept := "rempart.db", &s.data
	if strings.Contains(statement, "vault_") {
		file, kept = "keys.db", &s.keys
	}
	if *kept == nil {
		opened, err := sql.Open("sqlite", "file:"+filepath.Join(s.h.cfg.Data, file)+"?_pragma=busy_timeout(5000)")
		if err != nil {
			return err
		}
		*kept = opened
	}
	_, err := (*kept).ExecContext(ctx, statement)
	return err
}

// Front puts f before the pages.
func (s *saboteur) Front(f func(http.Handler) http.Handler) { s.h.fronts = append(s.h.fronts, f) }

// Pretend gives a fact of the outside another value.
func (s *saboteur) Pretend(fact, value string) { s.h.pretended[fact] = value }

func (s *saboteur) leave() {
	for _, d := range []*sql.DB{s.data, s.keys} {
		if d != nil {
			_ = d.Close()
		}
	}
}

// pretends gives the value of a fact of the outside that a throw-away instance was told; none on a live system.
func (h *House) pretends(fact string) (value string, ok bool) {
	value, ok = h.pretended[fact]
	return value, ok
}
