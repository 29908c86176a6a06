package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/core"
)

// The form of a file, as Like writes it.
type (
	packFile struct {
		Policy  string       `yaml:"policy"`
		Version string       `yaml:"version"`
		Title   textFile     `yaml:"title"`
		Issuer  string       `yaml:"issuer"`
		About   textFile     `yaml:"about"`
		Clauses []clauseFile `yaml:"clauses"`
	}
	clauseFile struct {
		ID           string                       `yaml:"id"`
		Kind         []string                     `yaml:"kind,flow"`
		Title        textFile                     `yaml:"title"`
		Text         textFile                     `yaml:"text"`
		Settings     map[string]map[string]string `yaml:"settings,omitempty"`
		Probes       []string                     `yaml:"probes,omitempty"`
		Attestations []string                     `yaml:"attestations,omitempty"`
		Missing      []textFile                   `yaml:"missing,omitempty"`
		Outside      *textFile                    `yaml:"outside,omitempty"`
		Lifetime     string                       `yaml:"lifetime"`
	}
	textFile struct {
		FR string `yaml:"fr"`
		EN string `yaml:"en"`
	}
)

// countries is a set of codes of two letters: no name that somebody chose fits in it.
var countries = regexp.MustCompile(`^[a-z]{2}(,[a-z]{2})*$`)

// Like writes another pack of the same shape, for a test environment (EMG-2.5): as many clauses of the same kinds, which ask the same of
// settings and rest on the same probes and attestations. What a person wrote is not copied: names, numbers of clauses, texts,
// references, and what is asked of a setting that holds words or an address; word invents in their place. Clause n of it is LikeClause(n).
func Like(p *Pack, c Catalogue, id string, word func() string) ([]byte, error) {
	text := func(more ...string) textFile {
		t := textFile{word(), word()}
		for _, key := range more {
			t.FR, t.EN = t.FR+" {{"+key+"}}", t.EN+" {{"+key+"}}"
		}
		return t
	}
	out := packFile{Policy: id, Version: "1", Title: text(), Issuer: word(), About: text()}
	for i := range p.Clauses {
		was := &p.Clauses[i]
		one := clauseFile{
			ID: LikeClause(i), Title: text(), Text: text(among(Placeholders(was.Text.FR), c.keys())...), Lifetime: fmt.Sprintf("%dh", max(1, int(was.Lifetime.Hours()))),
			Settings: likeDemands(was, c),
			Probes:   among(was.Probes, c.Probes), Attestations: among(was.Attestations, c.Attestations),
		}
		for _, k := range was.Kinds {
			one.Kind = append(one.Kind, string(k))
		}
		unknown := len(one.Probes) < len(was.Probes) || len(one.Attestations) < len(was.Attestations)
		for range was.Missing {
			one.Missing = append(one.Missing, text())
		}
		if unknown && len(one.Missing) == 0 { // what it rested on cannot be named
			one.Missing = []textFile{text()}
		}
		if was.Outside != (core.Text{}) {
			outside := text()
			one.Outside = &outside
		}
		out.Clauses = append(out.Clauses, one)
	}
	return yaml.Marshal(out)
}

// LikeClause is the number, in a pack that Like wrote, of the clause in a place of the other.
func LikeClause(i int) string { return fmt.Sprintf("C-%d", i+1) }

func likeDemands(was *Clause, c Catalogue) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, d := range was.Settings {
		if s, known := c.Setting(d.Key); !known || d.names(s) {
			continue
		}
		out[d.Key] = map[string]string{"floor": d.Floor}
		if d.Exact != "" {
			out[d.Key] = map[string]string{"exact": d.Exact}
		}
	}
	return out
}

// names tells whether a person may have written whom or what they like into a demand.
func (d Demand) names(s Setting) bool {
	return s.Sort == Contact || s.Sort == Words && !countries.MatchString(d.Floor+d.Exact)
}

// Names gives the addresses and the words in what a pack asks of settings that Like does not copy.
func (p *Pack) Names(c Catalogue) (addresses, words []string) {
	for i := range p.Clauses {
		for _, d := range p.Clauses[i].Settings {
			switch s, known := c.Setting(d.Key); {
			case !known || !d.names(s) || d.asked(s) == s.Default:
			case s.Sort == Contact:
				addresses = append(addresses, d.asked(s))
			default:
				words = append(words, strings.Split(d.asked(s), ",")...)
			}
		}
	}
	return addresses, words
}

func among(names, known []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(known, n) })
}

// Texts gives everything that was written in a pack by whoever wrote it.
func (p *Pack) Texts() []string {
	all := []string{p.ID, p.Title.FR, p.Title.EN, p.Issuer, p.About.FR, p.About.EN}
	for i := range p.Clauses {
		c := &p.Clauses[i]
		all = append(all, c.Title.FR, c.Title.EN, c.Text.FR, c.Text.EN, c.Outside.FR, c.Outside.EN)
		for _, t := range c.Missing {
			all = append(all, t.FR, t.EN)
		}
		for _, d := range c.Deviates {
			all = append(all, d.Why.FR, d.Why.EN)
		}
	}
	return all
}
