package review

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
)

// File is an exported result. Its hash is a change of its entry in the journal: a file shown later is genuine when an entry
// names its SHA-256.
type File struct {
	Name, Type, SHA256 string
	Bytes              []byte
}

// The formats of an export.
const (
	FormatCSV = "csv"
	FormatPDF = "pdf"
)

var (
	errFormat = i18n.Fault(core.Invalid, "access_review.format", "Choisissez CSV ou PDF.", "Choose CSV or PDF.")

	tResultOf   = i18n.T("Résultat d'une revue des habilitations", "Result of a review of assignments")
	tFromTo     = i18n.T("%s, du %s au %s", "%s, from %s to %s")
	tPerson     = i18n.T("Personne", "Person")
	tFunction   = i18n.T("Fonction", "Function")
	tRole       = i18n.T("Rôle", "Role")
	tScope      = i18n.T("Portée", "Scope")
	tSince      = i18n.T("Depuis", "Since")
	tUntilDay   = i18n.T("Jusqu'au", "Until")
	tAnswer     = i18n.T("Réponse", "Answer")
	tWord       = i18n.T("Motif", "Reason")
	tBy         = i18n.T("Par", "By")
	tOn         = i18n.T("Le", "On")
	tEverywhere = i18n.T("toute l'organisation", "the whole organization")
	tErased     = i18n.T("compte de service ou personne effacée", "service account or erased person")
	tItself     = i18n.T("la plateforme", "the platform")
)

var answers = map[string]i18n.Sentence{
	"":       i18n.T("sans réponse", "no answer"),
	Kept:     i18n.T("gardée", "kept"),
	Revoked:  i18n.T("retirée", "revoked"),
	Lapsed:   i18n.T("retirée faute de réponse", "revoked without an answer"),
	Gone:     i18n.T("déjà finie", "ended already"),
	Left:     i18n.T("laissée : dernière personne qui administre", "left: the last administrator"),
	Restored: i18n.T("rétablie", "restored"),
}

// AnswerTitle says in words what became of a line.
func AnswerTitle(ctx context.Context, answer string) string { return answers[answer].In(ctx) }

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

// RoleTitle says a role in words.
func RoleTitle(ctx context.Context, roles []Role, id string) string {
	for _, r := range roles {
		if r.ID == id {
			return i18n.From(r.Title).In(ctx)
		}
	}
	return id
}

// Export gives the result of a review as a file, in the language of ctx.
func (m *Module) Export(ctx context.Context, org, id core.ID, format string) (f File, err error) {
	act := &core.Act{Def: ExportReviews, Org: org, Resource: id}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if format != FormatCSV && format != FormatPDF {
			return errFormat
		}
		v, err := m.result(ctx, tx, act, "", 100_000)
		if err != nil {
			return err
		}
		s := m.sheet(ctx, v)
		f = File{Name: "review-" + s.At.Format(time.DateOnly) + "." + format, Type: "text/csv; charset=utf-8", Bytes: s.CSV()}
		if format == FormatPDF {
			f.Type = "application/pdf"
			if f.Bytes, err = s.PDF(ctx); err != nil {
				return err
			}
		}
		f.SHA256 = sheet.Digest(f.Bytes)
		act.Changed("format", "", format)
		act.Changed("sha256", "", f.SHA256)
		return nil
	})
	return f, err
}

func (m *Module) sheet(ctx context.Context, v Result) sheet.Sheet {
	c := v.Campaign
	end := c.Deadline
	if !c.ClosedAt.IsZero() {
		end = c.ClosedAt
	}
	s := sheet.Sheet{
		Title: tResultOf.In(ctx), Subtitle: tFromTo.In(ctx, v.OrgName, i18n.Moment(ctx, c.StartedAt), i18n.Moment(ctx, end)), At: c.StartedAt,
		Head:    []string{tPerson.In(ctx), tFunction.In(ctx), tRole.In(ctx), tScope.In(ctx), tSince.In(ctx), tUntilDay.In(ctx), tAnswer.In(ctx), tWord.In(ctx), tBy.In(ctx), tOn.In(ctx)},
		Widths:  []float64{38, 32, 34, 36, 20, 20, 34, 35, 28},
		Columns: []int{0, 1, 2, 3, 4, 5, 6, 7, 8},
	}
	for _, l := range v.Lines {
		by := v.Names[l.AnsweredBy]
		if by == "" && l.Answer != "" {
			by = tItself.In(ctx)
		}
		s.Rows = append(s.Rows, []string{
			named(ctx, v.Names[l.Person]), v.Posts[l.Person], RoleTitle(ctx, v.Roles, l.Role), ScopeWords(ctx, l.Service, l.Object),
			day(l.From), day(l.Until), AnswerTitle(ctx, l.Answer), l.Word, by, day(l.AnsweredAt),
		})
	}
	return s
}

func named(ctx context.Context, name string) string {
	if name == "" {
		return tErased.In(ctx)
	}
	return name
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
