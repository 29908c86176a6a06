package identity

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// halves is a picture whose upper half is red and lower half blue.
func halves(w, h int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{R: 200, A: 255})
			if y >= h/2 {
				m.SetNRGBA(x, y, color.NRGBA{B: 200, A: 255})
			}
		}
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asPhone is a JPEG as a phone writes it: Exif with an orientation and a place.
func asPhone(t *testing.T, m image.Image, order binary.ByteOrder, way uint16) []byte {
	t.Helper()
	var b, exif bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif.WriteString("Exif\x00\x00")
	mark := "MM"
	if order == binary.LittleEndian {
		mark = "II"
	}
	exif.WriteString(mark)
	for _, v := range []any{uint16(42), uint32(8), uint16(1), uint16(0x0112), uint16(3), uint32(1), way, uint16(0), uint32(0)} {
		if err := binary.Write(&exif, order, v); err != nil {
			t.Fatal(err)
		}
	}
	exif.WriteString("GPS 48.8566 N 2.3522 E")
	part := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(exif.Len()+2))
	return append(append(append([]byte{}, b.Bytes()[:2]...), append(part, exif.Bytes()...)...), b.Bytes()[2:]...)
}

// claimed is a PNG whose header claims a size that its few bytes do not hold.
func claimed(w, h uint32, depth byte) []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	head = append(head, depth, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func corner(t *testing.T, kept []byte, x, y int) string {
	t.Helper()
	m, form, err := image.Decode(bytes.NewReader(kept))
	if err != nil || form != "jpeg" || m.Bounds() != image.Rect(0, 0, photoSide, photoSide) {
		t.Fatalf("kept %s %v %v", form, m, err)
	}
	r, _, b, _ := m.At(x, y).RGBA()
	if r > b {
		return "red"
	}
	return "blue"
}

func TestAPhotoIsDrawnAgainAsASmallSquareWithoutWhatTheFileHeld(t *testing.T) {
	webp, err := os.ReadFile("testdata/portrait.webp")
	if err != nil {
		t.Fatal(err)
	}
	polyglot := append(asPhone(t, halves(300, 200), binary.BigEndian, 1), "<script>alert(1)</script>PK\x03\x04 zip"...)
	for name, file := range map[string][]byte{
		"png": asPNG(t, halves(500, 300)), "jpeg": asPhone(t, halves(300, 400), binary.LittleEndian, 1), "webp": webp, "polyglot": polyglot,
	} {
		kept, err := portrait(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if corner(t, kept, 128, 20) != "red" || corner(t, kept, 128, 236) != "blue" {
			t.Errorf("%s is not the picture that was sent", name)
		}
		for _, trace := range []string{"Exif", "GPS", "<script>", "PK\x03\x04"} {
			if bytes.Contains(kept, []byte(trace)) {
				t.Errorf("%s: %q is still there", name, trace)
			}
		}
		if len(kept) > 64<<10 {
			t.Errorf("%s takes %d bytes", name, len(kept))
		}
	}
}

func TestAPhonesPhotoStandsUpright(t *testing.T) {
	// The sensor's rows and the number that says how they were held; upright, red is where the table says.
	for way, at := range map[uint16][2]int{1: {128, 10}, 3: {128, 245}, 4: {128, 245}, 6: {245, 128}, 8: {10, 128}, 5: {10, 128}, 7: {245, 128}, 99: {128, 10}} {
		for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
			kept, err := portrait(asPhone(t, halves(256, 256), order, way))
			if err != nil {
				t.Fatal(err)
			}
			if corner(t, kept, at[0], at[1]) != "red" || corner(t, kept, 255-at[0], 255-at[1]) != "blue" {
				t.Errorf("orientation %d (%v) is not upright", way, order)
			}
		}
	}
}

func TestHostilePicturesAreRefusedWithTheReasonAndLittleMemory(t *testing.T) {
	whole := asPNG(t, halves(400, 400))
	var moving bytes.Buffer
	if err := gif.Encode(&moving, halves(200, 200), nil); err != nil {
		t.Fatal(err)
	}
	cut := asPhone(t, halves(400, 400), binary.BigEndian, 1)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":             {nil, "photo.none"},
		"svg":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "photo.form"},
		"html":                {[]byte("<!doctype html><script>alert(1)</script>"), "photo.form"},
		"gif":                 {moving.Bytes(), "photo.form"},
		"pdf":                 {[]byte("%PDF-1.7"), "photo.form"},
		"one row of a bomb":   {claimed(1<<20, 1, 8), "photo.pixels"},
		"4 billion pixels":    {claimed(65535, 65535, 16), "photo.pixels"},
		"overflowing":         {claimed(1<<31-1, 1<<31-1, 8), "photo.broken"},
		"just above":          {claimed(4096, 3073, 8), "photo.pixels"},
		"a dot":               {asPNG(t, halves(8, 8)), "photo.small"},
		"truncated png":       {whole[:len(whole)/2], "photo.broken"},
		"truncated jpeg":      {cut[:len(cut)/3], "photo.broken"},
		"header alone":        {claimed(200, 200, 8), "photo.broken"},
		"webp of nothing":     {[]byte("RIFF\xff\xff\xff\xffWEBPVP8 \x00\x00\x00\x00"), "photo.broken"},
		"jpeg of nothing":     {[]byte("\xff\xd8\xff\xe0"), "photo.broken"},
		"larger than 6 MB":    {append(bytes.Clone(whole), make([]byte, PhotoBytes)...), "photo.large"},
		"exif without an end": {append([]byte("\xff\xd8\xff\xe1\xff\xff"), "Exif\x00\x00II"...), "photo.broken"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		kept, err := portrait(c.file)
		runtime.ReadMemStats(&after)
		if !strings.Contains(fields(err), "photo:"+c.want) || kept != nil {
			t.Errorf("%s: %v, want %s", name, fields(err), c.want)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s took %d MB", name, used>>20)
		}
	}
}

