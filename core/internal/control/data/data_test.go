package data

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/rempart/rempart/core"
)

// TestANeedleIsFoundWhereverItStands: across the pieces that a file is read in, and in each form that can be read.
func TestANeedleIsFoundWhereverItStands(t *testing.T) {
	secret := "lantern orbit+quarry/41 Meadow"
	for name, form := range map[string]string{
		"plain": secret, "query": "lantern+orbit%2Bquarry%2F41+Meadow", "hex": hex.EncodeToString([]byte(secret)), "base64": base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		for _, at := range []int{0, 4<<20 - 10, 9 << 20} {
			path := filepath.Join(t.TempDir(), "file")
			text := append(bytes.Repeat([]byte{'.'}, at), form...)
			if err := os.WriteFile(path, append(text, bytes.Repeat([]byte{'.'}, 100)...), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, found, err := searchFile(path, []needle{{"password", secret}}); err != nil || found != "password" {
				t.Errorf("%s at %d: found %q, %v", name, at, found, err)
			}
			if _, read, found, err := searchFile(path, []needle{{"password", "another"}}); err != nil || found != "" || read != int64(len(text)+100) {
				t.Errorf("%s at %d: found %q in %d bytes, %v", name, at, found, read, err)
			}
		}
	}
}

func TestClearValuesAreNotTakenForCiphertext(t *testing.T) {
	vault := append([]byte{1, 1, 0, 1}, make([]byte, 28)...)
	for _, c := range []struct {
		table string
		value []byte
		want  bool
	}{
		{"identity_report", vault, true},
		{"identity_report", []byte("The person called and said so, twice."), false},
		{"identity_report", vault[:20], false},
		{"journal_visit", append([]byte{'A'}, vault...), true},
		{"journal_visit", vault[:10], false},
		{"journal_visit", []byte("a reason that anyone can read here"), false},
		{"vault_key", make([]byte, 60), true},
		{"vault_key", make([]byte, 32), false},
		{"journal_batch", []byte("not entries"), false},
	} {
		if got := ciphertext(c.table, c.value); got != c.want {
			t.Errorf("%s %q: %v", c.table, c.value, got)
		}
	}
}

// TestATableWithALimitAndNoMeasureIsNamed: what the probe of ages cannot measure is said, not left out.
func TestATableWithALimitAndNoMeasureIsNamed(t *testing.T) {
	limited := core.Column{Category: "contact", Retention: "30d"}
	standing := core.Column{Category: "contact", Retention: "account"}
	m := New(Needs{Manifests: func() []core.Manifest {
		return []core.Manifest{{Module: "planted", Tables: []core.Table{
			{Name: "planted_limited", Columns: core.Personal(limited, "phone")},
			{Name: "planted_standing", Columns: core.Personal(standing, "phone")},
			{Name: "planted_known", Columns: core.Personal(limited, "phone")},
			{Name: "planted_plain", Columns: core.Plain("id")},
		}}}
	}})
	if got := m.unmeasured([]string{"planted_known"}); len(got) != 1 || got[0] != "planted_limited" {
		t.Errorf("unmeasured: %v", got)
	}
}

func TestNamesThatTheProgramDoesNotDeclareMakeNoStatement(t *testing.T) {
	for _, name := range []string{"a; DROP TABLE b", "A", "", "a b", "1a", `a"`} {
		if _, err := statement(nil, "SELECT %s", name); err == nil {
			t.Errorf("%q made a statement", name)
		}
	}
}
