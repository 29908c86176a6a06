package outside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/probe"
)

// scene is a door with a page and security.txt, that a probe sees and a saboteur can change.
type scene struct {
	core.Stage
	*Module
	door      http.Handler
	next      byte
	pretended map[string]string
}

func newScene(t *testing.T, n Needs) *scene {
	t.Helper()
	if n.Origin == "" {
		n.Origin = "http://localhost:8080"
	}
	if n.Data == "" {
		n.Data = t.TempDir()
	}
	front := abuse.NewFront(50, 200, 1000)
	server := edge.New(edge.Config{Origin: n.Origin, Log: slog.New(slog.DiscardHandler), Admit: func(a netip.Addr) (time.Duration, bool) {
		v := front.Allow(a, time.Now())
		return v.Retry, v.OK
	}})
	page := func(text string) edge.Handler {
		return func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, err := w.Write([]byte(text))
			return err
		}
	}
	server.Add(
		edge.Route{Pattern: "GET /signin", Access: edge.Public("a page of the test"), Handle: page("Sign in")},
		edge.Route{Pattern: "GET " + securityTxt, Access: edge.Public("the contacts"), Handle: page(
			"# ours\nContact: mailto:security@example.org\nContact: https://example.org/report\nExpires: " + time.Now().AddDate(0, 6, 0).UTC().Format(time.RFC3339) + "\n")},
	)
	s := &scene{door: server, pretended: map[string]string{}}
	n.Pretended = func(fact string) (string, bool) { v, ok := s.pretended[fact]; return v, ok }
	s.Module = New(n)
	return s
}

func (s *scene) Pretend(fact, value string) { s.pretended[fact] = value }

func (s *scene) Exec(context.Context, string) error      { return errors.New("no tables here") }
func (s *scene) Front(f func(http.Handler) http.Handler) { s.door = f(s.door) }

type visitor struct {
	s    *scene
	from string
}

func (v visitor) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := httptest.NewRequestWithContext(r.Context(), r.Method, "http://localhost:8080"+r.URL.RequestURI(), r.Body)
	asked.Header, asked.RemoteAddr = r.Header, v.from
	w := httptest.NewRecorder()
	v.s.door.ServeHTTP(w, asked)
	return w.Result(), nil
}

