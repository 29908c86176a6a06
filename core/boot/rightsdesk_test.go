package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/hook"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/kit/sheet"
)

var (
	qRightsDueIn   = db.SQL(`UPDATE rights_request SET due_at = $2 WHERE id = $1`)
	qRightsBegan   = db.SQL(`UPDATE rights_request SET received_at = $2 WHERE id = $1`)
	qPauseBegan    = db.SQL(`UPDATE rights_pause SET from_at = $2 WHERE request = $1`)
	qRightsClosed  = db.SQL(`UPDATE rights_request SET closed_at = $2 WHERE id = $1`)
	qRightsRows    = db.SQL(`SELECT count(*) FROM rights_request WHERE id = $1`)
	qRightsContent = db.SQL(`SELECT content FROM rights_document WHERE request = $1`)
	qRightsMarks   = db.SQL(`SELECT count(*) FROM rights_notice WHERE request = $1`)
)

// plantRights makes, in organization a, a request with a task and a document, and an outside system, for the walks.
func (w *town) plantRights() {
	w.t.Helper()
	officer := w.as("a.admin")
	system, _, err := w.rights.AddSystem(officer, w.a, rights.System{Name: "canary-system", Way: rights.ByDesk, Address: "canary-desk"})
	w.must("system", err)
	d := rights.Draft{Kind: rights.Erasure, Details: rights.Details{Name: "canary-requester", Email: "canary-requester@example.org", Text: "canary-words"}}
	id, err := w.rights.Record(officer, w.a, d, time.Now())
	w.must("request", err)
	w.must("doubt", w.rights.AskProof(officer, w.a, id, "canary-doubt"))
	token := ""
	for _, l := range w.desk(id).Letters {
		token = w.linkIn(l.Text)
	}
	w.must("document", w.rights.SendDocument(anonymous(context.Background()), token, "canary-document.pdf", []byte("%PDF-1.7 canary-content")))
	asked, err := w.rights.Ask(w.as("a.member"), w.a, rights.Draft{Kind: rights.Objection, Details: rights.Details{Text: "canary-objection"}})
	w.must("ask", err)
	w.known["rights_request"], w.known["rights_system"] = []core.ID{asked, id}, []core.ID{system}
	w.known["rights_document"] = []core.ID{w.desk(id).Documents[0].ID}
	for _, task := range w.desk(asked).Tasks {
		w.known["rights_task"] = append(w.known["rights_task"], task.ID)
	}
	w.known["desk"] = []core.ID{w.b} // the public form names the organization that it is of
}

// contacts sets those that letters name.
func (w *town) contacts() {
	w.t.Helper()
	w.must("officer", w.House.SetFloors(w.system(), map[string]string{"contact.dpo": "dpo@provider.example"}, "test"))
}

// files asks by the public form of organization a, and gives the secret of the link that the receipt carries.
func (w *town) files(kind rights.Kind, email, text string) (id core.ID, token string) {
	w.t.Helper()
	d := rights.Draft{Kind: kind, Language: "en", Details: rights.Details{Name: "Stranger Canary", Email: email, Text: text}}
	w.must("file", w.rights.File(anonymous(w.t.Context()), w.a, d, rights.ProofOfWork{}))
	q, err := w.rights.Requests(w.as("a.admin"), w.a, rights.Filter{})
	w.must("queue", err)
	for _, r := range q.List {
		if r.Email == email && r.Kind == kind && r.State == rights.Open {
			return r.ID, w.linkIn(w.letterOf(r.Person, "rights.receipt"))
		}
	}
	w.t.Fatalf("no request of %s", email)
	return "", ""
}

// mailbox gives a person an address whose mail is held, so that it can be read.
func (w *town) mailbox(who string) {
	w.t.Helper()
	p := w.look(w.people[who])
	p.Email = strings.ReplaceAll(who, ".", "-") + "@town.invalid"
	w.do("address", func(ctx context.Context, tx core.Tx) error { return w.identity.UpdatePerson(ctx, tx, p) })
}

