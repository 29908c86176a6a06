package journal

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	qSigned = db.SQL(`INSERT INTO journal_checkpoint (log, size, at, note) VALUES ($1, $2, $3, $4)
		ON CONFLICT (log, size) DO UPDATE SET at = excluded.at`)
	qLatest      = db.SQL(`SELECT size, at, note FROM journal_checkpoint WHERE log = $1 ORDER BY size DESC LIMIT 1`)
	qLatests     = db.SQL(`SELECT log, MAX(size), MAX(at) FROM journal_checkpoint GROUP BY log`)
	qCheckpoints = db.SQL(`SELECT size, at, note FROM journal_checkpoint WHERE log = $1 AND size > $2 ORDER BY size LIMIT $3`)
	qCosign      = db.SQL(`UPDATE journal_checkpoint SET note = $3 WHERE log = $1 AND size = $2`)
)

type checkpointRow struct {
	size uint64
	at   int64
	note string
}

func scanCheckpoint(scan db.Scan) (c checkpointRow, err error) {
	err = scan(&c.size, &c.at, &c.note)
	return c, err
}

// sign signs with Ed25519.
func (m *Module) sign(msg []byte) ([]byte, error) {
	return m.signer.Sign(rand.Reader, msg, crypto.Hash(0))
}

// signed gives the checkpoint of a head as a signed note.
func (m *Module) signed(c verify.Checkpoint) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.Body()}, verify.NewSigner(c.Origin, m.public, m.sign))
}

// hourly is how old the last checkpoint of a quiet log may be.
const hourly = time.Hour

// tick does what is due each second: it compares each log that grew with the head that this node remembers, and, on the
// node that holds the lease, signs the new heads.
func (m *Module) tick(ctx context.Context) error {
	var logs []logState
	last := map[int64]checkpointRow{}
	heads := m.heads.all() // before the snapshot: what is remembered must be in it
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		if logs, err = allLogs(ctx, tx); err != nil {
			return err
		}
		if err := m.compare(ctx, tx, logs, heads, false); err != nil {
			return err
		}
		_, err = db.All(ctx, tx, qLatests, func(scan db.Scan) (struct{}, error) {
			var log int64
			var c checkpointRow
			err := scan(&log, &c.size, &c.at)
			last[log] = c
			return struct{}{}, err
		})
		return err
	})
	if err != nil || !m.leading.Load() {
		return err
	}
	now := m.clock.Now()
	for i := range logs {
		l := &logs[i]
		due := now.Sub(clock.FromMicros(last[l.log].at)) >= hourly
		if l.size == 0 || l.size == last[l.log].size && !due {
			continue
		}
		if err := m.checkpoint(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// checkpoint signs the head of a log, keeps it and remembers it.
func (m *Module) checkpoint(ctx context.Context, l *logState) error {
	c := verify.Checkpoint{Origin: m.Key().Origin(string(l.org)), Size: l.size, Root: l.root}
	text, err := m.signed(c)
	if err != nil {
		return fmt.Errorf("journal: sign: %w", err)
	}
	err = m.db.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qSigned, l.log, int64(c.Size), clock.Micros(m.clock.Now()), string(text))
		return err
	})
	if err != nil {
		return fmt.Errorf("journal: keep a checkpoint: %w", err)
	}
	return m.heads.remember(l.org, c, text)
}

// compare checks logs against the heads that this node remembers: each must be at least as long and begin with exactly
// what was signed. all checks every remembered log; otherwise only those that grew.
func (m *Module) compare(ctx context.Context, tx core.Tx, logs []logState, heads map[core.ID]verify.Checkpoint, all bool) error {
	seen := map[core.ID]bool{}
	for i := range logs {
		l := &logs[i]
		seen[l.org] = true
		head, ok := heads[l.org]
		if !ok || !all && head.Size == l.size && head.Root == l.root {
			continue
		}
		if l.size < head.Size {
			return m.refuse(fmt.Errorf("the log of %s has %d entries, %d were signed", l.org, l.size, head.Size))
		}
		if err := m.matches(ctx, tx, l, head); errors.Is(err, errMissing) || errors.Is(err, errOther) {
			return m.refuse(fmt.Errorf("the log of %s: %w", l.org, err))
		} else if err != nil {
			return err
		}
	}
	for org, head := range heads {
		if !seen[org] && head.Size > 0 {
			return m.refuse(fmt.Errorf("the log of %s is gone, %d entries were signed", org, head.Size))
		}
	}
	if m.refusal.Swap(nil) != nil {
		m.log.Info("the journal matches again what this node has seen")
	}
	return nil
}

var errOther = errors.New("the tree is not the one that was signed")

