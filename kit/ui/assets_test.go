package ui

import (
	"net/http/httptest"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The budgets of what every first view costs.
func TestAssetsStaySmall(t *testing.T) {
	budgets := map[string]struct{ plain, gzip int }{"ui.js": {4096, 2048}, "ui.css": {48 << 10, 10 << 10}, "inter.woff2": {60 << 10, 0}}
	for name, most := range budgets {
		a := assets[path.Base(AssetURL(name))]
		t.Logf("%s: %d bytes, %d compressed", name, len(a.plain), len(a.gzip))
		if len(a.plain) > most.plain || (most.gzip > 0 && len(a.gzip) > most.gzip) {
			t.Errorf("%s is %d bytes (%d compressed), more than its budget of %d (%d)", name, len(a.plain), len(a.gzip), most.plain, most.gzip)
		}
	}
}

func TestScriptStillParsesOnceLean(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the browser tests run the script for real")
	}
	cmd := exec.Command(node, "--check", "-")
	cmd.Stdin = strings.NewReader(lean(string(read("ui.js"))))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestScriptInjectsNoMarkup(t *testing.T) {
	script := string(read("ui.js"))
	for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("} {
		if strings.Contains(script, sink) {
			t.Errorf("the script uses %s: Trusted Types would refuse it", sink)
		}
	}
}

func TestAssetsAreKeptForEver(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", AssetURL("ui.css"), nil)
	r.Header.Set("Accept-Encoding", "gzip")
	Assets().ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if !regexp.MustCompile(`^/assets/ui\.[\w-]{12}\.css$`).MatchString(AssetURL("ui.css")) {
		t.Errorf("the name %s does not change with its content", AssetURL("ui.css"))
	}
	w = httptest.NewRecorder()
	Assets().ServeHTTP(w, httptest.NewRequest("GET", "/assets/ui.css", nil))
	if w.Code != 404 {
		t.Errorf("a name without its hash answered %d", w.Code)
	}
}

// Every pair of colours that text is set in reaches 4.5:1, in both schemes (WCAG 2.2, 1.4.3); borders of controls 3:1 (1.4.11).
func TestContrast(t *testing.T) {
	schemes := map[string]map[string]string{"light": colours(string(read("tokens.css"))), "dark": colours(string(read("tokens.css")))}
	for k, v := range colours(string(read("dark.css"))) {
		schemes["dark"][k] = v
	}
	text := [][2]string{
		{"ink", "ground"},
		{"ink-2", "ground"},
		{"ink-3", "ground"},
		{"ink-3", "panel"},
		{"ink-3", "sunken"},
		{"ink-3", "hover"},
		{"ink-2", "hover"},
		{"ink-2", "sunken"},
		{"accent", "ground"},
		{"accent", "panel"},
		{"accent", "accent-soft"},
		{"accent", "hover"},
		{"on-fill", "accent-fill"},
		{"on-fill", "accent-down"},
		{"on-fill", "bad-fill"},
		{"good", "good-soft"},
		{"warn", "warn-soft"},
		{"bad", "bad-soft"},
		{"good", "panel"},
		{"warn", "panel"},
		{"bad", "panel"},
		{"bad", "ground"},
		{"panel", "ink-2"},
		{"ink-3", "accent-soft"},
	}
	for scheme, c := range schemes {
		for _, p := range text {
			if r := contrast(c[p[0]], c[p[1]]); r < 4.5 {
				t.Errorf("%s: %s on %s is %.2f:1", scheme, p[0], p[1], r)
			}
		}
		for _, on := range []string{"panel", "ground"} {
			if r := contrast(c["edge"], c[on]); r < 3 {
				t.Errorf("%s: edge on %s is %.2f:1", scheme, on, r)
			}
		}
	}
}
