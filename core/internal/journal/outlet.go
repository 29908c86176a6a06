package journal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

// Outlet is a place outside this installation that keeps its checkpoints: a signing key on the same machine proves
// nothing against whoever owns the machine.
type Outlet interface {
	// Name is stable and unique: what was sent is remembered by it.
	Name() string
	// Every is the shortest time between two deliveries of one log.
	Every() time.Duration
	// Send delivers a checkpoint; a witness gives back its cosignature lines.
	Send(ctx context.Context, d Delivery) (cosignatures string, err error)
}

// Delivery is a checkpoint on its way out.
type Delivery struct {
	Org        core.ID
	Checkpoint verify.Checkpoint
	Note       []byte
	Last       uint64 // size that this outlet received last
	// Proof shows that the checkpoint extends an earlier size.
	Proof func(ctx context.Context, from uint64) ([]verify.Hash, error)
}

// Folder writes each checkpoint to a file of its own, <folder>/<log>/<size>.note, never overwritten: a mounted bucket, a
// share of another machine, a write-once disk.
type Folder struct {
	Path string
	Each time.Duration // 0: a minute
}

// Name implements Outlet.
func (f Folder) Name() string { return "folder:" + f.Path }

// Every implements Outlet.
func (f Folder) Every() time.Duration { return orMinute(f.Each) }

func orMinute(d time.Duration) time.Duration {
	if d == 0 {
		return time.Minute
	}
	return d
}

// Send implements Outlet.
func (f Folder) Send(_ context.Context, d Delivery) (string, error) {
	dir := filepath.Join(f.Path, filepath.Base(string(d.Org)))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	err := writeSynced(filepath.Join(dir, fmt.Sprintf("%020d.note", d.Checkpoint.Size)), d.Note, 0o444, os.O_EXCL)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return "", err
}

// Bucket puts each checkpoint by HTTP PUT to <URL>/<log>/<size>.note.
type Bucket struct {
	URL    string
	Client *http.Client  // of the way out
	Each   time.Duration // 0: a minute
}

// Name implements Outlet.
func (b Bucket) Name() string { return "bucket:" + b.URL }

// Every implements Outlet.
func (b Bucket) Every() time.Duration { return orMinute(b.Each) }

// Send implements Outlet.
func (b Bucket) Send(ctx context.Context, d Delivery) (string, error) {
	url := fmt.Sprintf("%s/%s/%020d.note", strings.TrimSuffix(b.URL, "/"), filepath.Base(string(d.Org)), d.Checkpoint.Size)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(d.Note))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	res, err := b.Client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		return "", fmt.Errorf("the bucket answered %d", res.StatusCode)
	}
	return "", nil
}

// Mailbox mails checkpoints to an address outside.
type Mailbox struct {
	DB     *db.DB
	Mailer core.Mailer
	To     string
	Each   time.Duration // 0: a day
}

// Name implements Outlet.
func (b Mailbox) Name() string { return "mail:" + b.To }

// Every implements Outlet.
func (b Mailbox) Every() time.Duration {
	if b.Each == 0 {
		return 24 * time.Hour
	}
	return b.Each
}

// Send implements Outlet.
func (b Mailbox) Send(ctx context.Context, d Delivery) (string, error) {
	return "", b.DB.Write(ctx, func(tx core.Tx) error {
		return b.Mailer.Queue(ctx, tx, core.Mail{
			Org: d.Org, To: b.To, Kind: "journal.checkpoint",
			Subject: fmt.Sprintf("Rempart: signed journal head %d", d.Checkpoint.Size),
			Body: "Keep this message. It proves what the journal held when it was sent:\n" +
				"« rempart journal verify » and the verify package compare any later export with it.\n\n" + string(d.Note),
		})
	})
}

// Witness asks another installation, or any C2SP tlog-witness, to cosign.
type Witness struct {
	URL    string        // submission prefix: <URL>/add-checkpoint
	Client *http.Client  // of the way out
	Each   time.Duration // 0: ten seconds
}

// Name implements Outlet.
func (w Witness) Name() string { return "witness:" + w.URL }

// Every implements Outlet.
func (w Witness) Every() time.Duration {
	if w.Each == 0 {
		return 10 * time.Second
	}
	return w.Each
}

// Send implements Outlet: it submits from the size that the witness knows (C2SP tlog-witness).
func (w Witness) Send(ctx context.Context, d Delivery) (string, error) {
	old := d.Last
	for range 2 {
		lines, known, err := w.submit(ctx, d, old)
		if err == nil || known == nil {
			return lines, err
		}
		if *known > d.Checkpoint.Size {
			return "", fmt.Errorf("the witness has seen %d entries, this log has %d", *known, d.Checkpoint.Size)
		}
		old = *known
	}
	return "", errors.New("the witness changed its mind about the size twice")
}

