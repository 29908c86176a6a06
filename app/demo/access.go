package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/app/people"
	"github.com/rempart/rempart/core/boot"
)

// in gives the browser of a player, signed in once and kept.
func (s *Stage) in(name string) (*people.Browser, error) {
	if b := s.browsers[name]; b != nil {
		return b, nil
	}
	b := s.browser()
	if err := b.SignIn(s.Person(name)); err != nil {
		return nil, fmt.Errorf("%s signs in: %w", name, err)
	}
	s.browsers[name] = b
	return b, nil
}

// Person gives what a player knows and holds.
func (s *Stage) Person(name string) people.Person {
	p := s.Trial.Players[name]
	who := people.Person{Email: p.Email, Password: p.Password}
	if p.Secret != "" {
		who.Phone = s.phone(p.Secret)
	}
	return who
}

func (s *Stage) player(name string) *boot.Player { return s.Trial.Players[name] }

func signIn(_ context.Context, s *Stage) (string, error) {
	wrong := s.browser()
	who := s.Person("admin")
	who.Phone = &people.Authenticator{Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
	if err := wrong.SignIn(who); err == nil {
		return "", errors.New("the code of another phone opened a session")
	}
	if in, err := wrong.SignedIn(); err != nil || in {
		return "", errors.Join(err, errors.New("a session without the second factor"))
	}
	if _, err := s.in("admin"); err != nil {
		return "", err
	}
	if _, err := s.in("member"); err != nil {
		return "", err
	}
	return s.player("admin").GivenName + ": password, then a code of her phone; another phone's code was refused", nil
}

func (s *Stage) table() string { return "/o/" + string(s.Town) + "/habilitations" }

func (s *Stage) refused(name, path string) (*people.Page, error) {
	b, err := s.in(name)
	if err != nil {
		return nil, err
	}
	page, err := b.Get(path)
	if err != nil {
		return nil, err
	}
	if page.Status != http.StatusForbidden && page.Status != http.StatusNotFound {
		return nil, fmt.Errorf("%s opened %s: %d", name, path, page.Status)
	}
	return page, nil
}

func refusedFirst(_ context.Context, s *Stage) (string, error) {
	page, err := s.refused("member", s.table())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %d, %q", s.player("member").GivenName, page.Status, firstSentence(page)), nil
}

// firstSentence gives the reason that a page says.
func firstSentence(p *people.Page) string {
	said := p.Says()
	if _, after, ok := strings.Cut(said, fmt.Sprint(p.Status)+" "); ok { // the title of the page and the number
		said = after
	}
	if i := strings.Index(said, ". "); i > 0 {
		said = said[:i+1]
	}
	return said
}

func giveRight(_ context.Context, s *Stage) (string, error) {
	admin, err := s.in("admin")
	if err != nil {
		return "", err
	}
	member := s.player("member")
	page, err := admin.Get(s.table() + "/persons/" + string(member.Person))
	if err != nil {
		return "", err
	}
	f, err := page.Form("role", "reason")
	if err != nil {
		return "", err
	}
	until := time.Now().AddDate(0, 0, 30).Format(time.DateOnly)
	page, err = f.Set("role", "auditor").Set("until", until).Set("reason", "Yearly audit of accesses").Send()
	if err != nil {
		return "", err
	}
	if page.Status != http.StatusOK {
		return "", &people.Refusal{Page: page}
	}
	return fmt.Sprintf("%s is auditor until %s: \"Yearly audit of accesses\"", member.GivenName, until), nil
}

func useRight(_ context.Context, s *Stage) (string, error) {
	b, err := s.in("member")
	if err != nil {
		return "", err
	}
	page, err := b.Get(s.table())
	if err != nil {
		return "", err
	}
	if page.Status != http.StatusOK || !page.Has(s.player("admin").FamilyName) {
		return "", &people.Refusal{Page: page}
	}
	return fmt.Sprintf("%s reads who may do what, at the next request", s.player("member").GivenName), nil
}

func refusedElse(_ context.Context, s *Stage) (string, error) {
	b, err := s.in("member")
	if err != nil {
		return "", err
	}
	page, err := b.Post(s.table()+"/persons/"+string(s.player("member").Person)+"/assign", map[string][]string{"role": {"admin"}, "reason": {"because I want to"}})
	if err != nil {
		return "", err
	}
	if page.Status != http.StatusForbidden {
		return "", fmt.Errorf("an auditor made herself administrator: %d", page.Status)
	}
	return fmt.Sprintf("to make herself administrator: %d, %q", page.Status, firstSentence(page)), nil
}

func revokeRight(_ context.Context, s *Stage) (string, error) {
	admin, err := s.in("admin")
	if err != nil {
		return "", err
	}
	page, err := admin.Get(s.table() + "/persons/" + string(s.player("member").Person))
	if err != nil {
		return "", err
	}
	f, err := page.Form("/revoke", "reason")
	if err != nil {
		return "", err
	}
	if page, err = f.Set("reason", "The audit is over").Send(); err != nil {
		return "", err
	}
	gone := time.Now()
	if page.Status != http.StatusOK {
		return "", &people.Refusal{Page: page}
	}
	if _, err := s.refused("member", s.table()); err != nil {
		return "", err
	}
	took := time.Since(gone)
	if took > time.Second {
		return "", fmt.Errorf("the right lived on for %s", took)
	}
	return "refused " + round(took) + " later, in the same session", nil
}

func outsider(_ context.Context, s *Stage) (string, error) {
	tried := 0
	for _, path := range []string{
		"", "/members", "/members/" + string(s.player("member").Member), "/habilitations", "/suspensions", "/sessions", "/settings", "/journal", "/roles",
	} {
		page, err := s.refused("outsider", "/o/"+string(s.Town)+path)
		if err != nil {
			return "", err
		}
		if page.Status != http.StatusNotFound || page.Has("Port-Sainte") {
			return "", fmt.Errorf("the administrator of the other organization got %d at %s", page.Status, path)
		}
		tried++
	}
	return fmt.Sprintf("its administrator got 404 on %d of %d pages", tried, tried), nil
}
