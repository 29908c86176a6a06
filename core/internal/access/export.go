package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
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
	return m.export(ctx, org, format, "habilitations", func(ctx context.Context, tx core.Tx, act *core.Act) (sheet.Sheet, error) {
		t, err := m.TableAt(ctx, tx, org, at, "", "", maxExport)
		if err != nil {
			return sheet.Sheet{}, err
		}
		if act.Subjects, err = m.nameRows(ctx, tx, org, t.Rows); err != nil {
			return sheet.Sheet{}, err
		}
		name := string(org)
		if m.Needs.Roster != nil && org != core.Platform {
			o, err := m.Needs.Roster.Org(ctx, tx, org)
			if err != nil {
				return sheet.Sheet{}, err
			}
			name = o.Name
		}
		return tableSheet(ctx, t, name), nil
	})
}

// ExportUnused gives the rights that nobody used for the days of the policy in force, and the dormant persons.
func (m *Module) ExportUnused(ctx context.Context, org core.ID) (File, error) {
	return m.export(ctx, org, FormatCSV, "unused", func(ctx context.Context, tx core.Tx, act *core.Act) (sheet.Sheet, error) {
		t, err := m.TableAt(ctx, tx, org, time.Time{}, "", "", maxExport)
		if err != nil {
			return sheet.Sheet{}, err
		}
		act.Subjects, err = m.nameRows(ctx, tx, org, t.Rows)
		return unusedSheet(ctx, t), err
	})
}

// ExportStaff gives the table of staff habilitations: function, person, scope (EMG-2.3).
func (m *Module) ExportStaff(ctx context.Context, at time.Time, format string) (File, error) {
	return m.export(ctx, core.Platform, format, "staff", func(ctx context.Context, tx core.Tx, act *core.Act) (sheet.Sheet, error) {
		if at.IsZero() {
			at = m.Needs.Clock.Now()
		}
		lines, err := m.staffWithNames(ctx, tx, act, at)
		return staffSheet(ctx, lines, at), err
	})
}

func (m *Module) export(ctx context.Context, org core.ID, format, name string, fill func(context.Context, core.Tx, *core.Act) (sheet.Sheet, error)) (f File, err error) {
	act := &core.Act{Def: &ExportHabilitations, Org: org}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if format != FormatCSV && format != FormatPDF {
			return errFormat
		}
		s, err := fill(ctx, tx, act)
		if err != nil {
			return err
		}
		f = File{Name: name + "-" + s.At.Format("2006-01-02") + "." + format, Type: "text/csv; charset=utf-8"}
		if f.Bytes = s.CSV(); format == FormatPDF {
			f.Type = "application/pdf"
			if f.Bytes, err = s.PDF(ctx); err != nil {
				return fmt.Errorf("access: draw a table: %w", err)
			}
		}
		f.SHA256 = sheet.Digest(f.Bytes)
		// The hash names what was exported in the clear part of the entry, which outlives every person of the table.
		act.Resource = core.ID(f.SHA256)
		act.Changed("format", "", format)
		return nil
	})
	return f, err
}

var (
	tSheetTitle  = i18n.T("Table des habilitations", "Habilitation table")
	tSheetStaff  = i18n.T("Habilitations du personnel", "Habilitations of staff")
	tSheetUnused = i18n.T("Droits inutilisés", "Unused rights")
	tAsOf        = i18n.T("%s, au %s", "%s, as of %s")
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

func tableSheet(ctx context.Context, t Table, org string) sheet.Sheet {
	s := sheet.Sheet{
		Title: tSheetTitle.In(ctx), Subtitle: tAsOf.In(ctx, org, i18n.Moment(ctx, t.At)), At: t.At,
		Head: []string{
			tPerson.In(ctx), tFunction.In(ctx), tRole.In(ctx), tPermission.In(ctx), tMeans.In(ctx), tScope.In(ctx), tPolicy.In(ctx),
			tSince.In(ctx), tUntilCol.In(ctx), tBy.In(ctx), tReason.In(ctx), tLastUse.In(ctx), tState.In(ctx),
		},
		Columns: []int{0, 1, 2, 4, 5, 7, 8, 9}, Widths: []float64{42, 32, 34, 66, 34, 22, 22, 25},
	}
	for _, r := range t.Rows {
		for _, p := range t.Columns {
			for _, w := range r.Cells[p.Name].Whys {
				s.Rows = append(s.Rows, []string{
					named(ctx, r.Name), r.Function, i18n.From(w.RoleTitle).In(ctx), string(p.Name), i18n.From(p.Title).In(ctx), ScopeWords(ctx, w.Service, w.Object),
					w.Policy, day(w.Since), day(w.Until), byWords(ctx, w), w.Reason, lastUse(ctx, t, r.Cells[p.Name]), stateWords(ctx, r, r.Cells[p.Name]),
				})
			}
		}
	}
	return s
}

func unusedSheet(ctx context.Context, t Table) sheet.Sheet {
	s := sheet.Sheet{
		Title: tSheetUnused.In(ctx), At: t.At,
		Head: []string{tPerson.In(ctx), tFunction.In(ctx), tRole.In(ctx), tPermission.In(ctx), tMeans.In(ctx), tSince.In(ctx), tLastUse.In(ctx), tState.In(ctx)},
	}
	for _, r := range t.Rows {
		for _, p := range t.Columns {
			c := r.Cells[p.Name]
			if !c.Unused && !r.Dormant {
				continue
			}
			for _, w := range c.Whys {
				s.Rows = append(s.Rows, []string{
					named(ctx, r.Name), r.Function, i18n.From(w.RoleTitle).In(ctx), string(p.Name), i18n.From(p.Title).In(ctx),
					day(w.Since), lastUse(ctx, t, c), stateWords(ctx, r, c),
				})
			}
		}
	}
	return s
}

func staffSheet(ctx context.Context, lines []StaffLine, at time.Time) sheet.Sheet {
	s := sheet.Sheet{
		Title: tSheetStaff.In(ctx), Subtitle: i18n.Moment(ctx, at), At: at,
		Head:    []string{tFunction.In(ctx), tPerson.In(ctx), tRole.In(ctx), tScope.In(ctx), tSince.In(ctx), tUntilCol.In(ctx), tReason.In(ctx)},
		Columns: []int{0, 1, 2, 3, 4, 5, 6}, Widths: []float64{45, 50, 45, 50, 22, 22, 43},
	}
	for _, l := range lines {
		scope := l.OrgName
		if l.Org == core.Platform {
			scope = tPlatform.In(ctx)
		}
		s.Rows = append(s.Rows, []string{l.Function, named(ctx, l.Name), i18n.From(l.RoleTitle).In(ctx), scope, day(l.From), day(l.Until), l.Reason})
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
