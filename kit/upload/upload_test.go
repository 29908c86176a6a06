package upload_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/upload"
)

func zipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		name, content, _ := strings.Cut(p, "=")
		f, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, UncompressedSize64: uint64(len(content)), CompressedSize64: uint64(len(content))})
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAFileIsWhatItHolds and not what its name says.
func TestAFileIsWhatItHolds(t *testing.T) {
	const odt, docx = "application/vnd.oasis.opendocument.text", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	for want, contents := range map[string][][]byte{
		"application/pdf":           {[]byte("%PDF-1.4 x")},
		"image/png":                 {[]byte("\x89PNG\r\n\x1a\nx")},
		"image/jpeg":                {[]byte("\xff\xd8\xff\xe0")},
		"text/plain; charset=utf-8": {[]byte("Relevé du 22\n"), []byte("<script>alert(1)</script>")}, // given as text, to keep
		odt:                         {zipped(t, "mimetype="+odt, "content.xml=<x/>")},
		docx:                        {zipped(t, "[Content_Types].xml=<x/>", "word/document.xml=<x/>")},
		"": {
			nil, []byte("MZ\x00\x03"), []byte("\xffnot text"), []byte("PK\x03\x04 cut"), zipped(t, "run.exe=x"),
			zipped(t, "word/document.xml=<x/>", "word/vbaProject.bin=macro"), zipped(t, "content.xml=<x/>", "mimetype="+odt),
		},
	} {
		for _, c := range contents {
			if got := upload.Office(c); got != want {
				t.Errorf("%.20q is taken for %q, want %q", c, got, want)
			}
		}
	}
}

// TestANameCanBeShown and written into a header.
func TestANameCanBeShown(t *testing.T) {
	for name, want := range map[string]string{"../../etc/passwd": "passwd", `C:\a\b.pdf`: "b.pdf", "": "file", "a\"\r\nb": "ab"} {
		if got := upload.Name(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
