package boot

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// CopyRead is what the keys of today still open of a copy of the data.
type CopyRead struct {
	Open   int       // persons whose profile opens, canaries of probes left out
	Closed []core.ID // those whose key was destroyed since: they were erased
	// Canaries are those of probes that were under way when the copy was taken, and open: each is erased by its run.
	Canaries int
}

// ReadCopy opens a SQLite copy of the data that was taken earlier, as whoever restores or steals it would, and tries the profile of
// each person with the keys of today. It changes the copy in nothing.
func (h *House) ReadCopy(ctx context.Context, path string) (r CopyRead, err error) {
	old, err := db.Open(ctx, db.Config{URL: path, Log: h.cfg.Log})
	if err != nil {
		return r, err
	}
	defer func() {
		if closing := old.Close(); err == nil {
			err = closing
		}
	}()
	err = old.Read(ctx, func(tx core.Tx) error {
		r = CopyRead{}
		everyone, err := h.identity.Everyone(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range everyone {
			p, err := h.identity.Person(ctx, tx, id)
			switch {
			case err != nil:
				return err
			case p.Email == "": // everybody has an address: this one's profile does not open
				r.Closed = append(r.Closed, id)
			case p.IsCanary():
				r.Canaries++
			default:
				r.Open++
			}
		}
		return nil
	})
	return r, err
}
