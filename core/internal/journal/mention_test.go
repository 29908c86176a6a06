package journal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// kept asks how many entries of a person stay when they are erased.
func (h *house) kept(who core.ID) (n int64) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx core.Tx) error {
		list, err := h.ErasePerson(h.t.Context(), tx, who)
		n = list[1].Kept
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestWhatStaysOfAPersonIsCountedInEveryLog: entries that the index holds and those that it lacks, of all organizations, each once,
// as often as it is asked, and by a process that has read none of them before.
func TestWhatStaysOfAPersonIsCountedInEveryLog(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		journal.SetBlock(h.Module, 256)
		want := int64(0)
		for round := range 5 {
			for i := range 200 {
				e := core.Entry{Org: []core.ID{"org-a", "org-b"}[i%2], Subjects: []core.ID{core.ID([]string{"eve", "dan", "zoe"}[i%3]), "eve"}}
				if i%13 == 0 {
					e.Actor = person("eve")
				}
				h.act(e)
				if i%3 == 0 {
					want++
				}
				if i%13 == 0 {
					want++
				}
			}
			h.settle()
			if round == 2 {
				if err := h.Index(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, process := range []*house{h, h, newHouse(t, d)} {
				if n := process.kept("eve"); n != want {
					t.Fatalf("round %d: %d entries are said to stay, %d do", round, n, want)
				}
			}
			if n := h.kept("nobody"); n != 0 {
				t.Fatalf("%d entries of somebody who has none", n)
			}
		}
		if n, err := h.Prune(t.Context(), "org-a", h.clock.Now().Add(time.Hour)); err != nil || n == 0 {
			t.Fatalf("pruned %d: %v", n, err)
		}
		if n, anew := h.kept("eve"), newHouse(t, d).kept("eve"); n != anew || n >= want {
			t.Fatalf("after entries were pruned %d are said to stay, and %d by another process, of %d", n, anew, want)
		}
	})
}

// given asks for the entries of a person, log by log, by what they were about.
func (h *house) given(who core.ID) (list []string) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx core.Tx) error {
		list = nil
		return h.ExportPerson(h.t.Context(), tx, who, func(r core.Record) error {
			list = append(list, r.Values["organization"].(string)+" "+r.Values["resource"].(string)+" "+r.Values["role"].(string))
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// TestAPersonIsGivenEachOfTheirEntriesOnce: what they did and what was done about them, the newest first in each log, whether the index
// holds it or not, as often as they ask, and by a process that has read none of it before.
func TestAPersonIsGivenEachOfTheirEntriesOnce(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		journal.SetBlock(h.Module, 256)
		want := map[core.ID][]string{}
		for round := range 4 {
			for i := range 150 {
				org := []core.ID{"org-a", "org-b"}[i%2]
				e := core.Entry{Org: org, Resource: core.ID(fmt.Sprintf("entry-%d-%03d", round, i)), Subjects: []core.ID{core.ID([]string{"dan", "zoe", "zoe"}[i%3]), "eve"}}
				role := ""
				if i%40 == 7 { // far between, so that others are skipped
					e.Subjects[0], role = "eve", "subject"
				}
				if i%13 == 0 {
					e.Actor, role = person("eve"), "actor"
				}
				h.act(e)
				if role != "" {
					want[org] = append([]string{string(org) + " " + string(e.Resource) + " " + role}, want[org]...)
				}
			}
			h.settle()
			if round == 2 {
				if err := h.Index(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			all := append(slices.Clone(want["org-a"]), want["org-b"]...)
			for _, process := range []*house{h, h, newHouse(t, d)} {
				if got := process.given("eve"); !slices.Equal(got, all) {
					t.Fatalf("round %d: %d entries are given, %d are theirs:\n%v\n%v", round, len(got), len(all), got, all)
				}
			}
			if n := len(h.given("nobody")); n != 0 {
				t.Fatalf("%d entries of somebody who has none", n)
			}
		}
	})
}
