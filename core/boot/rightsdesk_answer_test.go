package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/hook"
	"github.com/rempart/rempart/kit/jobs"
)

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
