package rights

import (
	"context"
	"errors"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
)

var (
	qAddLetter = db.SQL(`INSERT INTO rights_letter (org, id, request, kind, language, subject, text, sent_to, digest, sent_by, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	qLetters   = db.SQL(`SELECT id, kind, language, subject, text, sent_to, digest, sent_by, sent_at FROM rights_letter WHERE org = $1 AND request = $2 ORDER BY id`)
)

// errMute stops a letter that names no authority: none may leave (CTI-8).
var errMute = i18n.Fault(core.Internal, "rights.mute", "Une réponse qui ne nomme pas l'autorité de contrôle ne part pas.", "An answer that does not name the supervisory authority does not leave.")

// Letter is what was written to a requester: the proof of answer.
type Letter struct {
	ID       core.ID
	Kind     string
	Language string
	Subject  string
	Text     string // "" once erased
	SentTo   string
	Digest   string // SHA-256 of the text
	SentBy   core.ID
	At       time.Time

	text, to []byte
}

// Refuses tells whether it is a refusal.
func (l Letter) Refuses() bool { return l.Kind == letter.Refusal }

// Final tells whether it closes its request: an answer or a refusal.
func (l Letter) Final() bool { return l.Kind == letter.Answer || l.Kind == letter.Refusal }

func langOf(r *Request) i18n.Lang {
	l, _ := i18n.Parse(r.Language)
	return l
}

// facts gathers what letters tell of a request.
func (m *Module) facts(ctx context.Context, tx core.Tx, r *Request) (f letter.Facts, err error) {
	zone, err := m.zone(ctx, tx, r.Org)
	if err != nil {
		return f, err
	}
	o, err := m.desk(ctx, tx, r.Org)
	if err != nil {
		return f, err
	}
	f = letter.Facts{Kind: r.Kind.Title(), Desk: o.Name, Number: string(r.ID), Received: r.Received.In(zone), Due: Day(r.Due, zone), Known: r.Channel == "space"}
	if f.Officer, err = m.needs.Contacts.Officer(ctx, tx, r.Org); err != nil {
		return f, err
	}
	f.Authority, f.Address, err = m.needs.Contacts.Authority(ctx, tx, r.Org)
	return f, err
}

// write sends a letter of a kind; reason is the officer's, in a doubt or an extension.
func (m *Module) write(ctx context.Context, tx core.Tx, r *Request, kind, reason string) error {
	f, err := m.facts(ctx, tx, r)
	if err != nil {
		return err
	}
	f.Reason = reason
	if f.Known {
		f.Link = m.needs.Origin + "/me/rights/" + string(r.ID)
	} else if f.Link, err = m.link(ctx, tx, r); err != nil {
		return err
	}
	subject, text := letter.Compose(langOf(r), kind, f)
	if !letter.Whole(langOf(r), text, f) {
		return errMute
	}
	if kind != letter.Answer && kind != letter.Refusal { // of these the page behind the link is the letter
		if err := m.keep(ctx, tx, r, kind, subject, text); err != nil {
			return err
		}
	}
	return m.needs.Mail.Queue(ctx, tx, core.Mail{Org: r.Org, Person: r.Person, To: r.Email, Kind: "rights." + kind, Subject: subject, Body: text})
}

// keep writes the proof that a letter was sent.
func (m *Module) keep(ctx context.Context, tx core.Tx, r *Request, kind, subject, text string) error {
	return m.keepAt(ctx, tx, r, kind, subject, text, m.now())
}

func (m *Module) keepAt(ctx context.Context, tx core.Tx, r *Request, kind, subject, text string, at time.Time) error {
	id := ids.At(m.now())
	sealed, err := m.seal(ctx, r.Person, "rights_letter.text", id, []byte(text))
	if err != nil {
		return err
	}
	to, err := m.seal(ctx, r.Person, "rights_letter.sent_to", id, []byte(r.Email))
	if err != nil {
		return err
	}
	by := core.ID("")
	if a := core.ActorOf(ctx); (a.Kind == core.HumanActor || a.Kind == core.ServiceActor) && a.ID != r.Account {
		by = a.ID
	}
	_, err = tx.Exec(ctx, qAddLetter, r.Org, id, r.ID, kind, r.Language, subject, sealed, to, sheet.Digest([]byte(text)), by, clock.Micros(at))
	return err
}

// letters gives what was written to a requester, oldest first.
func (m *Module) letters(ctx context.Context, tx core.Tx, r *Request) ([]Letter, error) {
	list, err := db.All(ctx, tx, qLetters, func(scan db.Scan) (l Letter, err error) {
		var at int64
		err = scan(&l.ID, &l.Kind, &l.Language, &l.Subject, &l.text, &l.to, &l.Digest, &l.SentBy, &at)
		l.At = clock.FromMicros(at)
		return l, err
	}, r.Org, r.ID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		l := &list[i]
		text, _, err := m.open(ctx, r.Person, "rights_letter.text", l.ID, l.text)
		if err != nil {
			return nil, err
		}
		to, _, err := m.open(ctx, r.Person, "rights_letter.sent_to", l.ID, l.to)
		if err != nil {
			return nil, err
		}
		l.Text, l.SentTo = string(text), string(to)
	}
	return list, nil
}

// signed puts the foot under the officer's words and refuses what is not whole.
func (m *Module) signed(ctx context.Context, tx core.Tx, r *Request, text string) (string, error) {
	f, err := m.facts(ctx, tx, r)
	if err != nil {
		return "", err
	}
	full := letter.Signed(langOf(r), text, f)
	if !letter.Whole(langOf(r), full, f) {
		return "", errMute.Because(errors.New(r.Language))
	}
	return full, nil
}
