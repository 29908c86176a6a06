package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/edge"
)

// peer is what one client got per second of a well-known vault of personal data on PostgreSQL, on a machine like the one that
// measures: the figures to beat, three times, for the export ten times.
var peer = map[string]float64{"create": 205, "read": 526, "update": 345, "consent": 261, "export": 82, "erase": 271}

// client is one program that speaks with the API over a real connection, with the session of somebody.
type client struct {
	b    *testing.B
	http *http.Client
	base string
	w    *town
	seen map[string]int // requests of somebody
}

// opened is how many requests one session makes.
const opened = 60

func (w *town) client(b *testing.B) *client {
	n := uint32(0)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n++ // each request from another address of the loopback: limits per address are not what is measured
		r.RemoteAddr, r.Host = fmt.Sprintf("127.%d.%d.%d:40000", 1+n>>16&0x7f, n>>8&0xff, n&0xff), "localhost:8080"
		w.handler.ServeHTTP(rw, r)
	}))
	b.Cleanup(s.Close)
	return &client{b: b, http: s.Client(), base: s.URL + "/api/v1", w: w, seen: map[string]int{}}
}

// session gives a live session of somebody: the limit of one session is not what is measured.
func (c *client) session(who string) string {
	if c.seen[who]%opened == 0 {
		c.w.begin(who)
	}
	c.seen[who]++
	return c.w.cookies[who]
}

// do asks for one thing as somebody and reads the answer whole; it gives its ETag.
func (c *client) do(who, method, path string, body, into any, head ...string) string {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			c.b.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.b.Context(), method, c.base+path, content)
	if err != nil {
		c.b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", browser)
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: c.session(who)})
	answer, err := c.http.Do(r)
	if err != nil {
		c.b.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.b.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= 300 {
		c.b.Fatalf("%s %s as %s answers %d: %s", method, path, who, answer.StatusCode, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			c.b.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return answer.Header.Get("ETag")
}

type memberJSON struct {
	ID     core.ID `json:"id"`
	Person core.ID `json:"person"`
	etag   string
}

// people is how many persons each act is measured on, after some that are not: statements are prepared by then, and keys unwrapped.
// Exports and erasures are fewer: each export is in the next one, with the entries of the person's journal.
const people, early, fewer = 1000, 30, 100

// BenchmarkPeople measures what is done to a person over HTTP, one client, one act after the other, each durable and journaled:
// make, find by e-mail address, change, consent and withdraw, export all that is held, erase with its verified receipt.
func BenchmarkPeople(b *testing.B) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		b.Run(string(kind), func(b *testing.B) {
			url := ""
			if kind != dbtest.SQLite {
				url = dbtest.Config(b, kind, nil).URL
			}
			for range b.N {
				for act, rate := range newTown(b, url).measurePeople(b) {
					b.ReportMetric(rate, act+"/s")
					b.ReportMetric(rate/peer[act], act+"-x")
				}
			}
		})
	}
}

func (w *town) measurePeople(b *testing.B) map[string]float64 {
	c, rates := w.client(b), map[string]float64{}
	ctx, stop := context.WithCancel(core.WithActor(b.Context(), core.System("bench")))
	defer stop()
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	measure := func(act string, people int, each func(i int)) {
		for i := range early {
			each(i)
		}
		began := time.Now()
		for i := range people {
			each(early + i)
		}
		rates[act] = float64(people) / time.Since(began).Seconds()
	}
	org := "/organizations/" + string(w.a) + "/members"
	made := make([]memberJSON, early+people)
	address := func(i int) string { return fmt.Sprintf("bench-%d@example.org", i) }
	measure("create", people, func(i int) {
		made[i].etag = c.do("a.admin", http.MethodPost, org, map[string]any{"email": address(i), "given_name": "Maëlle", "family_name": fmt.Sprintf("Kervarec %d", i), "function": "accounts"}, &made[i])
	})
	measure("read", people, func(i int) {
		var found struct{ Items []memberJSON }
		c.do("a.admin", http.MethodPost, org+"/search", map[string]any{"find": address(i)}, &found)
	})
	measure("update", people, func(i int) {
		c.do("a.admin", http.MethodPut, org+"/"+string(made[i].ID), map[string]any{"given_name": "Maëlle", "family_name": fmt.Sprintf("Kervarec %d", i), "function": "board"}, nil,
			"If-Match", made[i].etag)
	})
	question, err := w.consent.Publish(w.as("a.admin"), w.a, "", consent.Draft{
		Purpose: "newsletter", Title: core.Text{FR: "Lettre", EN: "Letter"}, Body: core.Text{FR: "Recevoir la lettre.", EN: "Get the letter."},
	})
	w.must("publish", err)
	measure("consent", people, func(i int) { // one act each: given, then withdrawn
		if i%2 == 0 {
			c.do("a.member", http.MethodPost, "/me/consents/"+string(question)+"/give", map[string]any{"version": 1}, nil)
			return
		}
		c.do("a.member", http.MethodPost, "/me/consents/"+string(question)+"/withdraw", nil, nil)
	})
	measure("export", fewer, func(int) { c.do("a.auditor", http.MethodGet, "/me/data", nil, nil) })
	w.must("one person may order as many", w.SetFloors(w.system(), map[string]string{"erasure.approval": "1000"}, "bench"))
	c.erase(made[:early])
	began := time.Now()
	c.erase(made[early : early+fewer])
	rates["erase"] = fewer / time.Since(began).Seconds()
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
	return rates
}

// erase orders the erasure of persons, one after the other, and waits until the last receipt is signed.
func (c *client) erase(list []memberJSON) {
	began := time.Now()
	orders := make([]memberJSON, len(list))
	for i := range list {
		c.do("provider.dpo", http.MethodPost, "/provider/erasures", map[string]any{"person": list[i].Person, "why": "bench"}, &orders[i])
	}
	for i := range orders {
		for state := ""; state != "done"; {
			var order struct{ State string }
			c.do("provider.dpo", http.MethodGet, "/provider/erasures/"+string(orders[i].ID), nil, &order)
			if state = order.State; state != "done" {
				time.Sleep(2 * time.Millisecond)
			}
			if time.Since(began) > 2*time.Minute {
				c.b.Fatalf("an erasure is still %q after two minutes", state)
			}
		}
	}
}
