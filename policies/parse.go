package policies

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/core"
)

const (
	maxSource   = 1 << 20
	maxClauses  = 1000
	maxText     = 4000
	maxLifetime = 400 * 24 * time.Hour
	// DefaultLifetime is how long an observation stays evidence when neither the pack nor the clause says.
	DefaultLifetime = 48 * time.Hour
)

var (
	packID     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	clauseID   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	versionID  = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$`)
	dottedName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)
	plainName  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	lifetimeOf = regexp.MustCompile(`^([1-9][0-9]{0,4})([hd])$`)
	yamlLine   = regexp.MustCompile(`line (\d+): (.*)$`)
)

// Parse reads a pack. The error is Problems: every mistake at once, each with its line and what to write instead.
// What a pack names (settings, probes, attestations) is compared with what exists by Check.
func Parse(name string, src []byte) (*Pack, error) {
	r := &reader{notes: notes{file: name}, lines: map[string]int{}}
	sum := sha256.Sum256(src)
	pack := &Pack{file: name, Source: src, Hash: hex.EncodeToString(sum[:])}
	if root := r.open(src); root != nil {
		r.pack(root, pack)
	}
	if len(r.all) > 0 {
		return nil, r.sorted()
	}
	return pack, nil
}

// reader walks the nodes of one file.
type reader struct {
	notes
	lines map[string]int // of clause ids
}

// open gives the one mapping that a file holds.
func (r *reader) open(src []byte) *yaml.Node {
	if len(src) > maxSource {
		r.wrong(1, "file.large", "fichier de plus d'un mébioctet : coupez-le en plusieurs politiques", "file larger than one mebibyte: split it into several policies")
		return nil
	}
	var doc, next yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&doc); err != nil {
		r.syntax(err)
		return nil
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		r.wrong(next.Line, "file.second", "second document : un fichier porte une seule politique ; retirez ce qui suit « --- »", "second document: one file holds one policy; remove what follows ---")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err)
		return nil
	}
	if len(doc.Content) == 0 {
		r.syntax(io.EOF)
		return nil
	}
	return doc.Content[0]
}

func (r *reader) syntax(err error) {
	if errors.Is(err, io.EOF) {
		r.wrong(1, "file.empty", "fichier vide : commencez avec « rempart policy new NOM »", "empty file: begin with rempart policy new NAME")
		return
	}
	line, what := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		what = m[2]
	}
	r.wrong(line, "file.syntax", "ce n'est pas du YAML (%s) : mettez entre guillemets un texte qui contient « : » ou « # »", "not YAML (%s): quote a text that holds \": \" or \" #\"", what)
}

// field reads one key of a mapping.
type field struct {
	name     string
	required bool
	read     func(v *yaml.Node)
}

// fields reads a mapping; unknown, repeated and missing keys are mistakes.
func (r *reader) fields(n *yaml.Node, what string, all []field) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n.Line, "form.mapping", "« %s » attend des paires « clé: valeur »", "%s wants key: value pairs", what)
		return
	}
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.name
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := slices.Index(names, k.Value)
		switch {
		case at < 0:
			r.wrong(k.Line, "key.unknown", "clé inconnue « %s » dans « %s »%s", "unknown key %s in %s%s", k.Value, what, instead(k.Value, names))
		case seen[k.Value]:
			r.wrong(k.Line, "key.twice", "clé « %s » donnée deux fois : gardez-en une", "key %s given twice: keep one", k.Value)
		default:
			seen[k.Value] = true
			all[at].read(v)
		}
	}
	for _, f := range all {
		if f.required && !seen[f.name] {
			r.wrong(n.Line, "key.missing", "il manque « %[1]s » dans « %[2]s » : ajoutez « %[1]s: … »", "%[2]s lacks %[1]s: add \"%[1]s: …\"", f.name, what)
		}
	}
}

func (r *reader) pack(root *yaml.Node, p *Pack) {
	life := DefaultLifetime
	var clauses *yaml.Node
	r.fields(root, "policy", []field{
		{"policy", true, func(v *yaml.Node) {
			p.ID = r.match(v, "policy", packID, "policy.id", "un nom en minuscules, chiffres et tirets", "a name in lower-case letters, digits and dashes")
		}},
		{"version", true, func(v *yaml.Node) {
			p.Version = r.match(v, "version", versionID, "policy.version", "une version sans espace, une date de préférence (2026-11-22)", "a version without spaces, preferably a date (2026-11-22)")
		}},
		{"title", true, func(v *yaml.Node) { p.Title = r.text(v, "title") }},
		{"issuer", true, func(v *yaml.Node) { p.Issuer = r.scalar(v, "issuer") }},
		{"about", true, func(v *yaml.Node) { p.About = r.text(v, "about") }},
		{"baseline", false, func(v *yaml.Node) { p.Baseline = r.yes(v) }},
		{"lifetime", false, func(v *yaml.Node) { life = r.lifetime(v) }},
		{"clauses", true, func(v *yaml.Node) { clauses = v }},
	})
	if clauses == nil {
		return
	}
	if clauses.Kind != yaml.SequenceNode || len(clauses.Content) == 0 || len(clauses.Content) > maxClauses {
		r.wrong(clauses.Line, "clauses.list", "« clauses » attend une liste de 1 à %d clauses, chacune commençant par « - id: … »", "clauses wants a list of 1 to %d clauses, each beginning with \"- id: …\"", maxClauses)
		return
	}
	for _, n := range clauses.Content {
		c := r.clause(n)
		if c.Lifetime == 0 {
			c.Lifetime = life
		}
		p.Clauses = append(p.Clauses, c)
	}
}

func (r *reader) clause(n *yaml.Node) Clause {
	c := Clause{Line: n.Line, at: map[string]int{}}
	r.fields(n, "clause", []field{
		{"id", true, func(v *yaml.Node) { c.ID = r.id(v) }},
		{"kind", true, func(v *yaml.Node) { c.Kinds = r.kinds(v) }},
		{"title", true, func(v *yaml.Node) { c.Title = r.text(v, "title") }},
		{"text", true, func(v *yaml.Node) { c.Text = r.text(v, "text"); r.placeholders(v, c.Text) }},
		{"settings", false, func(v *yaml.Node) { c.Settings = r.demands(v) }},
		{"probes", false, func(v *yaml.Node) {
			c.Probes = r.names(v, "probes", c.at, dottedName, "probe.id", "un nom de sonde comme session.idle", "the name of a probe such as session.idle")
		}},
		{"attestations", false, func(v *yaml.Node) {
			c.Attestations = r.names(v, "attestations", c.at, plainName, "attestation.kind", "une sorte d'attestation comme site-security", "a kind of attestation such as site-security")
		}},
		{"missing", false, func(v *yaml.Node) { c.Missing = r.texts(v) }},
		{"outside", false, func(v *yaml.Node) { c.Outside = r.text(v, "outside") }},
		{"lifetime", false, func(v *yaml.Node) { c.Lifetime = r.lifetime(v) }},
		{"references", false, func(v *yaml.Node) {
			c.References = r.names(v, "references", c.at, nil, "reference", "une référence avec son numéro, comme ASVS 7.3.1", "a reference with its number, such as ASVS 7.3.1")
		}},
		{"deviates", false, func(v *yaml.Node) { c.Deviates = r.deviations(v) }},
	})
	return c
}

func (r *reader) id(v *yaml.Node) string {
	id := r.match(v, "id", clauseID, "clause.id", "un numéro de clause comme ACC-4.1", "the number of a clause such as ACC-4.1")
	if first, taken := r.lines[id]; taken && id != "" {
		r.wrong(v.Line, "clause.twice", "la clause %s existe déjà à la ligne %d : donnez-lui un autre numéro", "clause %s stands already at line %d: give this one another number", id, first)
	}
	r.lines[id] = v.Line
	return id
}

var kindNames = []string{string(Enforced), string(Verified), string(Attested)}

func (r *reader) kinds(v *yaml.Node) []Kind {
	nodes := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		nodes = v.Content
	}
	var kinds []Kind
	for _, n := range nodes {
		k := Kind(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode || !slices.Contains(kindNames, n.Value):
			r.wrong(n.Line, "kind.unknown", "sorte de clause inconnue « %s » : écrivez enforced (tenue par le logiciel), verified (vue par une sonde au-dehors) ou attested (signée par une personne)",
				"unknown kind %q: write enforced (kept by the software), verified (seen by a probe outside) or attested (signed by a person)", n.Value)
		case slices.Contains(kinds, k):
			r.wrong(n.Line, "kind.twice", "« %s » est donné deux fois : gardez-en un", "%s is given twice: keep one", k)
		default:
			kinds = append(kinds, k)
		}
	}
	if len(nodes) == 0 {
		r.wrong(v.Line, "kind.none", "il faut une sorte : enforced, verified ou attested", "a kind is needed: enforced, verified or attested")
	}
	return kinds
}

// demands reads "session.idle: {floor: 60}".
func (r *reader) demands(v *yaml.Node) []Demand {
	if v.Kind != yaml.MappingNode {
		r.wrong(v.Line, "form.mapping", "« settings » attend « nom.du.paramètre: {floor: valeur} » ou « {exact: valeur} »", "settings wants \"name.of.setting: {floor: value}\" or \"{exact: value}\"")
		return nil
	}
	var all []Demand
	for i := 0; i+1 < len(v.Content); i += 2 {
		k, body := v.Content[i], v.Content[i+1]
		d := Demand{Key: k.Value, Line: k.Line}
		if slices.ContainsFunc(all, func(o Demand) bool { return o.Key == d.Key }) {
			r.wrong(k.Line, "key.twice", "clé « %s » donnée deux fois : gardez-en une", "key %s given twice: keep one", d.Key)
		}
		if body.Kind != yaml.MappingNode || len(body.Content) != 2 {
			r.wrong(k.Line, "demand.form", "dites ce qui est demandé de %[1]s : « %[1]s: {floor: valeur} » (au moins aussi strict) ou « {exact: valeur} »", "say what is asked of %[1]s: \"%[1]s: {floor: value}\" (at least as strict) or \"{exact: value}\"", d.Key)
			continue
		}
		r.fields(body, d.Key, []field{
			{"floor", false, func(v *yaml.Node) { d.Floor = r.value(v) }},
			{"exact", false, func(v *yaml.Node) { d.Exact = r.value(v) }},
		})
		all = append(all, d)
	}
	return all
}

// value reads a scalar, or a list that is joined by commas.
func (r *reader) value(v *yaml.Node) string {
	if v.Kind == yaml.SequenceNode {
		parts := make([]string, len(v.Content))
		for i, n := range v.Content {
			parts[i] = r.scalar(n, "value")
		}
		return strings.Join(parts, ",")
	}
	return r.scalar(v, "value")
}

func (r *reader) deviations(v *yaml.Node) []Deviation {
	var all []Deviation
	for _, n := range r.list(v, "deviates") {
		var d Deviation
		r.fields(n, "deviates", []field{
			{"reference", true, func(v *yaml.Node) { d.Reference = r.scalar(v, "reference") }},
			{"why", true, func(v *yaml.Node) { d.Why = r.text(v, "why") }},
		})
		all = append(all, d)
	}
	return all
}

func (r *reader) texts(v *yaml.Node) []core.Text {
	var all []core.Text
	for _, n := range r.list(v, "missing") {
		all = append(all, r.text(n, "missing"))
	}
	return all
}

// text reads {fr: …, en: …}: both, always.
func (r *reader) text(v *yaml.Node, what string) (t core.Text) {
	if v.Kind == yaml.ScalarNode {
		r.wrong(v.Line, "text.languages", "« %s » attend les deux langues : « %s: {fr: \"…\", en: \"…\"} »", "%s wants both languages: \"%s: {fr: \"…\", en: \"…\"}\"", what, what)
		return t
	}
	r.fields(v, what, []field{
		{"fr", true, func(v *yaml.Node) { t.FR = r.scalar(v, what+".fr") }},
		{"en", true, func(v *yaml.Node) { t.EN = r.scalar(v, what+".en") }},
	})
	return t
}

func (r *reader) scalar(v *yaml.Node, what string) string {
	s := strings.TrimSpace(v.Value)
	switch {
	case v.Kind == yaml.AliasNode:
		r.wrong(v.Line, "form.alias", "« %s » renvoie ailleurs (*) : écrivez la valeur en entier", "%s points elsewhere (*): write the value in full", what)
	case v.Kind != yaml.ScalarNode:
		r.wrong(v.Line, "form.scalar", "« %s » attend un texte seul", "%s wants a single text", what)
	case strings.ContainsFunc(s, unseen):
		r.wrong(v.Line, "form.control", "« %s » contient un signe invisible (commande de terminal, sens d'écriture) : retirez-le", "%s holds an invisible sign (terminal command, writing direction): remove it", what)
	case utf8.RuneCountInString(s) > maxText:
		r.wrong(v.Line, "form.long", "« %s » dépasse %d signes : écrivez plus court, ou en deux clauses", "%s is longer than %d signs: write less, or two clauses", what, maxText)
	case s == "":
		r.wrong(v.Line, "form.empty", "« %s » est vide : écrivez-le ou retirez la clé", "%s is empty: write it or remove the key", what)
	}
	return s
}

// unseen tells the signs that a reader cannot see and that change what they see; an end of line is none.
func unseen(c rune) bool {
	return c != '\n' && unicode.IsControl(c) || c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069' || c == unicode.ReplacementChar
}

func (r *reader) match(v *yaml.Node, what string, form *regexp.Regexp, code, fr, en string) string {
	s := r.scalar(v, what)
	if s != "" && form != nil && !form.MatchString(s) {
		r.wrong(v.Line, code, "« %s » ne convient pas : écrivez %s", "%q does not fit: write %s", s, both{fr, en})
	}
	return s
}

func (r *reader) list(v *yaml.Node, what string) []*yaml.Node {
	if v.Kind != yaml.SequenceNode {
		r.wrong(v.Line, "form.list", "« %s » attend une liste, une ligne « - … » par élément", "%s wants a list, one \"- …\" line for each", what)
		return nil
	}
	return v.Content
}

// names reads a list of names, each once, and keeps their lines.
func (r *reader) names(v *yaml.Node, what string, at map[string]int, form *regexp.Regexp, code, fr, en string) []string {
	var all []string
	for _, n := range r.list(v, what) {
		s := r.match(n, what, form, code, fr, en)
		if slices.Contains(all, s) {
			r.wrong(n.Line, "name.twice", "« %s » est donné deux fois : gardez-en un", "%s is given twice: keep one", s)
			continue
		}
		at[s] = n.Line
		all = append(all, s)
	}
	return all
}

func (r *reader) yes(v *yaml.Node) bool {
	if v.Value != "true" && v.Value != "false" {
		r.wrong(v.Line, "form.switch", "écrivez true ou false", "write true or false")
	}
	return v.Value == "true"
}

func (r *reader) lifetime(v *yaml.Node) time.Duration {
	m := lifetimeOf.FindStringSubmatch(v.Value)
	if m == nil {
		r.wrong(v.Line, "lifetime.form", "durée illisible « %s » : écrivez un nombre d'heures ou de jours, comme 24h ou 7d", "unreadable duration %q: write a number of hours or days, such as 24h or 7d", v.Value)
		return DefaultLifetime
	}
	n, _ := strconv.Atoi(m[1])
	d := time.Duration(n) * time.Hour
	if m[2] == "d" {
		d *= 24
	}
	if d > maxLifetime {
		r.wrong(v.Line, "lifetime.long", "une preuve ne peut pas valoir plus de %d jours : écrivez moins", "evidence cannot last more than %d days: write less", int(maxLifetime.Hours()/24))
	}
	return d
}
