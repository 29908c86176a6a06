package pop

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

var (
	limits = Limits{Hosts: []string{"crm.example.org", "crm.example.org:8443"}, Schemes: []string{"mycrm"}}
	params = []Param{
		{Name: "number", Type: Number, From: FromNumber, Required: true},
		{Name: "name", Type: Text, From: FromName},
		{Name: "kind", Type: Enum, From: "card:kind", Values: []string{"client", "supplier"}, Default: "client"},
	}
	martin = Caller{Number: "+33612345678", Name: "Camille Martin", Company: "Martin & fils", Known: true, Scripts: map[string]string{"kind": "supplier"}}
)

func opens(template string) *Script {
	return &Script{ID: "s", Title: "Fiche", Kind: Open, For: Both, Params: params, URL: template}
}

func TestAnAddressIsFilled(t *testing.T) {
	for template, want := range map[string]string{
		"https://crm.example.org/contacts?phone={number}":             "https://crm.example.org/contacts?phone=%2B33612345678",
		"https://crm.example.org:8443/c/{name}/{kind}#{number}":       "https://crm.example.org:8443/c/Camille%20Martin/supplier#%2B33612345678",
		"https://crm.example.org/new?tel={number}&name={name}&b=%7B1": "https://crm.example.org/new?tel=%2B33612345678&name=Camille%20Martin&b=%7B1",
		"mycrm://contact/{number}":                                    "mycrm://contact/%2B33612345678",
		"mycrm:{number}":                                              "mycrm:%2B33612345678",
		"https://crm.example.org":                                     "https://crm.example.org",
	} {
		s := opens(template)
		if err := s.Check(limits); err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		a, err := s.Action(martin, limits)
		if err != nil || a.URL != want {
			t.Errorf("%s\n gives %q %v\n want  %q", template, a.URL, err, want)
		}
	}
}

func TestAddressesThatAreNotKept(t *testing.T) {
	for _, template := range []string{
		"", "http://crm.example.org/", "https://evil.example.net/{number}", "https://{name}/", "https://{name}.example.org/", "https://crm.example.org.{name}/",
		"https://crm.example.org@evil.example.net/", "https://a:b@crm.example.org/", "https://crm.example.org:{number}/", "https://crm.example.org:9/", "{name}://crm.example.org/",
		"javascript:alert({number})", "JavaScript:alert(1)", "data:text/html,{name}", "file:///etc/passwd", "other://x/{number}", "https:crm.example.org/{number}",
		"https://crm.example.org\\@evil.example.net/", "https://crm.example.org/ {number}", "https://crm.example.org/\n{number}", "//crm.example.org/", "/contacts/{number}",
		"https://crm.example.org/{nobody}", "https://crm.example.org/{number", "https://crm.example.org%2eevil.example.net/", "https://CRM.example.org/", "ms-msdt:{name}", "mycrm:",
	} {
		var p *Problem
		if err := opens(template).Check(limits); !errors.As(err, &p) {
			t.Errorf("%q is kept", template)
		}
	}
	for _, l := range []Limits{{Schemes: []string{"javascript"}}, {Schemes: []string{"file"}}, {Schemes: []string{"my crm"}}, {Hosts: []string{"*"}}, {Hosts: []string{"a/b"}}, {Hosts: []string{"https://a"}}, {Hosts: []string{"a@b"}}} {
		if l.Check() == nil {
			t.Errorf("%+v is kept", l)
		}
	}
}

// hostile are names that callers may give themselves.
var hostile = []string{
	"../../admin", "..", ".", "a/../../b", "x?admin=1", "x&admin=1", "x#f", "%2e%2e", "%00", "\x00", "a\r\nX-Admin: 1", "\"><script>", "';--", "\u202egnp.exe", "$(id)", "`id`",
	"; rm -rf /", "| nc", "--config=/etc/passwd", "-x", "{number}", "{{7*7}}", "${jndi:ldap://x}", "\",\"admin\":true,\"x\":\"", "\\", "é à ü", "日本", "\ufeff", "@evil.example.net", "//evil.example.net",
	"javascript:alert(1)", strings.Repeat("a", 10000), "\xff\xfe", "%0d%0aSet-Cookie:x", "<", ">", "null",
}

