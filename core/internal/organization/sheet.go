package organization

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Limits of what is read of a file that somebody hands in.
const (
	MostBytes   = 10 << 20 // of the file as sent
	mostRows    = 20_000
	mostColumns = 60
	mostCell    = 1_000 // characters
	mostSheets  = 20
	mostParts   = 300      // files in the zip of a workbook
	mostPart    = 64 << 20 // bytes of one of them once unpacked
	mostUnpack  = 96 << 20 // bytes of all of them
	mostRatio   = 120      // unpacked bytes for one packed, above one megabyte
)

var (
	errFile = i18n.Fault(core.Invalid, "import.file", "Ce fichier est refusé ; rien n'a été changé.", "This file was refused; nothing was changed.")

	reasonEmpty    = i18n.Reason("import.empty", "Le tableau est vide : il faut une ligne de titres et au moins une ligne.", "The sheet is empty: it needs a heading line and at least one line.")
	reasonBig      = i18n.Reason("import.too_big", "Le fichier dépasse %d Mo.", "The file is larger than %d MB.")
	reasonRows     = i18n.Reason("import.too_many_rows", "Le tableau dépasse %d lignes : partagez-le en plusieurs fichiers.", "The sheet has more than %d lines: split it into several files.")
	reasonColumns  = i18n.Reason("import.too_many_columns", "La ligne %d a %d colonnes ; %d au plus.", "Line %d has %d columns; at most %d.")
	reasonCell     = i18n.Reason("import.cell_too_long", "Ligne %d, colonne %d : la cellule dépasse %d caractères.", "Line %d, column %d: the cell is longer than %d characters.")
	reasonFormula  = i18n.Reason("import.formula", "Ligne %d, colonne %d : la cellule contient une formule. Collez les valeurs seules (collage spécial), puis recommencez.", "Line %d, column %d: the cell holds a formula. Paste values only (paste special), then retry.")
	reasonMacro    = i18n.Reason("import.macro", "Le classeur contient des macros. Enregistrez-le au format .xlsx sans macro, ou en CSV.", "The workbook holds macros. Save it as .xlsx without macros, or as CSV.")
	reasonExternal = i18n.Reason("import.external", "Le classeur contient des liens vers d'autres fichiers ou des objets incorporés. Collez les valeurs seules dans un classeur neuf.", "The workbook holds links to other files or embedded objects. Paste values only into a new workbook.")
	reasonBomb     = i18n.Reason("import.bomb", "Le classeur se déploie bien au-delà de sa taille : il n'est pas ouvert.", "The workbook unpacks far beyond its size: it is not opened.")
	reasonSheets   = i18n.Reason("import.too_many_sheets", "Le classeur a %d feuilles ; %d au plus.", "The workbook has %d sheets; at most %d.")
	reasonBroken   = i18n.Reason("import.broken", "Le classeur est illisible ou abîmé. Ouvrez-le, enregistrez-le à nouveau en .xlsx ou en CSV.", "The workbook cannot be read or is damaged. Open it and save it again as .xlsx or CSV.")
	reasonOldXLS   = i18n.Reason("import.old_format", "C'est un ancien classeur .xls ou un classeur protégé par mot de passe. Enregistrez-le en .xlsx sans mot de passe, ou en CSV.", "This is an old .xls workbook or one with a password. Save it as .xlsx without a password, or as CSV.")
	reasonKind     = i18n.Reason("import.kind", "Ce fichier n'est ni un tableau CSV ni un classeur .xlsx.", "This file is neither a CSV sheet nor an .xlsx workbook.")
	reasonEncoding = i18n.Reason("import.encoding", "Le texte n'est ni en UTF-8, ni en UTF-16, ni en Windows-1252. Enregistrez-le en « CSV UTF-8 ».", "The text is neither UTF-8, UTF-16 nor Windows-1252. Save it as “CSV UTF-8”.")
	reasonMojibake = i18n.Reason("import.damaged_accents", "Les accents ont été abîmés par un enregistrement précédent (ligne %d). Repartez du fichier d'origine et enregistrez-le en « CSV UTF-8 ».", "Accents were damaged by an earlier save (line %d). Start from the original file and save it as “CSV UTF-8”.")
	reasonQuote    = i18n.Reason("import.quotes", "Ligne %d : un guillemet n'est pas fermé ou est mal placé.", "Line %d: a quotation mark is not closed or is misplaced.")
)

// Sheet is a table of texts as it was handed in.
type Sheet struct {
	Rows  [][]string `json:"rows"`
	Lines []int      `json:"lines"` // line of each row in the file, from 1
}

func refuse(reason string, args ...any) error { return errFile.With("file", reason, args...) }