func FuzzPortrait(f *testing.F) {
	webp, err := os.ReadFile("testdata/portrait.webp")
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, halves(80, 80), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(webp)
	f.Add(b.Bytes())
	f.Add(claimed(300, 300, 8))
	f.Fuzz(func(t *testing.T, file []byte) {
		kept, err := portrait(file)
		if (err == nil) != (len(kept) > 0) || (err != nil && core.KindOf(err) != core.Invalid) {
			t.Fatalf("%d bytes, %v", len(kept), err)
		}
	})
}

// scanned is a grey JPEG of 4096 x 3072 whose passes each go over the whole picture for 24 bytes.
func scanned(passes int) []byte {
	b := append([]byte{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0}, bytes.Repeat([]byte{1}, 64)...)
	b = append(b, 0xff, 0xc2, 0, 11, 8, 3072>>8, 0, 4096>>8, 0, 1, 1, 0x11, 0)
	b = append(append(b, 0xff, 0xc4, 0, 20, 0x10, 1), make([]byte, 15)...)
	b = append(b, 0xe0)                                                                                     // the one code: a run of empty blocks
	run := []byte{0x40, 0x00, 0x80, 0x01, 0x00, 0x02, 0x00, 0x04, 0x00, 0x08, 0x00, 0x10, 0x00, 0x20, 0x00} // eight times 24,576 of them
	for range passes {
		b = append(append(b, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0), run...)
	}
	return append(b, 0xff, 0xd9)
}

func TestAPictureGoneOverManyTimesIsRefusedBeforeItIsDrawn(t *testing.T) {
	if _, err := portrait(scanned(3)); err != nil {
		t.Fatalf("a picture in three passes: %v", err)
	}
	file := scanned(200_000) // hours of work
	from := time.Now()
	_, err := portrait(file)
	if !strings.Contains(fields(err), "photo:photo.broken") {
		t.Errorf("it was taken, or refused otherwise: %v", err)
	}
	if took := time.Since(from); took > 5*time.Second {
		t.Errorf("refusing it took %s", took)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, halves(640, 480), nil); err != nil {
		t.Fatal(err)
	}
	if n := scans(append(b.Bytes(), scanned(100)...)); n != 1 {
		t.Errorf("a plain picture with another file behind it counts %d passes", n)
	}
}

