package organization

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

func (h *house) check(data string) Import {
	h.t.Helper()
	id, err := h.CheckSheet(h.t.Context(), h.org, []byte(data))
	h.ok(err)
	i, err := h.ReadImport(h.t.Context(), h.org, id)
	h.ok(err)
	return i
}

const sheetOfFive = `Civilité;Prénom;NOM;Courriel;Fonction;Service;Responsable
Mme;Zoé;Éluard;zoe@example.org;Maire;Cabinet;
M.;Paul;Valéry;paul@example.org;Directeur;Voirie;zoe@example.org
;Ada;Min;ada@example.org;Cheffe;;
M.;Paul;Bis;PAUL@example.org;;;
;;Sans adresse;;;;
;Jo;Jo;jo@example.org;;;nobody@example.org
`

func TestADryRunSaysWhatEachLineWouldDoAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active(h.org, "Ada", "Min", "ada@example.org")
		i := h.check(sheetOfFive)
		if i.Counts != (Counts{New: 2, Changed: 1, Refused: 3}) {
			t.Fatalf("counts %+v", i.Counts)
		}
		want := map[int]string{2: "", 3: "", 4: "", 5: "import.twice", 6: "import.no_email", 7: "import.manager_unknown"}
		for _, l := range i.Lines {
			if l.Problem.Code != want[l.Number] {
				t.Errorf("line %d: %q, want %q", l.Number, l.Problem.Code, want[l.Number])
			}
			if l.Number == 5 && l.Problem.Args[0] != 3 {
				t.Errorf("the double is on line %v, want 3", l.Problem.Args)
			}
			if l.Number == 4 && (len(l.Changes) != 1 || l.Changes[0] != core.FieldChange{Field: "function", After: "Cheffe"}) {
				t.Errorf("line 4 shows %+v", l.Changes)
			}
		}
		if page := h.list(Filter{}); len(page.Members) != 1 || page.Members[0].Function != "" {
			t.Fatalf("a dry run changed the organization: %+v", page.Members)
		}
	})
}

func TestAnImportIsAppliedWholeAndUndone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.active(h.org, "Ada", "Min", "ada@example.org")
		other := h.newOrg("Autre")
		h.active(other, "Zoé", "Ailleurs", "zoe@example.org")
		i := h.check(sheetOfFive)
		if err := h.Apply(h.as(ada), h.org, i.ID, ApplyOptions{}); code(err) != "import.refused_lines" {
			t.Fatalf("refused lines were left out without a word: %v", err)
		}
		h.ok(h.Apply(h.as(ada), h.org, i.ID, ApplyOptions{LeaveOut: true, Invite: true}))
		page := h.list(Filter{})
		if len(page.Members) != 3 || len(h.mail.Sent("organization.invitation")) != 2 {
			t.Fatalf("members %+v", page.Members)
		}
		byMail := map[string]Member{}
		for _, m := range page.Members {
			byMail[m.Email] = m
		}
		if byMail["paul@example.org"].Manager != byMail["zoe@example.org"].ID || byMail["ada@example.org"].Function != "Cheffe" {
			t.Fatalf("applied %+v", byMail)
		}
		if p := h.others.people[byMail["zoe@example.org"].Person]; p.FamilyName != "Ailleurs" {
			t.Fatalf("a known person was overwritten: %+v", p)
		}
		entries := 0
		for _, a := range h.gate.Acts() {
			if a.Org == h.org && (a.Def == InviteMember || a.Def == EditMember) && a.Subject != "" {
				entries++
			}
		}
		if entries != 3 {
			t.Fatalf("%d entries, want one per person", entries)
		}
		if err := h.Apply(h.as(ada), h.org, i.ID, ApplyOptions{LeaveOut: true}); core.KindOf(err) != core.Conflict {
			t.Fatalf("applied twice: %v", err)
		}
		if after, _ := h.ReadImport(t.Context(), h.org, i.ID); after.Lines != nil {
			t.Fatal("the rows of the sheet stay after they were applied")
		}

		paul := byMail["paul@example.org"].Person
		kept, err := h.Undo(h.as(ada), h.org, i.ID)
		h.ok(err)
		page = h.list(Filter{State: "all"})
		if kept != 0 || len(page.Members) != 1 || page.Members[0].Function != "" || page.Members[0].Version != 3 {
			t.Fatalf("after undo: kept %d, %+v", kept, page.Members)
		}
		if _, still := h.others.people[paul]; still || len(h.others.erased) != 1 {
			t.Fatalf("the person that only the import made stays; erased %v", h.others.erased)
		}
		if _, err := h.Undo(h.as(ada), h.org, i.ID); code(err) != "import.not_applied" {
			t.Fatalf("undone twice: %v", err)
		}
	})
}

