package schema

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/app/demo"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db/dbcopy"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// TestMakeAFixture plays the demonstration on PostgreSQL, copies the platform to SQLite files, and packs both with the
// keys of that run. It does so only when REMPART_SCHEMA_FIXTURE names a version.
func TestMakeAFixture(t *testing.T) {
	version := os.Getenv("REMPART_SCHEMA_FIXTURE")
	if version == "" {
		t.Skip("REMPART_SCHEMA_FIXTURE names no version: make schema-fixture VERSION=v0.1.0")
	}
	if !regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`).MatchString(version) {
		t.Fatalf("%q is no version", version)
	}
	ctx, data := t.Context(), t.TempDir()
	server := dbtest.Private(t)
	url := server.Database(t, "fixture", append(boot.Schemas(services.All...), boot.KeySchemas()...))
	files := play(ctx, t, url)
	_, err := dbcopy.Run(ctx, dbcopy.Options{Steps: []dbcopy.Step{
		{From: url, To: filepath.Join(data, "rempart.db"), Schemas: boot.Schemas(services.All...)},
		{From: url, To: filepath.Join(data, "keys.db"), Schemas: boot.KeySchemas()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rempart.db", "keys.db"} {
		if files[name], err = os.ReadFile(filepath.Join(data, name)); err != nil {
			t.Fatal(err)
		}
	}
	files["postgres.sql"] = dump(t, url)
	rec := recorded{Version: version}
	if rec.Columns, err = dbcopy.Columns(ctx, url); err != nil {
		t.Fatal(err)
	}
	if rec.Tables, err = dbcopy.Hash(ctx, url, nil); err != nil {
		t.Fatal(err)
	}
	if files["rows.json"], err = json.MarshalIndent(rec, "", " "); err != nil {
		t.Fatal(err)
	}
	pack(t, filepath.Join("testdata", version+".tar.gz"), files)
}

// play runs the demonstration and gives the keys that its house made.
func play(ctx context.Context, t *testing.T, url string) map[string][]byte {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	s, err := demo.SetStage(ctx, demo.Options{
		Out: io.Discard, Log: slog.New(slog.DiscardHandler), Version: "fixture", Exit: true, Database: url,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, scene := range demo.Scenes() {
		if _, err := scene.Play(ctx, s); err != nil {
			t.Errorf("%s: %v", scene.Title, err)
		}
	}
	if _, err := s.House.VerifyJournal(ctx); err != nil {
		t.Error(err)
	}
	time.Sleep(1500 * time.Millisecond) // the last second's checkpoint
	files := map[string][]byte{}
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "rempart-demo-*", "data", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if name := filepath.Base(path); strings.HasSuffix(name, ".key") || name == "journal.name" {
			if files[name], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(files) < 3 {
		t.Fatalf("the keys of the run were not found: %d files", len(files))
	}
	if err := s.Strike(); err != nil {
		t.Fatal(err)
	}
	return files
}

// dump writes the database as statements that any client can run; lines that only psql understands are left out.
func dump(t *testing.T, url string) []byte {
	t.Helper()
	tools, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err != nil || len(tools) == 0 {
		t.Fatalf("pg_dump is needed: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), tools[len(tools)-1], "--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges",
		"--exclude-table-data=ground_notice", url).Output()
	if err != nil {
		t.Fatal(err)
	}
	var kept bytes.Buffer
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte(`\`)) || bytes.HasPrefix(line, []byte("SELECT pg_catalog.set_config('search_path'")) {
			continue
		}
		kept.Write(line)
	}
	return kept.Bytes()
}

func pack(t *testing.T, path string, files map[string][]byte) {
	t.Helper()
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	out := tar.NewWriter(z)
	for name, body := range files {
		if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d kB, %d files", path, packed.Len()/1024, len(files))
}
