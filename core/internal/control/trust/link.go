package trust

import (
	"context"
	"crypto/sha256"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/export"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

var (
	errLink  = i18n.Fault(core.NotFound, "auditor_link.gone", "Ce lien n'existe pas, a expiré ou a été retiré. Demandez-en un autre à qui vous l'a donné.", "This link does not exist, has expired or was taken back. Ask whoever gave it to you for another.")
	errNone  = i18n.Fault(core.NotFound, "auditor_link.absent", "Ce lien d'auditeur n'existe pas.", "There is no such auditor's link.")
	errDraft = i18n.Fault(core.Invalid, "auditor_link.invalid", "Un champ du lien est à corriger.", "A field of the link needs correcting.")

	reasonLabel = i18n.Reason("auditor_link.label", "Dites pour quel audit, en 3 à 100 caractères.", "Say for which audit, in 3 to 100 characters.")
	reasonDays  = i18n.Reason("auditor_link.days", "Choisissez de 1 à 90 jours.", "Choose 1 to 90 days.")
)

// Prefix starts the secret of a link: one look tells what was found where it should not be.
const Prefix = "rpa_"

// MostDays is the longest that a link lasts.
const MostDays = 90

// Link is the right of an auditor to read the controls of one place.
type Link struct {
	Org     core.ID // Platform for the provider's whole
	ID      core.ID
	Label   string // which audit
	MadeAt  time.Time
	MadeBy  core.ID
	EndsAt  time.Time
	EndedAt time.Time
	Visits  int64
	LastAt  time.Time
}

// Live tells whether the link opens at a moment.
func (l Link) Live(now time.Time) bool { return l.EndedAt.IsZero() && now.Before(l.EndsAt) }

const linkColumns = `org, id, label, made_at, made_by, ends_at, ended_at, visits, last_at`

var (
	qLinks   = db.SQL(`SELECT ` + linkColumns + ` FROM trust_link WHERE org = $1 ORDER BY made_at DESC, id LIMIT 200`)
	qByHash  = db.SQL(`SELECT ` + linkColumns + ` FROM trust_link WHERE hash = $1`)
	qAddLink = db.SQL(`INSERT INTO trust_link (org, id, hash, label, made_at, made_by, ends_at, ended_at, ended_by, visits, last_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', 0, 0)`)
	qEndLink = db.SQL(`UPDATE trust_link SET ended_at = $3, ended_by = $4 WHERE org = $1 AND id = $2 AND ended_at = 0`)
	qVisit   = db.SQL(`UPDATE trust_link SET visits = visits + 1, last_at = $3 WHERE org = $1 AND id = $2 AND ended_at = 0 AND ends_at > $3`)
)

func scanLink(scan db.Scan) (l Link, err error) {
	var made, ends, ended, last int64
	err = scan(&l.Org, &l.ID, &l.Label, &made, &l.MadeBy, &ends, &ended, &l.Visits, &last)
	l.MadeAt, l.EndsAt, l.EndedAt, l.LastAt = clock.FromMicros(made), clock.FromMicros(ends), clock.FromMicros(ended), clock.FromMicros(last)
	return l, err
}

// Links lists those of an organization, or of the provider.
func (m *Module) Links(ctx context.Context, org core.ID) (list []Link, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinks, Org: org}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qLinks, scanLink, org)
		for i := range list {
			if err == nil {
				err = m.openLabel(ctx, &list[i])
			}
		}
		return err
	})
	return list, err
}

// Give makes a link for so many days; its address is shown once.
func (m *Module) Give(ctx context.Context, org core.ID, label string, days int) (address string, err error) {
	label = strings.Join(strings.Fields(label), " ")
	bad := errDraft
	if n := utf8.RuneCountInString(label); n < 3 || n > 100 || !utf8.ValidString(label) {
		bad = bad.With("label", reasonLabel)
	}
	if days < 1 || days > MostDays {
		bad = bad.With("days", reasonDays)
	}
	if len(bad.Fields) > 0 {
		return "", bad
	}
	secret, now := ids.Secret(Prefix, 32), m.needs.Clock.Now()
	act := &core.Act{Def: MakeLink, Org: org, Resource: ids.At(now)}
	act.Changed("days", "", now.AddDate(0, 0, days).UTC().Format("2006-01-02"))
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		kept, err := pack.Shut(ctx, m.needs.Sealer, labelPlace(org, act.Resource), label, org)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAddLink, org, act.Resource, hashOf(secret), kept, clock.Micros(now), by(ctx), clock.Micros(now.AddDate(0, 0, days)))
		return err
	})
	if err != nil {
		return "", err
	}
	return m.needs.Origin + "/audit/open/" + url.PathEscape(secret), nil
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// End takes a link back: its next request is refused.
func (m *Module) End(ctx context.Context, org, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: EndLink, Org: org, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qEndLink, org, id, clock.Micros(m.needs.Clock.Now()), by(ctx))
		if err == nil && n == 0 {
			return errNone
		}
		return err
	})
}

// Find tells whether a secret opens a link, without counting a visit.
func (m *Module) Find(ctx context.Context, secret string) (l Link, err error) {
	if !strings.HasPrefix(secret, Prefix) || len(secret) > 200 {
		return l, errLink
	}
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		var found bool
		if l, found, err = db.One(ctx, tx, qByHash, scanLink, hashOf(secret)); err == nil && found {
			err = m.openLabel(ctx, &l)
		}
		if err == nil && (!found || !l.Live(m.needs.Clock.Now())) {
			return errLink
		}
		return err
	})
	if err != nil {
		return Link{}, err
	}
	return l, nil
}

// visit opens a link and journals it: what was read stands in the entry.
func (m *Module) visit(ctx context.Context, secret, what string) (Link, error) {
	l, err := m.Find(ctx, secret)
	if err != nil {
		return l, err
	}
	act := &core.Act{Def: VisitLink, Org: l.Org, Resource: l.ID}
	act.Changed("page", "", what)
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qVisit, l.Org, l.ID, clock.Micros(m.needs.Clock.Now()))
		if err == nil && n == 0 {
			return errLink // ended meanwhile
		}
		return err
	})
	return l, err
}

// Visit is what an auditor sees of a place: the controls and nothing else.
type Visit struct {
	Link
	Document annex.Document
	Summary  control.Summary
}

// Visit opens the controls to whoever holds the secret of a link.
func (m *Module) Visit(ctx context.Context, secret, what string) (v Visit, err error) {
	if v.Link, err = m.visit(ctx, secret, what); err != nil {
		return v, err
	}
	if v.Document, err = m.state(ctx, v.Org); err != nil {
		return v, err
	}
	v.Summary = v.Document.Tally()
	return v, nil
}

// VisitFile gives an auditor the controls in a format, or the annex as it stands in a form ("html", "pdf", "odt").
func (m *Module) VisitFile(ctx context.Context, secret, form string, lang i18n.Lang) (f export.File, err error) {
	v, err := m.Visit(ctx, secret, form)
	if err != nil {
		return f, err
	}
	if form != "html" && form != "pdf" && form != "odt" {
		return export.Write(ctx, v.Document, export.Format(form))
	}
	snapshot, err := v.Document.Bytes()
	if err != nil {
		return f, err
	}
	return File(v.Document, Kept{At: v.Document.At, Hash: annex.Hash(snapshot)}, form, lang)
}
