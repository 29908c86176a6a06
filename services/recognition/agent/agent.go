package agent

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

// Agent brings the cards of one tool.
type Agent struct {
	cfg     Config
	id      Identity
	version string
	client  *Client
	src     source.Source
	poll    time.Duration
	rows    int // of a chunk
	tell    func(Progress)
	logger  *slog.Logger

	last unchanged // of the last turn that ended well

	mu   sync.Mutex
	seen Seen
}

// Options are what an Agent is told beside its configuration.
type Options struct {
	Version string
	Tell    func(Progress) // progress of a turn; nil: nobody looks
	Log     *slog.Logger
	Source  source.Source // instead of the one that the configuration names
	Rows    int           // of a chunk; 0: wire.ChunkRows
	Client  *http.Client  // that leads to the platform by itself, whatever the address of the identity
	Poll    time.Duration // between two looks at a set that is being loaded; 0: half a second
}

// New makes an agent that enrolled.
func New(cfg Config, id Identity, o Options) (*Agent, error) {
	client, err := &Client{base: "/api/v1", http: o.Client}, error(nil)
	if o.Client == nil {
		if client, err = NewClient(id.Server, id.Token); err != nil {
			return nil, err
		}
	}
	if o.Source == nil && cfg.kind == platformKind {
		o.Source = client.fetched(id, filepath.Dir(cfg.settings.File), cfg.Look)
	}
	if o.Source == nil {
		if o.Source, err = cfg.Source(); err != nil {
			return nil, err
		}
	}
	if o.Rows <= 0 {
		o.Rows = wire.ChunkRows
	}
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Tell == nil {
		o.Tell = func(Progress) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Agent{cfg: cfg, id: id, version: o.Version, client: client, src: o.Source, rows: o.Rows, poll: o.Poll, tell: o.Tell, logger: o.Log}, nil
}

// Close lets connections go.
func (a *Agent) Close() { a.client.Close() }

func (a *Agent) log(text string) { a.logger.Info(text) }

// settings gives the mapping that applies: that of the file, else the one that people chose on the platform. Its version is made of what
// it says, so that another mapping makes other hashes and everything is sent anew by itself.
func (a *Agent) settings(ctx context.Context) (source.Mapping, int64, error) {
	m := a.cfg.Mapping
	if !a.cfg.HasMapping {
		var s struct {
			Mapping struct {
				Region  string            `json:"region"`
				Name    []string          `json:"name"`
				Company string            `json:"company"`
				Numbers []string          `json:"numbers"`
				Shown   map[string]string `json:"shown"`
				Scripts map[string]string `json:"scripts"`
			} `json:"mapping"`
		}
		if err := a.client.insist(ctx, http.MethodGet, a.id.syncPath()+"/settings", nil, &s); err != nil {
			return m, 0, err
		}
		p := s.Mapping
		m = source.Mapping{Region: p.Region, Name: p.Name, Company: p.Company, Numbers: p.Numbers, Shown: p.Shown, Scripts: p.Scripts}
	}
	if len(m.Numbers) == 0 {
		return m, 0, errMapping
	}
	if m.Region == "" {
		m.Region = "FR"
	}
	version, err := versionOf(m)
	return m, version, err
}

func versionOf(m source.Mapping) (int64, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return 0, err
	}
	h := fnv.New64a()
	h.Write(text)
	return int64(h.Sum64() >> 3), nil
}

// jitter gives between 80 and 120 % of a time, so that a thousand agents do not come at once.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
