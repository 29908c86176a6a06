package rights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Limits of the public form: per source, per address written to, per organization and for the whole platform. A desk that is
// asked more often than its pressure asks a proof of work.
var (
	perSource  = abuse.Limit{Burst: 5, Every: 30 * time.Minute}
	perAddress = abuse.Limit{Burst: 3, Every: 8 * time.Hour}
	perDesk    = abuse.Limit{Burst: 60, Every: 2 * time.Minute}
	perHouse   = abuse.Limit{Burst: 200, Every: 20 * time.Second}
	pressure   = abuse.Limit{Burst: 15, Every: 4 * time.Minute}
)

const (
	puzzleForm = "rights.form"
	puzzleBits = 16
	mostText   = 4000
	linkLife   = 120 * 24 * time.Hour // as long as the longest term, and some days to read the answer
)

var (
	errForm  = i18n.Fault(core.Invalid, "rights.invalid", "Un champ de la demande est à corriger.", "A field of the request needs correcting.")
	errSlow  = i18n.Fault(core.TooMany, "rights.too_many", "Trop de demandes ont été envoyées. Réessayez plus tard, ou écrivez au délégué à la protection des données.", "Too many requests were sent. Try again later, or write to the data-protection officer.")
	errProof = i18n.Fault(core.Invalid, "rights.proof", "Une vérification automatique est devenue nécessaire : envoyez la demande de nouveau.", "An automatic check has become necessary: send the request again.")
	errDesk  = i18n.Fault(core.NotFound, "rights.no_desk", "Cette organisation n'existe pas.", "There is no such organization.")

	codeKind    = i18n.Reason("rights.kind", "Choisissez un droit.", "Choose a right.")
	codeName    = i18n.Reason("rights.name", "Donnez votre nom, en 120 caractères au plus.", "Give your name, in at most 120 characters.")
	codeEmail   = i18n.Reason("rights.email", "Donnez une adresse électronique valide.", "Give a valid e-mail address.")
	codeText    = i18n.Reason("rights.text", "Au plus 4000 caractères.", "At most 4000 characters.")
	codeMissing = i18n.Reason("rights.text_missing", "Dites ce qui est à corriger, et comment.", "Say what is to be corrected, and how.")
	codeGround  = i18n.Reason("rights.restriction_ground", "Choisissez un motif de la liste.", "Choose a reason of the list.")
	codeFields  = i18n.Reason("rights.fields", "Ce champ ne peut pas être corrigé ici.", "This field cannot be corrected here.")
)

// Draft is a request as it comes.
type Draft struct {
	Kind     Kind
	Language string
	Details
}

// ProofOfWork answers the puzzle of a form; empty where none was asked.
type ProofOfWork struct{ Challenge, Nonce string }

// restrictions are the grounds of article 18-1.
var restrictions = []string{"accuracy", "unlawful", "claims", "objection"}

// Restrictions lists the grounds of a restriction, in the order of pages.
func Restrictions() []string { return append([]string{}, restrictions...) }

var restrictionTitles = map[string]i18n.Sentence{
	"accuracy":  i18n.T("je conteste leur exactitude", "I contest that they are accurate"),
	"unlawful":  i18n.T("leur usage est illicite et je préfère la limitation à l'effacement", "their use is unlawful and I prefer restriction to erasure"),
	"claims":    i18n.T("j'en ai besoin pour faire valoir un droit en justice", "I need them for a legal claim"),
	"objection": i18n.T("je m'y suis opposé et la vérification est en cours", "I have objected and this is being examined"),
}

// RestrictionTitle says why a restriction is asked.
func RestrictionTitle(ctx context.Context, ground string) string {
	return restrictionTitles[ground].In(ctx)
}

