package agent

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/services/recognition/preview"
	"github.com/rempart/rempart/services/recognition/source"
)

// listenEach is how often an agent asks, between two turns, whether a person sets its tool up.
const listenEach = 5 * time.Second

func (a *Agent) previewPath() string {
	return strings.TrimSuffix(a.id.syncPath(), "/sync") + "/preview"
}

// asked is what the platform answers.
type asked struct {
	Asked   bool  `json:"asked"`
	Look    bool  `json:"look"`
	Version int64 `json:"version"`
	Mapping struct {
		Region  string            `json:"region"`
		Name    []string          `json:"name"`
		Company string            `json:"company"`
		Numbers []string          `json:"numbers"`
		Shown   map[string]string `json:"shown"`
		Scripts map[string]string `json:"scripts"`
	} `json:"mapping"`
}

// Announce tells a person who sets the tool up on the platform what the agent sees, when one waits for it (package preview says what
// that is). It gives the version of the mapping there.
func (a *Agent) Announce(ctx context.Context) (version int64, err error) {
	var h asked
	if err := a.client.ask(ctx, http.MethodGet, a.previewPath(), nil, &h); err != nil {
		return h.Version, err
	}
	if h.Look {
		if err := a.offer(ctx); err != nil {
			return h.Version, err
		}
	}
	if !h.Asked {
		return h.Version, nil
	}
	if f, ok := a.src.(*fetched); ok {
		f.forget()
	}
	m := a.cfg.Mapping
	if !a.cfg.HasMapping {
		p := h.Mapping
		m = source.Mapping{Region: p.Region, Name: p.Name, Company: p.Company, Numbers: p.Numbers, Shown: p.Shown, Scripts: p.Scripts}
	}
	if m.Region == "" {
		m.Region = "FR"
	}
	told, err := preview.Look(ctx, a.src, m)
	told.Kind = a.kind()
	if ctx.Err() != nil {
		return h.Version, ctx.Err()
	}
	if err != nil {
		told = preview.Told{Kind: a.kind(), Fields: []preview.Field{}, Rows: []preview.Row{}, Fault: reason(err)}
	}
	return h.Version, a.client.ask(ctx, http.MethodPut, a.previewPath(), told, nil)
}

func (a *Agent) kind() string {
	if f, ok := a.src.(*fetched); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.kind
	}
	return a.cfg.kind
}

// rest waits between two turns. It listens meanwhile for a person who sets the tool up, and ends sooner once they chose other fields, so that
// they see the outcome.
func (a *Agent) rest(ctx context.Context, d time.Duration) error {
	until, first := time.Now().Add(d), int64(-1)
	for {
		each := listenEach
		if version, err := a.Announce(ctx); err != nil {
			each = time.Minute
		} else {
			if first >= 0 && version != first {
				return ctx.Err()
			}
			first = version
		}
		left := time.Until(until)
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, min(left, jitter(each))); err != nil {
			return err
		}
	}
}
