package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
)

// Notice is what one organization is told of a breach (article 33-2): a text, and the list of its own persons.
type Notice struct {
	ID, Org, Incident core.ID
	Phase             string // initial, complement (33-4)
	Made, Sent, Seen  time.Time
	MadeBy, SentBy    core.ID
	SeenBy            core.ID
	Mails, Persons    int
	Digest            string // SHA-256 of the text and the list, as they were sent
	Text              string

	sealed []byte
}

// The phases of a notice.
const (
	PhaseInitial    = "initial"
	PhaseComplement = "complement"
)

const noticeColumns = `org, id, incident, phase, made_at, made_by, sent_at, sent_by, seen_at, seen_by, mails, persons, digest, text`

// inEarnest leaves out the notices of exercises: no client reads them.
const inEarnest = ` AND EXISTS (SELECT 1 FROM incident_incident i WHERE i.id = incident AND i.exercise = 0)`

var (
	qAddNotice = db.SQL(`INSERT INTO incident_notice (org, id, incident, phase, made_at, made_by, sent_at, sent_by, seen_at, seen_by, mails, persons, digest, text)
		VALUES ($1, $2, $3, $4, $5, $6, $5, $6, 0, '', $7, $8, $9, $10)`)
	qNotices = db.SQL(`SELECT ` + noticeColumns + ` FROM incident_notice WHERE incident = $1 AND org = $2 ORDER BY id`)
	qNotice  = db.SQL(`SELECT ` + noticeColumns + ` FROM incident_notice WHERE org = $1 AND id = $2 AND sent_at > 0` + inEarnest)
	qTold    = db.SQL(`SELECT ` + noticeColumns + ` FROM incident_notice WHERE org = $1 AND sent_at > 0` + inEarnest + ` ORDER BY id DESC LIMIT 500`)
	qSeen    = db.SQL(`UPDATE incident_notice SET seen_at = $3, seen_by = $4 WHERE org = $1 AND id = $2 AND seen_at = 0`)
)

var (
	errNotice    = i18n.Fault(core.Invalid, "incident.notice", "L'avis ne peut pas être envoyé encore.", "The notice cannot be sent yet.")
	codeNotTold  = i18n.Reason("incident.notice_field", "L'article 33-3 demande de le dire : « %s ».", "Article 33-3 asks to say it: “%s”.")
	codeNobody   = i18n.Reason("incident.notice_nobody", "Cette organisation n'a personne dans la liste.", "This organization has nobody in the list.")
	codeText     = i18n.Reason("incident.notice_text", "Écrivez un avis de 20 000 caractères au plus.", "Write a notice of at most 20,000 characters.")
	errNoBreach  = i18n.Fault(core.Conflict, "incident.no_breach", "Cet incident n'est pas une violation de données.", "This incident is no breach of personal data.")
	errNoNotice  = i18n.Fault(core.NotFound, "breach.absent", "Cet avis n'existe pas.", "There is no such notice.")
	codeReceiver = i18n.Reason("incident.notice_receiver", "Personne n'administre cette organisation : l'avis n'aurait pas de lecteur. Joignez-la autrement, puis consignez-le dans le fil.", "Nobody administers this organization: the notice would have no reader. Reach it otherwise, then record that in the timeline.")
)

func scanNotice(scan db.Scan) (n Notice, err error) {
	var made, sent, seen int64
	err = scan(&n.Org, &n.ID, &n.Incident, &n.Phase, &made, &n.MadeBy, &sent, &n.SentBy, &seen, &n.SeenBy, &n.Mails, &n.Persons, &n.Digest, &n.sealed)
	n.Made, n.Sent, n.Seen = clock.FromMicros(made), clock.FromMicros(sent), clock.FromMicros(seen)
	return n, err
}

// Proposal is a notice before it leaves: the text in the organization's language, for the officer to finish.
type Proposal struct {
	Org     core.Organization
	Phase   string
	Text    string
	Persons int
	Lacks   []Field // what article 33-3 asks and the incident does not say yet
	To      int     // how many administrators will get it
}

// Propose drafts the notice of an organization from what the incident says.
func (m *Module) Propose(ctx context.Context, id, org core.ID) (p Proposal, err error) {
	done := &core.Act{Def: List, Org: core.Platform, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		it, err := m.load(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err = m.propose(ctx, tx, &it, org)
		return err
	})
	return p, err
}

func (m *Module) propose(ctx context.Context, tx core.Tx, it *Incident, org core.ID) (p Proposal, err error) {
	if !it.Breach {
		return p, errNoBreach
	}
	if p.Org, err = m.needs.Orgs.Org(ctx, tx, org); err != nil {
		return p, errNoNotice
	}
	list, err := db.All(ctx, tx, qAffected, scanAffected, it.ID, org)
	if err != nil {
		return p, err
	}
	former, err := db.All(ctx, tx, qNotices, scanNotice, it.ID, org)
	if err != nil {
		return p, err
	}
	p.Phase, p.Persons, p.Lacks = PhaseInitial, len(list), it.Values.Missing()
	if len(former) > 0 {
		p.Phase = PhaseComplement
	}
	to, err := m.receivers(ctx, tx, it, org)
	if err != nil {
		return p, err
	}
	p.To = len(to)
	contact, err := m.needs.Contact(ctx, tx)
	p.Text = letter(it, p, contact)
	return p, err
}

