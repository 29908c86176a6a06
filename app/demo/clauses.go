package demo

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the fault of the scene is planted beside the gate, as a bad administrator of the database would

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	hosted "github.com/rempart/rempart/services"
	"github.com/rempart/rempart/verify"
)

// The policy of the demonstration, and the clause whose control is broken in front of us.
const (
	shownPolicy = "callcenterrate"
	shownClause = "ACC-8.2"
	shownProbe  = "session.idle"
)

func applyPolicy(ctx context.Context, s *Stage) (string, error) {
	contacts := map[string]string{"contact.security": "security@example.org", "contact.dpo": "dpo@example.org", "contact.support": "support@example.org"}
	if err := s.House.SetFloors(ctx, contacts, "Demonstration: whom to write to"); err != nil {
		return "", err
	}
	out, err := s.House.PublishPolicy(ctx, boot.PolicyOrder{Pack: shownPolicy, Tighten: true, Reason: "Demonstration: the annex that our clients sign"}, false)
	if err != nil {
		return "", err
	}
	list, _, err := s.House.VerifyClauses(ctx, boot.ClauseFilter{Pack: shownPolicy}, false)
	if err != nil {
		return "", err
	}
	apart := 0
	for _, c := range list {
		if c.Apart {
			apart++
		}
	}
	return fmt.Sprintf("version %s: %d clauses promised, %d apart as not built; a weaker setting is refused from now on", out.Version, len(list)-apart, apart), nil
}

func looserRefused(ctx context.Context, s *Stage) (string, error) {
	err := s.House.SetFloors(ctx, map[string]string{"session.idle": "700"}, "Demonstration: fewer sign-ins")
	if err == nil {
		return "", errors.New("a setting below a published clause was taken")
	}
	if core.KindOf(err) != core.Invalid {
		return "", err
	}
	return "sessions that live 700 minutes unused: refused by " + shownClause, nil
}

func probeClauses(ctx context.Context, s *Stage) (string, error) {
	list, sum, err := s.House.VerifyClauses(ctx, boot.ClauseFilter{Pack: shownPolicy}, true)
	if err != nil {
		return "", err
	}
	probes := map[string]bool{}
	var wrong []string
	for _, c := range list {
		for _, p := range c.Probes {
			probes[p.ID] = true
		}
		if c.Published && c.Status == boot.ClauseBroken {
			wrong = append(wrong, c.ID+": "+c.Why.EN)
		}
	}
	if len(wrong) > 0 {
		return "", errors.New(strings.Join(wrong, "\n          "))
	}
	return fmt.Sprintf("%d probes with canaries through the same doors as people: %s", len(probes), sum), nil
}

// attestedClause is one that a named person keeps by their word: of premises.
const (
	attestedPolicy = "usercom"
	attestedClause = "USR-1"
)

func attestSite(ctx context.Context, s *Stage) (string, error) {
	stands := func() (boot.Clause, error) {
		list, _, err := s.House.VerifyClauses(ctx, boot.ClauseFilter{Pack: attestedPolicy, Clause: attestedClause}, false)
		if err == nil && len(list) != 1 {
			err = fmt.Errorf("%s stands %d times in %s", attestedClause, len(list), attestedPolicy)
		}
		if err != nil {
			return boot.Clause{}, err
		}
		return list[0], nil
	}
	before, err := stands()
	if err != nil {
		return "", err
	}
	proof := []byte("Visit of the site: alarm tried, 12 badges counted, visitors' book read.\n")
	if err := s.Trial.Attest(ctx, "site-security", "Port-Sainte", "Seen on the spot with the guard.", proof); err != nil {
		return "", err
	}
	after, err := stands()
	if err != nil {
		return "", err
	}
	if before.Status != boot.ClauseStale || after.Status != boot.ClauseAttested {
		return "", fmt.Errorf("%s went from %s to %s: %s", attestedClause, before.Status, after.Status, after.Why.EN)
	}
	return fmt.Sprintf("%s, then signed with its evidence: %s", strings.TrimSuffix(before.Why.EN, "."), after.Why.EN), nil
}

// clause runs the probes of the clause shown and gives how it stands.
func (s *Stage) clause(ctx context.Context) (boot.Clause, error) {
	list, _, err := s.House.VerifyClauses(ctx, boot.ClauseFilter{Pack: shownPolicy, Clause: shownClause}, true)
	if err != nil {
		return boot.Clause{}, err
	}
	if len(list) != 1 {
		return boot.Clause{}, fmt.Errorf("%s stands %d times in %s", shownClause, len(list), shownPolicy)
	}
	return list[0], nil
}

func breakControl(ctx context.Context, s *Stage) (string, error) {
	if s.opts.Database != "" {
		return "not played: the fault is written for SQLite", nil
	}
	fault, err := s.plant(ctx)
	if err != nil {
		return "", err
	}
	c, err := s.clause(ctx)
	if err != nil {
		return "", err
	}
	if c.Status != boot.ClauseBroken {
		return "", fmt.Errorf("%q was planted and the clause is %s", fault.Title.EN, c.Status)
	}
	return fmt.Sprintf("%q: %s went red. %s", fault.Title.EN, shownClause, c.Why.EN), nil
}

