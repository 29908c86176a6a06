package review

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.look("review.request", tpRequest, m.seeRequest, unjudged, ungiven),
		m.look("review.campaign", tpCampaign, m.seeCampaign, unrevoked("review.campaign"), neverDue),
		m.look("review.mover", tpMover, m.seeMover, unrevoked("review.mover"), unseenMove),
		m.look("review.leaver", tpLeaver, m.seeLeaver, unrevoked("review.leaver"), undead, tokenLives),
		m.look("review.dormant", tpDormant, m.seeDormant, awake, asleep),
		m.look("account.sharing", tpSharing, m.seeSharing, unflagged, unseenOverlap),
		m.look("organization.support", tpSupport, m.seeSupport, selfInvited, endless, everywhere),
	}
}

func (m *Module) look(id string, title i18n.Sentence, see func(*play) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Faults: faults, Run: func(ctx context.Context, s core.Stage) (core.Sight, error) {
		p := &play{ctx: ctx, m: m, Stage: s}
		seen, err := see(p)
		if err != nil {
			return core.Sight{}, err
		}
		for c, action := range p.witnesses {
			some, err := s.Witness(ctx, c, action)
			if err != nil {
				return core.Sight{}, err
			}
			seen.Entries = append(seen.Entries, some...)
		}
		return seen, nil
	}}
}

// play is one run of a probe.
type play struct {
	core.Stage
	ctx       context.Context
	m         *Module
	witnesses map[core.Canary]core.Permission
}

func (p *play) witness(c core.Canary, action core.Permission) {
	if p.witnesses == nil {
		p.witnesses = map[core.Canary]core.Permission{}
	}
	p.witnesses[c] = action
}

// person is a canary with a browser.
type person struct {
	core.Canary
	in *http.Client
	p  *play
}

func (p *play) person(roles ...string) (*person, error) {
	c, err := p.Canary(p.ctx, roles...)
	if err != nil {
		return nil, err
	}
	in, err := p.Enter(p.ctx, c)
	return &person{c, in, p}, err
}

// gets gives the status of a page of the canary organization, or of another address when it starts with "//".
func (w *person) gets(path string) (int, string, error) {
	a, err := probe.Get(w.p.ctx, w.in, address(path))
	return a.Status, a.Body, err
}

func address(path string) string {
	if rest, other := strings.CutPrefix(path, "//"); other {
		return "/" + rest
	}
	return at(core.Canaries) + path
}

func at(org core.ID) string { return "/o/" + string(org) }

func (w *person) posts(path string, form url.Values) (int, error) {
	a, err := probe.Post(w.p.ctx, w.in, address(path), form)
	return a.Status, err
}

// must is posts for what the probe needs before it can look.
func (w *person) must(path string, form url.Values) error {
	status, err := w.posts(path, form)
	if err == nil && status >= 400 {
		err = probe.Unseen(tpDark, path, status)
	}
	return err
}

// calls asks the API with the session, as the pages' own origin.
func (w *person) calls(method, path string, body any, head http.Header) (probe.Answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return probe.Answer{}, err
	}
	r, err := http.NewRequestWithContext(w.p.ctx, method, path, strings.NewReader(string(text)))
	if err != nil {
		return probe.Answer{}, err
	}
	r.Header = head.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", "application/json")
	return probe.Do(w.in, r)
}

// repost changes the post of a canary as an administrator does.
func (w *person) repost(who core.Canary, function string, manager core.ID) error {
	path := "/api/v1/organizations/" + string(core.Canaries) + "/members/" + string(who.Member)
	a, err := probe.Get(w.p.ctx, w.in, path)
	if err != nil {
		return err
	}
	form := map[string]any{"given_name": "Canari", "family_name": "Sonde", "function": function, "manager": manager}
	if a, err = w.calls(http.MethodPut, path, form, http.Header{"If-Match": {a.Header.Get("ETag")}}); err == nil && a.Status >= 400 {
		err = probe.Unseen(tpDark, "members", a.Status)
	}
	return err
}

// Pages that a role opens: what an auditor reads, what the people office exports.
const (
	auditorPage = "/habilitations/file"
	peoplePage  = "/members/export?format=csv"
)

func (p *play) read(fn func(tx core.Tx) error) error { return p.m.needs.Reader.Read(p.ctx, fn) }

func (p *play) held(c core.Canary) (list []core.Assignment, err error) {
	err = p.read(func(tx core.Tx) error {
		all, err := p.m.needs.Lines.AssignmentsOf(p.ctx, tx, c.Person)
		list = slices.DeleteFunc(all, func(a core.Assignment) bool { return a.Org != core.Canaries })
		return err
	})
	return list, err
}

func (m *Module) seeRequest(p *play) (seen core.Sight, err error) {
	boss, err := p.person()
	if err != nil {
		return seen, err
	}
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	asker, err := p.person()
	if err != nil {
		return seen, err
	}
	p.witness(asker.Canary, JudgeRequest.Permission)
	if err := admin.repost(asker.Canary, "canary", boss.Member); err != nil {
		return seen, err
	}
	until := m.now().AddDate(0, 0, 3).Format(time.DateOnly)
	if err := asker.must("/requests", url.Values{"role": {"auditor"}, "until": {until}, "reason": {"probe"}}); err != nil {
		return seen, err
	}
	opens := func() (bool, error) { status, _, err := asker.gets(auditorPage); return status == http.StatusOK, err }
	var r Request
	err = p.read(func(tx core.Tx) (err error) {
		all, err := m.keptRequests(p.ctx, tx, qRequestsOf, core.Canaries, asker.Person)
		if len(all) > 0 {
			r = all[0]
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	if is, err := opens(); err != nil || is {
		return probe.Broken(1, 1, tpEarly), err
	}
	judge := "/requests/" + string(r.ID) + "/judge"
	grant := url.Values{"verdict": {"grant"}, "until": {until}, "word": {"probe"}}
	if status, err := asker.posts(judge, grant); err != nil || status < 400 {
		return probe.Broken(1, 1, tpSelf), err
	}
	if _, err := boss.posts(judge, grant); err != nil {
		return seen, err
	}
	if is, err := opens(); err != nil || is {
		return probe.Broken(1, 1, tpAlone), err
	}
	if _, err := admin.posts(judge, grant); err != nil {
		return seen, err
	}
	if is, err := opens(); err != nil || !is {
		return probe.Broken(1, 1, tpNoRole), err
	}
	held, err := p.held(asker.Canary)
	if err != nil || len(held) != 1 || held[0].Until.IsZero() || held[0].Approver != admin.Person {
		return probe.Broken(1, 1, tpEndless), err
	}
	return probe.Held(1, 1, tpJudged, 3), nil
}