// receivers are those who answer for an organization; of an exercise, the team of the incident.
func (m *Module) receivers(ctx context.Context, tx core.Tx, it *Incident, org core.ID) (to []core.ID, err error) {
	if it.Exercise {
		hands, err := db.All(ctx, tx, qHands, scanHand, it.ID)
		for _, h := range append(hands, Hand{Person: it.Lead}, Hand{Person: core.ActorOf(ctx).ID}) {
			if h.Person != "" && !slices.Contains(to, h.Person) {
				to = append(to, h.Person)
			}
		}
		return to, err
	}
	for _, role := range []string{"admin", "security"} {
		list, err := m.needs.Rights.Holders(ctx, tx, org, role)
		if err != nil {
			return nil, err
		}
		for _, id := range list {
			if !slices.Contains(to, id) {
				to = append(to, id)
			}
		}
	}
	return to, nil
}

func scanHand(scan db.Scan) (h Hand, err error) { err = scan(&h.Person, &h.Part); return h, err }

// Notify sends an organization its notice with its list, and keeps both as they were sent. An incident that does not say what
// article 33-3 asks is refused, unless the notice says that it is a first part (33-4).
func (m *Module) Notify(ctx context.Context, id, org core.ID, text string, partial bool) (core.ID, error) {
	if err := m.needs.Keys.MakeKeys(ctx, org); err != nil {
		return "", err
	}
	done := &core.Act{Def: Notify, Org: core.Platform, Resource: id, Entry: ids.New()}
	notice := ids.At(m.now())
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.live(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err := m.propose(ctx, tx, &it, org)
		if err != nil {
			return err
		}
		if err := refuseNotice(p, text, partial); err != nil {
			return err
		}
		done.Changes = nil
		return m.send(ctx, tx, &it, p, notice, text, done)
	})
	return notice, err
}

func refuseNotice(p Proposal, text string, partial bool) error {
	wrong := errNotice
	for _, f := range p.Lacks {
		if !partial {
			wrong = wrong.With(f.Name, codeNotTold, f.Title)
		}
	}
	if p.Persons == 0 {
		wrong = wrong.With("persons", codeNobody)
	}
	if p.To == 0 {
		wrong = wrong.With("to", codeReceiver)
	}
	if text == "" || len([]rune(text)) > 20000 {
		wrong = wrong.With("text", codeText)
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	return nil
}

func (m *Module) send(ctx context.Context, tx core.Tx, it *Incident, p Proposal, notice core.ID, text string, done *core.Act) error {
	list, people, err := m.own(ctx, tx, it.ID, p.Org.ID)
	if err != nil {
		return err
	}
	lang, _ := i18n.Parse(p.Org.Language)
	digest := sheet.Digest(append([]byte(text), m.table(lang, list, people).CSV()...))
	sealed, err := m.seal(ctx, p.Org.ID, placeNotice, notice, []byte(text))
	if err != nil {
		return err
	}
	to, err := m.receivers(ctx, tx, it, p.Org.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qAddNotice, p.Org.ID, notice, it.ID, p.Phase, clock.Micros(m.now()), core.ActorOf(ctx).ID, len(to), len(list), digest, sealed); err != nil {
		return err
	}
	link := clientPage(p.Org.ID, notice)
	if it.Exercise {
		link = page(it.ID)
	}
	for _, person := range to {
		if err := m.mail(ctx, tx, person, mailBreach, mark(it, sBreach), bBreach, link); err != nil {
			return err
		}
	}
	done.Changed("organization", "", string(p.Org.ID))
	done.Changed("sha256", "", digest)
	done.Changed("persons", "", fmt.Sprint(len(list)))
	if !it.Exercise { // the client finds in its own journal that it was told
		done.Also = append(done.Also, &core.Act{Def: Notify, Org: p.Org.ID, Resource: notice})
	}
	if err := m.step(ctx, tx, it.ID, "notice", string(p.Org.ID)+" "+p.Phase+" "+digest, done); err != nil {
		return err
	}
	left, _, err := db.One(ctx, tx, qUntold, db.Value[int64], it.ID, core.Platform)
	if err != nil || left > 0 || !it.clientsAt.IsZero() {
		return err
	}
	return m.step(ctx, tx, it.ID, "clients", "", done)
}

// own gives the list of one organization.
func (m *Module) own(ctx context.Context, tx core.Tx, incident, org core.ID) ([]Affected, map[core.ID]core.Person, error) {
	list, err := db.All(ctx, tx, qAffected, scanAffected, incident, org)
	if err != nil {
		return nil, nil, err
	}
	who := make([]core.ID, len(list))
	for i, a := range list {
		who[i] = a.Person
	}
	people, err := m.needs.People.People(ctx, tx, who...)
	return list, people, err
}

// Told lists the notices that an organization got, newest first.
func (m *Module) Told(ctx context.Context, org core.ID) (list []Notice, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Consult, Org: org}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qTold, scanNotice, org)
		return err
	})
	return list, err
}