func called(name string) Caller {
	return Caller{Number: "+33612345678", Name: name, Known: true, Scripts: map[string]string{"kind": name}}
}

// staysPut checks that a value changed nothing of an address but its own place.
func staysPut(t *testing.T, name string) {
	t.Helper()
	s := opens("https://crm.example.org/c/{name}/end?a={name}&kind={kind}#f{name}")
	a, err := s.Action(called(name), limits)
	if err != nil {
		var p *Problem
		if !errors.As(err, &p) || p.Code != "dots" {
			t.Errorf("%q: %v", name, err)
		}
		return
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Errorf("%q gives %q: %v", name, a.URL, err)
		return
	}
	want, _ := params[1].value(name)
	if u.Scheme != "https" || u.Host != "crm.example.org" || u.User != nil || u.Path != "/c/"+want+"/end" || u.Fragment != "f"+want || strings.Count(u.EscapedPath(), "/") != 3 {
		t.Errorf("%q leads to %q", name, a.URL)
	}
	if q, err := url.ParseQuery(u.RawQuery); err != nil || len(q) != 2 || q.Get("a") != want || q.Get("kind") != "client" {
		t.Errorf("%q asks %q", name, u.RawQuery)
	}
	for _, r := range a.URL {
		if r > unicode.MaxASCII || r <= ' ' {
			t.Errorf("%q gives %q", name, a.URL)
		}
	}
}

// staysText checks that a value stays within its JSON string and its header.
func staysText(t *testing.T, name string) {
	t.Helper()
	s := &Script{
		ID: "s", Title: "Appel", Kind: Call, By: ByAgent, For: Both, Params: params, Method: "POST", URL: "https://crm.example.org/in",
		Headers: []Header{{"X-Caller", "name={name}"}}, Body: `{"caller":{"name":"{name}","n":"{number}"},"kind":"{kind}","list":["{name}",1.50]}`,
	}
	a, err := s.Action(called(name), limits)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	want, _ := params[1].value(name)
	var got struct {
		Caller map[string]string `json:"caller"`
		Kind   string            `json:"kind"`
		List   []any             `json:"list"`
		Admin  any               `json:"admin"`
	}
	dec := json.NewDecoder(strings.NewReader(a.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil || got.Admin != nil || len(got.Caller) != 2 || got.Caller["name"] != want || got.Kind != "client" || len(got.List) != 2 {
		t.Errorf("%q gives the body %s (%v)", name, a.Body, err)
	}
	r := &http.Request{Method: a.Method, URL: &url.URL{Scheme: "https", Host: "crm.example.org"}, Header: http.Header{}}
	for k, v := range a.Headers {
		r.Header.Set(k, v)
		if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%q gives the header %q", name, v)
		}
	}
}

var program = Script{
	ID: "p", Title: "Ouvrir", Kind: Program, For: Both, Params: params, Path: "/usr/bin/printf", Args: []string{"%s\\n", "open", "--name={name}", "{number}", "{kind}"},
}

// staysOne checks that a value stays one argument, and never becomes an option.
func staysOne(t *testing.T, name string) {
	t.Helper()
	a, err := program.Action(called(name), limits)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	want, _ := params[1].value(name)
	if !slices.Equal(a.Args, []string{"%s\\n", "open", "--name=" + want, "+33612345678", "client"}) {
		t.Errorf("%q gives the arguments %q", name, a.Args)
	}
	path, args, err := List("o", 1, time.Now(), []Script{program}).Command(a)
	if err != nil || path != program.Path || !slices.Equal(args, a.Args) {
		t.Errorf("%q: the workstation would start %s %q (%v)", name, path, args, err)
	}
}

func TestHostileNames(t *testing.T) {
	for _, name := range hostile {
		staysPut(t, name)
		staysText(t, name)
		staysOne(t, name)
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		staysPut(t, name)
		staysText(t, name)
		staysOne(t, name)
	})
}

