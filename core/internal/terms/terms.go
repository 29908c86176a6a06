package terms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

const (
	mostText  = 200_000 // characters of one text
	mostTitle = 150
)

var (
	errAbsent = i18n.Fault(core.NotFound, "terms.absent", "Ce document n'existe pas, ou n'est pas publié.", "There is no such document, or it is not published.")
	errForm   = i18n.Fault(core.Invalid, "terms.invalid", "Un champ du document est à corriger.", "A field of the document needs correcting.")
	errMoved  = i18n.Fault(core.Precondition, "terms.moved", "Le document a changé depuis que vous l'avez lu. Relisez-le, puis recommencez.", "The document has changed since you read it. Read it again, then retry.")
	errSame   = i18n.Fault(core.Conflict, "terms.same", "Le texte est le même que celui de la version en vigueur.", "The text is the same as that of the version in force.")
	errGone   = i18n.Fault(core.Conflict, "terms.withdrawn", "Ce document est retiré.", "This document is withdrawn.")
	errStale  = i18n.Fault(core.Conflict, "terms.stale", "Ce n'est plus la version en vigueur : relisez le document.", "This is no longer the version in force: read the document again.")

	reasonTitle   = i18n.Reason("terms.title", "Donnez un titre dans les deux langues, de 150 caractères au plus.", "Give a title in both languages, of at most 150 characters.")
	reasonText    = i18n.Reason("terms.text", "Donnez le texte dans les deux langues, de 200 000 caractères au plus.", "Give the text in both languages, of at most 200,000 characters.")
	reasonSummary = i18n.Reason("terms.summary", "Dites en une phrase ce qui change, dans les deux langues (500 caractères au plus).", "Say in one sentence what changes, in both languages (at most 500 characters).")
)

