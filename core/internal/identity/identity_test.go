package identity

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

func fields(err error) string {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return fmt.Sprint(err)
	}
	var list []string
	for _, f := range e.Fields {
		list = append(list, f.Field+":"+f.Code)
	}
	return e.Code + " " + strings.Join(list, " ")
}

func TestEveryStatementRunsOnBothEngines(t *testing.T) {
	dbtest.Statements(t, schemas, "identity_")
}

func TestAnAccountBelongsToOneIdentifiedPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		ada := h.ada()
		if _, err := h.add(core.NewPerson{Email: "ADA@example.org "}); core.CodeOf(err) != "person.email_taken" {
			t.Errorf("the same address again: %v", err)
		}
		h.must(h.db.Read(ctx, func(tx core.Tx) error {
			p, ok, err := h.PersonByEmail(ctx, tx, " aDA@example.org")
			if err != nil || !ok || p.ID != ada || p.Email != "ada@example.org" || p.State != "invited" {
				t.Errorf("by address: %+v %v %v", p, ok, err)
			}
			if _, err := h.Person(ctx, tx, "nobody"); core.KindOf(err) != core.NotFound {
				t.Errorf("nobody: %v", err)
			}
			return nil
		}))
		var list []core.NewPerson
		for i := range 150 {
			list = append(list, core.NewPerson{Email: fmt.Sprintf("p%d@example.org", i)})
		}
		h.must(h.db.Write(ctx, func(tx core.Tx) error {
			made, err := h.AddPeople(ctx, tx, list)
			if err != nil {
				return err
			}
			found, err := h.People(ctx, tx, made...)
			if err != nil || len(found) != 150 || found[made[149]].Email != "p149@example.org" {
				t.Errorf("150 persons read back: %d %v", len(found), err)
			}
			few, err := h.People(ctx, tx, made[3], "nobody", made[5])
			if err != nil || len(few) != 2 {
				t.Errorf("three asked, one unknown: %d %v", len(few), err)
			}
			none, err := h.People(ctx, tx)
			if err != nil || len(none) != 0 {
				t.Errorf("none asked: %d %v", len(none), err)
			}
			return nil
		}))
	})
}

func TestWhatIsWrongWithAPersonIsToldFieldByField(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	_, err := h.add(core.NewPerson{Email: "no address", Email2: "x@", GivenName: "<script>", FamilyName: strings.Repeat("x", 101), Phone: "0142", Gender: "q", Language: "de", Functional: true})
	want := "person.invalid email:person.email email2:person.email given_name:person.name family_name:person.name phone:person.phone gender:person.gender language:person.language responsible:person.responsible"
	if got := fields(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	id, err := h.add(core.NewPerson{Email: "Eloise.O'Neil+tag@Example.org", GivenName: "  Éloïse \t Anne ", Phone: "+33 1 42.00-00 00", Gender: "f"})
	h.must(err)
	h.must(h.db.Read(context.Background(), func(tx core.Tx) error {
		p, err := h.Person(context.Background(), tx, id)
		if p.GivenName != "Éloïse Anne" || p.Language != "fr" || p.Phone != "+33142000000" || p.Email != "eloise.o'neil+tag@example.org" {
			t.Errorf("%+v", p)
		}
		return err
	}))
}

func TestAFunctionalAccountNamesAPersonWhoAnswersForIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		ada := h.ada()
		desk := core.NewPerson{GivenName: "Accueil", Email: "accueil@example.org", Functional: true}
		if _, err := h.add(desk); fields(err) != "person.invalid responsible:person.responsible" {
			t.Errorf("nobody responsible: %v", fields(err))
		}
		desk.Responsible = "nobody"
		if _, err := h.add(desk); fields(err) != "person.invalid responsible:person.responsible" {
			t.Errorf("responsible unknown: %v", fields(err))
		}
		desk.Responsible = ada
		id, err := h.add(desk)
		h.must(err)
		other := core.NewPerson{Email: "fax@example.org", Functional: true, Responsible: id}
		if _, err := h.add(other); fields(err) != "person.invalid responsible:person.responsible" {
			t.Errorf("a functional account answers for another: %v", fields(err))
		}
		h.must(h.db.Read(ctx, func(tx core.Tx) error {
			list, err := h.ResponsibleFor(ctx, tx, ada)
			if len(list) != 1 || list[0].ID != id {
				t.Errorf("Ada answers for %+v", list)
			}
			return err
		}))
		err = h.db.Write(ctx, func(tx core.Tx) error {
			p, err := h.Person(ctx, tx, id)
			if err != nil {
				return err
			}
			p.Responsible = ""
			return h.UpdatePerson(ctx, tx, p)
		})
		if fields(err) != "person.invalid responsible:person.responsible" {
			t.Errorf("taken away later: %v", fields(err))
		}
	})
}

