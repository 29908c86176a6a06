package rest

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// path is where a value stands in JSON: names and dots, [0], [*], [?name=value], ['odd.name'].
type path []step

type step struct {
	name        string
	index       int // of a list, when isIndex
	isIndex     bool
	all         bool
	with, equal string // those of a list whose name is equal
}

var errPath = errors.New("not a path")

func parsePath(text string) (p path, err error) {
	for rest := strings.TrimPrefix(text, "$"); rest != ""; {
		switch {
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if strings.HasPrefix(rest, "['") {
				if end = strings.Index(rest, "']") + 1; end == 0 {
					return nil, errPath
				}
			}
			if end < 2 {
				return nil, errPath
			}
			s, err := bracket(rest[1:end])
			if err != nil {
				return nil, err
			}
			p, rest = append(p, s), rest[end+1:]
		default:
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, errPath
			}
			p, rest = append(p, step{name: rest[:end]}), rest[end:]
		}
	}
	return p, nil
}

func bracket(in string) (step, error) {
	switch {
	case in == "*":
		return step{all: true}, nil
	case in[0] == '\'' && len(in) > 2:
		return step{name: in[1 : len(in)-1]}, nil
	case in[0] == '?':
		with, equal, ok := strings.Cut(in[1:], "=")
		if !ok || with == "" {
			return step{}, errPath
		}
		return step{with: with, equal: equal}, nil
	}
	n, err := strconv.Atoi(in)
	if err != nil || n < 0 {
		return step{}, errPath
	}
	return step{index: n, isIndex: true}, nil
}

// at gives what stands at a path: several values when it names lists.
func (p path) at(v any) []any {
	found := []any{v}
	for _, s := range p {
		var next []any
		for _, v := range found {
			next = s.take(v, next)
		}
		found = next
	}
	return found
}

func (s step) take(v any, into []any) []any {
	switch v := v.(type) {
	case map[string]any:
		if value, ok := v[s.name]; ok && s.name != "" {
			into = append(into, value)
		}
	case []any:
		for i, item := range v {
			fields, _ := item.(map[string]any)
			switch {
			case s.all, s.isIndex && i == s.index:
				into = append(into, item)
			case s.with != "" && len(texts(fields[s.with])) > 0 && strings.EqualFold(texts(fields[s.with])[0], s.equal):
				into = append(into, item)
			}
		}
	}
	return into
}

// first is the one text at a path, "" when there is none.
func (p path) first(v any) string {
	for _, found := range p.at(v) {
		if t := texts(found); len(t) > 0 {
			return t[0]
		}
	}
	return ""
}

// texts writes a value for people. What says "nothing" gives none: null, false, an empty text, an object.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case json.Number:
		return []string{v.String()}
	case bool:
		if v {
			return []string{"true"}
		}
	case []any:
		var all []string
		for _, item := range v {
			if _, nested := item.([]any); !nested {
				all = append(all, texts(item)...)
			}
		}
		return all
	}
	return nil
}
