package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheSmallProgramBuildsForWorkstations: one static binary for Linux and for Windows, from this very tree.
func TestTheSmallProgramBuildsForWorkstations(t *testing.T) {
	if testing.Short() {
		t.Skip("two builds")
	}
	for _, system := range []string{"linux", "windows"} {
		file := filepath.Join(t.TempDir(), "rempart-agent")
		c := exec.Command("go", "build", "-o", file, ".")
		c.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", system, err, out)
			continue
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d MB", system, info.Size()>>20)
		if system != "linux" {
			continue
		}
		if out, err := exec.Command(file, "desk", "posture").CombinedOutput(); err != nil {
			t.Errorf("it does not run: %v\n%s", err, out)
		}
	}
}

// TestWhatWorkstationsRunPassesVetForWindows: the files that no test here runs are at least type-checked and vetted, their tests too.
func TestWhatWorkstationsRunPassesVetForWindows(t *testing.T) {
	if testing.Short() {
		t.Skip("vets for another system")
	}
	c := exec.Command("go", "vet", ".", "../../app/agents", "../../services/recognition/desk")
	c.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