// letterOf gives the newest mail of a kind to whoever owns a key.
func (w *town) letterOf(person core.ID, kind string) string {
	w.t.Helper()
	held, err := w.mail.Held(w.system(), person)
	w.must("mail", err)
	for _, l := range slices.Backward(held) {
		if l.Kind == kind {
			return l.Body
		}
	}
	w.t.Fatalf("no mail %s to %s", kind, person)
	return ""
}

func (w *town) linkIn(body string) string { return pathIn(body, "/rights/follow/") }

func (w *town) desk(id core.ID) rights.Sheet {
	w.t.Helper()
	s, err := w.rights.Get(w.as("a.admin"), w.a, id)
	w.must("request", err)
	return s
}

// finishes tells that what is done outside of the platform is done.
func (w *town) finishes(id core.ID) {
	w.t.Helper()
	for _, task := range w.desk(id).Tasks {
		if task.Place == rights.AtSystem && task.State != rights.TaskDone {
			w.must("task", w.rights.FinishTask(w.as("a.admin"), w.a, id, task.ID, ""))
		}
	}
}

func (w *town) executes(what, q string, args ...any) {
	w.t.Helper()
	w.do(what, func(ctx context.Context, tx core.Tx) error { _, err := tx.Exec(ctx, q, args...); return err })
}

// TestNothingIsDoneBeforeIdentity: every act on a request is refused until the person is known; then each passes.
func TestNothingIsDoneBeforeIdentity(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.furnish()
		w.contacts()
		officer := w.as("a.admin")
		id, token := w.files(rights.Access, "stranger@elsewhere.invalid", "all of it")
		refused := func(when, code string) {
			t.Helper()
			w.wantCode(when+": carry", w.rights.CarryOut(officer, w.a, id, nil), code)
			w.wantCode(when+": answer", w.rights.Reply(officer, w.a, id, "here"), code)
		}
		refused("unproved", "rights.unproved")
		w.wantCode("refuse on the merits", w.rights.RefuseOne(officer, w.a, id, rights.GroundNothing, "no"), "rights.identity_only")
		if s := w.desk(id); len(s.Tasks) > 0 || s.Proof != rights.Unproved {
			t.Errorf("before any proof: %d tasks, %s", len(s.Tasks), s.Proof)
		}
		w.must("confirm", w.rights.ConfirmOne(anonymous(t.Context()), token, "a fact that nobody can compare"))
		refused("mailbox alone", "rights.unproved")
		w.must("doubt", w.rights.AskProof(officer, w.a, id, "Your name is common."))
		refused("doubted", "rights.unproved")
		w.must("failed", w.rights.Establish(officer, w.a, id, false, "Nothing came."))
		refused("failed", "rights.unproved")
		w.must("established", w.rights.Establish(officer, w.a, id, true, "Seen at the desk."))
		w.wantCode("nobody to carry out for", w.rights.CarryOut(officer, w.a, id, nil), "rights.no_account")
		w.wantCode("a task is open", w.rights.Reply(officer, w.a, id, "Here."), "rights.todo")
		w.finishes(id)
		w.must("answer", w.rights.Reply(officer, w.a, id, "We hold a letter of yours; here is its copy."))
		f, err := w.rights.Behind(anonymous(t.Context()), token)
		w.must("follow", err)
		if f.State != rights.Answered || len(f.Letters) != 1 || !strings.Contains(f.Letters[0].Text, "copy") {
			t.Errorf("the requester sees %+v", f)
		}
		w.wantCode("again", w.rights.Reply(officer, w.a, id, "more"), "rights.closed")
	})
}