func (w Witness) submit(ctx context.Context, d Delivery, old uint64) (lines string, known *uint64, err error) {
	var proof []verify.Hash
	if old > 0 && old < d.Checkpoint.Size {
		if proof, err = d.Proof(ctx, old); err != nil {
			return "", nil, err
		}
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	for _, h := range proof {
		body.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	body.WriteByte('\n')
	body.Write(d.Note)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", &body)
	if err != nil {
		return "", nil, err
	}
	res, err := w.Client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	switch {
	case err != nil:
		return "", nil, err
	case res.StatusCode == http.StatusOK:
		return string(answer), nil, nil
	case res.StatusCode == http.StatusConflict:
		n, perr := strconv.ParseUint(strings.TrimSpace(string(answer)), 10, 64)
		if perr == nil {
			return "", &n, errors.New("the witness knows another size")
		}
	}
	return "", nil, fmt.Errorf("the witness answered %d", res.StatusCode)
}

var (
	qSent = db.SQL(`INSERT INTO journal_outlet (outlet, log, size, at, failure) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (outlet, log) DO UPDATE SET size = excluded.size, at = excluded.at, failure = excluded.failure`)
	qOutlet = db.SQL(`SELECT log, size, at, failure FROM journal_outlet WHERE outlet = $1`)
)

// Sent is what one outside place has received of one log.
type Sent struct {
	Outlet  string
	Org     core.ID
	Size    uint64
	At      time.Time // of the last attempt
	Failure string    // of the last attempt; empty when it was received
	log     int64
}

// deliver sends to one outlet what is due.
func (m *Module) deliver(ctx context.Context, o Outlet) error {
	var logs []logState
	last := map[int64]Sent{}
	heads := map[int64]checkpointRow{}
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		if logs, err = allLogs(ctx, tx); err != nil {
			return err
		}
		sent, err := db.All(ctx, tx, qOutlet, scanSent, o.Name())
		if err != nil {
			return err
		}
		for _, s := range sent {
			last[s.log] = s
		}
		for _, l := range logs {
			if heads[l.log], _, err = db.One(ctx, tx, qLatest, scanCheckpoint, l.log); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, l := range logs {
		head, s := heads[l.log], last[l.log]
		if head.size == 0 || head.size == s.Size && s.Failure == "" || m.clock.Now().Sub(s.At) < o.Every() {
			continue
		}
		if err := m.deliverOne(ctx, o, l, head, s); err != nil {
			return err
		}
	}
	return nil
}

func scanSent(scan db.Scan) (s Sent, err error) {
	var at int64
	err = scan(&s.log, &s.Size, &at, &s.Failure)
	s.At = clock.FromMicros(at)
	return s, err
}

func (m *Module) deliverOne(ctx context.Context, o Outlet, l logState, head checkpointRow, s Sent) error {
	text, sigs, _ := cutNote(head.note)
	c, err := verify.ParseCheckpoint(text)
	if err != nil {
		return err
	}
	own, _, _ := strings.Cut(sigs, "\n") // the log's own signature; cosignatures stay here
	lines, failure := o.Send(ctx, Delivery{
		Org: l.org, Checkpoint: c, Note: []byte(text + "\n" + own + "\n"), Last: s.Size,
		Proof: func(ctx context.Context, from uint64) (p []verify.Hash, err error) {
			err = m.db.Read(ctx, func(tx core.Tx) error {
				p, err = m.tree(l.log, c.Size).consistency(ctx, tx, from)
				return err
			})
			return p, err
		},
	})
	if failure != nil {
		m.log.Warn("a checkpoint could not be sent", "outlet", o.Name(), "error", failure.Error())
		s.Failure = cut(failure.Error(), 200)
	} else {
		s.Size, s.Failure = c.Size, ""
	}
	return m.db.Write(ctx, func(tx core.Tx) error {
		if lines != "" && failure == nil {
			if _, err := tx.Exec(ctx, qCosign, l.log, int64(c.Size), withLines(head.note, lines)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, qSent, o.Name(), l.log, int64(s.Size), clock.Micros(m.clock.Now()), s.Failure)
		return err
	})
}

// withLines adds signature lines to a note, each once.
func withLines(text, lines string) string {
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, "— ") && !strings.Contains(text, line) {
			text += line
		}
	}
	return text
}

func cut(s string, n int) string { return strings.ToValidUTF8(s[:min(n, len(s))], "") }
