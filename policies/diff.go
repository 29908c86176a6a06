package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
)

// Effect says what a change does to those who were promised something.
type Effect string

// The effects of a change.
const (
	Weaker   Effect = "weaker"   // less is promised (USR-0)
	Stronger Effect = "stronger" // more is promised
	Reworded Effect = "reworded" // another text or title; a person must read it
)

// Change is one difference between two packs, in words.
type Change struct {
	Clause string // "" for the pack as a whole
	Effect Effect
	What   core.Text
	// Before and After are the texts of a Reworded change, zero otherwise.
	Before, After core.Text
}

// Weakens tells whether one of the changes promises less.
func Weakens(all []Change) bool {
	return slices.ContainsFunc(all, func(c Change) bool { return c.Effect == Weaker })
}

// Diff names in words what b changes of a: clauses removed and added, settings, probes, attestations, kinds, lifetimes,
// texts. Clauses are matched by number. The catalogue says which value of a setting is the stricter one.
func Diff(a, b *Pack, c Catalogue) []Change {
	d := &differ{catalogue: c}
	if a.Title != b.Title {
		d.reworded("le titre de la politique change", "the title of the policy changes", a.Title, b.Title)
	}
	for i := range a.Clauses {
		old := &a.Clauses[i]
		d.id = old.ID
		if now, ok := b.Clause(old.ID); ok {
			d.clause(old, now)
			continue
		}
		d.add(Weaker, "clause retirée : « %s »", "clause removed: “%s”", both{old.Title.FR, old.Title.EN})
	}
	for i := range b.Clauses {
		now := &b.Clauses[i]
		if _, ok := a.Clause(now.ID); !ok {
			d.id = now.ID
			d.add(Stronger, "clause ajoutée : « %s »", "clause added: “%s”", both{now.Title.FR, now.Title.EN})
		}
	}
	return d.all
}

type differ struct {
	catalogue Catalogue
	id        string
	all       []Change
}

func (d *differ) add(e Effect, fr, en string, args ...any) {
	var n notes
	n.add(0, "", false, fr, en, args)
	d.all = append(d.all, Change{Clause: d.id, Effect: e, What: n.all[0].Text})
}

func (d *differ) reworded(fr, en string, before, after core.Text) {
	d.add(Reworded, "%s", "%s", both{fr, en})
	last := &d.all[len(d.all)-1]
	last.Before, last.After = before, after
}

func (d *differ) clause(a, b *Clause) {
	d.kinds(a.Kinds, b.Kinds)
	d.demands(a, b)
	d.parts(a.Probes, b.Probes, both{"la sonde", "the probe"})
	d.parts(a.Attestations, b.Attestations, both{"l'attestation", "the attestation"})
	d.gaps(a, b)
	switch {
	case b.Lifetime > a.Lifetime:
		d.add(Weaker, "une preuve vaut plus longtemps : %s au lieu de %s", "evidence lasts longer: %s instead of %s", lasting(b.Lifetime), lasting(a.Lifetime))
	case b.Lifetime < a.Lifetime:
		d.add(Stronger, "une preuve vaut moins longtemps : %s au lieu de %s", "evidence lasts less long: %s instead of %s", lasting(b.Lifetime), lasting(a.Lifetime))
	}
	if a.Title != b.Title {
		d.reworded("le titre change", "the title changes", a.Title, b.Title)
	}
	if a.Text != b.Text {
		d.reworded("le texte change", "the text changes", a.Text, b.Text)
	}
}

// lasting writes a lifetime in hours or whole days.
func lasting(l time.Duration) both {
	if h := int(l.Hours()); h%24 != 0 || h < 48 {
		return both{fmt.Sprintf("%d\u00a0heures", h), fmt.Sprintf("%d\u00a0hours", h)}
	}
	days := int(l.Hours()) / 24
	return both{fmt.Sprintf("%d\u00a0jours", days), fmt.Sprintf("%d\u00a0days", days)}
}

// strength orders the kinds: what the software keeps, what a probe sees outside, what a person signs.
var strength = map[Kind]int{Enforced: 3, Verified: 2, Attested: 1}

var kindWords = map[Kind]both{
	Enforced: {"tenue par le logiciel", "enforced by the software"},
	Verified: {"vérifiée par une sonde", "verified by a probe"},
	Attested: {"attestée par une personne", "attested by a person"},
}

