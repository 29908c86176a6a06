// Package rest reads contacts from any tool that gives JSON over HTTP, as a declaration says: where, page by page, with which
// identity, which fields.
//
// Owns: the declaration, paging, OAuth 2 (client credentials, refresh token), JSON paths, templates of known tools. Must not know:
// other tools, the mapping. Start reading at: Open.
package rest

import (
	"context"
	"embed"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

//go:embed templates/*.yaml
var templates embed.FS

var (
	errTemplate = i18n.Fault(core.Invalid, "source.rest_template", "Il n'y a pas de modèle « %s ». Écrivez l'un de : %s.", "There is no template “%s”. Write one of: %s.")
	errToken    = i18n.Fault(core.Forbidden, "source.rest_token", "« %s » ne donne pas de jeton d'accès (%s). Vérifiez l'identifiant, le secret et les droits de l'application.", "“%s” gives no access token (%s). Check the identifier, the secret and the rights of the application.")
	errSaid     = i18n.Fault(core.Invalid, "source.rest_error", "« %s » répond par une erreur au lieu de contacts. Vérifiez les réglages et les droits du compte.", "“%s” answers with an error instead of contacts. Check the settings and the rights of the account.")
)

// Settings are a declaration. {{name}} stands for one of values, or for what paging knows: offset, page, size, cursor, since.
type Settings struct {
	Template string            `yaml:"template" say:"hubspot"` // what is not written here is taken from it
	Title    string            `yaml:"title" say:"HubSpot"`
	Tested   string            `yaml:"tested" say:"contract-tested, not live-tested"`
	Needs    map[string]string `yaml:"needs" say:"{domain: crm.example}"` // values that a template asks for, each with an example
	Values   map[string]string `yaml:"values" say:"{domain: crm.example}"`

	URL     string            `yaml:"url" say:"https://crm.example/api/contacts"`
	Method  string            `yaml:"method" say:"GET"`
	Query   map[string]string `yaml:"query" say:"{limit: '100'}"`
	Headers map[string]string `yaml:"headers" say:"{Accept: application/json}"`
	Body    string            `yaml:"body" say:"'{\"offset\": {{offset}}}'"`
	Login   Login             `yaml:"login" say:"{body: …, take: {uid: result}}"`
	Auth    Auth              `yaml:"auth" say:"{kind: bearer, secret: {file: /etc/rempart/crm.secret}}"`

	Records string            `yaml:"records" say:"results"` // where the list stands; "" for the whole answer
	Key     string            `yaml:"key" say:"id"`
	Fields  map[string]string `yaml:"fields" say:"{phone: properties.phone}"`
	Error   string            `yaml:"error" say:"error"` // whatever stands there is a refusal, whatever the status
	Paging  Paging            `yaml:"paging" say:"{kind: cursor, cursor: paging.next.after, parameter: after}"`
	Changes Changes           `yaml:"changes" say:"{query: {since: '{{since}}'}, field: updated_at}"`

	Rate    float64       `yaml:"rate" say:"5"` // requests each second
	Timeout time.Duration `yaml:"timeout" say:"1m"`
	CAFile  string        `yaml:"ca_file" say:"/etc/rempart/ca.pem"`
	Plain   bool          `yaml:"plain" say:"false"`
}

// Login is a request made once before the others, which gives values.
type Login struct {
	URL  string            `yaml:"url" say:"https://crm.example/login"` // that of the contacts when not given
	Body string            `yaml:"body" say:"'{\"user\": \"{{user}}\"}'"`
	Take map[string]string `yaml:"take" say:"{uid: result}"` // value → path
}

// Paging says how the next page is asked for.
type Paging struct {
	Kind      string `yaml:"kind" say:"cursor"` // none, page, offset, cursor (a value), next (an address), link (RFC 8288)
	Parameter string `yaml:"parameter" say:"after"`
	First     int    `yaml:"first" say:"1"` // number of the first page
	Size      int    `yaml:"size" say:"100"`
	Cursor    string `yaml:"cursor" say:"paging.next.after"` // where the cursor, or the next address, stands
	End       int    `yaml:"end_status" say:"404"`           // a status that means: no more
}

// Changes says how only what changed is asked for.
type Changes struct {
	URL     string            `yaml:"url" say:"https://crm.example/api/contacts/search"`
	Method  string            `yaml:"method" say:"POST"`
	Query   map[string]string `yaml:"query" say:"{since: '{{since}}'}"`
	Body    string            `yaml:"body" say:"'{\"since\": \"{{since}}\"}'"`
	First   string            `yaml:"first_cursor" say:"'0'"`
	Field   string            `yaml:"field" say:"updated_at"`    // of a record: the greatest one is the next mark
	Token   string            `yaml:"token" say:"nextSyncToken"` // of the answer: the next mark
	Link    bool              `yaml:"link" say:"true"`           // the mark is a whole address
	Gone    string            `yaml:"gone" say:"metadata.deleted"`
	Expired []int             `yaml:"expired_status" say:"[410]"`
}

// API is a tool to read.
type API struct {
	s       Settings
	c       tool.Config
	web     *tool.Web
	auth    *identity
	paths   map[string]path
	records path
	key     path
	fault   path
	cursor  path
	marks   path
	gone    path
}

// Templates lists the tools that are known, by name.
func Templates() []string {
	var names []string
	entries, _ := templates.ReadDir("templates")
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Template gives the text of one.
func Template(name string) (string, bool) {
	b, err := templates.ReadFile("templates/" + name + ".yaml")
	return string(b), err == nil && !strings.ContainsAny(name, "/.")
}

// Open checks a declaration.
func Open(c tool.Config) (*API, error) {
	a := &API{c: c}
	name, _ := c.Take("template")
	if name != "" {
		text, ok := Template(name)
		if !ok {
			return nil, tool.Refuse(errTemplate, name, strings.Join(Templates(), ", "))
		}
		base, err := tool.Parse(name+".yaml", []byte(text))
		if err != nil {
			return nil, err
		}
		if err := base.Decode(&a.s); err != nil {
			return nil, err
		}
	}
	if err := c.Decode(&a.s); err != nil {
		return nil, err
	}
	if err := a.complete(); err != nil {
		return nil, err
	}
	if err := a.compile(); err != nil {
		return nil, err
	}
	values, err := a.fill(a.s.URL, nil, url.PathEscape)
	if err != nil {
		return nil, err
	}
	if a.web, err = c.Web("url", tool.WebSettings{URL: values, CAFile: a.s.CAFile, Plain: a.s.Plain, Rate: a.s.Rate, Timeout: a.s.Timeout}); err != nil {
		return nil, err
	}
	a.auth, err = a.identity()
	return a, err
}

var kinds = []string{"none", "page", "offset", "cursor", "next", "link"}

// complete checks what must be there once the template is applied.
func (a *API) complete() error {
	s, c := &a.s, a.c
	for name, example := range s.Needs {
		if s.Values[name] == "" {
			return c.Missing("values."+name, example)
		}
	}
	if s.Timeout == 0 {
		s.Timeout = time.Minute
	}
	if s.Paging.Kind == "" {
		s.Paging.Kind = "none"
	}
	if s.Method == "" {
		s.Method = http.MethodGet
	}
	counted := s.Paging.Kind == "page" || s.Paging.Kind == "offset"
	switch {
	case s.URL == "":
		return c.Missing("url", "https://crm.example/api/contacts")
	case s.Key == "":
		return c.Missing("key", "id")
	case len(s.Fields) == 0:
		return c.Missing("fields", "{phone: phone}")
	case s.Method != http.MethodGet && s.Method != http.MethodPost:
		return c.Wrong("method", "method: GET")
	case !slices.Contains(kinds, s.Paging.Kind):
		return c.Wrong("paging", "paging: {kind: "+strings.Join(kinds, " | ")+"}")
	case counted && s.Paging.Size < 1:
		return c.Wrong("paging", "paging: {kind: "+s.Paging.Kind+", size: 100}")
	case (s.Paging.Kind == "cursor" || s.Paging.Kind == "next") && s.Paging.Cursor == "":
		return c.Wrong("paging", "paging: {kind: "+s.Paging.Kind+", cursor: next}")
	case s.Changes.Field != "" && s.Changes.Token != "":
		return c.Wrong("changes", "changes: {field: updated_at}, or changes: {token: nextSyncToken}")
	case s.Rate < 0 || s.Rate > 1000:
		return c.Wrong("rate", "rate: 5")
	}
	return nil
}

func (a *API) compile() (err error) {
	read := func(setting, text string) path {
		p, e := parsePath(text)
		if e != nil && err == nil {
			err = a.c.Wrong(setting, setting+": properties.phone, phones[*].value, phones[?type=mobile].value, ['odd.name']")
		}
		return p
	}
	a.records, a.key, a.fault = read("records", a.s.Records), read("key", a.s.Key), read("error", a.s.Error)
	a.cursor, a.gone = read("paging", a.s.Paging.Cursor), read("changes", a.s.Changes.Gone)
	a.marks = read("changes", a.s.Changes.Field+a.s.Changes.Token)
	a.paths = map[string]path{}
	for field, text := range a.s.Fields {
		a.paths[field] = read("fields", text)
	}
	return err
}

// Fields are the names of the declaration.
func (a *API) Fields(context.Context) ([]string, error) {
	return slices.Sorted(maps.Keys(a.s.Fields)), nil
}

var hole = regexp.MustCompile(`\{\{([a-z_]+)\}\}`)

// fill puts values into the holes of a text, written as their place needs.
func (a *API) fill(text string, known map[string]string, write func(string) string) (string, error) {
	var missing error
	out := hole.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-2]
		value, ok := known[name]
		if !ok {
			value, ok = a.s.Values[name]
		}
		if !ok && missing == nil {
			missing = a.c.Missing("values."+name, "…")
		}
		return write(value)
	})
	return out, missing
}

func plain(s string) string { return s }

// quoted writes a value within a JSON string, or as a bare number.
func quoted(s string) string {
	text, err := marshal(s)
	if err != nil {
		return ""
	}
	return text[1 : len(text)-1]
}
