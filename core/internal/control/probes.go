package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/verify"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{
			ID: "control.versions", Kind: core.DataProbe, Title: probe.Text(tVersions), Run: m.seeVersions,
			Faults: []core.PlantedFault{forgotten, repinned, unpinned},
		},
		{
			ID: "control.weakening", Kind: core.DataProbe, Title: probe.Text(tWeakening), Run: m.seeWeakening,
			Faults: []core.PlantedFault{unbound, rewritten},
		},
		{
			ID: "control.runs", Kind: core.DataProbe, Title: probe.Text(tRuns), Run: m.seeRuns,
			Faults: []core.PlantedFault{embellished, unkept},
		},
	}
}

var (
	tVersions  = i18n.T("Chaque version d'une politique est gardée, datée, épinglée et comparée", "Each version of a policy is kept, dated, pinned and compared")
	tWeakening = i18n.T("Un affaiblissement est vu et un paramètre ne passe pas sous une promesse", "A weakening is seen and no setting goes below a promise")
	tRuns      = i18n.T("Les vérifications sont enregistrées, signées et journalisées", "Verifications are recorded, signed and journaled")

	tVersionsHeld = i18n.T("Une politique d'essai a reçu deux versions, défaites ensuite : la première est restée, datée et épinglée. %d versions publiées sur %d ont l'empreinte de leur texte, et chaque client actif est épinglé à la dernière.",
		"A trial policy was given two versions, undone afterwards: the first one stayed, dated and pinned. %d published versions of %d have the hash of their text, and every active client is pinned to the newest.")
	tVersionLost  = i18n.T("La première version d'une politique d'essai n'a pas été gardée.", "The first version of a trial policy was not kept.")
	tVersionHash  = i18n.T("L'empreinte d'une version n'est pas celle de son texte (%s %d).", "The hash of a version is not that of its text (%s %d).")
	tVersionNoPin = i18n.T("Le client d'essai n'a pas été vu comme concerné par la nouvelle version.", "The trial client was not seen as concerned by the new version.")
	tVersionUnpin = i18n.T("%d clients actifs ne sont pas épinglés à la dernière version de %s.", "%d active clients are not pinned to the newest version of %s.")

	tWeakeningHeld = i18n.T("Une politique d'essai, défaite ensuite : un paramètre trop faible (%s) a été signalé, la promesse l'a porté à %s, et la version plus faible a été dite « affaiblie » (%d points).",
		"A trial policy, undone afterwards: a setting too weak (%s) was reported, the promise held it at %s, and the weaker version was called weaker (%d points).")
	tWeakeningGap  = i18n.T("Un paramètre plus faible que la promesse n'a pas été signalé.", "A setting weaker than the promise was not reported.")
	tWeakeningFree = i18n.T("Malgré la promesse de %s, %s restait en vigueur.", "Despite the promise of %s, %s stayed in force.")
	tWeakeningMute = i18n.T("Une version plus faible n'a pas été dite affaiblie.", "A weaker version was not called weaker.")

	tRunsHeld  = i18n.T("Une vérification d'essai a été retrouvée, signée, avec son entrée au journal ; %d constats sur %d relus sont tels que signés.", "A trial verification was found again, signed, with its journal entry; %d observations of %d read again are as they were signed.")
	tRunLost   = i18n.T("Un constat enregistré n'a pas été retrouvé.", "An observation that was recorded was not found again.")
	tRunForged = i18n.T("Un constat n'est pas tel qu'il a été signé (%s).", "An observation is not as it was signed (%s).")
	tRunBare   = i18n.T("L'entrée du journal d'un constat manque, ou dit autre chose.", "The journal entry of an observation is missing, or says something else.")
	tPulse     = i18n.T("Essai de l'enregistrement.", "Trial of the recording.")
)

