package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rempart/rempart/app/people"
)

// letter waits for a message of a kind to a player.
func (s *Stage) letter(name, kind string) (string, error) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		body, err := s.Letters.Last(s.player(name).Email, kind)
		if err == nil || time.Now().After(end) {
			return body, err
		}
	}
}

// visit opens a page as a player and fails on a refusal.
func (s *Stage) visit(name, path string) (*people.Page, error) {
	b, err := s.in(name)
	if err != nil {
		return nil, err
	}
	page, err := b.Get(path)
	if err == nil && page.Status != http.StatusOK {
		err = &people.Refusal{Page: page}
	}
	return page, err
}

// fill sends the form of a page that has some fields.
func fill(page *people.Page, form string, values map[string]string) (*people.Page, error) {
	f, err := page.Form(strings.Split(form, ",")...)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		f.Set(name, value)
	}
	next, err := f.Send()
	if err == nil && next.Status >= 400 {
		err = &people.Refusal{Page: next}
	}
	return next, err
}

// follow opens the first link of a page that holds some words.
func (s *Stage) follow(name string, page *people.Page, words string) (*people.Page, error) {
	href, ok := page.Link(words)
	if !ok {
		return nil, fmt.Errorf("%s has no link to %q", page.Path, words)
	}
	return s.visit(name, href)
}

// answered plays a request of rights from the person's own space to its answer by the organization.
func (s *Stage) answered(name, kind, words, text string) error {
	page, err := s.visit(name, "/me/rights/new")
	if err != nil {
		return err
	}
	if _, err := fill(page, "/me/rights,kind", map[string]string{"desk": string(s.Town), "kind": kind}); err != nil {
		return err
	}
	page, err = s.visit("admin", "/o/"+string(s.Town)+"/rights")
	if err != nil {
		return err
	}
	if page, err = s.follow("admin", page, words); err != nil {
		return err
	}
	if page, err = fill(page, "/carry", nil); err != nil {
		return err
	}
	_, err = fill(page, "/answer,text", map[string]string{"text": text})
	return err
}

func askAccess(_ context.Context, s *Stage) (string, error) {
	began := time.Now()
	if err := s.answered("member", "access", "Have access to my data", "Here is all that we hold."); err != nil {
		return "", err
	}
	answer, err := s.letter("member", "rights.answer")
	if err != nil {
		return "", err
	}
	if !strings.Contains(answer, "CNIL") {
		return "", errors.New("the answer does not name the supervisory authority")
	}
	if _, err := s.letter("member", "archive.ready"); err != nil {
		return "", err
	}
	b, err := s.in("member")
	if err != nil {
		return "", err
	}
	data, err := b.Get("/api/v1/me/data")
	if err != nil {
		return "", err
	}
	if data.Status != http.StatusOK || !strings.Contains(string(data.Body), s.player("member").Email) {
		return "", fmt.Errorf("the person's own data answer %d", data.Status)
	}
	return fmt.Sprintf("asked, identity known, gathered from every room, answered with the CNIL named: %v; %d kB, by a link that dies in 7 days", time.Since(began).Round(10*time.Millisecond), len(data.Body)>>10), nil
}

func giveShare(_ context.Context, s *Stage) (string, error) {
	page, err := s.visit("admin", "/o/"+string(s.Town)+"/consents/new")
	if err != nil {
		return "", err
	}
	_, err = fill(page, "/consents/new,purpose", map[string]string{
		"purpose": "follow-up", "title_fr": "Suivi", "title_en": "Follow-up", "text_fr": "Pour vous rappeler.", "text_en": "To call you back.", "asks": "profile.email", "days": "30",
	})
	if err != nil {
		return "", err
	}
	shared := "/o/" + string(s.Town) + "/shares"
	if page, err = s.visit("admin", shared); err != nil {
		return "", err
	}
	if page.Has(s.player("member").Email) {
		return "", errors.New("something is shared by default")
	}
	if page, err = s.visit("member", "/me/shares"); err != nil {
		return "", err
	}
	if page, err = s.follow("member", page, "/me/shares/"); err != nil {
		return "", err
	}
	if page, err = fill(page, "/preview", map[string]string{"fields": "profile.email", "until": time.Now().AddDate(0, 0, 20).Format(time.DateOnly)}); err != nil {
		return "", err
	}
	if _, err = fill(page, "/give", nil); err != nil {
		return "", err
	}
	return "nothing by default; one field, for one purpose, for 20 days, seen before it was given", s.sees(shared, true)
}

