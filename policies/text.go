package policies

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/core"
)

// placeholder is the name of a setting between double braces: {{session.idle}}.
var placeholder = regexp.MustCompile(`\{\{ ?([^{} ]*) ?\}\}`)

// Placeholders gives the settings that a text shows, each once, in order.
func Placeholders(text string) []string {
	var all []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(all, m[1]) {
			all = append(all, m[1])
		}
	}
	return all
}

// Fill puts values in place of the placeholders, each with its unit in words; value gives the one in force. A placeholder
// that names no setting stays as it is.
func Fill(t core.Text, c Catalogue, value func(key string) string) core.Text {
	fill := func(text string, language func(core.Text) string) string {
		return placeholder.ReplaceAllStringFunc(text, func(m string) string {
			s, ok := c.Setting(placeholder.FindStringSubmatch(m)[1])
			if !ok {
				return m
			}
			return language(s.Say(value(s.Key)))
		})
	}
	return core.Text{
		FR: fill(t.FR, func(t core.Text) string { return t.FR }),
		EN: fill(t.EN, func(t core.Text) string { return t.EN }),
	}
}

// placeholders checks the form of what a text shows; whether the settings exist is for Check.
func (r *reader) placeholders(v *yaml.Node, t core.Text) {
	for _, text := range []string{t.FR, t.EN} {
		rest := placeholder.ReplaceAllString(text, "")
		if strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
			r.wrong(v.Line, "placeholder.form", "accolades mal fermées : écrivez {{nom.du.paramètre}}", "braces that do not match: write {{name.of.setting}}")
			return
		}
	}
	fr, en := Placeholders(t.FR), Placeholders(t.EN)
	slices.Sort(fr)
	slices.Sort(en)
	if !slices.Equal(fr, en) {
		r.wrong(v.Line, "placeholder.languages", "le français montre %v et l'anglais %v : les deux textes doivent montrer les mêmes paramètres", "the French text shows %v and the English one %v: both must show the same settings", fr, en)
	}
}
