package recognition

import (
	"context"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
)

// looks is how often the whole set of a link may be read for its agents, of which each reading takes every card: a second or more for a
// million. Turns are a minute apart or longer; one takes one or two, and twenty when nothing is known any more of what differs.
var looks = abuse.Limit{Burst: 120, Every: 5 * time.Second}

// mayLook counts a reading of the whole set of a link.
func (m *Module) mayLook(ctx context.Context, tx core.Tx, link core.ID) error {
	v, err := abuse.Take(ctx, tx, "sync:"+string(link), looks, m.now())
	if err == nil && !v.OK {
		err = errSyncOften.After(v.Retry)
	}
	return err
}

// looking is the links whose whole set is being read on this node for an agent: an agent asks one thing after another, and each reading
// holds a connection to the database and what the chunks say.
type looking struct {
	mu   sync.Mutex
	link map[core.ID]bool
}

// begin refuses a second reading of the same link beside the first.
func (l *looking) begin(link core.ID) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.link[link] {
		return nil, errSyncOften.After(time.Second)
	}
	if l.link == nil {
		l.link = map[core.ID]bool{}
	}
	l.link[link] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.link, link)
	}, nil
}
