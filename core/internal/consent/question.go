package consent

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

const (
	mostTitle = 150
	mostText  = 5_000
	mostDays  = 5 * 365
)

var (
	errAbsent = i18n.Fault(core.NotFound, "consent.absent", "Cette demande de consentement n'existe pas, ou ne vous concerne pas.", "There is no such consent question, or it does not concern you.")
	errForm   = i18n.Fault(core.Invalid, "consent.invalid", "Un champ de la demande est à corriger.", "A field of the question needs correcting.")
	errClosed = i18n.Fault(core.Conflict, "consent.closed", "Cette demande est close.", "This question is closed.")
	errSame   = i18n.Fault(core.Conflict, "consent.same", "Le texte est le même que celui de la version en vigueur.", "The text is the same as that of the version in force.")
	errMoved  = i18n.Fault(core.Precondition, "consent.moved", "La demande a changé depuis que vous l'avez lue. Relisez-la, puis recommencez.", "The question has changed since you read it. Read it again, then retry.")

	whyTitle   = i18n.Reason("consent.title", "Donnez un titre dans les deux langues, de 150 caractères au plus.", "Give a title in both languages, of at most 150 characters.")
	whyText    = i18n.Reason("consent.text", "Donnez le texte dans les deux langues, de 5 000 caractères au plus.", "Give the text in both languages, of at most 5,000 characters.")
	whyPurpose = i18n.Reason("consent.purpose", "Nommez la finalité : 2 à 40 lettres minuscules, chiffres ou tirets, qui commencent par une lettre.", "Name the purpose: 2 to 40 lower-case letters, digits or dashes, beginning with a letter.")
	whyTaken   = i18n.Reason("consent.purpose_taken", "Ce nom est celui d'une finalité de la plateforme : choisissez-en un autre.", "This name is that of a purpose of the platform: choose another.")
	whyAsks    = i18n.Reason("consent.asks", "Choisissez des champs dans la liste.", "Choose fields of the list.")
	whyDays    = i18n.Reason("consent.days", "Donnez la plus longue durée du partage, de 1 à 1 825 jours.", "Give the longest time of the share, from 1 to 1,825 days.")
)

// Question is what an organization asks of persons.
type Question struct {
	Org, ID   core.ID
	Purpose   core.Purpose
	Latest    int64 // number of the version in force
	Due       int64 // the oldest version whose consent still holds
	CreatedAt time.Time
	Closed    bool
}

// Text is one version of a question. It never changes.
type Text struct {
	Number      int64
	Title, Body core.Text
	Asks        []string // ids of fields; none for a consent alone
	Days        int      // the longest that they are shared for
	Digest      string   // SHA-256 of all of the above with the purpose: what exactly was shown
	Again       bool     // consents to earlier versions stopped holding
	PublishedAt time.Time
	PublishedBy core.ID
}

// Draft is what is typed to publish a version.
type Draft struct {
	Purpose     core.Purpose // of a new question
	Title, Body core.Text
	Asks        []string
	Days        int
	Again       bool
	Number      int64 // version that was read; 0 for a new question
}

