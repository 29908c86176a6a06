package organization

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// signUpLife is how long the link that confirms a sign-up works.
const signUpLife = 24 * time.Hour

// Limits of sign-ups: per source, per address written to, and for the whole platform.
var (
	signUpPerSource  = abuse.Limit{Burst: 5, Every: 30 * time.Minute}
	signUpPerAddress = abuse.Limit{Burst: 2, Every: 8 * time.Hour}
	signUpPerHouse   = abuse.Limit{Burst: 60, Every: time.Minute}
)

// SignUp is what somebody types to sign an organization up (CTI-3).
type SignUp struct {
	Organization string `json:"organization"`
	TimeZone     string `json:"time_zone"`
	GivenName    string `json:"given_name"`
	FamilyName   string `json:"family_name"`
	Email        string `json:"email"`
	Language     string `json:"language"`
	Service      string `json:"service,omitempty"` // that it signs up for, "" for the platform alone
}

var (
	errSignUpClosed = i18n.Fault(core.Forbidden, "signup.closed", "L'inscription libre est fermée. Demandez au fournisseur de créer votre organisation.", "Self-service sign-up is closed. Ask the provider to make your organization.")
	errSignUpEnded  = i18n.Fault(core.Gone, "signup.ended", "Ce lien a expiré ou a déjà servi. Recommencez l'inscription.", "This link has expired or was used already. Start the sign-up again.")
	errSignUpForm   = i18n.Fault(core.Invalid, "signup.invalid", "Un champ de l'inscription est à corriger.", "A field of the sign-up needs correcting.")
	errSignUpSlow   = i18n.Fault(core.TooMany, "signup.too_many", "Trop d'inscriptions demandées. Réessayez plus tard.", "Too many sign-ups were asked for. Try again later.")

	signUpSubject = i18n.T("Confirmez l'inscription de votre organisation", "Confirm the sign-up of your organization")
	signUpBody    = i18n.T(`Bonjour,

Une organisation a été inscrite avec cette adresse. Pour la créer et en devenir l'administrateur, ouvrez ce lien, valable une seule fois et jusqu'au %s :

%s

Si vous n'avez rien demandé, ignorez ce message : rien ne sera créé.
`, `Hello,

An organization was signed up with this address. To make it and become its administrator, open this link, which works once and until %s:

%s

If you asked for nothing, ignore this message: nothing will be made.
`)
)

const signUpPlace = "organization_signup.sealed"

var (
	qAddSignUp  = db.SQL(`INSERT INTO organization_signup (id, secret, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`)
	qSignUp     = db.SQL(`SELECT id, sealed FROM organization_signup WHERE secret = $1 AND expires_at > $2`)
	qDropSignUp = db.SQL(`DELETE FROM organization_signup WHERE id = $1`)
)

func (s SignUp) check() (SignUp, error) {
	bad := errSignUpForm
	if o, err := checkOrg(core.Organization{Name: s.Organization, Language: s.Language, TimeZone: s.TimeZone}); err != nil {
		for _, f := range err.(*core.Error).Fields {
			name := map[string]string{"name": "organization"}[f.Field]
			if name == "" {
				name = f.Field
			}
			bad = bad.With(name, f.Code, f.Args...)
		}
	} else {
		s.Organization, s.Language, s.TimeZone = o.Name, o.Language, o.TimeZone
	}
	if p, err := (Profile{GivenName: s.GivenName, FamilyName: s.FamilyName, Email: s.Email, Language: s.Language}).check(); err != nil {
		for _, f := range err.(*core.Error).Fields {
			if f.Field != "language" {
				bad = bad.With(f.Field, f.Code, f.Args...)
			}
		}
	} else {
		s.GivenName, s.FamilyName, s.Email = p.GivenName, p.FamilyName, p.Email
	}
	if len(bad.Fields) > 0 {
		return s, bad
	}
	return s, nil
}

// SignUpOpen tells whether the page of sign-up takes anyone.
func (m *Module) SignUpOpen(ctx context.Context) (open bool, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeSignUp, Org: core.Platform}, func(tx core.Tx) error {
		open, err = m.needs.SignUps.SignUpOpen(ctx, tx)
		return err
	})
	return open, err
}

// AskSignUp keeps what was typed, sealed, for a day, and mails a link that confirms it. Nothing that others could see is
// made before; the answer is the same whether the address has an account or not.
func (m *Module) AskSignUp(ctx context.Context, s SignUp) error {
	s, err := s.check()
	if err != nil {
		return err
	}
	secret, id := newSecret(), ids.New()
	plain, err := json.Marshal(s)
	if err != nil {
		return err
	}
	sealed, err := m.needs.Sealer.Seal(ctx, core.Platform, signUpPlace, plain)
	if err != nil {
		return err
	}
	act := &core.Act{Def: AskSignUp, Org: core.Platform, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		open, err := m.needs.SignUps.SignUpOpen(ctx, tx)
		if err == nil && !open {
			err = errSignUpClosed
		}
		if err != nil {
			return err
		}
		now := m.needs.Clock.Now()
		if err := slow(ctx, tx, now, s.Email); err != nil {
			return err
		}
		until := now.Add(signUpLife)
		if _, err := tx.Exec(ctx, qAddSignUp, id, hashOf(secret), sealed, clock.Micros(now), clock.Micros(until)); err != nil {
			return err
		}
		said := i18n.With(ctx, language(s.Language, ""))
		return m.needs.Mail.Queue(ctx, tx, core.Mail{
			Org: core.Platform, To: s.Email, Kind: "organization.signup", Subject: signUpSubject.In(said),
			Body: signUpBody.In(said, i18n.Moment(said, until), strings.TrimSuffix(m.needs.Origin, "/")+"/signup/"+secret),
		})
	})
}