// sees tells whether the organization sees what the member shares.
func (s *Stage) sees(shared string, want bool) error {
	page, err := s.visit("admin", shared)
	if err != nil {
		return err
	}
	if href, ok := page.Link(shared + "/"); ok {
		if page, err = s.visit("admin", href); err != nil {
			return err
		}
	}
	if page.Has(s.player("member").Email) != want {
		return fmt.Errorf("the organization sees the shared field: %v, want %v", !want, want)
	}
	return nil
}

func stopShare(_ context.Context, s *Stage) (string, error) {
	page, err := s.visit("member", "/me/shares")
	if err != nil {
		return "", err
	}
	if page, err = s.follow("member", page, "/me/shares/"); err != nil {
		return "", err
	}
	if _, err := fill(page, "/withdraw", nil); err != nil {
		return "", err
	}
	return "at the next request the organization sees nothing; the share's key is destroyed, derived copies with it", s.sees("/o/"+string(s.Town)+"/shares", false)
}

// erased is who the scene of the erasure erases: nobody plays a part after it.
const erased = "people"

func erase(ctx context.Context, s *Stage) (string, error) {
	if err := s.keepCopy(); err != nil {
		return "", err
	}
	before, err := s.House.ReadCopy(ctx, s.olderCopy())
	if err != nil {
		return "", err
	}
	if s.copied = before; len(before.Closed) > 0 || before.Open == 0 {
		return "", fmt.Errorf("the copy opens %d persons and not %d before any erasure", before.Open, len(before.Closed))
	}
	done, err := s.House.Erase(ctx, "", s.player(erased).Email, "Demonstration: the person asked for it")
	if err != nil {
		return "", err
	}
	if done.State != "done" || done.Receipt == "" {
		return "", fmt.Errorf("the erasure is %s (%s)", done.State, done.Blocked)
	}
	if _, err := s.letter(erased, "erasure.receipt"); err != nil {
		return "", err
	}
	if err := s.browser().SignIn(s.Person(erased)); err == nil {
		return "", errors.New("the erased person signed in")
	}
	return "order, dry run, every room, key, journal, search for what was held: none of it left; a signed receipt by the last mail", nil
}

func (s *Stage) olderCopy() string { return filepath.Join(s.dir, "older", "rempart.db") }

// keepCopy keeps a copy of the data as a backup of that moment would.
func (s *Stage) keepCopy() error {
	if err := os.MkdirAll(filepath.Dir(s.olderCopy()), 0o700); err != nil {
		return err
	}
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(s.dir, "data", "rempart.db"+end))
		if errors.Is(err, os.ErrNotExist) && end != "" {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.olderCopy()+end, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func readOlderCopy(ctx context.Context, s *Stage) (string, error) {
	after, err := s.House.ReadCopy(ctx, s.olderCopy())
	if err != nil {
		return "", err
	}
	// A probe that was under way at the moment of the copy has erased its canaries since.
	if after.Open != s.copied.Open-1 || len(after.Closed) < 1 || len(after.Closed) > 1+s.copied.Canaries {
		return "", fmt.Errorf("the older copy opens %d persons and not %d others, want one erased", after.Open, len(after.Closed))
	}
	return fmt.Sprintf("the copy from before: %d persons open, the erased one does not and never will", after.Open), nil
}
