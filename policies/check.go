package policies

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
)

// Check compares a pack with what exists: settings and their values, placeholders, probes, kinds of attestations; and
// asks that every clause be shown by something. All problems at once, in the order of lines.
func Check(p *Pack, c Catalogue) Problems {
	n := &checker{notes: notes{file: p.file}, catalogue: c}
	for i := range p.Clauses {
		n.clause(&p.Clauses[i])
	}
	if !p.Baseline {
		n.silent(p)
	}
	return n.sorted()
}

type checker struct {
	notes
	catalogue Catalogue
}

func (n *checker) clause(c *Clause) {
	for _, d := range c.Settings {
		n.demand(c, d)
	}
	for _, key := range Placeholders(c.Text.FR) {
		if _, ok := n.catalogue.Setting(key); !ok {
			n.wrong(c.Line, "placeholder.unknown", "%s montre {{%s}}, qui n'est pas un paramètre%s", "%s shows {{%s}}, which is no setting%s", c.ID, key, instead(key, n.catalogue.keys()))
		}
	}
	for _, p := range c.Probes {
		if n.catalogue.Probes != nil && !slices.Contains(n.catalogue.Probes, p) {
			n.warn(c.lineOf(p), "probe.unknown", "%s nomme la sonde %s, qui n'existe pas : la clause sera dite « pas encore construite »%s", "%s names the probe %s, which does not exist: the clause will be called not built yet%s", c.ID, p, instead(p, n.catalogue.Probes))
		}
	}
	for _, a := range c.Attestations {
		if n.catalogue.Attestations != nil && !slices.Contains(n.catalogue.Attestations, a) {
			n.warn(c.lineOf(a), "attestation.unknown", "%s repose sur une attestation que nulle autre politique ne connaît, %s%s", "%s rests on an attestation that no other policy knows, %s%s", c.ID, a, instead(a, n.catalogue.Attestations))
		}
	}
	n.shown(c)
}

// shown asks that something can show the clause: a probe, an attestation, or the plain word that nothing does yet.
func (n *checker) shown(c *Clause) {
	excused := len(c.Missing) > 0 || c.Outside != (core.Text{})
	probed := c.Has(Enforced) || c.Has(Verified)
	switch {
	case probed && len(c.Probes) == 0 && !excused:
		n.wrong(c.Line, "clause.unshown", "rien ne montre %s : nommez une sonde dans « probes », ou dites ce qui manque dans « missing »", "nothing shows %s: name a probe under probes, or say what is missing under missing", c.ID)
	case c.Has(Attested) && len(c.Attestations) == 0 && !excused:
		n.wrong(c.Line, "clause.unattested", "personne n'atteste %s : nommez une sorte d'attestation dans « attestations »", "nobody attests %s: name a kind of attestation under attestations", c.ID)
	}
	if len(c.Attestations) > 0 && !c.Has(Attested) {
		n.wrong(c.Line, "clause.kind", "%s repose sur une attestation : ajoutez attested à « kind »", "%s rests on an attestation: add attested to kind", c.ID)
	}
}

func (n *checker) demand(c *Clause, d Demand) {
	s, ok := n.catalogue.Setting(d.Key)
	if !ok {
		n.wrong(d.Line, "setting.unknown", "%s demande un paramètre inconnu, %s%s", "%s asks for an unknown setting, %s%s", c.ID, d.Key, instead(d.Key, n.catalogue.keys()))
		return
	}
	raw := d.Floor
	if d.Exact != "" {
		raw = d.Exact
	}
	value, wrong := s.Read(raw)
	if wrong != (core.Text{}) {
		n.wrong(d.Line, "setting.value", "%s : %s ne peut pas valoir « %s ». %s", "%s: %s cannot be %q. %s", c.ID, d.Key, raw, both{wrong.FR, wrong.EN})
		return
	}
	if s.Sort == Contact && d.Exact == "" {
		n.wrong(d.Line, "setting.free", "%s : aucune valeur de %s n'est plus stricte qu'une autre ; retirez ce plancher, ou écrivez « exact »", "%s: no value of %s is stricter than another; remove this floor, or write exact", c.ID, d.Key)
	}
	if s.Sort == Number && typed(c.Text, s.Say(value)) {
		n.wrong(c.Line, "value.typed", "%s écrit « %s » dans son texte : écrivez {{%s}}, pour que le texte ne puisse pas annoncer une valeur que le système n'a pas", "%s writes %q in its text: write {{%s}}, so that the text cannot state a value that the system does not have", c.ID, both{s.Say(value).FR, s.Say(value).EN}, d.Key)
	}
}

var spaces = regexp.MustCompile(`[\s\x{a0}\x{202f}]+`)

// typed tells whether a text states a value in figures, where a placeholder belongs.
func typed(t, value core.Text) bool {
	states := func(text, value string) bool {
		value = spaces.ReplaceAllString(value, " ")
		return strings.Contains(value, " ") && strings.Contains(" "+spaces.ReplaceAllString(text, " "), " "+value)
	}
	return states(t.FR, value.FR) || states(t.EN, value.EN)
}

// silent finds differences from our recommendation that the pack does not tell.
func (n *checker) silent(p *Pack) {
	for _, d := range Deviations(p, Baseline(), n.catalogue) {
		if !d.Declared {
			n.warn(d.Demand.Line, "deviation.silent", "%s s'écarte de la recommandation %s (%s) sans le dire : ajoutez-le dans « deviates », avec la raison", "%s departs from the recommendation %s (%s) and does not say so: add it under deviates, with the reason", d.Clause, d.Advice, strings.Join(d.References, ", "))
		}
	}
}
