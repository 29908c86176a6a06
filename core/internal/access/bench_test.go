package access

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// benchMembers reads memberships from a table, with the join and the index that the real module has.
type benchMembers struct{ *town }

var benchSchema = db.Schema{Module: "benchmember", FS: fstest.MapFS{"schema/202611220100_m.sql": &fstest.MapFile{Data: []byte(`
CREATE TABLE benchmember_org (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL) STRICT;
CREATE TABLE benchmember_member (org TEXT NOT NULL, id TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (org, id)) STRICT;
CREATE UNIQUE INDEX benchmember_current ON benchmember_member (org, person) WHERE state <> 'left';
`)}}}

var (
	qBenchOrg      = db.SQL(`INSERT INTO benchmember_org (id, name, kind) VALUES ($1, $1, 'client')`)
	qBenchMember   = db.SQL(`INSERT INTO benchmember_member (org, id, person, state) VALUES ($1, $2, $2, 'active')`)
	qBenchMemberOf = db.SQL(`SELECT m.org, m.person, m.state, o.name, o.kind FROM benchmember_member m JOIN benchmember_org o ON o.id = m.org
WHERE m.org = $1 AND m.person = $2 AND m.state <> 'left'`)
)

func (benchMembers) MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error) {
	return db.One(ctx, tx, qBenchMemberOf, func(scan db.Scan) (m core.Membership, err error) {
		err = scan(&m.Org, &m.Person, &m.State, &m.OrgName, &m.OrgKind)
		return m, err
	}, org, person)
}

// BenchmarkDecide decides acts in a database of 20 organizations, 10,000 members and as many assignments, on SQLite.
// Run with: go test -run '^$' -bench Decide ./core/internal/access
func BenchmarkDecide(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite, []db.Schema{Schema, benchSchema})
	m, err := New(Needs{Members: benchMembers{}, Sealer: coretest.Sealer(), Clock: realClock{}, Manifests: []core.Manifest{rooms}})
	if err != nil {
		b.Fatal(err)
	}
	err = d.Write(b.Context(), func(tx core.Tx) error {
		now := time.Now().UnixMicro()
		for o := range 20 {
			org := fmt.Sprintf("org-%02d", o)
			if _, err := tx.Exec(b.Context(), qBenchOrg, org); err != nil {
				return err
			}
			for p := range 500 {
				person := fmt.Sprintf("person-%02d-%03d", o, p)
				if _, err := tx.Exec(b.Context(), qBenchMember, org, person); err != nil {
					return err
				}
				if _, err := tx.Exec(b.Context(), qAssign, org, "a-"+person, person, "room.keeper", "", "", "", "", "", now, now, 0); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]struct {
		act  core.Act
		want string
	}{
		"permitted": {core.Act{Def: &writeRoom, Org: "org-07"}, ""},
		"forbidden": {core.Act{Def: &DefineRole, Org: "org-07"}, "access.forbidden"},
		"outsider":  {core.Act{Def: &writeRoom, Org: "org-08"}, "access.not_found"},
	} {
		b.Run(name, func(b *testing.B) {
			defer reportCPU(b)()
			err := d.Read(b.Context(), func(tx core.Tx) error {
				for i := 0; b.Loop(); i++ {
					actor := core.Actor{Kind: core.HumanActor, ID: core.ID(fmt.Sprintf("person-07-%03d", i%500)), Address: home}
					if got := core.CodeOf(m.Decide(b.Context(), tx, actor, &c.act)); got != c.want {
						return fmt.Errorf("got %q, want %q", got, c.want)
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
	b.Run("policies alone", func(b *testing.B) {
		r := m.cat.Load().rules[&writeRoom]
		f := &facts{rule: r, kind: typePerson, actor: "p", org: "o", inside: true, known: true, addressOK: true, held: []held{{role: "room.keeper"}, {role: RoleMember}}}
		for b.Loop() {
			if !f.decide(r.policies).allowed {
				b.Fatal("refused")
			}
		}
	})
}

// reportCPU reports the processor time of an operation: what it costs, whatever else the machine does.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Nanoseconds())/float64(b.N)/1000, "cpu-µs/op") }
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }
