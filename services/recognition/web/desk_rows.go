package web

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/kit/ui"
)

// historyRows are the calls of a page, each with what can be done.
func historyRows(v deskView) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, c := range v.list {
		rows[i] = ui.Row{Cells: []templ.Component{
			historyWho(c),
			templ.ComponentFunc(func(ctx context.Context, w io.Writer) error { return stateBadge(ctx, c).Render(ctx, w) }),
			ui.Time{At: c.Began},
			historyNote(v.org, c),
			historyActions(v.org, c),
		}}
	}
	return rows
}

func (v deskView) older() string {
	if len(v.list) < 50 || v.search != "" {
		return ""
	}
	return deskAt(v.org, "?before="+string(v.list[len(v.list)-1].ID))
}

func (v deskView) newest() string {
	if v.before == "" {
		return ""
	}
	return deskAt(v.org, "")
}
