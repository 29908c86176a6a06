package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// File is one export. Its hash is the resource of its entry in the journal: a file shown later is genuine when an entry
// habilitation.export names its SHA-256, and that entry is proved like any other.
type File struct {
	Name, Type string
	Bytes      []byte
	SHA256     string
}

// The formats of an export.
const (
	FormatCSV = "csv"
	FormatPDF = "pdf"
)

var errFormat = i18n.Fault(core.Invalid, "habilitation.format", "Choisissez CSV ou PDF.", "Choose CSV or PDF.")

// maxExport bounds the persons of one export.
const maxExport = 100_000

// Export gives the habilitation table of org at a date (zero: now), in the language of ctx: one line per person, role and
// permission, with why, since when, by whom and until when.
func (m *Module) Export(ctx context.Context, org core.ID, at time.Time, format string) (File, error) {
	return m.export(ctx, org, format, "habilitations", func(ctx context.Context, tx core.Tx, act *core.Act) (sheet, error) {
		t, err := m.TableAt(ctx, tx, org, at, "", "", maxExport)
		if err != nil {
			return sheet{}, err
		}
		if act.Subjects, err = m.nameRows(ctx, tx, org, t.Rows); err != nil {
			return sheet{}, err
		}
		name := string(org)
		if m.Needs.Roster != nil && org != core.Platform {
			o, err := m.Needs.Roster.Org(ctx, tx, org)
			if err != nil {
				return sheet{}, err
			}
			name = o.Name
		}
		return tableSheet(ctx, t, name), nil
	})
}

// ExportUnused gives the rights that nobody used for the days of the policy in force, and the dormant persons.
func (m *Module) ExportUnused(ctx context.Context, org core.ID) (File, error) {
	return m.export(ctx, org, FormatCSV, "unused", func(ctx context.Context, tx core.Tx, act *core.Act) (sheet, error) {
		t, err := m.TableAt(ctx, tx, org, time.Time{}, "", "", maxExport)
		if err != nil {
			return sheet{}, err
		}
		act.Subjects, err = m.nameRows(ctx, tx, org, t.Rows)
		return unusedSheet(ctx, t), err
	})
}

// ExportStaff gives the table of staff habilitations: function, person, scope (EMG-2.3).
func (m *Module) ExportStaff(ctx context.Context, at time.Time, format string) (File, error) {
	return m.export(ctx, core.Platform, format, "staff", func(ctx context.Context, tx core.Tx, act *core.Act) (sheet, error) {
		if at.IsZero() {
			at = m.Needs.Clock.Now()
		}
		lines, err := m.staffWithNames(ctx, tx, act, at)
		return staffSheet(ctx, lines, at), err
	})
}

func (m *Module) export(ctx context.Context, org core.ID, format, name string, fill func(context.Context, core.Tx, *core.Act) (sheet, error)) (f File, err error) {
	act := &core.Act{Def: &ExportHabilitations, Org: org}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if format != FormatCSV && format != FormatPDF {
			return errFormat
		}
		s, err := fill(ctx, tx, act)
		if err != nil {
			return err
		}
		f = File{Name: name + "-" + s.at.Format("2006-01-02") + "." + format, Type: "text/csv; charset=utf-8"}
		table := s.csv()
		if f.Bytes = table; format == FormatPDF {
			f.Type = "application/pdf"
			if f.Bytes, err = s.pdf(ctx, table); err != nil {
				return fmt.Errorf("access: draw a table: %w", err)
			}
		}
		f.SHA256 = digest(f.Bytes)
		// The hash names what was exported in the clear part of the entry, which outlives every person of the table.
		act.Resource = core.ID(f.SHA256)
		act.Changed("format", "", format)
		return nil
	})
	return f, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// sheet is a table ready to be written.
type sheet struct {
	title, subtitle string
	at              time.Time
	head            []string
	widths          []float64 // in the PDF, of 277 mm
	rows            [][]string
	pdfColumns      []int // which columns the PDF shows
}

