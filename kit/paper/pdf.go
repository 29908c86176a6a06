package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/rempart/rempart/kit/i18n"
)

// Sizes of the page, in millimetres.
const (
	margin = 20.0
	width  = 210 - 2*margin
	bottom = 22.0
)

// pages draws blocks on A4 pages.
type pages struct{ *fpdf.Fpdf }

// PDF draws the document as PDF/A-2b (ISO 19005-2): fonts embedded, colours of a stated profile, metadata in XMP, nothing that
// runs or leads outside. The same document gives the same bytes.
func (d Document) PDF() ([]byte, error) {
	s := pages{fpdf.New("P", "mm", "A4", "")}
	name, lang := d.Title, d.Lang
	s.SetCreationDate(d.At.UTC())
	s.SetModificationDate(d.At.UTC())
	s.SetProducer(producer, true)
	s.SetTitle(name, true)
	s.SetLang(lang.String())
	s.SetCatalogSort(true) // the same objects in the same order
	s.SetXmpMetadata(metadata(name, lang, d.At.UTC()))
	s.AddOutputIntent(fpdf.OutputIntentType{
		SubtypeIdent: fpdf.OutputIntent_GTS_PDFA1, OutputConditionIdentifier: "sRGB", Info: "sRGB IEC61966-2.1", ICCProfile: profile(),
	})
	// The writer changes the bytes it is given.
	s.AddUTF8FontFromBytes("go", "", slices.Clone(goregular.TTF))
	s.AddUTF8FontFromBytes("go", "B", slices.Clone(gobold.TTF))
	s.AddUTF8FontFromBytes("mono", "", slices.Clone(gomono.TTF))
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(true, bottom)
	s.AliasNbPages("")
	s.SetFooterFunc(func() {
		s.SetY(-14)
		s.ink(Faint)
		s.SetFont("go", "", 7)
		s.CellFormat(width-30, 4, known(d.Foot), "", 0, "L", false, 0, "")
		s.CellFormat(30, 4, tPage.Say(lang, s.PageNo()), "", 0, "R", false, 0, "")
	})
	s.AddPage()
	for _, b := range d.Blocks {
		s.block(b)
	}
	var out bytes.Buffer
	if err := s.Output(&out); err != nil {
		return nil, fmt.Errorf("paper: draw: %w", err)
	}
	return identified(out.Bytes())
}

const producer = "Rempart"