func (s *scene) Visitor() *http.Client {
	s.next++
	return &http.Client{
		Transport:     visitor{s, fmt.Sprintf("127.0.1.%d:1", s.next)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sound gives the scene a sound world.
func (s *scene) sound() {
	for name, value := range s.SoundFacts() {
		s.Pretend(name, value)
	}
}

func TestASoundWorldHolds(t *testing.T) {
	s := newScene(t, Needs{Origin: "https://localhost"})
	s.sound()
	for _, p := range s.Probes() {
		seen, err := p.Run(t.Context(), s)
		if err != nil {
			t.Errorf("%s could not look: %v", p.ID, err)
			continue
		}
		if !seen.Held || seen.Sample == 0 || seen.Population < seen.Sample {
			t.Errorf("%s: %+v", p.ID, seen)
		}
		if seen.Why.FR == "" || strings.Contains(seen.Why.FR+seen.Why.EN, "%!") {
			t.Errorf("%s says %q", p.ID, seen.Why)
		}
		t.Logf("%s %d/%d: %s", p.ID, seen.Sample, seen.Population, seen.Why.EN)
	}
}

func TestEachFaultTurnsItsProbeRed(t *testing.T) {
	for _, p := range New(Needs{}).Probes() {
		if len(p.Faults) == 0 {
			t.Errorf("%s has no fault", p.ID)
		}
		for i, f := range p.Faults {
			t.Run(f.ID, func(t *testing.T) {
				s := newScene(t, Needs{Origin: "https://localhost"})
				s.sound()
				again := s.Probes()
				for _, q := range again {
					if q.ID != p.ID {
						continue
					}
					if err := q.Faults[i].Plant(t.Context(), s); err != nil {
						t.Fatal(err)
					}
					seen, err := q.Run(t.Context(), s)
					if err != nil || seen.Held {
						t.Errorf("survived: %+v, %v", seen, err)
					}
					if !strings.HasPrefix(f.ID, p.ID+"/") || f.Title.FR == "" || seen.Why.FR == "" {
						t.Errorf("fault %q, why %q", f.ID, seen.Why)
					}
					t.Log(seen.Why.EN)
				}
			})
		}
	}
}

// TestWhatCannotBeSeenIsSaid: a probe that has nothing to look at answers an error, never that it holds.
func TestWhatCannotBeSeenIsSaid(t *testing.T) {
	s := newScene(t, Needs{})
	s.Pretend(factModes, "0700 .")
	s.Pretend(factModules, "stdlib@v1.26.8")
	s.Pretend("/proc/net/tcp", Absent)
	s.Pretend("/proc/self/status", Absent)
	s.Pretend(factDevice, "")
	for id, want := range map[string]string{
		"outside.tls": "HTTP on this machine alone", "outside.region": "host.region", "outside.sbom": "no list", "outside.sockets": "listening ports",
		"outside.host": "/proc/self/status", "outside.disk": "on no disk",
	} {
		for _, p := range s.Probes() {
			if p.ID != id {
				continue
			}
			seen, err := p.Run(t.Context(), s)
			if err == nil || seen.Held || !strings.Contains(probe.WordsOf(err).EN, want) {
				t.Errorf("%s: %+v, %v", id, seen, err)
			}
		}
	}
}

func TestTheDataFolderIsLookedAt(t *testing.T) {
	data := t.TempDir()
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	s := newScene(t, Needs{Data: data, Declared: Declared{Disk: "volume of the provider"}})
	seen, err := s.disk().Run(t.Context(), s)
	if err != nil || !seen.Held || !strings.Contains(seen.Why.EN, "0700") && !strings.Contains(seen.Why.EN, "declared by the operator") {
		t.Errorf("closed folder: %+v, %v", seen, err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604} {
		path := filepath.Join(data, fmt.Sprintf("key-%o", mode))
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if seen, err := s.disk().Run(t.Context(), s); err != nil || seen.Held {
			t.Errorf("a file of mode %o went unseen: %+v, %v", mode, seen, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEncryptedDiskIsSeenThroughLayers(t *testing.T) {
	m := newScene(t, Needs{})
	m.Pretend("/sys/dev/block/253:1/dm/uuid", "LVM-abc\n")
	m.Pretend("/sys/dev/block/253:1/slaves", "dm-0\nmd1\n")
	m.Pretend("/sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc\n")
	m.Pretend("/sys/class/block/md1/dm/uuid", Absent)
	m.Pretend("/sys/class/block/md1/slaves", "dm-7\n")
	m.Pretend("/sys/class/block/dm-7/dm/uuid", "CRYPT-LUKS2-def\n")
	if !m.encrypted("/sys/dev/block/253:1", 0) {
		t.Error("LVM on two LUKS devices was not seen as encrypted")
	}
	m.Pretend("/sys/class/block/md1/slaves", "dm-7\nsdb1\n")
	m.Pretend("/sys/class/block/sdb1/dm/uuid", Absent)
	m.Pretend("/sys/class/block/sdb1/slaves", Absent)
	if m.encrypted("/sys/dev/block/253:1", 0) {
		t.Error("one layer in clear went unseen")
	}
}

// TestThisProcessListens: the real table of the kernel names the socket that this test opens.
func TestThisProcessListens(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("no %s here: %v", address, err)
		}
		defer l.Close()
		want := netip.MustParseAddrPort(l.Addr().String())
		open, err := New(Needs{}).listening()
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, at := range open {
			found = found || at == want
		}
		if !found {
			t.Errorf("%s is not among %v", want, open)
		}
	}
}

func TestVersionsAreComparedAsTheOSVFormSays(t *testing.T) {
	text, err := os.ReadFile("testdata/osv-sample.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), AdvisoriesFile)
	a, err := ImportAdvisories(path, text)
	if err != nil {
		t.Fatal(err)
	}
	if a.Count != 4 || a.Newest.Format(time.DateOnly) != "2024-05-20" {
		t.Errorf("%d entries, newest %s", a.Count, a.Newest)
	}
	for component, want := range map[Component]string{
		{Name: "stdlib", Version: "v1.21.8"}:            "[GO-2024-2687]",
		{Name: "stdlib", Version: "v1.21.9"}:            "[]",
		{Name: "stdlib", Version: "v1.22.1"}:            "[GO-2024-2687]",
		{Name: "stdlib", Version: "v1.22.2"}:            "[]",
		{Name: "golang.org/x/net", Version: "v0.22.0"}:  "[GO-2024-2687]",
		{Name: "golang.org/x/net", Version: "v0.62.0"}:  "[]",
		{Name: "golang.org/x/text", Version: "v0.1.0"}:  "[]",
		{Name: "example.org/listed", Version: "v1.2.3"}: "[GO-2022-0002]",
		{Name: "example.org/listed", Version: "v1.2.4"}: "[]",
		{Name: "example.org/listed", Version: "v2.1.0"}: "[GO-2022-0002]",
		{Name: "example.org/listed", Version: "v2.1.1"}: "[]",
		{Name: "golang.org/x/net", Version: "(devel)"}:  "[]",
	} {
		if got := fmt.Sprint(a.affecting(component)); got != want {
			t.Errorf("%v: %s, want %s", component, got, want)
		}
	}
	// What was imported is read at the next run, and its age is said.
	m := newScene(t, Needs{Data: filepath.Dir(path)})
	m.Pretend(factModules, "golang.org/x/net@v0.62.0")
	if _, err := m.runComponents(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "2024-05-20") {
		t.Errorf("an old list was believed: %v", err)
	}
}

func TestAListInAnotherFormIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), AdvisoriesFile)
	for _, text := range []string{"", "[]", "no json", `{"id":"X"}`, `[{"modified":"2026-01-01T00:00:00Z"}]`} {
		if _, err := ImportAdvisories(path, []byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused list was kept")
	}
}

func TestTheListOfComponentsIsCycloneDX(t *testing.T) {
	m := newScene(t, Needs{})
	m.Pretend(factModules, "stdlib@v1.26.8\ngolang.org/x/net@v0.62.0")
	var out bytes.Buffer
	if err := m.WriteSBOM(&out, "v0.2.0"); err != nil || !strings.Contains(out.String(), `"specVersion": "1.6"`) || !strings.Contains(out.String(), "pkg:golang/golang.org/x/net@v") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestOnlyPlacesThatAreAskedForAreTaken(t *testing.T) {
	for _, c := range []struct {
		label, asked string
		want         bool
	}{
		{"FR/Gravelines", "", true},
		{"fr", "fr", true},
		{"DE/Falkenstein", "de,fr", true},
		{"DE/Falkenstein", "fr", false},
		{"US/Ashburn", "de,fr", false},
		{"US/Ashburn", "", false},
		{"CH/Zurich", "", false},
		{"France", "", false},
	} {
		if got := within(c.label, c.asked); got != c.want {
			t.Errorf("%s within %q: %v", c.label, c.asked, got)
		}
	}
}
