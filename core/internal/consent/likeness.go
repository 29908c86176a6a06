package consent

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Likeness is the shape of a question, for a test environment: its versions, who answered what, and nothing of what it says.
type Likeness struct {
	Closed   bool
	Versions []LikeVersion // the first one first
	Answers  []LikeAnswer  // in the order in which they were given
}

// LikeVersion is the shape of one version.
type LikeVersion struct {
	Asks  []string
	Days  int
	Again bool
}

// LikeAnswer is one answer: a yes to a version, with the fields shared, or its withdrawal.
type LikeAnswer struct {
	Person core.ID
	Number int64
	Given  bool
	Fields []string
}

var qAnswersTo = db.SQL(`SELECT ` + recordColumns + ` FROM consent_record WHERE org = $1 AND question = $2 ORDER BY number, at, id`)

// Likenesses gives the shape of the questions of an organization, and says every text of theirs.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, org core.ID, say func(column, value string)) ([]Likeness, error) {
	questions, err := db.All(ctx, tx, qQuestions, scanQuestion, org)
	if err != nil {
		return nil, err
	}
	all := make([]Likeness, len(questions))
	for i, q := range questions {
		l := Likeness{Closed: q.Closed}
		texts, err := db.All(ctx, tx, qTexts, scanText, org, q.ID)
		if err != nil {
			return nil, err
		}
		slices.Reverse(texts)
		for _, t := range texts {
			l.Versions = append(l.Versions, LikeVersion{t.Asks, t.Days, t.Again})
			for column, value := range map[string]string{"title_fr": t.Title.FR, "title_en": t.Title.EN, "text_fr": t.Body.FR, "text_en": t.Body.EN} {
				say(column, value)
			}
		}
		records, err := db.All(ctx, tx, qAnswersTo, scanRecord, org, q.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			l.Answers = append(l.Answers, LikeAnswer{r.Person, r.Number, r.Given, r.Fields})
		}
		all[i] = l
	}
	return all, nil
}