// metadata is the XMP packet that says which part of the standard the file follows.
func metadata(name string, lang i18n.Lang, at time.Time) []byte {
	stamp := at.Format(time.RFC3339)
	return []byte(`<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + html.EscapeString(name) + `</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>` + lang.String() + `</rdf:li></rdf:Bag></dc:language></rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreateDate>` + stamp + `</xmp:CreateDate><xmp:ModifyDate>` + stamp + `</xmp:ModifyDate></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><pdf:Producer>` + producer + `</pdf:Producer></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`)
}

// identified adds to the trailer the identifier of the file, which the standard demands and the writer leaves out: drawn
// from the content. Dates get their zone, in place of the last two digits that nobody reads.
func identified(pdf []byte) ([]byte, error) {
	at := bytes.LastIndex(pdf, []byte("\ntrailer\n<<\n"))
	if at < 0 || bytes.Contains(pdf[at:], []byte("/ID ")) {
		return nil, errors.New("paper: the writer of PDF changed its trailer")
	}
	at += len("\ntrailer\n<<\n")
	sum := sha256.Sum256(pdf)
	id := hex.EncodeToString(sum[:16])
	return bytes.Join([][]byte{pdf[:at], []byte("/ID [<" + id + "> <" + id + ">]\n"), pdf[at:]}, nil), nil
}

func (s pages) ink(k Sort) {
	if k == Faint {
		s.SetTextColor(75, 88, 100)
		return
	}
	s.SetTextColor(16, 24, 32)
}

// room begins a new page when less than h is left: a heading never stands alone at the foot of a page.
func (s pages) room(h float64) {
	if s.GetY()+h > 297-bottom {
		s.AddPage()
	}
}

func (s pages) write(style string, size, line float64, text string) {
	s.SetFont("go", style, size)
	s.MultiCell(width, line, known(text), "", "L", false)
}

func (s pages) block(b Block) {
	s.ink(b.Sort)
	switch b.Sort {
	case Title:
		s.Bookmark(known(b.Text), 0, -1)
		s.write("B", 20, 9, b.Text)
		s.Ln(3)
	case Heading:
		s.room(30)
		s.Ln(6)
		s.Bookmark(known(b.Text), 0, -1)
		s.write("B", 13.5, 6.5, b.Text)
		s.Ln(1.5)
	case Part:
		s.room(28)
		s.Ln(4)
		s.Bookmark(known(b.Text), 1, -1)
		s.write("B", 10.5, 5.2, b.Text)
	case Words:
		s.write("", 9.5, 4.9, b.Text)
		s.Ln(0.8)
	case Faint:
		s.write("", 8.5, 4.4, b.Text)
		s.Ln(0.8)
	case List:
		s.items(b.Items)
	case Table:
		s.table(b)
	case State:
		s.state(b)
	case Code:
		s.SetFont("mono", "", 7.5)
		s.SetFillColor(242, 245, 247)
		s.MultiCell(width, 4, known(b.Text), "", "L", true)
		s.Ln(1.5)
	}
}

func (s pages) items(list []string) {
	s.SetFont("go", "", 9.5)
	for _, one := range list {
		s.room(6)
		y := s.GetY()
		s.CellFormat(5, 4.9, "•", "", 0, "C", false, 0, "")
		s.SetXY(margin+5, y)
		s.MultiCell(width-5, 4.9, known(one), "", "L", false)
	}
	s.Ln(1)
}

// state writes the status as a word, coloured, and its date.
func (s pages) state(b Block) {
	switch b.Tone {
	case Good:
		s.SetTextColor(20, 104, 58)
	case Bad:
		s.SetTextColor(168, 32, 26)
	case Warn:
		s.SetTextColor(122, 82, 0)
	default:
		s.ink(Faint)
	}
	s.SetFont("go", "B", 9)
	word := known(b.Text)
	s.CellFormat(s.GetStringWidth(word)+4, 5, word, "", 0, "L", false, 0, "")
	s.ink(Faint)
	s.SetFont("go", "", 8.5)
	s.MultiCell(0, 5, known(b.More), "", "L", false)
	s.Ln(0.5)
}

// table draws rows whose cells wrap; a row never breaks across pages.
func (s pages) table(b Block) {
	const size, line, pad = 8.0, 3.9, 1.2
	row := func(cells []string, style string, fill bool) {
		s.SetFont("go", style, size)
		lines, most := make([][]string, len(cells)), 1
		for i, c := range cells {
			lines[i] = s.wrap(c, b.Wide[i]*width/100-2*pad)
			most = max(most, len(lines[i]))
		}
		h := float64(most)*line + 2*pad
		s.room(h)
		x, y := margin, s.GetY()
		if fill {
			s.SetFillColor(242, 245, 247)
			s.Rect(x, y, width, h, "F")
		}
		for i := range cells {
			for j, l := range lines[i] {
				s.SetXY(x+pad, y+pad+float64(j)*line)
				s.CellFormat(b.Wide[i]*width/100-2*pad, line, l, "", 0, "L", false, 0, "")
			}
			x += b.Wide[i] * width / 100
		}
		s.SetDrawColor(190, 198, 206)
		s.SetLineWidth(0.15)
		s.Line(margin, y+h, margin+width, y+h)
		s.SetXY(margin, y+h)
	}
	s.ink(Words)
	s.Ln(0.8)
	row(b.Head, "B", true)
	for _, r := range b.Rows {
		row(r, "", false)
	}
	s.Ln(2)
}

// wrap parts a text into lines of a width, in the font that is set; a word longer than a line is cut.
func (s pages) wrap(t string, w float64) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(known(t), "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			for s.GetStringWidth(word) > w-2 {
				n := len([]rune(word))
				for n > 1 && s.GetStringWidth(string([]rune(word)[:n])) > w-2 {
					n--
				}
				if line != "" {
					lines, line = append(lines, line), ""
				}
				lines, word = append(lines, string([]rune(word)[:n])), string([]rune(word)[n:])
			}
			if line != "" && s.GetStringWidth(line+" "+word) > w-2 {
				lines, line = append(lines, line), word
				continue
			}
			line = strings.TrimSpace(line + " " + word)
		}
		lines = append(lines, line)
	}
	return lines
}

// drawn gives for each sign that every font here can draw the lowest one of the same shape: the writer of PDF keeps one sign
// per shape, the last it meets, in an order of its own.
var drawn = sync.OnceValue(func() map[rune]rune {
	all := map[rune]rune{}
	shapes := make([]map[sfnt.GlyphIndex]rune, 0, 3)
	var fonts []*sfnt.Font
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF, gomono.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			panic(err) // a font that is part of the program
		}
		fonts, shapes = append(fonts, f), append(shapes, map[sfnt.GlyphIndex]rune{})
	}
	var b sfnt.Buffer
	for r := ' '; r <= 0xfffd; r++ {
		lowest := r
		for i, f := range fonts {
			g, err := f.GlyphIndex(&b, r)
			if err != nil || g == 0 {
				lowest = 0
				break
			}
			if first, taken := shapes[i][g]; taken {
				lowest = min(lowest, first)
			} else {
				shapes[i][g] = r
			}
		}
		if lowest != 0 {
			all[r] = lowest
		}
	}
	return all
})

// known replaces what the fonts cannot draw: the standard forbids a sign without a shape.
func known(t string) string {
	return strings.Map(func(r rune) rune {
		switch one, ok := drawn()[r]; {
		case ok:
			return one
		case r == '\u202f' || r == '\u2009' || r == '\t':
			return ' '
		case r == '\n':
			return r
		case r < ' ':
			return -1
		}
		return '?'
	}, t)
}
