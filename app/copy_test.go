package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db/dbcopy"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// TestAPlatformMovesToPostgreSQLAndBack: rempart db copy takes the rows and the keys, the journal verifies on the other
// side, and the way back gives the same hashes.
func TestAPlatformMovesToPostgreSQLAndBack(t *testing.T) {
	dbtest.NeedsPostgres(t)
	data, back := t.TempDir(), t.TempDir()
	open := func(url string) *boot.House {
		h, err := boot.New(t.Context(), boot.Config{Services: services.All, Data: data, URL: url, Origin: "http://localhost:8080", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	entries := func(h *boot.House) (n uint64) {
		reports, err := h.VerifyJournal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			if !r.OK() {
				t.Errorf("the journal does not verify: %s", r.String())
			}
			n += r.Entries
		}
		return n
	}
	first := open("")
	err := first.CreateAdmin(t.Context(), boot.Founder{
		Organization: "Mairie de Valbrune", Email: "anne@valbrune.example", GivenName: "Anne", FamilyName: "Morel", Language: "fr",
		Password: "un long secret 4 Anne!",
	})
	if err != nil {
		t.Fatal(err)
	}
	before := entries(first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	file, url, home := filepath.Join(data, "rempart.db"), dbtest.Config(t, dbtest.Postgres, nil).URL, filepath.Join(back, "rempart.db")
	said := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if status := Main(args, strings.NewReader(""), &out, &errs); status != 0 {
			t.Fatalf("%v ends with %d: %s", args, status, errs.String())
		}
		return out.String()
	}
	if out := said("db", "copy", "--from", file, "--to", url); !strings.Contains(out, "vault_") || !strings.Contains(out, "journal_batch") {
		t.Fatalf("rows or keys stayed behind:\n%s", out)
	}
	there, err := dbcopy.Hash(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	said("db", "copy", "--from", url, "--to", home)
	here, err := dbcopy.Hash(t.Context(), home, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := dbcopy.Hash(t.Context(), filepath.Join(back, "keys.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := append(here, keys...)
	slices.SortFunc(all, func(a, b dbcopy.Table) int { return strings.Compare(a.Name, b.Name) })
	if fmt.Sprint(all) != fmt.Sprint(there) {
		t.Errorf("there and back changed something:\n%v\n%v", there, all)
	}
	moved := open(url)
	defer moved.Close()
	if after := entries(moved); after < before || before == 0 {
		t.Errorf("%d entries before, %d after", before, after)
	}
	var out, errs bytes.Buffer
	if status := Main([]string{"db", "copy", "--from", file, "--to", url}, strings.NewReader(""), &out, &errs); status == 0 || !strings.Contains(errs.String(), "not empty") {
		t.Errorf("a second copy onto it ends with %d: %s", status, errs.String())
	}
	// Keys apart: a copy of one server opens nothing.
	rows, apart := dbtest.Config(t, dbtest.Postgres, nil).URL, dbtest.Config(t, dbtest.Postgres, nil).URL
	said("db", "copy", "--from", file, "--to", rows, "--keys-to", apart)
	for url, keys := range map[string]bool{rows: false, apart: true} {
		tables, err := dbcopy.Columns(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		for name := range tables {
			// Tombstones of erasures stand beside the keys: an older copy of the data must not bring anybody back.
			if (strings.HasPrefix(name, "vault_") || name == "erasure_tombstone") != keys {
				t.Errorf("%s is on the wrong server", name)
			}
		}
	}
}
