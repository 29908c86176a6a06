package schema

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbcopy"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// recorded is what a fixture held when it was made: rows.json.
type recorded struct {
	Version string
	Columns map[string][]string // by table
	Tables  []dbcopy.Table
}

// gone lists what a later migration dropped or rewrote on purpose, as "table" or "table.column", each with its reason.
// A table named here is no longer compared by digest but by its number of rows.
var gone = map[string]string{
	"vault_key":       "keys are wrapped anew, by their organization's",
	"identity_person": sealed, "identity_account": sealed, "identity_link": sealed,
	"identity_person.given_name": sealed, "identity_person.family_name": sealed, "identity_person.gender": sealed,
	"identity_person.email": sealed, "identity_person.email2": sealed, "identity_person.phone": sealed,
	"identity_account.login": sealed, "identity_link.about": sealed,

	"signin_flow": sealed, "signin_flow.login": sealed, "signin_device": sealed,

	"token_token": sealed, "token_service": sealed, "access_assignment": sealed, "access_suspension": sealed, "access_allow": sealed,
	"review_request": sealed, "review_line": sealed, "review_sharing": sealed, "trust_link": sealed,

	"organization_member": sealed, "organization_member.name": sealed, "organization_member.email": sealed, "organization_member.sort": sealed,
	"organization_member.find": sealed, "organization_member.function": sealed, "organization_member.department": sealed,
	"organization_member.team": sealed, "organization_member.committee": sealed,
}

// sealed is the reason of columns that held personal values in clear until they were sealed under the person's key.
const sealed = "the values are sealed beside"

// rewritten lists the tables that each start writes anew from the code: they follow the release.
var rewritten = map[string]string{
	"access_role_permission": "what the built-in roles hold",
}

// restored is a fixture brought back to life.
type restored struct {
	recorded
	data string // folder of keys and SQLite files
	url  string // PostgreSQL, or empty
}

// urls gives the databases that the tables of a fixture are in.
func (r *restored) urls() []string {
	if r.url != "" {
		return []string{r.url}
	}
	return []string{filepath.Join(r.data, "rempart.db"), filepath.Join(r.data, "keys.db")}
}