var (
	qAddQuestion = db.SQL(`INSERT INTO consent_question (org, id, purpose, latest, due, created_at, closed_at) VALUES ($1, $2, $3, 1, 1, $4, 0)`)
	qQuestion    = db.SQL(`SELECT org, id, purpose, latest, due, created_at, closed_at FROM consent_question WHERE id = $1`)
	qQuestions   = db.SQL(`SELECT org, id, purpose, latest, due, created_at, closed_at FROM consent_question WHERE org = $1 ORDER BY created_at, id`)
	qAdvance     = db.SQL(`UPDATE consent_question SET latest = $3, due = $4 WHERE org = $1 AND id = $2 AND latest = $5 AND closed_at = 0`)
	qClose       = db.SQL(`UPDATE consent_question SET closed_at = $3 WHERE org = $1 AND id = $2 AND closed_at = 0`)
	qAddText     = db.SQL(`INSERT INTO consent_text (org, question, number, title_fr, title_en, text_fr, text_en, asks, days, digest, again, published_at, published_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
	qText  = db.SQL(`SELECT number, title_fr, title_en, text_fr, text_en, asks, days, digest, again, published_at, published_by FROM consent_text WHERE org = $1 AND question = $2 AND number = $3`)
	qTexts = db.SQL(`SELECT number, title_fr, title_en, text_fr, text_en, asks, days, digest, again, published_at, published_by FROM consent_text WHERE org = $1 AND question = $2 ORDER BY number DESC`)
)

func scanQuestion(scan db.Scan) (q Question, err error) {
	var created, closed int64
	err = scan(&q.Org, &q.ID, &q.Purpose, &q.Latest, &q.Due, &created, &closed)
	q.CreatedAt, q.Closed = clock.FromMicros(created), closed > 0
	return q, err
}

func scanText(scan db.Scan) (t Text, err error) {
	var asks string
	var days, at int64
	err = scan(&t.Number, &t.Title.FR, &t.Title.EN, &t.Body.FR, &t.Body.EN, &asks, &days, &t.Digest, &t.Again, &at, &t.PublishedBy)
	t.Asks, t.Days, t.PublishedAt = strings.Fields(asks), int(days), clock.FromMicros(at)
	return t, err
}

// digest pins everything that a person is shown of a version.
func digest(q Question, t Text) string {
	n := notice(q, t, "")
	return verify.ConsentDigest(string(q.Org), string(q.ID), string(q.Purpose), &n)
}

// Genuine tells whether a version still says what was published.
func (t Text) Genuine(q Question) bool { return digest(q, t) == t.Digest }

func line(s string, most int) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	return s, s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

func body(s string, most int) (string, bool) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	bad := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	return s, s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, bad)
}

var purposeForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

// check cleans what was typed of a version.
func (m *Module) check(d Draft, purpose core.Purpose) (Text, error) {
	bad, t := errForm, Text{Asks: slices.Compact(slices.Sorted(slices.Values(d.Asks))), Days: d.Days, Again: d.Again}
	var fr, en bool
	if !purposeForm.MatchString(string(purpose)) {
		bad = bad.With("purpose", whyPurpose)
	}
	if slices.Contains([]core.Purpose{core.PurposeService, core.PurposeSecurity, core.PurposeSupport, core.PurposeLegal}, purpose) {
		bad = bad.With("purpose", whyTaken)
	}
	t.Title.FR, fr = line(d.Title.FR, mostTitle)
	t.Title.EN, en = line(d.Title.EN, mostTitle)
	if !fr || !en {
		bad = bad.With("title_fr", whyTitle)
	}
	t.Body.FR, fr = body(d.Body.FR, mostText)
	t.Body.EN, en = body(d.Body.EN, mostText)
	if !fr || !en {
		bad = bad.With("text_fr", whyText)
	}
	for _, f := range t.Asks {
		if m.source[f] == nil {
			bad = bad.With("asks", whyAsks)
			break
		}
	}
	switch {
	case len(t.Asks) == 0:
		t.Days = 0
	case t.Days < 1 || t.Days > mostDays:
		bad = bad.With("days", whyDays)
	}
	if len(bad.Fields) > 0 {
		return t, bad
	}
	return t, nil
}

// Publish makes a question, or a new version of one: id "" for a new one. A published version never changes.
func (m *Module) Publish(ctx context.Context, org, id core.ID, d Draft) (core.ID, error) {
	fresh := id == ""
	if fresh {
		id = ids.At(m.now())
	}
	done := &core.Act{Def: PublishText, Org: org, Resource: id}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		q := Question{Org: org, ID: id, Purpose: core.Purpose(strings.TrimSpace(string(d.Purpose)))}
		if !fresh {
			var err error
			if q, err = m.of(ctx, tx, org, id); err != nil {
				return err
			}
		}
		t, err := m.check(d, q.Purpose)
		if err != nil {
			return err
		}
		return m.publish(ctx, tx, done, q, t, d.Number, fresh)
	})
	return id, err
}

func (m *Module) publish(ctx context.Context, tx core.Tx, done *core.Act, q Question, t Text, read int64, fresh bool) error {
	now := clock.Micros(m.now())
	t.Number = q.Latest + 1
	if fresh {
		if _, err := tx.Exec(ctx, qAddQuestion, q.Org, q.ID, q.Purpose, now); err != nil {
			return err
		}
	} else {
		if q.Closed {
			return errClosed
		}
		before, err := m.text(ctx, tx, q, q.Latest)
		if err != nil {
			return err
		}
		if before.Title == t.Title && before.Body == t.Body && slices.Equal(before.Asks, t.Asks) && before.Days == t.Days {
			return errSame
		}
		due := q.Due
		// A consent never covers more than what was shown: whoever asks for more fields asks again.
		if t.Again = t.Again || !covers(before.Asks, t.Asks); t.Again {
			due = t.Number
		}
		n, err := tx.Exec(ctx, qAdvance, q.Org, q.ID, t.Number, due, read)
		if err != nil {
			return err
		}
		if n == 0 {
			return errMoved
		}
	}
	t.Digest = digest(q, t)
	done.Changed("digest", "", t.Digest)
	done.Changed("version", "", fmt.Sprint(t.Number))
	_, err := tx.Exec(ctx, qAddText, q.Org, q.ID, t.Number, t.Title.FR, t.Title.EN, t.Body.FR, t.Body.EN, strings.Join(t.Asks, " "), t.Days,
		t.Digest, t.Again, now, core.ActorOf(ctx).ID)
	return err
}

// covers tells whether each of some fields was among those asked before.
func covers(before, now []string) bool {
	for _, f := range now {
		if !slices.Contains(before, f) {
			return false
		}
	}
	return true
}

// Close stops asking. What was given stands until it is withdrawn or ends.
func (m *Module) Close(ctx context.Context, org, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: CloseText, Org: org, Resource: id}, func(tx core.Tx) error {
		if _, err := m.of(ctx, tx, org, id); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qClose, org, id, clock.Micros(m.now()))
		if err == nil && n == 0 {
			err = errClosed
		}
		return err
	})
}

// of gives a question of an organization.
func (m *Module) of(ctx context.Context, tx core.Tx, org, id core.ID) (Question, error) {
	q, found, err := db.One(ctx, tx, qQuestion, scanQuestion, id)
	if err == nil && (!found || q.Org != org) {
		err = errAbsent
	}
	return q, err
}

func (m *Module) text(ctx context.Context, tx core.Tx, q Question, number int64) (Text, error) {
	t, found, err := db.One(ctx, tx, qText, scanText, q.Org, q.ID, number)
	if err == nil && !found {
		err = errAbsent
	}
	return t, err
}
