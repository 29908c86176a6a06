package terms

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Likeness is the shape of a document, for a test environment: how many versions it had, who accepted which, and nothing of what
// it says.
type Likeness struct {
	Required, Withdrawn bool
	Again               []bool // of each version, the first one first
	Accepted            []AcceptedBy
}

// AcceptedBy is who accepted which version.
type AcceptedBy struct {
	Person  core.ID
	Version int64
}

var qAllAccepted = db.SQL(`SELECT person, version FROM terms_acceptance WHERE org = $1 AND document = $2 ORDER BY version, accepted_at, person`)

// Likenesses gives the shape of the documents of an organization, and says every text of theirs.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, org core.ID, say func(column, value string)) ([]Likeness, error) {
	docs, err := db.All(ctx, tx, qDocuments, scanDocument, org)
	if err != nil {
		return nil, err
	}
	all := make([]Likeness, len(docs))
	for i, d := range docs {
		say("title_fr", d.Title.FR)
		say("title_en", d.Title.EN)
		versions, err := db.All(ctx, tx, qVersions, scanVersion, org, d.ID)
		if err != nil {
			return nil, err
		}
		l := Likeness{Required: d.Required, Withdrawn: d.Withdrawn, Again: make([]bool, len(versions))}
		for n, v := range versions { // the last one first
			l.Again[len(versions)-1-n] = v.Again
			for column, value := range map[string]string{"text_fr": v.Text.FR, "text_en": v.Text.EN, "summary_fr": v.Summary.FR, "summary_en": v.Summary.EN} {
				say(column, value)
			}
		}
		if l.Accepted, err = db.All(ctx, tx, qAllAccepted, func(scan db.Scan) (a AcceptedBy, err error) { return a, scan(&a.Person, &a.Version) }, org, d.ID); err != nil {
			return nil, err
		}
		all[i] = l
	}
	return all, nil
}
