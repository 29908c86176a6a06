package boot

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/ids"
)

// crowd makes an organization of n members, with functions and departments, and gives a context of its administrator.
func crowd(b *testing.B, w *town, n int) (core.ID, context.Context) {
	b.Helper()
	org := ids.New()
	w.must("key", w.vault.MakeKeys(w.system(), org))
	w.do("organization", func(ctx context.Context, tx core.Tx) error {
		_, err := w.organizations.AddOrg(ctx, tx, core.Organization{ID: org, Name: "Crowd", Kind: "client", Language: "fr", TimeZone: "UTC"})
		return err
	})
	for from := 0; from < n; from += 500 {
		people := make([]core.NewPerson, min(500, n-from))
		keys := make([]core.ID, len(people))
		for i := range people {
			keys[i] = ids.New()
			people[i] = core.NewPerson{
				ID: keys[i], GivenName: fmt.Sprintf("Prénom%d", (from+i)*7919%n), FamilyName: fmt.Sprintf("Nom-de-famille%d", (from+i)*104729%n),
				Email: fmt.Sprintf("person-%d@crowd.example", from+i), Phone: "+33142000000", Language: "fr",
			}
		}
		w.must("keys", w.vault.MakeKeys(w.system(), keys...))
		w.do("people", func(ctx context.Context, tx core.Tx) error {
			if _, err := w.identity.AddPeople(ctx, tx, people); err != nil {
				return err
			}
			for i, id := range keys {
				_, err := w.organizations.AddMember(ctx, tx, core.Membership{
					Org: org, Person: id, Function: fmt.Sprintf("Fonction %d", i%20), Department: fmt.Sprintf("Service %d", i%30), Group: "Groupe", Committee: "Commission",
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	w.person("crowd.admin", org, "admin", "Boss")
	ctx := core.WithActor(context.Background(), core.Actor{
		Kind: core.HumanActor, ID: w.people["crowd.admin"], AAL: 2, AuthenticatedAt: time.Now(), Address: netip.MustParseAddr("127.0.0.1"), Agent: browser, Request: ids.New(),
	})
	return org, ctx
}

// BenchmarkMembers measures a page of the list of members, all that is in it counted: decision, rows, journal. The promise is
// 60 ms of CPU with 5,000 members.
func BenchmarkMembers(b *testing.B) {
	for _, n := range []int{5000, 20000} {
		w := newTown(b, "")
		org, ctx := crowd(b, w, n)
		for name, f := range map[string]organization.Filter{"page": {}, "find": {Find: "nom-de-famille42"}} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				if _, err := w.organizations.List(ctx, org, f); err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				b.ReportAllocs()
				b.ResetTimer()
				before := cpu(b)
				for range b.N {
					page, err := w.organizations.List(ctx, org, f)
					if err != nil || len(page.Members) == 0 {
						b.Fatal(len(page.Members), err)
					}
				}
				b.ReportMetric(float64(cpu(b)-before)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
			})
		}
	}
}
