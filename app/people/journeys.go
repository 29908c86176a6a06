package people

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rempart/rempart/kit/browse"
)

// What people hold: a browser's page and form, an authenticator.
type (
	Page          = browse.Page
	Form          = browse.Form
	Authenticator = browse.Authenticator
)

// Browser is a browser profile in the hands of a person.
type Browser struct{ *browse.Browser }

// New opens an empty profile on an origin; from is the local address to connect from.
func New(origin, from string) *Browser { return &Browser{browse.New(origin, from)} }

// Clone copies the profile with its cookies: what a thief of cookies has.
func (b *Browser) Clone() *Browser { return &Browser{b.Browser.Clone()} }

// Person is someone with an account: what they know and what they hold.
type Person struct {
	Email, Password string
	Phone           *Authenticator // nil: no second factor
}

// SignIn goes through the pages as they come until the person is in.
func (b *Browser) SignIn(p Person) error {
	page, err := b.Get("/signin")
	if err != nil {
		return err
	}
	for range 8 {
		if !strings.HasPrefix(page.Path, "/signin") {
			return nil
		}
		f, err := answer(page, p)
		if err != nil {
			return err
		}
		if page, err = f.Send(); err != nil {
			return err
		}
		if page.Status >= 400 {
			return &Refusal{page}
		}
	}
	return errors.New("a sign-in without end at " + page.Path)
}

// answer fills the form of one step.
func answer(page *Page, p Person) (*Form, error) {
	if f, err := page.Form("/signin/password"); err == nil {
		if f.Has("challenge") {
			return nil, errors.New("a proof of work is asked, which this browser without scripts does not give")
		}
		return f.Set("password", p.Password), nil
	}
	for _, path := range []string{"/signin/factor", "/signin/enrol"} {
		f, err := page.Form(path, "code")
		if err != nil {
			continue
		}
		if p.Phone == nil {
			return nil, errors.New("a code is asked at " + page.Path)
		}
		code, err := p.Phone.Code()
		if err != nil {
			return nil, err
		}
		return f.Set("code", code), nil
	}
	if f, err := page.Form("email"); err == nil {
		return f.Set("email", p.Email), nil
	}
	for _, path := range []string{"/signin/continue", "/signin/terms"} {
		f, err := page.Form(path)
		if err != nil {
			continue
		}
		for _, name := range f.Fields {
			if strings.HasPrefix(name, "accept") {
				f.Values.Set(name, "1")
			}
		}
		return f, nil
	}
	return nil, fmt.Errorf("%s asks for something else: %.200s", page.Path, page.Text())
}

// Refusal is a page that says no.
type Refusal struct{ Page *Page }

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s %s answered %d: %s", r.Page.Method, r.Page.Path, r.Page.Status, r.Page.Says())
}

// SignedIn tells whether the browser still has a session: its home page opens.
func (b *Browser) SignedIn() (bool, error) {
	page, err := b.Get("/me/security")
	if err != nil {
		return false, err
	}
	return page.Status == http.StatusOK && !strings.HasPrefix(page.Path, "/signin") && !strings.HasPrefix(page.Path, "/lock"), nil
}

// Again proves once more who the person is, when a page asked for it (a fresher proof of identity).
func (b *Browser) Again(p Person) error {
	page := b.Page
	f, err := page.Form("/signin/again", "answer")
	if err != nil {
		return nil //nolint:nilerr // the page asks for nothing
	}
	answer := p.Password
	if f.Type("answer") != "password" {
		if answer, err = p.Phone.Code(); err != nil {
			return err
		}
	}
	if page, err = f.Set("answer", answer).Send(); err != nil {
		return err
	}
	if page.Status >= 400 {
		return &Refusal{page}
	}
	return nil
}
