package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/sheet"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

func open(t *testing.T, name string, data []byte, settings string) *sheet.Sheet {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := tool.Parse("", []byte("file: '"+path+"'\n"+settings))
	if err != nil {
		t.Fatal(err)
	}
	f, err := sheet.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, f *sheet.Sheet) (got []string, err error) {
	t.Helper()
	err = f.Read(t.Context(), func(r tool.Record) error { got = append(got, fmt.Sprint(r)); return nil })
	return got, err
}

const text = "id;Prénom;Téléphone\r\n1;Maëlle;06 12 34 56 78\r\n\r\n2;\"Îlse; dite \"\"Zoé\"\"\";\"+33 1 42 00 00 00\n06 12 34 56 79\"\r\n;;0612\r\n"

const want = `[{1 map[Prénom:[Maëlle] Téléphone:[06 12 34 56 78] id:[1]]} {2 map[Prénom:[Îlse; dite "Zoé"] Téléphone:[+33 1 42 00 00 00` + "\n" + `06 12 34 56 79] id:[2]]}]`

func wide(s string, big bool) []byte {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.Bytes()
}

func TestEncodingsAndSeparatorsAreFoundByLooking(t *testing.T) {
	latin, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	tabs := strings.NewReplacer("Îlse; dite", "Îlse; dite", ";", "\t").Replace(text)
	for name, data := range map[string][]byte{
		"utf-8": []byte(text), "utf-8 with its mark": append([]byte("\xef\xbb\xbf"), text...), "windows-1252": latin,
		"utf-16 LE": append([]byte("\xff\xfe"), wide(text, false)...), "utf-16 BE": append([]byte("\xfe\xff"), wide(text, true)...), "utf-16 LE without mark": wide(text, false),
		"tabs": []byte(tabs), "sep=": append([]byte("sep=;\r\n"), text...),
	} {
		got, err := read(t, open(t, "x.csv", data, ""))
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	late := append([]byte(strings.Repeat("1;a;06\n", 5000)), []byte("2;\xe9;07\n")...) // one accent, far from the beginning
	if got, err := read(t, open(t, "x.csv", late, "header: false")); err != nil || len(got) != 5001 || !strings.Contains(got[5000], "é") {
		t.Errorf("%d lines, %v", len(got), err)
	}
}

func TestALineIsKnownByItsKey(t *testing.T) {
	got, err := read(t, open(t, "x.csv", []byte("a,b,phone\n1,x,06\n1,y,07\n"), "key: [a, B]\n"))
	if err != nil || !strings.HasPrefix(got[0], "{1\x1fx ") || !strings.HasPrefix(got[1], "{1\x1fy ") {
		t.Errorf("%q %v", got, err)
	}
	same := "name,phone\nMaëlle,06\n"
	one, _ := read(t, open(t, "x.csv", []byte(same), ""))
	two, _ := read(t, open(t, "x.csv", []byte(same+"Îlse,07\n"), ""))
	if one[0] != two[0] || two[0][:34] == two[1][:34] {
		t.Errorf("%q %q", one, two)
	}
	if _, err := read(t, open(t, "x.csv", []byte(same), "key: id")); core.CodeOf(err) != "source.sheet_column" || !strings.Contains(err.Error(), "name, phone") {
		t.Error(err)
	}
	got, err = read(t, open(t, "x.csv", []byte("id,phone,phone,\n1,\"=\"\"06\"\"\",07,x\n"), ""))
	if err != nil || got[0] != "{1 map[column 4:[x] id:[1] phone:[06] phone (2):[07]]}" {
		t.Errorf("%q %v", got, err)
	}
}

func TestHostileTextsAreRefusedWithTheReason(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"empty":             {"", "source.sheet_empty"},
		"blank":             {"\n\n ;\n", "source.sheet_empty"},
		"quote never shut":  {"a,b\n1,\"" + strings.Repeat("x\n", 300_000), "source.sheet_line"},
		"short quote":       {"a,b\n1,\"x\n", "source.sheet_quotes"},
		"quote in a cell":   {"a,b\n1,x\"y\n", "source.sheet_quotes"},
		"endless line":      {"a,b\n1," + strings.Repeat("x", 1<<20) + "\n", "source.sheet_line"},
		"columns":           {strings.Repeat("a,", 400) + "a\n", "source.sheet_columns"},
		"program":           {"\x7fELF\x02\x01\x01\x00\x00\x00\x00", "source.sheet_kind"},
		"old workbook":      {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "source.sheet_old"},
		"no encoding":       {"a,b\n\xff\x81\x8d,x\n", "source.sheet_encoding"},
		"zip of nothing":    {"PK\x05\x06" + strings.Repeat("\x00", 18), "source.sheet_kind"},
		"torn zip":          {"PK\x03\x04nonsense", "source.sheet_broken"},
		"control character": {"a,b\n1,\x01\n", "source.sheet_kind"},
	} {
		got, err := read(t, open(t, "x.csv", []byte(c.data), ""))
		if core.CodeOf(err) != c.want {
			t.Errorf("%s: %d lines, %v", name, len(got), err)
		}
	}
	f := open(t, "x.csv", []byte("a,b\n"), "")
	c, _ := tool.Parse("", []byte("file: "+filepath.Join(t.TempDir(), "none.csv")))
	if g, err := sheet.Open(c); err != nil || f == nil {
		t.Error(err)
	} else if _, err := g.Fields(t.Context()); core.CodeOf(err) != "source.file_unreadable" {
		t.Error(err)
	}
	c, _ = tool.Parse("", []byte("file: /dev/zero"))
	if g, err := sheet.Open(c); err != nil {
		t.Error(err)
	} else if _, err := g.Fields(t.Context()); core.CodeOf(err) != "source.file_unreadable" {
		t.Error(err)
	}
}