func TestAnUndoLeavesWhatAPersonMadeOfTheirProfile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.active(h.org, "Ada", "Min", "ada@example.org")
		bob := h.active(h.org, "Bob", "Vieux", "bob@example.org")
		i := h.check("email;prénom;nom\nbob@example.org;Bob;Neuf\n")
		h.ok(h.Apply(h.as(ada), h.org, i.ID, ApplyOptions{}))
		p := h.others.people[bob.Person]
		if p.FamilyName != "Neuf" {
			t.Fatalf("applied %+v", p)
		}
		p.Phone = "+33123456789" // typed by Bob himself
		h.others.people[bob.Person] = p
		kept, err := h.Undo(h.as(ada), h.org, i.ID)
		h.ok(err)
		if p := h.others.people[bob.Person]; kept != 1 || p.Phone != "+33123456789" {
			t.Fatalf("kept %d, %+v", kept, p)
		}
	})
}

func TestAnUndoKeepsWhatPeopleDidSince(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.active(h.org, "Ada", "Min", "ada@example.org")
		i := h.check("email;nom;fonction\nnew@example.org;Neuf;x\nada@example.org;Min;Cheffe\n")
		h.ok(h.Apply(h.as(ada), h.org, i.ID, ApplyOptions{Invite: true}))
		_, err := h.Accept(t.Context(), h.link("organization.invitation"))
		h.ok(err)
		h.ok(h.Edit(h.as(ada), h.org, ada.ID, Profile{GivenName: "Ada", FamilyName: "Min", Function: "Préfète"}, 2))
		kept, err := h.Undo(h.as(ada), h.org, i.ID)
		h.ok(err)
		page := h.list(Filter{})
		if kept != 2 || len(page.Members) != 2 {
			t.Fatalf("kept %d: %+v", kept, page.Members)
		}
		for _, m := range page.Members {
			if m.ID == ada.ID && m.Function != "Préfète" {
				t.Fatalf("an undo took back a later edit: %q", m.Function)
			}
		}
	})
}

func TestAnImportEndsAfterADayAndLeavesNoRows(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		i := h.check("email\na@example.org\n")
		j := h.check("email\nb@example.org\n")
		h.ok(h.Apply(t.Context(), h.org, j.ID, ApplyOptions{}))
		h.clock.Advance(24*time.Hour + time.Second)
		if err := h.Apply(t.Context(), h.org, i.ID, ApplyOptions{}); err == nil {
			t.Fatal("a dry run of yesterday was applied")
		}
		if _, err := h.Undo(t.Context(), h.org, j.ID); code(err) != "import.not_applied" {
			t.Fatalf("undone after a day: %v", err)
		}
		h.expire("24h", 1)
		if _, err := h.ReadImport(t.Context(), h.org, i.ID); core.KindOf(err) != core.NotFound {
			t.Fatalf("the rows of the dry run stay: %v", err)
		}
		if v, err := h.ReadImport(t.Context(), h.org, j.ID); err != nil || v.State != ImportEnded || v.undo != nil {
			t.Fatalf("what the undo needed stays: %+v, %v", v, err)
		}
	})
}

