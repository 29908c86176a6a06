package annex

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/i18n"
)

// sort of a block of the annex: the three forms draw the same blocks.
type sort uint8

const (
	title sort = iota
	heading
	clause // a smaller heading, numbered by the clause
	text
	faint
	list
	table
	state // a status in a word, with a sentence
	code
)

// block is one block of the annex.
type block struct {
	sort  sort
	text  string
	more  string // after a state
	is    control.Status
	items []string
	head  []string
	rows  [][]string
	wide  []float64 // share of each column
}

// composer writes blocks in one language.
type composer struct {
	ctx    context.Context
	d      Document
	blocks []block
}

// compose lays an annex out in a language.
func compose(d Document, lang i18n.Lang) []block {
	c := &composer{ctx: i18n.With(context.Background(), lang), d: d}
	c.add(block{sort: title, text: tAnnex.In(c.ctx)})
	c.say(text, tBetween.In(c.ctx, d.Provider, d.Organization))
	c.say(text, tEdition.In(c.ctx, d.Version, i18n.Moment(c.ctx, d.At.UTC())))
	c.say(faint, tMadeBy.In(c.ctx, d.Software))
	c.summary()
	c.policies()
	c.contacts()
	for _, p := range c.packs() {
		c.say(heading, c.of(p.Title))
		for i := range d.Clauses {
			if d.Clauses[i].Pack == p.ID {
				c.clause(&d.Clauses[i])
			}
		}
	}
	c.tightened()
	c.deviations()
	c.gaps(control.NotBuilt, tUnbuilt, tUnbuiltIn)
	c.gaps(control.Outside, tOutside, tOutsideIn)
	c.proof()
	return c.blocks
}

func (c *composer) add(b block)             { c.blocks = append(c.blocks, b) }
func (c *composer) say(s sort, text string) { c.add(block{sort: s, text: text}) }
func (c *composer) of(t core.Text) string   { return i18n.From(t).In(c.ctx) }
func (c *composer) day(t time.Time) string  { return i18n.Moment(c.ctx, t.UTC()) }

// packs are those in force, and then any other that a clause names.
func (c *composer) packs() []Pack {
	known := map[string]bool{}
	all := append([]Pack(nil), c.d.Packs...)
	for _, p := range all {
		known[p.ID] = true
	}
	for _, one := range c.d.Clauses {
		if !known[one.Pack] {
			known[one.Pack] = true
			all = append(all, Pack{ID: one.Pack, Title: core.Text{FR: one.Pack, EN: one.Pack}})
		}
	}
	return all
}

func (c *composer) summary() {
	counts := map[control.Status]int{}
	for _, one := range c.d.Clauses {
		counts[one.Status]++
	}
	b := block{sort: table, head: []string{tStatus.In(c.ctx), tNumber.In(c.ctx), tMeaning.In(c.ctx)}, wide: []float64{27, 13, 60}}
	for _, s := range order {
		b.rows = append(b.rows, []string{StatusWord(s).In(c.ctx), strconv.Itoa(counts[s]), StatusMeaning(s).In(c.ctx)})
	}
	b.rows = append(b.rows, []string{tPromises.In(c.ctx), strconv.Itoa(len(c.d.Clauses)), ""})
	c.say(heading, tSummary.In(c.ctx))
	c.add(b)
}

func (c *composer) policies() {
	if len(c.d.Packs) == 0 {
		return
	}
	b := block{sort: table, head: []string{tPolicy.In(c.ctx), tIssuer.In(c.ctx), tVersion.In(c.ctx), tPrint.In(c.ctx)}, wide: []float64{32, 20, 14, 34}}
	for _, p := range c.d.Packs {
		b.rows = append(b.rows, []string{c.of(p.Title), p.Issuer, p.Version, p.Hash})
	}
	c.say(heading, tPolicies.In(c.ctx))
	c.add(b)
}

func (c *composer) contacts() {
	if len(c.d.Contacts) == 0 {
		return
	}
	b := block{sort: table, head: []string{tSubject.In(c.ctx), tAddress.In(c.ctx)}, wide: []float64{40, 60}}
	for _, one := range c.d.Contacts {
		b.rows = append(b.rows, []string{c.of(one.Title), one.Address})
	}
	c.say(heading, tContacts.In(c.ctx))
	c.add(b)
}

func (c *composer) clause(one *Clause) {
	c.say(clause, one.ID+" · "+c.of(one.Title))
	c.add(block{sort: state, is: one.Status, text: StatusWord(one.Status).In(c.ctx), more: c.dated(one)})
	c.say(text, c.of(one.Text))
	if why := c.of(one.Why); why != "" {
		c.say(faint, why)
	}
	if !one.Published {
		c.say(faint, tDrafted.In(c.ctx))
	}
	c.probes(one)
	c.settings(one)
	for _, s := range one.Standings {
		c.say(text, c.standing(s))
	}
	if len(one.Missing) > 0 {
		c.say(text, tParts.In(c.ctx))
		c.add(block{sort: list, items: c.all(one.Missing)})
	}
	if out := c.of(one.Outside); out != "" {
		c.say(text, tNotShown.In(c.ctx)+" : "+out)
	}
	for _, d := range one.Deviates {
		c.say(text, tDiffers.In(c.ctx)+" ("+d.Reference+") : "+c.of(d.Why))
	}
	if len(one.References) > 0 {
		c.say(faint, tRefers.In(c.ctx, strings.Join(one.References, ", ")))
	}
}

