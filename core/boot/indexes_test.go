package boot

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

var (
	qMarkOf = db.SQL(`SELECT p.mark FROM identity_person p JOIN identity_account a ON a.person = p.id AND a.mark = p.mark WHERE p.id = $1`)
	qApart  = db.SQL(`SELECT count(*) FROM identity_person p JOIN identity_account a ON a.person = p.id WHERE a.mark <> p.mark`)
	qLiving = db.SQL(`SELECT count(*) FROM vault_index WHERE field = 'identity_person.email' AND destroyed = 0`)
)

// TestAddressesAreIndexedAnewWhilePeopleSignIn: at each moment of a change of the secret each person is found by their address and
// nobody gets the address of another; killed in the middle it goes on from there; then the older secret is gone.
func TestAddressesAreIndexedAnewWhilePeopleSignIn(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			fake := today()
			w := newTownWith(t, Config{URL: urlOf(t, kind), Clock: fake})
			begin, emails := fake.Now(), map[core.ID]string{}
			add := func(email string) (err error) {
				id := ids.New()
				w.must("key", w.vault.MakeKeys(w.system(), id))
				err = w.db.Write(w.system(), func(tx core.Tx) error {
					_, err := w.identity.AddPerson(w.system(), tx, core.NewPerson{ID: id, GivenName: "A", FamilyName: "B", Email: email, Language: "en"})
					return err
				})
				if err == nil {
					emails[id] = email
				}
				return err
			}
			for i := range 230 {
				w.must("add", add(fmt.Sprintf("many-%03d@example.org", i)))
			}
			marks := func() map[core.ID]string {
				all := map[core.ID]string{}
				for id := range emails {
					w.must("mark", w.db.Read(w.system(), func(tx core.Tx) error {
						mark, ok, err := db.One(w.system(), tx, qMarkOf, db.Value[[]byte], id)
						if !ok {
							t.Errorf("%s has two indexes", emails[id])
						}
						all[id] = string(mark)
						return err
					}))
				}
				return all
			}
			round := 0
			holds := func(moment string) {
				t.Helper()
				round++
				for id, email := range emails {
					w.must("find", w.db.Read(w.system(), func(tx core.Tx) error {
						p, ok, err := w.identity.PersonByEmail(w.system(), tx, email)
						if err == nil && (!ok || p.ID != id) {
							t.Fatalf("%s: %s is not found", moment, email)
						}
						return err
					}))
				}
				for _, email := range []string{"many-000@example.org", "Many-229@example.org"} {
					w.wantCode(moment+": the address of another", add(email), "person.email_taken")
				}
				email := fmt.Sprintf("new-%d@example.org", round)
				w.must("add "+moment, add(email))
				w.wantCode(moment+": twice", add(email), "person.email_taken")
				for id := range emails { // a profile written meanwhile
					w.do("write a profile", func(ctx context.Context, tx core.Tx) error {
						list, err := w.identity.People(ctx, tx, id)
						if err != nil {
							return err
						}
						return w.identity.UpdatePerson(ctx, tx, list[id])
					})
					break
				}
				if n := w.count(qApart); n != 0 {
					t.Fatalf("%s: %d accounts have another index than their person", moment, n)
				}
			}
			holds("before")
			was := marks()
			n, err := w.RotateIndexes(w.system())
			w.must("rotate", err)
			if n == 0 {
				t.Fatal("nothing was begun")
			}
			sweep := func(after time.Duration) {
				t.Helper()
				fake.Set(begin.Add(after))
				w.must("sweep", w.Sweep(w.system(), "vault.index"))
			}
			holds("just begun")
			sweep(6 * time.Minute)
			holds("written under the new one")
			fake.Set(begin.Add(11 * time.Minute))
			killed, calls := errors.New("killed"), 0
			_, err = w.vault.Renew(core.WithActor(t.Context(), core.System("vault.index")), w.identity.IndexName(), false, func(ctx context.Context, org core.ID, after string) (string, error) {
				if calls++; calls > 1 {
					return "", killed
				}
				return w.identity.Reindex(ctx, org, after)
			})
			if !errors.Is(err, killed) {
				t.Fatalf("the work was to be killed: %v", err)
			}
			holds("killed in the middle")
			half, old := marks(), 0
			for id := range was {
				if half[id] == was[id] {
					old++
				}
			}
			if old == 0 || old == len(was) {
				t.Fatalf("%d of %d rows are under the older secret: nothing was cut in the middle", old, len(was))
			}
			sweep(12 * time.Minute)
			holds("afterwards")
			for id, mark := range marks() {
				if mark == was[id] {
					t.Errorf("%s still has its former index", emails[id])
				}
			}
			var living int64
			w.must("secrets", w.keys.Read(w.system(), func(tx core.Tx) (err error) {
				living, _, err = db.One(w.system(), tx, qLiving, db.Value[int64])
				return err
			}))
			if living != 1 {
				t.Errorf("%d secrets live", living)
			}
		})
	}
}
