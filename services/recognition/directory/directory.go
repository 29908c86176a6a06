// Package directory shows names on telephones that ask by themselves: a read-only LDAP server (RFC 4511) and the XML directories of
// desk phones. It runs at the customer's, beside the telephones, and asks the platform with the very token that the telephone gave: it
// holds no secret and no contact of its own (docs/adr/0122).
//
// Owns: the two protocols, their limits. Must not know: cards, tables, any page of the platform. Start reading at: Server.
package directory

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Entry is one line of the directory.
type Entry struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Company string   `json:"company"`
	Numbers []string `json:"numbers"` // E.164
}

// Query asks by number, or by the beginning of a word of the name or company; neither asks for the first names.
type Query struct {
	Number string `json:"number,omitempty"`
	Name   string `json:"name,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

// Finder searches the directory of an organization with the token of whoever asks. More tells that there may be others.
type Finder interface {
	Find(ctx context.Context, org, token string, q Query) (entries []Entry, more bool, err error)
}

// Errors of a Finder.
var (
	ErrDenied = errors.New("directory: the platform refuses this token")
	ErrBusy   = errors.New("directory: the platform does not answer")
)

// Limits.
const (
	mostEntries  = 200              // of one answer
	mostMessage  = 64 << 10         // bytes of one request
	mostOpen     = 128              // connections at once
	idleFor      = 5 * time.Minute  // before an open connection is closed
	strangeFor   = 15 * time.Second // the same, of one that has not shown a token yet
	answerWithin = 8 * time.Second
	mostFailures = 3 // wrong tokens on one connection
	knownFor     = 30 * time.Second
)

// Server answers telephones.
type Server struct {
	Finder Finder
	Log    *slog.Logger // nil: none. It never holds a name, a number nor a token

	mu    sync.Mutex
	known map[[32]byte]time.Time // tokens that the platform has just let pass
}

// admits asks the platform whether a token may read: 112 is a number that nobody is looked up by.
func (s *Server) admits(ctx context.Context, org, token string) error {
	if org == "" || token == "" || len(org) > 64 || len(token) > 512 {
		return ErrDenied
	}
	key := sha256.Sum256([]byte(org + "\x00" + token))
	now := time.Now()
	s.mu.Lock()
	until, ok := s.known[key]
	s.mu.Unlock()
	if ok && now.Before(until) {
		return nil
	}
	if _, _, err := s.Finder.Find(ctx, org, token, Query{Number: "112", Limit: 1}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) > 1000 {
		s.known = map[[32]byte]time.Time{}
	}
	s.known[key] = now.Add(knownFor)
	return nil
}

func (s *Server) note(ctx context.Context, what string, args ...any) {
	if s.Log != nil {
		s.Log.InfoContext(ctx, what, args...)
	}
}
