package access

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/sheet"
)

func TestExport(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, err := w.Give(core.WithActor(t.Context(), w.person("ann")), core.Assignment{Org: "acme", Person: "max", Role: "room.keeper", Reason: "=cmd|' /C calc'!A0"})
		if err != nil {
			t.Fatal(err)
		}
		ctx := core.WithActor(t.Context(), w.person("ann"))
		file, err := w.Export(ctx, "acme", time.Time{}, FormatCSV)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file.Bytes, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, r := range rows {
			if r[0] == "max Élan" && r[3] == "room.write" {
				found = r[2] == "Tenue des salles" && r[6] == "permit.role" && r[7] == "2026-11-22" && r[9] == "ann Élan" && r[10] == "'=cmd|' /C calc'!A0"
				if !found {
					t.Errorf("the line says %q", r)
				}
			}
		}
		if !found {
			t.Error("max, room.write is not in the file, or not as it is")
		}
		act, done := w.gate.Last(ExportHabilitations.Permission)
		if !done || act.Resource != core.ID(sheet.Digest(file.Bytes)) || len(act.Subjects) == 0 {
			t.Errorf("the journal keeps %+v", act)
		}
		pdf, err := w.Export(ctx, "acme", time.Time{}, FormatPDF)
		if err != nil || !bytes.HasPrefix(pdf.Bytes, []byte("%PDF-")) || pdf.SHA256 == file.SHA256 {
			t.Errorf("PDF: %v", err)
		}
		drawn := inflated(t, pdf.Bytes)
		for _, words := range []string{"max \xc9lan", "Tenue des salles", "Personne", "Table des habilitations", "Page 1 sur "} {
			if !strings.Contains(drawn, words) {
				t.Errorf("the PDF does not say %q", words)
			}
		}
		if _, err := w.Export(ctx, "acme", time.Time{}, "exe"); core.KindOf(err) != core.Invalid {
			t.Errorf("another format: %v", err)
		}
		staff, err := w.ExportStaff(ctx, time.Time{}, FormatCSV)
		if err != nil || !strings.Contains(string(staff.Bytes), "Administration de la plateforme") {
			t.Errorf("staff: %v\n%s", err, staff.Bytes)
		}
	})
}

// inflated gives what the pages of a PDF draw, in its own encoding.
func inflated(t *testing.T, pdf []byte) string {
	t.Helper()
	var all strings.Builder
	for part := range bytes.SplitSeq(pdf, []byte("stream\n")) {
		r, err := zlib.NewReader(bytes.NewReader(part))
		if err != nil {
			continue // not a compressed stream
		}
		text, _ := io.ReadAll(r)
		all.Write(text)
	}
	return all.String()
}

func TestTakeAsksForAsMuchAsGive(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var admin []Line
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: "admin"})
		w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
			var err error
			if admin, err = w.Assigned(ctx, tx, "acme", "admin"); err != nil {
				t.Fatal(err)
			}
		})
		_, err := w.Take(core.WithActor(t.Context(), w.person("pete")), "acme", admin[0].ID, "x")
		w.wantCode("pete takes the administration away", err, "assignment.escalation")
		_, err = w.Take(core.WithActor(t.Context(), w.person("bea")), "beta", admin[0].ID, "x")
		w.wantCode("from another organization", err, "assignment.not_found")
		_, err = w.Take(core.WithActor(t.Context(), w.person("ann")), "acme", admin[1].ID, "x")
		w.wantCode("an administrator", err, "")
	})
}

func FuzzParsePrefix(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "192.0.2.0/24", "::ffff:192.0.2.0/120", "2001:db8::/32", "fe80::1%eth0", "::/0", "1.2.3.4/33", "::ffff:1.2.3.4/95"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePrefix(s)
		if err != nil {
			return
		}
		if !p.IsValid() || p.Addr().Is4In6() || p.Addr().Zone() != "" || p.Masked() != p {
			t.Fatalf("%q gave %v", s, p)
		}
		again, err := ParsePrefix(p.String())
		if err != nil || again != p {
			t.Fatalf("%q gave %v, read again %v, %v", s, p, again, err)
		}
	})
}

func FuzzParseAllow(f *testing.F) {
	f.Add("192.0.2.1 bureau\n\n# a note\n2001:db8::/32;x")
	f.Add("0.0.0.0/0\n")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAllow(s)
		if err != nil {
			if core.KindOf(err) != core.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		for _, l := range list {
			if l.Prefix.Bits() == 0 || len([]rune(l.Note)) > 80 {
				t.Fatalf("%q gave %+v", s, l)
			}
		}
	})
}