// check cleans a draft; every field that is wrong is named.
func (d Draft) check() (Draft, error) {
	bad := errForm
	if !d.Kind.Valid() {
		bad = bad.With("kind", codeKind)
	}
	var ok bool
	if d.Name, ok = line(d.Name, 120); !ok || d.Name == "" {
		bad = bad.With("name", codeName)
	}
	if d.Email, ok = address(d.Email); !ok {
		bad = bad.With("email", codeEmail)
	}
	if d.Text, ok = words(d.Text, mostText); !ok {
		bad = bad.With("text", codeText)
	}
	if d.Kind == Restriction && d.Ground == "" {
		d.Ground = restrictions[0]
	}
	if d.Kind != Restriction {
		d.Ground = ""
	} else if _, known := restrictionTitles[d.Ground]; !known {
		bad = bad.With("ground", codeGround)
	}
	if d.Kind != Objection && d.Kind != Consent {
		d.Purpose = ""
	}
	fields := map[string]string{}
	for name, v := range d.Fields {
		v, ok := line(v, 254)
		if _, known := fieldTitles[name]; !known || !ok {
			bad = bad.With(name, codeFields)
		}
		if v != "" {
			fields[name] = v
		}
	}
	d.Fields = nil
	if d.Kind == Rectification {
		d.Fields = fields
		if d.Text == "" && len(fields) == 0 {
			bad = bad.With("text", codeMissing)
		}
	}
	if l, ok := i18n.Parse(d.Language); ok {
		d.Language = l.String()
	} else {
		d.Language = i18n.FR.String()
	}
	if len(bad.Fields) > 0 {
		return d, bad
	}
	return d, nil
}

// line keeps one line of text without what cannot be seen.
func line(s string, most int) (string, bool) {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	return s, utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

// words keeps a text of several lines.
func words(s string, most int) (string, bool) {
	s = strings.TrimSpace(strings.ReplaceAll(norm.NFC.String(s), "\r\n", "\n"))
	return s, utf8.ValidString(s) && utf8.RuneCountInString(s) <= most &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

func address(s string) (string, bool) {
	s = strings.ToLower(norm.NFC.String(strings.TrimSpace(s)))
	a, err := mail.ParseAddress(s)
	return s, err == nil && a.Address == s && len(s) <= 254
}

// byPlace indexes addresses, to find what the same mailbox asked.
var byPlace = core.IndexField{Name: "rights_request.place", Version: 1, Bits: 40, Normalise: func(s string) (string, error) {
	a, ok := address(s)
	if !ok {
		return "", errors.New("rights: no address")
	}
	return a, nil
}}

// Desk is what the public form shows.
type Desk struct {
	Org       core.ID
	Name      string
	Officer   string // address of the data-protection officer, "" when none was given
	Authority string
	Address   string // of the authority
	Challenge string // of the proof of work, "" when none is asked
	Bits      int
}

// Open gives the public form of an organization. It tells nothing of anyone.
func (m *Module) Open(ctx context.Context, org core.ID) (d Desk, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeForm, Org: core.Platform}, func(tx core.Tx) error {
		o, err := m.desk(ctx, tx, org)
		if err != nil {
			return err
		}
		d = Desk{Org: org, Name: o.Name}
		if d.Officer, err = m.needs.Contacts.Officer(ctx, tx, org); err != nil {
			return err
		}
		if d.Authority, d.Address, err = m.needs.Contacts.Authority(ctx, tx, org); err != nil {
			return err
		}
		v, err := abuse.Peek(ctx, tx, bucket("pressure", string(org)), pressure, m.now())
		if err == nil && !v.OK {
			d.Challenge = m.puzzles.Make(puzzleForm, core.ActorOf(ctx).Address, puzzleBits, m.now())
			d.Bits = abuse.Difficulty(d.Challenge)
		}
		return err
	})
	return d, err
}

func (m *Module) desk(ctx context.Context, tx core.Tx, org core.ID) (core.Organization, error) {
	if org == core.Platform {
		return core.Organization{ID: core.Platform, Name: "Rempart", TimeZone: "Europe/Paris"}, nil
	}
	o, err := m.needs.Orgs.Org(ctx, tx, org)
	if core.KindOf(err) == core.NotFound {
		err = errDesk
	}
	return o, err
}

