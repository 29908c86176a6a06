package preview

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rempart/rempart/services/recognition/source"
)

type given []source.Record

func (g given) Fields(context.Context) ([]string, error) {
	return []string{"nom", "prenom", "tel", "mobile", "ville", "diagnostic"}, nil
}

func (g given) Read(_ context.Context, give func(source.Record) error) error {
	for _, r := range g {
		if err := give(r); err != nil {
			return err
		}
	}
	return nil
}

func of(key string, pairs ...string) source.Record {
	r := source.Record{Key: key, Fields: map[string][]string{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Fields[pairs[i]] = []string{pairs[i+1]}
	}
	return r
}

var some = given{
	of("1", "nom", "Kervarec", "prenom", "Maëlle", "tel", "06 12 34 56 78", "ville", "Brest", "diagnostic", "asthme sévère"),
	of("2", "nom", "Le Goff", "tel", "01 42 00 00 00 poste 123", "mobile", "0142000000", "diagnostic", "rien"),
	of("3", "nom", "Personne", "tel", "voir avec Jeanne"),
	of("4", "nom", "Kervarec", "prenom", "Yann", "tel", "+33612345678"),
	of("5", "nom", "Sans numéro"),
}

// Before anything is chosen no value leaves the tool; afterwards nothing but what was chosen does (CTI-29).
func TestNoValueLeavesBeforeItIsChosen(t *testing.T) {
	for _, c := range []struct {
		name    string
		m       source.Mapping
		in, out []string
	}{
		{"nothing chosen", source.Mapping{Region: "FR"}, []string{"diagnostic", "Aaaa"}, []string{"Kervarec", "Maëlle", "612345678", "Brest", "asthme", "Jeanne"}},
		{
			"some chosen",
			source.Mapping{Region: "FR", Name: []string{"prenom", "nom"}, Numbers: []string{"tel", "mobile"}, Shown: map[string]string{"Ville": "ville"}},
			[]string{"Maëlle Kervarec", "+33612345678", "Brest"},
			[]string{"asthme", "Jeanne", "rien"},
		},
	} {
		told, err := Look(t.Context(), some, c.m)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(told)
		for _, w := range c.in {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s: %q is not told in %s", c.name, w, text)
			}
		}
		for _, w := range c.out {
			if strings.Contains(string(text), w) {
				t.Errorf("%s: %q left the tool in %s", c.name, w, text)
			}
		}
	}
}

func TestNumbersAreReported(t *testing.T) {
	told, err := Look(t.Context(), some, source.Mapping{Region: "FR", Name: []string{"nom"}, Numbers: []string{"tel", "mobile"}})
	if err != nil {
		t.Fatal(err)
	}
	got := told.Tally
	if got.Records != 5 || got.Cards != 3 || got.Refused != 1 || got.Twice != 1 || got.Shared != 1 || got.Good+got.Repaired != 3 {
		t.Errorf("tally %+v", got)
	}
	if len(got.Odd) != 1 || got.Odd[0].Shape != "aaa aaa Aaaa" {
		t.Errorf("odd %+v", got.Odd)
	}
	if len(told.Rows) != 3 {
		t.Errorf("rows %+v", told.Rows)
	}
}

func TestShapes(t *testing.T) {
	for in, want := range map[string]string{
		"06 12 34 56 78": "99 99 99 99 99", "Le Goff": "Aa Aaaa", "MARTIN": "AAA", "m.k@port.example": "a.a@aaa.aaa",
		"  two\nlines ": "aaa aaa", "": "",
	} {
		if got := Shape(in); got != want {
			t.Errorf("Shape(%q) = %q, want %q", in, got, want)
		}
	}
}