// readSheet reads a CSV text or an XLSX workbook; whatever it is not sure of is refused with the reason.
func readSheet(data []byte) (Sheet, error) {
	switch {
	case len(data) > MostBytes:
		return Sheet{}, refuse(reasonBig, MostBytes>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return Sheet{}, refuse(reasonEmpty)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return readWorkbook(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return Sheet{}, refuse(reasonOldXLS)
	}
	text, err := decode(data)
	if err != nil {
		return Sheet{}, err
	}
	return readText(text)
}

// add keeps a row after checking it against the limits; an empty row is left out.
func (s *Sheet) add(line int, row []string) error {
	for len(row) > 0 && strings.TrimSpace(row[len(row)-1]) == "" {
		row = row[:len(row)-1]
	}
	if len(row) == 0 {
		return nil
	}
	if len(row) > mostColumns {
		return refuse(reasonColumns, line, len(row), mostColumns)
	}
	if len(s.Rows) >= mostRows {
		return refuse(reasonRows, mostRows)
	}
	kept := make([]string, len(row))
	for i, cell := range row {
		kept[i] = strings.TrimSpace(cell)
		if utf8.RuneCountInString(cell) > mostCell {
			return refuse(reasonCell, line, i+1, mostCell)
		}
		if formula(kept[i]) {
			return refuse(reasonFormula, line, i+1)
		}
	}
	s.Rows, s.Lines = append(s.Rows, kept), append(s.Lines, line)
	return nil
}

// formula tells whether a spreadsheet would run a text as a formula (CWE-1236). A phone number, a number and a lone
// dash stay texts.
func formula(cell string) bool {
	if cell == "" {
		return false
	}
	switch cell[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		return strings.Trim(cell[1:], "0123456789 .()/-\u00a0\u202f") != ""
	}
	return false
}

// decode finds how a text is written and gives it in UTF-8.
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")):
		return "", refuse(reasonEncoding)
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return wide(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return wide(data[2:], binary.BigEndian)
	}
	if n := bytes.Count(data[:min(len(data), 4096)], []byte{0}); n > 0 {
		return guessWide(data, n)
	}
	text := string(data)
	if !utf8.Valid(data) {
		if slices.ContainsFunc(data, func(b byte) bool { return b == 0x81 || b == 0x8d || b == 0x8f || b == 0x90 || b == 0x9d }) {
			return "", refuse(reasonEncoding)
		}
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			return "", refuse(reasonEncoding)
		}
		text = string(decoded)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }) {
		return "", refuse(reasonKind)
	}
	for _, sign := range []string{"Ã©", "Ã¨", "Ã ", "Ã§", "Ãª", "Ã´", "â€™", "\ufffd"} {
		if at := strings.Index(text, sign); at >= 0 {
			return "", refuse(reasonMojibake, 1+strings.Count(text[:at], "\n"))
		}
	}
	return text, nil
}

// wide reads UTF-16.
func wide(data []byte, order binary.ByteOrder) (string, error) {
	if len(data)%2 != 0 {
		return "", refuse(reasonEncoding)
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text := string(utf16.Decode(units))
	if strings.ContainsRune(text, utf8.RuneError) || strings.ContainsRune(text, 0) {
		return "", refuse(reasonEncoding)
	}
	return text, nil
}

// guessWide reads a text with zero bytes as UTF-16 when they stand on one side nearly everywhere.
func guessWide(data []byte, zeros int) (string, error) {
	head := data[:min(len(data), 4096)]
	odd := 0
	for i := 1; i < len(head); i += 2 {
		if head[i] == 0 {
			odd++
		}
	}
	switch {
	case zeros < len(head)*3/10:
		return "", refuse(reasonKind)
	case odd == zeros:
		return wide(data, binary.LittleEndian)
	case odd == 0:
		return wide(data, binary.BigEndian)
	}
	return "", refuse(reasonKind)
}

// readText reads a CSV text whose separator is found by looking.
func readText(text string) (Sheet, error) {
	var s Sheet
	separator, skipped := ',', 0
	if first, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(strings.ToLower(first), "sep=") && len(strings.TrimRight(first, "\r")) == 5 {
		separator, text, skipped = rune(first[4]), rest, 1
	} else {
		separator = separatorOf(text)
	}
	if strings.ContainsRune("\"\r\n", separator) {
		return s, refuse(reasonKind)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator, -1, true
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			return s, refuse(reasonQuote, bad.StartLine+skipped)
		}
		if err != nil {
			return s, refuse(reasonKind)
		}
		line, _ := r.FieldPos(0)
		if err := s.add(line+skipped, row); err != nil {
			return s, err
		}
	}
	if len(s.Rows) == 0 {
		return s, refuse(reasonEmpty)
	}
	return s, nil
}

