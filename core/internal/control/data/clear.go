package data

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tClear         = i18n.T("Un secret ou une donnée scellée ne se lit nulle part en clair dans le stockage", "No secret and no sealed datum can be read in clear anywhere in storage")
	tClearFiles    = i18n.T("%d valeurs de canari (mot de passe, clé d'authentificateur, session, empreinte de navigateur) cherchées dans %d fichiers bruts du moteur, journal d'écriture compris (%d Mo sur %d) : aucune trouvée.", "%d canary values (password, authenticator key, session, browser print) searched in %d raw files of the engine, write-ahead log included (%d of %d MB): none found.")
	tClearRows     = i18n.T("%d valeurs de canari (mot de passe, clé d'authentificateur, session, empreinte de navigateur) cherchées dans %d tables lues en texte : aucune trouvée. Les fichiers de PostgreSQL ne se lisent pas d'ici.", "%d canary values (password, authenticator key, session, browser print) searched in %d tables read as text: none found. The files of PostgreSQL cannot be read from here.")
	tClearFound    = i18n.T("%s d'un canari se lit en clair dans %s.", "%s of a canary can be read in clear in %s.")
	tFaultAgent    = i18n.T("Une table qui garde en clair ce que disent les navigateurs", "A table that keeps in clear what browsers say")
	tFaultPassword = i18n.T("Une table qui garde en clair les mots de passe envoyés", "A table that keeps in clear the passwords sent")
)

// needle is a value that must stand nowhere.
type needle struct {
	what string
	text string
}

// forms are the ways in which a value could be written and still be read.
func (n needle) forms() [][]byte {
	return [][]byte{
		[]byte(n.text), []byte(url.QueryEscape(n.text)), []byte(hex.EncodeToString([]byte(n.text))),
		[]byte(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(n.text)), "=")),
	}
}

func (m *Module) clearText() *core.Probe {
	return dataProbe("data.clear_text", tClear, m.runClear,
		keeping("data.clear_text/agent", tFaultAgent, func(r *http.Request) string { return r.UserAgent() }),
		keeping("data.clear_text/password", tFaultPassword, func(r *http.Request) string { return readForm(r).Get("password") }),
	)
}

// keeping is a fault that keeps something of each request in a table.
func keeping(id string, title i18n.Sentence, what func(*http.Request) string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: probe.Text(title), Plant: func(ctx context.Context, s core.Saboteur) error {
		if err := s.Exec(ctx, `CREATE TABLE planted_kept (text TEXT NOT NULL) STRICT`); err != nil {
			return err
		}
		s.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if text := what(r); text != "" {
					_ = s.Exec(context.WithoutCancel(ctx), `INSERT INTO planted_kept (text) VALUES ('`+strings.ReplaceAll(text, "'", "''")+`')`)
				}
				next.ServeHTTP(w, r)
			})
		})
		return nil
	}}
}

// readForm reads the form of a request and leaves its body to be read again.
func readForm(r *http.Request) url.Values {
	if r.Body == nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	r.Body = io.NopCloser(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	form, _ := url.ParseQuery(string(text))
	return form
}

// leave makes a canary leave its marks everywhere: a sign-in with two factors, a failed one, a page.
func leave(ctx context.Context, s core.Stage) ([]needle, error) {
	c, err := s.Canary(ctx, "provider.auditor")
	if err != nil {
		return nil, err
	}
	client, err := s.Enter(ctx, c)
	if err != nil {
		return nil, err
	}
	needles := []needle{{"password", c.Password}, {"authenticator key", c.Secret}}
	for _, cookie := range client.Jar.Cookies(nil) {
		if len(cookie.Value) > 30 {
			needles = append(needles, needle{"session", cookie.Value})
		}
	}
	agent := "Mozilla/5.0 (canary " + string(ids.New()) + ") Firefox/145.0"
	wrong := "wrong-" + string(ids.New())
	needles = append(needles, needle{"browser print", agent}, needle{"mistyped password", wrong})
	stranger := s.Visitor()
	for _, form := range []struct {
		path string
		form url.Values
	}{{"/signin", url.Values{"email": {c.Email}}}, {"/signin/password", url.Values{"password": {wrong}}}} {
		if err := submit(ctx, stranger, form.path, form.form, agent); err != nil {
			return nil, err
		}
	}
	return needles, nil
}

func submit(ctx context.Context, c *http.Client, path string, form url.Values, agent string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", agent)
	_, err = probe.Do(c, r)
	return err
}

func (m *Module) runClear(ctx context.Context, s core.Stage) (core.Sight, error) {
	needles, err := leave(ctx, s)
	if err != nil {
		return core.Sight{}, err
	}
	if len(m.n.Files) == 0 {
		return m.searchRows(ctx, needles)
	}
	return searchFiles(m.n.Files, needles)
}

// window is how much of a file is searched, from its end: what was just written is there or in the write-ahead log, and
// pages that were used again are in the first window too while the file is smaller.
const window = 512 << 20

func searchFiles(files []string, needles []needle) (core.Sight, error) {
	var looked, size int64
	n := 0
	for _, base := range files {
		for _, path := range []string{base, base + "-wal", base + "-journal"} {
			all, read, found, err := searchFile(path, needles)
			if errors.Is(err, fs.ErrNotExist) && path != base {
				continue
			}
			if err != nil {
				return core.Sight{}, err
			}
			n, size, looked = n+1, size+all, looked+read
			if found != "" {
				return probe.Broken(int(size>>20)+1, int(looked>>20)+1, tClearFound, found, filepath.Base(path)), nil
			}
		}
	}
	return probe.Held(int(size>>20)+1, int(looked>>20)+1, tClearFiles, len(needles), n, looked>>20+1, size>>20+1), nil
}

// searchFile reads a file piece by piece, each overlapping the one before it.
func searchFile(path string, needles []needle) (size, read int64, found string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, "", err
	}
	size = info.Size()
	if size > window {
		if _, err := f.Seek(-window, io.SeekEnd); err != nil {
			return 0, 0, "", err
		}
	}
	const overlap = 1 << 10
	buffer, kept := make([]byte, 4<<20), 0
	for {
		n, err := io.ReadFull(f, buffer[kept:])
		read += int64(n)
		piece := buffer[:kept+n]
		for _, x := range needles {
			for _, form := range x.forms() {
				if bytes.Contains(piece, form) {
					return size, read, x.what, nil
				}
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return size, read, "", err
		}
		kept = copy(buffer, piece[max(0, len(piece)-overlap):])
	}
}

// searchRows reads every row of every table as text, on an engine whose files are elsewhere.
func (m *Module) searchRows(ctx context.Context, needles []needle) (core.Sight, error) {
	tables, err := m.holds(ctx)
	if err != nil {
		return core.Sight{}, err
	}
	n := 0
	for table, d := range tables {
		query, err := statement(d, `SELECT count(*) FROM %[1]s x WHERE strpos(x::text, $1) > 0 OR strpos(x::text, $2) > 0 OR strpos(x::text, $3) > 0 OR strpos(x::text, $4) > 0`, table)
		if err != nil {
			return core.Sight{}, err
		}
		n++
		for _, x := range needles {
			var hits int64
			err := d.Read(db.Long(ctx), func(tx core.Tx) (err error) {
				f := x.forms()
				hits, _, err = db.One(ctx, tx, query, db.Value[int64], string(f[0]), string(f[1]), string(f[2]), string(f[3]))
				return err
			})
			if err != nil {
				return core.Sight{}, fmt.Errorf("data: read %s: %w", table, err)
			}
			if hits > 0 {
				return probe.Broken(len(tables), n, tClearFound, x.what, table), nil
			}
		}
	}
	return probe.Held(len(tables), n, tClearRows, len(needles), n), nil
}
