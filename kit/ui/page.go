package ui

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Page says what one page is. Layout draws the rest from the context.
type Page struct {
	Title string // the h1 and the window's title
	Lead  string // one sentence under the title, or ""
	// Section marks the entry of the menu as current: one of the constants of menu.go (ui.Members), or "".
	Section string
	Crumbs  []Crumb // the way back, outermost first; the page itself is not in it
	// Actions stand at the right of the title: buttons and links.
	Actions templ.Component
	// Problems stand on top, linked to their fields.
	Problems Problems
	// Wide lets tables use the full width; otherwise text keeps a comfortable measure.
	Wide bool
}

// Crumb is one step of the way back.
type Crumb struct{ Label, Href string }

// Org is one organization of the switcher.
type Org struct {
	ID   core.ID
	Name string
	Kind string // "client" or "provider"
}

// Who is what the frame shows of the person who is signed in. The zero value is nobody.
type Who struct {
	Name  string
	Staff bool // provider staff: the console is shown
	Orgs  []Org
	// May holds those of the permissions asked that the person holds in the organization of the page.
	May map[core.Permission]bool
}

// Frame is what surrounds every page. The composition root puts it in the context of each request.
type Frame struct {
	// Who answers who is signed in and which of the permissions of ask they hold in org (core.Platform on a page of no
	// organization). Render calls it once per page, so that pages without a frame cost nothing; nil means nobody.
	Who     func(ctx context.Context, org core.ID, ask []core.Permission) (Who, error)
	Version string
	Contact string // address of the person to write to, shown in the footer and on error pages; "" shows none
	Now     func() time.Time
	// Typed looks at what a form sent, once it was kept, and gives a warning for whoever typed it; "" when there is nothing to say.
	Typed func(r *http.Request) string
}

// scene is a frame made concrete for one request.
type scene struct {
	who     Who
	org     core.ID
	path    string
	theme   Theme
	flash   *Note
	version string
	contact string
	now     time.Time
	request core.ID
	ask     func(core.Permission) bool // answers for a permission that the menu did not ask about
}

type (
	frameKey struct{}
	sceneKey struct{}
)

// WithFrame returns a context whose pages are surrounded by f.
func WithFrame(ctx context.Context, f Frame) context.Context {
	return context.WithValue(ctx, frameKey{}, f)
}

func sceneOf(ctx context.Context) scene {
	s, ok := ctx.Value(sceneKey{}).(scene)
	if !ok {
		s.now = time.Now()
	}
	return s
}

type askKey struct{}

// Asking makes a page ask about further permissions than those of the menu, for May:
// ui.Render(w, ui.Asking(r, "member.export"), …).
func Asking(r *http.Request, perms ...core.Permission) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), askKey{}, perms))
}

// May tells a template whether the person holds a permission in the organization of the page (the platform on a page of
// none). It draws or hides; the gate decides again when the act comes. Those of the menu are known beforehand, another one
// costs a question to the frame, once per page.
func May(ctx context.Context, p core.Permission) bool {
	s := sceneOf(ctx)
	held, known := s.who.May[p]
	if !known && s.ask != nil {
		held = s.ask(p)
	}
	return held
}

// Render writes a page: it asks the frame who is there, draws c whole, and only then sends, so that a failure half-way
// becomes an error page and never half a page.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	ctx, err := stage(w, r)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := c.Render(ctx, &page); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", i18n.Of(ctx).String())
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, err = w.Write(page.Bytes())
	return err
}

// stage prepares the context in which a page is drawn.
func stage(w http.ResponseWriter, r *http.Request) (context.Context, error) {
	ctx := r.Context()
	f, _ := ctx.Value(frameKey{}).(Frame)
	s := scene{
		org:     core.ID(r.PathValue("org")),
		path:    r.URL.RequestURI(),
		theme:   ThemeOf(r),
		flash:   takeFlash(w, r),
		version: f.Version,
		contact: f.Contact,
		now:     time.Now(),
		request: core.ActorOf(ctx).Request,
	}
	if f.Now != nil {
		s.now = f.Now()
	}
	if f.Who != nil {
		org := s.org
		if org.IsZero() {
			org = core.Platform
		}
		more, _ := ctx.Value(askKey{}).([]core.Permission)
		who, err := f.Who(ctx, org, append(menuPermissions[:len(menuPermissions):len(menuPermissions)], more...))
		if err != nil {
			return nil, err
		}
		if who.May == nil {
			who.May = map[core.Permission]bool{}
		}
		s.who = who
		s.ask = func(p core.Permission) bool {
			more, err := f.Who(ctx, org, []core.Permission{p})
			who.May[p] = err == nil && more.May[p]
			return who.May[p]
		}
	}
	return context.WithValue(ctx, sceneKey{}, s), nil
}

// orgOf gives the organization of the page: its id, and its name when the person belongs to it.
func (s scene) orgOf() Org {
	for _, o := range s.who.Orgs {
		if o.ID == s.org {
			return o
		}
	}
	return Org{ID: s.org}
}

// Redirect sends the browser to another page after a form (303), with a note to show there; "" shows none.
func Redirect(w http.ResponseWriter, r *http.Request, to, note string) error {
	return RedirectWith(w, r, to, Note{Good, note})
}

// RedirectWith is Redirect with a note of another tone. What the frame has to say of what was typed is added to it.
func RedirectWith(w http.ResponseWriter, r *http.Request, to string, note Note) error {
	if f, ok := r.Context().Value(frameKey{}).(Frame); ok && f.Typed != nil && r.Method == http.MethodPost {
		if warning := f.Typed(r); warning != "" {
			note = Note{Warn, strings.TrimSpace(note.Text + " " + warning)}
		}
	}
	if note.Text != "" {
		setFlash(w, note)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// local keeps a way back on this site: a path, never another host nor a scheme.
func local(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || len(back) == 0 || back[0] != '/' ||
		(len(back) > 1 && (back[1] == '/' || back[1] == '\\')) {
		return "/"
	}
	return back
}

// here names the organization of the page, or invites to choose one.
func (s scene) here(ctx context.Context) string {
	if o := s.orgOf(); o.Name != "" {
		return o.Name
	}
	return tSwitch.In(ctx)
}

// home is where an organization opens.
func (o Org) home() string { return "/o/" + string(o.ID) }
