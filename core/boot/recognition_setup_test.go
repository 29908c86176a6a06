package boot

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/preview"
)

// plantSetup makes what the configuration tool shows, in a: a subscription, a link with a secret, a program, what it told.
func (w *town) plantSetup() {
	m := w.House.recognition()
	if err := m.Subscribe(w.system(), w.a, recognition.WayPage); err != nil && core.KindOf(err) != core.Conflict {
		w.must("subscription", err)
	}
	link, err := m.MakeLink(w.system(), w.a, recognition.LinkDraft{
		Name: "canary-crm", Kind: "csv", Secret: []byte("file: canary-secret.csv\n"),
		Mapping: recognition.Mapping{Region: "FR", Name: []string{"canary-nom"}, Numbers: []string{"canary-tel"}, Shown: map[string]string{"canary-label": "canary-town"}},
	})
	w.must("link", err)
	w.must("asked", m.AskPreview(w.system(), w.a, link))
	w.must("told", m.TellPreview(w.system(), w.a, link, preview.Told{
		Kind: "csv", Fields: []preview.Field{{Name: "canary-tel", Held: 1, Shape: "99"}}, Rows: []preview.Row{{Numbers: []string{"+33612345678"}, Name: "canary-caller"}},
	}))
	w.must("looked", m.AskTools(w.system(), w.a, link))
	w.must("offered", m.TellTools(w.system(), w.a, link, preview.Tools{Tools: []preview.Tool{{Kind: "csv", Name: "canary-file.csv", Fields: []string{"canary-column"}}}}))
	w.known["link"] = append(w.known["link"], link)
}

// setter is somebody who sets recognition up in a.
func (w *town) setter() string {
	if w.people["a.setter"] == "" {
		w.person("a.setter", w.a, recognition.RoleManager, "Sarah")
	}
	return "a.setter"
}

// fill sends a form as somebody.
func (w *town) fill(who, path string, pairs ...string) *httptest.ResponseRecorder {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	body := v.Encode()
	if body == "" {
		body = "x=1"
	}
	return w.ask(who, http.MethodPost, path, body)
}

// on asks a page and looks for words in it.
func (w *town) on(who, path string, words ...string) string {
	w.t.Helper()
	r := w.ask(who, http.MethodGet, path, "")
	page := r.Body.String()
	if r.Code != http.StatusOK {
		w.t.Fatalf("GET %s as %s: %d %s", path, who, r.Code, r.Header().Get("Location"))
	}
	for _, word := range words {
		if !strings.Contains(page, word) {
			w.t.Errorf("GET %s as %s does not say %q", path, who, word)
		}
	}
	return page
}

func (w *town) led(what string, r *httptest.ResponseRecorder, to string) string {
	w.t.Helper()
	at := r.Header().Get("Location")
	if r.Code != http.StatusSeeOther || !strings.HasPrefix(at, to) {
		w.t.Fatalf("%s: %d to %q, want to %q: %s", what, r.Code, at, to, r.Body)
	}
	return at
}

var installCode = regexp.MustCompile(`--enrol ([A-Z2-9-]+)`)