func mendControl(ctx context.Context, s *Stage) (string, error) {
	if s.opts.Database != "" {
		return "not played either", nil
	}
	if err := s.uproot(ctx); err != nil {
		return "", err
	}
	c, err := s.clause(ctx)
	if err != nil {
		return "", err
	}
	if c.Status != boot.ClauseHeld {
		return "", fmt.Errorf("the fault was taken away and the clause is %s: %s", c.Status, c.Why.EN)
	}
	return shownClause + " is green again, by a new observation", nil
}

// plant switches off the control of the clause shown, with the fault that its own probe ships.
func (s *Stage) plant(ctx context.Context) (core.PlantedFault, error) {
	for _, p := range s.House.Probes() {
		if p.ID == shownProbe {
			return p.Faults[0], p.Faults[0].Plant(ctx, vandal{s})
		}
	}
	return core.PlantedFault{}, fmt.Errorf("no probe %s", shownProbe)
}

// vandal writes into the database of the stage, behind the platform's back. Only a trigger can be planted: it is what
// uproot takes away.
type vandal struct{ s *Stage }

func (v vandal) Exec(ctx context.Context, statement string) error {
	if !strings.HasPrefix(strings.TrimSpace(statement), "CREATE TRIGGER") {
		return errors.New("the fault is no trigger")
	}
	return v.s.behind(ctx, func(d *sql.DB) error {
		_, err := d.ExecContext(ctx, statement)
		return err
	})
}

func (vandal) Front(func(http.Handler) http.Handler) {}

func (vandal) Pretend(string, string) {}

// uproot takes every trigger away: the platform has none of its own.
func (s *Stage) uproot(ctx context.Context) error {
	return s.behind(ctx, func(d *sql.DB) error {
		rows, err := d.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'trigger'`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var names []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			names = append(names, name)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, name := range names {
			if _, err := d.ExecContext(ctx, `DROP TRIGGER "`+name+`"`); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Stage) behind(_ context.Context, f func(*sql.DB) error) error {
	d, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data", "rempart.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	d.SetMaxOpenConns(1)
	return errors.Join(f(d), d.Close())
}

// proveClause takes the proof away and checks it without the platform, then changes one word of it.
func proveClause(ctx context.Context, s *Stage) (string, error) {
	bundle, err := s.House.ProveClause(ctx, shownPolicy, shownClause)
	if err != nil {
		return "", err
	}
	began := time.Now()
	report, err := verify.CheckBundle(bytes.NewReader(bundle), s.House.JournalKey())
	if err != nil {
		return "", err
	}
	if !report.OK() {
		return "", errors.New(report.String())
	}
	took := time.Since(began)
	forged, err := verify.CheckBundle(bytes.NewReader(bytes.Replace(bundle, []byte(`"held"`), []byte(`"hold"`), 1)), s.House.JournalKey())
	if err == nil && forged.OK() {
		return "", errors.New("a changed bundle was not noticed")
	}
	return fmt.Sprintf("%s of proof checked in %s by the public key alone; one changed word is found", size(len(bundle)), round(took)), nil
}

func size(n int) string { return fmt.Sprintf("%d kB", (n+1023)/1024) }

// selfTest plants every fault of the probes of the clause shown in throw-away instances.
func selfTest(ctx context.Context, s *Stage) (string, error) {
	c, err := s.clause(ctx)
	if err != nil {
		return "", err
	}
	r, err := boot.SelfTest(ctx, hosted.All, func(p *core.Probe) bool {
		return slices.ContainsFunc(c.Probes, func(mine boot.ClauseProbe) bool { return mine.ID == p.ID })
	})
	if err != nil {
		return "", err
	}
	if !r.Sound() {
		return "", fmt.Errorf("%d of %d faults caught, survivors: %v, unseen: %v, false alarms: %v", r.Killed, r.Faults, r.Survivors, r.Unseen, r.Alarms)
	}
	return fmt.Sprintf("%d of %d planted faults of %s caught: kill rate %.0f %% (all of them: rempart verify --self-test)", r.Killed, r.Faults, shownClause, 100*r.Rate()), nil
}

func tellClauses(ctx context.Context, s *Stage) (string, error) {
	list, sum, err := s.House.VerifyClauses(ctx, boot.ClauseFilter{Pack: shownPolicy}, false)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		line := c.Title.EN
		if c.Status != boot.ClauseHeld {
			line += ": " + c.Why.EN
		}
		s.say("          %-9s %-10s %s", c.ID, strings.ReplaceAll(string(c.Status), "_", " "), cut(line, 110))
	}
	return sum.String(), nil
}

// cut shortens a line to n characters.
func cut(line string, n int) string {
	r := []rune(line)
	if len(r) <= n {
		return line
	}
	return string(r[:n-1]) + "…"
}
