package upload

import (
	"archive/zip"
	"bytes"
	"path"
	"strings"
	"unicode/utf8"
)

// Name keeps the last part of a file's name, of what can be shown, in 120 characters.
func Name(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 120 {
		name = string(r[len(r)-120:])
	}
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}

// Type gives the media type of a PDF, a PNG or JPEG picture or a text by what it holds, "" when it is none of these.
func Type(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case len(b) > 0 && utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' }):
		return "text/plain; charset=utf-8"
	}
	return ""
}

// Office is Type, and tells an ODT or a DOCX among zip files by its parts too. Documents with macros are neither.
func Office(b []byte) string {
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return Type(b)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return ""
	}
	const odt = "application/vnd.oasis.opendocument.text"
	kind := ""
	for _, f := range z.File {
		switch {
		case strings.EqualFold(path.Base(f.Name), "vbaProject.bin"):
			return ""
		case f.Name == "mimetype" && bytes.HasPrefix(b[30:], []byte("mimetype"+odt)):
			kind = odt
		case f.Name == "word/document.xml":
			kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		}
	}
	return kind
}
