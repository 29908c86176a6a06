package tool

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/core"
)

// Config is the settings of one source, with the place where they are written: mistakes name the file and the line.
type Config struct {
	File string     // "" when they were typed into a page; relative paths start from its folder
	Node *yaml.Node // a mapping
	// Within is for settings that were not written on this computer: a folder that no file they name may stand outside of, lest
	// whoever writes them read any file here, or have one sent as a password. Of the environment they may name REMPART_SOURCE_… only.
	Within string
}

const ownEnv = "REMPART_SOURCE_"

// Parse reads settings from a YAML text.
func Parse(file string, text []byte) (Config, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return Config{}, Refuse(errSyntax, named(file), strings.TrimPrefix(err.Error(), "yaml: "))
	}
	c := Config{File: file, Node: &yaml.Node{Kind: yaml.MappingNode, Line: 1}}
	if len(doc.Content) > 0 {
		c.Node = doc.Content[0]
	}
	if c.Node.Kind != yaml.MappingNode {
		return Config{}, Refuse(errSyntax, named(file), "a list of “setting: value” is expected")
	}
	return c, nil
}

func named(file string) string {
	if file == "" {
		return "settings"
	}
	return file
}

// Path gives a path that may be relative to the file of the settings, and refuses one that they may not name.
func (c Config) Path(p string) (string, error) {
	switch {
	case c.Within != "":
		return c.inside(p)
	case p == "" || filepath.IsAbs(p) || c.File == "":
		return p, nil
	}
	return filepath.Join(filepath.Dir(c.File), p), nil
}

// inside follows links before it judges.
func (c Config) inside(p string) (string, error) {
	folder, err := filepath.EvalSymlinks(c.Within)
	if err != nil {
		return "", Refuse(errOutside, p)
	}
	if !filepath.IsAbs(p) {
		p = filepath.Join(folder, p)
	}
	real, err := filepath.EvalSymlinks(p)
	if err != nil {
		if real, err = filepath.Abs(p); err != nil {
			return "", Refuse(errOutside, p)
		}
	}
	if rel, err := filepath.Rel(folder, real); err != nil || !filepath.IsLocal(rel) {
		return "", Refuse(errOutside, p)
	}
	return real, nil
}

// Take gives the value of a setting as text and the settings without it: "kind" stands beside the settings of its kind.
func (c Config) Take(name string) (string, Config) {
	value, rest := c.Cut(name)
	if value == nil {
		return "", rest
	}
	return value.Value, rest
}

// Cut gives the node of a setting, nil when absent, and the settings without it.
func (c Config) Cut(name string) (*yaml.Node, Config) {
	var found *yaml.Node
	rest := *c.Node
	rest.Content = nil
	for i := 0; i+1 < len(c.Node.Content); i += 2 {
		if c.Node.Content[i].Value == name {
			found = c.Node.Content[i+1]
			continue
		}
		rest.Content = append(rest.Content, c.Node.Content[i], c.Node.Content[i+1])
	}
	return found, Config{File: c.File, Node: &rest, Within: c.Within}
}

// Decode fills a struct. Every field has a tag `yaml:"name"`, and `say:"example"` for what a mistake is answered with;
// `need:"yes"` makes it mandatory. All mistakes are told at once.
func (c Config) Decode(into any) error {
	d := decoding{file: named(c.File)}
	d.object(c.Node, reflect.ValueOf(into).Elem(), "")
	return errors.Join(d.wrong...)
}

// Wrong says that a setting cannot take its value; it finds the line.
func (c Config) Wrong(name, example string) error {
	return Refuse(errWrong, named(c.File), c.line(name), name, example)
}

// Missing says that a setting is needed.
func (c Config) Missing(name, example string) error {
	return Refuse(errMissing, named(c.File), c.Node.Line, name, name, example)
}

// UnknownKind says that there is no such kind of source.
func (c Config) UnknownKind(kind string, kinds []string) error {
	return Refuse(errKind, named(c.File), c.line("kind"), kind, strings.Join(kinds, ", "))
}

type decoding struct {
	file  string
	wrong []error
}

func (d *decoding) say(e *core.Error, line int, args ...any) {
	d.wrong = append(d.wrong, Refuse(e, append([]any{d.file, line}, args...)...))
}

var (
	secretType   = reflect.TypeFor[Secret]()
	durationType = reflect.TypeFor[time.Duration]()
)

func (d *decoding) object(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.say(errWrong, n.Line, strings.TrimSuffix(path, "."), strings.Join(settingsOf(into.Type()), ": …, ")+": …")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, ok := fieldOf(into.Type(), key.Value)
		switch {
		case !ok:
			d.say(errUnknown, key.Line, path+key.Value, strings.Join(settingsOf(into.Type()), ", "))
		case seen[key.Value]:
			d.say(errTwice, key.Line, path+key.Value)
		default:
			d.value(value, into.FieldByIndex(field.Index), path+key.Value, field.Tag.Get("say"))
		}
		seen[key.Value] = true
	}
	for field := range into.Type().Fields() {
		if name := field.Tag.Get("yaml"); field.Tag.Get("need") != "" && !seen[name] {
			d.say(errMissing, n.Line, path+name, name, field.Tag.Get("say"))
		}
	}
}