// separatorOf picks the separator that the first lines hold most, outside quotes.
func separatorOf(text string) rune {
	best, most := ',', 0
	for _, sep := range ";,\t|" {
		n, quoted, lines := 0, false, 0
		for _, r := range text[:min(len(text), 8192)] {
			switch {
			case r == '"':
				quoted = !quoted
			case r == '\n' && !quoted:
				lines++
			case r == sep && !quoted:
				n++
			}
			if lines == 5 {
				break
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}

// readWorkbook reads the first sheet of an XLSX workbook that has anything in it.
func readWorkbook(data []byte) (Sheet, error) {
	if err := inspect(data); err != nil {
		return Sheet{}, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: mostUnpack, UnzipXMLSizeLimit: mostPart, RawCellValue: true,
	})
	if err != nil {
		return Sheet{}, refuse(reasonBroken)
	}
	defer func() { _ = f.Close() }()
	names := f.GetSheetList()
	if len(names) > mostSheets {
		return Sheet{}, refuse(reasonSheets, len(names), mostSheets)
	}
	for _, name := range names {
		s, err := readTab(f, name)
		if err != nil || len(s.Rows) > 0 {
			return s, err
		}
	}
	return Sheet{}, refuse(reasonEmpty)
}

func readTab(f *excelize.File, name string) (s Sheet, err error) {
	rows, err := f.Rows(name)
	if err != nil {
		return s, refuse(reasonBroken)
	}
	defer func() { _ = rows.Close() }()
	for line := 1; rows.Next(); line++ {
		if line > 4*mostRows {
			return s, refuse(reasonRows, mostRows)
		}
		row, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return s, refuse(reasonBroken)
		}
		if err := s.add(line, row); err != nil {
			return s, err
		}
	}
	if rows.Error() != nil {
		return s, refuse(reasonBroken)
	}
	return s, nil
}

// inspect looks at the parts of a workbook before any of them is believed: count, real unpacked sizes, macros, links
// to other files, embedded objects, formulas.
func inspect(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return refuse(reasonBroken)
	}
	if len(z.File) > mostParts {
		return refuse(reasonBomb)
	}
	var total, sheets int64
	workbook := false
	for _, part := range z.File {
		name := strings.ToLower(path.Clean(strings.ReplaceAll(part.Name, "\\", "/")))
		switch {
		case strings.Contains(name, "vbaproject") || strings.Contains(name, "macrosheets/"):
			return refuse(reasonMacro)
		case strings.Contains(name, "externallinks/") || strings.Contains(name, "embeddings/") || strings.Contains(name, "activex/") || strings.HasSuffix(name, "connections.xml"):
			return refuse(reasonExternal)
		case strings.HasSuffix(name, "/workbook.xml"):
			workbook = true
		}
		isSheet := strings.Contains(name, "worksheets/") && strings.HasSuffix(name, ".xml")
		n, err := unpack(part, mostUnpack-total, isSheet)
		if err != nil {
			return err
		}
		total += n
		if isSheet {
			if sheets++; sheets > mostSheets {
				return refuse(reasonSheets, len(z.File), mostSheets)
			}
		}
	}
	if !workbook {
		return refuse(reasonKind)
	}
	return nil
}

// unpack reads one part to its end, whatever its header claims, and looks for formulas in a sheet.
func unpack(part *zip.File, left int64, isSheet bool) (int64, error) {
	in, err := part.Open()
	if err != nil {
		return 0, refuse(reasonBroken)
	}
	defer func() { _ = in.Close() }()
	most := min(left, mostPart)
	if packed := int64(part.CompressedSize64); packed > 0 {
		most = min(most, max(1<<20, mostRatio*packed))
	}
	counted := &counter{in: io.LimitReader(in, most+1)}
	if isSheet {
		if err := formulas(counted); err != nil {
			return 0, err
		}
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return 0, refuse(reasonBroken)
	}
	if counted.n > most {
		return 0, refuse(reasonBomb)
	}
	return counted.n, nil
}

type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// formulas refuses a sheet in which a cell holds a formula, and names the cell.
func formulas(in io.Reader) error {
	d := xml.NewDecoder(in)
	line, column := 0, 0
	for {
		t, err := d.RawToken()
		if err != nil {
			return nil // cut by the size limit or ill-formed: the caller counts, the reader refuses
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "row":
			line, column = line+1, 0
		case "c":
			column++
			for _, a := range start.Attr {
				if a.Name.Local == "r" {
					if col, row, err := excelize.CellNameToCoordinates(a.Value); err == nil {
						line, column = row, col
					}
				}
			}
			if column > 16384 {
				return refuse(reasonColumns, line, column, mostColumns)
			}
		case "f":
			return refuse(reasonFormula, line, column)
		}
	}
}
