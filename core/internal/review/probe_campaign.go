package review

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// underReview opens a review of what a canary holds, as the platform does when one is due.
func (p *play) underReview(c core.Canary) (Campaign, []Line, error) {
	ctx := core.WithActor(p.ctx, core.System("probe"))
	review := Campaign{Org: core.Canaries, ID: ids.New(), Origin: Planned, Scope: ScopePerson, Person: c.Person, Deadline: p.m.now().AddDate(0, 0, 1)}
	act := &core.Act{Def: BeginReview, Org: core.Canaries, Resource: review.ID, Subject: c.Person}
	err := p.m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := p.m.begin(ctx, tx, review)
		return err
	})
	if err != nil {
		return review, nil, err
	}
	return review, p.lines(review), nil
}

func (p *play) lines(c Campaign) (lines []Line) {
	_ = p.read(func(tx core.Tx) (err error) {
		lines, err = p.m.keptLines(p.ctx, tx, qLines, c.Org, c.ID, "", 100)
		return err
	})
	return lines
}

func (m *Module) seeCampaign(p *play) (seen core.Sight, err error) {
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	holder, err := p.person("auditor", "people")
	if err != nil {
		return seen, err
	}
	p.witness(holder.Canary, LapseLine.Permission)
	c, lines, err := p.underReview(holder.Canary)
	if err != nil {
		return seen, err
	}
	i := slices.IndexFunc(lines, func(l Line) bool { return l.Role == "people" })
	if len(lines) != 2 || i < 0 {
		return seen, probe.Unseen(tpDark, "review", len(lines))
	}
	answer := "/reviews/lines/" + string(lines[i].ID)
	keep := url.Values{"answer": {"keep"}, "word": {"probe"}}
	if status, err := holder.posts(answer, keep); err != nil || status < 400 {
		return probe.Broken(2, 2, tpOwnLine), err
	}
	if err := admin.must(answer, keep); err != nil {
		return seen, err
	}
	if err := m.close(core.WithActor(p.ctx, core.System("probe")), c); err != nil {
		return seen, err
	}
	if status, _, err := holder.gets(auditorPage); err != nil || status == http.StatusOK {
		return probe.Broken(2, 2, tpStays), err
	}
	if status, _, err := holder.gets(peoplePage); err != nil || status != http.StatusOK {
		return probe.Broken(2, 2, tpKeptOff), err
	}
	all, late, days := 0, 0, 0
	err = m.orgs(p.ctx, func(o core.Organization) error {
		all++
		return p.read(func(tx core.Tx) error {
			plan, err := m.plan(p.ctx, tx, o)
			if plan.Overdue {
				late++
			}
			days = max(days, plan.Days)
			return err
		})
	})
	seen = probe.Held(all, all, tpLapsed, all-late, all)
	if late > 0 {
		seen = probe.Broken(all, all, tpLate, late, all)
	}
	seen.Settings = map[string]string{"access.review_days": fmt.Sprint(days)}
	return seen, err
}

func (m *Module) seeMover(p *play) (seen core.Sight, err error) {
	boss, err := p.person()
	if err != nil {
		return seen, err
	}
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	mover, err := p.Canary(p.ctx, "auditor", "people")
	if err != nil {
		return seen, err
	}
	p.witness(mover, MoveReview.Permission)
	if err := admin.repost(mover, "another post", boss.Member); err != nil {
		return seen, err
	}
	var c Campaign
	err = p.read(func(tx core.Tx) error {
		all, err := db.All(p.ctx, tx, qCampaigns, scanCampaign, core.Canaries)
		for _, one := range all {
			if one.Person == mover.Person && one.Origin == Mover {
				c = one
			}
		}
		return err
	})
	lines := p.lines(c)
	i := slices.IndexFunc(lines, func(l Line) bool { return l.Role == "people" })
	if err != nil || i < 0 {
		return probe.Broken(1, 1, tpNoMove), err
	}
	answer := "/reviews/lines/" + string(lines[i].ID)
	keep := url.Values{"answer": {"keep"}, "word": {"probe"}}
	if status, err := admin.posts(answer, keep); err != nil || status < 400 {
		return probe.Broken(1, 1, tpByOther), err
	}
	if err := boss.must(answer, keep); err != nil {
		return seen, err
	}
	if err := m.close(core.WithActor(p.ctx, core.System("probe")), c); err != nil {
		return seen, err
	}
	held, err := p.held(mover)
	if err != nil || len(held) != 1 || held[0].Role != "people" {
		var names []string
		for _, a := range held {
			names = append(names, a.Role)
		}
		return probe.Broken(2, 2, tpHolds, strings.Join(names, ", ")), err
	}
	return probe.Held(2, 2, tpMoved), nil
}
