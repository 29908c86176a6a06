// Package sql reads contacts by one query of PostgreSQL, MariaDB or MySQL.
//
// Owns: addresses, one read-only transaction, rows that pass one at a time. Must not know: other tools, the mapping. Start reading
// at: Open.
package sql

import (
	"context"
	"errors"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

var (
	errQuery  = i18n.Fault(core.Invalid, "source.sql_refused", "« %s » refuse la requête (%s). Essayez-la avec le même compte dans l'outil de la base.", "“%s” refuses the query (%s). Try it with the same account in the tool of the database.")
	errWrites = i18n.Fault(core.Forbidden, "source.sql_writes", "« %s » : la requête écrit dans la base ; seule la lecture est permise.", "“%s”: the query writes to the database; only reading is allowed.")
	errColumn = i18n.Fault(core.Invalid, "source.sql_column", "La requête ne donne pas la colonne « %s ». Ses colonnes : %s.", "The query does not give a column “%s”. Its columns: %s.")
)

// Settings of a database.
type Settings struct {
	URL      string        `yaml:"url" need:"yes" say:"postgres://reader@db.example:5432/crm"` // or mariadb://, mysql://
	Password tool.Secret   `yaml:"password" say:"{file: /etc/rempart/crm.secret}"`
	Query    string        `yaml:"query" need:"yes" say:"SELECT id, name, phone FROM contact"`
	Key      []string      `yaml:"key" say:"id"`                                             // columns that name a row for good; the first one when not given
	Mark     string        `yaml:"mark" say:"SELECT max(updated_at), count(*) FROM contact"` // a query whose answer changes when contacts do
	CAFile   string        `yaml:"ca_file" say:"/etc/rempart/ca.pem"`
	Plain    bool          `yaml:"plain" say:"false"` // the network up to the database is safe: no TLS
	Timeout  time.Duration `yaml:"timeout" say:"1h"`
}

// DB is a database to read.
type DB struct {
	s      Settings
	c      tool.Config
	u      *url.URL
	engine engine
}

// engine runs one query within a read-only transaction.
type engine func(ctx context.Context, d *DB, query string, each func(names []string, row []string) error) error

var reads = regexp.MustCompile(`(?i)^[\s(]*(select|with|table|values)\b`)

// Open checks the settings.
func Open(c tool.Config) (*DB, error) {
	d := &DB{c: c, s: Settings{Timeout: time.Hour}}
	if err := c.Decode(&d.s); err != nil {
		return nil, err
	}
	if err := c.Bare("url", d.s.URL); err != nil {
		return nil, err
	}
	u, err := url.Parse(d.s.URL)
	if err != nil || u.Hostname() == "" || len(u.Path) < 2 || len(u.Query()) > 0 || u.User.Username() == "" {
		return nil, c.Wrong("url", "url: postgres://reader@db.example:5432/crm (mariadb://, mysql://)")
	}
	switch d.u = u; u.Scheme {
	case "postgres", "postgresql":
		d.engine = postgres
	case "mariadb", "mysql":
		d.engine = maria
	default:
		return nil, c.Wrong("url", "url: postgres://reader@db.example:5432/crm (mariadb://, mysql://)")
	}
	if !reads.MatchString(d.s.Query) {
		return nil, c.Wrong("query", "query: SELECT id, name, phone FROM contact")
	}
	if d.s.Mark != "" && !reads.MatchString(d.s.Mark) {
		return nil, c.Wrong("mark", "mark: SELECT max(updated_at), count(*) FROM contact")
	}
	return d, nil
}

func (d *DB) host() string { return d.u.Hostname() }

func (d *DB) address(port string) string {
	if p := d.u.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(d.host(), port)
}

var errEnough = errors.New("enough")

// Fields are the columns of the query.
func (d *DB) Fields(ctx context.Context) (names []string, err error) {
	err = d.run(ctx, d.s.Query, func(columns []string, _ []string) error {
		names = columns
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return names, err
}

// Read gives every row, as it comes: nothing is gathered in memory.
func (d *DB) Read(ctx context.Context, give func(tool.Record) error) error {
	give = tool.Bounded(give)
	var key []int
	return d.run(ctx, d.s.Query, func(columns []string, row []string) error {
		if row == nil {
			var err error
			key, err = d.key(columns)
			return err
		}
		r := tool.Record{Key: join(row, key), Fields: make(map[string][]string, len(row))}
		for i, v := range row {
			if v != "" {
				r.Fields[columns[i]] = []string{v}
			}
		}
		return give(r)
	})
}

// Mark is the answer to the query "mark".
func (d *DB) Mark(ctx context.Context) (mark string, err error) {
	if d.s.Mark == "" {
		return "", nil
	}
	err = d.run(ctx, d.s.Mark, func(_ []string, row []string) error {
		if row == nil {
			return nil
		}
		mark = strings.Join(row, "\x1f")
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return mark, err
}

// run calls each first with the columns and a nil row, then with every row.
func (d *DB) run(ctx context.Context, query string, each func([]string, []string) error) error {
	ctx, stop := context.WithTimeout(ctx, d.s.Timeout)
	defer stop()
	return d.engine(ctx, d, strings.TrimRight(strings.TrimSpace(query), "; \n\t"), each)
}

func (d *DB) key(columns []string) (key []int, err error) {
	for _, name := range d.s.Key {
		i := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, name) })
		if i < 0 {
			return nil, tool.Refuse(errColumn, name, strings.Join(columns, ", "))
		}
		key = append(key, i)
	}
	if key == nil {
		key = []int{0}
	}
	return key, nil
}

func join(row []string, key []int) string {
	if len(key) == 1 {
		return row[key[0]]
	}
	parts := make([]string, len(key))
	for i, k := range key {
		parts[i] = row[k]
	}
	return strings.Join(parts, "\x1f")
}