func planted(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	forgotten = planted("control.versions/forgotten", "L'ancienne version est effacée", "The former version is erased",
		`CREATE TRIGGER forgotten AFTER UPDATE OF state ON control_publication BEGIN DELETE FROM control_publication WHERE pack = NEW.pack AND number = NEW.number; END`)
	repinned = planted("control.versions/repinned", "L'empreinte n'est pas celle du texte", "The hash is not that of the text",
		`CREATE TRIGGER repinned AFTER INSERT ON control_publication BEGIN UPDATE control_publication SET hash = '0' || substr(NEW.hash, 2) || '0' WHERE pack = NEW.pack AND number = NEW.number; END`)
	unpinned = planted("control.versions/unpinned", "Les clients ne sont pas épinglés", "Clients are not pinned",
		`CREATE TRIGGER unpinned AFTER INSERT ON control_pin BEGIN DELETE FROM control_pin WHERE org = NEW.org; END`)
	unbound = planted("control.weakening/unbound", "La promesse ne lie pas les paramètres", "The promise does not bind settings",
		`CREATE TRIGGER unbound AFTER INSERT ON settings_promise BEGIN DELETE FROM settings_promise WHERE pack = NEW.pack; END`)
	rewritten = planted("control.weakening/rewritten", "L'ancien texte est remplacé par le nouveau", "The former text is replaced by the new one",
		`CREATE TRIGGER rewritten AFTER INSERT ON control_publication BEGIN UPDATE control_publication SET source = NEW.source, hash = NEW.hash WHERE pack = NEW.pack; END`)
	embellished = planted("control.runs/embellished", "Un constat est embelli après coup", "An observation is embellished afterwards",
		`CREATE TRIGGER embellished AFTER INSERT ON control_observation BEGIN UPDATE control_observation SET sample = 99 WHERE id = NEW.id; END`)
	unkept = planted("control.runs/unkept", "Les constats ne sont pas gardés", "Observations are not kept",
		`CREATE TRIGGER unkept AFTER INSERT ON control_observation BEGIN DELETE FROM control_observation WHERE id = NEW.id; END`)
)

var dutyTrial = &core.Duty{Name: "control.trial", Why: "a probe publishes a trial policy in a transaction that it always undoes"}

// errUndone undoes a trial.
var errUndone = errors.New("control: a trial is undone")

const (
	trialPack = "rempart-trial"
	trialKey  = "password.min_length"
)

// trialText is a pack that promises a length, with one clause more when it is the stronger one.
func trialText(version string, length int, more bool) []byte {
	text := fmt.Sprintf(`policy: %s
version: "%s"
title: {fr: Essai, en: Trial}
issuer: Rempart
about: {fr: Essai, en: Trial}
lifetime: 1h
clauses:
  - id: T-1
    kind: enforced
    title: {fr: Longueur, en: Length}
    text: {fr: Longueur., en: Length.}
    settings: {%s: {floor: %d}}
    probes: [control.weakening]
`, trialPack, version, trialKey, length)
	if more {
		text += `  - id: T-2
    kind: enforced
    title: {fr: Versions, en: Versions}
    text: {fr: Versions., en: Versions.}
    probes: [control.versions]
`
	}
	return []byte(text)
}

// trial is what a publication in two versions gave.
type trial struct {
	before  string // setting in force before
	promise string
	after   string // in force after the promise
	gaps    []core.Gap
	second  Published
	rows    []publicationRow // newest first
	changes []policies.Change
	lost    bool // the first version is gone
}

