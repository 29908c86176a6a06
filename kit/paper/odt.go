package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/i18n"
)

// The names that every part of an OpenDocument file declares (ISO/IEC 26300, version 1.3).
const spaces = ` xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"` +
	` xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"` +
	` xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"` +
	` xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"`

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// odtType must stand first in the archive, as it is, so that the file is known by its first bytes.
const odtType = "application/vnd.oasis.opendocument.text"

func manifest(kind string) string {
	return declaration + `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">` +
		`<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="` + kind + `"/>` +
		`<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>` +
		`<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>` +
		`<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>`
}

// part is one file of an OpenDocument archive.
type part struct{ name, text string }

// archive packs an OpenDocument file; its type comes first, as it is, so that the file is known by its first bytes.
func archive(kind string, at time.Time, parts ...part) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i, f := range append([]part{{"mimetype", kind}, {"META-INF/manifest.xml", manifest(kind)}}, parts...) {
		head := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at.UTC().Truncate(2 * time.Second)}
		if i == 0 {
			head = &zip.FileHeader{Name: f.name, Method: zip.Store}
		}
		w, err := z.CreateHeader(head)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// ODT draws the document as an OpenDocument text, for those who quote it.
func (d Document) ODT() ([]byte, error) {
	return archive(odtType, d.At, part{"meta.xml", odfMeta(d.Title, d.Lang, d.At)}, part{"styles.xml", odtStyles(d.Lang, d.Foot)}, part{"content.xml", odtContent(d.Blocks)})
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}

func odfMeta(title string, lang i18n.Lang, at time.Time) string {
	return declaration + `<office:document-meta` + spaces + `><office:meta><meta:generator>` + producer + `</meta:generator><dc:title>` +
		escape(title) + `</dc:title><dc:language>` + lang.String() + `</dc:language><meta:creation-date>` +
		at.UTC().Format("2006-01-02T15:04:05Z") + `</meta:creation-date></office:meta></office:document-meta>`
}

func odtStyles(lang i18n.Lang, foot string) string {
	country := "FR"
	if lang == i18n.EN {
		country = "GB"
	}
	para := func(name, parent, paragraph, letters string) string {
		return `<style:style style:name="` + name + `" style:family="paragraph" style:parent-style-name="` + parent + `"><style:paragraph-properties ` +
			paragraph + `/><style:text-properties ` + letters + `/></style:style>`
	}
	return declaration + `<office:document-styles` + spaces + `><office:styles>` +
		`<style:default-style style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.15cm" fo:line-height="120%"/>` +
		`<style:text-properties fo:font-family="'Liberation Sans', Arial, sans-serif" fo:font-size="10pt" fo:language="` + lang.String() + `" fo:country="` + country + `"/></style:default-style>` +
		`<style:style style:name="Standard" style:family="paragraph"/>` +
		para("Title", "Standard", `fo:margin-bottom="0.4cm"`, `fo:font-size="22pt" fo:font-weight="bold"`) +
		para("Heading_20_1", "Standard", `fo:margin-top="0.8cm" fo:margin-bottom="0.2cm" fo:keep-with-next="always"`, `fo:font-size="14pt" fo:font-weight="bold"`) +
		para("Heading_20_2", "Standard", `fo:margin-top="0.5cm" fo:margin-bottom="0.1cm" fo:keep-with-next="always"`, `fo:font-size="11pt" fo:font-weight="bold"`) +
		para("Faint", "Standard", `fo:margin-bottom="0.1cm"`, `fo:font-size="9pt" fo:color="#4b5864"`) +
		para("Cell", "Standard", `fo:margin-bottom="0cm"`, `fo:font-size="9pt"`) +
		para("Head", "Cell", `fo:margin-bottom="0cm"`, `fo:font-weight="bold"`) +
		para("Code", "Standard", `fo:background-color="#f2f5f7" fo:margin-bottom="0.2cm"`, `fo:font-family="'Liberation Mono', monospace" fo:font-size="8pt"`) +
		`</office:styles><office:automatic-styles><style:page-layout style:name="A4"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="2cm" fo:margin-bottom="1.5cm" fo:margin-left="2cm" fo:margin-right="2cm"/></style:page-layout></office:automatic-styles>` +
		`<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="A4"><style:footer><text:p text:style-name="Faint">` + escape(foot) +
		` · <text:page-number/> / <text:page-count/></text:p></style:footer></style:master-page></office:master-styles></office:document-styles>`
}

func odtContent(blocks []Block) string {
	var styles, body strings.Builder
	styles.WriteString(`<style:style style:name="Line" style:family="table-cell"><style:table-cell-properties fo:padding="0.1cm" fo:border-bottom="0.02cm solid #bec6ce"/></style:style>` +
		`<style:style style:name="Strong" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>`)
	p := func(style, text string) {
		body.WriteString(`<text:p text:style-name="` + style + `">` + odtText(text) + `</text:p>`)
	}
	for n, b := range blocks {
		switch b.Sort {
		case Title:
			p("Title", b.Text)
		case Heading:
			body.WriteString(`<text:h text:style-name="Heading_20_1" text:outline-level="1">` + odtText(b.Text) + `</text:h>`)
		case Part:
			body.WriteString(`<text:h text:style-name="Heading_20_2" text:outline-level="2">` + odtText(b.Text) + `</text:h>`)
		case Words:
			p("Standard", b.Text)
		case Faint:
			p("Faint", b.Text)
		case State:
			body.WriteString(`<text:p text:style-name="Standard"><text:span text:style-name="Strong">` + odtText(b.Text) + `</text:span> ` + odtText(b.More) + `</text:p>`)
		case Code:
			p("Code", b.Text)
		case List:
			body.WriteString(`<text:list>`)
			for _, one := range b.Items {
				body.WriteString(`<text:list-item><text:p text:style-name="Standard">• ` + odtText(one) + `</text:p></text:list-item>`)
			}
			body.WriteString(`</text:list>`)
		case Table:
			odtTable(&styles, &body, n, b)
		}
	}
	return declaration + `<office:document-content` + spaces + `><office:automatic-styles>` + styles.String() +
		`</office:automatic-styles><office:body><office:text>` + body.String() + `</office:text></office:body></office:document-content>`
}

func odtTable(styles, body *strings.Builder, n int, b Block) {
	name := fmt.Sprintf("T%d", n)
	body.WriteString(`<table:table table:name="` + name + `">`)
	for i, w := range b.Wide {
		fmt.Fprintf(styles, `<style:style style:name="%s.%d" style:family="table-column"><style:table-column-properties style:column-width="%.2fcm"/></style:style>`, name, i, w*0.17)
		fmt.Fprintf(body, `<table:table-column table:style-name="%s.%d"/>`, name, i)
	}
	row := func(style string, cells []string) {
		body.WriteString(`<table:table-row>`)
		for _, c := range cells {
			body.WriteString(`<table:table-cell table:style-name="Line" office:value-type="string"><text:p text:style-name="` + style + `">` + odtText(c) + `</text:p></table:table-cell>`)
		}
		body.WriteString(`</table:table-row>`)
	}
	body.WriteString(`<table:table-header-rows>`)
	row("Head", b.Head)
	body.WriteString(`</table:table-header-rows>`)
	for _, r := range b.Rows {
		row("Cell", r)
	}
	body.WriteString(`</table:table>`)
}

// odtText escapes a text; its line breaks stay.
func odtText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, s)
	return strings.ReplaceAll(escape(s), "&#xA;", "<text:line-break/>")
}