func TestNoDefaultAccountExists(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.must(h.db.Read(context.Background(), func(tx core.Tx) error {
			if any, err := h.Anyone(context.Background(), tx); any || err != nil {
				t.Errorf("a fresh installation holds somebody (%v)", err)
			}
			for _, login := range []string{"admin", "root", "sa", "admin@example.org", "admin@localhost", ""} {
				if _, ok, _ := h.PersonByEmail(context.Background(), tx, login); ok {
					t.Errorf("%q exists", login)
				}
			}
			return nil
		}))
	})
}

func TestFormerPasswordsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.ada()
		h.must(h.set(ada, good))
		if err := h.set(ada, good); fields(err) != "password.weak password:password.history" {
			t.Errorf("the current one: %v", fields(err))
		}
		h.must(h.set(ada, better))
		h.must(h.set(ada, best))
		if err := h.set(ada, good); fields(err) != "password.weak password:password.history" {
			t.Errorf("two ago, with a history of three: %v", fields(err))
		}
		h.must(h.set(ada, "Fourth-Jaspe2-Pont!Est"))
		h.must(h.set(ada, good)) // four ago now
		if n := len(h.mail.Sent("password.changed")); n != 4 {
			t.Errorf("%d mails about five passwords, want 4: the first is no change", n)
		}
		for _, m := range h.mail.Sent("") {
			for _, secret := range []string{good, better, best} {
				if strings.Contains(m.Body+m.Subject, secret) {
					t.Fatal("a mail holds a password")
				}
			}
		}
	})
}

func TestNamesAndOrganizationsAreRefusedInPasswords(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	h.settings.Policy.Password = core.PasswordPolicy{MinLength: 8}
	ada := h.ada()
	for _, plain := range []string{"adamartin1", "Valombre!26", "ada@example.org", "M4rtin-Ada-1"} {
		if err := h.set(ada, plain); !strings.Contains(fields(err), "password.own") {
			t.Errorf("%q: %v", plain, fields(err))
		}
	}
}

func TestChangingOnesPasswordAsksForTheCurrentOneAndEndsOtherSessions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.ada()
		h.must(h.set(ada, good))
		if err := h.ChangePassword(as(ada), ada, "wrong", better); core.CodeOf(err) != "password.wrong" {
			t.Fatalf("without the current one: %v", err)
		}
		if act, _ := h.gate.Last("password.change"); act.Outcome != core.Failure || act.Reason != "password.wrong" {
			t.Errorf("the failure is not in the journal: %+v", act)
		}
		h.must(h.ChangePassword(as(ada), ada, good, better))
		if got := strings.Join(h.ended, ", "); got != string(ada)+" token password_changed but , "+string(ada)+" password_changed but s1" {
			t.Errorf("ended: %s", got)
		}
	})
}

