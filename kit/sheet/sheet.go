// Package sheet writes a table to be kept: CSV for spreadsheets, PDF for paper.
//
// Owns: cells that no spreadsheet runs as a formula, pages with their number and the SHA-256 of the same table in CSV. Must
// not know: any module. Start reading at: Sheet.
package sheet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/rempart/rempart/kit/i18n"
)

var (
	tPage  = i18n.T("Page %d sur {nb}", "Page %d of {nb}")
	tPrint = i18n.T("Empreinte SHA-256 de la table : %s", "SHA-256 of the table: %s")
)

// Sheet is a table ready to be written.
type Sheet struct {
	Title, Subtitle string
	At              time.Time // the date of the file
	Head            []string
	Rows            [][]string
	// Widths are those of the columns of the PDF, in millimetres of 277; Columns says which ones it shows, all when empty.
	Widths  []float64
	Columns []int
}

func (s Sheet) columns() []int {
	if len(s.Columns) > 0 {
		return s.Columns
	}
	all := make([]int, len(s.Head))
	for i := range all {
		all[i] = i
	}
	return all
}

// Digest is the SHA-256 of a file, in hexadecimal.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Inert writes a cell so that no spreadsheet runs it as a formula (CWE-1236).
func Inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// CSV writes the sheet for spreadsheets: UTF-8 with its mark, and no cell that a spreadsheet would run as a formula.
func (s Sheet) CSV() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	for _, row := range append([][]string{s.Head}, s.Rows...) {
		safe := slices.Clone(row)
		for i, cell := range safe {
			safe[i] = Inert(cell)
		}
		_ = w.Write(safe) // a bytes.Buffer never fails
	}
	w.Flush()
	return b.Bytes()
}

// PDF draws the sheet on A4 pages, each with its number and the SHA-256 of the same table in CSV.
func (s Sheet) PDF(ctx context.Context) ([]byte, error) {
	doc := fpdf.New("L", "mm", "A4", "")
	doc.SetCreationDate(s.At)
	doc.SetModificationDate(s.At)
	doc.SetTitle(s.Title, true)
	doc.SetLang(i18n.Of(ctx).String())
	doc.SetMargins(10, 12, 10)
	doc.SetAutoPageBreak(true, 16)
	doc.AliasNbPages("")
	latin := doc.UnicodeTranslatorFromDescriptor("cp1252")
	text := func(t string) string { return latin(strings.NewReplacer("\u202f", "\u00a0", "’", "'").Replace(t)) }
	print := Digest(s.CSV())
	doc.SetHeaderFunc(func() {
		doc.SetFont("Helvetica", "B", 12)
		doc.CellFormat(0, 6, text(s.Title), "", 1, "L", false, 0, "")
		doc.SetFont("Helvetica", "", 9)
		doc.CellFormat(0, 5, text(s.Subtitle), "", 1, "L", false, 0, "")
		doc.Ln(2)
		doc.SetFont("Helvetica", "B", 8)
		doc.SetFillColor(232, 236, 240)
		for i, c := range s.columns() {
			doc.CellFormat(s.Widths[i], 6, text(s.Head[c]), "", 0, "L", true, 0, "")
		}
		doc.Ln(6)
	})
	doc.SetFooterFunc(func() {
		doc.SetY(-12)
		doc.SetFont("Helvetica", "", 7)
		doc.CellFormat(200, 5, text(tPrint.In(ctx, print)), "", 0, "L", false, 0, "")
		doc.CellFormat(0, 5, text(tPage.In(ctx, doc.PageNo())), "", 0, "R", false, 0, "")
	})
	doc.AddPage()
	doc.SetFont("Helvetica", "", 8)
	for _, row := range s.Rows {
		for i, c := range s.columns() {
			doc.CellFormat(s.Widths[i], 5, fit(doc, text(row[c]), s.Widths[i]-2), "B", 0, "L", false, 0, "")
		}
		doc.Ln(5)
	}
	var b bytes.Buffer
	err := doc.Output(&b)
	return b.Bytes(), err
}

// fit cuts a text to a width; cp1252 is one byte per character.
func fit(doc *fpdf.Fpdf, t string, width float64) string {
	if doc.GetStringWidth(t) <= width {
		return t
	}
	for len(t) > 0 && doc.GetStringWidth(t+"\x85") > width {
		t = t[:len(t)-1]
	}
	return t + "\x85"
}
