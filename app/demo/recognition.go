package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/code"
	"github.com/rempart/rempart/services/recognition/desk"
)

// crm is how many contacts the demonstration's tool has.
const crm = 1000

const crmAgent = `
every: 10m
source: {kind: csv, file: crm.csv, key: [id]}
mapping:
  region: FR
  numbers: [phone]
  name: [name]
  company: company
  shown: {City: city}
  scripts: {customer: id}
`

// service gives caller recognition and the work of whoever answers for the town.
func (s *Stage) service(ctx context.Context) (*recognition.Module, context.Context, error) {
	m, ok := s.House.Guest("recognition").(*recognition.Module)
	if !ok {
		return nil, nil, errors.New("the platform has no caller recognition")
	}
	return m, core.WithActor(ctx, core.Actor{Kind: core.SystemActor, ID: s.player("admin").Person}), nil
}

// become gives a player a role through the page of their rights.
func (s *Stage) become(name, role, reason string) error {
	page, err := s.visit("admin", s.table()+"/persons/"+string(s.player(name).Person))
	if err != nil {
		return err
	}
	_, err = fill(page, "role,reason", map[string]string{"role": role, "until": time.Now().AddDate(0, 0, 30).Format(time.DateOnly), "reason": reason})
	return err
}

func crmNumber(i int) string { return fmt.Sprintf("02 61 91 %02d %02d", i/100, i%100) } // of the range kept for fiction (ARCEP)

// syncCRM writes a CRM's file, installs the agent beside it by a one-time code, and lets it bring what it may.
func syncCRM(ctx context.Context, s *Stage) (string, error) {
	m, actor, err := s.service(ctx)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(s.dir, "crm")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("id,name,company,phone,city,salary\n")
	for i := range crm {
		fmt.Fprintf(&b, "%d,Camille Morvan %d,Valombre %d,%s,Brest,secret-%d\n", i, i, i/10, crmNumber(i), i)
	}
	if err := os.WriteFile(filepath.Join(folder, "crm.csv"), []byte(b.String()), 0o600); err != nil {
		return "", err
	}
	if s.crm, err = m.MakeLink(actor, s.Town, recognition.LinkDraft{Name: "CRM", Kind: "csv"}); err != nil {
		return "", err
	}
	code, err := m.InviteAgent(actor, s.Town, recognition.ForSync, s.crm, "CRM of the office")
	if err != nil {
		return "", err
	}
	cfg, err := agent.Read(filepath.Join(folder, "agent.yaml"), []byte(crmAgent))
	if err != nil {
		return "", err
	}
	id, err := agent.Enrol(ctx, cfg, s.Origin, code.Code)
	if err != nil {
		return "", err
	}
	a, err := agent.New(cfg, id, agent.Options{Version: s.opts.Version})
	if err != nil {
		return "", err
	}
	defer a.Close()
	done, err := a.Turn(ctx)
	if err != nil {
		return "", err
	}
	if done.Held != crm {
		return "", fmt.Errorf("the platform holds %d cards of %d: %+v", done.Held, crm, done.Counts)
	}
	again, err := a.Turn(ctx)
	if err != nil {
		return "", err
	}
	if again.How != "nothing" {
		return "", fmt.Errorf("nothing changed, and a turn was %q", again.How)
	}
	return fmt.Sprintf("%d contacts in %v, %d kB sent for %d kB of file, the set proven equal; nothing changed: %d bytes of cards",
		done.Held, done.Took.Round(time.Millisecond), done.Bytes>>10, b.Len()>>10, again.Bytes), nil
}

// Workstation installs the agent of a player's workstation by a code of their own page.
func (s *Stage) Workstation(ctx context.Context, name string) (*desk.API, error) {
	page, err := s.visit(name, "/o/"+string(s.Town)+"/recognition/workstation")
	if err != nil {
		return nil, err
	}
	if page, err = fill(page, "/recognition/workstation", nil); err != nil {
		return nil, err
	}
	shown := code.Find(string(page.Body))
	if shown == "" {
		return nil, errors.New("the page shows no install code")
	}
	account := desk.Account{URL: s.Origin, Language: "en"}
	if account.Org, account.Token, err = desk.Connect(account).Enrol(ctx, shown); err != nil {
		return nil, err
	}
	return desk.Connect(account), nil
}