func TestACompromisedAccountIsCutOff(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		ada := h.ada()
		h.must(h.set(ada, good))
		if err := h.Flag(as("boss"), "org-b", ada, "phone stolen"); core.KindOf(err) != core.NotFound {
			t.Errorf("from another organization: %v", err)
		}
		if err := h.Flag(as("boss"), "org-a", ada, ""); core.CodeOf(err) != "account.reason" {
			t.Errorf("without a reason: %v", err)
		}
		h.must(h.Flag(as("boss"), "org-a", ada, "phone stolen"))
		if len(h.ended) != 2 {
			t.Errorf("ended: %q", h.ended)
		}
		var c core.Credential
		h.must(h.db.Read(ctx, func(tx core.Tx) (err error) { c, err = h.Credential(ctx, tx, ada); return err }))
		if !c.Compromised {
			t.Error("the password still counts as sound")
		}
		h.must(h.set(ada, better))
		h.must(h.db.Read(ctx, func(tx core.Tx) (err error) { c, err = h.Credential(ctx, tx, ada); return err }))
		if c.Compromised {
			t.Error("a new password does not end the episode")
		}
	})
}

func TestANewPasswordDoesNotReopenADisabledAccount(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ctx, ada := context.Background(), h.ada()
	h.must(h.set(ada, good))
	h.must(h.db.Write(ctx, func(tx core.Tx) error {
		p, err := h.Person(ctx, tx, ada)
		if err != nil {
			return err
		}
		p.State = "disabled"
		return h.UpdatePerson(ctx, tx, p)
	}))
	h.must(h.set(ada, better))
	h.must(h.db.Read(ctx, func(tx core.Tx) error {
		p, err := h.Person(ctx, tx, ada)
		if p.State != "disabled" {
			t.Errorf("the account is %s", p.State)
		}
		return err
	}))
}

func TestAnAdministratorSendsALinkAndNeverSeesIt(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ada := h.ada()
	h.must(h.SendReset(as("boss"), "org-a", ada))
	mails := h.mail.Sent("password.reset")
	if len(mails) != 1 || mails[0].To != "ada@example.org" || !strings.Contains(mails[0].Body, "https://trust.example.org/reset/") {
		t.Fatalf("mails: %+v", mails)
	}
	if err := h.SendReset(as("boss"), core.Platform, ada); core.KindOf(err) != core.NotFound {
		t.Errorf("the provider acts on a client's member: %v", err)
	}
}

func TestUpgradeKeepsThePasswordAndNotItsAge(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ctx, ada := context.Background(), h.ada()
	h.must(h.set(ada, good))
	var c core.Credential
	read := func() {
		h.must(h.db.Read(ctx, func(tx core.Tx) (err error) { c, err = h.Credential(ctx, tx, ada); return err }))
	}
	read()
	before := c
	old := "$argon2id$v=19$m=8,t=1,p=1$"
	ok, rehash, err := h.CheckPassword(ctx, c, good)
	if !ok || rehash != "" || err != nil || strings.HasPrefix(c.Hash, old) {
		t.Fatalf("at today's cost: %v %q %v", ok, rehash, err)
	}
	h.Module.needs.Hasher = cheaper
	ok, rehash, err = h.CheckPassword(ctx, c, good)
	if !ok || rehash == "" || err != nil {
		t.Fatalf("at another cost: %v %q %v", ok, rehash, err)
	}
	h.must(h.db.Write(ctx, func(tx core.Tx) error { return h.UpgradePassword(ctx, tx, c, rehash) }))
	read()
	if c.Hash != rehash || !c.SetAt.Equal(before.SetAt) {
		t.Error("the upgrade was not kept, or changed the age")
	}
	if ok, _, _ := h.CheckPassword(ctx, c, good); !ok {
		t.Error("the password no longer opens")
	}
}