// dated is the evidence's date: green never stands without it.
func (c *composer) dated(one *Clause) string {
	if one.Status == control.NotBuilt || one.Status == control.Outside {
		return ""
	}
	if one.Evidence.IsZero() {
		return tNoProof.In(c.ctx)
	}
	said := tKept.In(c.ctx, c.day(one.Evidence))
	if !one.Since.IsZero() {
		said += " " + tSince.In(c.ctx, c.day(one.Since))
	}
	return said
}

func (c *composer) probes(one *Clause) {
	if len(one.Probes) == 0 {
		return
	}
	b := block{sort: table, head: []string{tProbe.In(c.ctx), tSaw.In(c.ctx), tSample.In(c.ctx), tDate.In(c.ctx)}, wide: []float64{28, 40, 12, 20}}
	for _, p := range one.Probes {
		when, sample := tNeverRan.In(c.ctx), ""
		if !p.End.IsZero() {
			when, sample = c.day(p.End), tOf.In(c.ctx, p.Sample, p.Population)
		}
		saw := StatusWord(p.Status).In(c.ctx)
		if why := c.of(p.Why); why != "" {
			saw += ". " + why
		}
		b.rows = append(b.rows, []string{c.of(p.Title), saw, sample, when})
	}
	c.add(b)
}

func (c *composer) settings(one *Clause) {
	if len(one.Settings) == 0 {
		return
	}
	b := block{sort: table, head: []string{tRules.In(c.ctx), tAsked.In(c.ctx), tInForce.In(c.ctx)}, wide: []float64{50, 25, 25}}
	for _, s := range one.Settings {
		b.rows = append(b.rows, []string{c.of(s.Title), s.Demand, s.Value})
	}
	c.add(b)
}

func (c *composer) standing(s Standing) string {
	said := tSignedEnd.In(c.ctx, c.of(s.Named()), c.day(s.Signed))
	if !s.Until.IsZero() {
		said = tSigned.In(c.ctx, c.of(s.Named()), c.day(s.Signed), c.day(s.Until))
	}
	if s.Evidence != "" {
		said += " " + tProofFile.In(c.ctx, s.Evidence)
	}
	return said
}

func (c *composer) all(list []core.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = c.of(t)
	}
	return out
}

func (c *composer) tightened() {
	c.say(heading, tTightened.In(c.ctx))
	if len(c.d.Tightened) == 0 {
		c.say(text, tNoTight.In(c.ctx))
		return
	}
	c.say(text, tTightLead.In(c.ctx))
	b := block{sort: table, head: []string{tSetting.In(c.ctx), tFloor.In(c.ctx), tChosen.In(c.ctx), tFromWhich.In(c.ctx)}, wide: []float64{46, 18, 18, 18}}
	for _, s := range c.d.Tightened {
		b.rows = append(b.rows, []string{c.of(s.Title), s.Demand, s.Value, s.Clause})
	}
	c.add(b)
}

func (c *composer) deviations() {
	b := block{sort: table, head: []string{tFromWhich.In(c.ctx), tReference.In(c.ctx), tReason.In(c.ctx)}, wide: []float64{15, 22, 63}}
	for _, one := range c.d.Clauses {
		for _, d := range one.Deviates {
			b.rows = append(b.rows, []string{one.ID, d.Reference, c.of(d.Why)})
		}
	}
	if len(b.rows) == 0 {
		return
	}
	c.say(heading, tDeviating.In(c.ctx))
	c.say(text, tDevLead.In(c.ctx))
	c.add(b)
}

// gaps lists plainly the clauses of a status, and with not built the parts that others lack.
func (c *composer) gaps(s control.Status, name, lead i18n.Sentence) {
	c.say(heading, name.In(c.ctx))
	var items []string
	for _, one := range c.d.Clauses {
		parts := c.all(one.Missing)
		if s == control.Outside {
			parts = nil
			if out := c.of(one.Outside); out != "" {
				parts = []string{out}
			}
		}
		if one.Status != s && len(parts) == 0 {
			continue
		}
		line := one.ID + " · " + c.of(one.Title)
		if len(parts) > 0 {
			line += " : " + strings.Join(parts, " ; ")
		}
		items = append(items, line)
	}
	if len(items) == 0 {
		c.say(text, tNothing.In(c.ctx))
		return
	}
	c.say(text, lead.In(c.ctx))
	c.add(block{sort: list, items: items})
}

func (c *composer) proof() {
	c.say(heading, tProof.In(c.ctx))
	c.say(text, tProofLead.In(c.ctx))
	if c.d.Checkpoint == "" {
		c.say(text, tNoHead.In(c.ctx))
	} else {
		c.say(text, tHead.In(c.ctx))
		c.say(code, strings.TrimRight(c.d.Checkpoint, "\n"))
		c.say(text, tKey.In(c.ctx))
		c.say(code, c.d.Key)
	}
	example := "ID"
	if len(c.d.Clauses) > 0 {
		example = c.d.Clauses[0].ID
	}
	c.say(text, tHow.In(c.ctx))
	c.add(block{sort: list, items: []string{tStep1.In(c.ctx, example), tStep2.In(c.ctx), tStep3.In(c.ctx)}})
}
