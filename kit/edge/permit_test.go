package edge_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
)

func TestPagesAreDecidedBeforehand(t *testing.T) {
	type question struct {
		act         core.Permission
		org, object core.ID
	}
	var asked []question
	s := server(t, func(c *edge.Config) {
		c.Permit = func(ctx context.Context, act *core.ActDef, org, object core.ID) error {
			asked = append(asked, question{act.Permission, org, object})
			if core.ActorOf(ctx).ID == "p" {
				return nil
			}
			return core.Fault(core.Forbidden, "test.forbidden")
		}
	})
	s.Add(
		edge.Route{Pattern: "GET /o/{org}/things/{thing}", Access: edge.Needs(&readThing), Handle: answer("thing")},
		edge.Route{Pattern: "POST /o/{org}/things/{thing}", Access: edge.Needs(&readThing), Handle: answer("sent")},
		edge.Route{Pattern: "GET /console", Access: edge.Needs(&readThing), Handle: answer("console")},
		edge.Route{Pattern: "GET /api/things", Access: edge.Needs(&readThing), Handle: answer("api"), Decides: true},
	)
	for _, c := range []struct {
		method, target string
		want           question
	}{
		{"GET", "/o/7/things/9", question{"thing.read", "7", "9"}},
		{"GET", "/o/7/things", question{"thing.read", "7", ""}},
		{"GET", "/console", question{"thing.read", core.Platform, ""}},
	} {
		asked = nil
		if r := ask(t, s, c.method, c.target, "X-Test", "p"); r.StatusCode != 200 || len(asked) != 1 || asked[0] != c.want {
			t.Errorf("%s: %d, asked %v", c.target, r.StatusCode, asked)
		}
	}
	asked = nil
	if r := ask(t, s, "POST", "/o/7/things/9", "X-Test", "p"); r.StatusCode != 200 || len(asked) != 0 {
		t.Errorf("an act is the gate's to decide: %d, asked %v", r.StatusCode, asked)
	}
	if r := ask(t, s, "GET", "/api/things", "X-Test", "p"); r.StatusCode != 200 || len(asked) != 0 {
		t.Errorf("what the gate decides at once is decided twice: %d, asked %v", r.StatusCode, asked)
	}
	if r := ask(t, s, "GET", "/o/7/things", "X-Test", "scoped"); r.StatusCode != 404 {
		t.Errorf("a token outside its scopes gave %d", r.StatusCode)
	}
	if r := ask(t, s, "GET", "/o/7/things", "X-Test", "p"); text(t, r) != "things p" {
		t.Error("who may open it does not see the page")
	}
}

func TestALongRouteOutlivesTheConnectionsLimits(t *testing.T) {
	s := server(t, nil)
	s.Add(edge.Route{Pattern: "GET /export", Access: edge.Public("test").Blind(), Deadline: 5 * time.Second, Handle: func(w http.ResponseWriter, _ *http.Request) error {
		time.Sleep(400 * time.Millisecond)
		_, err := io.WriteString(w, "whole")
		return err
	}})
	host := httptest.NewUnstartedServer(s)
	host.Config.WriteTimeout = 200 * time.Millisecond
	host.Start()
	defer host.Close()
	r, err := http.Get(host.URL + "/export")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := text(t, r); got != "whole" {
		t.Errorf("got %q", got)
	}
}
