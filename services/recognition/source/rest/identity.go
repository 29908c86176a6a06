package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// Auth is how a tool is told who asks.
type Auth struct {
	Kind    string      `yaml:"kind" say:"bearer"` // none, header, bearer, basic, body, client_credentials, refresh_token
	Header  string      `yaml:"header" say:"X-API-Key"`
	User    string      `yaml:"user" say:"reader"`
	Secret  tool.Secret `yaml:"secret" say:"{file: /etc/rempart/crm.secret}"` // a key, a password, a client secret
	Refresh tool.Secret `yaml:"refresh_token" say:"{file: /etc/rempart/crm.refresh}"`
	Token   string      `yaml:"token_url" say:"https://login.example/oauth2/token"`
	Client  string      `yaml:"client_id" say:"f3a1…"`
	Scope   string      `yaml:"scope" say:"contacts.read"`
}

// identity says who asks, and keeps an access token while it lasts.
type identity struct {
	a     *API
	s     Auth
	web   *tool.Web // of the token
	mu    sync.Mutex
	token string
	until time.Time
	fresh string // a refresh token that took the place of the one in the settings, for as long as this runs
}

var authKinds = []string{"none", "header", "bearer", "basic", "body", "client_credentials", "refresh_token"}

func (a *API) identity() (*identity, error) {
	i := &identity{a: a, s: a.s.Auth}
	wrong := func() error {
		return a.c.Wrong("auth", "auth: {kind: "+strings.Join(authKinds, " | ")+", secret: {file: /etc/rempart/crm.secret}}")
	}
	switch i.s.Kind {
	case "", "none":
		i.s.Kind = "none"
		return i, nil
	case "header", "bearer", "basic", "body":
		if !i.s.Secret.Given() || i.s.Kind == "header" && i.s.Header == "" {
			return nil, wrong()
		}
		return i, nil
	case "client_credentials", "refresh_token":
		if i.s.Token == "" || i.s.Client == "" || !i.s.Secret.Given() || i.s.Kind == "refresh_token" && !i.s.Refresh.Given() {
			return nil, wrong()
		}
	default:
		return nil, wrong()
	}
	at, err := a.fill(i.s.Token, nil, url.PathEscape)
	if err != nil {
		return nil, err
	}
	if i.web, err = a.c.Web("auth", tool.WebSettings{URL: at, CAFile: a.s.CAFile, Plain: a.s.Plain, Timeout: a.s.Timeout}); err != nil {
		return nil, err
	}
	a.web.Again = func(context.Context) bool { i.forget(); return true }
	return i, nil
}

func (i *identity) secret() (string, error) { return i.a.c.Secret(i.s.Secret) }

// enter writes the identity on a request.
func (i *identity) enter(ctx context.Context, q *http.Request) error {
	if i.s.Kind == "none" || i.s.Kind == "body" {
		return nil
	}
	if i.web != nil {
		token, err := i.access(ctx)
		q.Header.Set("Authorization", "Bearer "+token)
		return err
	}
	secret, err := i.secret()
	switch i.s.Kind {
	case "header":
		q.Header.Set(i.s.Header, secret)
	case "bearer":
		q.Header.Set("Authorization", "Bearer "+secret)
	case "basic":
		q.SetBasicAuth(i.s.User, secret)
	}
	return err
}

func (i *identity) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token = ""
}

// access gives the token, asking for one when there is none or when it is about to end (RFC 6749, 4.4 and 6).
func (i *identity) access(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.token != "" && time.Now().Before(i.until) {
		return i.token, nil
	}
	form, err := i.form()
	if err != nil {
		return "", err
	}
	answer, err := i.web.Ask(ctx, func() (*http.Request, error) {
		q, err := http.NewRequest(http.MethodPost, i.web.Base.String(), strings.NewReader(form.Encode()))
		if err == nil {
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.Header.Set("Accept", "application/json")
		}
		return q, err
	}, http.StatusBadRequest)
	if isDenied(err) {
		return "", tool.Refuse(errToken, i.web.Host(), "refused")
	}
	if err != nil {
		return "", err
	}
	b, err := i.web.Body(answer)
	if err != nil {
		return "", err
	}
	var said struct {
		Access  string          `json:"access_token"`
		Refresh string          `json:"refresh_token"`
		Expires json.RawMessage `json:"expires_in"`
		Error   string          `json:"error"`
	}
	if err := json.Unmarshal(b, &said); err != nil || said.Access == "" || strings.ContainsAny(said.Access, "\r\n") {
		return "", tool.Refuse(errToken, i.web.Host(), reason(said.Error))
	}
	seconds, err := strconv.Atoi(strings.Trim(string(said.Expires), `"`))
	if err != nil || seconds <= 0 {
		seconds = 600 // Salesforce does not say
	}
	i.token, i.until = said.Access, time.Now().Add(max(time.Duration(seconds)*time.Second-time.Minute, time.Second))
	if said.Refresh != "" {
		i.fresh = said.Refresh
	}
	return i.token, nil
}

func (i *identity) form() (url.Values, error) {
	secret, err := i.secret()
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {i.s.Kind}, "client_id": {i.s.Client}, "client_secret": {secret}}
	if i.s.Scope != "" {
		form.Set("scope", i.s.Scope)
	}
	if i.s.Kind == "refresh_token" {
		refresh := i.fresh
		if refresh == "" {
			if refresh, err = i.a.c.Secret(i.s.Refresh); err != nil {
				return nil, err
			}
		}
		form.Set("refresh_token", refresh)
	}
	return form, nil
}

// reason keeps the short words of RFC 6749, 5.2, and nothing else of what a server says.
func reason(said string) string {
	for _, r := range said {
		if r != '_' && (r < 'a' || r > 'z') {
			return "?"
		}
	}
	if said == "" || len(said) > 40 {
		return "?"
	}
	return said
}
