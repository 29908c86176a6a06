package organization

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	tables "github.com/rempart/rempart/kit/sheet"
)

// mostExported is how many members one export can hold.
const mostExported = 20_000

var (
	errTooMany = i18n.Fault(core.Invalid, "member.export_too_big", "L'export dépasse 20 000 membres : filtrez la liste.", "The export is larger than 20,000 members: filter the list.")
	errFormat  = i18n.Fault(core.Malformed, "member.export_format", "Formats d'export : csv ou xlsx.", "Export formats: csv or xlsx.")

	tName       = i18n.T("Nom", "Name")
	tEmail      = i18n.T("Adresse électronique", "E-mail address")
	tFunction   = i18n.T("Fonction", "Function")
	tDepartment = i18n.T("Service", "Department")
	tGroup      = i18n.T("Groupe", "Group")
	tCommittee  = i18n.T("Commission", "Committee")
	tState      = i18n.T("État", "State")
	tSince      = i18n.T("Depuis", "Since")
	tLeft       = i18n.T("Départ", "Left")
	states      = map[string]i18n.Sentence{"active": i18n.T("actif", "active"), "invited": i18n.T("invité", "invited"), "left": i18n.T("parti", "left")}
)

// Export writes the members that a filter shows, in its order, as "csv" or "xlsx". Every person written is named in the
// entry of the journal.
func (m *Module) Export(ctx context.Context, org core.ID, f Filter, format string) ([]byte, error) {
	if format != "csv" && format != "xlsx" {
		return nil, errFormat
	}
	var all []Member
	act := &core.Act{Def: ExportMembers, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		all = nil
		page := Page{}
		present, err := m.whole(ctx, tx, qPresent, org)
		if err != nil {
			return err
		}
		page.label(present)
		chosen, err := m.chosen(ctx, tx, org, f, present, &page)
		if err != nil {
			return err
		}
		all = copied(chosen)
		if len(all) > mostExported {
			return errTooMany
		}
		act.Subjects = persons(all)
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows := table(ctx, all)
	var out bytes.Buffer
	if format == "xlsx" {
		err = writeXLSX(&out, rows)
	} else {
		err = writeCSV(ctx, &out, rows)
	}
	return out.Bytes(), err
}

func table(ctx context.Context, list []Member) [][]string {
	rows := [][]string{{
		tName.In(ctx), tEmail.In(ctx), tFunction.In(ctx), tDepartment.In(ctx), tGroup.In(ctx), tCommittee.In(ctx),
		tState.In(ctx), tSince.In(ctx), tLeft.In(ctx),
	}}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.DateOnly)
	}
	for _, m := range list {
		since := m.JoinedAt
		if since.IsZero() {
			since = m.InvitedAt
		}
		rows = append(rows, []string{
			m.Name, m.Email, m.Function, m.Department, m.Group, m.Committee, states[m.State].In(ctx), day(since), day(m.LeftAt),
		})
	}
	return rows
}

func writeCSV(ctx context.Context, out io.Writer, rows [][]string) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil { // so that spreadsheets read UTF-8
		return err
	}
	w := csv.NewWriter(out)
	if i18n.Of(ctx) == i18n.FR {
		w.Comma = ';'
	}
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = tables.Inert(cell)
		}
		if err := w.Write(safe); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func writeXLSX(out io.Writer, rows [][]string) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, text := range row {
			cells[j] = tables.Inert(text) // written as texts, never as formulas; inert still, for who saves it as CSV later
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := w.SetRow(at, cells); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = f.WriteTo(out)
	return err
}
