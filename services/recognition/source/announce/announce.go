// Package announce lists the tools that this computer could read, for a person who sets a source up.
//
// It looks at nothing that it was not asked to look at, one thing by one: a folder, a domain, the list of ODBC, the catalogue of a
// database whose account it was given. It tells names, headings and settings only: never a contact, never a password.
//
// Owns: where tools leave a trace. Must not know: how they are read (the rooms beside), what is sent. Start reading at: Look.
package announce

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/source"
)

// Asked is what a person allows to be looked at; the zero value looks at nothing.
type Asked struct {
	Folder string   // files in it, not below it
	Domain string   // its directory and its address books, by DNS: "example.com"
	ODBC   []string // files of ODBC data sources; Standard gives the usual ones
	// Databases are accounts that may read one: the catalogue of its tables is asked for, never a row.
	Databases []source.Config
}

// Found is one tool that could be read.
type Found struct {
	Kind     string   // of source: "csv"
	Title    string   // for people
	Settings string   // YAML of the section "source"; what is left to write stands as a comment
	Fields   []string // of a file: its headings; of a table: its columns
	Fault    string   // code of what keeps a file from being read

	config source.Config // of a table: it names the account, and stays on this computer
}

// Open makes the reader of what was found.
func (f Found) Open() (source.Source, error) {
	c := f.config
	if c.Node == nil {
		var err error
		if c, err = source.Parse("", []byte(f.Settings)); err != nil {
			return nil, err
		}
		_, c = c.Take("kind")
	}
	return source.Open(f.Kind, c)
}

// Limits of what is looked at.
const (
	mostFiles   = 200
	mostServers = 20
	mostSources = 100
)

// DNS is what is asked of a resolver.
type DNS interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Standard are the usual files of ODBC data sources: of the computer and of the account.
func Standard() []string {
	files := []string{"/etc/odbc.ini", "/usr/local/etc/odbc.ini"}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".odbc.ini"))
	}
	return files
}

// Look lists what was allowed to be looked at; dns is nil for the resolver of the system.
func Look(ctx context.Context, a Asked, dns DNS) ([]Found, error) {
	if dns == nil {
		dns = net.DefaultResolver
	}
	var found []Found
	var wrong []error
	if a.Folder != "" {
		files, err := folder(ctx, a.Folder)
		found, wrong = append(found, files...), append(wrong, err)
	}
	if a.Domain != "" {
		found = append(found, domain(ctx, strings.TrimSuffix(a.Domain, "."), dns)...)
	}
	for _, file := range a.ODBC {
		found = append(found, odbc(file)...)
	}
	for _, c := range a.Databases {
		found = append(found, tables(ctx, c)...)
	}
	return found, errors.Join(wrong...)
}

var kinds = map[string]string{".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".vcf": "vcard"}

// folder lists the files of a folder that look like contacts, with their headings.
func folder(ctx context.Context, dir string) (found []Found, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listed", dir)
	}
	for _, e := range entries {
		kind := kinds[strings.ToLower(filepath.Ext(e.Name()))]
		if kind == "" || !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "~$") {
			continue
		}
		if len(found) >= mostFiles || ctx.Err() != nil {
			break
		}
		f := Found{Kind: kind, Title: e.Name(), Settings: settings("kind", kind, "file", filepath.Join(dir, e.Name()))}
		if f.Fields, f.Fault = headings(ctx, f); slices.ContainsFunc(f.Fields, isValue) {
			f.Fields, f.Settings = nil, f.Settings+"header: false\n" // the first line is a contact, which is not told
		}
		found = append(found, f)
	}
	return found, nil
}

// isValue tells a heading from what stands below one.
func isValue(heading string) bool {
	return strings.ContainsAny(heading, "@") || slices.ContainsFunc(number.Split(heading, "FR"), func(n number.Number) bool { return n.Kind == number.E164 })
}

func headings(ctx context.Context, f Found) (fields []string, fault string) {
	s, err := f.Open()
	if err != nil {
		return nil, code(err)
	}
	fields, err = s.Fields(ctx)
	return fields, code(err)
}

