package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	qCopiesLeft  = db.SQL(`SELECT COUNT(*) FROM consent_copy WHERE share = $1`)
	qCopyIn      = db.SQL(`SELECT value FROM consent_copy WHERE share = $1 AND field = $2`)
	qTextOf      = db.SQL(`UPDATE consent_text SET text_en = $2 WHERE question = $1`)
	qUntilAt     = db.SQL(`UPDATE consent_share SET until_at = $2 WHERE id = $1`)
	qConsentRows = db.SQL(`SELECT COUNT(*) FROM consent_record WHERE person = $1`)
)

func (w *town) question(who string, org core.ID, purpose string, asks ...string) core.ID {
	w.t.Helper()
	d := consent.Draft{
		Purpose: core.Purpose(purpose), Title: core.Text{FR: "Canary demande " + purpose, EN: "Canary asks " + purpose},
		Body: core.Text{FR: "canary-texte : à quoi cela sert.", EN: "canary-text: what it is for."}, Asks: asks, Days: 90,
	}
	id, err := w.consent.Publish(w.as(who), org, "", d)
	w.must("publish "+purpose, err)
	return id
}

// shares has a person look, then share exactly that, and gives the share.
func (w *town) shares(who string, question core.ID, fields ...string) core.ID {
	w.t.Helper()
	person := w.people[who]
	a := consent.Answer{Number: w.latest(who, question), Fields: fields, Until: time.Now().AddDate(0, 0, 30), Channel: consent.OnPage}
	shown, err := w.consent.Preview(w.as(who), person, question, a)
	w.must("preview", err)
	a.Seen = shown.Seen
	_, err = w.consent.Give(w.as(who), person, question, a)
	w.must("share", err)
	v, err := w.consent.OwnOne(w.as(who), person, question)
	w.must("own", err)
	return v.Share.ID
}

func (w *town) latest(who string, question core.ID) int64 {
	w.t.Helper()
	v, err := w.consent.OwnOne(w.as(who), w.people[who], question)
	w.must("question", err)
	return v.Text.Number
}

func (w *town) given(org core.ID, who, purpose string) (yes bool) {
	w.t.Helper()
	w.must("given", w.db.Read(w.t.Context(), func(tx core.Tx) (err error) {
		yes, err = w.consent.Given(w.t.Context(), tx, org, w.people[who], core.Purpose(purpose))
		return err
	}))
	return yes
}

// received gives the shares of a question that organization a sees.
func (w *town) received(question core.ID) []consent.Received {
	w.t.Helper()
	v, err := w.consent.List(w.as("a.admin"), w.a)
	w.must("list", err)
	return slices.DeleteFunc(v.Shares, func(r consent.Received) bool { return r.Question != question })
}

// plantConsent makes a question of a, a share with a note, for the walks.
func (w *town) plantConsent() {
	w.t.Helper()
	q := w.question("a.admin", w.a, "walk", "profile.given_name", "profile.phone")
	share := w.shares("a.security", q, "profile.given_name")
	note, err := w.consent.Write(w.as("a.admin"), w.a, share, "canary-note")
	w.must("note", err)
	v, err := w.consent.Own(w.as("a.security"), w.people["a.security"])
	w.must("own", err)
	w.known["question"], w.known["share"], w.known["note"], w.known["record"] = []core.ID{q}, []core.ID{share}, []core.ID{note}, []core.ID{v.Records[0].ID}
}

