package boot

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/core/internal/restraint"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/hook"
	"github.com/rempart/rempart/kit/jobs"
)

var (
	qMessages  = db.SQL(`SELECT payload FROM jobs_job WHERE kind = 'rights.recipient' ORDER BY id`)
	qNoMessage = db.SQL(`DELETE FROM jobs_job WHERE kind = 'rights.recipient'`)
)

// heard is an outside system: it keeps what it was told.
type heard struct {
	mu   sync.Mutex
	all  []rights.Told
	raw  []string
	sign []string
}

func (h *heard) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var told rights.Told
	_ = json.Unmarshal(body, &told)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all, h.raw, h.sign = append(h.all, told), append(h.raw, string(body)), append(h.sign, r.Header.Get(hook.Header))
}

// last is the latest of what it was told.
func (h *heard) last() (told rights.Told) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.all) > 0 {
		told = h.all[len(h.all)-1]
	}
	return told
}

// messages does the waiting work of telling, and forgets that it waited.
func (w *town) messages() {
	w.t.Helper()
	var waiting []string
	w.do("what waits", func(ctx context.Context, tx core.Tx) (err error) {
		if waiting, err = db.All(ctx, tx, qMessages, db.Value[string]); err == nil {
			_, err = tx.Exec(ctx, qNoMessage)
		}
		return err
	})
	for _, payload := range waiting {
		run := jobs.Run{}
		w.must("payload", json.Unmarshal([]byte(payload), &run.Payload))
		w.must("tell", w.rights.HandleRecipient(w.system(), run))
	}
}

// TestRecipientsAreTold (article 19): a person is corrected, restricted and erased without any request to the desk of the
// organization; its outside system hears of each by a signed message, once, and that of another organization of none.
func TestRecipientsAreTold(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		var a, b heard
		sa, sb := httptest.NewServer(&a), httptest.NewServer(&b)
		defer sa.Close()
		defer sb.Close()
		_, secret, err := w.rights.AddSystem(w.as("a.admin"), w.a, rights.System{Name: "Legacy CRM", Way: rights.ByHook, Address: sa.URL})
		w.must("system of a", err)
		_, _, err = w.rights.AddSystem(w.as("a.admin"), w.a, rights.System{Name: "Mailbox", Way: rights.ByMail, Address: "crm@example.org"})
		w.must("person of a", err)
		_, _, err = w.rights.AddSystem(w.as("b.admin"), w.b, rights.System{Name: "Other CRM", Way: rights.ByHook, Address: sb.URL})
		w.must("system of b", err)
		v := w.victim("moved")
		w.do("correct", func(ctx context.Context, tx core.Tx) error {
			people, err := w.identity.People(ctx, tx, v)
			if err != nil {
				return err
			}
			p := people[v]
			p.FamilyName = "Corrected"
			return w.identity.UpdatePerson(ctx, tx, p)
		})
		w.messages()
		if told := a.last(); told.Event != personal.NewsCorrected || told.Organization != w.a || told.Member == "" || !strings.Contains(told.Name, "Corrected") || told.Task != "" {
			t.Errorf("told %+v", told)
		}
		_, err = w.restraint.Place(w.as("provider.dpo"), restraint.Draft{Email: "victim-a-moved@example.org", Ground: restraint.Accuracy, Note: "by telephone"})
		w.must("restrict", err)
		w.messages()
		if told := a.last(); told.Event != personal.NewsRestricted || told.Person != v {
			t.Errorf("told %+v", told)
		}
		order := w.orders(v, "", erasure.ByOperator)
		w.must("erase", w.erasure.Advance(w.system(), order))
		w.messages()
		told := a.last()
		notices := w.erasureNow(order).Notices
		if told.Event != personal.NewsErased || told.Person != v || told.Notice != notices[0].ID || told.Member != notices[0].Member || told.Name != "" || told.Email != "" {
			t.Errorf("told %+v, the notice is %+v", told, notices[0])
		}
		for i, body := range a.raw {
			at := strings.TrimPrefix(strings.Split(a.sign[i], ",")[0], "t=")
			when, _ := json.Number(at).Int64()
			if a.sign[i] != hook.Sign(secret, time.Unix(when, 0), []byte(body)) {
				t.Errorf("%s is not signed by the secret that was shown", body)
			}
		}
		if n := len(a.all); n != 3 {
			t.Errorf("%d messages, one of each was due: %s", n, a.raw)
		}
		if len(b.all) > 0 {
			t.Errorf("another organization's system heard %s", b.raw)
		}
		if n := w.letters("rights.tell"); n != 3 {
			t.Errorf("%d mails to the person of a, want 3", n)
		}
	})
}
