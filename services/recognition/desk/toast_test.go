package desk

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/rempart/rempart/services/recognition/pop"
)

// hostile are names that callers, or whoever fills a directory, may have.
var hostile = []string{
	"Marie Durand", "L'Été & fils <SARL>", `</text></binding></visual><actions><action content="x" activationType="protocol" arguments="https://evil.example"/></actions>`,
	`"/><image src="\\evil.example\x"/>`, "]]><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///c:/x'>]>&e;", `'; Start-Process calc; '`, "$(calc) `calc` ${env:PATH} %COMSPEC% \"", "deux\nlignes\tet une", "😀 \u202eevil",
}

// toastScreen stands in for PowerShell: it reads the environment as toastScript does and remembers what is on the screen.
type toastScreen struct {
	mu     sync.Mutex
	fails  error
	acts   []string
	envs   []string
	screen map[string]toastXML // by tag
}

var errNoScreen = errors.New("no screen")

func (w *toastScreen) run(act string, env ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acts, w.envs = append(w.acts, act), append(w.envs, env...)
	if w.fails != nil {
		return w.fails
	}
	vars := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	switch act {
	case "clear":
		w.screen = map[string]toastXML{}
	case "hide":
		delete(w.screen, vars[toastTag])
	case "show":
		text, err := base64.StdEncoding.DecodeString(vars[toastText])
		var t toastXML
		if err = errors.Join(err, xml.Unmarshal(text, &t)); err != nil {
			return err
		}
		w.screen[vars[toastTag]] = t
	}
	return nil
}

func (w *toastScreen) shown() []toastXML {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []toastXML
	for _, t := range w.screen {
		all = append(all, t)
	}
	return all
}

func onWindows(t *testing.T) (*toastScreen, Notifier, string) {
	t.Helper()
	w, folder := &toastScreen{}, t.TempDir()
	n, err := openToasts(folder, w.run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return w, n, folder
}

// TestAToastSaysWhatTheNoticeSays, whatever people are called: a name is text, and adds no button, picture nor address.
func TestAToastSaysWhatTheNoticeSays(t *testing.T) {
	key := strings.Repeat("0a", 16)
	for _, name := range hostile {
		text, err := toastOf(Notice{Title: name, Body: name, Buttons: []Button{{"s1", name}, {"s2", "Ignorer"}}}, key)
		if err != nil {
			t.Fatal(err)
		}
		elements, said := map[string]int{}, ""
		for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
			token, err := d.Token()
			if token == nil {
				if err.Error() != "EOF" {
					t.Fatalf("%q makes no XML: %v", name, err)
				}
				break
			}
			switch e := token.(type) {
			case xml.StartElement:
				elements[e.Name.Local]++
				for _, a := range e.Attr {
					switch a.Name.Local {
					case "content":
						said += a.Value + "|"
					case "arguments", "launch":
						if _, _, ok := readChoice(a.Value); !ok {
							t.Errorf("%q makes a link to %q", name, a.Value)
						}
					}
				}
			case xml.CharData:
				said += string(e) + "|"
			case xml.Directive, xml.ProcInst:
				t.Errorf("%q makes a declaration", name)
			}
		}
		if want := name + "|" + name + "|" + first(name, mostLabel) + "|Ignorer|"; said != want {
			t.Errorf("the toast says %q, want %q", said, want)
		}
		if elements["toast"] != 1 || elements["text"] != 2 || elements["action"] != 2 || elements["audio"] != 1 || len(elements) != 7 {
			t.Errorf("%q makes the elements %v", name, elements)
		}
	}
	if text, err := toastOf(Notice{Title: "a\x00b\x1b\xff"}, key); err != nil || strings.ContainsAny(string(text), "\x00\x1b") || !utf8.Valid(text) || !strings.Contains(string(text), "dismiss") {
		t.Errorf("a notice without buttons, with characters that XML has not: %q (%v)", text, err)
	}
	for _, long := range []string{strings.Repeat("<", 9000), strings.Repeat("😀", 9000)} {
		text, err := toastOf(Notice{Title: long, Body: long, Buttons: []Button{{"1", long}, {"2", long}, {"3", long}}}, key)
		if err != nil || len(text) > largestToast || xml.Unmarshal(text, &toastXML{}) != nil || !strings.Contains(string(text), "…</text>") {
			t.Errorf("%d bytes (%v): %.200s", len(text), err, text)
		}
	}
}