// slow keeps a stranger from filling somebody's mailbox or the house.
func slow(ctx context.Context, tx core.Tx, now time.Time, email string) error {
	source := core.ActorOf(ctx).Address.Unmap()
	if source.Is6() {
		if p, err := source.Prefix(64); err == nil {
			source = p.Addr()
		}
	}
	for _, l := range []struct {
		what, key string
		limit     abuse.Limit
	}{{"source", source.String(), signUpPerSource}, {"address", email, signUpPerAddress}, {"house", "", signUpPerHouse}} {
		sum := sha256.Sum256([]byte("organization.signup\x00" + l.what + "\x00" + l.key))
		v, err := abuse.Take(ctx, tx, "signup:"+hex.EncodeToString(sum[:16]), l.limit, now)
		if err != nil {
			return err
		}
		if !v.OK {
			return errSignUpSlow.After(v.Retry)
		}
	}
	return nil
}

// LookSignUp tells the name of the organization that a mailed link confirms, and changes nothing.
func (m *Module) LookSignUp(ctx context.Context, secret string) (SignUp, error) {
	var s SignUp
	err := m.needs.Gate.Read(ctx, &core.Act{Def: SeeSignUp, Org: core.Platform}, func(tx core.Tx) error {
		_, got, err := m.pendingSignUp(ctx, tx, secret)
		s = got
		return err
	})
	return s, err
}

func (m *Module) pendingSignUp(ctx context.Context, tx core.Tx, secret string) (core.ID, SignUp, error) {
	type pending struct {
		id     core.ID
		sealed []byte
	}
	var s SignUp
	p, found, err := db.One(ctx, tx, qSignUp, func(scan db.Scan) (p pending, err error) {
		err = scan(&p.id, &p.sealed)
		return p, err
	}, hashOf(secret), clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return "", s, err
	}
	if !found {
		return "", s, errSignUpEnded
	}
	plain, err := m.needs.Sealer.Open(ctx, core.Platform, signUpPlace, p.sealed)
	if err != nil {
		return "", s, err
	}
	return p.id, s, json.Unmarshal(plain, &s)
}

// ConfirmSignUp makes the organization and its first member, who administers it, and says where to go next.
func (m *Module) ConfirmSignUp(ctx context.Context, secret string) (next string, err error) {
	org, person := ids.New(), ids.New()
	if _, err := m.LookSignUp(ctx, secret); err != nil {
		return "", err // no key for a link that opens nothing
	}
	if err := m.needs.Keys.MakeKeys(ctx, org, person); err != nil {
		return "", err
	}
	used := person
	act := &core.Act{Def: ConfirmSignUp, Org: org}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		var err error
		used, next, err = m.open(ctx, tx, act, secret, org, person)
		return err
	})
	if err != nil {
		m.dropKeys(ctx, org, person)
		return "", err
	}
	if used != person {
		m.dropKeys(ctx, person)
	}
	if next == "" {
		next = "/signin"
	}
	return next, nil
}

func (m *Module) open(ctx context.Context, tx core.Tx, act *core.Act, secret string, org, person core.ID) (core.ID, string, error) {
	id, s, err := m.pendingSignUp(ctx, tx, secret)
	if err != nil {
		return "", "", err
	}
	open, err := m.needs.SignUps.SignUpOpen(ctx, tx)
	if err == nil && !open {
		err = errSignUpClosed
	}
	if err != nil {
		return "", "", err
	}
	n, err := tx.Exec(ctx, qDropSignUp, id)
	if err == nil && n == 0 {
		err = errSignUpEnded
	}
	if err != nil {
		return "", "", err
	}
	o := core.Organization{ID: org, Name: s.Organization, Language: s.Language, TimeZone: s.TimeZone}
	if _, err := m.AddOrg(ctx, tx, o); err != nil {
		return "", "", err
	}
	known, found, err := m.needs.People.PersonByEmail(ctx, tx, s.Email)
	if err != nil {
		return "", "", err
	}
	if found {
		person = known.ID
	} else if _, err := m.needs.People.AddPeople(ctx, tx, []core.NewPerson{{
		ID: person, GivenName: s.GivenName, FamilyName: s.FamilyName, Email: s.Email, Language: s.Language,
	}}); err != nil {
		return "", "", err
	}
	member, err := m.AddMember(ctx, tx, core.Membership{Org: org, Person: person})
	if err != nil {
		return "", "", err
	}
	act.Resource, act.Subject = member, person
	_, err = m.needs.Rights.Assign(ctx, tx, core.Assignment{
		Org: org, Person: person, Role: "admin", Reason: "sign-up", Approver: person, From: m.needs.Clock.Now(),
	})
	if err != nil {
		return "", "", err
	}
	if s.Service != "" && m.needs.Joined != nil {
		if err := m.needs.Joined(ctx, tx, s.Service, org, person); err != nil {
			return "", "", err
		}
	}
	next, err := m.needs.Passwords.FirstPassword(ctx, tx, person)
	return person, next, err
}
