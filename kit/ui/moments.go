package ui

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/kit/i18n"
)

var (
	tNow     = i18n.T("à l'instant", "just now")
	tMinAgo  = i18n.N("il y a %d minute", "il y a %d minutes", "%d minute ago", "%d minutes ago")
	tHourAgo = i18n.N("il y a %d heure", "il y a %d heures", "%d hour ago", "%d hours ago")
	tDayAgo  = i18n.N("il y a %d jour", "il y a %d jours", "%d day ago", "%d days ago")
	tMinIn   = i18n.N("dans %d minute", "dans %d minutes", "in %d minute", "in %d minutes")
	tHourIn  = i18n.N("dans %d heure", "dans %d heures", "in %d hour", "in %d hours")
	tDayIn   = i18n.N("dans %d jour", "dans %d jours", "in %d day", "in %d days")
)

// Ago says a moment in words relative to now, and as a date beyond thirty days.
func Ago(ctx context.Context, t time.Time) string {
	d := sceneOf(ctx).now.Sub(t)
	minute, hour, day := tMinAgo, tHourAgo, tDayAgo
	if d < 0 {
		d, minute, hour, day = -d, tMinIn, tHourIn, tDayIn
		d += 30 * time.Second
	}
	switch {
	case d < time.Minute:
		return tNow.In(ctx)
	case d < time.Hour:
		return minute.In(ctx, int(d/time.Minute))
	case d < 24*time.Hour:
		return hour.In(ctx, int(d/time.Hour))
	case d < 30*24*time.Hour:
		return day.In(ctx, int(d/(24*time.Hour)))
	}
	return i18n.Date(ctx, t)
}

type compactKey struct{}

// compact draws the content of a cell: moments are written short there, so that lines stay one line.
func compact(c templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(context.WithValue(ctx, compactKey{}, true), w)
	})
}

var shortMonths = [2][12]string{
	{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
	{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
}

// Exact writes a day and time to the second, short: "22 nov. 2026, 14:05:09". Times are UTC.
func Exact(ctx context.Context, t time.Time) string { return short(ctx, t, "15:04:05") }

func short(ctx context.Context, t time.Time, clock string) string {
	return fmt.Sprintf("%d\u00a0%s\u00a0%d, %s", t.Day(), shortMonths[i18n.Of(ctx)][t.Month()-1], t.Year(), t.Format(clock))
}

// moment writes a day and time in full, or short in a cell: "22 nov. 2026, 14:05".
func moment(ctx context.Context, t time.Time) string {
	if ctx.Value(compactKey{}) == nil {
		return i18n.Moment(ctx, t)
	}
	return short(ctx, t, "15:04")
}
