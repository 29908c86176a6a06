package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// entrySize is about what one entry of the journal takes: its text and its sealed parts.
const entrySize = 700

// tesseraBest measures both ways of batching and gives the faster.
func tesseraBest(ctx context.Context, s settings, clients int) (result, error) {
	usual, err := tesseraOnce(ctx, s, clients, "default batching", tessera.DefaultBatchMaxSize, tessera.DefaultBatchMaxAge)
	if err != nil {
		return usual, err
	}
	tuned, err := tesseraOnce(ctx, s, clients, "batch 1024 / 5 ms", 1024, 5*time.Millisecond)
	if err != nil || usual.perSecond() > tuned.perSecond() {
		return usual, err
	}
	return tuned, nil
}

func tesseraOnce(ctx context.Context, s settings, clients int, how string, size uint, age time.Duration) (result, error) {
	dir, err := os.MkdirTemp(s.dir, "tessera-")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		return result{}, err
	}
	skey, _, err := note.GenerateKey(rand.Reader, "bench.example/log")
	if err != nil {
		return result{}, err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return result{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	opts := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(size, age).WithCheckpointInterval(time.Second)
	log, shutdown, _, err := tessera.NewAppender(ctx, driver, opts)
	if err != nil {
		return result{}, err
	}
	r, _, err := warmed(ctx, clients, s.seconds, func(ctx context.Context, _ int) error {
		data := make([]byte, entrySize)
		if _, err := rand.Read(data); err != nil {
			return err
		}
		for {
			_, err := log.Add(ctx, tessera.NewEntry(data))()
			if err == nil || ctx.Err() != nil || !isPushback(err) {
				return err
			}
			time.Sleep(time.Millisecond)
		}
	})
	r.how = how
	end, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	_ = shutdown(end) // waits for a checkpoint: not part of the measure
	return r, err
}

func isPushback(err error) bool { return errors.Is(err, tessera.ErrPushback) }
