package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxConfig bounds the file: a configuration is a page or two.
const maxConfig = 1 << 20

// reserved variables belong to the command line and the tests, not to the file.
var reserved = []string{"REMPART_CONFIG", "REMPART_TEST_"}

// load reads the file at path (none when it does not exist and was not asked for), then the environment over it, and
// tells every mistake at once as Mistakes.
func load(path string, asked bool, environ []string) (*Config, error) {
	c := &Config{}
	var all Mistakes
	lines := map[string]string{}
	text, err := readConfig(path, asked)
	if err != nil {
		all = append(all, Mistake{Text: err.Error()})
	} else if len(text) > 0 {
		all = append(all, decode(path, text, c)...)
		lines = linesOf(path, text)
	}
	all = append(all, fromEnv(c, environ, lines)...)
	c.fill()
	seen := map[string]bool{}
	for _, m := range all {
		seen[m.Key] = true
	}
	for _, m := range c.check() {
		m.At = lines[m.Key]
		if !seen[m.Key] { // a value that could not be read is not judged a second time
			all = append(all, m)
		}
	}
	if len(all) > 0 {
		return nil, all
	}
	return c, nil
}

func readConfig(path string, asked bool) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && !asked {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(text) > maxConfig {
		err = fmt.Errorf("%s: larger than 1 MiB", path)
	}
	return text, err
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): (.*)$`)

// decode reads strict YAML: an unknown key, a key given twice and a value of the wrong kind are mistakes.
func decode(path string, text []byte, c *Config) []Mistake {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	err := dec.Decode(c)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	texts := []string{err.Error()}
	if te, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = te.Errors
	}
	all := make([]Mistake, len(texts))
	for i, t := range texts {
		at := filepath.Base(path)
		if m := yamlLine.FindStringSubmatch(t); m != nil {
			at, t = at+":"+m[1], m[2]
		}
		all[i] = Mistake{At: at, Text: plainYAML(t)}
	}
	return all
}

var (
	unknownKey = regexp.MustCompile(`field (\S+) not found in type .*`)
	wrongKind  = regexp.MustCompile("cannot unmarshal !!(\\S+) (`[^`]*`)? ?into (\\S+)")
)

// plainYAML says a decoder's complaint in words, without the names of our types and without the value (it may be a secret).
func plainYAML(t string) string {
	if m := unknownKey.FindStringSubmatch(t); m != nil {
		return m[1] + ": no such key"
	}
	if m := wrongKind.FindStringSubmatch(t); m != nil {
		return fmt.Sprintf("a %s stands where a %s is expected", m[1], strings.TrimPrefix(m[3], "app."))
	}
	return t
}

// linesOf maps each dotted key to where it is written.
func linesOf(path string, text []byte) map[string]string {
	at := map[string]string{}
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return at
	}
	var walk func(prefix string, n *yaml.Node)
	walk = func(prefix string, n *yaml.Node) {
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			key := prefix + n.Content[i].Value
			at[key] = fmt.Sprintf("%s:%d", filepath.Base(path), n.Content[i].Line)
			walk(key+".", n.Content[i+1])
		}
	}
	walk("", doc.Content[0])
	return at
}

// fromEnv puts REMPART_* over the file. An unknown variable is a mistake: it is a misspelt setting.
func fromEnv(c *Config, environ []string, lines map[string]string) []Mistake {
	keys := keysOf(reflect.ValueOf(c).Elem(), "")
	byName := map[string]string{}
	for key := range keys {
		byName["REMPART_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	var all []Mistake
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "REMPART_") || isReserved(name) {
			continue
		}
		key, known := byName[name]
		if !known {
			if key, known = byName[strings.TrimSuffix(name, "_FILE")]; known && strings.HasSuffix(name, "_FILE") {
				b, err := os.ReadFile(value)
				if err != nil {
					all = append(all, Mistake{key, name, "its file cannot be read"})
					continue
				}
				value = strings.TrimRight(string(b), "\r\n")
			} else {
				all = append(all, Mistake{"", name, "no such setting"})
				continue
			}
		}
		lines[key] = name
		if err := set(keys[key], value); err != nil {
			all = append(all, Mistake{key, name, err.Error()})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].At < all[j].At })
	return all
}

func isReserved(name string) bool {
	for _, r := range reserved {
		if name == r || strings.HasSuffix(r, "_") && strings.HasPrefix(name, r) {
			return true
		}
	}
	return false
}

// keysOf lists the settable values of a configuration by dotted key.
func keysOf(v reflect.Value, prefix string) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("yaml")
		if f := v.Field(i); f.Kind() == reflect.Struct {
			for k, x := range keysOf(f, key+".") {
				all[k] = x
			}
		} else {
			all[key] = f
		}
	}
	return all
}

func set(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("not a whole number")
		}
		v.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("neither true nor false")
		}
		v.SetBool(b)
	case reflect.Slice:
		var list []string
		for _, part := range strings.Split(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		v.Set(reflect.ValueOf(list))
	case reflect.Map: // "session.idle=30; session.idle_choices=30,60"
		all := map[string]string{}
		for part := range strings.SplitSeq(text, ";") {
			key, value, ok := strings.Cut(part, "=")
			if !ok && strings.TrimSpace(part) != "" {
				return errors.New("not of the form name=value; name=value")
			}
			if ok {
				all[strings.TrimSpace(key)] = strings.TrimSpace(value)
			}
		}
		v.Set(reflect.ValueOf(all))
	default:
		return fmt.Errorf("cannot be given by a variable (%s)", v.Kind())
	}
	return nil
}
