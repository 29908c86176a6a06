package paper

import (
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
)

const odsType = "application/vnd.oasis.opendocument.spreadsheet"

// Workbook is several tables for a spreadsheet.
type Workbook struct {
	Title  string
	Lang   i18n.Lang
	At     time.Time
	Sheets []Sheet
}

// Sheet is one table. Its name is cut and made unique: spreadsheets take 31 characters and not all signs.
type Sheet struct {
	Name string
	Wide []float64 // of the columns, in centimetres
	Rows []Row
}

// Row is one line of cells; Style is how all of them are written.
type Row struct {
	Style CellStyle
	Cells []string
}

// CellStyle is how the cells of a row are written.
type CellStyle string

// The styles; the zero one names the line in its first cell.
const (
	Labelled CellStyle = ""      // first cell bold
	Headline CellStyle = "Title" // larger: what the sheet is
	HeadRow  CellStyle = "Head"  // bold on grey: what the columns are
	PlainRow CellStyle = "Cell"
)

// Line is a labelled row.
func Line(cells ...string) Row { return Row{Labelled, cells} }

// ODS writes the tables as an OpenDocument spreadsheet (ISO/IEC 26300). Every cell is a text: nothing is run as a formula, not even
// once the file is saved in another form.
func (b Workbook) ODS() ([]byte, error) {
	var styles, body strings.Builder
	styles.WriteString(`<style:style style:name="Label" style:family="table-cell" style:parent-style-name="Cell"><style:text-properties fo:font-weight="bold"/></style:style>`)
	names := map[string]bool{}
	for n, s := range b.Sheets {
		fmt.Fprintf(&body, `<table:table table:name="%s">`, escape(unique(s.Name, names)))
		most := 1
		for _, r := range s.Rows {
			most = max(most, len(r.Cells))
		}
		for i := range most {
			wide := 6.0
			if i < len(s.Wide) {
				wide = s.Wide[i]
			}
			fmt.Fprintf(&styles, `<style:style style:name="C%d.%d" style:family="table-column"><style:table-column-properties style:column-width="%.2fcm"/></style:style>`, n, i, wide)
			fmt.Fprintf(&body, `<table:table-column table:style-name="C%d.%d"/>`, n, i)
		}
		for _, r := range s.Rows {
			odsRow(&body, r)
		}
		if len(s.Rows) == 0 {
			body.WriteString(`<table:table-row><table:table-cell/></table:table-row>`)
		}
		body.WriteString(`</table:table>`)
	}
	content := declaration + `<office:document-content` + spaces + `><office:automatic-styles>` + styles.String() +
		`</office:automatic-styles><office:body><office:spreadsheet>` + body.String() + `</office:spreadsheet></office:body></office:document-content>`
	return archive(odsType, b.At, part{"meta.xml", odfMeta(b.Title, b.Lang, b.At)}, part{"styles.xml", odsStyles(b.Lang)}, part{"content.xml", content})
}

func odsRow(body *strings.Builder, r Row) {
	body.WriteString(`<table:table-row>`)
	for i, c := range r.Cells {
		style := string(r.Style)
		if r.Style == Labelled {
			style = "Cell"
			if i == 0 {
				style = "Label"
			}
		}
		body.WriteString(`<table:table-cell table:style-name="` + style + `" office:value-type="string">`)
		for line := range strings.SplitSeq(sheet.Inert(c), "\n") {
			body.WriteString(`<text:p>` + odtText(line) + `</text:p>`)
		}
		body.WriteString(`</table:table-cell>`)
	}
	if len(r.Cells) == 0 {
		body.WriteString(`<table:table-cell/>`)
	}
	body.WriteString(`</table:table-row>`)
}

// unique cuts a name to what spreadsheets take, and numbers it when it is taken.
func unique(name string, taken map[string]bool) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]*?:/\'`, r) || r < ' ' {
			return ' '
		}
		return r
	}, name)
	cut := func(most int) string {
		runes := []rune(strings.TrimSpace(name))
		if len(runes) > most {
			runes = runes[:most]
		}
		return strings.TrimSpace(string(runes))
	}
	one := cut(31)
	for n := 2; one == "" || taken[strings.ToLower(one)]; n++ {
		one = fmt.Sprintf("%s %d", cut(27), n)
	}
	taken[strings.ToLower(one)] = true
	return one
}

func odsStyles(lang i18n.Lang) string {
	country := "FR"
	if lang == i18n.EN {
		country = "GB"
	}
	cell := func(name, parent, properties, letters string) string {
		return `<style:style style:name="` + name + `" style:family="table-cell" style:parent-style-name="` + parent + `"><style:table-cell-properties ` + properties +
			`/><style:text-properties ` + letters + `/></style:style>`
	}
	return declaration + `<office:document-styles` + spaces + `><office:styles>` +
		`<style:default-style style:family="table-cell"><style:text-properties fo:font-family="'Liberation Sans', Arial, sans-serif" fo:font-size="10pt" fo:language="` + lang.String() + `" fo:country="` + country + `"/></style:default-style>` +
		`<style:style style:name="Default" style:family="table-cell"/>` +
		cell("Cell", "Default", `fo:wrap-option="wrap" style:vertical-align="top" fo:padding="0.1cm"`, `fo:font-size="10pt"`) +
		cell("Head", "Cell", `fo:background-color="#e8ecf0" fo:wrap-option="wrap" style:vertical-align="top" fo:padding="0.1cm"`, `fo:font-weight="bold"`) +
		cell("Title", "Default", `fo:padding="0.1cm"`, `fo:font-size="16pt" fo:font-weight="bold"`) +
		`</office:styles></office:document-styles>`
}