var (
	tSheetTitle  = i18n.T("Table des habilitations", "Habilitation table")
	tSheetStaff  = i18n.T("Habilitations du personnel", "Habilitations of staff")
	tSheetUnused = i18n.T("Droits inutilisés", "Unused rights")
	tAsOf        = i18n.T("%s, au %s", "%s, as of %s")
	tPage        = i18n.T("Page %d sur {nb}", "Page %d of {nb}")
	tPrint       = i18n.T("Empreinte SHA-256 de la table : %s", "SHA-256 of the table: %s")
	tPerson      = i18n.T("Personne", "Person")
	tFunction    = i18n.T("Fonction", "Function")
	tRole        = i18n.T("Rôle", "Role")
	tPermission  = i18n.T("Permission", "Permission")
	tMeans       = i18n.T("Ce qu'elle permet", "What it permits")
	tScope       = i18n.T("Portée", "Scope")
	tPolicy      = i18n.T("Politique", "Policy")
	tSince       = i18n.T("Depuis", "Since")
	tUntilCol    = i18n.T("Jusqu'au", "Until")
	tBy          = i18n.T("Donné par", "Given by")
	tReason      = i18n.T("Motif", "Reason")
	tLastUse     = i18n.T("Dernier usage", "Last use")
	tState       = i18n.T("État", "State")
	tUnusedWord  = i18n.T("inutilisé", "unused")
	tDormantWord = i18n.T("dormant", "dormant")
	tBlockedWord = i18n.T("suspendu", "suspended")
	tEverywhere  = i18n.T("toute l'organisation", "the whole organization")
	tPlatform    = i18n.T("la plateforme", "the platform")
	tMembership  = i18n.T("adhésion", "membership")
	tUnnamed     = i18n.T("personne effacée", "erased person")
	tNever       = i18n.T("jamais", "never")
)

func tableSheet(ctx context.Context, t Table, org string) sheet {
	s := sheet{
		title: tSheetTitle.In(ctx), subtitle: tAsOf.In(ctx, org, i18n.Moment(ctx, t.At)), at: t.At,
		head: []string{
			tPerson.In(ctx), tFunction.In(ctx), tRole.In(ctx), tPermission.In(ctx), tMeans.In(ctx), tScope.In(ctx), tPolicy.In(ctx),
			tSince.In(ctx), tUntilCol.In(ctx), tBy.In(ctx), tReason.In(ctx), tLastUse.In(ctx), tState.In(ctx),
		},
		pdfColumns: []int{0, 1, 2, 4, 5, 7, 8, 9}, widths: []float64{42, 32, 34, 66, 34, 22, 22, 25},
	}
	for _, r := range t.Rows {
		for _, p := range t.Columns {
			for _, w := range r.Cells[p.Name].Whys {
				s.rows = append(s.rows, []string{
					named(ctx, r.Name), r.Function, i18n.From(w.RoleTitle).In(ctx), string(p.Name), i18n.From(p.Title).In(ctx), ScopeWords(ctx, w.Service, w.Object),
					w.Policy, day(w.Since), day(w.Until), byWords(ctx, w), w.Reason, lastUse(ctx, t, r.Cells[p.Name]), stateWords(ctx, r, r.Cells[p.Name]),
				})
			}
		}
	}
	return s
}

func unusedSheet(ctx context.Context, t Table) sheet {
	s := sheet{
		title: tSheetUnused.In(ctx), at: t.At,
		head: []string{tPerson.In(ctx), tFunction.In(ctx), tRole.In(ctx), tPermission.In(ctx), tMeans.In(ctx), tSince.In(ctx), tLastUse.In(ctx), tState.In(ctx)},
	}
	for _, r := range t.Rows {
		for _, p := range t.Columns {
			c := r.Cells[p.Name]
			if !c.Unused && !r.Dormant {
				continue
			}
			for _, w := range c.Whys {
				s.rows = append(s.rows, []string{
					named(ctx, r.Name), r.Function, i18n.From(w.RoleTitle).In(ctx), string(p.Name), i18n.From(p.Title).In(ctx),
					day(w.Since), lastUse(ctx, t, c), stateWords(ctx, r, c),
				})
			}
		}
	}
	return s
}

func staffSheet(ctx context.Context, lines []StaffLine, at time.Time) sheet {
	s := sheet{
		title: tSheetStaff.In(ctx), subtitle: i18n.Moment(ctx, at), at: at,
		head:       []string{tFunction.In(ctx), tPerson.In(ctx), tRole.In(ctx), tScope.In(ctx), tSince.In(ctx), tUntilCol.In(ctx), tReason.In(ctx)},
		pdfColumns: []int{0, 1, 2, 3, 4, 5, 6}, widths: []float64{45, 50, 45, 50, 22, 22, 43},
	}
	for _, l := range lines {
		scope := l.OrgName
		if l.Org == core.Platform {
			scope = tPlatform.In(ctx)
		}
		s.rows = append(s.rows, []string{l.Function, named(ctx, l.Name), i18n.From(l.RoleTitle).In(ctx), scope, day(l.From), day(l.Until), l.Reason})
	}
	return s
}

