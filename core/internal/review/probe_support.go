package review

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/probe"
)

func (m *Module) seeSupport(p *play) (seen core.Sight, err error) {
	admin, err := p.person("admin")
	if err != nil {
		return seen, err
	}
	staff, err := p.person("provider.support")
	if err != nil {
		return seen, err
	}
	p.witness(staff.Canary, AskSupport.Permission)
	const table = "/habilitations"
	enters := func(want bool) (bool, error) {
		status, _, err := staff.gets(table)
		return (status == http.StatusOK) == want, err
	}
	if as, err := enters(false); err != nil || !as {
		return probe.Broken(1, 1, tpUninvite), err
	}
	until := m.now().AddDate(0, 0, 2).Format(time.DateOnly)
	if err := staff.must("//provider/support", url.Values{"organization": {string(core.Canaries)}, "until": {until}, "reason": {"probe"}}); err != nil {
		return seen, err
	}
	if as, err := enters(false); err != nil || !as {
		return probe.Broken(1, 1, tpUninvite), err
	}
	var r Request
	err = p.read(func(tx core.Tx) error {
		all, err := m.keptRequests(p.ctx, tx, qSupportOf, staff.Person)
		if len(all) > 0 {
			r = all[0]
		}
		return err
	})
	if err != nil {
		return seen, err
	}
	if err := admin.must("/requests/"+string(r.ID)+"/judge", url.Values{"verdict": {"grant"}, "until": {until}}); err != nil {
		return seen, err
	}
	if as, err := enters(true); err != nil || !as {
		return probe.Broken(1, 1, tpShut), err
	}
	if status, err := staff.posts("/suspensions", url.Values{"scope": {"person"}, "person": {string(admin.Person)}, "reason": {"abuse"}, "text": {"probe"}}); err != nil || status < 400 {
		return probe.Broken(1, 1, tpWrites), err
	}
	held, err := p.held(staff.Canary)
	if err != nil || len(held) != 1 {
		return probe.Broken(1, 1, tpWrong, len(held)), err
	}
	if err := admin.must("/assignments/"+string(held[0].ID)+"/revoke", url.Values{"reason": {"probe"}}); err != nil {
		return seen, err
	}
	if as, err := enters(false); err != nil || !as {
		return probe.Broken(1, 1, tpLasting), err
	}
	live, wrong, err := m.staffAway(p.ctx)
	if wrong > 0 {
		return probe.Broken(live, live, tpWrong, wrong), err
	}
	return probe.Held(live, live, tpLetIn, live), err
}

// staffAway counts what staff holds in clients' organizations, and how much of it is not as it must be (KSK-1.3).
func (m *Module) staffAway(ctx context.Context) (live, wrong int, err error) {
	err = m.everyOrg(ctx, func(o core.Organization) error {
		if o.ID == core.Platform {
			return nil
		}
		return m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			all, err := m.needs.Lines.LiveIn(ctx, tx, o.ID)
			if err != nil {
				return err
			}
			for _, a := range all {
				is, err := m.needs.Lines.IsStaff(ctx, tx, a.Person)
				if err != nil {
					return err
				}
				if !is && a.Role != roleSupport {
					continue
				}
				live++
				if a.Role != roleSupport || a.Until.IsZero() || a.Reason == "" || a.Approver == "" || a.Until.Sub(a.From) > longestSupport+time.Hour {
					wrong++
				}
			}
			return nil
		})
	})
	return live, wrong, err
}
