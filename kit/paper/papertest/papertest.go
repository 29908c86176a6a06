// Package papertest has LibreOffice read what the house writes.
package papertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What LibreOffice is asked to write.
const (
	// Sheets are the cells of each sheet, in files of their own: "name-Title.csv".
	Sheets = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
	Text   = "txt:Text (encoded):UTF8"
)

// parts are the libraries that read spreadsheets and texts.
var parts = map[string]string{".ods": "libsclo.so", ".odt": "libswlo.so"}

// Convert has LibreOffice open a document and write it in another form; what it wrote stands in the folder. Where no LibreOffice is
// that can read it, the test is skipped, and says so: ask in a test of its own. scripts/deps installs it.
func Convert(t *testing.T, name string, content []byte, to string) (folder string) {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed (scripts/deps)")
	}
	program, err := filepath.EvalSymlinks(office)
	if err != nil {
		t.Fatal(err)
	}
	part := parts[filepath.Ext(name)]
	if part == "" {
		t.Fatalf("no part of LibreOffice is known to read %s", name)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(program), part)); err != nil {
		t.Skipf("LibreOffice does not read %s here (scripts/deps)", name)
	}
	folder = t.TempDir()
	in := filepath.Join(folder, name)
	if err := os.WriteFile(in, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), office, "--headless", "-env:UserInstallation=file://"+folder+"/profile", "--convert-to", to, "--outdir", folder, in)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // the titles of sheets are names of files
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
	made := strings.TrimSuffix(name, filepath.Ext(name)) + "*." + to[:strings.IndexByte(to, ':')]
	if list, _ := filepath.Glob(filepath.Join(folder, made)); len(list) == 0 {
		t.Fatalf("LibreOffice wrote no %s", made)
	}
	return folder
}
