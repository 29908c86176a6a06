package inventory

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
)

var (
	tFlags   = i18n.T("À régler", "To be settled")
	tOutcome = i18n.T("Évaluation", "Evaluation")
	tVersion = i18n.T("Révision", "Revision")
	tEntry   = i18n.T("Entrée du journal", "Entry of the journal")
	tGone    = i18n.T("personne effacée", "erased person")
)

// Show says the value of a field in words.
func (f Field) Show(ctx context.Context, value string, names map[core.ID]string) string {
	switch {
	case value == "":
		return ""
	case f.Sort == Staff && names[core.ID(value)] == "":
		return tGone.In(ctx)
	case f.Sort == Staff:
		return names[core.ID(value)]
	}
	for _, o := range f.Options {
		if o.Value == value {
			return o.Title.In(ctx)
		}
	}
	return value
}

// FlagWords says flags in words.
func FlagWords(ctx context.Context, flags []string) string {
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = FlagTitle(f).In(ctx)
	}
	return strings.Join(words, ", ")
}

// CSV gives a register as a sheet, in the language of ctx. Its digest stands in its entry of the journal.
func (m *Module) CSV(ctx context.Context, r *Register) (file []byte, name string, err error) {
	done := &core.Act{Def: r.Export, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		all, err := m.every(ctx, tx, r)
		if err != nil {
			return err
		}
		names, err := m.names(ctx, tx, all)
		if err != nil {
			return err
		}
		now := m.now()
		s := sheet.Sheet{Title: r.Title.In(ctx), At: now}
		for _, f := range r.Fields {
			s.Head = append(s.Head, f.Title.In(ctx))
		}
		s.Head = append(s.Head, tFlags.In(ctx), tOutcome.In(ctx), tVersion.In(ctx), tEntry.In(ctx))
		done.Subjects, done.Changes = nil, nil
		for i := range all {
			it := &all[i]
			var row []string
			for _, f := range r.Fields {
				row = append(row, f.Show(ctx, it.Values[f.Name], names))
			}
			s.Rows = append(s.Rows, append(row, FlagWords(ctx, it.Flags(now)), string(it.Parent), i18n.Number(ctx, it.Revision), string(it.Entry)))
			if it.Owner != "" {
				done.Subjects = append(done.Subjects, it.Owner)
			}
		}
		file, name = s.CSV(), r.ID+"-"+now.Format(time.DateOnly)+".csv"
		done.Changed("sha256", "", sheet.Digest(file))
		return nil
	})
	return file, name, err
}