func bucket(what, key string) string {
	sum := sha256.Sum256([]byte("rights.form\x00" + what + "\x00" + key))
	return "rights:" + hex.EncodeToString(sum[:16])
}

// slow keeps a stranger from filling a mailbox, a desk or the house.
func (m *Module) slow(ctx context.Context, tx core.Tx, org core.ID, email string, proof ProofOfWork) error {
	now, source := m.now(), core.ActorOf(ctx).Address
	v, err := abuse.Take(ctx, tx, bucket("pressure", string(org)), pressure, now)
	if err != nil {
		return err
	}
	if !v.OK {
		if proof.Challenge == "" {
			return errProof
		}
		if err := m.puzzles.Check(ctx, tx, puzzleForm, source, proof.Challenge, proof.Nonce, now); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		what, key string
		limit     abuse.Limit
	}{{"source", abuse.Source(source).String(), perSource}, {"address", email, perAddress}, {"desk", string(org), perDesk}, {"house", "", perHouse}} {
		v, err := abuse.Take(ctx, tx, bucket(l.what, l.key), l.limit, now)
		if err != nil {
			return err
		}
		if !v.OK {
			return errSlow.After(v.Retry)
		}
	}
	return nil
}

// File takes a request by the public form of an organization. The answer is the same whoever asks: a receipt leaves for the
// address that was typed.
func (m *Module) File(ctx context.Context, org core.ID, d Draft, proof ProofOfWork) error {
	d, err := d.check()
	if err != nil {
		return err
	}
	r := Request{Org: org, ID: ids.At(m.now()), Person: ids.At(m.now()), Kind: d.Kind, Channel: "form", Language: d.Language, Details: d.Details, State: Open, Proof: Unproved}
	r.trial = strings.HasSuffix(d.Email, core.CanaryDomain)
	return m.receive(ctx, &core.Act{Def: FileOne, Org: org, Resource: r.ID}, &r, func(tx core.Tx) error { return m.slow(ctx, tx, org, d.Email, proof) })
}

// Record writes down a request that came by letter, by telephone or in person. Its time runs from the day it came.
func (m *Module) Record(ctx context.Context, org core.ID, d Draft, received time.Time) (core.ID, error) {
	d, err := d.check()
	if err != nil {
		return "", err
	}
	if now := m.now(); received.IsZero() || received.After(now) || received.Before(now.AddDate(-1, 0, 0)) {
		received = now
	}
	r := Request{Org: org, ID: ids.At(m.now()), Person: ids.At(m.now()), Kind: d.Kind, Channel: "desk", Language: d.Language, Details: d.Details, State: Open, Proof: Unproved, Received: received}
	err = m.receive(ctx, &core.Act{Def: Record, Org: org, Resource: r.ID}, &r, nil)
	return r.ID, err
}

// Ask takes a request of a member from their own space: who they are was proved just now.
func (m *Module) Ask(ctx context.Context, org core.ID, d Draft) (core.ID, error) {
	me := core.ActorOf(ctx).ID
	r := Request{Org: org, ID: ids.At(m.now()), Person: me, Account: me, Channel: "space", State: Open, Proof: Proved, How: BySession, ProvedBy: me}
	done := &core.Act{Def: Ask, Org: org, Resource: r.ID, Subject: me}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		p, err := m.person(ctx, tx, me)
		if err != nil {
			return err
		}
		d := d
		d.Name, d.Email, d.Language = p.Name(), p.Email, p.Language
		if d, err = d.check(); err != nil {
			return err
		}
		if err := m.near(ctx, tx, org, me); err != nil {
			return err
		}
		r.Kind, r.Language, r.Details, r.trial = d.Kind, d.Language, d.Details, p.IsCanary()
		r.ProvedAt = m.now()
		done.Changed("kind", "", string(r.Kind))
		return m.accept(ctx, tx, &r)
	})
	if r.JoinedTo != "" {
		return r.JoinedTo, err
	}
	return r.ID, err
}

