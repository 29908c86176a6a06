package erasure

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rempart/rempart/core"
)

// TestAPassServesAllWhoCameBeforeIt: whoever comes while one runs is served by the next, which begins after they came.
func TestAPassServesAllWhoCameBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passes together[int]
		var ran [][]int
		run := func(_ context.Context, items []int) error {
			ran = append(ran, slices.Clone(items))
			time.Sleep(time.Second)
			return nil
		}
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				if err := passes.do(t.Context(), i, run); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(ran) != 2 || !slices.Equal(ran[0], []int{0}) || !slices.Equal(ran[1], []int{1, 2, 3, 4}) {
			t.Errorf("the passes served %v", ran)
		}
	})
}

// TestAPassWaitsForThoseOnTheirWay, but not for ever: somebody who never comes holds nobody up for long.
func TestAPassWaitsForThoseOnTheirWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passes together[int]
		served := 0
		run := func(_ context.Context, items []int) error { served = len(items); return nil }
		var all sync.WaitGroup
		for i := range 3 {
			arrived := passes.coming()
			all.Go(func() {
				time.Sleep(time.Duration(i) * 50 * time.Millisecond)
				arrived()
				_ = passes.do(t.Context(), i, run)
			})
		}
		all.Wait()
		if served != 3 {
			t.Errorf("the pass served %d of 3 who were on their way", served)
		}
		never, began := passes.coming(), time.Now()
		_ = passes.do(t.Context(), 0, run)
		if took := time.Since(began); took != company {
			t.Errorf("a pass waited %v for somebody who never comes, want %v", took, company)
		}
		never()
		never()
		if passes.way != 0 {
			t.Errorf("%d are still said to be on their way", passes.way)
		}
	})
}

// TestOnlyWhoIsToldToStopStops: those who share a pass with somebody who is cancelled have another; an error is everybody's.
func TestOnlyWhoIsToldToStopStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passes together[int]
		ctx, cancel := context.WithCancel(t.Context())
		run := func(ctx context.Context, _ []int) error { time.Sleep(time.Second); return ctx.Err() }
		wait := passes.coming()
		var first, second error
		var all sync.WaitGroup
		all.Go(func() { first = passes.do(ctx, 1, run) })
		synctest.Wait()
		all.Go(func() { second = passes.do(t.Context(), 2, run) })
		synctest.Wait()
		wait()
		cancel()
		all.Wait()
		if !errors.Is(first, context.Canceled) || second != nil {
			t.Errorf("who was told to stop ends with %v, the other with %v", first, second)
		}
		broken := errors.New("broken")
		if err := passes.do(t.Context(), 3, func(context.Context, []int) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("a pass that failed gives %v", err)
		}
	})
}

// TestWhatManyValuesHaveInCommonStandsInEach: otherwise a search for many would pass over what a search for one finds.
func TestWhatManyValuesHaveInCommonStandsInEach(t *testing.T) {
	list := []*wanted{{values: []string{"a@example.org", "+33612345678"}}, {values: []string{"b@example.net"}}, {values: []string{"+33712345678", "+4912345678"}}, {}}
	for n := range len(list) + 1 {
		parts, part := common(list[:n])
		for _, w := range list[:n] {
			for _, v := range w.values {
				if !slices.Contains(parts, part(v)) || part(v) == "" || !strings.Contains(v, part(v)) {
					t.Errorf("of %d orders: %q is looked for by %q, in %q", n, v, part(v), parts)
				}
			}
		}
	}
	if parts, _ := common(list); len(parts) != 4 {
		t.Errorf("five values are looked for by %q", parts)
	}
}

// TestOnlyStatementsThatLookNowhereElseAreSpared: of the others, what they touch may depend on what was erased before them.
func TestOnlyStatementsThatLookNowhereElseAreSpared(t *testing.T) {
	for text, spared := range map[string]bool{
		`DELETE FROM a_b WHERE person = $1`:                                             true,
		`UPDATE a SET x = CASE WHEN x = $1 THEN '' ELSE x END WHERE x = $1 OR y = $1`:   true,
		`DELETE FROM a WHERE b IN (SELECT id FROM b WHERE person = $1)`:                 false,
		`DELETE FROM a WHERE person = $1 RETURNING id`:                                  false,
		`UPDATE a SET n = (SELECT count(*) FROM b) WHERE person = $1`:                   false,
		`INSERT INTO a (x) VALUES ($1)`:                                                 false,
		`DELETE FROM a`:                                                                 false,
		`SELECT 1 FROM a WHERE person = $1`:                                             false,
		`WITH gone AS (DELETE FROM a WHERE person = $1 RETURNING 1) SELECT 1 FROM gone`: false,
		"UPDATE a SET x = ''\n\t\tWHERE x = $1 AND org IN ('canary', 'canary-beside')":  true,
		"UPDATE a\n\t\tSET x = ''\n\t\tWHERE\n\t\t\tx = $1":                             true,
		`UPDATE a SET x = '' FROM b WHERE b.id = a.b AND b.person = $1`:                 false,
		"UPDATE a SET x = b.y\n\t\tFROM b\n\t\tWHERE b.id = a.b AND b.person = $1":      false,
		`UPDATE a SET x = b.y FROM (SELECT * FROM b WHERE b.person = $1) b`:             false,
		`DELETE FROM a USING b WHERE b.id = a.b AND b.person = $1`:                      false,
		`UPDATE a AS z SET x = '' WHERE z.person = $1`:                                  false,
		`DELETE FROM a z WHERE z.person = $1`:                                           false,
		`UPDATE a SET x = $1 WHERE org = 'canary'`:                                      false,
	} {
		var s spare
		s.learn(text)
		s.learn(text)
		if list := s.list(); len(list) == 1 != spared || len(list) > 1 {
			t.Errorf("%s: %v, want spared: %v", text, list, spared)
		}
	}
}

// TestCountsThatSayTheSameShareARow, and only those that held nothing.
func TestCountsThatSayTheSameShareARow(t *testing.T) {
	why := core.Text{FR: "parce que", EN: "because"}
	rows := packed([]core.Receipt{
		{Table: "a"},
		{Table: "b", Deleted: 1},
		{Table: "c"},
		{Table: "d", Ground: core.LegalObligation, Why: why, Rule: "7y"},
		{Table: "e", Kept: 2, Ground: core.LegalObligation, Why: why, Rule: "7y"},
		{Table: "f", Ground: core.LegalObligation, Why: why, Rule: "7y"},
	})
	var names []string
	for _, r := range rows {
		names = append(names, r.Table)
	}
	if !slices.Equal(names, []string{"a c", "b", "d f", "e"}) {
		t.Errorf("the rows are %q", names)
	}
}