// try publishes a trial pack, then a weaker version of it, and undoes both.
func (m *Module) try(ctx context.Context) (t trial, err error) {
	err = m.needs.Gate.Keep(ctx, dutyTrial, func(tx core.Tx) error {
		t = trial{}
		if err := m.rehearse(ctx, tx, &t); err != nil {
			return err
		}
		return errUndone
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.parsed, func(key string, _ *policies.Pack) bool { return strings.HasSuffix(key, "/"+trialPack) })
	if errors.Is(err, errUndone) {
		err = nil
	}
	return t, err
}

func (m *Module) rehearse(ctx context.Context, tx core.Tx, t *trial) error {
	values, err := m.needs.Values.Values(ctx, tx, core.Platform)
	if err != nil {
		return err
	}
	t.before = values[trialKey]
	length, err := strconv.Atoi(t.before)
	if err != nil {
		return err
	}
	t.promise = strconv.Itoa(length + 1)
	// Named by the moment: what was read once is remembered by its hash.
	stamp := string(ids.New())
	for i, text := range [][]byte{trialText(stamp+"-1", length+1, true), trialText(stamp+"-2", length, false)} {
		pack, err := m.needs.Parse("trial.yaml", text)
		if err != nil {
			return err
		}
		out, err := m.prepare(ctx, tx, pack)
		if err != nil {
			return err
		}
		if err := m.put(ctx, tx, &core.Act{}, &out); err != nil {
			return err
		}
		if i > 0 {
			t.second = out
			continue
		}
		t.gaps = out.Gaps
		if values, err = m.needs.Values.Values(ctx, tx, core.Platform); err != nil {
			return err
		}
		t.after = values[trialKey]
		if _, err := tx.Exec(ctx, qPin, core.Canaries, trialPack, out.Number, out.Hash, clock.Micros(m.needs.Clock.Now())); err != nil {
			return err
		}
	}
	all, err := db.All(ctx, tx, qVersions, scanPublication)
	for _, row := range all {
		if row.pack == trialPack {
			t.rows = append(t.rows, row)
		}
	}
	if err != nil || len(t.rows) != 2 {
		t.lost = true
		return err
	}
	t.changes, err = m.difference(ctx, tx, trialPack, 1, 2)
	return err
}

// seeVersions looks at how a trial policy is kept, then at every version that was published.
func (m *Module) seeVersions(ctx context.Context, _ core.Stage) (core.Sight, error) {
	t, err := m.try(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	switch {
	case t.lost || t.rows[1].EndedAt.IsZero() || t.rows[1].State != replaced:
		return probe.Broken(1, 1, tVersionLost), nil
	case !slices.ContainsFunc(t.second.Affected, func(p Pin) bool { return p.Org == core.Canaries && p.Number == 1 }):
		return probe.Broken(1, 1, tVersionNoPin), nil
	}
	for _, row := range t.rows {
		if row.Hash != verify.ObservationDigest(row.source) {
			return probe.Broken(2, 2, tVersionHash, row.pack, row.Number), nil
		}
	}
	return m.seePublished(ctx)
}

// grace is how long after a publication, or the arrival of a client, all must be pinned.
const grace = 3 * time.Hour

func (m *Module) seePublished(ctx context.Context) (sight core.Sight, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qVersions, scanPublication)
		if err != nil {
			return err
		}
		for _, row := range rows {
			p, err := m.opened(ctx, tx, row)
			if err != nil {
				return err
			}
			want := verify.ObservationDigest(row.source)
			if len(p.Withdrawn) > 0 {
				want = verify.ObservationDigest([]byte(want + "\nwithout " + strings.Join(p.Withdrawn, " ") + "\n"))
			}
			if row.Hash != want {
				sight = probe.Broken(len(rows), len(rows), tVersionHash, row.pack, row.Number)
				return nil
			}
		}
		pack, n, err := m.unpinned(ctx, tx)
		switch {
		case err != nil:
			return err
		case n > 0:
			sight = probe.Broken(len(rows), len(rows), tVersionUnpin, n, pack)
		default:
			sight = probe.Held(len(rows), len(rows), tVersionsHeld, len(rows), len(rows))
		}
		return nil
	})
	return sight, err
}

