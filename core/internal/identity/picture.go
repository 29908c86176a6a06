package identity

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// What a photo may be, and what is kept of it: pixels alone, drawn again as a small square. Whatever a file holds beside
// them (place, date, device, a second file behind the first) is gone.
const (
	PhotoBytes  = 6 << 20  // largest file read
	photoPixels = 12 << 20 // 12.6 million: a phone's photo of 4096 x 3072
	photoLeast  = 64       // shortest side
	photoMost   = 8192     // longest side
	photoSide   = 256      // of the square that is kept
	photoScans  = 64       // passes over a JPEG: cameras and editors make ten or so
)

var (
	errPhoto = i18n.Fault(core.Invalid, "photo.invalid", "Cette photo ne peut pas être prise.", "This photo cannot be taken.")

	whyPhotoNone   = i18n.Reason("photo.none", "Choisissez un fichier.", "Choose a file.")
	whyPhotoLarge  = i18n.Reason("photo.large", "Le fichier dépasse 6 Mo.", "The file is larger than 6 MB.")
	whyPhotoForm   = i18n.Reason("photo.form", "Le fichier doit être une image JPEG, PNG ou WebP.", "The file must be a JPEG, PNG or WebP picture.")
	whyPhotoPixels = i18n.Reason("photo.pixels", "L'image dépasse 12 millions de pixels, ou 8 192 pixels de côté. Réduisez-la.", "The picture has more than 12 million pixels, or a side above 8,192 pixels. Reduce it.")
	whyPhotoSmall  = i18n.Reason("photo.small", "L'image est trop petite : 64 pixels de côté au moins.", "The picture is too small: at least 64 pixels on each side.")
	whyPhotoBroken = i18n.Reason("photo.broken", "L'image est incomplète ou abîmée.", "The picture is incomplete or damaged.")
)

// drawing lets one picture be drawn at a time: each may take 200 MB for a moment.
var drawing = make(chan struct{}, 1)

// pictureForm tells a picture by its first bytes; nothing that a browser said of it is believed.
func pictureForm(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return "jpeg"
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return "webp"
	}
	return ""
}

// portrait reads a picture and draws the square that is kept, as JPEG. Error: Invalid with the reason on "photo". Sizes
// are judged before a single pixel is unpacked.
func portrait(data []byte) ([]byte, error) {
	read, size := jpeg.Decode, jpeg.DecodeConfig
	switch pictureForm(data) {
	case "png":
		read, size = png.Decode, png.DecodeConfig
	case "webp":
		read, size = webp.Decode, webp.DecodeConfig
	case "":
		return nil, errPhoto.With("photo", unread(data))
	}
	c, err := size(bytes.NewReader(data))
	switch {
	case err != nil:
		return nil, errPhoto.With("photo", whyPhotoBroken)
	case len(data) > PhotoBytes:
		return nil, errPhoto.With("photo", whyPhotoLarge)
	case c.Width > photoMost || c.Height > photoMost || c.Width*c.Height > photoPixels:
		return nil, errPhoto.With("photo", whyPhotoPixels)
	case scans(data) > photoScans:
		return nil, errPhoto.With("photo", whyPhotoBroken)
	case c.Width < photoLeast || c.Height < photoLeast:
		return nil, errPhoto.With("photo", whyPhotoSmall)
	}
	from, err := read(bytes.NewReader(data))
	if err != nil {
		return nil, errPhoto.With("photo", whyPhotoBroken)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turned(square(from), orientation(data)), &jpeg.Options{Quality: 84}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// scans counts the passes over its pixels that a JPEG file asks for. Each may take 20 bytes and go over the whole picture
// again: a file of the largest size could keep a processor busy for hours.
func scans(data []byte) (n int) {
	for at := 2; at+4 <= len(data) && pictureForm(data) == "jpeg"; {
		mark := data[at+1]
		switch {
		case data[at] != 0xff, mark == 0, mark == 0xff, mark >= 0xd0 && mark <= 0xd7: // pixels, stuffing, restarts
			at++
			continue
		case mark == 0xd9: // what stands behind the end is not read
			return n
		case mark == 0xda:
			n++
		}
		at += 2 + max(2, int(binary.BigEndian.Uint16(data[at+2:])))
	}
	return n
}

func unread(data []byte) string {
	if len(data) == 0 {
		return whyPhotoNone
	}
	return whyPhotoForm
}

// square draws the middle of a picture on white, in the size that is kept.
func square(from image.Image) *image.RGBA {
	b := from.Bounds()
	side := min(b.Dx(), b.Dy())
	x, y := b.Min.X+(b.Dx()-side)/2, b.Min.Y+(b.Dy()-side)/2
	to := image.NewRGBA(image.Rect(0, 0, photoSide, photoSide))
	draw.Draw(to, to.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(to, to.Bounds(), from, image.Rect(x, y, x+side, y+side), draw.Over, nil)
	return to
}

// turned draws a square as its orientation says (Exif 2.3, tag 0x0112): phones write the sensor's rows and this number.
func turned(from *image.RGBA, way int) *image.RGBA {
	if way < 2 || way > 8 {
		return from
	}
	n := photoSide - 1
	to := image.NewRGBA(from.Bounds())
	for y := range photoSide {
		for x := range photoSide {
			sx, sy := x, y
			if way >= 5 {
				sx, sy = y, x
			}
			if way == 2 || way == 3 || way == 7 || way == 8 {
				sx = n - sx
			}
			if way == 3 || way == 4 || way == 6 || way == 7 {
				sy = n - sy
			}
			to.SetRGBA(x, y, from.RGBAAt(sx, sy))
		}
	}
	return to
}

// orientation reads the number from the first Exif part of a JPEG file; 1 when there is none that can be read.
func orientation(data []byte) int {
	for at := 2; at+4 <= len(data) && data[at] == 0xff && data[at+1] != 0xda; {
		length := int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + length
		if length < 2 || end > len(data) {
			return 1
		}
		if part := data[at+4 : end]; data[at+1] == 0xe1 && bytes.HasPrefix(part, []byte("Exif\x00\x00")) {
			return tiffOrientation(part[6:])
		}
		at = end
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if t[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(t[4:]))
	if at+2 > uint64(len(t)) {
		return 1
	}
	count := uint64(order.Uint16(t[at:]))
	for i := range count {
		field := at + 2 + 12*i
		if field+12 > uint64(len(t)) {
			return 1
		}
		if order.Uint16(t[field:]) == 0x0112 {
			return int(order.Uint16(t[field+8:]))
		}
	}
	return 1
}
