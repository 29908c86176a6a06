package boot

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/db"
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

// TestADocumentOpensForTheOrganizationAlone: once an organization has a key of its own, a proof of identity opens for who unlocked it
// there, and for nobody else, on both engines and with one connection (EMG-4.4).
func TestADocumentOpensForTheOrganizationAlone(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		officer, guest := w.as("a.admin"), anonymous(t.Context())
		id, token := w.files(rights.Erasure, "blind@elsewhere.invalid", "")
		w.must("doubt", w.rights.AskProof(officer, w.a, id, "Homonyms"))
		const phrase = "sept mots que personne ne relie"
		_, err := w.blind.Make(officer, w.a, phrase, phrase)
		w.must("key", err)
		passport := []byte("%PDF-1.7 PASSPORT-OF-BEA")
		w.must("send", w.rights.SendDocument(guest, token, "passport.pdf", passport))
		document := w.desk(id).Documents[0].ID
		_, _, err = w.rights.Document(officer, w.a, id, document, "")
		w.wantCode("locked", err, "blind.locked")
		page := "/o/" + string(w.a) + "/rights/" + string(id)
		if r := w.ask("a.admin", http.MethodGet, page+"/documents/"+string(document)+"/file", ""); r.Code != http.StatusSeeOther || !strings.Contains(r.Header().Get("Location"), "/settings/blindness") {
			t.Errorf("a locked document answers %d without the way to unlock it", r.Code)
		}
		unlock, err := w.blind.Unlock(officer, w.a, phrase)
		w.must("unlock", err)
		_, content, err := w.rights.Document(officer, w.a, id, document, unlock)
		w.must("open", err)
		if !bytes.Equal(content, passport) {
			t.Error("the officer does not read what was sent")
		}
		_, _, err = w.rights.Document(w.as("a.people"), w.a, id, document, unlock)
		w.wantCode("somebody else with the cookie", err, "access.forbidden")
	})
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
	_, content, err := w.rights.Document(officer, w.a, id, s.Documents[0].ID, "")
	w.must("open", err)
	if !bytes.Equal(content, passport) {
		t.Error("the officer does not read what was sent")
	}
	w.must("verdict", w.rights.Establish(officer, w.a, id, true, "It is her."))
	s = w.desk(id)
	if s.How != rights.ByDocument || s.Documents[0].Destroyed.IsZero() || s.Documents[0].Name != "" {
		t.Errorf("after the verdict: %s, %+v", s.How, s.Documents[0])
	}
	_, _, err = w.rights.Document(officer, w.a, id, s.Documents[0].ID, "")
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