// unpinned counts the clients who should have been told of the newest version of a pack, and were not.
func (m *Module) unpinned(ctx context.Context, tx core.Tx) (pack string, n int, err error) {
	newest, err := db.All(ctx, tx, qLatests, scanPublication)
	if err != nil {
		return "", 0, err
	}
	now := m.needs.Clock.Now()
	due := slices.DeleteFunc(newest, func(p publicationRow) bool { return now.Sub(p.PublishedAt) < grace })
	for after := core.ID(""); len(due) > 0; {
		list, err := m.needs.Orgs.AllOrgs(ctx, tx, after, 500)
		if err != nil || len(list) == 0 {
			return pack, n, err
		}
		after = list[len(list)-1].ID
		list = slices.DeleteFunc(list, func(o core.Organization) bool { return now.Sub(o.CreatedAt) < grace })
		todo, err := m.untold(ctx, tx, list, due)
		if err != nil {
			return pack, n, err
		}
		for _, rows := range todo {
			pack, n = rows[0].pack, n+1
		}
	}
	return pack, n, nil
}

func (m *Module) seeWeakening(ctx context.Context, _ core.Stage) (core.Sight, error) {
	t, err := m.try(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	weaker := 0
	for _, c := range t.changes {
		if c.Effect == policies.Weaker {
			weaker++
		}
	}
	var sight core.Sight
	switch {
	case len(t.gaps) != 1 || t.gaps[0].Want != t.promise:
		sight = probe.Broken(1, 1, tWeakeningGap)
	case t.after != t.promise:
		sight = probe.Broken(1, 1, tWeakeningFree, t.promise, t.after)
	case weaker < 2 || !policies.Weakens(t.second.Changes):
		sight = probe.Broken(1, 1, tWeakeningMute)
	default:
		sight = probe.Held(1, 1, tWeakeningHeld, t.before, t.after, weaker)
	}
	sight.Settings = map[string]string{trialKey: t.before}
	return sight, nil
}

// pulse is the trial of a recording: a probe of no clause.
const pulse = "control.pulse"

const reread = 50

// seeRuns records a trial observation, finds it again with its entry, and reads the newest ones again.
func (m *Module) seeRuns(ctx context.Context, _ core.Stage) (core.Sight, error) {
	trial := &core.Probe{ID: pulse, Kind: core.DataProbe}
	turn := ids.New()
	if err := m.needs.Gate.Keep(ctx, dutyLease, func(tx core.Tx) error { return m.take(ctx, tx, pulse, turn) }); err != nil {
		return core.Sight{}, err
	}
	now := m.needs.Clock.Now()
	o := &Observation{ID: ids.New(), Probe: pulse, Version: m.needs.Version, Node: m.needs.Node, Log: core.Platform, Start: now, End: now}
	o.Sight = probe.Held(1, 1, tPulse)
	if err := m.record(ctx, trial, o, turn, nil); err != nil {
		return core.Sight{}, err
	}
	var rows []*Observation
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		rows, err = db.All(ctx, tx, qSeen, scanObservation, endless, reread)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	found := false
	for _, r := range rows {
		text, err := r.text()
		if err == nil {
			_, err = verify.OpenObservation(text, r.Signature, m.needs.Journal.Key())
		}
		if err != nil {
			return probe.Broken(len(rows), len(rows), tRunForged, r.Probe), nil
		}
		found = found || r.ID == o.ID
	}
	if !found {
		return probe.Broken(len(rows), len(rows), tRunLost), nil
	}
	if ok, err := m.entered(ctx, o); err != nil || !ok {
		return probe.Broken(len(rows), len(rows), tRunBare), err
	}
	sight := probe.Held(len(rows), len(rows), tRunsHeld, len(rows), len(rows))
	sight.Entries = []core.ID{o.Entry}
	return sight, nil
}

// entered tells whether the journal proves the entry of an observation, which gets its place a moment later.
func (m *Module) entered(ctx context.Context, o *Observation) (bool, error) {
	for range 30 {
		_, lines, err := m.needs.Journal.Prove(ctx, o.Log, o.Entry)
		if err != nil {
			return false, err
		}
		if len(lines) == 1 {
			return lines[0].Resource == string(o.ID) && lines[0].Action == verify.ObserveAction, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false, nil
}
