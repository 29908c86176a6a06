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
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/i18n"
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
		if challenge := f.Values.Get("challenge"); challenge != "" {
			f.Set("nonce", abuse.Solve(challenge))
		}
		return f.Set("password", c.Password), nil
	}
	for _, path := range []string{"/signin/factor", "/signin/enrol"} {
		f, err := page.Form(path, "code")
		if err != nil {
			continue
		}
		if key, shown := page.Element("secret"); path == "/signin/enrol" && shown {
			s.mu.Lock()
			s.secrets[c.Person] = strings.ReplaceAll(key, " ", "")
			s.mu.Unlock()
		}
		code, err := s.Code(ctx, *c)
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

// Code gives the next code of a canary's authenticator. Each opens once, and those of the steps before and after the
// present one are taken: when all were used, half a minute passes for this canary.
func (s *stage) Code(ctx context.Context, c core.Canary) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret := s.secrets[c.Person]; secret != "" {
		c.Secret = secret
	}
	if c.Secret == "" {
		return "", errNoPhone
	}
	now := s.h.cfg.Clock.Now().Unix() / int64(totpStep/time.Second)
	step := max(s.steps[c.Person]+1, now)
	if step > now+1 {
		if err := s.h.identity.LetCodesPass(ctx, c.Person); err != nil {
			return "", err
		}
		step = now
	}
	s.steps[c.Person] = step
	return identity.CodeAt(c.Secret, time.Unix(step*int64(totpStep/time.Second), 0))
}

var errNoPhone = i18n.Fault(core.NotFound, "canary.phone", "Ce canari n'a pas d'authentificateur.", "This canary has no authenticator.")
