package boot

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// picture is a small photo in a file.
func picture() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 90, 70))) // a buffer takes everything
	return b.Bytes()
}

func (w *town) sendPhoto(who string, file []byte) *httptest.ResponseRecorder {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("photo", "me.png")
	w.must("form", err)
	_, err = part.Write(file)
	w.must("part", err)
	w.must("form", form.Close())
	return w.ask(who, http.MethodPost, "/me/photo", body.String(), "Accept", "text/html", "Content-Type", form.FormDataContentType())
}

var photoAddress = regexp.MustCompile(`src="(/[^"]*/photo[^"]*)"`)

func TestAPhotoIsSeenByThoseWhoSeeTheMembersAndNobodyElse(t *testing.T) {
	w := newTown(t, "")
	a := "/o/" + string(w.a)
	w.see("a.member", "/me/profile", `type="file"`, `<span class="portrait portrait-large"`)
	if out := w.sendPhoto("a.member", []byte("<svg></svg>")); out.Code != http.StatusUnprocessableEntity || !strings.Contains(out.Body.String(), "must be a JPEG, PNG or WebP") {
		t.Fatalf("a hostile file: %d %.300s", out.Code, out.Body)
	}
	if out := w.sendPhoto("a.member", append(picture(), make([]byte, 13<<20)...)); out.Code != http.StatusUnprocessableEntity || !strings.Contains(out.Body.String(), "larger than 6 MB") {
		t.Errorf("a file past every bound: %d %.300s", out.Code, out.Body)
	}
	if out := w.sendPhoto("a.member", picture()); out.Code != http.StatusSeeOther {
		t.Fatalf("sending a photo: %d %.300s", out.Code, out.Body)
	}
	own := photoAddress.FindStringSubmatch(w.see("a.member", "/me/profile", "Remove the photo"))
	seen := photoAddress.FindStringSubmatch(w.see("a.admin", a+"/members/"+string(w.members["a.member"])))
	if own == nil || seen == nil || !strings.Contains(w.see("a.admin", a+"/members"), seen[1]) {
		t.Fatalf("the pages show %v and %v", own, seen)
	}
	for who, path := range map[string]string{"a.member": own[1], "a.admin": seen[1], "a.auditor": seen[1]} {
		out := w.ask(who, http.MethodGet, path, "")
		if m, err := jpeg.Decode(out.Body); err != nil || m.Bounds().Dx() != 256 {
			t.Errorf("%s sees %d %v", who, out.Code, err)
		}
		tag := out.Header().Get("ETag")
		if again := w.ask(who, http.MethodGet, path, "", "If-None-Match", tag); tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s asks again: %d, tag %s", who, again.Code, tag)
		}
		if c := out.Header().Get("Cache-Control"); !strings.HasPrefix(c, "private") {
			t.Errorf("others may keep it: %s", c)
		}
	}
	elsewhere := strings.Replace(seen[1], a, "/o/"+string(w.b), 1)
	for who, path := range map[string]string{"b.admin": seen[1], "provider.admin": seen[1], "": seen[1], "a.people": strings.Replace(seen[1], "/photo", "/photo2", 1)} {
		if out := w.ask(who, http.MethodGet, path, ""); out.Code == http.StatusOK || out.Header().Get("ETag") != "" {
			t.Errorf("%q sees the photo: %d", who, out.Code)
		}
	}
	if out := w.ask("b.admin", http.MethodGet, elsewhere, ""); out.Code != http.StatusNotFound {
		t.Errorf("through another organization: %d", out.Code)
	}
	if out := w.ask("a.member", http.MethodGet, seen[1], ""); out.Code != http.StatusForbidden {
		t.Errorf("a member who does not see the list: %d", out.Code)
	}
	if out := w.ask("a.member", http.MethodPost, "/me/photo/remove", "x=1", "Accept", "text/html"); out.Code != http.StatusSeeOther {
		t.Errorf("removal: %d", out.Code)
	}
	if out := w.ask("a.admin", http.MethodGet, seen[1], ""); out.Code != http.StatusNotFound {
		t.Errorf("after its removal: %d", out.Code)
	}
}
