package boot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/browse"
)

// Enter signs a canary in through the pages, whatever they ask for on the way.
func (s *stage) Enter(ctx context.Context, c core.Canary) (*http.Client, error) {
	client := s.Visitor()
	b := browse.Over(client)
	page, err := b.Get("/signin")
	if err != nil {
		return nil, err
	}
	for range 8 {
		if page.Status >= 400 {
			return nil, fmt.Errorf("canary: %s answered %d: %s", page.Path, page.Status, page.Says())
		}
		if !strings.HasPrefix(page.Path, "/signin") {
			return client, nil
		}
		f, err := s.answer(ctx, page, &c)
		if err != nil {
			return nil, fmt.Errorf("canary: %w", err)
		}
		if page, err = f.Send(); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("canary: a sign-in without end at " + page.Path)
}

// answer fills the form of one step of a sign-in.
func (s *stage) answer(ctx context.Context, page *browse.Page, c *core.Canary) (*browse.Form, error) {
	if f, err := page.Form("/signin/password", "password"); err == nil {
		return f.Set("password", c.Password), nil
	}
	for _, path := range []string{"/signin/factor", "/signin/enrol"} {
		f, err := page.Form(path, "code")
		if err != nil {
			continue
		}
		if key, shown := page.Element("secret"); path == "/signin/enrol" && shown {
			c.Secret = strings.ReplaceAll(key, " ", "")
		}
		code, err := s.code(ctx, *c)
		return f.Set("code", code), err
	}
	if f, err := page.Form("email"); err == nil {
		return f.Set("email", c.Email), nil
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
	return nil, fmt.Errorf("%s asks for something else: %s", page.Path, page.Says())
}

// code gives the next code of a canary's authenticator. Each opens once, and those of the steps before and after the
// present one are taken: three proofs can follow at once, a further one waits.
func (s *stage) code(ctx context.Context, c core.Canary) (string, error) {
	now := func() int64 { return s.h.cfg.Clock.Now().Unix() / int64(totpStep/time.Second) }
	s.mu.Lock()
	defer s.mu.Unlock()
	step := max(s.steps[c.Person]+1, now())
	for step > now()+1 {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.steps[c.Person] = step
	return identity.CodeAt(c.Secret, time.Unix(step*int64(totpStep/time.Second), 0))
}