// TestALetterAlwaysNamesTheAuthority: receipt, doubt, extension, answer, refusal; the CNIL unless another is set (CTI-8).
func TestALetterAlwaysNamesTheAuthority(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.contacts()
		officer := w.as("a.admin")
		check := func(authority string) {
			t.Helper()
			id, _ := w.files(rights.Erasure, strings.ToLower(authority[:4])+"@elsewhere.invalid", "")
			w.must("doubt", w.rights.AskProof(officer, w.a, id, "Who are you?"))
			w.must("extend", w.rights.ExtendOne(officer, w.a, id, "Many requests came at once."))
			w.must("refuse", w.rights.RefuseOne(officer, w.a, id, rights.GroundIdentity, "Nothing came."))
			s := w.desk(id)
			for _, kind := range []string{"rights.receipt", "rights.doubt", "rights.extension", "rights.refusal"} {
				body := w.letterOf(s.Person, kind)
				for _, want := range []string{authority, "dpo@provider.example", "complaint"} {
					if !strings.Contains(body, want) {
						t.Errorf("%s does not say %q:\n%s", kind, want, body)
					}
				}
			}
			if len(s.Letters) != 4 {
				t.Fatalf("%d letters kept", len(s.Letters))
			}
			for _, l := range s.Letters {
				if !strings.Contains(l.Text, authority) || l.Digest != sheet.Digest([]byte(l.Text)) || l.SentTo == "" || l.At.IsZero() {
					t.Errorf("proof of %s: %+v", l.Kind, l)
				}
			}
		}
		check("Commission nationale de l'informatique et des libertés (CNIL)")
		w.must("another", w.House.SetFloors(w.system(), map[string]string{"contact.authority": "Datenschutzbehörde", "contact.authority_address": "Barichgasse 40, Wien"}, "test"))
		check("Datenschutzbehörde")
	})
}

// TestALinkAndAKnownFactProve: the mailbox and a fact that the organization holds; a wrong fact tells nothing and tries end.
func TestALinkAndAKnownFactProve(t *testing.T) {
	w := newTown(t, "")
	member := w.people["a.people"]
	w.mailbox("a.people")
	w.mailbox("a.security")
	p := w.look(member)
	id, token := w.files(rights.Portability, p.Email, "")
	guest := anonymous(t.Context())
	w.must("wrong", w.rights.ConfirmOne(guest, token, "plumber"))
	if s := w.desk(id); s.Proof != rights.Mailed || s.Account != member || len(s.Tasks) > 0 {
		t.Errorf("after a wrong fact: %s, account %q, %d tasks", s.Proof, s.Account, len(s.Tasks))
	}
	w.must("right", w.rights.ConfirmOne(guest, token, "CANARY  Function"))
	s := w.desk(id)
	if s.Proof != rights.Proved || s.How != rights.ByLink {
		t.Fatalf("after the right fact: %s by %s", s.Proof, s.How)
	}
	modules := map[string]int{}
	for _, task := range s.Tasks {
		modules[task.Target] = task.Records
	}
	if modules["identity"] == 0 || modules["organization"] == 0 || modules["inventory"] != 0 {
		t.Errorf("tasks %v", modules)
	}
	other, token := w.files(rights.Access, w.look(w.people["a.security"]).Email, "")
	for range 5 {
		w.must("guess", w.rights.ConfirmOne(guest, token, "guess"))
	}
	w.wantCode("sixth guess", w.rights.ConfirmOne(guest, token, "canary function"), "rights.tries")
	if s := w.desk(other); s.Proof == rights.Proved {
		t.Error("guessing proved an identity")
	}
	w.wantCode("no link", w.rights.ConfirmOne(guest, "nothing", "x y z"), "rights.link")
}

func (w *town) look(person core.ID) (p core.Person) {
	w.t.Helper()
	w.must("person", w.db.Read(w.t.Context(), func(tx core.Tx) (err error) { p, err = w.identity.Person(w.t.Context(), tx, person); return err }))
	return p
}

