package archive

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// TestAValueIsWrittenAsJSON: whatever a room gives, a program that reads JSON finds it as it was.
func TestAValueIsWrittenAsJSON(t *testing.T) {
	texts := []string{"", "plain", "Maëlle", `a "quote"`, `back\slash`, "<b>&amp;</b>", "line\nnext\x00\x7f", "\u2028\u2029", "bad \xff bytes", "日本"}
	var all []any
	for _, s := range texts {
		all = append(all, s, core.ID(s), []byte(s))
	}
	all = append(all, nil, true, false, 0, -7, int64(1)<<60, 1.5, []string{"a", "<"}, []string(nil), map[string]int{"a": 1}, core.Text{FR: "é", EN: "e"},
		[]core.FieldChange{{Field: "name", Before: "a", After: "<b>"}}, json.Number("12"))
	b := (&Module{}).newBundle(core.Person{}, false)
	for _, v := range all {
		got, err := b.value([]byte("x"), &sheet{}, v)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != "x"+string(want) {
			t.Errorf("%#v is written %s, want %s", v, got[1:], want)
		}
	}
	for at, want := range map[time.Time]string{{}: "null", time.Date(2026, 11, 22, 21, 4, 5, 9e8, time.FixedZone("", 3600)): `"2026-11-22T20:04:05Z"`} {
		if got, err := b.value(nil, &sheet{}, at); err != nil || string(got) != want {
			t.Errorf("%v is written %s (%v), want %s", at, got, err, want)
		}
	}
}

// TestValuesWithoutAColumnStandBehindTheOthers: sorted, under names that a file of tables can hold, each row with its own.
func TestValuesWithoutAColumnStandBehindTheOthers(t *testing.T) {
	b := (&Module{}).newBundle(core.Person{}, false)
	s := &sheet{shape: &shape{Name: "t", Fields: []Field{{Name: "id"}, {Name: "key", secret: true}, {Name: "at"}}, names: map[string]bool{"id": true, "key": true, "at": true}}, known: map[string]bool{}}
	for _, c := range []struct {
		values map[string]any
		want   string
	}{
		{map[string]any{"at": 1, "id": "a", "key": "secret"}, `{"id":"a","at":1}`},
		{map[string]any{"id": "b", "zeal": 1, "age": 2}, `{"id":"b","age":2,"zeal":1}`},
		{map[string]any{"key": "secret", "mid dle": 3, "zeal": nil}, `{"middle":3,"zeal":null}`},
		{map[string]any{"id": "c"}, `{"id":"c"}`},
	} {
		if err := b.write(s, c.values); err != nil || string(b.line) != c.want+"\n" {
			t.Errorf("%v is written %s (%v), want %s", c.values, b.line, err, c.want)
		}
	}
}