// TestAToolIsLinkedFromPickingItToTryingANumber is the way of a manager through the wizard, with a real agent on the other side.
func TestAToolIsLinkedFromPickingItToTryingANumber(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		who, base := w.setter(), "/o/"+string(w.a)+"/recognition"
		w.on(who, base, "Ask somebody who administers")
		w.led("subscribe", w.fill("a.admin", base+"/subscribe"), base)
		w.on(who, base, "No tool linked")
		if r := w.fill(who, base+"/new", "kind", "csv", "name", ""); r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), `href="#name"`) {
			t.Errorf("a tool without a name gives %d", r.Code)
		}
		at := strings.TrimSuffix(w.led("pick", w.fill(who, base+"/new", "kind", "csv", "name", "Our CRM", "secret", "password: chut-secret"), base+"/links/"), "/install")
		shown := w.fill(who, at+"/install", "machine", "srv-crm")
		code := installCode.FindStringSubmatch(shown.Body.String())
		if shown.Code != http.StatusOK || code == nil {
			t.Fatalf("no code is shown: %d %s", shown.Code, shown.Body)
		}
		if page := w.on(who, at+"/wait", "No program has come yet", "still waits to be used"); strings.Contains(page, code[1]) {
			t.Error("the code is shown twice")
		}

		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.Host = "localhost:8080" // where people reach the town
			w.handler.ServeHTTP(rw, r)
		}))
		defer server.Close()
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- w.jobs.Run(ctx) }() // what was brought is loaded in the background
		defer func() { stop(); <-ran }()
		cfg, err := agent.Read(t.TempDir()+"/agent.yaml", []byte("source: {kind: platform}\n"))
		w.must("configuration", err)
		id, err := agent.Enrol(t.Context(), cfg, server.URL, code[1])
		w.must("enrol", err)
		tool := &contacts{list: map[string]map[string][]string{
			"1": {"name": {"Maëlle Kervarec"}, "phone": {"06 12 34 56 78"}, "company": {"Port Sainte"}, "iban": {"FR76 3000 6000"}, "note": {"VIP"}},
			"2": {"name": {"Jean Jadis"}, "phone": {"voir Jeanne"}},
		}}
		program, err := agent.New(cfg, id, agent.Options{Source: tool, Poll: 10 * time.Millisecond})
		w.must("agent", err)
		defer program.Close()

		w.on(who, at+"/wait", "The program “srv-crm” is installed")
		w.led("ask", w.fill(who, at+"/ask"), at+"/fields")
		w.on(who, at+"/fields", "has not answered yet")
		_, err = program.Announce(t.Context())
		w.must("announce", err)
		page := w.on(who, at+"/fields", "iban", "AA99 9999 9999", "1 of 2")
		for _, value := range []string{"3000", "Kervarec", "0612345678"} {
			if strings.Contains(page, value) {
				t.Errorf("%q left the tool before it was chosen", value)
			}
		}
		if r := w.fill(who, at+"/fields", "region", "FR", "field.0", "name", "use.0", "name"); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("a choice without numbers gives %d", r.Code)
		}
		w.led("choose", w.fill(who, at+"/fields", "region", "FR", "field.0", "name", "use.0", "name", "field.1", "phone", "use.1", "number",
			"field.2", "company", "use.2", "company", "field.3", "note", "use.3", "both", "field.4", "iban", "use.4", ""), at+"/numbers")
		_, err = program.Announce(t.Context())
		w.must("announce", err)
		page = w.on(who, at+"/numbers", "Maëlle Kervarec", "+33612345678", "text, not a number", "aaa Aaaa")
		if strings.Contains(page, "Jeanne") || strings.Contains(page, "3000") {
			t.Error("what was not chosen, or is no number, left the tool")
		}
		w.led("label", w.fill(who, at+"/shown", "shown_field.0", "note", "shown.0", "Category", "shown_place.0", "1", "script_field.0", "note", "script.0", "category"), at+"/try")
		if r := w.fill(who, at+"/try", "number", "06 12 34 56 78"); !strings.Contains(r.Body.String(), "Maëlle Kervarec") || !strings.Contains(r.Body.String(), "A card of the preview") {
			t.Errorf("before the first synchronisation: %d %s", r.Code, r.Body)
		}
		_, err = program.Turn(t.Context())
		w.must("turn", err)
		r := w.fill(who, at+"/try", "number", "06 12 34 56 78")
		for _, word := range []string{"Maëlle Kervarec", "Port Sainte", "Category", "VIP", "+33612345678"} {
			if !strings.Contains(r.Body.String(), word) {
				t.Errorf("the notification does not say %q", word)
			}
		}
		if strings.Contains(r.Body.String(), "A card of the preview") {
			t.Error("the card is not the one that was brought")
		}
		if r := w.fill(who, at+"/try", "number", "anonymous"); !strings.Contains(r.Body.String(), "never looked up") {
			t.Error("a masked caller is not said to be one")
		}
		w.on(who, at, "Digests equal", "Our CRM", "srv-crm")
		w.on(who, base, "Our CRM", "Active")

		// Paused, its cards stay and are not found; removed, they are gone.
		w.led("pause", w.fill(who, at+"/pause", "paused", "1"), at)
		if r := w.fill(who, at+"/try", "number", "0612345678"); strings.Contains(r.Body.String(), "Maëlle") {
			t.Error("a paused link still answers")
		}
		w.on(who, at+"/remove", "key is destroyed")
		w.led("remove", w.fill(who, at+"/remove"), base)
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_card`)) + w.count(db.SQL(`SELECT count(*) FROM recognition_number`)) + w.count(db.SQL(`SELECT count(*) FROM recognition_turn`)); n != 0 {
			t.Errorf("%d rows of a removed link stay", n)
		}
	})
}

// TestSecretsOfALinkAreRevealedByAnActOfTheirOwn is CTI-28.
func TestSecretsOfALinkAreRevealedByAnActOfTheirOwn(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		who := w.setter()
		w.plantSetup()
		at := "/o/" + string(w.a) + "/recognition/links/" + string(w.known["link"][0])
		for _, reader := range []string{who, "a.admin"} {
			if page := w.on(reader, at, "Masked"); strings.Contains(page, "canary-secret") {
				t.Errorf("%s sees the secret without asking", reader)
			}
		}
		if strings.Contains(w.on(who, at+"/settings", "New access"), "canary-secret") {
			t.Error("the form of settings shows the secret")
		}
		if r := w.fill("a.admin", at+"/secret"); r.Code != http.StatusForbidden && r.Code != http.StatusNotFound {
			t.Errorf("who may not see secrets gets %d", r.Code)
		}
		if r := w.fill(who, at+"/secret"); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "canary-secret") {
			t.Errorf("who may see it gets %d", r.Code)
		}
		w.exec(qStale, w.people[who], int64(time.Hour/time.Microsecond))
		if r := w.ask(who, http.MethodPost, at+"/secret", "_="); !leads(r, "/signin/again") || strings.Contains(r.Body.String(), "canary-secret") {
			t.Errorf("without a fresh proof: %d %s", r.Code, r.Header().Get("Location"))
		}
		if n := w.entries(w.a, "link.secret", w.known["link"][0]); n != 1 {
			t.Errorf("%d entries on a secret that was read, want 1", n)
		}
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_link WHERE length(secret) < 40`)); n != 0 {
			t.Error("a secret is kept in clear")
		}
	})
}

