package recognition

import (
	"context"
	"crypto/cipher"
	"fmt"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestAnOrganizationThatEndsTakesTheKeysOfAllItsCases: however many problems its people had reported, what a copy of the database
// still holds of them can be read by nobody.
func TestAnOrganizationThatEndsTakesTheKeysOfAllItsCases(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		box := &strongbox{keys: map[core.ID]cipher.AEAD{}, gone: map[core.ID]bool{}}
		s := newShopWith(t, d, 0, box)
		const many = 250
		s.must(s.write(func(ctx context.Context, tx core.Tx) error {
			for i := range many {
				c := Case{ID: core.ID(fmt.Sprintf("case-%03d", i)), Org: "org", Scope: ScopeCalls, Target: "p", OpenedBy: "p", OpenedAt: time.Now(), Until: time.Now().Add(time.Hour)}
				if err := addCase(ctx, tx, &c); err != nil {
					return err
				}
			}
			return nil
		}))
		s.must(s.write(func(ctx context.Context, tx core.Tx) error { return s.leaveSupport(ctx, tx, "org") }))
		if len(box.gone) != many {
			t.Errorf("%d keys of %d were destroyed", len(box.gone), many)
		}
	})
}

// TestWhoIsNamedIsReadForEachCase: of several organizations at once, each case with its own people.
func TestWhoIsNamedIsReadForEachCase(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		s := newShop(t, d, 0)
		s.must(s.write(func(ctx context.Context, tx core.Tx) error {
			for at, n := range [][3]core.ID{{"a", "1", "p"}, {"a", "1", "q"}, {"a", "2", "p"}, {"b", "3", "r"}, {"b", "9", "x"}} {
				if _, err := tx.Exec(ctx, qNameStaff, n[0], n[1], n[2], "", at); err != nil {
					return err
				}
			}
			return nil
		}))
		cases := []Case{{Org: "b", ID: "3"}, {Org: "a", ID: "2"}, {Org: "a", ID: "1"}, {Org: "a", ID: "4"}}
		s.must(d.Read(t.Context(), func(tx core.Tx) error { return readStaff(t.Context(), tx, cases) }))
		if got := fmt.Sprint(cases[0].Staff, cases[1].Staff, cases[2].Staff, cases[3].Staff); got != "[r] [p] [p q] []" {
			t.Errorf("named are %s", got)
		}
	})
}
