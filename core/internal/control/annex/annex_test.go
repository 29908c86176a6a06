package annex_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/annex/annextest"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/paper/papertest"
)

var (
	langs  = []i18n.Lang{i18n.FR, i18n.EN}
	writer = map[string]func(annex.Document, i18n.Lang, string) ([]byte, error){"html": annex.HTML, "pdf": annex.PDF, "odt": annex.ODT}
)

const print = "0123456789abcdef"

func draw(t *testing.T, form string, d annex.Document, l i18n.Lang) []byte {
	t.Helper()
	b, err := writer[form](d, l, print)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("REMPART_TEST_KEEP"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "annex-"+l.String()+"."+form), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestTheSameStateGivesTheSameBytes(t *testing.T) {
	for form := range writer {
		for _, l := range langs {
			d := annextest.Fixture()
			kept, err := d.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			again, err := annex.Parse(kept)
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if !bytes.Equal(draw(t, form, d, l), draw(t, form, again, l)) {
					t.Fatalf("%s in %s differs when drawn from its kept snapshot", form, l)
				}
			}
			again.Clauses[0].Text.FR, again.Clauses[0].Text.EN = "Autre", "Other"
			if bytes.Equal(draw(t, form, d, l), draw(t, form, again, l)) {
				t.Errorf("%s in %s does not show a changed text", form, l)
			}
		}
	}
}

// said is what every form must say, by language.
var said = map[i18n.Lang][]string{
	i18n.FR: {
		"Annexe de sécurité", "Vigie Numérique", "Port de Saint-Ellier <Œuvres & Cie>", "Version 3", "22 novembre 2026", "ACC-8.2 · Les sessions expirent",
		"durée de 30 minutes", "Tenue", "Rompue", "Sans preuve récente", "Attestée", "Pas encore construite", "Hors du logiciel",
		"Preuve du 22 novembre 2026, 13:05 UTC", "ASVS 6.2.5", "connexion par OIDC et SAML", "Un bâtiment ne se sonde pas.", "Fin de session sans activité",
		"Attestation « Contrôle d'accès aux locaux »", "confiance.example/journal", "rempart prove --clause ACC-8.2", "rempart verify --offline", "securite@vigie.example", "1 sur 40", print,
	},
	i18n.EN: {
		"Security annex", "Version 3", "22 November 2026", "ACC-8.2 · Sessions expire", "for 30 minutes", "Held", "Broken", "Stale", "Attested", "Not built yet",
		"Outside the software", "Evidence of 22 November 2026, 13:05 UTC", "sign-in by OIDC and SAML", "A building cannot be probed.", "rempart verify --offline", "1 of 40",
	},
}

func shows(t *testing.T, form, text string, l i18n.Lang) {
	t.Helper()
	flat := strings.Join(strings.Fields(text), " ")
	for _, want := range said[l] {
		if !strings.Contains(flat, want) {
			t.Errorf("%s in %s does not say %q", form, l, want)
		}
	}
}

func TestTheAnnexSaysEverythingInHTML(t *testing.T) {
	for _, l := range langs {
		b := draw(t, "html", annextest.Fixture(), l)
		var text strings.Builder
		dec := xml.NewDecoder(bytes.NewReader(b))
		dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for {
			tok, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if c, ok := tok.(xml.CharData); ok {
				text.Write(c)
				text.WriteByte(' ')
			}
		}
		shows(t, "html", text.String(), l)
		for _, no := range []string{"<script", "http://", "src=", "<Œuvres"} {
			if bytes.Contains(b, []byte(no)) {
				t.Errorf("the page holds %q", no)
			}
		}
	}
}

// TestGreenNeverStandsWithoutItsDate: a status held or attested without evidence says that there is none.
func TestGreenNeverStandsWithoutItsDate(t *testing.T) {
	d := annextest.Fixture()
	dated := bytes.Count(draw(t, "html", d, i18n.EN), []byte("Evidence of"))
	if dated != 5 {
		t.Errorf("%d clauses are dated, want the 5 that have evidence", dated)
	}
	d.Clauses[0].Evidence = time.Time{}
	if !bytes.Contains(draw(t, "html", d, i18n.EN), []byte("No evidence to this day.")) {
		t.Error("a clause without evidence does not say so")
	}
}

