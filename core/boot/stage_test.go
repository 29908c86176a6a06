package boot

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/probe"
)

var qLongAgo = db.SQL(`UPDATE identity_person SET created_at = 1 WHERE id = $1`)

// rowsOf counts what is left of canaries outside of the journal.
func (w *town) rowsOf(person core.ID) map[string]int64 {
	w.t.Helper()
	left := map[string]int64{}
	w.must("look", w.db.Read(w.t.Context(), func(tx core.Tx) error {
		for _, m := range w.modules {
			err := m.ExportPerson(w.t.Context(), tx, person, func(r core.Record) error {
				if !strings.HasPrefix(r.Table, "journal_") {
					left[r.Table]++
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return left
}

func TestACanaryComesInThroughThePagesAndLeavesNoTrace(t *testing.T) {
	w := newTown(t, "")
	var cast []core.Canary
	p := &core.Probe{ID: "test.trace", Run: func(ctx context.Context, s core.Stage) (core.Sight, error) {
		for _, roles := range [][]string{nil, {"admin"}, {"provider.support"}} {
			c, err := s.Canary(ctx, roles...)
			if err != nil {
				return core.Sight{}, err
			}
			cast = append(cast, c)
			client, err := s.Enter(ctx, c)
			if err != nil {
				return core.Sight{}, err
			}
			page, err := probe.Get(ctx, client, "/me/security")
			if err != nil || page.Status != http.StatusOK || !strings.Contains(page.Body, "Canari Sonde") {
				t.Errorf("%v: the page of a canary answered %d, %v", roles, page.Status, err)
			}
			if mail, err := s.Letter(ctx, c, "signin.new_device"); err != nil || !strings.Contains(mail, "/not-me/") {
				t.Errorf("its letter is %q, %v", mail, err)
			}
			if seen, err := s.Witness(ctx, c, "signin.complete"); err != nil || len(seen) == 0 {
				t.Errorf("%v: %d entries bear witness, %v", roles, len(seen), err)
			}
		}
		stranger, err := s.Stranger(ctx)
		if err != nil || stranger.Org == cast[0].Org {
			t.Errorf("a stranger is of %s, %v", stranger.Org, err)
		}
		page, err := probe.Get(ctx, s.Visitor(), "/me/security")
		if err != nil || !page.Leads("/signin") {
			t.Errorf("a visitor was answered %d, %v", page.Status, err)
		}
		return core.Sight{Held: true}, nil
	}}
	seen, err := w.Play(t.Context(), p)
	if err != nil || !seen.Held || len(cast) != 3 {
		t.Fatalf("saw %v, %v", seen, err)
	}
	for _, c := range cast {
		if left := w.rowsOf(c.Person); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if _, err := w.vault.Seal(t.Context(), c.Person, "x", nil); core.KindOf(err) != core.Gone {
			t.Errorf("the key of a canary still opens: %v", err)
		}
	}
}

func TestACanaryOfAProbeThatBreaksIsErased(t *testing.T) {
	w := newTown(t, "")
	var c core.Canary
	for name, end := range map[string]func(cancel func()) error{
		"panic":  func(func()) error { panic("broken") },
		"error":  func(func()) error { return errors.New("unseen") },
		"cancel": func(cancel func()) error { cancel(); return nil },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := w.Play(ctx, &core.Probe{ID: "test." + name, Run: func(ctx context.Context, s core.Stage) (_ core.Sight, err error) {
			if c, err = s.Canary(ctx); err != nil {
				t.Fatal(err)
			}
			return core.Sight{}, end(cancel)
		}})
		if (err == nil) != (name == "cancel") {
			t.Errorf("%s: %v", name, err)
		}
		if left := w.rowsOf(c.Person); len(left) != 0 || c.Person == "" {
			t.Errorf("%s left behind: %v", name, left)
		}
	}
}

func TestWhatAKilledRunLeftIsSweptByTheNext(t *testing.T) {
	w := newTown(t, "")
	c, err := w.makeCanary(w.system(), core.Canaries, nil)
	w.must("canary", err)
	nothing := &core.Probe{ID: "test.nothing", Run: func(context.Context, core.Stage) (core.Sight, error) { return core.Sight{}, nil }}
	if _, err := w.Play(t.Context(), nothing); err != nil || len(w.rowsOf(c.Person)) == 0 {
		t.Fatalf("a canary that may be at work was erased: %v", err)
	}
	w.do("a while ago", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qLongAgo, c.Person)
		return err
	})
	w.swept.Store(nil) // the process that was killed is started again
	if _, err := w.Play(t.Context(), nothing); err != nil || len(w.rowsOf(c.Person)) != 0 {
		t.Errorf("left behind: %v, %v", w.rowsOf(c.Person), err)
	}
}
