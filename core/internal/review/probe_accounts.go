package review

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/probe"
)

func (m *Module) seeLeaver(p *play) (seen core.Sight, err error) {
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	leaver, err := p.person("auditor")
	if err != nil {
		return seen, err
	}
	p.witness(leaver.Canary, "member.remove")
	a, err := leaver.calls(http.MethodPost, "/api/v1/tokens", map[string]any{"name": "probe", "scopes": []string{"session.list_own"}, "ends": m.now().Add(time.Hour)}, nil)
	if err != nil {
		return seen, err
	}
	var made struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal([]byte(a.Body), &made); err != nil || made.Secret == "" {
		return seen, probe.Unseen(tpDark, "token", a.Status)
	}
	visitor := p.Visitor()
	serves := func() (list []string, err error) {
		if status, _, err := leaver.gets("//me/security"); err != nil || status == http.StatusOK {
			list = append(list, "session")
		}
		if a, err := probe.Call(p.ctx, visitor, http.MethodGet, "/api/v1/sessions", made.Secret, ""); err != nil || a.Status == http.StatusOK {
			list = append(list, "token")
		}
		held, err := p.held(leaver.Canary)
		if len(held) > 0 {
			list = append(list, "assignment")
		}
		return list, err
	}
	before, err := serves()
	if err != nil || len(before) != 3 {
		return seen, probe.Because(err, tpDark, strings.Join(before, ", "), len(before))
	}
	began := time.Now()
	if err := admin.must("/departures/apply", url.Values{"member": {string(leaver.Member)}, "reason": {"probe"}, "meant": {"1"}}); err != nil {
		return seen, err
	}
	after, err := serves()
	if err != nil || len(after) > 0 {
		return probe.Broken(3, 3, tpOn, strings.Join(after, ", ")), err
	}
	return probe.Held(3, 3, tpLeft, time.Since(began).Milliseconds()), nil
}

func (m *Module) seeDormant(p *play) (seen core.Sight, err error) {
	sleeper, err := p.Canary(p.ctx)
	if err != nil {
		return seen, err
	}
	waking, err := p.Canary(p.ctx)
	if err != nil {
		return seen, err
	}
	limit := m.now()
	if _, err := p.Enter(p.ctx, waking); err != nil {
		return seen, err
	}
	p.witness(waking, "signin.complete")
	var list []Sleeper
	looked, days := 0, 0
	err = p.read(func(tx core.Tx) error {
		if list, looked, err = m.dormantSince(p.ctx, tx, core.Canaries, limit); err != nil {
			return err
		}
		days, err = m.needs.UnusedDays(p.ctx, tx, core.Canaries)
		return err
	})
	if err != nil {
		return seen, err
	}
	on := func(c core.Canary) bool {
		return slices.ContainsFunc(list, func(s Sleeper) bool { return s.Person == c.Person && s.SignedIn.IsZero() })
	}
	listed := func(c core.Canary) bool {
		return slices.ContainsFunc(list, func(s Sleeper) bool { return s.Person == c.Person })
	}
	seen = probe.Held(2, 2, tpListed, len(list), looked)
	if !on(sleeper) || listed(waking) {
		seen = probe.Broken(2, 2, tpUnlisted, on(sleeper), listed(waking))
	}
	seen.Settings = map[string]string{"access.unused_days": fmt.Sprint(days)}
	return seen, nil
}

// enterFrom signs a canary in from a place outside (networks of the documentation, RFC 5737).
func (p *play) enterFrom(c core.Canary, from string) (*http.Client, error) {
	in := probe.From(p.Visitor(), netip.MustParseAddr(from))
	page, err := browse.Over(in).Get("/signin")
	for range 6 {
		if err != nil || !strings.HasPrefix(page.Path, "/signin") {
			return in, err
		}
		f, e := page.Form("email")
		if asked, no := page.Form("/signin/password", "password"); no == nil {
			f, e = asked.Set("password", c.Password), nil
		} else if asked, no := page.Form("/signin/factor", "code"); no == nil {
			code, err := p.Code(p.ctx, c)
			if err != nil {
				return in, err
			}
			f, e = asked.Set("code", code), nil
		} else if asked, no := page.Form("/signin/terms"); no == nil {
			for _, name := range asked.Fields {
				asked.Set(name, "1")
			}
			f, e = asked, nil
		} else if e == nil {
			f.Set("email", c.Email)
		}
		if e != nil || page.Status >= 400 {
			return in, probe.Unseen(tpDark, page.Path, page.Status)
		}
		page, err = f.Send()
	}
	return in, probe.Because(err, tpDark, "/signin", 0)
}

func (m *Module) seeSharing(p *play) (seen core.Sight, err error) {
	c, err := p.Canary(p.ctx)
	if err != nil {
		return seen, err
	}
	p.witness(c, FlagSharing.Permission)
	if _, err := p.enterFrom(c, "198.51.100.7"); err != nil {
		return seen, err
	}
	own, err := p.enterFrom(c, "203.0.113.9")
	if err != nil {
		return seen, err
	}
	flags, times := 0, 0
	for times < 8 && flags == 0 {
		if err := m.watch(core.WithActor(p.ctx, core.System("probe")), c.Person); err != nil {
			return seen, err
		}
		times++
		err := p.read(func(tx core.Tx) error {
			list, err := m.keptFlags(p.ctx, tx, qFlagsOf, c.Person)
			flags = len(list)
			return err
		})
		if err != nil {
			return seen, err
		}
	}
	switch {
	case flags == 0:
		return probe.Broken(1, 1, tpUnflagged, times), nil
	case times < 2:
		return probe.Broken(1, 1, tpTooSoon), nil
	}
	letter, err := p.Letter(p.ctx, c, mailSharing.kind)
	if err != nil && core.KindOf(err) != core.NotFound {
		return seen, err
	}
	page, err := probe.Get(p.ctx, own, "/me/sharing")
	if err != nil || !strings.Contains(letter, "/not-me/") || !strings.Contains(page.Body, "computers") {
		return probe.Broken(1, 1, tpUntold), err
	}
	return probe.Held(1, 1, tpFlagged, times), nil
}