func TestODTOpens(t *testing.T) {
	for _, l := range langs {
		b := draw(t, "odt", annextest.Fixture(), l)
		if string(b[30:38]) != "mimetype" || string(b[38:38+39]) != "application/vnd.oasis.opendocument.text" {
			t.Errorf("the type is not the first, stored part: %q", b[:80])
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File[1:] {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			dec := xml.NewDecoder(r)
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s is no XML: %v", f.Name, err)
				}
			}
		}
		t.Run("in LibreOffice, "+l.String(), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(papertest.Convert(t, "annex.odt", b, papertest.Text), "annex.txt"))
			if err != nil {
				t.Fatal(err)
			}
			// The footer is no part of the text that it gives.
			shows(t, "odt", string(text)+" "+print, l)
		})
	}
}

var (
	object = regexp.MustCompile(`(?s)(\d+) 0 obj\n(.*?)\nendobj`)
	stream = regexp.MustCompile(`(?s)^(.*?)stream\n(.*)\nendstream$`)
)

// TestPDFFollowsTheStandard checks what can be checked here of ISO 19005-2, level B: the file's own identifier, fonts
// embedded, colours of a stated profile, metadata that says so, and none of what the standard forbids.
func TestPDFFollowsTheStandard(t *testing.T) {
	for _, l := range langs {
		b := draw(t, "pdf", annextest.Fixture(), l)
		if !bytes.HasPrefix(b, []byte("%PDF-1.")) || b[9] != '%' || min(b[10], b[11], b[12], b[13]) < 0x80 {
			t.Errorf("the head of the file: %q", b[:20])
		}
		if id := regexp.MustCompile(`/ID \[<([0-9a-f]{32})> <([0-9a-f]{32})>\]`).FindSubmatch(b); id == nil || !bytes.Equal(id[1], id[2]) {
			t.Error("the trailer has no identifier")
		}
		for _, no := range []string{"/Encrypt", "/JavaScript", "/JS", "/Launch", "/AA", "/LZWDecode", "/Annots", "/SMask", "/Type1", "/URI", "/DeviceCMYK"} {
			if regexp.MustCompile(regexp.QuoteMeta(no) + `\b`).Match(b) {
				t.Errorf("the file holds %s", no)
			}
		}
		offsets(t, b)
		objects := map[string]string{}
		for _, m := range object.FindAllSubmatch(b, -1) {
			objects[string(m[1])] = string(m[2])
		}
		fonts(t, objects)
		intent(t, b, objects)
		meta := regexp.MustCompile(`/Metadata (\d+) 0 R`).FindSubmatch(b)
		if meta == nil {
			t.Fatal("no metadata")
		}
		packet := objects[string(meta[1])]
		for _, want := range []string{"<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>B</pdfaid:conformance>", "Port de Saint-Ellier &lt;Œuvres &amp; Cie&gt;", "2026-11-22T14:05:09Z"} {
			if !strings.Contains(packet, want) {
				t.Errorf("the metadata lack %s", want)
			}
		}
		if strings.Contains(packet, "/Filter") {
			t.Error("the metadata are compressed")
		}
		if tool, err := exec.LookPath("pdftotext"); err == nil {
			cmd := exec.CommandContext(t.Context(), tool, "-raw", "-", "-")
			cmd.Stdin = bytes.NewReader(b)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			shows(t, "pdf", strings.ReplaceAll(string(out), "\u00a0", " "), l)
		}
	}
}

// offsets checks that the table of objects leads to them.
func offsets(t *testing.T, b []byte) {
	t.Helper()
	m := regexp.MustCompile(`startxref\n(\d+)\n%%EOF`).FindSubmatch(b)
	if m == nil {
		t.Fatal("no table of objects")
	}
	at, _ := strconv.Atoi(string(m[1]))
	if !bytes.HasPrefix(b[at:], []byte("xref\n")) {
		t.Fatal("the end leads elsewhere than to the table")
	}
	for n, line := range regexp.MustCompile(`(\d{10}) 00000 n `).FindAllSubmatch(b[at:], -1) {
		where, _ := strconv.Atoi(string(line[1]))
		if want := strconv.Itoa(n+1) + " 0 obj"; !bytes.HasPrefix(b[where:], []byte(want)) {
			t.Errorf("object %d is not where the table says", n+1)
		}
	}
}

