package control

import (
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/policies"
)

var (
	whyHeld      = i18n.T("Vu tenir par %s.", "Seen to hold by %s.")
	whyProbes    = i18n.N("%d sonde", "%d sondes", "%d probe", "%d probes")
	whyRed       = i18n.T("La sonde %s l'a vu rompu : %s", "The probe %s saw it broken: %s")
	whyUnseen    = i18n.T("La sonde %s n'a rien pu voir : %s", "The probe %s could see nothing: %s")
	whyNever     = i18n.T("La sonde %s n'a pas encore tourné.", "The probe %s has not run yet.")
	whyExpired   = i18n.T("Le constat de la sonde %s a expiré.", "The observation of the probe %s has expired.")
	whyNoProbe   = i18n.T("La sonde %s n'existe pas encore.", "The probe %s does not exist yet.")
	whyUnshown   = i18n.T("Aucune sonde ni attestation ne le montre encore.", "No probe nor attestation shows it yet.")
	whyMissing   = i18n.T("Pas encore construit : %s", "Not built yet: %s")
	whySetting   = i18n.T("Le paramètre %s vaut %s ; la clause demande %s.", "The setting %s is %s; the clause asks for %s.")
	whyUnsigned  = i18n.T("Personne ne l'atteste encore (%s).", "Nobody attests it yet (%s).")
	whyLapsed    = i18n.T("L'attestation %s a expiré.", "The attestation %s has expired.")
	whyAttested  = i18n.T("Attesté par une personne jusqu'au %s.", "Attested by a person until %s.")
	whyAlsoHolds = i18n.T("%s Ce qui est construit tient.", "%s What is built holds.")
)

// said writes a sentence in both languages.
func said(s i18n.Sentence, args ...any) core.Text {
	in := func(l i18n.Lang) string {
		mine := make([]any, len(args))
		for i, a := range args {
			if t, ok := a.(core.Text); ok {
				a = i18n.From(t).Say(l)
			}
			mine[i] = a
		}
		return s.Say(l, mine...)
	}
	return core.Text{FR: in(i18n.FR), EN: in(i18n.EN)}
}

// judge gives the status of a clause and why. What is worst is said first: a red probe, then what is not built, then what
// nobody has seen lately.
func (w *world) judge(c *Clause) (Status, core.Text) {
	for _, p := range c.Probes {
		if p.Status == Broken {
			return Broken, said(whyRed, p.ID, p.Last.Why)
		}
	}
	why, short := w.short(c)
	if short && c.Published {
		return Broken, why
	}
	shows := len(c.Probes) + len(c.Attestations)
	switch {
	case c.Outside != (core.Text{}) && shows == 0:
		return Outside, c.Outside
	case len(c.Missing) > 0:
		return NotBuilt, missing(c)
	case shows == 0:
		return NotBuilt, said(whyUnshown)
	}
	for _, p := range c.Probes {
		if p.Status == NotBuilt {
			return NotBuilt, said(whyNoProbe, p.ID)
		}
	}
	if short {
		return Broken, why
	}
	for _, p := range c.Probes {
		if p.Status == Stale {
			return Stale, stale(p)
		}
	}
	for _, s := range c.Standings {
		switch {
		case s.Signed.IsZero():
			return Stale, said(whyUnsigned, s.Kind)
		case !s.Until.After(w.now):
			return Stale, said(whyLapsed, s.Kind)
		}
	}
	if len(c.Probes) == 0 {
		until := c.Standings[0].Until
		for _, s := range c.Standings {
			if s.Until.Before(until) {
				until = s.Until
			}
		}
		return Attested, said(whyAttested, until.Format("2006-01-02"))
	}
	n := len(c.Probes)
	return Held, said(whyHeld, core.Text{FR: whyProbes.Say(i18n.FR, n), EN: whyProbes.Say(i18n.EN, n)})
}

func stale(p ProbeState) core.Text {
	switch {
	case p.Last == nil:
		return said(whyNever, p.ID)
	case p.Last.Failed != "":
		return said(whyUnseen, p.ID, p.Last.Why)
	}
	return said(whyExpired, p.ID)
}

// missing says which parts are not built, and whether those that are hold.
func missing(c *Clause) core.Text {
	var fr, en []string
	for _, t := range c.Missing {
		fr, en = append(fr, strings.TrimSuffix(t.FR, ".")), append(en, strings.TrimSuffix(t.EN, "."))
	}
	why := said(whyMissing, core.Text{FR: strings.Join(fr, " ; ") + ".", EN: strings.Join(en, "; ") + "."})
	for _, p := range c.Probes {
		if p.Status != Held {
			return why
		}
	}
	if len(c.Probes) > 0 {
		return said(whyAlsoHolds, why)
	}
	return why
}

// short finds a setting in force that is weaker than the clause asks.
func (w *world) short(c *Clause) (core.Text, bool) {
	for _, d := range c.Settings {
		s, ok := w.catalogue.Setting(d.Key)
		if !ok {
			continue
		}
		raw := d.Floor
		if d.Exact != "" {
			raw = d.Exact
		}
		value := w.values[d.Key]
		asked, wrong := s.Read(raw)
		if wrong != (core.Text{}) {
			continue
		}
		if s.Sort == policies.Contact && d.Exact == "" {
			if value == "" {
				return said(whySetting, d.Key, s.Say(value), core.Text{FR: "une adresse", EN: "an address"}), true
			}
			continue
		}
		if d.Exact != "" && value != asked || d.Exact == "" && s.Looser(value, asked) {
			return said(whySetting, d.Key, s.Say(value), s.Say(asked)), true
		}
	}
	return core.Text{}, false
}

// summarize counts clauses: how they are kept, and how they stand.
func summarize(list []Clause) Summary {
	var s Summary
	for i := range list {
		c := &list[i]
		s.Total++
		switch {
		case c.Status == Outside:
			s.Outside++
		case c.Status == NotBuilt:
			s.NotBuilt++
		case c.Has(policies.Enforced):
			s.Enforced++
		case c.Has(policies.Verified):
			s.Probed++
		default:
			s.Attested++
		}
		switch c.Status {
		case Held, Attested:
			s.Held++
		case Broken:
			s.Broken++
		case Stale:
			s.Stale++
		}
	}
	return s
}

// String says a count in one line, for consoles.
func (s Summary) String() string {
	return fmt.Sprintf("%d clauses: %d held, %d broken, %d stale, %d not built, %d outside", s.Total, s.Held, s.Broken, s.Stale, s.NotBuilt, s.Outside)
}