// TestADocumentIsSealedThenDestroyed: it stops and starts the clock, stands in no file in clear, and the verdict destroys it.
func TestADocumentIsSealedThenDestroyed(t *testing.T) {
	w := newTown(t, "")
	officer, guest := w.as("a.admin"), anonymous(t.Context())
	id, token := w.files(rights.Erasure, "paper@elsewhere.invalid", "")
	passport := append([]byte("%PDF-1.7 "), []byte("PASSPORT-OF-ADA")...)
	w.wantCode("unasked", w.rights.SendDocument(guest, token, "p.pdf", passport), "rights.not_asked")
	before := w.desk(id).Due
	w.must("doubt", w.rights.AskProof(officer, w.a, id, "Homonyms"))
	w.executes("ten days pass", qPauseBegan, id, time.Now().AddDate(0, 0, -10).UnixMicro())
	w.executes("received before", qRightsBegan, id, time.Now().AddDate(0, 0, -11).UnixMicro())
	w.wantCode("no picture", w.rights.SendDocument(guest, token, "p.txt", []byte("hello")), "rights.file")
	w.must("send", w.rights.SendDocument(guest, token, "passport.pdf", passport))
	s := w.desk(id)
	if s.Proof != rights.Given || len(s.Documents) != 1 || s.Documents[0].Name != "passport.pdf" {
		t.Fatalf("after the document: %s, %+v", s.Proof, s.Documents)
	}
	if d := s.Due.Sub(before); d < -5*24*time.Hour || d > 5*24*time.Hour { // 11 days earlier, 10 of doubt
		t.Errorf("due moved by %v", d)
	}
	var sealed []byte
	w.must("row", w.db.Read(t.Context(), func(tx core.Tx) (err error) {
		sealed, _, err = db.One(t.Context(), tx, qRightsContent, db.Value[[]byte], id)
		return err
	}))
	if len(sealed) == 0 || bytes.Contains(sealed, []byte("PASSPORT")) {
		t.Error("the document is not sealed")
	}
	_, content, err := w.rights.Document(officer, w.a, id, s.Documents[0].ID)
	w.must("open", err)
	if !bytes.Equal(content, passport) {
		t.Error("the officer does not read what was sent")
	}
	w.must("verdict", w.rights.Establish(officer, w.a, id, true, "It is her."))
	s = w.desk(id)
	if s.How != rights.ByDocument || s.Documents[0].Destroyed.IsZero() || s.Documents[0].Name != "" {
		t.Errorf("after the verdict: %s, %+v", s.How, s.Documents[0])
	}
	_, _, err = w.rights.Document(officer, w.a, id, s.Documents[0].ID)
	w.wantCode("opened after", err, "rights.document_absent")
	for _, file := range []string{"rempart.db", "rempart.db-wal"} {
		if raw, err := os.ReadFile(filepath.Join(w.cfg.Data, file)); err == nil && bytes.Contains(raw, []byte("PASSPORT-OF-ADA")) {
			t.Errorf("%s holds the document in clear", file)
		}
	}
	entries, err := w.journal.EntriesAbout(t.Context(), s.Person, rights.Destroy.Permission, time.Time{}, w.a)
	w.must("journal", err)
	if len(entries) != 1 {
		t.Errorf("%d entries tell of the destruction", len(entries))
	}
}

// TestAForgottenDocumentIsDestroyedByItself: nobody ended the check within thirty days.
func TestAForgottenDocumentIsDestroyedByItself(t *testing.T) {
	w := newTown(t, "")
	id, token := w.files(rights.Erasure, "slow@elsewhere.invalid", "")
	w.must("doubt", w.rights.AskProof(w.as("a.admin"), w.a, id, "Homonyms"))
	w.must("send", w.rights.SendDocument(anonymous(t.Context()), token, "p.pdf", []byte("%PDF-1.7 x")))
	w.must("sweep", w.Sweep(w.system(), "rights.sweep"))
	if s := w.desk(id); !s.Documents[0].Destroyed.IsZero() {
		t.Fatal("a document that is being checked was destroyed")
	}
	w.executes("a month passes", qDocumentSent, id, time.Now().AddDate(0, 0, -31).UnixMicro())
	w.must("sweep", w.Sweep(w.system(), "rights.sweep"))
	if s := w.desk(id); s.Documents[0].Destroyed.IsZero() || s.Proof != rights.Mailed {
		t.Errorf("after a month: %+v, %s", s.Documents[0], s.Proof)
	}
}

var qDocumentSent = db.SQL(`UPDATE rights_document SET sent_at = $2 WHERE request = $1`)

// asks exercises a right from a member's own space.
func (w *town) asks(who string, d rights.Draft) core.ID {
	w.t.Helper()
	id, err := w.rights.Ask(w.as(who), w.a, d)
	w.must("ask", err)
	return id
}

