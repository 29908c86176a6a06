package web

import (
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/verify"
)

// Titles names a permission for people; ok is false for one that no module declares (any more).
type Titles func(core.Permission) (title core.Text, ok bool)

type pages struct {
	x      *journal.Explorer
	titles Titles
}

// Routes are the pages of the journal: of an organization, and of the platform for provider staff.
func Routes(x *journal.Explorer, titles Titles) []edge.Route {
	if titles == nil {
		titles = func(core.Permission) (core.Text, bool) { return core.Text{}, false }
	}
	p := pages{x, titles}
	var all []edge.Route
	for _, prefix := range []string{"/o/{org}/journal", "/provider/journal"} {
		all = append(all,
			edge.Route{Pattern: "GET " + prefix, Access: edge.Needs(&journal.Read), Handle: p.list},
			edge.Route{Pattern: "POST " + prefix + "/visit", Access: edge.Needs(&journal.Open), Handle: p.visit},
			edge.Route{Pattern: "POST " + prefix + "/search", Access: edge.Needs(&journal.Save), Handle: p.search},
			edge.Route{Pattern: "POST " + prefix + "/searches", Access: edge.Needs(&journal.Save), Handle: p.save},
			edge.Route{Pattern: "POST " + prefix + "/searches/forget", Access: edge.Needs(&journal.Save), Handle: p.forget},
			edge.Route{Pattern: "POST " + prefix + "/verify", Access: edge.Needs(&journal.Check), Handle: p.verify},
			edge.Route{Pattern: "GET " + prefix + "/export", Access: edge.Needs(&journal.Export), Handle: p.export, Deadline: 10 * time.Minute},
			edge.Route{Pattern: "GET " + prefix + "/entries/{seq}", Access: edge.Needs(&journal.Read), Handle: p.entry},
		)
	}
	return all
}

// WitnessRoutes let other installations, whose public keys are known, have their checkpoints cosigned here
// (C2SP tlog-witness); none when no key is known.
func WitnessRoutes(m *journal.Module, known ...verify.Key) []edge.Route {
	if len(known) == 0 {
		return nil
	}
	add := m.AddCheckpoint(known...)
	return []edge.Route{{
		Pattern: "POST /witness/add-checkpoint",
		Access:  edge.Public("The witness protocol: only checkpoints signed by a known journal are answered, and nothing of this installation is shown."),
		Handle: func(w http.ResponseWriter, r *http.Request) error {
			add.ServeHTTP(w, r)
			return nil
		},
	}}
}

// where is the journal that a request asks for.
type where struct {
	org     core.ID
	path    string // of its first page
	section string // of the menu
}

func whereIs(r *http.Request) where {
	if org := core.ID(r.PathValue("org")); !org.IsZero() {
		return where{org, "/o/" + string(org) + "/journal", ui.Journal}
	}
	return where{core.Platform, "/provider/journal", ui.ProviderLog}
}
