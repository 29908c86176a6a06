package app

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/services"
)

const ownPolicy = `policy: ours
version: "1"
title: {fr: Annexe, en: Annex}
issuer: Us
about: {fr: Ce que nous promettons., en: What we promise.}
clauses:
  - id: SEC-1
    kind: enforced
    title: {fr: Sessions, en: Sessions}
    text: {fr: "Fin après {{session.idle}}.", en: "End after {{session.idle}}."}
    settings: {session.idle: {floor: 30}}
    probes: [session.cookie, settings.floor]
  - id: SEC-2
    kind: enforced
    title: {fr: Contacts, en: Contacts}
    text: {fr: Des contacts., en: Contacts.}
    probes: [contact.published]
`

// console is a command line over one installation, whose server runs beside it.
type console struct {
	t    *testing.T
	file string
}

func (c console) run(want int, args ...string) string {
	c.t.Helper()
	var out, errs bytes.Buffer
	if status := Main(append(args, "--config", c.file), strings.NewReader(""), &out, &errs); status != want {
		c.t.Fatalf("rempart %s ended with %d, want %d\n%s%s", strings.Join(args, " "), status, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

func (c console) says(text, want string) {
	c.t.Helper()
	if !strings.Contains(text, want) {
		c.t.Errorf("%q is not said in\n%s", want, text)
	}
}

func TestClausesFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := filepath.Join(dir, "data")
	c := console{t, write("rempart.yaml", "data: "+data+"\n")}
	policy := write("ours.yaml", ownPolicy)
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := boot.New(t.Context(), boot.Config{Services: services.All, Data: data, Origin: "http://localhost:8080", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	c.says(c.run(0, "verify", "--last"), "Nobody administers this platform yet")
	if err := h.CreateAdmin(t.Context(), boot.Founder{
		Organization: "Mairie de Valbrune", Email: "anne@valbrune.example", GivenName: "Anne", FamilyName: "Morel", Language: "fr",
		Password: "un long secret 4 Anne!",
	}); err != nil {
		t.Fatal(err)
	}

	c.says(c.run(1, "policy", "apply", policy, "--reason", "contract"), "Clause SEC-1 asks for 30; the value in force is 60.")
	c.says(c.run(0, "policy", "apply", policy, "--dry-run"), "SEC-1 asks for 30, in force is 60")
	c.says(c.run(1, "policy", "apply", policy, "--tighten"), "Say why")
	c.says(c.run(0, "policy", "apply", policy, "--tighten", "--reason", "contract"), "2 clauses promised, 0 apart")
	c.says(c.run(1, "settings", "set", "session.idle=45", "--reason", "comfort"), "SEC-1")
	c.says(c.run(0, "settings"), "SEC-1")

	loose := console{t, write("loose.yaml", "data: "+data+"\nsettings:\n  session.idle: \"50\"\n")}
	loose.says(loose.run(1, "settings"), "SEC-1")
	tight := console{t, write("tight.yaml", "data: "+data+"\nsettings:\n  session.idle: \"20\"\n")}
	if text := tight.run(0, "settings"); !strings.Contains(strings.Join(strings.Fields(text), " "), "session.idle 20 SEC-1") {
		t.Errorf("the configuration is not in force:\n%s", text)
	}

	table := c.run(1, "verify") // no contact is published: a clause in force is broken
	c.says(table, "SEC-2   BROKEN")
	c.says(table, "2 clauses: 1 held, 1 broken")
	c.run(0, "verify", "--clause", "SEC-1")
	var answer struct {
		Clauses []clauseLine `json:"clauses"`
		Broken  int          `json:"broken_in_force"`
	}
	if err := json.Unmarshal([]byte(c.run(1, "verify", "--last", "--json")), &answer); err != nil || len(answer.Clauses) != 2 || answer.Broken != 1 || answer.Clauses[0].Probes["session.cookie"] != "held" {
		t.Errorf("in JSON: %+v, %v", answer, err)
	}
	c.run(0, "settings", "set", "contact.security=security@valbrune.example", "--reason", "ACC-14.1")
	c.says(c.run(0, "verify"), "2 held, 0 broken")

	bundle := filepath.Join(dir, "proof.json")
	c.says(c.run(0, "prove", "--clause", "SEC-1", "--out", bundle), "verify --offline")
	key := strings.TrimSpace(c.run(0, "journal", "key"))
	nowhere := console{t, write("nowhere.yaml", "data: "+filepath.Join(dir, "elsewhere")+"\n")}
	nowhere.says(nowhere.run(0, "verify", "--offline", bundle, "--key", key), "verified")
	nowhere.says(nowhere.run(0, "verify", "--offline", bundle), "compare it with the one that the provider publishes")
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("an offline check made an installation")
	}
	raw, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	forged := write("forged.json", strings.Replace(string(raw), "End after", "End before", 1))
	nowhere.says(nowhere.run(1, "verify", "--offline", forged, "--key", key), "changed after it was signed")

	c.says(c.run(0, "policy", "withdraw", "ours", "SEC-1", "--reason", "no longer"), "! SEC-1 clause removed")
	c.run(0, "settings", "set", "session.idle=45", "--reason", "comfort")
	c.run(1, "verify", "--clause", "SEC-9")
}

func TestSettingsCanBeGivenByAVariable(t *testing.T) {
	c, err := load("", false, []string{"REMPART_SETTINGS=session.idle=30; session.idle_choices=15,30"})
	if err != nil || c.Settings["session.idle"] != "30" || c.Settings["session.idle_choices"] != "15,30" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := load("", false, []string{"REMPART_SETTINGS=session.idle"}); err == nil {
		t.Error("what is no setting was taken")
	}
}
