package sheet

import (
	"archive/zip"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// Limits of a workbook.
const (
	mostParts  = 1_000   // files in its zip
	mostPart   = 2 << 30 // bytes of one of them once unpacked
	mostUnpack = 3 << 30 // bytes of all of them
	mostRatio  = 200     // unpacked bytes for one packed, above one megabyte
	mostInCore = 64 << 20
)

// workbook reads the sheet named in the settings, or the first that holds anything. Formulas are never run: the value that
// the spreadsheet kept is read.
func (f *Sheet) workbook(in *os.File, add func(int, []string) error) error {
	info, err := in.Stat()
	if err != nil {
		return tool.Unreadable(f.name)
	}
	if err := f.inspect(in, info.Size()); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "rempart-sheet-") // what does not fit in memory is unpacked there, for this account alone
	if err != nil {
		return tool.Unreadable(f.name)
	}
	defer os.RemoveAll(dir)
	book, err := excelize.OpenFile(f.path, excelize.Options{
		UnzipSizeLimit: mostUnpack, UnzipXMLSizeLimit: mostInCore, RawCellValue: true, TmpDir: dir,
	})
	if err != nil {
		return tool.Refuse(errBroken, f.name)
	}
	defer book.Close()
	names, found := book.GetSheetList(), false
	for _, name := range names {
		if f.s.Sheet != "" && !strings.EqualFold(name, f.s.Sheet) {
			continue
		}
		found = true
		if n, err := f.tab(book, name, add); err != nil || n > 0 {
			return err
		}
	}
	if !found {
		return tool.Refuse(errTab, f.name, f.s.Sheet, strings.Join(names, ", "))
	}
	return nil
}

func (f *Sheet) tab(book *excelize.File, name string, add func(int, []string) error) (n int, err error) {
	rows, err := book.Rows(name)
	if err != nil {
		return 0, tool.Refuse(errBroken, f.name)
	}
	defer rows.Close()
	for line := 1; rows.Next(); line++ {
		row, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return n, tool.Refuse(errBroken, f.name)
		}
		for i, cell := range row {
			row[i] = whole(cell)
		}
		if len(row) > 0 {
			n++
		}
		if err := add(line, row); err != nil {
			return n, err
		}
	}
	if rows.Error() != nil {
		return n, tool.Refuse(errBroken, f.name)
	}
	return n, nil
}

// whole writes 3.3612345678E10 as the number that was typed.
func whole(cell string) string {
	if !strings.ContainsAny(cell, "eE.") || len(cell) > 30 || strings.Trim(cell, "0123456789.eE+-") != "" {
		return cell
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || v != float64(int64(v)) || v > 1e15 || v < 1e5 {
		return cell
	}
	return strconv.FormatInt(int64(v), 10)
}

// inspect looks at the parts of a workbook before any of them is believed: count, real unpacked sizes, macros, links to other
// files, embedded objects.
func (f *Sheet) inspect(in io.ReaderAt, size int64) error {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return tool.Refuse(errBroken, f.name)
	}
	if len(z.File) > mostParts {
		return tool.Refuse(errBomb, f.name)
	}
	total, workbook := int64(0), false
	for _, part := range z.File {
		name := strings.ToLower(path.Clean(strings.ReplaceAll(part.Name, "\\", "/")))
		switch {
		case strings.Contains(name, "vbaproject") || strings.Contains(name, "macrosheets/"):
			return tool.Refuse(errMacro, f.name)
		case strings.Contains(name, "externallinks/") || strings.Contains(name, "embeddings/") || strings.Contains(name, "activex/") || strings.HasSuffix(name, "connections.xml"):
			return tool.Refuse(errExternal, f.name)
		case strings.HasSuffix(name, "/workbook.xml"):
			workbook = true
		}
		n, err := f.unpack(part, mostUnpack-total)
		if err != nil {
			return err
		}
		total += n
	}
	if !workbook {
		return tool.Refuse(errKind, f.name)
	}
	return nil
}

// unpack reads one part to its end, whatever its header claims.
func (f *Sheet) unpack(part *zip.File, left int64) (int64, error) {
	in, err := part.Open()
	if err != nil {
		return 0, tool.Refuse(errBroken, f.name)
	}
	defer in.Close()
	most := min(left, mostPart)
	if packed := int64(part.CompressedSize64); packed > 0 {
		most = min(most, max(1<<20, mostRatio*packed))
	}
	n, err := io.Copy(io.Discard, io.LimitReader(in, most+1))
	switch {
	case n > most:
		return 0, tool.Refuse(errBomb, f.name)
	case err != nil:
		return 0, tool.Refuse(errBroken, f.name)
	}
	return n, nil
}