func named(ctx context.Context, name string) string {
	if name == "" {
		return tUnnamed.In(ctx)
	}
	return name
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02")
}

func byWords(ctx context.Context, w Why) string {
	if w.Assignment == "" {
		return tMembership.In(ctx)
	}
	return w.ByName
}

func lastUse(ctx context.Context, t Table, c Cell) string {
	if !t.Now {
		return ""
	}
	if c.LastUsed.IsZero() {
		return tNever.In(ctx)
	}
	return day(c.LastUsed)
}

func stateWords(ctx context.Context, r Row, c Cell) string {
	var words []string
	if r.Blocked != nil {
		words = append(words, tBlockedWord.In(ctx))
	}
	if r.Dormant {
		words = append(words, tDormantWord.In(ctx))
	}
	if c.Unused {
		words = append(words, tUnusedWord.In(ctx))
	}
	return strings.Join(words, ", ")
}

// ScopeWords says what an assignment reaches.
func ScopeWords(ctx context.Context, service string, object core.ID) string {
	switch {
	case service == "" && object == "":
		return tEverywhere.In(ctx)
	case object == "":
		return service
	case service == "":
		return string(object)
	}
	return service + ", " + string(object)
}

// csv writes the sheet for spreadsheets: UTF-8 with its mark, and no cell that a spreadsheet would run as a formula.
func (s sheet) csv() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	for _, row := range append([][]string{s.head}, s.rows...) {
		safe := slices.Clone(row)
		for i, cell := range safe {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				safe[i] = "'" + cell
			}
		}
		_ = w.Write(safe) // a bytes.Buffer never fails
	}
	w.Flush()
	return b.Bytes()
}

// pdf draws the sheet on A4 pages, each with its number and the SHA-256 of the same table in CSV.
func (s sheet) pdf(ctx context.Context, table []byte) ([]byte, error) {
	doc := fpdf.New("L", "mm", "A4", "")
	doc.SetCreationDate(s.at)
	doc.SetModificationDate(s.at)
	doc.SetTitle(s.title, true)
	doc.SetLang(i18n.Of(ctx).String())
	doc.SetMargins(10, 12, 10)
	doc.SetAutoPageBreak(true, 16)
	doc.AliasNbPages("")
	latin := doc.UnicodeTranslatorFromDescriptor("cp1252")
	text := func(t string) string { return latin(strings.NewReplacer("\u202f", "\u00a0", "’", "'").Replace(t)) }
	print := digest(table)
	doc.SetHeaderFunc(func() {
		doc.SetFont("Helvetica", "B", 12)
		doc.CellFormat(0, 6, text(s.title), "", 1, "L", false, 0, "")
		doc.SetFont("Helvetica", "", 9)
		doc.CellFormat(0, 5, text(s.subtitle), "", 1, "L", false, 0, "")
		doc.Ln(2)
		doc.SetFont("Helvetica", "B", 8)
		doc.SetFillColor(232, 236, 240)
		for i, c := range s.pdfColumns {
			doc.CellFormat(s.widths[i], 6, text(s.head[c]), "", 0, "L", true, 0, "")
		}
		doc.Ln(6)
	})
	doc.SetFooterFunc(func() {
		doc.SetY(-12)
		doc.SetFont("Helvetica", "", 7)
		doc.CellFormat(200, 5, text(tPrint.In(ctx, print)), "", 0, "L", false, 0, "")
		doc.CellFormat(0, 5, text(tPage.In(ctx, doc.PageNo())), "", 0, "R", false, 0, "")
	})
	doc.AddPage()
	doc.SetFont("Helvetica", "", 8)
	for _, row := range s.rows {
		for i, c := range s.pdfColumns {
			doc.CellFormat(s.widths[i], 5, fit(doc, text(row[c]), s.widths[i]-2), "B", 0, "L", false, 0, "")
		}
		doc.Ln(5)
	}
	var b bytes.Buffer
	err := doc.Output(&b)
	return b.Bytes(), err
}

// fit cuts a text to a width; cp1252 is one byte per character.
func fit(doc *fpdf.Fpdf, t string, width float64) string {
	if doc.GetStringWidth(t) <= width {
		return t
	}
	for len(t) > 0 && doc.GetStringWidth(t+"\x85") > width {
		t = t[:len(t)-1]
	}
	return t + "\x85"
}