func restore(t *testing.T, archive string, k dbtest.Kind) *restored {
	t.Helper()
	files := unpack(t, archive)
	r := &restored{data: t.TempDir()}
	if err := json.Unmarshal(files["rows.json"], &r.recorded); err != nil {
		t.Fatal(err)
	}
	for name, body := range files {
		if keep := strings.HasSuffix(name, ".key") || name == "journal.name" || k == dbtest.SQLite && strings.HasSuffix(name, ".db"); keep {
			mode := os.FileMode(0o400)
			if strings.HasSuffix(name, ".db") {
				mode = 0o600
			}
			if err := os.WriteFile(filepath.Join(r.data, name), body, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	if k != dbtest.SQLite {
		r.url = dbtest.Config(t, k, nil).URL
		c, err := pgx.Connect(t.Context(), r.url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background())
		if _, err := c.PgConn().Exec(t.Context(), string(files["postgres.sql"])).ReadAll(); err != nil {
			t.Fatalf("%s does not restore: %v", archive, err)
		}
	}
	return r
}

func unpack(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	packed, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}

// hashes compares each recorded table with what is there now, and says what differs.
func (r *restored) differences(ctx context.Context) (wrong []string, err error) {
	now := map[string]dbcopy.Table{}
	for _, url := range r.urls() {
		have, err := dbcopy.Columns(ctx, url)
		if err != nil {
			return nil, err
		}
		ask := map[string][]string{}
		for table, columns := range r.Columns {
			if have[table] == nil {
				continue
			}
			for _, c := range columns {
				if slices.Contains(have[table], c) {
					ask[table] = append(ask[table], c)
				} else if gone[table+"."+c] == "" {
					wrong = append(wrong, table+"."+c+" is gone without a reason")
				}
			}
		}
		tables, err := dbcopy.Hash(ctx, url, ask)
		if err != nil {
			return nil, err
		}
		for _, t := range tables {
			now[t.Name] = t
		}
	}
	for _, was := range r.Tables {
		is, there := now[was.Name]
		switch {
		case rewritten[was.Name] != "":
		case !there && gone[was.Name] == "":
			wrong = append(wrong, was.Name+" is gone without a reason")
		case there && is.Rows != was.Rows:
			wrong = append(wrong, fmt.Sprintf("%s had %d rows and has %d", was.Name, was.Rows, is.Rows))
		case there && is.Digest != was.Digest && gone[was.Name] == "":
			wrong = append(wrong, was.Name+" holds other rows")
		}
	}
	return wrong, nil
}

func engines() []dbtest.Kind {
	var some []dbtest.Kind
	for _, k := range dbtest.Kinds() {
		if k != dbtest.PostgresPoolOfOne {
			some = append(some, k)
		}
	}
	return some
}

func fixtures(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/*.tar.gz")
	if err != nil || len(all) == 0 {
		t.Fatalf("no fixture of a released schema: make schema-fixture VERSION=v0.1.0 (%v)", err)
	}
	return all
}

func TestEveryReleasedSchemaUpgrades(t *testing.T) {
	for _, archive := range fixtures(t) {
		for _, k := range engines() {
			t.Run(strings.TrimSuffix(filepath.Base(archive), ".tar.gz")+"/"+string(k), func(t *testing.T) {
				r := restore(t, archive, k)
				h, err := boot.New(t.Context(), boot.Config{
					Services: services.All,
					Data:     r.data, URL: r.url, Origin: "http://localhost:8080", Log: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatalf("the house does not open on %s: %v", r.Version, err)
				}
				defer h.Close()
				wrong, err := r.differences(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range wrong {
					t.Error(w)
				}
				reports, err := h.VerifyJournal(t.Context())
				if err != nil || len(reports) == 0 {
					t.Fatalf("%d logs, %v", len(reports), err)
				}
				for _, rep := range reports {
					if !rep.OK() || rep.Entries == 0 {
						t.Errorf("the journal after the upgrade: %s", rep.String())
					}
				}
				sameShape(t, k, r)
			})
		}
	}
}

// sameShape compares the upgraded tables with freshly made ones: a migration that was released and then edited would
// leave older installations behind.
func sameShape(t *testing.T, k dbtest.Kind, r *restored) {
	t.Helper()
	fresh := dbtest.Config(t, k, nil).URL
	d, err := db.Open(t.Context(), db.Config{URL: fresh})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(t.Context(), append(boot.Schemas(services.All...), boot.KeySchemas()...)...); err != nil {
		t.Fatal(err)
	}
	want, err := dbcopy.Columns(t.Context(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string][]string{}
	for _, url := range r.urls() {
		some, err := dbcopy.Columns(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		for table, columns := range some {
			have[table] = columns
		}
	}
	for table, columns := range want {
		slices.Sort(columns)
		slices.Sort(have[table])
		if !slices.Equal(columns, have[table]) {
			t.Errorf("%s: a fresh one has columns %v, an upgraded one %v: was a released migration edited?", table, columns, have[table])
		}
	}
	for table := range have {
		if want[table] == nil {
			t.Errorf("%s stays after the upgrade and no fresh installation has it", table)
		}
	}
}

// TestALossyUpgradeIsNoticed is the test of the test.
func TestALossyUpgradeIsNoticed(t *testing.T) {
	archive := fixtures(t)[0]
	for _, k := range engines() {
		t.Run(string(k), func(t *testing.T) {
			r := restore(t, archive, k)
			d, err := db.Open(t.Context(), db.Config{URL: r.urls()[0]})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			err = d.Migrate(t.Context(), db.Schema{Module: "planted", FS: fstest.MapFS{"202701010000_planted.sql": {Data: []byte(
				"UPDATE organization_invitation SET created_by = 'x' WHERE id = (SELECT min(id) FROM organization_invitation);\n" +
					"DELETE FROM access_assignment WHERE id = (SELECT min(id) FROM access_assignment);\n")}}})
			if err != nil {
				t.Fatal(err)
			}
			wrong, err := r.differences(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(wrong, "; ")
			if !strings.Contains(got, "organization_invitation holds other rows") || !strings.Contains(got, "access_assignment had ") {
				t.Fatalf("one changed and one removed row went unseen: %q", got)
			}
		})
	}
}