// TestAnOrganizationSubscribesOnItsPageByAPIAndByAForm is CTI-3; CTI-32.1: what ends takes every card with it.
func TestAnOrganizationSubscribesOnItsPageByAPIAndByAForm(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.on("", "/recognition/subscribe", `name="organization"`, `name="email"`)
		pairs := []string{"organization", "Shop", "email", "ines@shop.example", "given_name", "Inès", "family_name", "Roy", "language", "fr"}
		send := func(origin string) *httptest.ResponseRecorder {
			v := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				v.Add(pairs[i], pairs[i+1])
			}
			// The form of another site, opened by somebody who is signed in here.
			return w.ask("a.admin", http.MethodPost, "/recognition/subscribe/form", v.Encode(), "Origin", origin, "Sec-Fetch-Site", "cross-site")
		}
		before := w.count(db.SQL(`SELECT count(*) FROM organization_signup`))
		if r := send("https://www.shop.example"); r.Code != http.StatusForbidden {
			t.Errorf("a site that nobody named gives %d", r.Code)
		}
		for _, bad := range []string{"http://shop.example", "https://shop.example/page", "javascript:alert(1)", "*", ""} {
			if r := w.fill("provider.admin", "/provider/recognition", "origin", bad); r.Code != http.StatusUnprocessableEntity {
				t.Errorf("the site %q gives %d", bad, r.Code)
			}
		}
		w.led("site", w.fill("provider.admin", "/provider/recognition", "origin", "https://www.shop.example/"), "/provider/recognition")
		w.on("provider.admin", "/provider/recognition", "https://www.shop.example", "&lt;form method=&#34;post&#34;")
		if r := send("https://www.shop.example"); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "boîte aux lettres") {
			t.Errorf("the form of a named site gives %d %s", r.Code, r.Body)
		}
		for _, other := range []string{"https://shop.example", "https://www.shop.example.evil.example", "null", ""} {
			if r := send(other); r.Code != http.StatusForbidden {
				t.Errorf("the origin %q gives %d", other, r.Code)
			}
		}
		if n := w.count(db.SQL(`SELECT count(*) FROM organization_signup`)); n != before+1 {
			t.Errorf("%d requests wait, want 1", n-before)
		}
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_subscription`)); n != 0 {
			t.Error("somebody is subscribed before the mailed link was opened")
		}
		if r := w.ask("", http.MethodPost, "/api/v1/recognition/sign-ups", `{"organization":"By API","email":"api@shop.example"}`); r.Code != http.StatusAccepted {
			t.Errorf("by API: %d %s", r.Code, r.Body)
		}
		// The link itself is in a sealed mail: a known one is put in its place.
		sum := sha256.Sum256([]byte("known"))
		w.exec(db.SQL(`UPDATE organization_signup SET secret = $1 WHERE id = (SELECT min(id) FROM organization_signup)`), sum[:])
		w.on("", "/signup/known", "Shop")
		if r := w.fill("", "/signup/known"); r.Code != http.StatusSeeOther {
			t.Fatalf("the mailed link: %d %s", r.Code, r.Body)
		}
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_subscription WHERE way = 'signup' AND state = 'active'`)); n != 1 {
			t.Errorf("%d organizations are subscribed after the link was opened, want 1", n)
		}
		w.led("take the site away", w.fill("provider.admin", "/provider/recognition/remove", "origin", "https://www.shop.example"), "/provider/recognition")
		if r := send("https://www.shop.example"); r.Code != http.StatusForbidden {
			t.Errorf("a site that was taken away gives %d", r.Code)
		}
	})
}