func def(p core.Permission, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: "terms", Verb: verb, Purpose: core.PurposeLegal, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

// The acts of this module.
var (
	ReadTerms    = def("terms.read", core.Reads, "Lire les conditions et politiques", "Read the terms and policies")
	ManageTerms  = def("terms.manage", core.Reads, "Voir les documents et qui les a acceptés", "See the documents and who accepted them", "admin", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	ListAccepted = def("terms.acceptances", core.Reads, "Voir qui a accepté un document", "See who accepted a document", "admin", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	PublishTerms = def("terms.publish", core.Updates, "Publier une version d'un document", "Publish a version of a document", "admin", "provider.admin", "provider.dpo")
)

func init() {
	ReadTerms.Reach, ReadTerms.Quiet = core.ByAnyone, true
	ManageTerms.Quiet = true
	PublishTerms.Fresh = 15 * time.Minute
}

// Document is a text that persons read and, when Required, accept.
type Document struct {
	Org, ID   core.ID
	Title     core.Text
	Required  bool
	Withdrawn bool
	Latest    int64 // number of the version in force, 0 when none is published
	Due       int64 // the oldest version whose acceptance still holds: a later one changed too little to ask again
	CreatedAt time.Time
	Version   int64 // guards changes
}

// Version is one published text.
type Version struct {
	Number      int64
	Text        core.Text
	Summary     core.Text // what changes, in one sentence
	Hash        string    // SHA-256 of both texts: what exactly was accepted
	Again       bool      // acceptance was asked again
	PublishedAt time.Time
	PublishedBy core.ID
}

// Draft is what is typed to publish a version.
type Draft struct {
	Title    core.Text
	Text     core.Text
	Summary  core.Text
	Required bool
	Again    bool  // ask everyone again
	Version  int64 // Document.Version that was read; 0 for a new document
}

var (
	qDocuments = db.SQL(`SELECT org, id, title_fr, title_en, required, state, latest, due, created_at, version FROM terms_document WHERE org = $1 ORDER BY created_at, id`)
	qDocument  = db.SQL(`SELECT org, id, title_fr, title_en, required, state, latest, due, created_at, version FROM terms_document WHERE id = $1`)
	qAdd       = db.SQL(`INSERT INTO terms_document (org, id, title_fr, title_en, required, state, latest, due, created_at, version) VALUES ($1, $2, $3, $4, $5, 'published', 1, 1, $6, 1)`)
	qEdit      = db.SQL(`UPDATE terms_document SET title_fr = $3, title_en = $4, required = $5, latest = $6, due = $7, version = version + 1 WHERE org = $1 AND id = $2 AND version = $8 AND state = 'published'`)
	qWithdraw  = db.SQL(`UPDATE terms_document SET state = 'withdrawn', version = version + 1 WHERE org = $1 AND id = $2 AND version = $3 AND state = 'published'`)
	qVersions  = db.SQL(`SELECT number, text_fr, text_en, summary_fr, summary_en, hash, again, published_at, published_by FROM terms_version WHERE org = $1 AND document = $2 ORDER BY number DESC`)
	qVersion   = db.SQL(`SELECT number, text_fr, text_en, summary_fr, summary_en, hash, again, published_at, published_by FROM terms_version WHERE org = $1 AND document = $2 AND number = $3`)
	qPublish   = db.SQL(`INSERT INTO terms_version (org, document, number, text_fr, text_en, summary_fr, summary_en, hash, again, state, published_at, published_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'published', $10, $11)`)
	qAccepted = db.SQL(`SELECT document, MAX(version) FROM terms_acceptance WHERE person = $1 GROUP BY document`)
	qAccept   = db.SQL(`INSERT INTO terms_acceptance (org, document, person, version, accepted_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org, document, person, version) DO NOTHING`)
	qWho    = db.SQL(`SELECT person, version, accepted_at FROM terms_acceptance WHERE org = $1 AND document = $2 AND (accepted_at, person) < ($3, $4) ORDER BY accepted_at DESC, person DESC LIMIT $5`)
	qTally  = db.SQL(`SELECT version, COUNT(*) FROM terms_acceptance WHERE org = $1 AND document = $2 GROUP BY version`)
	qMine   = db.SQL(`SELECT org, document, version, accepted_at FROM terms_acceptance WHERE person = $1 ORDER BY accepted_at, document`)
	qForget = db.SQL(`UPDATE terms_version SET published_by = '' WHERE published_by = $1`)
	qErase  = db.SQL(`DELETE FROM terms_acceptance WHERE person = $1`)
)

func scanDocument(scan db.Scan) (d Document, err error) {
	var created int64
	var state string
	err = scan(&d.Org, &d.ID, &d.Title.FR, &d.Title.EN, &d.Required, &state, &d.Latest, &d.Due, &created, &d.Version)
	d.CreatedAt, d.Withdrawn = clock.FromMicros(created), state == "withdrawn"
	return d, err
}

func scanVersion(scan db.Scan) (v Version, err error) {
	var at int64
	err = scan(&v.Number, &v.Text.FR, &v.Text.EN, &v.Summary.FR, &v.Summary.EN, &v.Hash, &v.Again, &at, &v.PublishedBy)
	v.PublishedAt = clock.FromMicros(at)
	return v, err
}

// Due gives the required documents whose version in force a person has not accepted: those of the provider, and those
// of the organizations where they belong.
func (m *Module) Due(ctx context.Context, tx core.Tx, person core.ID, orgs ...core.ID) ([]core.Terms, error) {
	var accepted map[core.ID]int64
	var due []core.Terms
	seen := map[core.ID]bool{}
	for _, org := range append([]core.ID{core.Platform}, orgs...) {
		if seen[org] {
			continue
		}
		seen[org] = true
		docs, err := db.All(ctx, tx, qDocuments, scanDocument, org)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			if !d.Required || d.Withdrawn {
				continue
			}
			if accepted == nil {
				if accepted, err = m.accepted(ctx, tx, person); err != nil {
					return nil, err
				}
			}
			if before := accepted[d.ID]; before < d.Due {
				due = append(due, core.Terms{Org: d.Org, Document: d.ID, Version: d.Latest, Title: d.Title, Address: "/terms/" + string(d.ID), Before: before})
			}
		}
	}
	return due, nil
}

func (m *Module) accepted(ctx context.Context, tx core.Tx, person core.ID) (map[core.ID]int64, error) {
	type last struct {
		document core.ID
		version  int64
	}
	list, err := db.All(ctx, tx, qAccepted, func(scan db.Scan) (l last, err error) { err = scan(&l.document, &l.version); return l, err }, person)
	got := make(map[core.ID]int64, len(list))
	for _, l := range list {
		got[l.document] = l.version
	}
	return got, err
}

// Accept notes that a person accepts these versions, in the transaction of the act that says so. A version that is no
// longer in force is refused: what is accepted is what was read.
func (m *Module) Accept(ctx context.Context, tx core.Tx, person core.ID, list ...core.Terms) error {
	for _, t := range list {
		d, found, err := db.One(ctx, tx, qDocument, scanDocument, t.Document)
		if err != nil {
			return err
		}
		if !found || d.Org != t.Org {
			return errAbsent
		}
		if d.Latest != t.Version || d.Withdrawn {
			return errStale
		}
		if _, err := tx.Exec(ctx, qAccept, d.Org, d.ID, person, t.Version, clock.Micros(m.needs.Clock.Now())); err != nil {
			return err
		}
	}
	return nil
}

func line(s string, most int) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	return s, s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

func (d Draft) check() (Draft, error) {
	bad := errForm
	var fr, en bool
	d.Title.FR, fr = line(d.Title.FR, mostTitle)
	d.Title.EN, en = line(d.Title.EN, mostTitle)
	if !fr || !en {
		bad = bad.With("title", reasonTitle)
	}
	for _, t := range []*string{&d.Text.FR, &d.Text.EN} {
		*t = strings.TrimSpace(strings.ReplaceAll(*t, "\r\n", "\n"))
		if *t == "" || utf8.RuneCountInString(*t) > mostText || !utf8.ValidString(*t) || strings.ContainsFunc(*t, forbidden) {
			bad = bad.With("text", reasonText)
			break
		}
	}
	d.Summary.FR, fr = line(d.Summary.FR, 500)
	d.Summary.EN, en = line(d.Summary.EN, 500)
	if d.Version > 0 && (!fr || !en) {
		bad = bad.With("summary", reasonSummary)
	}
	if len(bad.Fields) > 0 {
		return d, bad
	}
	return d, nil
}

// forbidden characters are those that make a text read otherwise than it is written.
func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) && r != '\u00ad'
}

