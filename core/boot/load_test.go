package boot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
)

const loadPassword = "cobalt-harbour-29-lantern"

// crowd makes n members of organization b who sign in by password.
func (w *town) crowd(n int) []string {
	w.t.Helper()
	hash, err := w.identity.FirstHash(w.system(), loadPassword)
	w.must("hash", err)
	mails := make([]string, n)
	all := make([]core.ID, n)
	for i := range all {
		all[i] = ids.New()
	}
	w.must("keys", w.vault.MakeKeys(w.system(), all...))
	w.do("crowd", func(ctx context.Context, tx core.Tx) error {
		for i, id := range all {
			mails[i] = fmt.Sprintf("crowd-%d@example.org", i)
			if _, err := w.identity.AddPerson(ctx, tx, core.NewPerson{ID: id, GivenName: "Crowd", FamilyName: fmt.Sprint(i), Email: mails[i], Language: "en"}); err != nil {
				return err
			}
			if _, err := w.organizations.AddMember(ctx, tx, core.Membership{Org: w.b, Person: id, State: "active"}); err != nil {
				return err
			}
			if err := w.identity.KeepPassword(ctx, tx, id, hash); err != nil {
				return err
			}
		}
		return nil
	})
	return mails
}

// signIn goes through the pages as a browser does and gives the session's secret; a page that asks to wait is waited for.
func (w *town) signIn(mail string) (secret string, err error) {
	jar := map[string]string{}
	post := func(path string, form url.Values) (*http.Response, error) {
		for range 40 {
			head := []string{}
			var cookies []string
			for name, value := range jar {
				cookies = append(cookies, name+"="+value)
			}
			if len(cookies) > 0 {
				head = append(head, "Cookie", strings.Join(cookies, "; "))
			}
			r := w.ask("", http.MethodPost, path, form.Encode(), head...).Result()
			for _, c := range r.Cookies() {
				jar[c.Name] = c.Value
			}
			if r.StatusCode >= 500 {
				page, _ := io.ReadAll(r.Body)
				return r, fmt.Errorf("%s answered %d (%s)", path, r.StatusCode, regexp.MustCompile(`[a-z_]+\.[a-z_.]+</code>`).FindString(string(page)))
			}
			if r.StatusCode != http.StatusTooManyRequests {
				return r, nil
			}
			time.Sleep(100 * time.Millisecond)
		}
		return nil, fmt.Errorf("%s: never let in", path)
	}
	if _, err = post("/signin", url.Values{"email": {mail}}); err != nil {
		return "", err
	}
	r, err := post("/signin/password", url.Values{"password": {loadPassword}})
	if err != nil {
		return "", err
	}
	if secret = jar[edge.SessionCookie]; secret == "" {
		return "", fmt.Errorf("%s: no session; answered %d, to %q", mail, r.StatusCode, r.Header.Get("Location"))
	}
	return secret, nil
}

// TestParallelSignInsAndReads has 64 people sign in at once, then 200 reads at once: no answer is a 5xx.
func TestParallelSignInsAndReads(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			target, connections := "", 0
			if kind != dbtest.SQLite {
				c := dbtest.Config(t, kind, nil)
				target, connections = c.URL, c.Pool
			}
			w := newTownOn(t, target, connections)
			people := 64
			if kind == dbtest.PostgresPoolOfOne {
				people = 16 // shows that nobody waits for a connection while holding the only one; it is not for speed
			}
			mails := w.crowd(people)
			began := time.Now()
			secrets, failures := make([]string, len(mails)), make([]error, len(mails))
			together(len(mails), func(i int) { secrets[i], failures[i] = w.signIn(mails[i]) })
			signedIn := time.Since(began)
			for _, err := range failures {
				if err != nil {
					t.Error(err)
				}
			}
			if t.Failed() {
				return
			}
			codes := make([]int, 200)
			paths := []string{"/", "/me/sessions", "/api/v1/sessions", "/me/security"}
			began = time.Now()
			together(len(codes), func(i int) {
				codes[i] = w.ask("", http.MethodGet, paths[i%len(paths)], "", "Cookie", edge.SessionCookie+"="+secrets[i%len(secrets)]).Code
			})
			for i, code := range codes {
				if code != http.StatusOK {
					t.Errorf("read %d of %s answered %d", i, paths[i%len(paths)], code)
				}
			}
			t.Logf("%s: %d sign-ins in %v, 200 reads in %v", kind, people, signedIn.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		})
	}
}

// together runs n calls at the same time and waits for all.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() { <-start; f(i) })
	}
	close(start)
	all.Wait()
}