// TestAConsentIsKeptWithItsExactText: given, asked again, withdrawn; each answer stays as it was.
func TestAConsentIsKeptWithItsExactText(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		q := w.question("a.admin", w.a, "newsletter")
		me, as := w.people["a.member"], w.as("a.member")
		if w.given(w.a, "a.member", "newsletter") {
			t.Error("a consent is given before anybody gave it")
		}
		id, err := w.consent.Give(as, me, q, consent.Answer{Number: 1, Channel: consent.OnPage})
		w.must("give", err)
		if !w.given(w.a, "a.member", "newsletter") || w.given(w.b, "a.member", "newsletter") || w.given(w.a, "a.people", "newsletter") || w.given(w.a, "a.member", "research") {
			t.Error("a consent holds for one person, one organization, one purpose")
		}
		_, err = w.consent.Give(as, me, q, consent.Answer{Number: 1, Channel: consent.OnPage})
		w.wantCode("twice", err, "consent.given")

		one, err := w.consent.Manage(w.as("a.admin"), w.a, q)
		w.must("manage", err)
		if one.Held != 1 || !one.Text.Genuine(one.Question) {
			t.Errorf("the organization counts %d, its text is genuine: %v", one.Held, one.Text.Genuine(one.Question))
		}
		d := consent.Draft{Title: one.Text.Title, Body: one.Text.Body, Number: 1}
		_, err = w.consent.Publish(w.as("a.admin"), w.a, q, d)
		w.wantCode("the same text", err, "consent.same")
		d.Body.EN = "Other words, the same meaning."
		_, err = w.consent.Publish(w.as("a.admin"), w.a, q, d)
		w.must("publish", err)
		if !w.given(w.a, "a.member", "newsletter") {
			t.Error("a correction took a consent away")
		}
		d.Body.EN, d.Again, d.Number = "Another meaning.", true, 2
		_, err = w.consent.Publish(w.as("a.admin"), w.a, q, d)
		w.must("publish", err)
		if w.given(w.a, "a.member", "newsletter") {
			t.Error("a consent stands for a text that the person never saw")
		}
		_, err = w.consent.Give(as, me, q, consent.Answer{Number: 2, Channel: consent.OnPage})
		w.wantCode("a text that was not read", err, "consent.moved")
		_, err = w.consent.Give(as, me, q, consent.Answer{Number: 3, Channel: consent.ByAPI})
		w.must("give", err)
		w.must("withdraw", w.consent.Withdraw(as, me, q, consent.OnPage))
		if w.given(w.a, "a.member", "newsletter") {
			t.Error("a withdrawn consent still counts")
		}
		w.wantCode("twice", w.consent.Withdraw(as, me, q, consent.OnPage), "consent.not_given")

		v, err := w.consent.Own(as, me)
		w.must("own", err)
		if len(v.Records) != 3 || v.Records[0].Given || v.Records[0].Number != 3 || v.Records[2].ID != id || v.Records[2].Number != 1 || v.Records[2].Digest != one.Text.Digest || v.Records[1].Channel != consent.ByAPI || v.Records[2].Language != "fr" {
			t.Errorf("the answers are %+v", v.Records)
		}
		if n := w.count(qConsentRows, me); n != 3 {
			t.Errorf("%d lines are kept", n)
		}
	})
}

