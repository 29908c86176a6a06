package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/app/people"
)

const guesses = 60

// guess tries common passwords on one account from sixty addresses, as a botnet does.
func guess(_ context.Context, s *Stage) (string, error) {
	owner := s.player("member")
	tried, stopped := 0, 0
	began := time.Now()
	for i := range guesses {
		b := people.New(s.Origin, fmt.Sprintf("127.0.1.%d", i+1))
		reached, err := try(b, owner.Email, fmt.Sprintf("Password%d!", i))
		if err != nil {
			return "", err
		}
		if reached {
			tried++
		} else {
			stopped++
		}
	}
	if tried > 20 {
		return "", fmt.Errorf("%d of %d guesses were compared with the password", tried, guesses)
	}
	return fmt.Sprintf("%d guesses from %d addresses in %s: %d were compared with the password, %d stopped before",
		guesses, guesses, round(time.Since(began)), tried, stopped), nil
}

// try makes one guess; reached tells that the password was compared.
func try(b *people.Browser, email, password string) (reached bool, err error) {
	page, err := b.Get("/signin")
	if err != nil {
		return false, err
	}
	f, err := page.Form("email")
	if err != nil {
		return false, nil //nolint:nilerr // the address is refused altogether: the attack is stopped there
	}
	if page, err = f.Set("email", email).Send(); err != nil {
		return false, err
	}
	f, err = page.Form("/signin/password")
	if err != nil || f.Has("challenge") {
		return false, nil //nolint:nilerr // a code by mail or a proof of work is asked first
	}
	if page, err = f.Set("password", password).Send(); err != nil {
		return false, err
	}
	if page.Status < 400 && !strings.HasPrefix(page.Path, "/signin") {
		return true, errors.New("a guess opened a session")
	}
	return page.Status != http.StatusTooManyRequests, nil
}

// ownerComesIn signs the owner in, from the browser they always use, in the middle of the attack.
func ownerComesIn(_ context.Context, s *Stage) (string, error) {
	b, err := s.in("member")
	if err != nil {
		return "", err
	}
	page, err := b.Post("/signout", nil)
	if err != nil {
		return "", err
	}
	if in, err := b.SignedIn(); err != nil || in {
		return "", errors.Join(err, fmt.Errorf("still signed in after %s (%d)", page.Path, page.Status))
	}
	began := time.Now()
	if err := b.SignIn(s.Person("member")); err != nil {
		return "", fmt.Errorf("the owner is kept out of her own browser: %w", err)
	}
	return "on her own browser, in " + round(time.Since(began)), nil
}

func suspend(_ context.Context, s *Stage) (string, error) {
	victim, err := s.in("member")
	if err != nil {
		return "", err
	}
	if in, err := victim.SignedIn(); err != nil || !in {
		return "", errors.Join(err, errors.New("the session to cut does not live"))
	}
	admin, err := s.in("admin")
	if err != nil {
		return "", err
	}
	page, err := admin.Get("/o/" + string(s.Town) + "/suspensions?person=" + string(s.player("member").Person))
	if err != nil {
		return "", err
	}
	f, err := page.Form("scope", "reason")
	if err != nil {
		return "", err
	}
	f.Set("scope", "person").Set("reason", "suspicious_activity").Set("text", "Sign-ins at unusual hours")
	if f.Has("email") {
		f.Set("email", s.player("member").Email)
	}
	if page, err = f.Send(); err != nil {
		return "", err
	}
	cut := time.Now()
	if page.Status != http.StatusOK {
		return "", &people.Refusal{Page: page}
	}
	page, err = victim.Get("/me/security")
	if err != nil {
		return "", err
	}
	if page.Status == http.StatusOK && !strings.HasPrefix(page.Path, "/signin") {
		return "", errors.New("the suspended person still reads pages")
	}
	if took := time.Since(cut); took > time.Second {
		return "", fmt.Errorf("the session lived on for %s", took)
	}
	return fmt.Sprintf("dead %s later; reason kept and told to %s", round(time.Since(cut)), s.player("member").GivenName), s.toldBy("member", "access.suspended")
}

// toldBy checks that a message about something left for a player.
func (s *Stage) toldBy(name, about string) error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		if kinds := s.Letters.Kinds(s.player(name).Email); strings.Contains(kinds, about) {
			return nil
		} else if time.Now().After(deadline) {
			return fmt.Errorf("%s was not told; the messages to them are: %s", name, kinds)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func lift(_ context.Context, s *Stage) (string, error) {
	admin, err := s.in("admin")
	if err != nil {
		return "", err
	}
	page, err := admin.Get("/o/" + string(s.Town) + "/suspensions")
	if err != nil {
		return "", err
	}
	f, err := page.Form("/lift")
	if err != nil {
		return "", err
	}
	if page, err = f.Set("reason", "Checked with her by phone").Send(); err != nil {
		return "", err
	}
	if page.Status != http.StatusOK {
		return "", &people.Refusal{Page: page}
	}
	b := s.browsers["member"]
	if err := b.SignIn(s.Person("member")); err != nil {
		return "", err
	}
	return s.player("member").GivenName + " signs in again", nil
}

func notMe(_ context.Context, s *Stage) (string, error) {
	thief := people.New(s.Origin, "127.0.2.1")
	thief.Agent = "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0"
	victim := s.Person("people")
	if err := thief.SignIn(victim); err != nil {
		return "", err
	}
	if err := s.toldBy("people", "signin.new_device"); err != nil {
		return "", err
	}
	letter, err := s.Letters.Last(victim.Email, "signin.new_device")
	if err != nil {
		return "", err
	}
	path := linkIn(letter, s.Origin, "/not-me/")
	if path == "" {
		return "", errors.New("the message has no way to say it was not me")
	}
	page, err := s.browser().Get(path)
	if err != nil {
		return "", err
	}
	f, err := page.Form("/not-me/")
	if err != nil {
		return "", err
	}
	if page, err = f.Send(); err != nil {
		return "", err
	}
	if page.Status >= 400 {
		return "", &people.Refusal{Page: page}
	}
	if in, err := thief.SignedIn(); err != nil || in {
		return "", errors.Join(err, errors.New("the thief's session lives on"))
	}
	return "the link of the mail ended the stranger's session and opened a report", nil
}

// linkIn finds a path of this platform in a message.
func linkIn(text, origin, path string) string {
	_, rest, found := strings.Cut(text, origin+path)
	if !found {
		return ""
	}
	return path + strings.Fields(rest)[0]
}
