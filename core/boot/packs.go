package boot

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/settings"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/policies"
)

// sorts are the settings' sorts, in the words of packs.
var sorts = map[settings.Sort]policies.Sort{
	settings.Switch: policies.Switch, settings.Number: policies.Number, settings.Numbers: policies.Numbers,
	settings.Symbols: policies.Symbols, settings.Words: policies.Words, settings.Contact: policies.Contact, settings.Sentence: policies.Contact,
}

// Catalogue is what a policy pack can name, without opening anything: every setting, the kinds of attestations, and the
// probes of the packs that ship.
func Catalogue() policies.Catalogue {
	var c policies.Catalogue
	for _, k := range settings.Keys() {
		c.Settings = append(c.Settings, policies.Setting{
			Key: k.ID, Title: k.Title, Sort: sorts[k.Sort], Unit: k.Unit, Default: k.Default,
			Never: k.Direction == settings.LowerSet, Read: reads(k), Looser: k.Looser,
		})
	}
	for _, p := range policies.Embedded() {
		for _, clause := range p.Clauses {
			c.Probes = append(c.Probes, clause.Probes...)
		}
	}
	for _, k := range attestation.Kinds() {
		c.Attestations = append(c.Attestations, k.ID)
	}
	slices.Sort(c.Probes)
	slices.Sort(c.Attestations)
	c.Probes, c.Attestations = slices.Compact(c.Probes), slices.Compact(c.Attestations)
	return c
}

// Catalogue is what a policy pack can name on this house: as Catalogue, with the probes that are really here.
func (h *House) Catalogue() policies.Catalogue {
	c := Catalogue()
	c.Probes = []string{}
	for _, p := range h.Probes() {
		c.Probes = append(c.Probes, p.ID)
	}
	slices.Sort(c.Probes)
	return c
}

// reads says what is wrong with a value in both languages, since a pack can be checked where no language was chosen.
func reads(k *settings.Key) func(raw string) (string, core.Text) {
	return func(raw string) (string, core.Text) {
		value, code, args := k.Read(raw)
		if code == "" {
			return value, core.Text{}
		}
		say := func(l i18n.Lang) string { return i18n.Explain(i18n.With(context.Background(), l), code, args...) }
		return "", core.Text{FR: say(i18n.FR), EN: say(i18n.EN)}
	}
}