// TestAnOrganizationSeesWhatWasChosen: nothing by default, exactly what was seen, what changes, nothing after the stop.
func TestAnOrganizationSeesWhatWasChosen(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		q := w.question("a.admin", w.a, "follow-up", "profile.given_name", "profile.phone", "profile.email")
		me, as := w.people["a.member"], w.as("a.member")
		inbox := func() []consent.Received { return w.received(q) }
		if got := inbox(); len(got) > 0 {
			t.Fatalf("by default the organization sees %v", got)
		}
		a := consent.Answer{Number: 1, Fields: []string{"profile.given_name"}, Until: time.Now().AddDate(0, 0, 30), Channel: consent.OnPage}
		_, err := w.consent.Give(as, me, q, a)
		w.wantCode("not seen", err, "share.unseen")
		for what, bad := range map[string]consent.Answer{
			"nothing chosen": {Number: 1, Until: a.Until}, "not asked": {Number: 1, Fields: []string{"profile.gender"}, Until: a.Until},
			"too long": {Number: 1, Fields: a.Fields, Until: time.Now().AddDate(1, 0, 0)}, "no end": {Number: 1, Fields: a.Fields},
		} {
			_, err := w.consent.Preview(as, me, q, bad)
			w.wantCode(what, err, "share.invalid")
		}
		shown, err := w.consent.Preview(as, me, q, a)
		w.must("preview", err)
		if len(shown.Fields) != 1 || shown.Fields[0].Value != "Canary" {
			t.Errorf("the preview shows %v", shown.Fields)
		}
		share := w.shares("a.member", q, "profile.given_name", "profile.phone")
		got := inbox()
		if len(got) != 1 || got[0].Name != "Canary" {
			t.Fatalf("the organization's list holds %v", got)
		}
		page := w.see("a.admin", "/o/"+string(w.a)+"/shares/"+string(share), "Canary")
		if strings.Contains(page, "canary-a-member@example.org") {
			t.Error("the organization sees a field that was not shared")
		}
		v, err := w.consent.Read(w.as("a.admin"), w.a, share)
		w.must("read", err)
		if len(v.Fields) != 2 || v.Fields[1].ID != "profile.phone" || v.Fields[1].Value != "" || v.Fields[0].Owner != consent.OfPerson {
			t.Errorf("it reads %v", v.Fields)
		}
		w.must("sealed", w.db.Read(t.Context(), func(tx core.Tx) error {
			stored, _, err := db.One(t.Context(), tx, qCopyIn, db.Value[[]byte], share, "profile.given_name")
			if len(stored) == 0 || bytes.Contains(stored, []byte("Canary")) {
				t.Error("a copy is in clear in the database")
			}
			return err
		}))
		w.do("change", func(ctx context.Context, tx core.Tx) error {
			p, err := w.identity.Person(ctx, tx, me)
			if err != nil {
				return err
			}
			p.GivenName, p.Phone = "Zoé", "+33612345678"
			return w.identity.UpdatePerson(ctx, tx, p)
		})
		if v, err = w.consent.Read(w.as("a.admin"), w.a, share); err != nil || v.Fields[0].Value != "Zoé" || v.Fields[1].Value != "+33612345678" {
			t.Errorf("after a change it reads %v: %v", v.Fields, err)
		}
		mine, err := w.consent.OwnOne(as, me, q)
		w.must("own", err)
		if len(mine.Reads) != 3 || len(mine.Fields) != 2 || mine.Fields[0].Value != "Zoé" {
			t.Errorf("the person sees %d reads of %v", len(mine.Reads), mine.Fields)
		}

		w.must("stop", w.consent.Withdraw(as, me, q, consent.OnPage))
		if got := inbox(); len(got) > 0 {
			t.Errorf("after the stop the list holds %v", got)
		}
		if r := w.ask("a.admin", http.MethodGet, "/o/"+string(w.a)+"/shares/"+string(share), ""); r.Code != http.StatusNotFound || strings.Contains(r.Body.String(), "Zoé") {
			t.Errorf("after the stop the page answers %d", r.Code)
		}
		if n := w.count(qCopiesLeft, share); n != 0 {
			t.Errorf("%d copies survive the stop", n)
		}
		if _, err := w.vault.Seal(w.system(), share, "x", []byte("x")); core.KindOf(err) != core.Gone {
			t.Errorf("the key of the share survives the stop: %v", err)
		}
	})
}