func settingsOf(t reflect.Type) (names []string) {
	for f := range t.Fields() {
		if name := f.Tag.Get("yaml"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if name != "" && f.Tag.Get("yaml") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// value fills one setting of whatever type.
func (d *decoding) value(n *yaml.Node, into reflect.Value, path, example string) {
	if n.Kind == yaml.AliasNode { // a text that grows without end
		d.say(errWrong, n.Line, path, example)
		return
	}
	bad := func() { d.say(errWrong, n.Line, path, example) }
	switch {
	case into.Type() == secretType && n.Kind == yaml.ScalarNode:
		name := path[strings.LastIndexByte(path, '.')+1:]
		d.say(errInline, n.Line, path, name, name)
	case into.Type() == durationType:
		v, err := time.ParseDuration(n.Value)
		if err != nil || v < 0 {
			bad()
		}
		into.SetInt(int64(v))
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, into.Elem(), path, example)
	case into.Kind() == reflect.Struct:
		d.object(n, into, path+".")
	case into.Kind() == reflect.Slice:
		d.list(n, into, path, example)
	case into.Kind() == reflect.Map:
		d.words(n, into, path, example)
	case n.Kind != yaml.ScalarNode:
		bad()
	case !scalar(n, into):
		bad()
	}
}

// list takes a list, or one value alone.
func (d *decoding) list(n *yaml.Node, into reflect.Value, path, example string) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	into.SetZero() // what is written takes the place of what was there before
	for i, item := range items {
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(item, v, path+"."+strconv.Itoa(i+1), example)
		into.Set(reflect.Append(into, v))
	}
}

// words takes "name: value" pairs whose names are free, beside those that were there before.
func (d *decoding) words(n *yaml.Node, into reflect.Value, path, example string) {
	if n.Kind != yaml.MappingNode {
		d.say(errWrong, n.Line, path, example)
		return
	}
	if into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(n.Content[i+1], v, path+"."+n.Content[i].Value, example)
		into.SetMapIndex(reflect.ValueOf(n.Content[i].Value), v)
	}
}

func scalar(n *yaml.Node, into reflect.Value) bool {
	switch into.Kind() {
	case reflect.String:
		into.SetString(n.Value)
		return n.Tag != "!!null"
	case reflect.Bool:
		into.SetBool(n.Value == "true" || n.Value == "yes")
		return slices.Contains([]string{"true", "false", "yes", "no"}, n.Value)
	case reflect.Int, reflect.Int64:
		v, err := strconv.ParseInt(n.Value, 10, 64)
		into.SetInt(v)
		return err == nil
	case reflect.Float64:
		v, err := strconv.ParseFloat(n.Value, 64)
		into.SetFloat(v)
		return err == nil && v == v
	}
	return false
}

// Secret names where a secret is; the settings never hold the secret itself.
type Secret struct {
	File string `yaml:"file" say:"/etc/rempart/crm.secret"`
	Env  string `yaml:"env" say:"CRM_SECRET"`
}

// Given tells whether a place is named.
func (s Secret) Given() bool { return s.File != "" || s.Env != "" }

// Secret reads a secret; "" when no place is named.
func (c Config) Secret(s Secret) (string, error) {
	switch {
	case s.Env != "" && c.Within != "" && !strings.HasPrefix(s.Env, ownEnv):
		return "", Refuse(errOutside, s.Env)
	case s.Env != "":
		if v := os.Getenv(s.Env); v != "" {
			return v, nil
		}
		return "", Refuse(errSecretEnv, s.Env)
	case s.File == "":
		return "", nil
	}
	path, err := c.Path(s.File)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<10 {
		return "", Refuse(errSecretFile, s.File)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return "", Refuse(errSecretOpen, s.File)
	}
	b, err := os.ReadFile(path)
	if text := strings.TrimRight(string(b), "\r\n"); err == nil && text != "" {
		return text, nil
	}
	return "", Refuse(errSecretFile, s.File)
}

// Bare refuses an address that carries a password: it would be shown with the settings.
func (c Config) Bare(name, address string) error {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return Refuse(errInline, named(c.File), c.line(name), name, "password", "password")
		}
	}
	return nil
}

func (c Config) line(name string) int {
	for i := 0; i+1 < len(c.Node.Content); i += 2 {
		if c.Node.Content[i].Value == name {
			return c.Node.Content[i].Line
		}
	}
	return c.Node.Line
}
