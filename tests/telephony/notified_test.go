//go:build telephony

package telephony

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rempart/rempart/app/demo"
	"github.com/rempart/rempart/app/people"
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/mail"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
)

// office is a house with one person whose phone is watched, and a customer's contacts brought by the agent.
type office struct {
	origin        string
	org           core.ID
	m             *recognition.Module
	user, manager *boot.Player
	line          core.ID
}

const agentFile = `
every: 1h
source: {kind: csv, file: contacts.csv}
mapping:
  region: FR
  numbers: [phone]
  name: [name]
  company: company
`

func newOffice(t *testing.T, x *exchange, mode string) *office {
	t.Helper()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	dir := folder(t)
	must("folder", os.Mkdir(filepath.Join(dir, "data"), 0o700))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must("listener", err)
	letters := demo.Letterbox(filepath.Join(dir, "mail"))
	o := &office{origin: fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)}
	house, err := boot.New(t.Context(), boot.Config{
		Services: services.All, Data: filepath.Join(dir, "data"), Origin: o.origin, Log: slog.New(slog.DiscardHandler), Version: "test", Mail: mail.Config{Folder: string(letters)},
	})
	must("house", err)
	o.people(t, house, letters)
	run, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = house.Run(run) })
	work.Go(func() { _ = house.Serve(run, l) })
	t.Cleanup(func() {
		stop()
		work.Wait()
		if err := house.Close(); err != nil {
			t.Errorf("the house: %v", err)
		}
	})
	o.m = house.Guest("recognition").(*recognition.Module)
	ctx := core.WithActor(t.Context(), core.System("telephony"))
	o.contacts(ctx, t)
	o.line, err = o.m.MakeLine(ctx, o.org, recognition.ExchangeDraft{
		Kind: recognition.KindSIP, Title: "Exchange", Region: "FR", Phones: []recognition.Phone{{Extension: "101", Person: o.user.Person}},
		Settings:  map[string]string{"server": x.addr(), "domain": "pbx.test", "transport": "udp", "mode": mode},
		Passwords: map[string]string{"101": "secret-101"},
	})
	must("exchange", err)
	for until := time.Now().Add(10 * time.Second); x.contacts(t, "101") < 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			l, err := o.m.Line(ctx, o.org, o.line)
			t.Fatalf("the house never registered beside the phone: %+v, %v", l, err)
		}
	}
	return o
}