func TestAPhotoIsSealedShownWithinTheOrganizationAndErased(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.ada()
		file := asPNG(t, halves(300, 300))
		if _, err := h.OwnPhoto(as(ada), ada); core.CodeOf(err) != "photo.absent" {
			t.Fatalf("no photo yet: %v", err)
		}
		h.must(h.ChangePhoto(as(ada), ada, file))
		own, err := h.OwnPhoto(as(ada), ada)
		h.must(err)
		if corner(t, own.Picture, 128, 20) != "red" {
			t.Error("the photo is not the one that was sent")
		}
		seen, err := h.MemberPhoto(as("bob"), "org-a", ada)
		h.must(err)
		if seen.ID != own.ID {
			t.Errorf("the organization sees %v, the person %v", seen.ID, own.ID)
		}
		if _, err := h.MemberPhoto(as("bob"), "org-b", ada); core.KindOf(err) != core.NotFound {
			t.Errorf("another organization sees the photo: %v", err)
		}
		h.members[ada][0].State = "invited"
		if _, err := h.MemberPhoto(as("bob"), "org-a", ada); core.KindOf(err) != core.NotFound {
			t.Errorf("an organization that merely invited sees the photo: %v", err)
		}
		h.members[ada][0].State = "active"
		h.must(h.db.Read(t.Context(), func(tx core.Tx) error {
			stored, _, err := db.One(t.Context(), tx, qPhoto, scanPhoto, ada)
			if bytes.Contains(stored.Picture, []byte("JFIF")) || bytes.HasPrefix(stored.Picture, []byte("\xff\xd8")) {
				t.Error("the photo stands in clear in the table")
			}
			return err
		}))
		h.must(h.ChangePhoto(as(ada), ada, file))
		if again, err := h.OwnPhoto(as(ada), ada); err != nil || again.ID == own.ID {
			t.Errorf("a new photo keeps the address of the former one: %v", err)
		}
		exported := 0
		h.must(h.db.Read(t.Context(), func(tx core.Tx) error {
			return h.ExportPerson(t.Context(), tx, ada, func(r core.Record) error {
				if picture, ok := r.Values["picture"].([]byte); ok && corner(t, picture, 128, 20) == "red" {
					exported++
				}
				return nil
			})
		}))
		if exported != 1 {
			t.Errorf("the export holds %d photos", exported)
		}
		h.must(h.RemovePhoto(as(ada), ada))
		if _, err := h.MemberPhoto(as("bob"), "org-a", ada); core.CodeOf(err) != "photo.absent" {
			t.Errorf("after its removal: %v", err)
		}
		if err := h.RemovePhoto(as(ada), ada); core.CodeOf(err) != "photo.absent" {
			t.Errorf("removed twice: %v", err)
		}
		h.must(h.ChangePhoto(as(ada), ada, file))
		h.must(h.db.Write(context.Background(), func(tx core.Tx) error { _, err := h.ErasePerson(context.Background(), tx, ada); return err }))
		h.must(h.db.Read(t.Context(), func(tx core.Tx) error {
			if _, found, err := db.One(t.Context(), tx, qPhoto, scanPhoto, ada); found || err != nil {
				t.Errorf("after the erasure: %v %v", found, err)
			}
			return nil
		}))
	})
}

func TestPhotosOfManyAndDrawingsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, file := h.ada(), asPNG(t, halves(100, 100))
		h.must(h.ChangePhoto(as(ada), ada, file))
		list := []core.ID{ada}
		for range 100 {
			list = append(list, ids.New())
		}
		h.must(h.db.Read(t.Context(), func(tx core.Tx) error {
			found, err := h.Photos(t.Context(), tx, list...)
			if len(found) != 1 || found[ada] == "" {
				t.Errorf("photos %v", found)
			}
			return err
		}))
		refused := 0
		for range 20 {
			if err := h.ChangePhoto(as(ada), ada, file); core.CodeOf(err) == "photo.often" {
				refused++
			}
		}
		if refused != 11 {
			t.Errorf("%d of 20 more drawings were refused, want 11", refused)
		}
		h.clock.Advance(24 * time.Hour)
		h.must(h.ChangePhoto(as(ada), ada, file))
	})
}
