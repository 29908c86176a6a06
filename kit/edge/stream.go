package edge

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

const (
	// rechecked is how often a stream asks whether it may still go on: a cut-off is felt within a second.
	rechecked = 700 * time.Millisecond
	// heartbeat is how long a stream is silent at most, so that proxies leave it open and a lost reader is noticed.
	heartbeat = 15 * time.Second
	// drained is how long one write may take: a reader who does not read is let go.
	drained = 5 * time.Second
	// streamsEach is how many streams of one route somebody has open on a node: pages, workstations, and ends not noticed yet.
	streamsEach = 32
	// StreamLife is how long one stream lasts (the Deadline of its route); its reader comes back by itself.
	StreamLife = 4 * time.Hour
)

// Stream is server-sent events (HTML, section 9.2) to one reader. It lasts as long as the session or token that opened it, its
// permission on the route, its reader and the server.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
	// Last is the id of the last event that the reader had before it came back, "" for a new one.
	Last string
	// Once says that the connection cannot be kept open (no such writer, a test's): the stream tells what there is and ends.
	Once bool
}

var errStreams = i18n.Fault(core.TooMany, "stream.too_many", "Trop de pages ou de postes écoutent déjà pour vous. Fermez-en.", "Too many pages or workstations listen for you already. Close some.")

// listeners counts the open streams of a route, by whose they are: each holds a connection and asks again and again whether it may go on.
type listeners struct {
	mu sync.Mutex
	of map[core.ID]int
}

func (l *listeners) enter(who core.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[who] >= streamsEach {
		return false
	}
	l.of[who]++
	return true
}

func (l *listeners) leave(who core.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[who]--; l.of[who] == 0 {
		delete(l.of, who)
	}
}

// Streams makes a route's handler one that streams: play tells events until ctx ends. The end of the session is the end of ctx.
func Streams(play func(ctx context.Context, r *http.Request, s *Stream) error) Handler {
	open := &listeners{of: map[core.ID]int{}}
	return func(w http.ResponseWriter, r *http.Request) error {
		who := core.ActorOf(r.Context()).ID
		if !open.enter(who) {
			return errStreams.After(heartbeat)
		}
		defer open.leave(who)
		s := &Stream{w: w, control: http.NewResponseController(w), Last: r.Header.Get("Last-Event-ID")}
		if len(s.Last) > 64 {
			s.Last = ""
		}
		s.Once = s.control.SetWriteDeadline(time.Now().Add(drained)) != nil
		_ = s.control.SetReadDeadline(time.Time{})
		ctx, cancel := context.WithTimeout(r.Context(), StreamLife)
		defer cancel()
		h := w.Header()
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no") // a proxy that gathers answers would hold events back
		go guard(ctx, cancel, r)
		err := play(ctx, r, s)
		if ctx.Err() != nil {
			return nil // an end is no error: the reader comes back if it may
		}
		return err
	}
}

// guard ends a stream whose session, token or permission has ended, or whose server stops.
func guard(ctx context.Context, cancel context.CancelFunc, r *http.Request) {
	defer cancel()
	allowed := visitOf(r.Context()).allowed
	tick := time.NewTicker(rechecked)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if allowed != nil && allowed(ctx) != nil {
				return
			}
		}
	}
}

// Send tells one event. id lets a reader who comes back say what it had; data is one value, its lines kept apart by the form.
func (s *Stream) Send(id, event string, data []byte) error {
	s.buf.Reset()
	if id != "" {
		s.buf.WriteString("id: " + id + "\n")
	}
	if event != "" {
		s.buf.WriteString("event: " + event + "\n")
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(string(data), "\r", "\n"), "\n") {
		s.buf.WriteString("data: " + line + "\n")
	}
	s.buf.WriteByte('\n')
	return s.flush()
}

// Open begins the answer: the reader comes back after retry when it is cut off.
func (s *Stream) Open(retry time.Duration) error {
	s.buf.Reset()
	s.buf.WriteString("retry: " + strconv.FormatInt(retry.Milliseconds(), 10) + "\n\n")
	return s.flush()
}

// Beat says that the stream lives; call it when nothing was sent for Heartbeat.
func (s *Stream) Beat() error {
	s.buf.Reset()
	s.buf.WriteString(":\n\n")
	return s.flush()
}

// Heartbeat ticks when a beat is due.
func (*Stream) Heartbeat() *time.Ticker { return time.NewTicker(heartbeat) }

func (s *Stream) flush() error {
	if !s.Once {
		if err := s.control.SetWriteDeadline(time.Now().Add(drained)); err != nil {
			return err
		}
	}
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	if s.Once {
		return nil
	}
	return s.control.Flush()
}

// allowance asks again, for a request as it was let in, whether it would be let in now. For a session it is no use of it: an open page left
// alone does not keep one alive.
func (s *Server) allowance(r *http.Request, access Access) func(context.Context) error {
	if access.IsPublic() {
		return nil
	}
	actor := core.ActorOf(r.Context())
	org, object := placeOf(r)
	return func(ctx context.Context) error {
		if s.state.Load() {
			return errUnknown
		}
		if err := s.stillKnown(ctx, r, actor); err != nil {
			return err
		}
		if access.kind == permitted && asks(access.act) && s.cfg.Permit != nil {
			return s.cfg.Permit(ctx, access.act, org, object)
		}
		return nil
	}
}

func (s *Server) stillKnown(ctx context.Context, r *http.Request, actor core.Actor) error {
	switch {
	case !actor.Session.IsZero() && s.cfg.Alive != nil:
		return s.cfg.Alive(ctx, actor)
	case !actor.Token.IsZero() && s.cfg.Authenticate != nil:
		known, err := s.cfg.Authenticate(discard{}, r.WithContext(ctx))
		if err == nil && known.ID != actor.ID {
			err = errSignIn
		}
		return err
	}
	return nil
}

// discard is the answer of a question that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
