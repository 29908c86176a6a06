package export

import (
	"crypto/sha1" //nolint:gosec // a UUID of version 5 is defined by it (RFC 9562, 5.5); it proves nothing
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/kit/clock"
)

const oscalVersion = "1.0.6"

// uuid gives the same UUID for the same name, so that two exports of one state are the same file.
func uuid(name ...string) string {
	h := sha1.New() //nolint:gosec // see the import
	h.Write([]byte("rempart.oscal\x00" + strings.Join(name, "\x00")))
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

type (
	object = map[string]any
	array  = []any
)

// filled leaves out what is empty: OSCAL has no empty string and no empty list.
func filled(o object) object {
	for k, v := range o {
		switch v := v.(type) {
		case string:
			if strings.TrimSpace(v) == "" {
				delete(o, k)
			}
		case array:
			if len(v) == 0 {
				delete(o, k)
			}
		}
	}
	return o
}

const namespace = "https://rempart.example/ns/oscal"

func prop(name, value string) object {
	return object{"name": name, "ns": namespace, "value": value}
}

func (w writer) self() string     { return uuid("component", w.d.Origin) }
func (w writer) provider() string { return uuid("party", w.d.Origin) }

func (w writer) metadata(title string) object {
	return object{
		"title": title, "last-modified": clock.Stamp(w.d.At), "version": number(int(w.d.Version)), "oscal-version": oscalVersion,
		"roles":               array{object{"id": "provider", "title": "Provider"}},
		"parties":             array{object{"uuid": w.provider(), "type": "organization", "name": w.d.Provider}},
		"responsible-parties": array{object{"role-id": "provider", "party-uuids": array{w.provider()}}},
	}
}

// source names the text that a pack's clauses come from.
func source(p annex.Pack) string {
	return "urn:rempart:policy:" + p.ID + ":" + p.Version + ":sha256:" + p.Hash
}

func (w writer) packs() []annex.Pack {
	all := slices.Clone(w.d.Packs)
	for _, c := range w.d.Clauses {
		if !slices.ContainsFunc(all, func(p annex.Pack) bool { return p.ID == c.Pack }) {
			all = append(all, annex.Pack{ID: c.Pack})
		}
	}
	return all
}

// component says what the product implements, clause by clause.
func (w writer) component() object {
	var implementations array
	for _, p := range w.packs() {
		var reqs array
		for _, c := range w.d.Clauses {
			if c.Pack == p.ID {
				reqs = append(reqs, w.requirement(c))
			}
		}
		if len(reqs) == 0 {
			continue
		}
		title := w.of(p.Title)
		if title == "" {
			title = p.ID
		}
		implementations = append(implementations, object{
			"uuid": uuid("implementation", w.d.Origin, p.ID), "source": source(p), "description": title, "implemented-requirements": reqs,
		})
	}
	return object{"component-definition": object{
		"uuid": uuid("component-definition", w.d.Origin, string(w.d.ID), clock.Stamp(w.d.At)), "metadata": w.metadata("Rempart " + w.d.Software),
		"components": array{filled(object{
			"uuid": w.self(), "type": "software", "title": "Rempart", "description": "Rempart " + w.d.Software + ", " + w.d.Origin,
			"control-implementations": implementations,
		})},
	}}
}

// states are the words of OSCAL for the state of an implementation.
var states = map[control.Status]string{
	control.Held: "implemented", control.Attested: "implemented", control.Broken: "partial", control.Stale: "partial",
	control.NotBuilt: "planned", control.Outside: "not-applicable",
}

func (w writer) requirement(c annex.Clause) object {
	props := array{prop("status", string(c.Status)), prop("implementation-status", states[c.Status])}
	for _, k := range c.Kinds {
		props = append(props, prop("kind", k))
	}
	for _, r := range c.References {
		props = append(props, prop("reference", r))
	}
	if !c.Evidence.IsZero() {
		props = append(props, prop("evidence", clock.Stamp(c.Evidence)))
	}
	var settings array
	for _, s := range c.Settings {
		if s.Value != "" {
			settings = append(settings, object{"param-id": s.Key, "values": array{s.Value}})
		}
	}
	return filled(object{
		"uuid": uuid("requirement", w.d.Origin, c.Pack, c.ID), "control-id": c.ID, "description": w.of(c.Text), "props": props,
		"set-parameters": settings, "remarks": w.of(c.Why),
	})
}

// results says what the probes and the attestations showed.
func (w writer) results() object {
	var observations, findings, controls array
	start, end := w.d.At, w.d.At
	seen := map[string]bool{}
	for _, c := range w.d.Clauses {
		controls = append(controls, object{"control-id": c.ID})
		var related array
		for _, p := range c.Probes {
			if p.End.IsZero() {
				continue
			}
			id := uuid("observation", string(p.Observation), p.ID, clock.Stamp(p.End))
			related = append(related, object{"observation-uuid": id})
			if !seen[id] {
				seen[id] = true
				observations = append(observations, w.observation(id, p))
				if p.Start.Before(start) {
					start = p.Start
				}
			}
		}
		for i, s := range c.Standings {
			id := uuid("attestation", c.Pack, c.ID, s.Kind, number(i), clock.Stamp(s.Signed))
			related = append(related, object{"observation-uuid": id})
			observations = append(observations, w.attestation(id, s))
		}
		findings = append(findings, w.finding(c, related))
	}
	result := filled(object{
		"uuid": uuid("result", w.d.Origin, string(w.d.ID), clock.Stamp(w.d.At)), "title": w.d.Provider, "description": "Rempart " + w.d.Software + ", " + w.d.Origin,
		"start": clock.Stamp(start), "end": clock.Stamp(end),
		"local-definitions": object{"components": array{object{
			"uuid": w.self(), "type": "software", "title": "Rempart", "description": "Rempart " + w.d.Software, "status": object{"state": "operational"},
		}}},
		"reviewed-controls": object{"control-selections": array{filled(object{"include-controls": unique(controls)})}},
		"observations":      observations, "findings": findings,
	})
	return object{"assessment-results": object{
		"uuid": uuid("assessment-results", w.d.Origin, string(w.d.ID), clock.Stamp(w.d.At)), "metadata": w.metadata("Rempart: " + w.d.Organization),
		"import-ap": object{"href": "urn:rempart:verify"}, "results": array{result},
	}}
}

// unique keeps one of each clause: two packs may share an id.
func unique(list array) array {
	seen := map[any]bool{}
	return slices.DeleteFunc(list, func(v any) bool {
		id := v.(object)["control-id"]
		was := seen[id]
		seen[id] = true
		return was
	})
}

func (w writer) observation(id string, p annex.Probe) object {
	props := array{prop("probe", p.ID), prop("status", string(p.Status)), prop("sample", number(p.Sample)), prop("population", number(p.Population))}
	for _, k := range slices.Sorted(maps.Keys(p.Settings)) {
		if v := strings.TrimSpace(p.Settings[k]); v != "" {
			props = append(props, prop("setting-"+k, v))
		}
	}
	said := w.of(p.Why)
	if said == "" {
		said = w.of(p.Title)
	}
	o := object{
		"uuid": id, "title": w.of(p.Title), "description": said, "methods": array{"TEST"}, "types": array{"control-objective"},
		"collected": clock.Stamp(p.End), "props": props,
		"origins":  array{object{"actors": array{object{"type": "tool", "actor-uuid": w.self()}}}},
		"subjects": array{object{"subject-uuid": w.self(), "type": "component"}},
	}
	if !p.Expires.IsZero() {
		o["expires"] = clock.Stamp(p.Expires)
	}
	if p.Entry != "" {
		o["relevant-evidence"] = array{object{
			"href":        "urn:rempart:journal:" + string(p.Log) + ":" + string(p.Entry),
			"description": fmt.Sprintf("Journal entry %s of log %s; the log held %d entries.", p.Entry, p.Log, p.Position),
		}}
	}
	return filled(o)
}

func (w writer) attestation(id string, s annex.Standing) object {
	o := object{
		"uuid": id, "description": w.of(s.Named()), "methods": array{"EXAMINE"}, "types": array{"control-objective"}, "collected": clock.Stamp(s.Signed),
		"origins": array{object{"actors": array{object{"type": "party", "actor-uuid": w.provider()}}}},
	}
	if !s.Until.IsZero() {
		o["expires"] = clock.Stamp(s.Until)
	}
	if s.Evidence != "" {
		o["relevant-evidence"] = array{object{"href": "urn:sha256:" + s.Evidence, "description": "SHA-256 of the evidence files."}}
	}
	return o
}

func (w writer) finding(c annex.Clause, related array) object {
	state, reason := "not-satisfied", "other"
	switch c.Status {
	case control.Held, control.Attested:
		state, reason = "satisfied", "pass"
	case control.Broken:
		reason = "fail"
	}
	said := w.of(c.Why)
	if said == "" {
		said = string(c.Status)
	}
	return filled(object{
		"uuid": uuid("finding", w.d.Origin, string(w.d.ID), c.Pack, c.ID, clock.Stamp(w.d.At)), "title": c.ID + " " + w.of(c.Title), "description": w.of(c.Text),
		"props": array{prop("status", string(c.Status)), prop("policy", c.Pack)},
		"target": object{
			"type": "objective-id", "target-id": c.ID, "status": object{"state": state, "reason": reason, "remarks": said},
			"implementation-status": object{"state": states[c.Status]},
		},
		"related-observations": related,
	})
}

func since(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
