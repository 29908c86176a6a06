package policies

import (
	"slices"

	"github.com/rempart/rempart/core"
)

// Departure is a demand of a pack that is weaker than our recommendation, or against it.
type Departure struct {
	Clause     string // of the pack
	Demand     Demand // of the pack
	Advice     string // clause of the recommendation
	Advised    Demand // of the recommendation
	References []string
	Against    bool // the recommendation advises against it; otherwise it is only weaker
	Declared   bool // the pack says so itself
	What       core.Text
	Why        core.Text // what the pack says of it; empty when not declared
}

// Deviations lists where a pack asks less than our recommendation, or what it advises against.
func Deviations(p, baseline *Pack, c Catalogue) []Departure {
	var all []Departure
	for i := range p.Clauses {
		for _, d := range p.Clauses[i].Settings {
			s, ok := c.Setting(d.Key)
			if !ok {
				continue
			}
			for j := range baseline.Clauses {
				for _, advised := range baseline.Clauses[j].Settings {
					if advised.Key == d.Key {
						all = append(all, departure(&p.Clauses[i], d, &baseline.Clauses[j], advised, s)...)
					}
				}
			}
		}
	}
	return all
}

func departure(c *Clause, d Demand, advice *Clause, advised Demand, s Setting) []Departure {
	v, w := d.asked(s), advised.asked(s)
	against := advised.Exact != "" && v != w
	if !against && !s.Looser(v, w) {
		return nil
	}
	gap := Departure{Clause: c.ID, Demand: d, Advice: advice.ID, Advised: advised, References: advice.References, Against: against}
	asked, better := s.Say(v), s.Say(w)
	gap.What = core.Text{
		FR: s.Title.FR + "\u00a0: " + asked.FR + "\u00a0; recommandé\u00a0: " + better.FR,
		EN: s.Title.EN + ": " + asked.EN + "; recommended: " + better.EN,
	}
	for _, told := range c.Deviates {
		if slices.Contains(advice.References, told.Reference) {
			gap.Declared, gap.Why = true, told.Why
			break
		}
	}
	return []Departure{gap}
}