// FuzzTemplates: whatever template is kept leads to the hosts and schemes of the organization alone, whoever calls.
func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{"https://crm.example.org/{name}", "mycrm:{name}", "https://crm.example.org@x/{name}", "https://crm.example.org:8443?{name}", "mycrm://{name}"} {
		f.Add(seed, "..//x")
	}
	f.Fuzz(func(t *testing.T, template, name string) {
		a, err := opens(template).Action(called(name), limits)
		if err != nil {
			return
		}
		u, err := url.Parse(a.URL)
		if err != nil {
			if strings.HasPrefix(a.URL, "https:") {
				t.Errorf("%q gives %q: %v", template, a.URL, err)
			}
			return
		}
		switch u.Scheme {
		case "https":
			if !slices.Contains(limits.Hosts, u.Host) || u.User != nil {
				t.Errorf("%q leads to %q", template, a.URL)
			}
		case "mycrm":
		default:
			t.Errorf("%q leads to %q", template, a.URL)
		}
	})
}

// The real operating system gets the arguments as they were: no shell reads them.
func TestArgumentsReachTheProgramAsTheyAre(t *testing.T) {
	if _, err := exec.LookPath("/usr/bin/printf"); err != nil {
		t.Skip("no printf here")
	}
	a, err := program.Action(called("$(id); `id` && \"x\" 'y' *"), limits)
	if err != nil {
		t.Fatal(err)
	}
	path, args, err := List("o", 1, time.Now(), []Script{program}).Command(a)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, args...).Output()
	if want := "open\n--name=$(id); `id` && \"x\" 'y' *\n+33612345678\nclient\n"; err != nil || string(out) != want {
		t.Errorf("the program saw %q (%v)", out, err)
	}
}

func TestProgramsThatAreNotKept(t *testing.T) {
	for _, path := range []string{
		"", "crm", "./crm", "/usr/bin/../crm", "/bin/sh", "/bin/bash", "/usr/bin/python3", "/usr/bin/python3.13", "/usr/bin/env", `C:\Windows\System32\cmd.exe`, `C:\crm.bat`, `C:\crm.CMD`, `C:\crm.bat.`,
		`C:\a\powershell.exe`, `\\server\share\crm.exe`, "/opt/crm;id", "/opt/$(id)", "/opt/crm.sh", `C:\Windows\System32\mshta.exe`,
	} {
		s := program
		if s.Path = path; s.Check(limits) == nil {
			t.Errorf("the program %q is kept", path)
		}
	}
	for _, path := range []string{"/usr/bin/crm", "/opt/my crm/crm-4.2", `C:\Program Files (x86)\CRM\crm.exe`} {
		s := program
		if s.Path = path; s.Check(limits) != nil {
			t.Errorf("the program %q is not kept: %v", path, s.Check(limits))
		}
	}
	for _, args := range [][]string{{"{name}"}, {"{name}.txt"}, {"{nobody}"}, {""}, {"a\nb"}, {"{"}} {
		s := program
		if s.Args = args; s.Check(limits) == nil {
			t.Errorf("the arguments %q are kept", args)
		}
	}
}

func TestRequestsThatAreNotKept(t *testing.T) {
	good := Script{Title: "x", Kind: Call, By: ByAgent, For: Known, Method: "POST", URL: "https://crm.example.org/", Params: params, Body: `{"a":"{name}"}`}
	if err := good.Check(limits); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Script){
		"nobody performs it": func(s *Script) { s.By = "" }, "a method": func(s *Script) { s.Method = "DELETE" }, "own scheme": func(s *Script) { s.URL = "mycrm:x" },
		"no JSON": func(s *Script) { s.Body = `{"a":` }, "two values": func(s *Script) { s.Body = `{} {}` }, "a bare parameter": func(s *Script) { s.Body = `{"a":{name}}` },
		"a field's name": func(s *Script) { s.Body = `{"{name}":1}` }, "body of GET": func(s *Script) { s.Method = "GET" },
		"a cookie": func(s *Script) { s.Headers = []Header{{"Cookie", "a"}} }, "the host": func(s *Script) { s.Headers = []Header{{"Host", "a"}} },
		"a header's name": func(s *Script) { s.Headers = []Header{{"X {name}", "a"}} }, "a line end": func(s *Script) { s.Headers = []Header{{"X-A", "a\r\nB: c"}} },
		"unknown parameter": func(s *Script) { s.Body = `{"a":"{other}"}` },
	} {
		s := good
		if change(&s); s.Check(limits) == nil {
			t.Errorf("kept, with %s", name)
		}
	}
}

