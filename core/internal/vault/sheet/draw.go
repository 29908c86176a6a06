package sheet

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"rsc.io/qr"

	"github.com/rempart/rempart/kit/i18n"
)

// Sheet is what is printed: a page for each part.
type Sheet struct {
	Host  string // whose key it is: the address that people type
	Made  time.Time
	Lang  i18n.Lang
	Parts []Part
}

var (
	tTitle = i18n.T("Feuille de secours de la clé racine", "Recovery sheet of the root key")
	tOne   = i18n.T("Cette feuille donne la clé racine à elle seule : qui la tient, avec une copie du coffre et des données, lit tout. Gardez-la dans un coffre, loin de la machine.",
		"This sheet alone gives the root key: whoever holds it, with a copy of the key store and of the data, reads everything. Keep it in a safe, far from the machine.")
	tSome = i18n.T("Partie %d sur %d. %d parties redonnent la clé racine ; une de moins n'en dit rien. Confiez chaque partie à une personne différente.",
		"Part %d of %d. %d parts give the root key back; one fewer says nothing about it. Give each part to another person.")
	tUse = i18n.T("Pour l'essayer : rempart keys check --parts FICHIER. Pour s'en servir : rempart keys restore --parts FICHIER --copy COPIE.",
		"To try it: rempart keys check --parts FILE. To use it: rempart keys restore --parts FILE --copy COPY.")
	tKey = i18n.T("Clé %x, feuille du %s, %s", "Key %x, sheet of %s, %s")
)

func (s Sheet) about(p Part) (who, what string) {
	who = tKey.Say(s.Lang, p.Name[:], s.Made.Format(time.DateOnly), s.Host)
	if len(s.Parts) == 1 {
		return who, tOne.Say(s.Lang)
	}
	return who, tSome.Say(s.Lang, p.Number, len(s.Parts), p.Need)
}

// Text gives the sheet as plain text: words and what the QR code would say.
func (s Sheet) Text() []byte {
	var b bytes.Buffer
	for i, p := range s.Parts {
		if i > 0 {
			b.WriteString("\f\n")
		}
		who, what := s.about(p)
		fmt.Fprintf(&b, "%s\n%s\n%s\n%s\n\n", strings.ToUpper(tTitle.Say(s.Lang)), who, what, tUse.Say(s.Lang))
		for j, w := range p.Words() {
			fmt.Fprintf(&b, "%4d. %-10s", j+1, w)
			if j%4 == 3 {
				b.WriteByte('\n')
			}
		}
		fmt.Fprintf(&b, "\n%s\n", p.Text())
	}
	return b.Bytes()
}

type drawn struct {
	Title, Who, What, Use, Path string
	Size                        int
	Words                       []string
}

var page = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:12pt sans-serif;color:#000;background:#fff;margin:2cm}section{break-after:page}ol{columns:4;font:13pt monospace;line-height:1.9}svg{width:7cm;height:7cm}</style></head><body>
{{range .Pages}}<section><h1>{{.Title}}</h1><p><strong>{{.Who}}</strong></p><p>{{.What}}</p><p>{{.Use}}</p>
<svg viewBox="-4 -4 {{.Size}} {{.Size}}" role="img" aria-label="QR"><path fill="#fff" d="M-4-4h{{.Size}}v{{.Size}}h-{{.Size}}z"/><path d="{{.Path}}"/></svg>
<ol>{{range .Words}}<li>{{.}}</li>{{end}}</ol></section>
{{end}}</body></html>
`))

// HTML gives the sheet as a page to print; it fetches nothing.
func (s Sheet) HTML() ([]byte, error) {
	var pages []drawn
	for _, p := range s.Parts {
		c, err := qr.Encode(p.Text(), qr.M)
		if err != nil {
			return nil, err
		}
		var path strings.Builder
		each(c, func(x, y int) { fmt.Fprintf(&path, "M%d %dh1v1h-1z", x, y) })
		who, what := s.about(p)
		pages = append(pages, drawn{tTitle.Say(s.Lang), who, what, tUse.Say(s.Lang), path.String(), c.Size + 8, p.Words()})
	}
	var b bytes.Buffer
	err := page.Execute(&b, map[string]any{"Lang": s.Lang.String(), "Title": tTitle.Say(s.Lang), "Pages": pages})
	return b.Bytes(), err
}

func each(c *qr.Code, f func(x, y int)) {
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				f(x, y)
			}
		}
	}
}

// PDF gives the sheet as a document of one page for each part.
func (s Sheet) PDF() ([]byte, error) {
	d := fpdf.New("P", "mm", "A4", "")
	d.SetMargins(20, 20, 20)
	d.SetCreationDate(s.Made)
	d.SetModificationDate(s.Made)
	latin := d.UnicodeTranslatorFromDescriptor("")
	for _, p := range s.Parts {
		c, err := qr.Encode(p.Text(), qr.M)
		if err != nil {
			return nil, err
		}
		who, what := s.about(p)
		d.AddPage()
		d.SetFont("Helvetica", "B", 16)
		d.MultiCell(0, 8, latin(tTitle.Say(s.Lang)), "", "L", false)
		d.SetFont("Helvetica", "B", 10)
		d.MultiCell(0, 6, latin(who), "", "L", false)
		d.SetFont("Helvetica", "", 10)
		d.MultiCell(0, 6, latin(what+"\n"+tUse.Say(s.Lang)), "", "L", false)
		top, side := d.GetY()+6, 70.0/float64(c.Size)
		each(c, func(x, y int) { d.Rect(20+float64(x)*side, top+float64(y)*side, side, side, "F") })
		d.SetFont("Courier", "", 12)
		for i, w := range p.Words() {
			d.Text(20+float64(i%4)*43, top+82+float64(i/4)*8, fmt.Sprintf("%2d. %s", i+1, w))
		}
	}
	var b bytes.Buffer
	err := d.Output(&b)
	return b.Bytes(), err
}
