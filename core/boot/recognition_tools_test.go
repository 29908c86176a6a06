package boot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/preview"
)

const lookFile = "every: 1m\nlook:\n  folder: exports\n"

// wired gives the address of the town as a machine of a customer reaches it, and what goes over that wire.
func (w *town) wired(seen *strings.Builder) string {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = "localhost:8080" // where people reach the town
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		fmt.Fprintf(seen, "%s %s %s\n", r.Method, r.URL, body)
		w.handler.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(server.Close)
	return server.URL
}

// TestAPersonChoosesAmongWhatTheProgramSees: names go to the platform and nothing else of the machine; the tool that is picked there is
// read by the machine, which alone knows where it stands.
func TestAPersonChoosesAmongWhatTheProgramSees(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		who, base := w.setter(), "/o/"+string(w.a)+"/recognition"
		w.led("subscribe", w.fill("a.admin", base+"/subscribe"), base)
		at := strings.TrimSuffix(w.led("pick", w.fill(who, base+"/new", "kind", "any", "name", "Our tool"), base+"/links/"), "/install")
		shown := w.fill(who, at+"/install", "machine", "srv-crm").Body.String()
		code := installCode.FindStringSubmatch(shown)
		if code == nil || !strings.Contains(shown, "look:") {
			t.Fatalf("no install line with a look: %s", shown)
		}
		w.on(who, at+"/tools", "has not told what it sees yet")

		folder := t.TempDir()
		w.must("folder", os.Mkdir(filepath.Join(folder, "exports"), 0o700))
		for name, text := range map[string]string{
			"exports/clients.csv": "id;Nom;Téléphone;IBAN\n1;Maëlle Kervarec;06 12 34 56 78;FR76-secret\n", "exports/broken.xlsx": "PK\x03\x04", "beside.csv": "id;tel\n1;0142000000\n",
		} {
			w.must("file", os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		}
		var wire strings.Builder
		cfg, err := agent.Read(filepath.Join(folder, "agent.yaml"), []byte(lookFile))
		w.must("configuration", err)
		id, err := agent.Enrol(t.Context(), cfg, w.wired(&wire), code[1])
		w.must("enrol", err)
		program, err := agent.New(cfg, id, agent.Options{Poll: 10 * time.Millisecond})
		w.must("agent", err)
		defer program.Close()
		announce := func() {
			t.Helper()
			_, err := program.Announce(t.Context())
			w.must("announce", err)
		}
		w.on(who, at+"/wait", "is installed", "Choose among what it sees")
		announce()
		page := w.on(who, at+"/tools", "clients.csv", "id, Nom, Téléphone, IBAN", "broken.xlsx", "Seen, but they cannot be read")
		if strings.Contains(page, "beside.csv") {
			t.Error("a file beside the folder that may be looked at is told")
		}
		if fr := w.ask(who, http.MethodGet, at+"/tools", "", "Accept-Language", "fr").Body.String(); strings.Contains(fr, "lang=\"fr\"") && !strings.Contains(fr, "Ce que voit le programme") {
			t.Error("the page is not in French")
		}
		if r := w.fill(who, at+"/tools"); r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), `href="#tool"`) {
			t.Errorf("no choice gives %d", r.Code)
		}
		for _, other := range []string{"beside.csv", "broken.xlsx", "../agent.json"} {
			if r := w.fill(who, at+"/tools", "tool", other); r.Code != http.StatusConflict {
				t.Errorf("choosing %s gives %d", other, r.Code)
			}
		}
		w.led("choose", w.fill(who, at+"/tools", "tool", "clients.csv"), at+"/fields")
		page = w.on(who, at+"/fields", "Téléphone", "IBAN", "has not answered yet")
		for _, guess := range []string{`<option value="number" selected`, `<option value="name" selected`} {
			if !strings.Contains(page, guess) {
				t.Errorf("the announcement is not made into a choice of fields: %s", guess)
			}
		}
		announce()
		w.on(who, at+"/fields", "99 99 99 99 99")
		if text := wire.String(); strings.Contains(text, "Kervarec") || strings.Contains(text, "0612345678") || strings.Contains(text, folder) || strings.Contains(text, "secret") {
			t.Errorf("a value, or a path of the machine, left it: %s", text)
		}
		w.led("fields", w.fill(who, at+"/fields", "region", "FR", "field.0", "Nom", "use.0", "name", "field.1", "Téléphone", "use.1", "number"), at+"/numbers")
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- w.jobs.Run(ctx) }()
		defer func() { stop(); <-ran }()
		_, err = program.Turn(t.Context())
		w.must("turn", err)
		if r := w.fill(who, at+"/try", "number", "06 12 34 56 78"); !strings.Contains(r.Body.String(), "Maëlle Kervarec") || strings.Contains(r.Body.String(), "A card of the preview") {
			t.Errorf("the tool that was chosen is not read: %d", r.Code)
		}
		if strings.Contains(wire.String(), "FR76-secret") {
			t.Error("a field that nobody chose left the machine")
		}
		w.on(who, at, "CSV file", "Digests equal")
	})
}

// TestAnAnnouncementIsAskedForSealedAndGone looks at the rows, and at who may announce.
func TestAnAnnouncementIsAskedForSealedAndGone(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantSetup()
		m, link := w.House.recognition(), w.known["link"][0]
		tools := preview.Tools{Tools: []preview.Tool{{Kind: "csv", Name: "other.csv", Fields: []string{}}}}
		if err := m.TellTools(w.system(), w.a, link, tools); core.CodeOf(err) != "preview.not_asked" {
			t.Errorf("a second announcement that nobody asked for: %v", err)
		}
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_announcement WHERE told_at > 0 AND length(told) > 60`)); n != 1 {
			t.Fatalf("%d announcements are kept, want 1", n)
		}
		at := "/o/" + string(w.a) + "/recognition/links/" + string(link)
		w.on(w.setter(), at+"/tools", "canary-file.csv")
		for _, who := range []string{"a.member", "a.auditor", "b.admin"} {
			if r := w.ask(who, http.MethodGet, at+"/tools", ""); r.Code == http.StatusOK {
				t.Errorf("%s sees what the program sees", who)
			}
		}
		w.led("again", w.fill(w.setter(), at+"/tools/ask"), at+"/tools")
		w.must("told", m.TellTools(w.system(), w.a, link, tools))
		w.on(w.setter(), at+"/tools", "other.csv")
		w.exec(db.SQL(`UPDATE recognition_announcement SET until_at = $1`), time.Now().Add(-time.Second).UnixMicro())
		if page := w.on(w.setter(), at+"/tools"); strings.Contains(page, "other.csv") {
			t.Error("an announcement is shown after its time")
		}
		w.must("remove", m.RemoveLink(w.system(), w.a, link))
		if n := w.count(db.SQL(`SELECT count(*) FROM recognition_announcement`)); n != 0 {
			t.Error("a removed link leaves its announcement")
		}
		if _, err := m.Link(w.system(), w.a, link); core.KindOf(err) != core.NotFound {
			t.Error(err)
		}
	})
}