// The vectors of RFC 6238, appendix B, for SHA-1, cut to six digits.
func TestTOTPIsThatOfTheRFC(t *testing.T) {
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got, err := CodeAt(secret, time.Unix(at, 0)); got != want || err != nil {
			t.Errorf("at %d: %s, want %s (%v)", at, got, want, err)
		}
	}
	key := []byte("12345678901234567890")
	now := time.Unix(1111111109, 0)
	for drift, ok := range map[time.Duration]bool{-61 * time.Second: false, -30 * time.Second: true, 0: true, 30 * time.Second: true, 65 * time.Second: false} {
		code := codeAt(key, now.Add(drift).Unix()/30)
		if _, got := matchTOTP(key, code, now); got != ok {
			t.Errorf("a clock off by %v: taken %v", drift, got)
		}
	}
}

func TestTheSecretOfAFactorIsSealed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, ada := context.Background(), h.ada()
		secret, err := h.Enrol(as(ada), ada)
		h.must(err)
		raw, _ := secretText.DecodeString(secret)
		h.must(h.db.Read(ctx, func(tx core.Tx) error {
			kept, _, err := db.One(ctx, tx, qFactorPending, func(scan db.Scan) (b []byte, err error) {
				var id string
				var last int64
				return b, scan(&id, &b, &last)
			}, ada, 0, pendingKind("s1"))
			if strings.Contains(string(kept), string(raw)) || len(kept) == 0 {
				t.Error("the secret stands in clear in the row")
			}
			f, err2 := h.Factors(ctx, tx, ada)
			if f.TOTP || err2 != nil {
				t.Error("a factor counts before its first code")
			}
			return err
		}))
		h.clock.Advance(31 * time.Minute)
		code, _ := CodeAt(secret, h.clock.Now())
		if _, err := h.Confirm(as(ada), ada, code); core.KindOf(err) != core.Gone {
			t.Errorf("half an hour later: %v", err)
		}
	})
}

func TestADemandedFactorCannotBeRemovedByItsPerson(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ada := h.ada()
	secret, err := h.Enrol(as(ada), ada)
	h.must(err)
	code, _ := CodeAt(secret, h.clock.Now())
	_, err = h.Confirm(as(ada), ada, code)
	h.must(err)
	h.settings.Policy.SignIn.SecondFactor = true
	if err := h.RemoveFactor(as(ada), ada); core.CodeOf(err) != "factor.demanded" {
		t.Errorf("demanded by the policy: %v", err)
	}
	h.settings.Policy.SignIn.SecondFactor = false
	h.members[ada][0].OrgKind = "provider"
	if err := h.RemoveFactor(as(ada), ada); core.CodeOf(err) != "factor.demanded" {
		t.Errorf("of provider staff: %v", err)
	}
	h.members[ada][0].OrgKind = "client"
	h.must(h.RemoveFactor(as(ada), ada))
	if n := len(h.mail.Sent("factor.removed")); n != 1 {
		t.Errorf("%d mails", n)
	}
}

func TestRecoveryCodesAreStoredWithAKeyedHash(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	ctx, ada := context.Background(), h.ada()
	batch, err := h.RenewCodes(as(ada), ada)
	h.must(err)
	if len(batch.Plain) != 10 || len(batch.Salt) < 16 {
		t.Fatalf("%d codes, salt of %d characters", len(batch.Plain), len(batch.Salt))
	}
	for i, code := range batch.Plain {
		bare := strings.ReplaceAll(code, "-", "")
		if len(bare) != 16 || strings.Contains(batch.Marks[i], bare) {
			t.Errorf("code %q is kept as %q", code, batch.Marks[i])
		}
		mark, err := h.MatchCode(ctx, ada, " "+strings.ToUpper(code))
		if err != nil || mark != batch.Marks[i] {
			t.Errorf("code %d as typed is not found: %v", i, err)
		}
		other, _ := h.needs.Hasher.Mark(ctx, batch.Salt+"x", bare)
		if other == mark {
			t.Error("the salt does not count")
		}
	}
	second, err := h.RenewCodes(as(ada), ada)
	h.must(err)
	h.must(h.db.Write(ctx, func(tx core.Tx) error {
		if ok, err := h.UseCode(ctx, tx, ada, batch.Marks[0]); ok || err != nil {
			t.Errorf("a code of a former batch opens: %v %v", ok, err)
		}
		if ok, err := h.UseCode(ctx, tx, ada, second.Marks[0]); !ok || err != nil {
			t.Errorf("a code of the new batch: %v %v", ok, err)
		}
		f, err := h.Factors(ctx, tx, ada)
		if f.Codes != 9 {
			t.Errorf("%d codes left, want 9", f.Codes)
		}
		return err
	}))
}

func TestALinkOpensOnePageOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, ada := context.Background(), h.ada()
		var token string
		h.must(h.db.Write(ctx, func(tx core.Tx) (err error) {
			token, err = h.MakeLink(ctx, tx, LinkNotMe, ada, "signin.new_device d1", time.Hour)
			return err
		}))
		h.must(h.db.Write(ctx, func(tx core.Tx) error {
			if _, _, err := h.UseLink(ctx, tx, LinkReset, token); core.KindOf(err) != core.Gone {
				t.Errorf("a link of one kind opened another page: %v", err)
			}
			for range 2 { // looking does not spend
				if p, about, err := h.Link(ctx, tx, LinkNotMe, token); p != ada || about != "signin.new_device d1" || err != nil {
					t.Errorf("%s %q %v", p, about, err)
				}
			}
			if _, _, err := h.UseLink(ctx, tx, LinkNotMe, token); err != nil {
				t.Error(err)
			}
			_, _, err := h.UseLink(ctx, tx, LinkNotMe, token)
			if core.KindOf(err) != core.Gone {
				t.Errorf("used twice: %v", err)
			}
			return nil
		}))
	})
}

func TestExportHoldsNoSecretAndErasureLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, ada := context.Background(), h.ada()
		h.must(h.set(ada, good))
		h.must(h.set(ada, better))
		secret, err := h.Enrol(as(ada), ada)
		h.must(err)
		code, _ := CodeAt(secret, h.clock.Now())
		_, err = h.Confirm(as(ada), ada, code)
		h.must(err)
		h.must(h.ChangePhoto(as(ada), ada, asPNG(t, halves(100, 100))))
		h.must(h.NotMeMyself(as(ada), ada))
		tables := map[string]int{}
		h.must(h.db.Read(ctx, func(tx core.Tx) error {
			return h.ExportPerson(ctx, tx, ada, func(r core.Record) error {
				tables[r.Table]++
				text := fmt.Sprint(r.Values)
				for _, never := range []string{"argon2id", secret, "mark", "salt", "hash"} {
					if strings.Contains(text, never) {
						t.Errorf("%s is exported with a secret: %s", r.Table, text)
					}
				}
				return nil
			})
		}))
		for _, table := range h.Manifest().Tables {
			if tables[table.Name] == 0 {
				t.Errorf("%s is not exported", table.Name)
			}
		}
		h.must(h.db.Write(ctx, func(tx core.Tx) error { _, err := h.ErasePerson(ctx, tx, ada); return err }))
		h.must(h.db.Read(ctx, func(tx core.Tx) error {
			return h.ExportPerson(ctx, tx, ada, func(r core.Record) error { t.Errorf("after erasure: %+v", r); return nil })
		}))
	})
}

func TestAnAlertSpeaksThePersonsLanguage(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas))
	fr, err := h.add(core.NewPerson{ID: ids.New(), GivenName: "Zoé", Email: "zoe@example.org"})
	h.must(err)
	h.must(h.db.Write(context.Background(), func(tx core.Tx) error { return h.Compromised(context.Background(), tx, fr) }))
	m := h.mail.Sent("account.compromised")[0]
	if !strings.HasPrefix(m.Body, "Bonjour Zoé,") || !strings.Contains(m.Body, "https://trust.example.org/not-me/") || strings.Contains(m.Subject, "Zo") {
		t.Errorf("%+v", m)
	}
}
