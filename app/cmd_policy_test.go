package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rempart runs a command line in the working folder and gives what it wrote.
func rempart(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = Main(args, strings.NewReader(""), &stdout, &stderr)
	return stdout.String() + stderr.String(), status
}

// fenced gives the first block of a document that begins with these words.
func fenced(t *testing.T, document, begins string) string {
	t.Helper()
	for i, block := range strings.Split(document, "\n```") {
		if _, body, _ := strings.Cut(block, "\n"); i%2 == 1 && strings.HasPrefix(body, begins) {
			return body + "\n"
		}
	}
	t.Fatalf("no block begins with %q", begins)
	return ""
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTheGuideOfAnnexesIsTrue: its example has no mistake, and the commands answer what it says they do.
func TestTheGuideOfAnnexesIsTrue(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "howto", "policy.md"))
	if err != nil {
		t.Fatal(err)
	}
	guide := string(text)
	example := fenced(t, guide, "policy: agenda-sante")
	t.Chdir(t.TempDir())
	put(t, "agenda-sante.yaml", example)
	if out, status := rempart(t, "policy", "check", "agenda-sante.yaml"); status != 0 || strings.Contains(out, "warning") {
		t.Errorf("the example (%d): %s", status, out)
	}
	change := func(name string, pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(example, pairs[i]) {
				t.Fatalf("the example lacks %q", pairs[i])
			}
		}
		put(t, name, strings.NewReplacer(pairs...).Replace(example))
	}
	told := func(out string) {
		t.Helper()
		if out = strings.ReplaceAll(out, "\u00a0", " "); !strings.Contains(guide, strings.TrimSpace(out)) {
			t.Errorf("the guide does not say:\n%s", out)
		}
	}
	change("agenda-sante.yaml", "      session.idle: {", "      session.idel: {")
	out, status := rempart(t, "policy", "check", "agenda-sante.yaml")
	if status != 1 {
		t.Errorf("a mistake ends with %d", status)
	}
	told(out)
	put(t, "agenda-sante.yaml", example)
	change("agenda-sante-2027.yaml", "session.idle: {floor: 30}", "session.idle: {floor: 45}", ", outside.plain", "")
	out, status = rempart(t, "policy", "diff", "agenda-sante.yaml", "agenda-sante-2027.yaml")
	if status != 1 {
		t.Errorf("a weakening ends with %d", status)
	}
	told(out)
	at, end := strings.Index(example, "    deviates:"), strings.Index(example, "  - id: AGS-3")
	put(t, "silent.yaml", example[:at]+example[end:])
	if out, status := rempart(t, "policy", "check", "silent.yaml"); status != 0 || !strings.Contains(out, "warning: AGS-2 departs from the recommendation REC-2 (ASVS 6.2.5)") {
		t.Errorf("a silent deviation (%d): %s", status, out)
	}
}

func TestAStrengtheningEndsWithZero(t *testing.T) {
	t.Chdir(t.TempDir())
	if out, status := rempart(t, "policy", "new", "ours"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	old, err := os.ReadFile("ours.yaml")
	if err != nil {
		t.Fatal(err)
	}
	put(t, "next.yaml", strings.Replace(string(old), "{floor: 60}", "{floor: 20}", 1))
	out, status := rempart(t, "policy", "diff", "ours.yaml", "next.yaml", "--lang", "fr")
	if want := "1 renforcement\n  + SEC-1: « Fin de session sans activité » passe de 60\u00a0minutes à 20\u00a0minutes\n"; status != 0 || out != want {
		t.Errorf("%d %q, want %q", status, out, want)
	}
	if out, status := rempart(t, "policy", "diff", "ours.yaml", "ours.yaml"); status != 0 || out != "no difference\n" {
		t.Errorf("%d %q", status, out)
	}
	if out, status := rempart(t, "policy", "new", "ours"); status != 1 || !strings.Contains(out, "already there") {
		t.Errorf("a file was written over: %d %s", status, out)
	}
	if again, err := os.ReadFile("ours.yaml"); err != nil || !bytes.Equal(again, old) {
		t.Error("the file changed")
	}
}

func TestPoliciesThatShipCanBeListedAndRead(t *testing.T) {
	out, status := rempart(t, "policy", "list")
	for _, want := range []string{"callcenterrate", "cloudcti", "usercom", "kiosk", "emage-me", "baseline"} {
		if status != 0 || !strings.Contains(out, "\n"+want+" ") {
			t.Errorf("%d: %s is not listed:\n%s", status, want, out)
		}
	}
	out, status = rempart(t, "policy", "show", "cloudcti", "--clause", "cti-27", "--lang", "fr")
	for _, want := range []string{"CTI-27", "au moins 8\u00a0caractères", "#?!@$%^&*-", "≠ écart ASVS 6.2.5", "password.rules"} {
		if status != 0 || !strings.Contains(strings.ReplaceAll(out, "\n  ", " "), want) {
			t.Errorf("%d: %q is not shown:\n%s", status, want, out)
		}
	}
	if strings.Contains(out, "{{") || strings.Contains(out, "CTI-28") {
		t.Errorf("shown: %s", out)
	}
	if out, status := rempart(t, "policy", "show", "kiosk"); status != 0 || !strings.Contains(out, "≠ KSK-5.2: Session ends when unused for: 90\u00a0minutes; recommended: 60\u00a0minutes (ASVS 7.3.1,") {
		t.Errorf("%d: the deviation of KSK-5.2 is not shown: %s", status, out)
	}
	if out, status := rempart(t, "policy", "show", "callcenterrate", "--clause", "ACC-3.3"); status != 0 || !strings.Contains(out, "! not there yet: ") {
		t.Errorf("%d: what is missing is not told: %s", status, out)
	}
	names, status := rempart(t, "policy", "names")
	for _, want := range []string{"session.idle ", "Session ends when unused for", "60\u00a0minutes", "outside.tls ", "CTI-26", "site-security ", "KSK-3.1"} {
		if status != 0 || !strings.Contains(names, want) {
			t.Errorf("%d: %q is not among the names:\n%s", status, want, names)
		}
	}
	for _, args := range [][]string{{"show", "nobody"}, {"show", "kiosk", "--clause", "ACC-1"}, {"show", "kiosk", "--lang", "de"}, {"new", "Our Annex"}} {
		if out, status := rempart(t, append([]string{"policy"}, args...)...); status != 2 || out == "" {
			t.Errorf("%v: %d %s", args, status, out)
		}
	}
	if out, status := rempart(t, "policy", "check", filepath.Join(t.TempDir(), "none.yaml")); status != 1 || !strings.Contains(out, "none.yaml") {
		t.Errorf("%d %s", status, out)
	}
}