// TestEachRightIsCarriedOut: through the doors of the rooms that can.
func TestEachRightIsCarriedOut(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		officer := w.as("a.admin")
		person := w.people["a.member"]
		w.mailbox("a.member")
		carried := func(d rights.Draft, fields ...string) rights.Sheet {
			t.Helper()
			id := w.asks("a.member", d)
			if s := w.desk(id); s.Proof != rights.Proved || s.How != rights.BySession || !s.Automatic {
				t.Fatalf("%s: %s by %s, automatic %v", d.Kind, s.Proof, s.How, s.Automatic)
			}
			w.must("carry "+string(d.Kind), w.rights.CarryOut(officer, w.a, id, fields))
			w.wantCode("twice", w.rights.CarryOut(officer, w.a, id, fields), "rights.carried")
			return w.desk(id)
		}
		s := carried(rights.Draft{Kind: rights.Rectification, Details: rights.Details{Fields: map[string]string{"family_name": "Corrected", "given_name": "Unwanted"}}}, "family_name")
		if p := w.look(person); p.FamilyName != "Corrected" || p.GivenName == "Unwanted" {
			t.Errorf("after the correction: %q %q", p.GivenName, p.FamilyName)
		}
		for _, task := range s.Tasks {
			if task.Place == rights.AtModule && task.State != rights.TaskDone {
				t.Errorf("task %s is %s", task.Target, task.State)
			}
		}
		w.finishes(s.ID)
		w.must("answer", w.rights.Reply(officer, w.a, s.ID, "Corrected."))
		if body := w.letterOf(person, "rights.answer"); strings.Contains(body, "Corrected") || !strings.Contains(body, "/me/rights/"+string(s.ID)) {
			t.Errorf("the mail says too much, or not where: %s", body)
		}

		if s := carried(rights.Draft{Kind: rights.Access}); s.Effect == "" {
			t.Error("no archive was prepared")
		}
		carried(rights.Draft{Kind: rights.Portability})
		carried(rights.Draft{Kind: rights.Consent})
		carried(rights.Draft{Kind: rights.Restriction, Details: rights.Details{Ground: "accuracy"}})
		w.must("restraints", w.db.Read(t.Context(), func(tx core.Tx) error {
			list, err := w.restraint.Of(t.Context(), tx, person)
			if len(list) != 1 || list[0].Ground != "accuracy" || list[0].Org != w.a {
				t.Errorf("restraints %+v", list)
			}
			return err
		}))
	})
}

// TestAnErasureIsAnsweredAfterItsPerson: the request keeps a key of its own until the answer could be read.
func TestAnErasureIsAnsweredAfterItsPerson(t *testing.T) {
	w := newTown(t, "")
	w.contacts()
	officer := w.as("a.admin")
	person := w.victim("leaver")
	w.mailbox("a.leaver")
	mailbox := w.look(person).Email
	id := w.asks("a.leaver", rights.Draft{Kind: rights.Erasure})
	w.must("carry", w.rights.CarryOut(officer, w.a, id, nil))
	s := w.desk(id)
	if s.Person == person || s.Account != "" || s.Email != mailbox {
		t.Fatalf("the request still hangs on its person: %+v", s.Request)
	}
	w.must("erase", w.erasePerson(person))
	s = w.desk(id)
	if s.Email != mailbox || s.Erased {
		t.Fatalf("the request went with its person: %+v", s.Request)
	}
	w.finishes(id)
	w.must("answer", w.rights.Reply(officer, w.a, id, "All is erased."))
	body := w.letterOf(s.Person, "rights.answer")
	f, err := w.rights.Behind(anonymous(t.Context()), w.linkIn(body))
	w.must("read", err)
	if len(f.Letters) != 1 || !strings.Contains(f.Letters[0].Text, "All is erased.") {
		t.Errorf("the answer cannot be read: %+v", f.Letters)
	}
	digest := f.Letters[0].Digest
	w.executes("a month passes", qRightsClosed, id, time.Now().AddDate(0, 0, -31).UnixMicro())
	w.must("sweep", w.Sweep(w.system(), "rights.sweep"))
	s = w.desk(id)
	last := s.Letters[len(s.Letters)-1]
	if !s.Erased || s.Email != "" || last.Text != "" || last.Digest != digest {
		t.Errorf("a month later: erased %v, %q, letter %+v", s.Erased, s.Email, last)
	}
}

// erasePerson erases a person from every room and destroys their key.
func (w *town) erasePerson(person core.ID) error {
	ctx := w.system()
	err := w.db.Write(ctx, func(tx core.Tx) error { return w.eraseEverywhere(ctx, tx, person) })
	return errors.Join(err, w.vault.DestroyKey(ctx, person))
}