// ClientView is a notice as its organization reads it.
type ClientView struct {
	Notice
	List   []Affected
	People map[core.ID]core.Person
}

// Read gives an organization one of its notices, with its own persons and nobody else's. The first reading is noted.
func (m *Module) Read(ctx context.Context, org, notice core.ID) (v ClientView, err error) {
	v, err = m.client(ctx, org, notice)
	if err != nil || !v.Seen.IsZero() {
		return v, err
	}
	seen := &core.Act{Def: Consult, Org: org, Resource: notice}
	err = m.needs.Gate.Change(ctx, seen, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qSeen, org, notice, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
	return v, err
}

// Copy gives the text of a notice and the list of its persons to an organization that takes everything away: it is no reading.
func (m *Module) Copy(ctx context.Context, org, notice core.ID, lang i18n.Lang) (text string, persons File, err error) {
	v, err := m.client(ctx, org, notice)
	return v.Text, m.clientList(lang, v), err
}

func (m *Module) client(ctx context.Context, org, notice core.ID) (v ClientView, err error) {
	done := &core.Act{Def: Consult, Org: org, Resource: notice}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		n, found, err := db.One(ctx, tx, qNotice, scanNotice, org, notice)
		if err != nil || !found {
			if err == nil {
				err = errNoNotice
			}
			return err
		}
		plain, err := m.open(ctx, org, placeNotice, notice, n.sealed)
		if err != nil {
			return err
		}
		n.Text = string(plain)
		v = ClientView{Notice: n}
		v.List, v.People, err = m.own(ctx, tx, n.Incident, org)
		done.Subjects = nil
		for _, a := range v.List {
			done.Subjects = append(done.Subjects, a.Person)
		}
		return err
	})
	return v, err
}

// File is a file to keep.
type File struct {
	Name, Type string
	Bytes      []byte
}

// ClientList gives an organization the list of its persons as a sheet.
func (m *Module) ClientList(ctx context.Context, org, notice core.ID, lang i18n.Lang) (File, error) {
	v, err := m.Read(ctx, org, notice)
	if err != nil {
		return File{}, err
	}
	return m.clientList(lang, v), nil
}

func (m *Module) clientList(lang i18n.Lang, v ClientView) File {
	return File{Name: "persons-" + string(v.ID) + ".csv", Type: "text/csv; charset=utf-8", Bytes: m.table(lang, v.List, v.People).CSV()}
}

// TellPersons writes to the persons in the list (article 34), where the provider decides: those whom only the platform knows, and
// everybody when it is the controller of these data. Each is told once; running it again goes on where it stopped.
func (m *Module) TellPersons(ctx context.Context, id core.ID, text core.Text) (told int, err error) {
	if text.FR == "" || text.EN == "" || len([]rune(text.FR)) > 20000 || len([]rune(text.EN)) > 20000 {
		return 0, errNotice.With("text", codeText)
	}
	for {
		n, err := m.tellSome(ctx, id, text)
		told += n
		if err != nil || n == 0 {
			return told, err
		}
	}
}

// batch is how many persons are told in one transaction.
const batch = 100

var (
	qNotYet = db.SQL(`SELECT DISTINCT a.person FROM incident_affected a WHERE a.incident = $1
		AND NOT EXISTS (SELECT 1 FROM incident_reminder r WHERE r.incident = a.incident AND r.what = 'person' AND r.step = a.person) ORDER BY a.person LIMIT $2`)
	qMark = db.SQL(`INSERT INTO incident_reminder (incident, what, step, sent_at) VALUES ($1, $2, $3, $4) ON CONFLICT (incident, what, step) DO NOTHING`)
)

var errEnough = errors.New("incident: everybody was told")

func (m *Module) tellSome(ctx context.Context, id core.ID, text core.Text) (n int, err error) {
	done := &core.Act{Def: Notify, Org: core.Platform, Resource: id, Entry: ids.New()}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.live(ctx, tx, id)
		if err != nil {
			return err
		}
		if !it.Breach || it.Part == "processor" {
			return errNoBreach
		}
		list, err := db.All(ctx, tx, qNotYet, db.Value[core.ID], id, batch)
		if err != nil {
			return err
		}
		if n = len(list); n == 0 {
			return errEnough
		}
		done.Subjects, done.Changes = list, nil
		for _, person := range list {
			if _, err := tx.Exec(ctx, qMark, id, "person", person, clock.Micros(m.now())); err != nil {
				return err
			}
			if it.Exercise {
				continue
			}
			if err := m.mail(ctx, tx, person, mailPerson, mark(&it, sPerson), text, ""); err != nil {
				return err
			}
		}
		done.Changed("persons", "", fmt.Sprint(n))
		return m.step(ctx, tx, id, "persons", fmt.Sprint(n), done)
	})
	if errors.Is(err, errEnough) {
		return 0, nil
	}
	return n, err
}
