package recognition

import (
	"context"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qKnownCount = db.SQL(`SELECT count(*) FROM recognition_known WHERE org = $1`)

// TestTheEndOfTheServiceTakesNamesOutOfHistories at once, as the end of one link does (CTI-32.1).
func TestTheEndOfTheServiceTakesNamesOutOfHistories(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.must(s.Subscribe(t.Context(), "org", WayPage))
		link := s.makes("crm")
		s.must(s.write(func(ctx context.Context, tx core.Tx) error {
			return s.keepKnown(ctx, tx, callRow{Call: Call{ID: "call", Org: "org", Cards: []Match{{Card: Card{Source: link, Name: "Jeanne Moulin"}}}}})
		}))
		s.must(s.Unsubscribe(t.Context(), "org"))
		s.must(s.db.Read(t.Context(), func(tx core.Tx) error {
			n, _, err := db.One(t.Context(), tx, qKnownCount, db.Value[int], "org")
			if n != 0 {
				t.Errorf("%d names stay in histories", n)
			}
			return err
		}))
	})
}