// kinds: a kind that goes is a weakening, unless a stronger one takes its place.
func (d *differ) kinds(a, b []Kind) {
	best := 0
	for _, k := range b {
		if !slices.Contains(a, k) {
			best = max(best, strength[k])
			d.add(Stronger, "la clause est désormais aussi %s", "the clause is now also %s", kindWords[k])
		}
	}
	for _, k := range a {
		if !slices.Contains(b, k) && best <= strength[k] {
			d.add(Weaker, "la clause n'est plus %s", "the clause is no longer %s", kindWords[k])
		}
	}
}

// parts compares what a clause rests on: each part that goes is a weakening.
func (d *differ) parts(a, b []string, what both) {
	for _, p := range a {
		if !slices.Contains(b, p) {
			d.add(Weaker, "%s %s n'est plus demandée", "%s %s is no longer asked for", what, p)
		}
	}
	for _, p := range b {
		if !slices.Contains(a, p) {
			d.add(Stronger, "%s %s est demandée", "%s %s is asked for", what, p)
		}
	}
}

// gaps compares what is said not to be kept.
func (d *differ) gaps(a, b *Clause) {
	for _, m := range b.Missing {
		if !slices.Contains(a.Missing, m) {
			d.add(Weaker, "il manque désormais : %s", "now missing: %s", both{m.FR, m.EN})
		}
	}
	for _, m := range a.Missing {
		if !slices.Contains(b.Missing, m) {
			d.add(Stronger, "il ne manque plus : %s", "no longer missing: %s", both{m.FR, m.EN})
		}
	}
	none := core.Text{}
	switch {
	case a.Outside == none && b.Outside != none:
		d.add(Weaker, "la clause est dite hors du produit : %s", "the clause is said to be outside the product: %s", both{b.Outside.FR, b.Outside.EN})
	case a.Outside != none && b.Outside == none:
		d.add(Stronger, "la clause n'est plus hors du produit", "the clause is no longer outside the product")
	}
}

func (d *differ) demands(a, b *Clause) {
	for _, old := range a.Settings {
		at := slices.IndexFunc(b.Settings, func(n Demand) bool { return n.Key == old.Key })
		if at < 0 {
			d.add(Weaker, "« %s » n'est plus demandé (c'était %s)", "“%s” is no longer asked for (it was %s)", d.title(old.Key), d.say(old))
			continue
		}
		d.demand(old, b.Settings[at])
	}
	for _, now := range b.Settings {
		if !slices.ContainsFunc(a.Settings, func(o Demand) bool { return o.Key == now.Key }) {
			d.add(Stronger, "« %s » est demandé : %s", "“%s” is asked for: %s", d.title(now.Key), d.say(now))
		}
	}
}

func (d *differ) demand(old, now Demand) {
	s, known := d.catalogue.Setting(old.Key)
	if !known {
		if old.Floor != now.Floor || old.Exact != now.Exact {
			d.add(Weaker, "« %s » change sans qu'on sache en quel sens : ce paramètre est inconnu", "“%s” changes and nobody can tell which way: this setting is unknown", d.title(old.Key))
		}
		return
	}
	v, w := old.asked(s), now.asked(s)
	fr, en := "« %s » passe de %s à %s", "“%s” goes from %s to %s"
	switch {
	case s.apart(v, w):
		d.add(Weaker, fr+" : d'autres valeurs que celles promises", en+": other values than those promised", d.title(old.Key), d.say(old), d.say(now))
	case s.Looser(w, v):
		d.add(Weaker, fr, en, d.title(old.Key), d.say(old), d.say(now))
	case s.Looser(v, w):
		d.add(Stronger, fr, en, d.title(old.Key), d.say(old), d.say(now))
	}
	switch {
	case old.Exact == "" && now.Exact != "":
		d.add(Weaker, "« %s » ne peut plus être durci : la valeur est devenue exacte", "“%s” can no longer be tightened: the value has become exact", d.title(old.Key))
	case old.Exact != "" && now.Exact == "":
		d.add(Weaker, "« %s » n'est plus une valeur exacte : d'autres valeurs sont admises", "“%s” is no longer an exact value: others are allowed", d.title(old.Key))
	}
}

func (d *differ) title(key string) both {
	if s, ok := d.catalogue.Setting(key); ok {
		return both{s.Title.FR, s.Title.EN}
	}
	return both{key, key}
}

// say writes what a demand asks, with its unit.
func (d *differ) say(asked Demand) both {
	s, ok := d.catalogue.Setting(asked.Key)
	if !ok {
		v := strings.TrimSpace(asked.Floor + asked.Exact)
		return both{v, v}
	}
	t := s.Say(asked.asked(s))
	return both{t.FR, t.EN}
}