// TestTheSameRequestIsJoined: by the form and in one's own space, open ones only, and the person is told.
func TestTheSameRequestIsJoined(t *testing.T) {
	w := newTown(t, "")
	id, token := w.files(rights.Access, "twice@elsewhere.invalid", "first")
	again, _ := w.files(rights.Access, "twice@elsewhere.invalid", "second")
	if id != again {
		t.Fatal("the same request was taken twice")
	}
	s := w.desk(id)
	if !strings.Contains(w.letterOf(s.Person, "rights.again"), "already") || s.Steps[len(s.Steps)-1].Note != "second" {
		t.Errorf("steps %+v", s.Steps)
	}
	w.must("withdraw", w.rights.Drop(anonymous(t.Context()), token))
	if next, _ := w.files(rights.Access, "twice@elsewhere.invalid", ""); next == id {
		t.Error("a new request was joined to a withdrawn one")
	}
	one := w.asks("a.member", rights.Draft{Kind: rights.Access})
	if two := w.asks("a.member", rights.Draft{Kind: rights.Access}); two != one {
		t.Error("a member's second request was not joined to the first")
	}
	if other := w.asks("a.member", rights.Draft{Kind: rights.Erasure}); other == one {
		t.Error("another right was joined")
	}
	w.mailbox("a.member")
	// The same person by the form: once the mailbox and the fact show who it is, it is joined to theirs.
	form, token := w.files(rights.Access, w.look(w.people["a.member"]).Email, "by the form")
	w.must("confirm", w.rights.ConfirmOne(anonymous(t.Context()), token, "canary function"))
	if s := w.desk(form); s.State != rights.Joined || s.JoinedTo != one {
		t.Errorf("the form: %s, joined to %q", s.State, s.JoinedTo)
	}
}

// TestTheOfficerIsToldInTime: ten days before, three, the day, and late ones to the administration too; each once.
func TestTheOfficerIsToldInTime(t *testing.T) {
	w := newTown(t, "")
	w.person("a.privacy", w.a, "privacy", "Canary")
	id := w.asks("a.member", rights.Draft{Kind: rights.Access})
	officer, admin := w.people["a.privacy"], w.people["a.admin"]
	w.mailbox("a.privacy")
	w.mailbox("a.admin")
	for i, left := range []time.Duration{9 * 24 * time.Hour, 2 * 24 * time.Hour, time.Hour, -time.Hour} {
		w.executes("time passes", qRightsDueIn, id, time.Now().Add(left).UnixMicro())
		for range 2 {
			w.must("remind", w.Sweep(w.system(), "rights.remind"))
		}
		want := int64(i + 1)
		if left < 0 {
			want++ // the administration
		}
		if n := w.count(qRightsMarks, id); n != want {
			t.Errorf("with %v left: %d notices, want %d", left, n, want)
		}
	}
	if !strings.Contains(w.letterOf(officer, "rights.late"), string(id)) || !strings.Contains(w.letterOf(admin, "rights.late"), string(id)) {
		t.Error("a late request is not told")
	}
	q, err := w.rights.Requests(w.as("a.privacy"), w.a, rights.Filter{})
	w.must("queue", err)
	if q.Late != 1 || q.List[0].ID != id || !q.List[0].Late(time.Now()) {
		t.Errorf("the queue: %d late, first %s", q.Late, q.List[0].ID)
	}
}

// TestTwoMoreMonthsAreTakenOnceAndInTime is article 12-3.
func TestTwoMoreMonthsAreTakenOnceAndInTime(t *testing.T) {
	w := newTown(t, "")
	officer := w.as("a.admin")
	id := w.asks("a.member", rights.Draft{Kind: rights.Access})
	before := w.desk(id).Due
	w.wantCode("no reason", w.rights.ExtendOne(officer, w.a, id, " "), "rights.why")
	w.must("extend", w.rights.ExtendOne(officer, w.a, id, "Ten thousand messages to look at."))
	if d := w.desk(id).Due.Sub(before); d < 55*24*time.Hour || d > 66*24*time.Hour {
		t.Errorf("extended by %v", d)
	}
	w.wantCode("twice", w.rights.ExtendOne(officer, w.a, id, "again"), "rights.no_extension")
	late := w.asks("a.member", rights.Draft{Kind: rights.Erasure})
	w.executes("a month passes", qRightsBegan, late, time.Now().AddDate(0, -1, -10).UnixMicro())
	w.wantCode("too late", w.rights.ExtendOne(officer, w.a, late, "Sorry."), "rights.no_extension")
}