// TestASealedCopyOutlivesNothing: what a backup of the data still holds no longer opens, and a share ends by itself.
func TestASealedCopyOutlivesNothing(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		q := w.question("a.admin", w.a, "follow-up", "profile.given_name")
		share := w.shares("a.member", q, "profile.given_name")
		var backup []byte
		w.must("backup", w.db.Read(t.Context(), func(tx core.Tx) (err error) {
			backup, _, err = db.One(t.Context(), tx, qCopyIn, db.Value[[]byte], share, "profile.given_name")
			return err
		}))
		place := "consent_copy.value/" + string(share) + "/profile.given_name"
		if plain, err := w.vault.Open(w.system(), share, place, backup); err != nil || string(plain) != "Canary" {
			t.Fatalf("the copy reads %q: %v", plain, err)
		}
		w.exec(qUntilAt, share, time.Now().Add(-time.Second).UnixMicro())
		if _, err := w.consent.Read(w.as("a.admin"), w.a, share); core.KindOf(err) != core.NotFound || w.given(w.a, "a.member", "follow-up") {
			t.Errorf("a share past its time is read: %v", err)
		}
		w.must("sweep", w.Sweep(t.Context(), "consent.sweep"))
		if _, err := w.vault.Open(w.system(), share, place, backup); core.KindOf(err) != core.Gone {
			t.Errorf("an old copy still opens once the share is over: %v", err)
		}
		v, err := w.consent.Own(w.as("a.member"), w.people["a.member"])
		w.must("own", err)
		if len(v.Records) != 2 || v.Records[0].Given || v.Records[0].Why != consent.ByTime {
			t.Errorf("its end is kept as %+v", v.Records)
		}

		again := w.shares("a.member", q, "profile.given_name")
		w.must("stop all", w.gate.Keep(w.system(), consent.Trial, func(tx core.Tx) error {
			n, err := w.consent.WithdrawAll(w.system(), tx, w.a, w.people["a.member"], "")
			if n != 1 {
				t.Errorf("%d consents were withdrawn", n)
			}
			return err
		}))
		if _, err := w.vault.Seal(w.system(), again, "x", nil); core.KindOf(err) != core.Gone {
			t.Errorf("the key survives: %v", err)
		}
	})
}

// TestWhatAnOrganizationNotesIsItsOwn: sealed, marked as its own, in the person's export, left when the share ends, gone with the person.
func TestWhatAnOrganizationNotesIsItsOwn(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		q := w.question("a.admin", w.a, "follow-up", "profile.given_name")
		share := w.shares("a.member", q, "profile.given_name")
		_, err := w.consent.Write(w.as("a.people"), w.a, share, "Called on Monday.")
		w.must("note", err)
		_, err = w.consent.Write(w.as("a.people"), w.a, share, " ")
		w.wantCode("an empty note", err, "share.note_invalid")
		w.see("a.admin", "/o/"+string(w.a)+"/shares/"+string(share), "Called on Monday.", "Belongs to your organization", "Belongs to the person")

		export := func() (found map[string]int) {
			found = map[string]int{}
			w.do("export", func(ctx context.Context, tx core.Tx) error {
				return w.consent.ExportPerson(ctx, tx, w.people["a.member"], func(r core.Record) error {
					found[r.Table]++
					if r.Values["text"] == "Called on Monday." && r.Values["owner"] == consent.OfOrganization {
						found["owned"]++
					}
					return nil
				})
			})
			return found
		}
		if got := export(); got["owned"] != 1 || got["consent_copy"] != 1 || got["consent_share"] != 1 || got["consent_record"] != 1 {
			t.Errorf("the export holds %v", got)
		}
		w.must("stop", w.consent.Withdraw(w.as("a.member"), w.people["a.member"], q, consent.OnPage))
		v, err := w.consent.List(w.as("a.admin"), w.a)
		w.must("list", err)
		if len(w.received(q)) != 0 || len(v.Left) != 1 || v.Left[0].Text != "Called on Monday." {
			t.Errorf("once the share has ended the organization has %+v", v)
		}
		last := w.shares("a.member", q, "profile.given_name")
		w.do("erase", func(ctx context.Context, tx core.Tx) error {
			receipts, err := w.consent.ErasePerson(ctx, tx, w.people["a.member"])
			i := slices.IndexFunc(receipts, func(r core.Receipt) bool { return r.Table == "consent_record" })
			if i < 0 || receipts[i].Kept != 3 || receipts[i].Rule != "consent" {
				t.Errorf("an erasure answers %+v", receipts)
			}
			return err
		})
		if got := export(); got["consent_note"]+got["consent_copy"]+got["consent_share"] != 0 {
			t.Errorf("after the erasure there is %v", got)
		}
		if _, err := w.vault.Seal(w.system(), last, "x", nil); core.KindOf(err) != core.Gone {
			t.Errorf("the key of an erased person's share survives: %v", err)
		}
	})
}