// TestWhatEndsTakesEveryCardWithIt is CTI-32.1 for a subscription.
func TestWhatEndsTakesEveryCardWithIt(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		who, base := w.setter(), "/o/"+string(w.a)+"/recognition"
		w.led("subscribe", w.fill("a.admin", base+"/subscribe"), base)
		link := w.plantCards(w.a, recognition.Card{Name: "Maëlle Kervarec", Numbers: []string{"+33612345678"}})
		other := w.plantCards(w.b, recognition.Card{Name: "Bruno Autre", Numbers: []string{"+33612345678"}})
		at := base + "/links/" + string(link) + "/try"
		if r := w.fill(who, at, "number", "0612345678"); !strings.Contains(r.Body.String(), "Maëlle") || strings.Contains(r.Body.String(), "Bruno") {
			t.Fatalf("before: %d %s", r.Code, r.Body)
		}
		w.on("a.admin", base+"/end", "keys are destroyed")
		if r := w.fill(who, base+"/end"); r.Code == http.StatusSeeOther {
			t.Error("a manager who does not administer ends the subscription")
		}
		began := time.Now()
		w.led("end", w.fill("a.admin", base+"/end"), base)
		if took := time.Since(began); took > time.Second {
			t.Errorf("ending took %s", took)
		}
		if r := w.fill(who, at, "number", "0612345678"); r.Code != http.StatusNotFound {
			t.Errorf("a link that ended gives %d", r.Code)
		}
		left := w.count(db.SQL(`SELECT count(*) FROM recognition_card`))
		if left != 1 || w.count(db.SQL(`SELECT count(*) FROM recognition_link`)) != 1 {
			t.Errorf("%d cards stay, want the other organization's one", left)
		}
		if _, err := w.House.recognition().Link(w.system(), w.b, other); err != nil {
			t.Errorf("the other organization lost its link: %v", err)
		}
		w.on("a.admin", base, "every card was erased")
	})
}

// TestAPreviewIsGoneAfterHalfAnHour looks at the rows themselves.
func TestAPreviewIsGoneAfterHalfAnHour(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantSetup()
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_preview WHERE told_at > 0 AND length(told) > 60`)); n != 1 {
			t.Fatalf("%d previews are kept, want 1, sealed", n)
		}
		w.exec(db.SQL(`UPDATE recognition_preview SET until_at = $1`), time.Now().Add(-time.Second).UnixMicro())
		at := "/o/" + string(w.a) + "/recognition/links/" + string(w.known["link"][0])
		if page := w.on(w.setter(), at+"/numbers"); strings.Contains(page, "canary-caller") {
			t.Error("a preview is shown after its time")
		}
	})
}