// people makes an organization, who answers its telephone and who installs its programs.
func (o *office) people(t *testing.T, house *boot.House, letters demo.Letterbox) {
	t.Helper()
	phones := map[string]*people.Authenticator{}
	code := func(secret string) (string, error) {
		if phones[secret] == nil {
			phones[secret] = &people.Authenticator{Secret: secret}
		}
		return phones[secret].Code()
	}
	player := func(name string, roles ...string) boot.Player {
		return boot.Player{Name: name, GivenName: "Nadia", FamilyName: "Oury", Language: "en", Function: "Reception", Email: name + "@port-sainte.example", Password: "correct-Cheval-7-agrafe!", Roles: roles}
	}
	trial, err := house.NewTrial(t.Context(), "Provider", player("provider"), code, letters.Last)
	if err != nil {
		t.Fatal(err)
	}
	if o.org, err = trial.Organization(t.Context(), "Town", player("admin")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []boot.Player{player("caller", recognition.RoleUser), player("manager", recognition.RoleManager)} {
		if err := trial.Join(t.Context(), "admin", o.org, p); err != nil {
			t.Fatal(err)
		}
	}
	o.user, o.manager = trial.Players["caller"], trial.Players["manager"]
}

// managing is the manager, just signed in.
func (o *office) managing(t *testing.T) context.Context {
	return core.WithActor(t.Context(), core.Actor{
		Kind: core.HumanActor, ID: o.manager.Person, Account: o.manager.Person, AAL: 2, Address: netip.MustParseAddr("127.0.0.1"), Agent: "test", AuthenticatedAt: time.Now(), Request: ids.New(),
	})
}

// contacts has the customer's agent bring a hundred persons.
func (o *office) contacts(ctx context.Context, t *testing.T) {
	t.Helper()
	dir := folder(t)
	var list strings.Builder
	list.WriteString("name,phone,company\n")
	for i := range 100 {
		fmt.Fprintf(&list, "Contact %03d,%s,Works %03d\n", i, numberOf(i), i)
	}
	write(t, filepath.Join(dir, "contacts.csv"), list.String())
	cfg, err := agent.Read(filepath.Join(dir, "agent.yaml"), []byte(agentFile))
	if err != nil {
		t.Fatal(err)
	}
	link, err := o.m.MakeLink(ctx, o.org, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	if err != nil {
		t.Fatal(err)
	}
	code, err := o.m.InviteAgent(o.managing(t), o.org, recognition.ForSync, link, "CRM of the office")
	if err != nil {
		t.Fatal(err)
	}
	id, err := agent.Enrol(t.Context(), cfg, o.origin, code.Code)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agent.New(cfg, id, agent.Options{Version: "test", Poll: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// notice is a notification that was shown.
type notice struct {
	At          float64 // milliseconds since 1970
	Title, Body string
}

// browser opens the workstation's page in Chromium; the function closes it and gives what was shown.
func (o *office) browser(t *testing.T) (shut func() []notice) {
	t.Helper()
	need(t, "node", "chromium")
	if _, err := os.Stat("../browser/node_modules/playwright-core"); err != nil {
		t.Skip("playwright-core is not installed (scripts/deps)")
	}
	cmd := exec.Command("node", "notified.mjs")
	cmd.Env = append(os.Environ(), "ORIGIN="+o.origin, "ORG="+string(o.org), "EMAIL="+o.user.Email, "PASSWORD="+o.user.Password)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	lines := make(chan string, 4)
	go func() {
		r := bufio.NewReader(out)
		for {
			l, err := r.ReadString('\n')
			if err != nil {
				close(lines)
				return
			}
			lines <- l
		}
	}()
	next := func() string {
		select {
		case l := <-lines:
			return strings.TrimSpace(l)
		case <-time.After(30 * time.Second):
			t.Fatal("the browser says nothing")
			return ""
		}
	}
	if l := next(); l != "READY" {
		t.Fatalf("the browser: %q", l)
	}
	return func() (seen []notice) {
		_ = in.Close()
		if err := json.Unmarshal([]byte(next()), &seen); err != nil {
			t.Fatal(err)
		}
		return seen
	}
}

var contact = regexp.MustCompile(`Contact (\d{3})`)

// A call rings, and its caller's name stands in a notification of a real browser: from the operator's INVITE, half of a hundred calls within
// 50 ms and 95 of them within 300 ms. A caller who hides is announced as nobody.
func TestACallIsANotification(t *testing.T) {
	x := newExchange(t, func(x *exchange) { x.Lifetime = 3 })
	x.newPhone(t, "101")
	o := newOffice(t, x, "both")
	closed := o.browser(t)
	left := x.call(t, trunk{extension: "101", calls: 100, rate: 5, ring: 1000})
	time.Sleep(time.Second)
	x.call(t, trunk{extension: "101", ring: 300, from: `"Anonymous" <sip:anonymous@anonymous.invalid>`, headers: "Privacy: id\nP-Asserted-Identity: \"Contact 007\" <sip:" + numberOf(7) + "@operator.test>\n"})
	time.Sleep(500 * time.Millisecond)
	seen := closed()
	shown := map[int]time.Time{}
	for i, n := range seen {
		found := contact.FindStringSubmatch(n.Title + " " + n.Body)
		if i == len(seen)-1 {
			if found != nil || strings.Contains(n.Title+n.Body, "3361200") {
				t.Errorf("an anonymous caller is announced as %q, %q", n.Title, n.Body)
			}
			continue
		}
		if found == nil {
			t.Errorf("a call is announced as %q, %q", n.Title, n.Body)
			continue
		}
		who, _ := strconv.Atoi(found[1])
		if _, twice := shown[who]; !twice {
			shown[who] = time.UnixMicro(int64(n.At * 1000))
		}
	}
	var took []time.Duration
	for call, at := range left {
		first, _, _ := strings.Cut(call, "-")
		n, err := strconv.Atoi(first)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := shown[n-1]; ok {
			took = append(took, s.Sub(at))
		} else {
			t.Errorf("the call of %s was never shown", numberOf(n-1))
		}
	}
	if len(took) < 50 {
		t.Fatalf("%d of 100 calls were shown", len(took))
	}
	slices.Sort(took)
	p50, p95 := took[len(took)/2], took[len(took)*95/100]
	t.Logf("INVITE to notification, %d calls: p50 %v, p95 %v, longest %v", len(took), p50, p95, took[len(took)-1])
	if p50 > 50*time.Millisecond || p95 > 300*time.Millisecond {
		t.Errorf("p50 %v and p95 %v, want 50 ms and 300 ms", p50, p95)
	}
}
