package sheet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

var encodings = map[string]encoding.Encoding{
	"utf-8": unicode.UTF8BOM, "windows-1252": charmap.Windows1252, "iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}

var (
	wideLittle = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	wideBig    = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// text reads a CSV.
func (f *Sheet) text(ctx context.Context, in *os.File, add func(int, []string) error) error {
	as, err := f.encoding(ctx, in)
	if err != nil {
		return err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return tool.Unreadable(f.name)
	}
	metered := &meter{in: bufio.NewReaderSize(transform.NewReader(in, as.NewDecoder()), 64<<10)}
	head, err := metered.in.Peek(16 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return tool.Refuse(errEncoding, f.name)
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return tool.Refuse(errKind, f.name)
	}
	separator, skipped := f.separator(string(head))
	if skipped > 0 {
		_, _ = metered.in.ReadString('\n')
	}
	return f.rows(metered, separator, skipped, add)
}

func (f *Sheet) rows(metered *meter, separator rune, skipped int, add func(int, []string) error) error {
	r := csv.NewReader(metered)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator, -1, true // add keeps nothing of a row but its texts
	line := skipped
	for {
		metered.n = 0
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			return tool.Refuse(errQuote, f.name, bad.StartLine+skipped)
		}
		if errors.Is(err, errMeter) {
			return tool.Refuse(errLine, f.name, line+1)
		}
		if err != nil {
			return tool.Refuse(errEncoding, f.name)
		}
		at, _ := r.FieldPos(0)
		line = at + skipped
		for i, cell := range row {
			row[i] = unwrap(cell)
		}
		if err := add(line, row); err != nil {
			return err
		}
	}
}

// unwrap reads ="0612345678", which keeps a spreadsheet from eating the first zero, as the text that it stands for.
func unwrap(cell string) string {
	if rest, ok := strings.CutPrefix(cell, `="`); ok && strings.HasSuffix(rest, `"`) {
		return rest[:len(rest)-1]
	}
	return cell
}

var errMeter = errors.New("one line is far too long")

// meter counts what one line takes, so that a quote never closed does not fill the memory.
type meter struct {
	in *bufio.Reader
	n  int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.n > tool.MostRecord+64<<10 {
		return 0, errMeter
	}
	n, err := m.in.Read(p)
	m.n += n
	return n, err
}

// encoding finds how the text is written, reading all of it: one accent may stand at the end.
func (f *Sheet) encoding(ctx context.Context, in *os.File) (encoding.Encoding, error) {
	if f.s.Encoding != "" {
		return encodings[f.s.Encoding], nil
	}
	head := make([]byte, 4096)
	n, _ := io.ReadFull(in, head)
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")):
		return nil, tool.Refuse(errEncoding, f.name)
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return encodings["utf-16"], nil
	}
	if zeros := bytes.Count(head, []byte{0}); zeros > 0 {
		return f.wide(head, zeros)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, tool.Unreadable(f.name)
	}
	look := &looking{utf8: true, latin: true}
	if _, err := copyWithin(ctx, look, in); err != nil {
		return nil, err
	}
	switch {
	case look.control:
		return nil, tool.Refuse(errKind, f.name)
	case look.utf8 && len(look.rest) == 0:
		return unicode.UTF8BOM, nil
	case look.latin:
		return charmap.Windows1252, nil
	}
	return nil, tool.Refuse(errEncoding, f.name)
}

// wide reads a text with zero bytes as UTF-16 when they stand on one side nearly everywhere.
func (f *Sheet) wide(head []byte, zeros int) (encoding.Encoding, error) {
	odd := 0
	for i := 1; i < len(head); i += 2 {
		if head[i] == 0 {
			odd++
		}
	}
	switch {
	case zeros < len(head)*3/10:
	case odd == zeros:
		return wideLittle, nil
	case odd == 0:
		return wideBig, nil
	}
	return nil, tool.Refuse(errKind, f.name)
}

// looking tells which encodings a text may have.
type looking struct {
	utf8, latin, control bool
	rest                 []byte // of a character cut by the end of a block
}

func (l *looking) Write(p []byte) (int, error) {
	for _, b := range p {
		switch b {
		case 0x81, 0x8d, 0x8f, 0x90, 0x9d: // no character of Windows-1252
			l.latin = false
		case '\n', '\r', '\t':
		default:
			l.control = l.control || b < ' '
		}
	}
	if len(l.rest) == 0 && utf8.Valid(p) {
		return len(p), nil
	}
	block := append(l.rest, p...)
	l.rest = nil
	for len(block) > 0 && l.utf8 {
		r, size := utf8.DecodeRune(block)
		if r == utf8.RuneError && size == 1 {
			if l.utf8 = !utf8.FullRune(block); l.utf8 {
				l.rest = bytes.Clone(block)
			}
			break
		}
		block = block[size:]
	}
	return len(p), nil
}

// separator picks the one that the first lines hold most, outside quotes; a first line "sep=;" says it.
func (f *Sheet) separator(text string) (separator rune, skipped int) {
	if first, _, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(strings.ToLower(first), "sep=") {
		if said := []rune(strings.TrimRight(first[4:], "\r")); len(said) == 1 && said[0] != '"' && said[0] != '\r' {
			return said[0], 1
		}
	}
	if f.s.Separator != "" {
		return []rune(f.s.Separator)[0], 0
	}
	best, most := ',', 0
	for _, sep := range ";,\t|" {
		if n := count(text, sep); n > most {
			best, most = sep, n
		}
	}
	return best, 0
}

func count(text string, sep rune) int {
	n, quoted, lines := 0, false, 0
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '\n' && !quoted:
			lines++
		case r == sep && !quoted:
			n++
		}
		if lines == 5 {
			return n
		}
	}
	return n
}

// copyWithin copies until the end, or until ctx ends.
func copyWithin(ctx context.Context, to io.Writer, from io.Reader) (int64, error) {
	return io.Copy(to, readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return from.Read(p)
	}))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