func workbook(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if _, err := f.NewSheet("Contacts"); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := f.SetSheetRow("Contacts", fmt.Sprint("A", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellFormula("Contacts", "D2", "=1+1"); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// with adds a part to a workbook.
func with(t *testing.T, book []byte, name string, data []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		if err := out.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	w, err := out.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAWorkbookIsReadAndHostileOnesAreRefused(t *testing.T) {
	book := workbook(t, []any{"id", "Nom", "Téléphone"}, []any{1, "Maëlle", 612345678}, []any{2, "Îlse", 33612345678.0}, []any{3, "Zoé", "06 12"})
	got, err := read(t, open(t, "x.xlsx", book, ""))
	if err != nil || len(got) != 3 || !strings.Contains(got[0], "Téléphone:[612345678]") || !strings.Contains(got[1], "Téléphone:[33612345678]") || !strings.HasPrefix(got[2], "{3 ") {
		t.Errorf("%q %v", got, err)
	}
	if _, err := read(t, open(t, "x.xlsx", book, "sheet: Ventes")); core.CodeOf(err) != "source.sheet_tab" || !strings.Contains(err.Error(), "Contacts") {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"macros":   {with(t, book, "xl/vbaProject.bin", []byte("x")), "source.sheet_macro"},
		"links":    {with(t, book, "xl/externalLinks/externalLink1.xml", []byte("x")), "source.sheet_external"},
		"bomb":     {with(t, book, "xl/media/x.xml", bytes.Repeat([]byte("x"), 64<<20)), "source.sheet_bomb"},
		"document": {with(t, nilZip(t), "word/document.xml", []byte("x")), "source.sheet_kind"},
		"cut":      {book[:len(book)/2], "source.sheet_broken"},
	} {
		if _, err := read(t, open(t, "x.xlsx", c.data, "")); core.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nilZip(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := zip.NewWriter(&b).Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestALongFileDoesNotFillTheMemory reads 200,000 lines.
func TestALongFileDoesNotFillTheMemory(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("id,name,phone\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d,Maëlle Kervarec,06%08d\n", i, i)
	}
	f := open(t, "x.csv", b.Bytes(), "")
	b = bytes.Buffer{}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, n := heap(), uint64(0), 0
	if err := f.Read(t.Context(), func(tool.Record) error {
		if n++; n%40_000 == 0 {
			most = max(most, heap())
		}
		return nil
	}); err != nil || n != 200_000 {
		t.Fatal(n, err)
	}
	if most > before+4<<20 {
		t.Errorf("memory grew from %d to %d kB", before>>10, most>>10)
	}
	one, err := f.Mark(t.Context())
	if two, _ := f.Mark(t.Context()); err != nil || one == "" || one != two {
		t.Error(one, two, err)
	}
}
