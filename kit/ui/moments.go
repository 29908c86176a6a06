package ui

import (
	"context"
	"time"

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