// TestAnOutsideSystemIsTold: a signed message, tried again until it is heard; the system closes its task.
func TestAnOutsideSystemIsTold(t *testing.T) {
	w := newTown(t, "")
	officer := w.as("a.admin")
	var told rights.Told
	var secret string
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		calls++
		body, _ := io.ReadAll(r.Body)
		if !strings.HasSuffix(r.Header.Get(hook.Header), hook.Sign(secret, time.Now(), body)[len("t=0000000000"):]) && calls == 1 {
			t.Log("signed at another second")
		}
		if calls == 1 {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.Unmarshal(body, &told)
	}))
	defer s.Close()
	system, key, err := w.rights.AddSystem(officer, w.a, rights.System{Name: "Legacy CRM", Way: rights.ByHook, Address: s.URL})
	w.must("system", err)
	secret = key
	_, _, err = w.rights.AddSystem(officer, w.a, rights.System{Name: "x", Way: rights.ByHook, Address: "http://10.0.0.1/"})
	w.wantCode("inside", err, "rights.system")
	id := w.asks("a.member", rights.Draft{Kind: rights.Rectification, Details: rights.Details{Fields: map[string]string{"family_name": "New"}}})
	w.must("carry", w.rights.CarryOut(officer, w.a, id, []string{"family_name"}))
	var task rights.Task
	for _, one := range w.desk(id).Tasks {
		if one.Target == string(system) {
			task = one
		}
	}
	run := jobs.Run{Payload: map[string]core.ID{"org": w.a, "task": task.ID}}
	if err := w.rights.HandleTell(w.system(), run); err == nil {
		t.Error("a refusal is taken for an answer")
	}
	w.must("tell", w.rights.HandleTell(w.system(), run))
	if told.Event != "rights.rectification" || told.Request != id || told.Fields["family_name"] != "New" || told.Email == "" {
		t.Errorf("told %+v", told)
	}
	w.must("done", w.rights.FinishTask(officer, w.a, id, task.ID, "done there"))
	if i := slices.IndexFunc(w.desk(id).Tasks, func(t rights.Task) bool {
		return t.ID == task.ID && t.State == rights.TaskDone && t.Reply == "200" && t.Note == "done there"
	}); i < 0 {
		t.Errorf("tasks %+v", w.desk(id).Tasks)
	}
}

// TestRequestsOfOthersDoNotExist: of another organization, of another member, of a canary.
func TestRequestsOfOthersDoNotExist(t *testing.T) {
	w := newTown(t, "")
	id := w.asks("a.member", rights.Draft{Kind: rights.Access})
	other := w.as("b.admin")
	_, err := w.rights.Get(other, w.b, id)
	w.wantCode("read from b", err, "rights.absent")
	w.wantCode("answer from b", w.rights.Reply(other, w.b, id, "x"), "rights.absent")
	w.wantCode("withdraw another's", w.rights.Withdraw(w.as("a.people"), id), "rights.absent")
	_, err = w.rights.MineOne(w.as("a.people"), id)
	w.wantCode("see another's", err, "rights.absent")
	_, err = w.rights.Ask(w.as("a.member"), w.b, rights.Draft{Kind: rights.Access})
	if core.KindOf(err) != core.NotFound {
		t.Errorf("a request to an organization one has nothing to do with: %v", err)
	}
	w.wantCode("no desk", w.rights.File(anonymous(t.Context()), "nothing", rights.Draft{Kind: rights.Access, Details: rights.Details{Name: "N", Email: "n@e.example"}}, rights.ProofOfWork{}), "rights.no_desk")
}