// ringMember has the demonstration exchange ring the member's phone, and sees what their workstation is told.
func ringMember(ctx context.Context, s *Stage) (string, error) {
	m, actor, err := s.service(ctx)
	if err != nil {
		return "", err
	}
	if err := s.become("member", recognition.RoleUser, "Answers the telephone"); err != nil {
		return "", err
	}
	line, err := m.MakeLine(actor, s.Town, recognition.ExchangeDraft{
		Kind: recognition.KindFake, Title: "Exchange", Region: "FR", Phones: []recognition.Phone{{Extension: "101", Person: s.player("member").Person}},
	})
	if err != nil {
		return "", err
	}
	station, err := s.Workstation(ctx, "member")
	if err != nil {
		return "", err
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	rings := make(chan desk.Ring, 8)
	go func() { _ = station.Follow(ctx, "", func(_ string, r desk.Ring) { rings <- r }) }()
	if err := s.spoken(ctx, m, actor, line); err != nil {
		return "", err
	}
	exchange := m.FakeExchange(line)
	var told desk.Ring
	var took time.Duration
	for range 2 { // the first one opens what the second finds open
		before := told.Call
		began := time.Now()
		call := exchange.Ring("101", crmNumber(42), "")
		if told, err = heard(ctx, rings, func(r desk.Ring) bool { return r.Call != before }); err != nil {
			return "", err
		}
		took = time.Since(began)
		if !told.Pop || !strings.Contains(told.Title, "Camille Morvan 42") || !strings.Contains(told.Body, "Brest") {
			return "", fmt.Errorf("the workstation is told %q, %q, pop %t", told.Title, told.Body, told.Pop)
		}
		if err := exchange.Hangup(call); err != nil {
			return "", err
		}
		if _, err := heard(ctx, rings, func(r desk.Ring) bool { return r.Call == told.Call && !r.Live }); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%q, %q: on the workstation %v after the ring", told.Title, strings.ReplaceAll(told.Body, "\n", ", "), took.Round(100*time.Microsecond)), nil
}

// heard gives the first event of a workstation that is the one meant: a call may be told more than once in the same state.
func heard(ctx context.Context, rings <-chan desk.Ring, meant func(desk.Ring) bool) (desk.Ring, error) {
	for {
		select {
		case r := <-rings:
			if meant(r) {
				return r, nil
			}
		case <-ctx.Done():
			return desk.Ring{}, errors.New("the workstation is told nothing")
		}
	}
}

// spoken waits until the platform speaks to an exchange.
func (s *Stage) spoken(ctx context.Context, m *recognition.Module, actor context.Context, line core.ID) error {
	for ctx.Err() == nil {
		lines, err := m.Lines(actor, s.Town)
		if err != nil {
			return err
		}
		for i := range lines {
			if lines[i].ID == line && lines[i].Condition == "up" {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the platform does not speak to the exchange")
}

// unlinkCRM removes the tool and looks for its cards.
func unlinkCRM(ctx context.Context, s *Stage) (string, error) {
	m, actor, err := s.service(ctx)
	if err != nil {
		return "", err
	}
	found, err := m.Lookup(actor, s.Town, crmNumber(42))
	if err != nil {
		return "", err
	}
	elsewhere, err := m.Lookup(actor, s.Mutual, crmNumber(42))
	if err != nil {
		return "", err
	}
	if len(found.Matches) != 1 || len(elsewhere.Matches) != 0 {
		return "", fmt.Errorf("the town finds %d cards, the other organization %d", len(found.Matches), len(elsewhere.Matches))
	}
	began := time.Now()
	if err := m.RemoveLink(actor, s.Town, s.crm); err != nil {
		return "", err
	}
	if found, err = m.Lookup(actor, s.Town, crmNumber(42)); err != nil {
		return "", err
	}
	took := time.Since(began)
	if len(found.Matches) != 0 {
		return "", fmt.Errorf("%d cards are still found", len(found.Matches))
	}
	return fmt.Sprintf("%d cards, found a moment before, by that organization alone: none %v later; their key is destroyed", crm, took.Round(time.Millisecond)), nil
}