// TestNothingOfACallStandsInACommandLine: the script is the same for all calls, and what differs is base64 or hexadecimal.
func TestNothingOfACallStandsInACommandLine(t *testing.T) {
	for _, script := range []string{toastScript, postureScript} {
		if strings.ContainsAny(script, "\"%\x00") || len(script) > 8000 {
			t.Error("a script that a command line would change")
		}
	}
	w, n, _ := onWindows(t)
	for _, name := range hostile {
		id, err := n.Show(Notice{Call: name, Title: name, Body: name, Buttons: []Button{{name, name}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Hide(id); err != nil {
			t.Fatal(err)
		}
	}
	plain := regexp.MustCompile(`^(?:REMPART_TOAST_TAG=[0-9a-f]{16}|REMPART_TOAST_XML=[A-Za-z0-9+/]+=*)$`)
	for _, e := range w.envs {
		if !plain.MatchString(e) {
			t.Errorf("PowerShell is told %q", e)
		}
	}
	if len(w.envs) != 3*len(hostile) {
		t.Errorf("PowerShell is told %d things", len(w.envs))
	}
}

// TestAButtonOfAToastActs plays calls through the agent: each button does what it says, once, and the toast goes when somebody answers.
func TestAButtonOfAToastActs(t *testing.T) {
	w, n, folder := onWindows(t)
	opened := make(chan string, 8)
	rings, ended := make(chan Ring), make(chan error, 1)
	a := &Agent{
		Platform: &stream{rings: rings}, Notifier: n, Keep: signedIn(t, "https://trust.example.org"), Log: silence,
		Open: func(address string) error { opened <- address; return nil },
	}
	ctx := t.Context()
	go func() { ended <- a.Run(ctx) }()
	ring := Ring{Call: "c1", State: "ringing", Pop: true, Title: "Marie Durand", Body: "Durand & fils\n+33 6 12 34 56 78", Actions: []pop.Action{
		{Script: "s1", Title: "Open the card", Kind: pop.Open, URL: "https://crm.example.org/c/12"}, {Script: "s2", Title: "New note", Kind: pop.Open, URL: "https://crm.example.org/n/12"},
	}}
	for place, want := range []string{"https://crm.example.org/c/12", "https://crm.example.org/c/12", "https://crm.example.org/n/12"} {
		ring.State, ring.Pop = "ringing", true
		rings <- ring
		until(t, "the toast is shown", func() bool { return len(w.shown()) == 1 })
		toast := w.shown()[0]
		links := []string{toast.Launch, toast.Actions[0].Arguments, toast.Actions[1].Arguments}
		if strings.Join(toast.Visual.Texts, "|") != ring.Title+"|"+ring.Body || toast.Actions[1].Content != "New note" || strings.Contains(strings.Join(links, ""), "s1") {
			t.Fatalf("the toast says %+v", toast)
		}
		if err := Choose(folder, links[place]); err != nil {
			t.Fatal(err)
		}
		if got := <-opened; got != want {
			t.Errorf("button %d opened %q, want %q", place, got, want)
		}
		if err := Choose(folder, links[place]); !errors.Is(err, ErrNoChoice) {
			t.Errorf("a button serves twice: %v", err)
		}
		ring.State, ring.Pop = "answered", false
		rings <- ring
		until(t, "the toast goes", func() bool { return len(w.shown()) == 0 })
	}
	ring.State, ring.Pop, ring.Call = "ringing", true, "c2"
	rings <- ring
	until(t, "the last toast is shown", func() bool { return len(w.shown()) == 1 })
	link := w.shown()[0].Launch
	ring.State, ring.Pop = "ended", false
	rings <- ring
	until(t, "the last toast goes", func() bool { return len(w.shown()) == 0 })
	if err := Choose(folder, link); !errors.Is(err, ErrNoChoice) {
		t.Errorf("a call that ended is chosen: %v", err)
	}
}

// TestOneCallHasOneToast: shown again it stands in its own place, and of an agent that was killed nothing stays.
func TestOneCallHasOneToast(t *testing.T) {
	w, n, folder := onWindows(t)
	if _, err := n.Show(Notice{Call: "c1", Title: "Marie"}); err != nil {
		t.Fatal(err)
	}
	earlier := w.shown()[0].Launch
	second, err := n.Show(Notice{Call: "c1", Title: "Marie Durand"})
	if err != nil {
		t.Fatal(err)
	}
	if all := w.shown(); len(all) != 1 || all[0].Visual.Texts[0] != "Marie Durand" {
		t.Fatalf("on the screen: %+v", all)
	}
	if Choose(folder, earlier) == nil {
		t.Error("the earlier toast of a call still acts")
	}
	if _, err := n.Show(Notice{Call: "c2", Title: "Paul"}); err != nil {
		t.Fatal(err)
	}
	if err := n.Hide(second); err != nil {
		t.Fatal(err)
	}
	if all := w.shown(); len(all) != 1 || all[0].Visual.Texts[0] != "Paul" {
		t.Errorf("hiding one call leaves %+v", all)
	}
	left := w.shown()[0].Launch
	if _, err := openToasts(folder, w.run); err != nil { // after a kill
		t.Fatal(err)
	}
	if len(w.shown()) != 0 || Choose(folder, left) == nil {
		t.Error("a toast outlives its agent")
	}
	w.fails = errNoScreen
	if _, err := n.Show(Notice{Call: "c3"}); !errors.Is(err, errNoScreen) {
		t.Errorf("a toast that is not shown: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(folder, "notices", "*")); len(files) != 0 {
		t.Errorf("%v are left", files)
	}
	if _, err := openToasts(folder, w.run); !errors.Is(err, errNoScreen) {
		t.Errorf("a system without toasts: %v", err)
	}
}

// TestLinksOfStrangersChooseNothing: any page may offer a link of the agent's scheme.
func TestLinksOfStrangersChooseNothing(t *testing.T) {
	_, n, folder := onWindows(t)
	if _, err := n.Show(Notice{Call: "c1", Title: "Marie"}); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadDir(filepath.Join(folder, "notices"))
	key := before[0].Name()
	for _, link := range []string{
		"", "rempart-desk:", "rempart-desk:" + strings.Repeat("0", 32) + ".1", "rempart-desk:" + key, "rempart-desk:" + key + ".12", "rempart-desk:" + key + ".-1", "rempart-desk:../../" + key + ".1",
		`rempart-desk:..\..\desk.json.1`, "rempart-desk:" + key + ".1\n--folder", "tel:" + key + ".1", strings.ToUpper("rempart-desk:"+key) + "x.1", "xrempart-desk:" + key + ".1",
	} {
		if err := Choose(folder, link); !errors.Is(err, ErrNoChoice) {
			t.Errorf("%q: %v", link, err)
		}
	}
	if after, _ := os.ReadDir(filepath.Join(folder, "notices")); len(after) != 1 || after[0].Name() != key {
		t.Errorf("a stranger's link left %v", after)
	}
	if err := Choose(folder, "Rempart-Desk:"+key+".0/"); err != nil { // as a system may write it
		t.Error(err)
	}
	if c := <-n.Chosen(); c.Button != "" {
		t.Errorf("a click on the notice chose %q", c.Button)
	}
}