func TestWhatIsAppliedIsWhatWasShown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.active(h.org, "Ada", "Min", "ada@example.org")
		i := h.check("email;fonction\nada@example.org;Cheffe\nnew@example.org;x\n")
		h.ok(h.Edit(h.as(ada), h.org, ada.ID, Profile{GivenName: "Ada", FamilyName: "Min", Department: "Ailleurs"}, 1))
		if err := h.Apply(h.as(ada), h.org, i.ID, ApplyOptions{}); code(err) != "import.moved" {
			t.Fatalf("applied over a change made since the dry run: %v", err)
		}
		if page := h.list(Filter{}); len(page.Members) != 1 {
			t.Fatalf("half was applied: %+v", page.Members)
		}
	})
}

func TestColumnsAreGuessedAndCorrected(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for data, want := range map[string]string{
			"E-mail address,First name,Last name,Job title\na@b.example,A,B,C\n": "email given_name family_name function",
			"a@b.example\t+33 1 23 45 67 89\tMme\nc@d.example\t0123456789\tM.\n": "email phone gender",
			"Qui,Où\na@b.example,Paris\nc@d.example,Lyon\n":                      "email ",
			"sep=|\nNom complet|Mél\nZoé Éluard|z@b.example\n":                   "full_name email",
		} {
			s, err := readSheet([]byte(data))
			h.ok(err)
			columns, _ := guess(s)
			if got := strings.Join(columns, " "); got != want {
				t.Errorf("%q guessed %q, want %q", data, got, want)
			}
		}
		i := h.check("a;b\nx;zoe@example.org\ny;paul@example.org\n")
		h.ok(h.MapColumns(t.Context(), h.org, i.ID, []string{"function", "email"}, true))
		i, err := h.ReadImport(t.Context(), h.org, i.ID)
		h.ok(err)
		if i.Counts.New != 2 || i.Lines[0].Profile.Function != "x" {
			t.Fatalf("after correction: %+v", i.Lines)
		}
		for _, bad := range [][]string{{"email", "email"}, {"function", ""}, {"password", "email"}, {"email"}} {
			if err := h.MapColumns(t.Context(), h.org, i.ID, bad, true); code(err) != "import.columns" {
				t.Errorf("%v was taken: %v", bad, err)
			}
		}
	})
}

func reason(err error) string { return field(err, "file") }

