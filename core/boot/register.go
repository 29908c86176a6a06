package boot

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/sensitive"
)

// Registrar is the door of the register, for the rooms that read it.
func (h *House) registrar() personal.Registrar { return h.register }

// recorded makes the room of the record of processing activities.
func (h *House) recorded(doors *late) *register.Module {
	return register.New(register.Needs{
		Gate: &doors.gate, DB: h.db, Vault: h.keys, Pretended: h.pretends, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, People: &doors.identity, Orgs: &doors.organizations,
		Around: &around{h: h, rooms: sync.OnceValue(h.probeRooms)}, Log: h.cfg.Log,
	})
}

// around tells the register what the other rooms know.
type around struct {
	h     *House
	rooms func() map[string]string
}

// Contact gives where an organization's data-protection officer is written to.
func (a *around) Contact(ctx context.Context, tx core.Tx, org core.ID) (string, error) {
	c, err := a.h.settings.Contacts(ctx, tx, org)
	return c.DPO, err
}

// Values gives the settings in force of an organization.
func (a *around) Values(ctx context.Context, tx core.Tx, org core.ID) (map[string]string, error) {
	return a.h.settings.Values(ctx, tx, org)
}

// Processors gives the sub-processors in use.
func (a *around) Processors(ctx context.Context, tx core.Tx) (list []register.Processor, err error) {
	rows, err := a.h.inventory.InUse(ctx, tx)
	for _, v := range rows {
		list = append(list, register.Processor{Name: v["label"], Service: v["service"], Country: v["country"], Outside: v.Outside(), Ground: v["ground"], Data: v["data"]})
	}
	return list, err
}

// Measures gives the clauses in force for an organization, with the rooms whose probes they rest on.
func (a *around) Measures(ctx context.Context, tx core.Tx, org core.ID) (list []register.Measure, err error) {
	clauses, err := a.h.control.InForce(ctx, tx, org)
	rooms := a.rooms()
	at := "/provider/controls/clauses/"
	if org != core.Platform {
		at = "/o/" + string(org) + "/controls/clauses/"
	}
	for _, c := range clauses {
		m := register.Measure{Clause: c.ID, Title: c.Title, State: string(c.Status), Href: at + c.Pack + "/" + c.ID}
		for _, p := range c.Clause.Probes {
			if room := rooms[p]; room != "" && !slices.Contains(m.Modules, room) {
				m.Modules = append(m.Modules, room)
			}
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b register.Measure) int { return cmp.Compare(a.Clause, b.Clause) })
	return list, err
}

// probeRooms gives the room of each probe.
func (h *House) probeRooms() map[string]string {
	rooms := map[string]string{}
	for _, m := range h.modules {
		if p, ok := m.(prober); ok {
			name := strings.TrimSuffix(m.Manifest().Module, "-probes")
			for _, one := range p.Probes() {
				rooms[one.ID] = name
			}
		}
	}
	return rooms
}

// secretive are parts of the names of fields that are not read by anybody, the watch over free text included.
var secretive = []string{"password", "secret", "code", "token", "hash", "draft"}

// typed looks at what a form sent (KSK-1.1) and warns whoever typed it.
func (h *House) typed(r *http.Request) string {
	return register.Warning(r.Context(), h.watched(r, r.PostForm))
}

// sent looks at what came by the API in the same way, and names the categories to the program that sent it.
func (h *House) sent(r *http.Request, said url.Values) string {
	var names []string
	for _, c := range h.watched(r, said) {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// watched is the one look at free text, wherever it comes from; the register counts by category.
func (h *House) watched(r *http.Request, said url.Values) []sensitive.Category {
	var texts []string
	for name, values := range said {
		if !slices.ContainsFunc(secretive, func(part string) bool { return strings.Contains(name, part) }) {
			texts = append(texts, values...)
		}
	}
	return h.register.Watch(r.Context(), core.ID(r.PathValue("org")), texts)
}