func TestWhomAScriptIsFor(t *testing.T) {
	s := opens("https://crm.example.org/new?tel={number}")
	for _, c := range []struct {
		is     For
		caller Caller
		runs   bool
	}{
		{Known, martin, true},
		{Unknown, martin, false},
		{Both, martin, true},
		{Known, Caller{Number: "+33612345678"}, false},
		{Unknown, Caller{Number: "+33612345678"}, true},
		{Both, Caller{Name: "Masked"}, false},
		{Unknown, Caller{}, false},
	} {
		s.For = c.is
		if _, err := s.Action(c.caller, limits); (err == nil) != c.runs || err != nil && !errors.Is(err, ErrNotFor) {
			t.Errorf("for %s, with %+v: %v", c.is, c.caller, err)
		}
	}
	s.For = Both
	if _, err := s.Action(martin, Limits{}); err == nil {
		t.Error("a host that was taken off the list is still opened")
	}
	if _, err := s.Action(Caller{Number: "+33;rm", Known: true}, limits); !errors.Is(err, ErrNotFor) {
		t.Errorf("what is no number was taken for one: %v", err)
	}
}

func TestTheSignedList(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Sign(private, List("org-a", 4, time.Now(), []Script{program, *opens("mycrm:x")}))
	if err != nil {
		t.Fatal(err)
	}
	m, err := signed.Open(public, "org-a", 4)
	if err != nil || len(m.Programs) != 1 || !m.Covers(&program) {
		t.Fatalf("%+v %v", m, err)
	}
	other, _, _ := ed25519.GenerateKey(nil)
	changed := Signed{slices.Clone(signed.Manifest), signed.Signature}
	changed.Manifest = []byte(strings.Replace(string(changed.Manifest), "printf", "passwd", 1))
	for name, err := range map[string]error{
		"another key": second(signed.Open(other, "org-a", 0)), "another organization": second(signed.Open(public, "org-b", 0)),
		"a changed list": second(changed.Open(public, "org-a", 0)), "no signature": second(Signed{Manifest: signed.Manifest}.Open(public, "org-a", 0)),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := signed.Open(public, "org-a", 5); !errors.Is(err, ErrOlder) {
		t.Errorf("an older list: %v", err)
	}
	moved := program
	moved.Path = "/usr/bin/other"
	if m.Covers(&moved) {
		t.Error("a script changed since counts as signed")
	}
	a, err := program.Action(martin, limits)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Action){
		"unlisted": func(a *Action) { a.Program = "q" }, "an enum": func(a *Action) { a.Values["kind"], a.Values["number"] = "-rf", "+1;2" }, "a number": func(a *Action) { a.Values["number"] = "-rf" },
		"another kind": func(a *Action) { a.Kind = Open },
	} {
		b := a
		b.Values = maps.Clone(a.Values)
		if change(&b); second2(m.Command(b)) == nil {
			t.Errorf("%s: the workstation would start it", name)
		}
	}
	a.Args, a.Values["name"] = []string{"--evil"}, "x\x00\ny"
	if _, args, err := m.Command(a); err != nil || slices.Contains(args, "--evil") || !slices.Contains(args, "--name=x y") {
		t.Errorf("what the platform sent besides the values counted: %q %v", args, err)
	}
}

func second[T any](_ T, err error) error          { return err }
func second2[T, U any](_ T, _ U, err error) error { return err }
