package pop

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

var (
	reHeader = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,60}$`)
	// headers that say whose request it is or where it ends are no script's to set.
	noHeaders = []string{
		"host", "cookie", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect", "origin", "referer",
		"proxy-authorization", "proxy-connection", "keep-alive", "content-type",
	}
	methods = []string{"GET", "POST", "PUT", "PATCH"}
	// what Windows hands to a shell, and shells themselves, would read an argument again.
	noPrograms = []string{".bat", ".cmd", ".ps1", ".vbs", ".js", ".wsf", ".hta", ".lnk", ".scr", ".sh", ".msi"}
	shells     = []string{
		"sh", "bash", "dash", "zsh", "fish", "ksh", "csh", "cmd", "powershell", "pwsh", "wscript", "cscript", "mshta", "rundll32", "env", "sudo", "xargs",
		"python", "python3", "perl", "ruby", "node", "php", "busybox", "eval", "nohup", "ssh",
	}
)

// Check says what is wrong with a script, before it is kept: nothing is found out when somebody calls.
func (s *Script) Check(l Limits) error {
	if strings.TrimSpace(s.Title) == "" || len([]rune(s.Title)) > 80 || plain(s.Title) != s.Title {
		return wrong("title", "title", "")
	}
	if !slices.Contains([]For{Known, Unknown, Both}, s.For) {
		return wrong("for", "for", "")
	}
	if len(s.Params) > mostParams {
		return wrong("params", "params_many", "")
	}
	seen := map[string]bool{}
	for _, p := range s.Params {
		if err := p.check(); err != nil {
			return err
		}
		if seen[p.Name] {
			return wrong("params", "param_twice", p.Name)
		}
		seen[p.Name] = true
	}
	switch s.Kind {
	case Open:
		return s.checkURL(l)
	case Call:
		return s.checkCall(l)
	case Program:
		return s.checkProgram()
	}
	return wrong("kind", "kind", "")
}

// known says which parameter a template names and nobody declared.
func (s *Script) known(field, template string) error {
	for _, name := range holes(template) {
		if s.param(name) == nil {
			return wrong(field, "param_unknown", name)
		}
	}
	if rest := reHole.ReplaceAllString(template, ""); strings.ContainsAny(rest, "{}") && field != "body" {
		return wrong(field, "braces", "")
	}
	return nil
}

func (s *Script) param(name string) *Param {
	for i := range s.Params {
		if s.Params[i].Name == name {
			return &s.Params[i]
		}
	}
	return nil
}

func (s *Script) checkCall(l Limits) error {
	if s.By != ByAgent && s.By != ByPlatform {
		return wrong("by", "by", "")
	}
	if !slices.Contains(methods, s.Method) {
		return wrong("method", "method", "")
	}
	if err := s.checkURL(l); err != nil {
		return err
	}
	if !strings.HasPrefix(s.URL, "https://") {
		return wrong("url", "scheme", "")
	}
	for _, h := range s.Headers {
		if !reHeader.MatchString(h.Name) || slices.Contains(noHeaders, strings.ToLower(h.Name)) || strings.HasPrefix(strings.ToLower(h.Name), "sec-") {
			return wrong("headers", "header", h.Name)
		}
		if len(h.Value) > 1000 || fill(h.Value, nil, same) != plain(fill(h.Value, nil, same)) {
			return wrong("headers", "header", h.Name)
		}
		if err := s.known("headers", h.Value); err != nil {
			return err
		}
	}
	if s.Body == "" {
		return nil
	}
	if s.Method == "GET" || len(s.Body) > mostBody {
		return wrong("body", "body", "")
	}
	if _, err := s.body(nil); err != nil {
		return wrong("body", "json", "")
	}
	return s.known("body", s.Body)
}

// body fills the strings of a JSON template, after it was read: a value cannot leave its string.
func (s *Script) body(values map[string]string) (string, error) {
	dec := json.NewDecoder(strings.NewReader(s.Body))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return "", err
	}
	if dec.More() {
		return "", wrong("body", "json", "")
	}
	if err := keysPlain(tree); err != nil {
		return "", err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(true)
	if err := enc.Encode(filled(tree, values)); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// keysPlain refuses parameters in the names of fields.
func keysPlain(tree any) error {
	switch t := tree.(type) {
	case map[string]any:
		for k, v := range t {
			if len(holes(k)) > 0 {
				return wrong("body", "key", k)
			}
			if err := keysPlain(v); err != nil {
				return err
			}
		}
	case []any:
		for _, v := range t {
			if err := keysPlain(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func filled(tree any, values map[string]string) any {
	switch t := tree.(type) {
	case map[string]any:
		for k, v := range t {
			t[k] = filled(v, values)
		}
	case []any:
		for i, v := range t {
			t[i] = filled(v, values)
		}
	case string:
		return fill(t, values, same)
	}
	return tree
}

// absolute: "/usr/bin/crm" or `C:\Program Files\CRM\crm.exe`.
var (
	reUnixPath    = regexp.MustCompile(`^(?:/[A-Za-z0-9 ._+@-]+)+$`)
	reWindowsPath = regexp.MustCompile(`^[A-Za-z]:(?:\\[A-Za-z0-9 ._+()@-]+)+$`)
)

func (s *Script) checkProgram() error {
	path := s.Path
	if len(path) > 300 || !reUnixPath.MatchString(path) && !reWindowsPath.MatchString(path) {
		return wrong("path", "path", "")
	}
	name := strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
	if strings.Contains(path, "..") || strings.TrimRight(name, " .") != name {
		return wrong("path", "path", "")
	}
	for _, ext := range noPrograms {
		if strings.HasSuffix(name, ext) {
			return wrong("path", "shell", "")
		}
	}
	bare := strings.TrimRight(strings.TrimSuffix(name, ".exe"), "0123456789.")
	if slices.Contains(shells, bare) || slices.Contains(shells, strings.TrimSuffix(name, ".exe")) {
		return wrong("path", "shell", "")
	}
	if len(s.Args) > mostArgs {
		return wrong("args", "args_many", "")
	}
	for _, a := range s.Args {
		if a == "" || len(a) > 500 || plain(a) != a {
			return wrong("args", "arg", a)
		}
		if err := s.known("args", a); err != nil {
			return err
		}
		if at := reHole.FindStringSubmatchIndex(a); at != nil && at[0] == 0 && s.param(a[at[2]:at[3]]).Type == Text {
			return wrong("args", "arg_text_first", a)
		}
	}
	return nil
}

// Suits tells whether a script runs for a caller.
func (s *Script) Suits(c Caller) bool {
	return c.Number != "" && (s.For == Both || (s.For == Known) == c.Known)
}

// Action gives what a script does for a caller: ErrNotFor when it does nothing.
func (s *Script) Action(c Caller, l Limits) (Action, error) {
	if !s.Suits(c) {
		return Action{}, ErrNotFor
	}
	if err := s.Check(l); err != nil {
		return Action{}, err // the organization has since tightened its list
	}
	values, err := s.values(c)
	if err != nil {
		return Action{}, err
	}
	a := Action{Script: s.ID, Title: s.Title, Kind: s.Kind, By: ByAgent, Auto: s.Auto}
	switch s.Kind {
	case Open:
		a.URL, err = s.address(values)
	case Call:
		a.By, a.Method = s.By, s.Method
		if a.URL, err = s.address(values); err != nil {
			return Action{}, err
		}
		a.Headers = make(map[string]string, len(s.Headers))
		for _, h := range s.Headers {
			a.Headers[h.Name] = fill(h.Value, values, headerValue)
		}
		if s.Body != "" {
			a.Body, err = s.body(values)
		}
	case Program:
		a.Program, a.Values = s.ID, values
		a.Args, err = s.arguments(values)
	}
	if err != nil {
		return Action{}, err
	}
	return a, nil
}

// headerValue keeps what a header may hold; other letters are percent-encoded.
func headerValue(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '%' {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[s[i]>>4])
		b.WriteByte(hex[s[i]&15])
	}
	return b.String()
}

func (s *Script) arguments(values map[string]string) ([]string, error) {
	args := make([]string, 0, len(s.Args))
	for _, t := range s.Args {
		a := fill(t, values, same)
		if t[0] != '-' && strings.HasPrefix(a, "-") {
			return nil, wrong("args", "option", "")
		}
		if a == "" {
			continue // an argument that is a parameter without a value
		}
		args = append(args, a)
	}
	return args, nil
}