// TestAReceiptIsCheckedElsewhere: given, withdrawn, by the key of the journal alone; nobody takes another's.
func TestAReceiptIsCheckedElsewhere(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		q := w.question("a.admin", w.a, "follow-up", "profile.given_name", "profile.phone")
		w.shares("a.member", q, "profile.phone")
		w.must("stop", w.consent.Withdraw(w.as("a.member"), w.people["a.member"], q, consent.OnPage))
		v, err := w.consent.Own(w.as("a.member"), w.people["a.member"])
		w.must("own", err)
		for i, want := range []string{"dpv:ConsentWithdrawn", "dpv:ConsentGiven"} {
			r := w.ask("a.member", http.MethodGet, "/me/shares/receipts/"+string(v.Records[i].ID), "")
			if r.Code != http.StatusOK || !strings.HasPrefix(r.Header().Get("Content-Disposition"), "attachment") {
				t.Fatalf("the receipt comes as %d %v", r.Code, r.Header())
			}
			rep, err := verify.CheckReceipt(bytes.NewReader(r.Body.Bytes()), w.journal.Key().String())
			if err != nil || !rep.OK() || rep.Record.Status.Type != want || rep.Record.Process.Data[0].Type != "pd:TelephoneNumber" {
				t.Errorf("%v\n%s", err, rep.String())
			}
			if strings.Contains(r.Body.String(), "canary-a-member") {
				t.Error("a receipt holds a value of the person")
			}
		}
		r := w.ask("a.admin", http.MethodGet, "/me/shares/receipts/"+string(v.Records[0].ID), "")
		if r.Code != http.StatusNotFound {
			t.Errorf("somebody else's receipt answers %d", r.Code)
		}
		api := w.ask("a.member", http.MethodGet, "/api/v1/me/consents/receipts/"+string(v.Records[0].ID), "")
		if rep, err := verify.CheckReceipt(api.Body, w.journal.Key().String()); err != nil || !rep.OK() {
			t.Errorf("the API gives a receipt that does not hold: %v\n%s", err, rep.String())
		}
		w.exec(qTextOf, q, "Something else altogether.")
		r = w.ask("a.member", http.MethodGet, "/me/shares/receipts/"+string(v.Records[0].ID), "")
		rep, err := verify.CheckReceipt(r.Body, w.journal.Key().String())
		if err != nil || rep.OK() || !strings.Contains(rep.String(), "not the one that its hash pins") {
			t.Errorf("a text that was changed behind our back passes: %v\n%s", err, rep.String())
		}
	})
}

