package announce_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/announce"
)

// zone is a resolver that counts what it is asked.
type zone struct {
	asked int
	has   map[string][]*net.SRV
}

func (z *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	z.asked++
	if r := z.has[service+"."+proto+"."+name]; r != nil {
		return name, r, nil
	}
	return "", nil, errors.New("no such host")
}

func TestNothingIsLookedAtUnasked(t *testing.T) {
	z := &zone{}
	found, err := announce.Look(t.Context(), announce.Asked{}, z)
	if err != nil || len(found) > 0 || z.asked > 0 {
		t.Error(found, err, z.asked)
	}
}

func TestFilesOfAFolderAreToldByTheirHeadings(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"contacts.csv": "id;Nom;Téléphone\n1;canary;0612345678\n", "notes.txt": "canary, a letter\n", "cards.VCF": "BEGIN:VCARD\nFN:canary\nTEL:0612345678\nEND:VCARD\n",
		"broken.xlsx": "PK\x03\x04canary", ".hidden.csv": "a;b\n", "~$lock.xlsx": "x", "photo.jpg": "canary", "bare.csv": "Canary canary;06 12 34 56 78\n", "program.csv": "\x7fELF\x00\x00",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "below.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	found, err := announce.Look(t.Context(), announce.Asked{Folder: dir}, &zone{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprint(f.Title, " ", f.Kind, " ", f.Fault))
		opens(t, f)
	}
	if fmt.Sprint(got) != "[bare.csv csv  broken.xlsx xlsx source.sheet_broken cards.VCF vcard  contacts.csv csv  program.csv csv source.sheet_kind]" {
		t.Errorf("%q", got)
	}
	if text := fmt.Sprint(found); strings.Contains(text, "canary") || !strings.Contains(text, "[id Nom Téléphone]") {
		t.Error(text)
	}
	if _, err := announce.Look(t.Context(), announce.Asked{Folder: filepath.Join(dir, "none")}, &zone{}); err == nil {
		t.Error("a folder that is not there is no mistake")
	}
}

func TestDirectoriesOfADomainAreFoundByDNS(t *testing.T) {
	z := &zone{has: map[string][]*net.SRV{
		"ldap.tcp.alize.example":     {{Target: "Dir1.alize.example.", Port: 389}, {Target: "dir2.alize.example.", Port: 3890}, {Target: "bad host\n", Port: 1}},
		"carddavs.tcp.alize.example": {{Target: "dav.alize.example.", Port: 443}},
	}}
	found, err := announce.Look(t.Context(), announce.Asked{Domain: "alize.example"}, z)
	if err != nil || len(found) != 3 {
		t.Fatal(found, err)
	}
	for i, want := range []string{"url: ldap://dir1.alize.example\nbase: dc=alize,dc=example\n", "url: ldap://dir2.alize.example:3890\n", "url: https://dav.alize.example/\n"} {
		if !strings.Contains(found[i].Settings, want) {
			t.Errorf("%q lacks %q", found[i].Settings, want)
		}
		opens(t, found[i])
	}
	z.asked = 0
	if found, _ := announce.Look(t.Context(), announce.Asked{Domain: "not a domain"}, z); len(found) > 0 || z.asked > 0 {
		t.Error(found)
	}
}

func TestDataSourcesAreToldWithoutTheirPasswords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "odbc.ini")
	text := "[ODBC Data Sources]\ncrm=CRM\n\n[crm]\nDriver = /usr/lib/odbc/psqlodbcw.so\nServername=db.alize.example\nPort=5433\nDatabase=crm\nUserName=canary\nPassword=canary\n\n" +
		"[erp]\nDriver=MariaDB Unicode\nServer=127.0.0.1\nDatabase=erp\nUID=canary\nPWD=canary\n\n[old]\nDriver=FreeTDS\nServer=x\nDatabase=y\n\n[odd]\nDriver=MySQL\nServer=a b/canary\nDatabase=x\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := announce.Look(t.Context(), announce.Asked{ODBC: []string{file, file + ".none"}}, &zone{})
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	if !strings.Contains(found[0].Settings, "postgres://READER@db.alize.example:5433/crm") || !strings.Contains(found[1].Settings, "mariadb://READER@127.0.0.1/erp") {
		t.Errorf("%+v", found)
	}
	for _, f := range found {
		opens(t, f)
	}
	if strings.Contains(fmt.Sprint(found), "canary") {
		t.Errorf("an identity is told: %v", found)
	}
}

// opens shows that what is proposed can be opened as it is.
func opens(t *testing.T, f announce.Found) {
	t.Helper()
	c, err := source.Parse("", []byte(f.Settings))
	if err != nil {
		t.Fatal(err)
	}
	kind, c := c.Take("kind")
	if _, err := source.Open(kind, c); err != nil {
		t.Errorf("%s: %v", f.Settings, err)
	}
}
