package boot

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/archive"
	archiveweb "github.com/rempart/rempart/core/internal/archive/web"
	"github.com/rempart/rempart/core/internal/control/data"
	journalweb "github.com/rempart/rempart/core/internal/journal/web"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/jobs"
)

// jobArchive builds an archive.
const jobArchive = "archive.build"

// archives makes the room of what a person sees and takes of their own data.
func (h *House) archives(doors *late, spool func() (io.ReadWriteSeeker, func() error, error)) *archive.Module {
	return archive.New(archive.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, People: h.identity, Restrainer: h.restraint, Origin: h.cfg.Origin,
		Modules: func() []core.Module { return h.modules }, Manifests: sync.OnceValue(h.Manifests), Seen: h.seenBy, Spool: spool,
		Enqueue: func(ctx context.Context, tx core.Tx, id core.ID) error {
			_, err := h.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobArchive, Org: core.Platform, Key: string(id), Payload: map[string]core.ID{"archive": id}})
			return err
		},
		OrgName: func(ctx context.Context, tx core.Tx, org core.ID) (string, error) {
			o, err := h.organizations.Org(ctx, tx, org)
			return o.Name, err
		},
		StandsIn: func(ctx context.Context, c core.Canary) ([]string, error) {
			for _, room := range h.modules {
				if d, ok := room.(*data.Module); ok {
					return d.StandsIn(ctx, c)
				}
			}
			return nil, errors.New("boot: no room looks at data")
		},
		Eraser: func() personal.Eraser { return h.erasure },
	})
}

// scheduleArchives says who builds archives.
func (h *House) scheduleArchives() {
	h.jobs.Handle(jobArchive, func(ctx context.Context, run jobs.Run) error { return h.archive.BuildOne(ctx, run.Payload["archive"]) })
}

// spool makes a file that has no name from its first moment: nothing of it is left when the process ends.
func (h *House) spool() (io.ReadWriteSeeker, func() error, error) {
	f, err := os.CreateTemp(h.cfg.Data, ".archive-*")
	if err != nil {
		return nil, nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, f.Close, nil
}

var (
	tStaff   = core.Text{FR: "équipe du prestataire", EN: "the provider's staff"}
	tProgram = core.Text{FR: "un programme", EN: "a program"}
	tMember  = core.Text{FR: "un membre", EN: "a member"}
	tFormer  = core.Text{FR: "une personne qui n'y est plus", EN: "somebody who is no longer there"}
)

// seenBy tells who else saw a person's data: where it was done and what they are there, never who they are.
func (h *House) seenBy(ctx context.Context, tx core.Tx, person core.ID, limit int) ([]archive.Seen, error) {
	members, err := h.organizations.Memberships(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	logs, names := []core.ID{core.Platform}, map[core.ID]string{}
	for _, m := range members {
		if names[m.Org] = m.OrgName; !slices.Contains(logs, m.Org) {
			logs = append(logs, m.Org)
		}
	}
	list, err := h.journal.Seen(ctx, tx, person, limit, logs...)
	if err != nil {
		return nil, err
	}
	if o, err := h.organizations.Org(ctx, tx, core.Platform); err == nil {
		names[core.Platform] = o.Name
	}
	titles, roles := h.actTitles(), map[[2]core.ID]core.Text{}
	out := make([]archive.Seen, len(list))
	for i, s := range list {
		out[i] = archive.Seen{At: s.At, Action: titled(titles, s.Action), Org: names[s.Log], Refuse: s.Refuse}
		switch s.Kind {
		case "staff":
			out[i].Who = tStaff
		case "service":
			out[i].Who = tProgram
		default:
			key := [2]core.ID{s.Log, s.Actor}
			if _, known := roles[key]; !known {
				if roles[key], err = h.standing(ctx, tx, s.Log, s.Actor); err != nil {
					return nil, err
				}
			}
			out[i].Who = roles[key]
		}
	}
	return out, nil
}

// standing says what somebody is in an organization now: their first role there.
func (h *House) standing(ctx context.Context, tx core.Tx, org, person core.ID) (core.Text, error) {
	given, err := h.access.LiveIn(ctx, tx, org)
	if err != nil {
		return core.Text{}, err
	}
	for _, a := range given {
		if a.Person == person {
			return h.roleTitle(ctx, tx, org, a.Role)
		}
	}
	if _, there, err := h.organizations.MemberOf(ctx, tx, org, person); err != nil || there {
		return tMember, err
	}
	return tFormer, nil
}

// titled says an act in words; one that is no longer declared stands by its name.
func titled(titles journalweb.Titles, p core.Permission) core.Text {
	if t, ok := titles(p); ok {
		return t
	}
	return core.Text{FR: string(p), EN: string(p)}
}

var (
	tShares    = i18n.T("Consentements et partages", "Consents and shares")
	tSharesSay = i18n.T("Ce que vous avez accepté et ce que vous partagez, à reprendre aussi facilement.", "What you have accepted and what you share, to take back as easily.")
	tRights    = i18n.T("Exercer un droit", "Exercise a right")
	tRightsSay = i18n.T("Accès, rectification, effacement, opposition, limitation, portabilité : une réponse vous est due dans le mois.", "Access, rectification, erasure, objection, restriction, portability: an answer is due to you within one month.")
)

// ways are the pages of other rooms that the page of one's own data leads to.
func (h *House) ways() []archiveweb.Way {
	return []archiveweb.Way{{Label: tShares, Says: tSharesSay, Href: "/me/shares"}, {Label: tRights, Says: tRightsSay, Href: "/me/rights"}}
}