// TestTheProgramGivesAndTakesBack walks the same way through the API.
func TestTheProgramGivesAndTakesBack(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.furnish()
		call := func(who, method, path string, body any, want int, into any) {
			t.Helper()
			var text []byte
			if body != nil {
				text, _ = json.Marshal(body)
			}
			r := w.ask(who, method, "/api/v1"+path, string(text))
			if r.Code != want {
				t.Fatalf("%s %s answers %d: %s", method, path, r.Code, r.Body)
			}
			if into != nil {
				if err := json.Unmarshal(r.Body.Bytes(), into); err != nil {
					t.Fatal(err)
				}
			}
		}
		org := "/organizations/" + string(w.a)
		words := map[string]string{"fr": "Suivi", "en": "Follow-up"}
		var made struct{ ID string }
		call("a.admin", "POST", org+"/consents", map[string]any{"purpose": "follow-up", "title": words, "text": words, "asks": []string{"profile.given_name"}, "days": 10}, http.StatusCreated, &made)
		choice := map[string]any{"version": 1, "fields": []string{"profile.given_name"}, "until": time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)}
		var shown struct {
			Seen   string
			Fields []struct{ Value string }
		}
		call("a.member", "POST", "/me/consents/"+made.ID+"/preview", choice, http.StatusOK, &shown)
		if shown.Fields[0].Value != "Canary" {
			t.Errorf("the preview shows %v", shown)
		}
		choice["seen"] = shown.Seen
		call("a.member", "POST", "/me/consents/"+made.ID+"/give", choice, http.StatusCreated, nil)
		var list struct{ Items []struct{ ID string } }
		call("a.admin", "GET", org+"/shares", nil, http.StatusOK, &list)
		if len(list.Items) != 2 { // the newest first; the other was planted
			t.Fatalf("the organization receives %v", list)
		}
		call("a.admin", "GET", org+"/shares/"+list.Items[0].ID, nil, http.StatusOK, nil)
		call("b.admin", "GET", org+"/shares/"+list.Items[0].ID, nil, http.StatusNotFound, nil)
		call("b.admin", "GET", "/organizations/"+string(w.b)+"/shares/"+list.Items[0].ID, nil, http.StatusNotFound, nil)
		call("b.member", "POST", "/me/consents/"+made.ID+"/preview", choice, http.StatusNotFound, nil)
		call("a.member", "POST", "/me/consents/"+made.ID+"/withdraw", nil, http.StatusNoContent, nil)
		call("a.admin", "GET", org+"/shares/"+list.Items[0].ID, nil, http.StatusNotFound, nil)
	})
}

// TestWithdrawingIsAsEasyAsGiving counts the pages and forms of each way, from the same page.
func TestWithdrawingIsAsEasyAsGiving(t *testing.T) {
	w := newTown(t, "")
	for _, asks := range [][]string{nil, {"profile.given_name"}} {
		q := w.question("a.admin", w.a, "easy", asks...)
		steps, one := 0, "/me/shares/"+string(q)
		send := func(verb string, form url.Values) string {
			steps++
			r := w.ask("a.member", http.MethodPost, one+"/"+verb, form.Encode())
			if r.Code != http.StatusOK && r.Code != http.StatusSeeOther {
				t.Fatalf("%s answers %d: %s", verb, r.Code, r.Body)
			}
			return r.Body.String()
		}
		form := url.Values{"version": {"1"}}
		page := w.see("a.member", one, "Canary asks easy")
		if strings.Contains(page, "checked") || strings.Contains(page, one+"/withdraw") {
			t.Error("something is chosen beforehand")
		}
		if asks != nil {
			form["fields"], form["until"] = asks, []string{time.Now().AddDate(0, 0, 5).Format(time.DateOnly)}
			_, rest, _ := strings.Cut(send("preview", form), `name="seen" value="`)
			form.Set("seen", rest[:64])
		}
		send("give", form)
		giving := steps
		steps = 0
		if page = w.see("a.member", one, one+"/withdraw"); asks == nil && strings.Contains(page, one+"/give") {
			t.Error("what is given is asked for again")
		}
		send("withdraw", url.Values{})
		if steps > giving {
			t.Errorf("withdrawing takes %d steps, giving %d", steps, giving)
		}
		w.must("close", w.consent.Close(w.as("a.admin"), w.a, q))
	}
}

// TestAStoppedShareIsGoneOnEveryNode: stopped on one node, the other shows nothing within a second, and its cached key is dropped.
func TestAStoppedShareIsGoneOnEveryNode(t *testing.T) {
	one, two := twoNodes(t)
	q := one.question("a.admin", one.a, "follow-up", "profile.given_name")
	share := one.shares("a.member", q, "profile.given_name")
	cut(t, two, "a.admin", "/o/"+string(one.a)+"/shares/"+string(share), func() {
		one.must("stop", one.consent.Withdraw(one.as("a.member"), one.people["a.member"], q, consent.OnPage))
	})
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := two.vault.Seal(two.system(), share, "x", []byte("x")); core.KindOf(err) == core.Gone {
			break
		}
		if time.Since(start) > withinOneSecond {
			t.Fatal("the second node still has the key of a share that was stopped")
		}
	}
}
