package sandbox

import (
	"bytes"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/upload"
)

// TestInventedFilesAreWhatTheyAreCalled: of each type, near the size that was asked for, no two alike, and pictures open.
func TestInventedFilesAreWhatTheyAreCalled(t *testing.T) {
	for _, media := range []string{
		"application/pdf", "image/png", "image/jpeg", "text/plain; charset=utf-8", "application/vnd.oasis.opendocument.text",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	} {
		for _, size := range []int{4 << 10, 1 << 20} {
			one, other := File(media, size, "1"), File(media, size, "2")
			if got := upload.Office(one); got != media {
				t.Errorf("%s is seen as %q", media, got)
			}
			if len(one) < size*9/10 || len(one) > size*11/10 {
				t.Errorf("%s: %d bytes for %d", media, len(one), size)
			}
			if bytes.Equal(one, other) {
				t.Errorf("%s: two files are the same", media)
			}
			if strings.HasPrefix(media, "image") {
				if _, _, err := image.Decode(bytes.NewReader(one)); err != nil {
					t.Errorf("%s: %v", media, err)
				}
			}
		}
	}
}

// TestFilesTellNoSizeAndFitTheirRoom: sizes that are near become one, and all of them shrink alike when there is no room.
func TestFilesTellNoSizeAndFitTheirRoom(t *testing.T) {
	roomy, tight := NewRoom(1<<30, 9<<20), NewRoom(1<<20, 9<<20)
	if a, b := roomy.Size(5_000_000), roomy.Size(5_100_000); a != b || a > 5_000_000 || a < 2_500_000 {
		t.Errorf("%d and %d", a, b)
	}
	total := 0
	for range 9 {
		total += tight.Size(1 << 20)
	}
	if total > 1<<20 || tight.Size(10) != leastFile {
		t.Errorf("%d bytes in a room of one mebibyte, the least %d", total, tight.Size(10))
	}
}

// TestNumbersAreThoseOfFiction, of its six ranges, and none of the source.
func TestNumbersAreThoseOfFiction(t *testing.T) {
	n := NewNamer(blind(t, "+33199000000"))
	seen := map[string]bool{}
	for range 59_999 {
		number, err := n.Number()
		if err != nil || number == "+33199000000" || seen[number] {
			t.Fatalf("%s %v", number, err)
		}
		seen[number] = true
	}
	for _, from := range fiction {
		if !seen[from+"1234"] {
			t.Errorf("none of %s", from)
		}
	}
	all := blind(t)
	for number := range seen {
		all.Add(number)
	}
	all.Add("+33199000000")
	if _, err := NewNamer(all).Number(); err == nil {
		t.Error("a number of the source was given")
	}
}
