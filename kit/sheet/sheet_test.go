package sheet_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/kit/sheet"
)

var people = sheet.Sheet{
	Title: "Revue", Subtitle: "Ville d’Alizé, au 22 novembre", At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	Head: []string{"Personne", "Rôle"}, Widths: []float64{140, 137}, Rows: [][]string{{"Maëlle Kervarec", "=SUM(A1)"}, {"Îlse, dite « Zoé »", "-1"}},
}

func TestNoCellRunsAsAFormula(t *testing.T) {
	got := string(people.CSV())
	want := "\ufeffPersonne,Rôle\nMaëlle Kervarec,'=SUM(A1)\n\"Îlse, dite « Zoé »\",'-1\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestThePDFNamesTheHashOfTheSameTable(t *testing.T) {
	many := people
	for range 200 {
		many.Rows = append(many.Rows, []string{strings.Repeat("long ", 60), "role"})
	}
	got, err := many.PDF(t.Context())
	if err != nil || !bytes.HasPrefix(got, []byte("%PDF-")) {
		t.Fatalf("%.20q, %v", got, err)
	}
	if n := bytes.Count(got, []byte("/Type /Page\n")); n < 3 {
		t.Errorf("%d pages for 202 lines", n)
	}
	if len(sheet.Digest(many.CSV())) != 64 {
		t.Error("no SHA-256")
	}
}

func TestInertTouchesOnlyWhatASpreadsheetWouldRun(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+33 1": "'+33 1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"": "", "a=1": "a=1", "Émile": "Émile", "'=1": "'=1",
	} {
		if got := sheet.Inert(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}
