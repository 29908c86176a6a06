package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// exportSupport gives the problems that a person reported with what was noted, what they were named for, and their workstations.
func (m *Module) exportSupport(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	cases, err := db.All(ctx, tx, qCasesMine, scanCase, person)
	if err != nil {
		return err
	}
	for i := range cases {
		c := &cases[i]
		err := emit(core.Record{Table: "recognition_case", Values: map[string]any{
			"scope": c.Scope, "opened_at": c.OpenedAt, "until_at": c.Until, "closed_at": c.ClosedAt, "ended": c.Ended, "noted": c.Noted,
		}})
		if err != nil {
			return err
		}
		lines, err := m.linesOfCase(ctx, tx, c)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := emit(core.Record{Table: "recognition_case_line", Values: map[string]any{"at": l.At, "note": l.Text}}); err != nil {
				return err
			}
		}
	}
	if err := m.exportNamed(ctx, tx, person, emit); err != nil {
		return err
	}
	return m.exportDevices(ctx, tx, person, emit)
}

func (m *Module) exportNamed(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	named, err := db.All(ctx, tx, qNamedAt, db.Value[int64], person)
	if err != nil {
		return err
	}
	for _, at := range named {
		if err := emit(core.Record{Table: "recognition_case_staff", Values: map[string]any{"named_at": clock.FromMicros(at)}}); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) exportDevices(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	list, err := m.devices(ctx, tx, qDevicesBy, person)
	if err != nil {
		return err
	}
	for i := range list {
		d := &list[i]
		values := map[string]any{"details": d.Name + ", " + d.System, "first_at": d.FirstAt, "seen_at": d.SeenAt}
		for n, check := range Checks {
			values[check], values[check+"_at"] = string(d.states[n]), d.since[n]
		}
		if err := emit(core.Record{Table: "recognition_device", Values: values}); err != nil {
			return err
		}
	}
	codes, _, err := db.One(ctx, tx, qCodesCount, db.Value[int64], person)
	if err != nil || codes == 0 {
		return err
	}
	return emit(core.Record{Table: "recognition_desk_code", Values: map[string]any{"waiting": codes}})
}

// eraseSupport closes the problems that a person reported, and forgets their workstations. That a case was opened and closed stays,
// and no longer tells by whom.
func (m *Module) eraseSupport(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	cases, err := db.All(ctx, tx, qCasesMine, scanCase, person)
	if err != nil {
		return nil, err
	}
	canary, err := m.isCanary(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	for i := range cases {
		c := &cases[i]
		if c.Open() {
			if err := m.endCase(ctx, tx, c, "closed"); err != nil {
				return nil, err
			}
		}
		if !canary {
			continue
		}
		for _, q := range []string{qDropStaff, qDropCase} { // of a canary nothing stays
			if _, err := tx.Exec(ctx, q, c.Org, c.ID); err != nil {
				return nil, err
			}
		}
		tx.OnCommit(func() { _ = m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), c.ID) })
	}
	var all []core.Receipt
	for _, step := range []struct{ table, q string }{
		{"recognition_case", qForgetBy},
		{"recognition_case_staff", qForgetStaff},
		{"recognition_case_staff", qForgetNamer},
		{"recognition_device", qDevicesDrop},
		{"recognition_desk_code", qCodesDrop},
	} {
		n, err := tx.Exec(ctx, step.q, person)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			all = append(all, core.Receipt{Table: step.table, Deleted: n})
		}
	}
	return all, nil
}

func (m *Module) isCanary(ctx context.Context, tx core.Tx, person core.ID) (bool, error) {
	return core.CanaryIn(ctx, tx, person, m.needs.People.People)
}

// leaveSupport destroys the keys of the cases of an organization that ends.
func (m *Module) leaveSupport(ctx context.Context, tx core.Tx, org core.ID) error {
	kept, err := db.All(ctx, tx, qCasesKeyed, db.Value[core.ID], org)
	for _, id := range kept {
		tx.OnCommit(func() { _ = m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), id) })
	}
	return err
}
