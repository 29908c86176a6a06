package annex

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/paper"
)

// composer writes blocks in one language.
type composer struct {
	ctx    context.Context
	d      Document
	blocks []paper.Block
}

// compose lays an annex out in a language.
func compose(d Document, lang i18n.Lang) []paper.Block {
	c := &composer{ctx: i18n.With(context.Background(), lang), d: d}
	c.add(paper.Block{Sort: paper.Title, Text: tAnnex.In(c.ctx)})
	c.say(paper.Words, tBetween.In(c.ctx, d.Provider, d.Organization))
	c.say(paper.Words, tEdition.In(c.ctx, d.Version, i18n.Moment(c.ctx, d.At.UTC())))
	c.say(paper.Faint, tMadeBy.In(c.ctx, d.Software))
	c.summary()
	c.policies()
	c.contacts()
	for _, p := range c.packs() {
		c.say(paper.Heading, c.of(p.Title))
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

func (c *composer) add(b paper.Block)             { c.blocks = append(c.blocks, b) }
func (c *composer) say(s paper.Sort, text string) { c.add(paper.Block{Sort: s, Text: text}) }
func (c *composer) of(t core.Text) string         { return i18n.From(t).In(c.ctx) }
func (c *composer) day(t time.Time) string        { return i18n.Moment(c.ctx, t.UTC()) }

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
	b := paper.Block{Sort: paper.Table, Head: []string{tStatus.In(c.ctx), tNumber.In(c.ctx), tMeaning.In(c.ctx)}, Wide: []float64{27, 13, 60}}
	for _, s := range order {
		b.Rows = append(b.Rows, []string{StatusWord(s).In(c.ctx), strconv.Itoa(counts[s]), StatusMeaning(s).In(c.ctx)})
	}
	b.Rows = append(b.Rows, []string{tPromises.In(c.ctx), strconv.Itoa(len(c.d.Clauses)), ""})
	c.say(paper.Heading, tSummary.In(c.ctx))
	c.add(b)
}

func (c *composer) policies() {
	if len(c.d.Packs) == 0 {
		return
	}
	b := paper.Block{Sort: paper.Table, Head: []string{tPolicy.In(c.ctx), tIssuer.In(c.ctx), tVersion.In(c.ctx), tPrint.In(c.ctx)}, Wide: []float64{32, 20, 14, 34}}
	for _, p := range c.d.Packs {
		b.Rows = append(b.Rows, []string{c.of(p.Title), p.Issuer, p.Version, p.Hash})
	}
	c.say(paper.Heading, tPolicies.In(c.ctx))
	c.add(b)
}

func (c *composer) contacts() {
	if len(c.d.Contacts) == 0 {
		return
	}
	b := paper.Block{Sort: paper.Table, Head: []string{tSubject.In(c.ctx), tAddress.In(c.ctx)}, Wide: []float64{40, 60}}
	for _, one := range c.d.Contacts {
		b.Rows = append(b.Rows, []string{c.of(one.Title), one.Address})
	}
	c.say(paper.Heading, tContacts.In(c.ctx))
	c.add(b)
}

func (c *composer) clause(one *Clause) {
	c.say(paper.Part, one.ID+" · "+c.of(one.Title))
	c.add(paper.Block{Sort: paper.State, Tone: tone(one.Status), Text: StatusWord(one.Status).In(c.ctx), More: c.dated(one)})
	c.say(paper.Words, c.of(one.Text))
	if why := c.of(one.Why); why != "" {
		c.say(paper.Faint, why)
	}
	if !one.Published {
		c.say(paper.Faint, tDrafted.In(c.ctx))
	}
	c.probes(one)
	c.settings(one)
	for _, s := range one.Standings {
		c.say(paper.Words, c.standing(s))
	}
	if len(one.Missing) > 0 {
		c.say(paper.Words, tParts.In(c.ctx))
		c.add(paper.Block{Sort: paper.List, Items: c.all(one.Missing)})
	}
	if out := c.of(one.Outside); out != "" {
		c.say(paper.Words, tNotShown.In(c.ctx)+" : "+out)
	}
	for _, d := range one.Deviates {
		c.say(paper.Words, tDiffers.In(c.ctx)+" ("+d.Reference+") : "+c.of(d.Why))
	}
	if len(one.References) > 0 {
		c.say(paper.Faint, tRefers.In(c.ctx, strings.Join(one.References, ", ")))
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
	b := paper.Block{Sort: paper.Table, Head: []string{tProbe.In(c.ctx), tSaw.In(c.ctx), tSample.In(c.ctx), tDate.In(c.ctx)}, Wide: []float64{28, 40, 12, 20}}
	for _, p := range one.Probes {
		when, sample := tNeverRan.In(c.ctx), ""
		if !p.End.IsZero() {
			when, sample = c.day(p.End), tOf.In(c.ctx, p.Sample, p.Population)
		}
		saw := StatusWord(p.Status).In(c.ctx)
		if why := c.of(p.Why); why != "" {
			saw += ". " + why
		}
		b.Rows = append(b.Rows, []string{c.of(p.Title), saw, sample, when})
	}
	c.add(b)
}

func (c *composer) settings(one *Clause) {
	if len(one.Settings) == 0 {
		return
	}
	b := paper.Block{Sort: paper.Table, Head: []string{tRules.In(c.ctx), tAsked.In(c.ctx), tInForce.In(c.ctx)}, Wide: []float64{50, 25, 25}}
	for _, s := range one.Settings {
		b.Rows = append(b.Rows, []string{c.of(s.Title), s.Demand, s.Value})
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
	c.say(paper.Heading, tTightened.In(c.ctx))
	if len(c.d.Tightened) == 0 {
		c.say(paper.Words, tNoTight.In(c.ctx))
		return
	}
	c.say(paper.Words, tTightLead.In(c.ctx))
	b := paper.Block{Sort: paper.Table, Head: []string{tSetting.In(c.ctx), tFloor.In(c.ctx), tChosen.In(c.ctx), tFromWhich.In(c.ctx)}, Wide: []float64{46, 18, 18, 18}}
	for _, s := range c.d.Tightened {
		b.Rows = append(b.Rows, []string{c.of(s.Title), s.Demand, s.Value, s.Clause})
	}
	c.add(b)
}

func (c *composer) deviations() {
	b := paper.Block{Sort: paper.Table, Head: []string{tFromWhich.In(c.ctx), tReference.In(c.ctx), tReason.In(c.ctx)}, Wide: []float64{15, 22, 63}}
	for _, one := range c.d.Clauses {
		for _, d := range one.Deviates {
			b.Rows = append(b.Rows, []string{one.ID, d.Reference, c.of(d.Why)})
		}
	}
	if len(b.Rows) == 0 {
		return
	}
	c.say(paper.Heading, tDeviating.In(c.ctx))
	c.say(paper.Words, tDevLead.In(c.ctx))
	c.add(b)
}

// gaps lists plainly the clauses of a status, and with not built the parts that others lack.
func (c *composer) gaps(s control.Status, name, lead i18n.Sentence) {
	c.say(paper.Heading, name.In(c.ctx))
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
		c.say(paper.Words, tNothing.In(c.ctx))
		return
	}
	c.say(paper.Words, lead.In(c.ctx))
	c.add(paper.Block{Sort: paper.List, Items: items})
}

func (c *composer) proof() {
	c.say(paper.Heading, tProof.In(c.ctx))
	c.say(paper.Words, tProofLead.In(c.ctx))
	if c.d.Checkpoint == "" {
		c.say(paper.Words, tNoHead.In(c.ctx))
	} else {
		c.say(paper.Words, tHead.In(c.ctx))
		c.say(paper.Code, strings.TrimRight(c.d.Checkpoint, "\n"))
		c.say(paper.Words, tKey.In(c.ctx))
		c.say(paper.Code, c.d.Key)
	}
	example := "ID"
	if len(c.d.Clauses) > 0 {
		example = c.d.Clauses[0].ID
	}
	c.say(paper.Words, tHow.In(c.ctx))
	c.add(paper.Block{Sort: paper.List, Items: []string{tStep1.In(c.ctx, example), tStep2.In(c.ctx), tStep3.In(c.ctx)}})
}

// tone is how a status is coloured; the word always stands with it.
func tone(s control.Status) paper.Tone {
	switch s {
	case control.Held, control.Attested:
		return paper.Good
	case control.Broken:
		return paper.Bad
	case control.Stale:
		return paper.Warn
	}
	return ""
}

func drawn(d Document, lang i18n.Lang, hash string) paper.Document {
	return paper.Document{Title: tAnnex.Say(lang) + " · " + d.Organization, Lang: lang, At: d.At, Foot: tPrinted.Say(lang, hash), Blocks: compose(d, lang)}
}

// HTML draws an annex as one page that stands alone.
func HTML(d Document, lang i18n.Lang, hash string) ([]byte, error) {
	return drawn(d, lang, hash).HTML()
}

// PDF draws an annex for the archive (PDF/A-2b).
func PDF(d Document, lang i18n.Lang, hash string) ([]byte, error) { return drawn(d, lang, hash).PDF() }

// ODT draws an annex as an OpenDocument text, for those who quote it in a contract.
func ODT(d Document, lang i18n.Lang, hash string) ([]byte, error) { return drawn(d, lang, hash).ODT() }