// near tells whether a person has to do with an organization: the platform, or one they belong or belonged to.
func (m *Module) near(ctx context.Context, tx core.Tx, org, person core.ID) error {
	if org == core.Platform {
		return nil
	}
	_, member, err := m.needs.Orgs.MemberOf(ctx, tx, org, person)
	if err == nil && !member {
		err = errDesk
	}
	return err
}

func (m *Module) person(ctx context.Context, tx core.Tx, id core.ID) (core.Person, error) {
	found, err := m.needs.People.People(ctx, tx, id)
	if err == nil && found[id].ID == "" {
		err = errAbsent
	}
	return found[id], err
}

// receive makes the key of a requester without account and takes the request.
func (m *Module) receive(ctx context.Context, done *core.Act, r *Request, admit func(core.Tx) error) error {
	if err := m.needs.Keys.MakeKeys(ctx, r.Person); err != nil {
		return err
	}
	done.Subject = r.Person
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		r.JoinedTo = ""
		if _, err := m.desk(ctx, tx, r.Org); err != nil {
			return err
		}
		if admit != nil {
			if err := admit(tx); err != nil {
				return err
			}
		}
		done.Changes = nil
		done.Changed("kind", "", string(r.Kind))
		return m.accept(ctx, tx, r)
	})
	if err != nil || r.JoinedTo != "" { // a key that seals nothing of theirs
		return errors.Join(err, m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), r.Person))
	}
	return nil
}

// accept writes a request, or joins it to the open one that asks the same, and says so to the requester.
func (m *Module) accept(ctx context.Context, tx core.Tx, r *Request) (err error) {
	if r.place, r.other, err = m.placed(ctx, r.Org, r.Email); err != nil {
		return err
	}
	before, found, err := m.same(ctx, tx, r)
	if err != nil {
		return err
	}
	if found {
		r.JoinedTo = before.ID
		if err := m.unseal(ctx, &before); err != nil {
			return err
		}
		what := stepAgain
		if r.Proof != Proved {
			what = stepAgainForm
		}
		if err := m.step(ctx, tx, &before, what, r.Text); err != nil {
			return err
		}
		return m.write(ctx, tx, &before, letter.Again, "")
	}
	if r.Received.IsZero() {
		r.Received = m.now()
	}
	if err := m.reckon(ctx, tx, r); err != nil {
		return err
	}
	if err := m.add(ctx, tx, r); err != nil {
		return err
	}
	if err := m.step(ctx, tx, r, stepReceived, ""); err != nil {
		return err
	}
	if r.Proof == Proved {
		if err := m.plan(ctx, tx, r); err != nil {
			return err
		}
	}
	return m.write(ctx, tx, r, letter.Receipt, "")
}

// same finds an open request of the same right by the same person.
func (m *Module) same(ctx context.Context, tx core.Tx, r *Request) (Request, bool, error) {
	if r.Account != "" {
		return db.One(ctx, tx, qSameOne, scanRequest, r.Org, r.Account, string(r.Kind), r.ID)
	}
	return db.One(ctx, tx, qSamePlace, scanRequest, r.Org, r.place, string(r.Kind), r.ID, r.other)
}

// link makes a secret that opens the page of a request; only its hash is kept.
func (m *Module) link(ctx context.Context, tx core.Tx, r *Request) (string, error) {
	token := ids.Secret("", 20)
	_, err := tx.Exec(ctx, qAddLink, markOf(token), r.Org, r.ID, clock.Micros(m.now().Add(linkLife)))
	return m.needs.Origin + "/rights/follow/" + token, err
}

func markOf(token string) string {
	if len(token) > 128 {
		token = ""
	}
	sum := sha256.Sum256([]byte("rights.link\x00" + token))
	return hex.EncodeToString(sum[:])
}
