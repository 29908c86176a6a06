package paper_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/paper"
	"github.com/rempart/rempart/kit/paper/papertest"
)

var book = paper.Workbook{
	Title: "Registre", Lang: i18n.FR, At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	Sheets: []paper.Sheet{
		{Name: "Page commune", Wide: []float64{6, 12}, Rows: []paper.Row{
			{Style: paper.Headline, Cells: []string{"Registre"}}, paper.Line("Responsable", "Ville d’Alizé <mairie> & co"), paper.Line("Formule", "=1+1"),
		}},
		{Name: "Une activité au nom bien trop long pour un tableur", Rows: []paper.Row{paper.Line("Finalité", "une\ndeux")}},
		{Name: "Une activité au nom bien trop long pour un tableau", Rows: nil},
	},
}

// TestTheSpreadsheetIsSound reads the archive part by part: the type stands first and stored, each part is XML, the same tables give
// the same bytes.
func TestTheSpreadsheetIsSound(t *testing.T) {
	b, err := book.ODS()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := book.ODS(); err != nil || !bytes.Equal(again, b) {
		t.Error("the same tables give other bytes")
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || z.File[0].Name != "mimetype" || z.File[0].Method != zip.Store {
		t.Fatalf("the type is not the first, stored part: %v", err)
	}
	for _, f := range z.File[1:] {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		for dec := xml.NewDecoder(r); ; {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s is no XML: %v", f.Name, err)
			}
		}
	}
}

// TestLibreOfficeOpensTheSpreadsheet has LibreOffice read the file and say what it found.
func TestLibreOfficeOpensTheSpreadsheet(t *testing.T) {
	b, err := book.ODS()
	if err != nil {
		t.Fatal(err)
	}
	dir := papertest.Convert(t, "book.ods", b, papertest.Sheets)
	got := func(name string) [][]string {
		f, err := os.ReadFile(filepath.Join(dir, "book-"+name+".csv"))
		if err != nil {
			list, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
			t.Fatalf("%v; LibreOffice wrote %q", err, list)
		}
		rows, err := csv.NewReader(bytes.NewReader(f)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	first := got("Page commune")
	if len(first) != 3 || first[0][0] != "Registre" || first[1][1] != "Ville d’Alizé <mairie> & co" || first[2][1] != "'=1+1" {
		t.Errorf("the first sheet reads %q", first)
	}
	second := got("Une activité au nom bien trop l")
	if len(second) != 1 || second[0][1] != "une\ndeux" {
		t.Errorf("the second sheet reads %q", second)
	}
	if third := got("Une activité au nom bien tr 2"); len(third) > 1 {
		t.Errorf("the third sheet reads %q", third)
	}
}