func fonts(t *testing.T, objects map[string]string) {
	t.Helper()
	seen := 0
	for _, o := range objects {
		if !strings.Contains(o, "/Type /FontDescriptor") && !strings.Contains(o, "/Type/FontDescriptor") {
			if strings.Contains(o, "/Subtype /TrueType") {
				t.Error("a font without a descriptor is used")
			}
			continue
		}
		seen++
		file := regexp.MustCompile(`/FontFile2 (\d+) 0 R`).FindStringSubmatch(o)
		if file == nil || !strings.Contains(objects[file[1]], "stream") {
			t.Errorf("a font is not embedded: %s", o)
		}
	}
	if seen != 3 {
		t.Errorf("%d fonts described, want 3", seen)
	}
}

func intent(t *testing.T, b []byte, objects map[string]string) {
	t.Helper()
	m := regexp.MustCompile(`/OutputIntents \[\n<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier \(sRGB\) .*/DestOutputProfile (\d+) 0 R >>`).FindSubmatch(b)
	if m == nil {
		t.Fatal("no output intent")
	}
	parts := stream.FindStringSubmatch(objects[string(m[1])])
	if parts == nil || !strings.Contains(parts[1], "/N 3") {
		t.Fatal("the profile is no stream of three components")
	}
	r, err := zlib.NewReader(strings.NewReader(parts[2]))
	if err != nil {
		t.Fatal(err)
	}
	icc, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(icc) < 132 || hex.EncodeToString(icc[:4]) != hex.EncodeToString([]byte{0, 0, byte(len(icc) >> 8), byte(len(icc))}) || string(icc[12:24]) != "mntrRGB XYZ " || string(icc[36:40]) != "acsp" {
		t.Errorf("the profile is no profile of a display: %q", icc[:40])
	}
}

func TestAChangeIsToldInWords(t *testing.T) {
	old, now := annextest.Fixture(), annextest.Fixture()
	if list := annex.Compare(old, now); len(list) != 0 {
		t.Errorf("the same state differs: %v", list)
	}
	now.Version, now.At = 4, now.At.AddDate(0, 1, 0)
	now.Clauses[0].Text.EN = "Sessions expire: for 15 minutes."
	now.Clauses[1].Status, now.Clauses[1].Evidence = control.Held, now.At
	now.Clauses = append(now.Clauses[:5:5], now.Clauses[6])
	now.Packs[0].Version, now.Packs[0].Hash = "2026-12-01", "aa"
	now.Tightened = nil
	extra := now.Clauses[0]
	extra.ID = "ACC-9.9"
	now.Clauses = append(now.Clauses, extra)
	var told []string
	for _, c := range annex.Compare(old, now) {
		told = append(told, c.Text.EN)
	}
	all := strings.Join(told, "\n")
	for _, want := range []string{
		"Access and authentication policy: version 2026-11-22 becomes 2026-12-01", "ACC-8.2: the text changes", "ACC-2.1: broken becomes held",
		"ACC-3.3 is no longer promised", "ACC-9.9 is new", "Session ends when unused for: 30 is no longer tightened",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not told: %s\n%s", want, all)
		}
	}
	if len(told) != 6 {
		t.Errorf("%d changes told, want 6:\n%s", len(told), all)
	}
	for _, c := range annex.Compare(old, now) {
		if c.Weaker != strings.Contains(c.Text.EN, "no longer") {
			t.Errorf("weaker=%v: %s", c.Weaker, c.Text.EN)
		}
	}
}

// TestTheSnapshotNamesNobody: an annex is kept as long as a contract, so it holds no person.
func TestTheSnapshotNamesNobody(t *testing.T) {
	c := control.Clause{Status: control.Attested, Standings: []control.Standing{{Kind: "x", Person: core.ID("01kbperson0000000000000000")}}}
	d := annex.Document{Clauses: []annex.Clause{annex.ClauseOf(c)}}
	b, err := d.Bytes()
	if err != nil || bytes.Contains(b, []byte("01kbperson")) {
		t.Errorf("%v: %s", err, b)
	}
}