// matches checks that the tree in the database begins with a signed head and ends with the state of its log.
func (m *Module) matches(ctx context.Context, tx core.Tx, l *logState, head verify.Checkpoint) error {
	n := m.tree(l.log, l.size)
	root, err := n.rootAt(ctx, tx, head.Size)
	if err != nil {
		return err
	}
	whole, err := n.rootAt(ctx, tx, l.size)
	if err != nil {
		return err
	}
	if root != head.Root || whole != l.root {
		return errOther
	}
	return nil
}

// refuse makes this node refuse to serve and to write until a comparison succeeds.
func (m *Module) refuse(why error) error {
	err := errBehind.Because(why)
	if m.refusal.Swap(err) == nil {
		m.log.Error("the database is behind the journal that this node has seen", "why", why.Error())
	}
	return err
}

// Check compares every log with the head that this node remembers, now. Its error is of kind Busy when the database is
// behind or inconsistent: the node must not serve.
func (m *Module) Check(ctx context.Context) error {
	heads := m.heads.all()
	return m.db.Read(ctx, func(tx core.Tx) error {
		logs, err := allLogs(ctx, tx)
		if err != nil {
			return err
		}
		return m.compare(ctx, tx, logs, heads, true)
	})
}

// Refusing tells without any work whether the last comparison failed: nil, or the error to answer with.
func (m *Module) Refusing() error {
	if r := m.refusal.Load(); r != nil {
		return r
	}
	return nil
}

// Head is where the journal stands, for readiness and metrics.
type Head struct {
	Logs     int
	Entries  uint64    // of all logs
	Waiting  bool      // entries wait for their place
	SignedAt time.Time // newest checkpoint
	Unsigned uint64    // entries after their log's last checkpoint
}

// Head tells where the journal stands.
func (m *Module) Head(ctx context.Context) (h Head, err error) {
	err = m.db.Read(ctx, func(tx core.Tx) error {
		logs, err := allLogs(ctx, tx)
		if err != nil {
			return err
		}
		h.Logs = len(logs)
		for _, l := range logs {
			h.Entries += l.size
		}
		var signed uint64
		var newest int64
		_, err = db.All(ctx, tx, qLatests, func(scan db.Scan) (struct{}, error) {
			var log int64
			var c checkpointRow
			err := scan(&log, &c.size, &c.at)
			signed, newest = signed+c.size, max(newest, c.at)
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
		h.SignedAt, h.Unsigned = clock.FromMicros(newest), h.Entries-min(signed, h.Entries)
		_, h.Waiting, err = db.One(ctx, tx, qPending, db.Value[string])
		return err
	})
	return h, err
}

// headFile remembers the highest checkpoint of each log that this node saw, apart from the database.
type headFile struct {
	path string
	mu   sync.Mutex
	head map[core.ID]verify.Checkpoint
	text map[core.ID]string
	err  error
}

func openHeadFile(path string) *headFile {
	h := &headFile{path: path, head: map[core.ID]verify.Checkpoint{}, text: map[core.ID]string{}}
	if path == "" {
		return h
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h
	}
	if err == nil {
		err = json.Unmarshal(b, &h.text)
	}
	for org, text := range h.text {
		n, _, _ := cutNote(text)
		c, perr := verify.ParseCheckpoint(n)
		if perr != nil {
			err = perr
		}
		h.head[org] = c
	}
	if err != nil {
		h.err = fmt.Errorf("journal: the file of remembered heads cannot be read: %w", err)
	}
	return h
}

func (h *headFile) all() map[core.ID]verify.Checkpoint {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make(map[core.ID]verify.Checkpoint, len(h.head))
	for org, c := range h.head {
		out[org] = c
	}
	return out
}

// remember keeps a head when it is higher than the known one.
func (h *headFile) remember(org core.ID, c verify.Checkpoint, text []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old, ok := h.head[org]; ok && old.Size >= c.Size {
		return nil
	}
	h.head[org], h.text[org] = c, string(text)
	if h.path == "" {
		return nil
	}
	// A command may run beside the server: what it has seen higher stays.
	beside := openHeadFile(h.path)
	for other, seen := range beside.head {
		if seen.Size > h.head[other].Size {
			h.head[other], h.text[other] = seen, beside.text[other]
		}
	}
	b, err := json.MarshalIndent(h.text, "", " ")
	if err != nil {
		return err
	}
	if err := writeSynced(h.path+".new", b, 0o600, 0); err != nil {
		return fmt.Errorf("journal: remember a head: %w", err)
	}
	return os.Rename(h.path+".new", h.path)
}

// cutNote parts the text of a note, its last newline included, from its signatures.
func cutNote(text string) (body, signatures string, ok bool) {
	for i := len(text) - 2; i > 0; i-- {
		if text[i] == '\n' && text[i+1] == '\n' {
			return text[:i+1], text[i+2:], true
		}
	}
	return text, "", false
}