// TestTheFormTellsNothingOfAnyone: the same page, the same answer, for an address that is known and one that is not.
func TestTheFormTellsNothingOfAnyone(t *testing.T) {
	w := newTown(t, "")
	form := func(email string) string {
		body := "kind=access&name=N&email=" + email
		r := w.ask("", "POST", "/rights/"+string(w.a), body)
		if r.Code != http.StatusOK {
			t.Fatalf("the form answers %d: %s", r.Code, r.Body)
		}
		page := r.Body.String()
		for _, cut := range []string{`nonce="`, `data-request="`} { // what differs each time
			for {
				i := strings.Index(page, cut)
				if i < 0 {
					break
				}
				j := strings.Index(page[i+len(cut):], `"`)
				page = page[:i] + page[i+len(cut)+j+1:]
			}
		}
		return page
	}
	known, unknown := form(w.look(w.people["a.member"]).Email), form("nobody@elsewhere.invalid")
	if known != unknown {
		t.Error("the form answers differently for somebody who is known")
	}
	for i := range 30 {
		if r := w.ask("", "POST", "/rights/"+string(w.a), "kind=access&name=N&email=flood@elsewhere.invalid"); r.Code == http.StatusTooManyRequests {
			return
		} else if i == 29 {
			t.Errorf("after thirty requests: %d", r.Code)
		}
	}
}

// TestAFormUnderPressureAsksAProofOfWork: asked by many at once, the form takes those whose browser has worked, once each.
func TestAFormUnderPressureAsksAProofOfWork(t *testing.T) {
	w := newTown(t, "")
	n := 0
	files := func(proof rights.ProofOfWork, from byte) error {
		n++
		guest := core.WithActor(t.Context(), core.Actor{Address: netip.AddrFrom4([4]byte{198, 51, 100, from})})
		d := rights.Draft{Kind: rights.Access, Details: rights.Details{Name: "N", Email: fmt.Sprintf("crowd-%d@elsewhere.invalid", n)}}
		return w.rights.File(guest, w.a, d, proof)
	}
	var err error
	for from := byte(1); from < 40 && err == nil; from++ {
		err = files(rights.ProofOfWork{}, from)
	}
	w.wantCode("under pressure", err, "rights.proof")
	if n < 10 {
		t.Errorf("pressure after %d requests", n)
	}
	desk, err := w.rights.Open(core.WithActor(t.Context(), core.Actor{Address: netip.MustParseAddr("198.51.100.200")}), w.a)
	w.must("form", err)
	if desk.Challenge == "" || desk.Bits == 0 {
		t.Fatal("the form gives no puzzle")
	}
	proof := rights.ProofOfWork{Challenge: desk.Challenge, Nonce: abuse.Solve(desk.Challenge)}
	w.wantCode("another source", files(proof, 201), "puzzle.invalid")
	w.must("solved", files(proof, 200))
	w.wantCode("twice", files(proof, 200), "puzzle.gone")
}

// TestAClosedRequestEndsByItself: three years after, with the key of whoever had no account.
func TestAClosedRequestEndsByItself(t *testing.T) {
	w := newTown(t, "")
	id, token := w.files(rights.Access, "old@elsewhere.invalid", "")
	owner := w.desk(id).Person
	w.must("withdraw", w.rights.Drop(anonymous(t.Context()), token))
	w.executes("years pass", qRightsClosed, id, time.Now().AddDate(-3, 0, -2).UnixMicro())
	w.must("sweep", w.Sweep(w.system(), "retention.sweep"))
	if n := w.count(qRightsRows, id); n != 0 {
		t.Error("the request stays")
	}
	if _, err := w.vault.Seal(t.Context(), owner, "x", []byte("x")); core.KindOf(err) != core.Gone {
		t.Errorf("the key of the requester stays: %v", err)
	}
}

// TestNoLetterIsComposedWithoutItsFoot guards the one way out of the room.
func TestNoLetterIsComposedWithoutItsFoot(t *testing.T) {
	w := newTown(t, "")
	id, _ := w.files(rights.Access, "foot@elsewhere.invalid", "")
	s := w.desk(id)
	for _, l := range s.Letters {
		if l.Kind == letter.Receipt && !strings.HasSuffix(l.Text, s.Foot) {
			t.Errorf("%s does not end with its foot", l.Kind)
		}
	}
}
