package sandbox

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"math/bits"
	"strings"
)

// leastFile is what no invented file is made smaller than.
const leastFile = 1 << 10

// Room bounds what the invented files of a sandbox take together.
type Room struct {
	most, source int64
}

// NewRoom gives files at most so many bytes together (but for the least of each), where those of the source take source.
func NewRoom(most, source int64) Room { return Room{most, source} }

// Size is how large the file in the place of one of the source is: the power of two below, so that a size tells which file it was no
// more, and as much less as all of them must shrink.
func (r Room) Size(size int) int {
	if r.source > r.most && r.source > 0 {
		size = int(float64(size) * float64(r.most) / float64(r.source))
	}
	if size <= leastFile {
		return leastFile
	}
	return 1 << (bits.Len(uint(size)) - 1)
}

// File invents a file of a media type, about as large as asked for: it opens as what it is, and says nothing but that it was invented.
// No two marks give the same file.
func File(media string, size int, mark string) []byte {
	text := "Document inventé / invented document " + mark
	switch {
	case media == "application/pdf":
		return pdfOf(size, mark)
	case media == "image/png":
		return pngOf(size, text)
	case media == "image/jpeg":
		return jpegOf(size, text)
	case strings.Contains(media, "opendocument"):
		return zipOf(size, "mimetype", media, "content.xml", text)
	case strings.Contains(media, "wordprocessingml"):
		return zipOf(size, "[Content_Types].xml", "<Types/>", "word/document.xml", text)
	case media == "application/x-ndjson":
		return fill(size, fmt.Sprintf("{\"invented\":%q}\n", mark))
	}
	return fill(size, text+"\n")
}

func fill(size int, line string) []byte {
	return []byte(strings.Repeat(line, max(1, size/len(line))))
}

// blank is so many bytes of nothing, after a text.
func blank(text string, size int) []byte {
	return append([]byte(text), make([]byte, max(0, size-len(text)))...)
}

func pdfOf(size int, mark string) []byte {
	page := "BT /F1 12 Tf 72 720 Td (Document invente / invented document " + mark + ") Tj ET"
	var b bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	stream := func(body string) string {
		return fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(body), body)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	object(stream(page))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	object(stream(strings.Repeat(" ", max(1, size-b.Len()-400))))
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, one := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", one)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

// pngOf puts what makes it large into a part of its own that readers leave out, before the last one.
func pngOf(size int, text string) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16))) // a buffer takes everything
	const last = 12
	whole := b.Bytes()
	body := append([]byte("paDd"), blank(text, size-len(whole)-last)...)
	out := append([]byte{}, whole[:len(whole)-last]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)-4))
	out = append(out, body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	return append(out, whole[len(whole)-last:]...)
}

// jpegOf puts what makes it large into comments, behind the first mark.
func jpegOf(size int, text string) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil)
	out := append(make([]byte, 0, size), b.Bytes()[:2]...)
	for more := max(len(text), size-b.Len()); more > 0; more -= 60_000 {
		body := blank(text, min(more, 60_000))
		out = binary.BigEndian.AppendUint16(append(out, 0xff, 0xfe), uint16(len(body)+2))
		out = append(out, body...)
	}
	return append(out, b.Bytes()[2:]...)
}

func zipOf(size int, first, says, second, text string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []struct{ name, body string }{{first, says}, {second, "<!-- " + text + " -->"}, {"padding", string(blank("", size-400))}} {
		// A buffer takes everything. What is in clear stands first, without a length behind it: that is how its type is seen.
		head := &zip.FileHeader{Name: part.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(part.body)), CompressedSize64: uint64(len(part.body)), UncompressedSize64: uint64(len(part.body))}
		if w, err := z.CreateRaw(head); err == nil {
			_, _ = w.Write([]byte(part.body))
		}
	}
	_ = z.Close()
	return b.Bytes()
}
