package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
)

// write makes the line of a record: the columns of the manifest in its order, then the others.
func (b *bundle) write(s *sheet, values map[string]any) error {
	b.line = append(b.line[:0], '{')
	columns := 0
	for i := range s.Fields {
		f := &s.Fields[i]
		v, there := values[f.Name]
		if !there {
			continue
		}
		columns++
		if f.secret || b.portable && !f.portable {
			continue
		}
		if err := b.put(s, f.Name, v); err != nil {
			return err
		}
	}
	if len(values) > columns && (!b.portable || s.inside != nil && s.inside.portable) {
		if err := b.rest(s, values, len(values)-columns); err != nil {
			return err
		}
	}
	b.line = append(b.line, "}\n"...)
	return nil
}

// put writes a value under its name, which is that of a column: letters, digits, underscores.
func (b *bundle) put(s *sheet, name string, v any) (err error) {
	if len(b.line) > 1 {
		b.line = append(b.line, ',')
	}
	b.line = append(append(append(b.line, '"'), name...), `":`...)
	if b.line, err = b.value(b.line, s, v); err != nil {
		return fmt.Errorf("archive: %s.%s: %w", s.Name, name, err)
	}
	if !s.known[name] {
		s.known[name] = true
		s.columns = append(s.columns, name)
	}
	return nil
}

// value writes a value as JSON: a moment in RFC 3339, a large content as the name of its file.
func (b *bundle) value(line []byte, s *sheet, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(line, "null"...), nil
	case string:
		return quoted(line, v)
	case core.ID:
		return quoted(line, string(v))
	case bool:
		return strconv.AppendBool(line, v), nil
	case int:
		return strconv.AppendInt(line, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(line, v, 10), nil
	case time.Time:
		if v.IsZero() {
			return append(line, "null"...), nil
		}
		return append(v.UTC().AppendFormat(append(line, '"'), time.RFC3339), '"'), nil
	case []byte:
		if len(v) > 256 {
			return quoted(line, b.file(s, v))
		}
	}
	text, err := json.Marshal(v)
	return append(line, text...), err
}

// quoted writes a text of JSON, as encoding/json does.
func quoted(line []byte, v string) ([]byte, error) {
	for i := range len(v) {
		if c := v[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(v)
			return append(line, text...), err
		}
	}
	return append(append(append(line, '"'), v...), '"'), nil
}

// file keeps a large content apart and gives its name.
func (b *bundle) file(s *sheet, content []byte) string {
	name := fmt.Sprintf("files/%s-%d%s", s.Name, len(b.files)+1, extension(content))
	b.files = append(b.files, file{name: name, size: len(content), data: bytes.Clone(content)})
	b.held += len(content)
	return name
}

// rest writes the values that no column has, sorted by their names: n of them.
func (b *bundle) rest(s *sheet, values map[string]any, n int) error {
	begin := len(b.line)
	for {
		left := n
		for _, name := range s.extra {
			v, there := values[name]
			if !there {
				continue
			}
			left--
			if err := b.put(s, strings.Map(tame, name), v); err != nil {
				return err
			}
		}
		if left <= 0 {
			return nil
		}
		b.line = b.line[:begin] // a name came for the first time
		s.learn(values)
	}
}

// learn adds the names that no column has to those of the rows before.
func (s *sheet) learn(values map[string]any) {
	if len(s.extra) > 64+len(values) { // rows that have nothing in common
		s.extra = s.extra[:0]
	}
	for name := range values {
		if s.names[name] {
			continue
		}
		if i, known := slices.BinarySearch(s.extra, name); !known {
			s.extra = slices.Insert(s.extra, i, name)
		}
	}
}

// tame keeps what a name may hold.
func tame(r rune) rune {
	if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}