func hashOf(t core.Text) string {
	sum := sha256.Sum256([]byte(t.FR + "\x00" + t.EN))
	return hex.EncodeToString(sum[:])
}

// Publish makes a document with its first version (id ""), or the next version of one.
func (m *Module) Publish(ctx context.Context, org, id core.ID, draft Draft) (core.ID, error) {
	draft, err := draft.check()
	if err != nil {
		return "", err
	}
	fresh := id.IsZero()
	if fresh {
		id = ids.New()
	}
	act := &core.Act{Def: PublishTerms, Org: org, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if fresh {
			return m.first(ctx, tx, org, id, draft)
		}
		return m.next(ctx, tx, org, id, draft)
	})
	return id, err
}

// Add makes a document in the transaction of another act: set-up and the demonstration.
func (m *Module) Add(ctx context.Context, tx core.Tx, org core.ID, draft Draft) (core.ID, error) {
	draft.Version = 0
	draft, err := draft.check()
	if err != nil {
		return "", err
	}
	id := ids.New()
	return id, m.first(ctx, tx, org, id, draft)
}

func (m *Module) first(ctx context.Context, tx core.Tx, org, id core.ID, draft Draft) error {
	now := m.needs.Clock.Now()
	if _, err := tx.Exec(ctx, qAdd, org, id, draft.Title.FR, draft.Title.EN, draft.Required, clock.Micros(now)); err != nil {
		return err
	}
	return m.put(ctx, tx, org, id, 1, draft, now)
}

func (m *Module) next(ctx context.Context, tx core.Tx, org, id core.ID, draft Draft) error {
	d, err := m.of(ctx, tx, org, id)
	if err != nil {
		return err
	}
	if d.Withdrawn {
		return errGone
	}
	last, _, err := db.One(ctx, tx, qVersion, scanVersion, org, id, d.Latest)
	if err != nil {
		return err
	}
	number, due := d.Latest, d.Due
	if last.Hash != hashOf(draft.Text) {
		number++
		if draft.Again {
			due = number
		}
	} else if d.Title == draft.Title && d.Required == draft.Required {
		return errSame
	}
	n, err := tx.Exec(ctx, qEdit, org, id, draft.Title.FR, draft.Title.EN, draft.Required, number, due, draft.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return errMoved
	}
	if number == d.Latest {
		return nil
	}
	return m.put(ctx, tx, org, id, number, draft, m.needs.Clock.Now())
}

func (m *Module) put(ctx context.Context, tx core.Tx, org, id core.ID, number int64, draft Draft, now time.Time) error {
	by := core.ID("")
	if a := core.ActorOf(ctx); a.Kind == core.HumanActor {
		by = a.ID
	}
	_, err := tx.Exec(ctx, qPublish, org, id, number, draft.Text.FR, draft.Text.EN, draft.Summary.FR, draft.Summary.EN, hashOf(draft.Text),
		draft.Again || number == 1, clock.Micros(now), by)
	return err
}

// Withdraw takes a document out of force; its versions stay readable by those who manage it.
func (m *Module) Withdraw(ctx context.Context, org, id core.ID, version int64) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: PublishTerms, Org: org, Resource: id}, func(tx core.Tx) error {
		if _, err := m.of(ctx, tx, org, id); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qWithdraw, org, id, version)
		if err == nil && n == 0 {
			err = errMoved
		}
		return err
	})
}

func (m *Module) of(ctx context.Context, tx core.Tx, org, id core.ID) (Document, error) {
	d, found, err := db.One(ctx, tx, qDocument, scanDocument, id)
	if err == nil && (!found || d.Org != org) {
		err = errAbsent
	}
	return d, err
}