func utf16le(s string, bom bool) []byte {
	var out []byte
	if bom {
		out = []byte{0xff, 0xfe}
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestTextsAreReadInTheEncodingTheyAreWrittenIn(t *testing.T) {
	const text = "Prénom;Courriel\nZoé;z@example.org\n"
	latin := []byte(strings.NewReplacer("é", "\xe9").Replace(text))
	big := append([]byte{0xfe, 0xff}, utf16le(text, false)...)
	for i := 2; i < len(big); i += 2 {
		big[i], big[i+1] = big[i+1], big[i]
	}
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "UTF-8 with mark": []byte("\ufeff" + text), "Windows-1252": latin,
		"UTF-16 little": utf16le(text, true), "UTF-16 big": big, "UTF-16 without mark": utf16le(text, false),
	} {
		s, err := readSheet(data)
		if err != nil || s.Rows[1][0] != "Zoé" || s.Rows[0][0] != "Prénom" {
			t.Errorf("%s: %v, %v", name, s.Rows, err)
		}
	}
}

func TestHostileFilesAreRefusedWithTheReason(t *testing.T) {
	wide := make([]string, 300)
	for i := range wide {
		wide[i] = "x"
	}
	var wideRow []any
	for range 300 {
		wideRow = append(wideRow, "x")
	}
	rows := [][]any{{"Courriel", "Nom"}, {"a@example.org", "A"}}
	for name, c := range map[string]struct {
		data   []byte
		reason string
	}{
		"formula in CSV":        {[]byte("email;nom\na@b.example;=cmd|' /C calc'!A0\n"), "import.formula"},
		"plus formula in CSV":   {[]byte("email;nom\na@b.example;+cmd\n"), "import.formula"},
		"at formula in CSV":     {[]byte("email;nom\na@b.example;@SUM(A1)\n"), "import.formula"},
		"minus formula in CSV":  {[]byte("email;nom\na@b.example;-1+cmd\n"), "import.formula"},
		"300 columns in CSV":    {[]byte(strings.Join(wide, ";") + "\n"), "import.too_many_columns"},
		"300 columns in XLSX":   {workbook(t, [][]any{wideRow}), "import.too_many_columns"},
		"formula in XLSX":       {workbook(t, rows, func(f *excelize.File) { _ = f.SetCellFormula("Sheet1", "C2", "1+1") }), "import.formula"},
		"macros":                {addPart(t, workbook(t, rows), "xl/vbaProject.bin", []byte("x")), "import.macro"},
		"external links":        {addPart(t, workbook(t, rows), "xl/externalLinks/externalLink1.xml", []byte("<x/>")), "import.external"},
		"embedded object":       {addPart(t, workbook(t, rows), "xl/embeddings/oleObject1.bin", []byte("x")), "import.external"},
		"zip bomb":              {addPart(t, workbook(t, rows), "xl/media/zero.bin", make([]byte, 40<<20)), "import.bomb"},
		"zip bomb in the sheet": {addPart(t, workbook(t, rows), "xl/worksheets/sheet2.xml", bytes.Repeat([]byte(" "), 60<<20)), "import.bomb"},
		"many parts":            {manyParts(t, 400), "import.bomb"},
		"many sheets": {workbook(t, rows, func(f *excelize.File) {
			for i := range 30 {
				_, _ = f.NewSheet(fmt.Sprint("s", i))
			}
		}), "import.too_many_sheets"},
		"zip without workbook": {addPart(t, nil, "hello.txt", []byte("x")), "import.kind"},
		"cut workbook":         {workbook(t, rows)[:900], "import.broken"},
		"old or locked XLS":    {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx"), "import.old_format"},
		"binary":               {[]byte("%PDF-1.7\x00\x01\x02\xff\xfe\x00"), "import.kind"},
		"executable":           {append([]byte("MZ"), make([]byte, 2000)...), "import.kind"},
		"UTF-32":               {[]byte("\xff\xfe\x00\x00e\x00\x00\x00"), "import.encoding"},
		"Shift-JIS":            {[]byte("email;nom\na@b.example;\x83\x81\x81\x5b\x83\x8b\n"), "import.encoding"},
		"damaged accents":      {[]byte("email;prénom\na@b.example;ZoÃ©\n"), "import.damaged_accents"},
		"open quote":           {[]byte("email;nom\na@b.example;\"A\n"), "import.quotes"},
		"empty":                {[]byte(" \n\n"), "import.empty"},
		"empty workbook":       {workbook(t, nil), "import.empty"},
		"long cell":            {[]byte("email;nom\na@b.example;" + strings.Repeat("x", 1001) + "\n"), "import.cell_too_long"},
		"many rows":            {[]byte("email\n" + strings.Repeat("a@b.example\n", mostRows+1)), "import.too_many_rows"},
		"too big":              {make([]byte, MostBytes+1), "import.too_big"},
	} {
		start := time.Now()
		_, err := readSheet(c.data)
		if got := reason(err); got != c.reason {
			t.Errorf("%s: refused with %q (%v), want %q", name, got, err, c.reason)
		}
		if d := time.Since(start); !coretest.RaceDetector && d > 3*time.Second {
			t.Errorf("%s: %v to refuse", name, d)
		}
	}
	s, err := readSheet([]byte("email;téléphone;note\na@b.example;+33 1 23 45 67 89;-\n"))
	if err != nil || len(s.Rows) != 2 {
		t.Errorf("a phone number or a dash was taken for a formula: %v", err)
	}
}

// addPart writes a workbook again with one more part; nil makes a zip of that part alone.
func addPart(t *testing.T, data []byte, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if data != nil {
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, err := w.Create(name)
	if err == nil {
		_, err = io.Copy(p, bytes.NewReader(content))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func manyParts(t *testing.T, n int) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range n {
		if _, err := w.Create(fmt.Sprintf("xl/p%d.xml", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func bigSheet(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Prénom;Nom;Courriel;Fonction;Service;Téléphone;Responsable\n")
	for i := range n {
		boss := ""
		if i > 0 {
			boss = fmt.Sprintf("p%d@example.org", (i-1)/10)
		}
		fmt.Fprintf(&b, "Prénom%d;Nom%d;p%d@example.org;Agent;Service %d;+331%08d;%s\n", i, i, i, i%40, i, boss)
	}
	return b.Bytes()
}

func bigWorkbook(t testing.TB, n int) []byte {
	var rows [][]any
	for line := range strings.Lines(string(bigSheet(n))) {
		var row []any
		for cell := range strings.SplitSeq(strings.TrimSpace(line), ";") {
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return workbook(t, rows)
}

// 5,000 rows: read, compare, show and apply in under two seconds together (the doors of other rooms are fakes here; the
// whole house is measured where it is put together).
func TestFiveThousandRowsTakeUnderTwoSeconds(t *testing.T) {
	for name, make := range map[string]func(testing.TB, int) []byte{
		"CSV": func(_ testing.TB, n int) []byte { return bigSheet(n) }, "XLSX": bigWorkbook,
	} {
		data := make(t, 5000)
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
				h := build(t, d)
				start, spent := time.Now(), processTime(t)
				id, err := h.CheckSheet(t.Context(), h.org, data)
				h.ok(err)
				tried := time.Since(start)
				h.ok(h.Apply(t.Context(), h.org, id, ApplyOptions{}))
				took, spent := time.Since(start), processTime(t)-spent
				t.Logf("dry run %v, apply %v, of which %v of processor", tried, took-tried, spent)
				if page := h.list(Filter{}); page.Invited != 5000 {
					t.Fatalf("%d members", page.Invited)
				}
				// The processor's time counts too: the machine may be busy with other tests.
				if !coretest.RaceDetector && min(took, spent) > 2*time.Second {
					t.Errorf("%v for 5,000 rows", took)
				}
			})
		})
	}
}

// processTime is how long processors have worked for this process.
func processTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func FuzzReadSheet(f *testing.F) {
	f.Add([]byte(sheetOfFive))
	f.Add(utf16le(sheetOfFive, true))
	f.Add(workbook(f, [][]any{{"Courriel"}, {"a@example.org"}}))
	f.Add([]byte("PK\x03\x04xx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readSheet(data)
		if err != nil {
			if core.KindOf(err) != core.Invalid || reason(err) == "" {
				t.Fatalf("refused without a reason for people: %v", err)
			}
			return
		}
		columns, headed := guess(s)
		for _, row := range s.Rows {
			if len(row) > mostColumns {
				t.Fatalf("%d columns", len(row))
			}
			for _, cell := range row {
				if formula(cell) {
					t.Fatalf("a formula passed: %q", cell)
				}
			}
			if l := read(row, columns); l.Verdict == "" {
				if _, ok := address(l.Profile.Email); !ok && headed {
					t.Fatalf("a line without an address passed: %q", l.Profile.Email)
				}
			}
		}
	})
}

func FuzzTexts(f *testing.F) {
	f.Add("Zoé@Example.org")
	f.Add("+33 1 23 45 67 89")
	f.Fuzz(func(t *testing.T, s string) {
		if a, ok := address(s); ok {
			if b, ok := address(a); !ok || a != b {
				t.Fatalf("%q is not stable: %q", a, b)
			}
		}
		if p, ok := phone(s); ok && p != "" {
			if q, ok := phone(p); !ok || p != q {
				t.Fatalf("%q is not stable: %q", p, q)
			}
		}
		if once := fold(s); fold(once) != once {
			t.Fatalf("fold is not stable on %q: %q, %q", s, once, fold(once))
		}
		if c, ok := clean(s, 50); ok {
			if d, ok := clean(c, 50); !ok || c != d {
				t.Fatalf("clean is not stable on %q: %q, %q", s, c, d)
			}
		}
	})
}

// expire does what the sweeper asks of this room.
func (h *house) expire(rule string, days int) {
	h.t.Helper()
	h.ok(h.db.Write(h.t.Context(), func(tx core.Tx) error {
		_, err := h.Expire(h.t.Context(), tx, core.Expiry{Rule: rule, Org: h.org, Before: h.clock.Now().AddDate(0, 0, -days), Limit: 100})
		return err
	}))
}
