package control

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/verify"
)

var errUnplaced = i18n.Fault(core.Busy, "control.unplaced", "Un constat attend encore sa place au journal : réessayez dans un instant.", "An observation still waits for its place in the journal: try again in a moment.")

// ExportProof is the act of taking the proof of a clause out.
var ExportProof = &core.ActDef{
	Permission: "clause.prove", Resource: "clause", Verb: core.Exports, Purpose: core.PurposeLegal, Staff: true,
	Holders: staffReaders,
	Title:   core.Text{FR: "Exporter la preuve d'une clause", EN: "Export the proof of a clause"},
}

// Bundle gives the proof of a clause, to be checked on another machine with the journal's key (verify.CheckBundle). pack
// is "" for the first pack in force, or that ships, that has the clause.
func (m *Module) Bundle(ctx context.Context, pack, clause string) ([]byte, error) {
	var s *verify.Statement
	var entries map[core.ID][]core.ID
	act := &core.Act{Def: ExportProof, Org: core.Platform, Resource: core.ID(clause)}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		w, err := m.load(ctx, tx)
		if err != nil {
			return err
		}
		list := w.clauses(Filter{Pack: pack, Clause: clause, Every: true})
		if len(list) == 0 {
			return errNoClause
		}
		s, entries, err = w.statement(&list[0])
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := m.addJournals(ctx, s, entries); err != nil {
		return nil, err
	}
	return verify.SignBundle(s, m.needs.Journal.Key(), m.needs.Journal.Sign)
}

// statement writes what a clause rests on, and names the entries to prove, by log.
func (w *world) statement(c *Clause) (*verify.Statement, map[core.ID][]core.ID, error) {
	when := func(t time.Time) string { return t.UTC().Format(verify.TimeForm) }
	s := &verify.Statement{
		Made: when(w.now), Pack: c.Pack, Clause: c.ID, TextFR: c.Text.FR, TextEN: c.Text.EN, Status: string(c.Status),
		WhyFR: c.Why.FR, WhyEN: c.Why.EN, Since: when(c.Since), Published: c.Published, Probes: slices.Clone(c.Clause.Probes),
	}
	for _, p := range w.packs {
		if p.ID == c.Pack {
			s.Version, s.Hash, s.Source = p.Version, p.Hash, string(p.Source)
		}
	}
	if pub := w.force[c.Pack]; pub != nil {
		s.Number, s.Hash, s.Without = pub.Number, pub.Hash, strings.Join(pub.Withdrawn, " ")
	}
	for _, a := range c.Standings {
		if !a.Signed.IsZero() {
			s.Attestations = append(s.Attestations, verify.AttestationLine{Kind: a.Kind, Signed: when(a.Signed), Until: when(a.Until), Evidence: a.Evidence})
		}
	}
	entries := map[core.ID][]core.ID{}
	for _, p := range c.Probes {
		if p.Last == nil {
			continue
		}
		text, err := p.Last.text()
		if err != nil {
			return nil, nil, err
		}
		s.Observations = append(s.Observations, verify.SignedObservation{Text: string(text), Signature: base64.StdEncoding.EncodeToString(p.Last.Signature)})
		entries[p.Last.Log] = append(entries[p.Last.Log], p.Last.Entry)
		for _, log := range []core.ID{core.Canaries, core.Strangers} {
			entries[log] = append(entries[log], p.Last.Entries...)
		}
	}
	return s, entries, nil
}

// addJournals proves the entries. One that records an observation must be there; a witness may have been pruned.
func (m *Module) addJournals(ctx context.Context, s *verify.Statement, entries map[core.ID][]core.ID) error {
	for _, log := range []core.ID{core.Platform, core.Canaries, core.Strangers} {
		if len(entries[log]) == 0 {
			continue
		}
		var part verify.JournalPart
		var err error
		for wait := 50 * time.Millisecond; ; wait *= 2 { // where acts commit in parallel an entry gets its place a moment later
			part.Log = string(log)
			if part.Checkpoint, part.Entries, err = m.needs.Journal.Prove(ctx, log, entries[log]...); err != nil {
				return err
			}
			if log != core.Platform || len(part.Entries) == len(entries[log]) {
				break
			}
			if wait > 2*time.Second {
				return errUnplaced.After(2 * time.Second)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
		}
		if len(part.Entries) > 0 {
			s.Journals = append(s.Journals, part)
		}
	}
	return nil
}
