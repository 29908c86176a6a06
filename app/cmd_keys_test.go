package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var keyCodes = regexp.MustCompile(`REMPART-KEY:[A-Z2-7]+`)

// TestKeysAreLostAndComeBack: the sheet is asked for until it is made; two of its parts and a copy give everything back to a
// machine that has nothing.
func TestKeysAreLostAndComeBack(t *testing.T) {
	t.Chdir(t.TempDir())
	place := t.TempDir()
	put(t, "rempart.yaml", "data: "+filepath.Join(place, "data")+"\nkeys:\n  copies: ["+place+"]\n")
	if out, status := rempart(t, "keys", "check"); !strings.Contains(out, "NO RECOVERY SHEET") || !strings.Contains(out, "none yet") || status != 0 {
		t.Errorf("neither sheet nor copy, and keys check says (%d): %s", status, out)
	}
	out, status := rempart(t, "keys", "sheet", "--parts", "3")
	parts := keyCodes.FindAllString(out, -1)
	if status != 0 || len(parts) != 3 || len(regexp.MustCompile(`\d+\. [a-z]+`).FindAllString(out, -1)) != 96 {
		t.Fatalf("the sheet has %d parts (%d)", len(parts), status)
	}
	for _, form := range []string{"html", "pdf"} {
		name := "sheet." + form
		if out, status := rempart(t, "keys", "sheet", "--form", form, "--lang", "fr", "-o", name); status != 0 || strings.Contains(out, "REMPART-KEY") {
			t.Errorf("%s (%d): %s", form, status, out)
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() < 2000 {
			t.Errorf("%s: %v %v", form, info, err)
		}
		if out, status := rempart(t, "keys", "sheet", "--form", form, "-o", name); status == 0 {
			t.Errorf("%s was written over: %s", form, out)
		}
	}
	if out, status := rempart(t, "keys", "rotate"); status != 0 || !strings.Contains(out, "1 copies confirmed") {
		t.Errorf("rotate (%d): %s", status, out)
	}
	put(t, "one", parts[0])
	put(t, "two", parts[2])
	if out, status := rempart(t, "keys", "check", "--parts", "one", "--parts", "two"); status != 0 || !strings.Contains(out, "they give the root key") || strings.Contains(out, "NO RECOVERY SHEET") {
		t.Errorf("check (%d): %s", status, out)
	}
	if out, status := rempart(t, "keys", "check", "--parts", "one"); status == 0 || !strings.Contains(out, "1 of 2 were given") {
		t.Errorf("one part (%d): %s", status, out)
	}

	lost := filepath.Join(t.TempDir(), "data")
	t.Setenv("REMPART_DATA", lost)
	packed := filepath.Join(place, "rempart-keys.copy")
	if out, status := rempart(t, "keys", "restore", "--parts", "one", "--parts", "two", "--copy", packed); status != 0 || !strings.Contains(out, "the root key is back") {
		t.Fatalf("restore (%d): %s", status, out)
	}
	if out, status := rempart(t, "keys", "check", "--parts", "one", "--parts", "two"); status != 0 {
		t.Errorf("after the restore (%d): %s", status, out)
	}
	if err := os.WriteFile(packed, []byte("rot"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("REMPART_DATA", filepath.Join(place, "data"))
	if out, status := rempart(t, "keys", "check"); status == 0 || !strings.Contains(out, "no copy of a key store") {
		t.Errorf("a spoilt copy (%d): %s", status, out)
	}
	t.Setenv("REMPART_DATA", lost)
	if out, status := rempart(t, "keys", "rotate"); status != 0 {
		t.Errorf("rotate after the restore (%d): %s", status, out)
	}
	was, err := os.ReadFile(filepath.Join(place, "data", "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(filepath.Join(lost, "root.key")); err != nil || string(now) != string(was) {
		t.Errorf("another root key came back (%v)", err)
	}
	if out, status := rempart(t, "keys", "restore", "--parts", "one", "--parts", "two", "--copy", packed); status == 0 {
		t.Errorf("a second restore wrote over living keys: %s", out)
	}
}

func TestMistakesAboutTheRootKeyAreTold(t *testing.T) {
	_, err := load(write(t, "keys: {root: transit, copies: [relative, relative]}"), true, nil)
	for _, want := range []string{"keys.transit.address", "keys.transit.key", "keys.transit.token_file", "is not a whole path", "stands there twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
	if _, err := load(write(t, "keys: {root: cloud}"), true, nil); err == nil || !strings.Contains(err.Error(), "none of file, transit, pkcs11") {
		t.Errorf("an unknown root: %v", err)
	}
}