// domain asks DNS for the directory of a domain (RFC 2782) and its address books (RFC 6764).
func domain(ctx context.Context, name string, dns DNS) (found []Found) {
	if !isDomain(name) {
		return nil
	}
	parts := strings.Split(name, ".")
	base := "dc=" + strings.Join(parts, ",dc=")
	for _, s := range []struct{ service, kind, scheme, port string }{
		{"ldaps", "ldap", "ldaps", "636"}, {"ldap", "ldap", "ldap", "389"}, {"carddavs", "carddav", "https", "443"},
	} {
		_, records, err := dns.LookupSRV(ctx, s.service, "tcp", name)
		if err != nil {
			continue
		}
		for _, r := range records[:min(len(records), mostServers)] {
			host := strings.TrimSuffix(strings.ToLower(r.Target), ".")
			if !isDomain(host) {
				continue
			}
			at := s.scheme + "://" + host
			if port := strconv.Itoa(int(r.Port)); port != s.port {
				at += ":" + port
			}
			f := Found{Kind: s.kind, Title: host}
			if s.kind == "ldap" {
				f.Settings = settings("kind", "ldap", "url", at, "base", base) + "# bind_dn: cn=reader," + base + "\n# password: {file: /etc/rempart/directory.secret}\n"
			} else {
				f.Settings = settings("kind", "carddav", "url", at+"/") + "# url: … of the address book, as the server shows it\n# user: …\n# password: {file: /etc/rempart/dav.secret}\n"
			}
			found = append(found, f)
		}
	}
	return found
}

func isDomain(name string) bool {
	return name != "" && len(name) < 254 && strings.Contains(name, ".") && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// odbc reads the data sources of a file: where they lead, never who enters nor with which password.
func odbc(file string) (found []Found) {
	in, err := os.Open(file)
	if err != nil {
		return nil // most computers have none
	}
	defer in.Close()
	var name string
	about := map[string]string{}
	end := func() {
		if f, ok := dataSource(name, about); ok && len(found) < mostSources {
			found = append(found, f)
		}
		about = map[string]string{}
	}
	lines := bufio.NewScanner(in)
	for n := 0; lines.Scan() && n < 10_000; n++ {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			end()
			name = line[1 : len(line)-1]
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if ok && slices.Contains([]string{"driver", "server", "servername", "host", "port", "database", "dbname"}, key) {
			about[key] = strings.TrimSpace(value)
		}
	}
	end()
	return found
}

// dataSource proposes the settings of a data source whose driver we can read.
func dataSource(name string, about map[string]string) (Found, bool) {
	driver, scheme := strings.ToLower(about["driver"]), ""
	switch {
	case strings.Contains(driver, "psql") || strings.Contains(driver, "postgres"):
		scheme = "postgres"
	case strings.Contains(driver, "maria"), strings.Contains(driver, "myodbc"), strings.Contains(driver, "mysql"):
		scheme = "mariadb"
	default:
		return Found{}, false
	}
	pick := func(keys ...string) string {
		for _, k := range keys {
			if v := about[k]; v != "" && strings.Trim(strings.ToLower(v), "abcdefghijklmnopqrstuvwxyz0123456789-._:") == "" {
				return v
			}
		}
		return ""
	}
	host, db := pick("servername", "server", "host"), pick("database", "dbname")
	if host == "" || db == "" {
		return Found{}, false
	}
	if port := pick("port"); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return Found{Kind: "sql", Title: name, Settings: settings("kind", "sql", "url", scheme+"://READER@"+host+"/"+db, "query", "SELECT id, name, phone FROM contact") +
		"# password: {file: /etc/rempart/crm.secret}\n"}, true
}

// settings writes pairs as YAML.
func settings(pairs ...string) string {
	n := yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: p, Tag: "!!str"})
	}
	b, err := yaml.Marshal(&n)
	if err != nil {
		return ""
	}
	return string(b)
}

func code(err error) string {
	if err == nil {
		return ""
	}
	if c := core.CodeOf(err); c != "" {
		return c
	}
	return "internal"
}
