package dbtest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestTheServerReachesItsFolder: the program makes whatever it writes its owner's alone, and its tests may be the first that need the cluster.
func TestTheServerReachesItsFolder(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	c := &pg{dir: filepath.Join(t.TempDir(), "cluster")}
	if err := c.locked(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(c.dir); err != nil || fi.Mode().Perm() != 0o755 {
		t.Errorf("the folder of the cluster: %v, %v", fi.Mode(), err)
	}
}
