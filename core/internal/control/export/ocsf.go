package export

import (
	"bytes"
	"encoding/json"

	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/kit/clock"
)

// OCSF 1.3, Compliance Finding: https://schema.ocsf.io/1.3.0/classes/compliance_finding.
const (
	ocsfVersion  = "1.3.0"
	findingClass = 2003
	findings     = 2 // category
	update       = 2 // activity: the state of a finding as it is now
)

// ocsf writes one Compliance Finding per clause and line.
func (w writer) ocsf(name string) (File, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, c := range w.d.Clauses {
		if err := lines.Encode(w.compliance(c)); err != nil {
			return File{}, err
		}
	}
	return File{name + ".jsonl", "application/x-ndjson", b.Bytes()}, nil
}

// verdict gives the status of compliance (1 pass, 2 warning, 3 fail, 99 other) and the severity (1 informational to 5).
func verdict(s control.Status) (id int, word string, severity int) {
	switch s {
	case control.Held, control.Attested:
		return 1, "Pass", 1
	case control.Stale:
		return 2, "Warning", 3
	case control.Broken:
		return 3, "Fail", 4
	}
	return 99, "Other", 1
}

func (w writer) compliance(c annex.Clause) object {
	status, word, severity := verdict(c.Status)
	title := w.of(c.Title)
	requirements := array{c.ID}
	for _, r := range c.References {
		requirements = append(requirements, r)
	}
	var evidences array
	for _, p := range c.Probes {
		if p.End.IsZero() {
			continue
		}
		evidences = append(evidences, object{"data": object{
			"probe": p.ID, "status": p.Status, "said": w.of(p.Why), "sample": p.Sample, "population": p.Population, "settings": p.Settings,
			"began": clock.Stamp(p.Start), "ended": clock.Stamp(p.End), "log": p.Log, "entry": p.Entry, "position": p.Position,
		}})
	}
	for _, s := range c.Standings {
		evidences = append(evidences, object{"data": object{"attestation": s.Kind, "signed": clock.Stamp(s.Signed), "until": clock.Stamp(s.Until), "sha256": s.Evidence}})
	}
	finding := object{"uid": c.Pack + "/" + c.ID, "title": c.ID + " " + title, "desc": w.of(c.Text), "types": c.Kinds}
	if !c.Since.IsZero() {
		finding["modified_time"] = since(c.Since)
	}
	if !c.Evidence.IsZero() {
		finding["last_seen_time"] = since(c.Evidence)
	}
	state, stateWord := 1, "New"
	if status == 1 {
		state, stateWord = 4, "Resolved"
	}
	return filled(object{
		"class_uid": findingClass, "class_name": "Compliance Finding", "category_uid": findings, "category_name": "Findings",
		"activity_id": update, "activity_name": "Update", "type_uid": findingClass*100 + update,
		"time": w.d.At.UnixMilli(), "severity_id": severity, "status_id": state, "status": stateWord, "message": w.of(c.Why),
		"metadata":     object{"version": ocsfVersion, "uid": uuid("ocsf", w.d.Origin, c.Pack, c.ID, clock.Stamp(w.d.At)), "product": object{"name": "Rempart", "vendor_name": "Rempart", "version": w.d.Software}},
		"finding_info": finding,
		"compliance": object{
			"control": c.ID, "requirements": requirements, "standards": array{c.Pack}, "status_id": status, "status": word, "status_detail": string(c.Status),
		},
		"resources": array{object{"name": w.d.Origin, "type": "service", "uid": w.self()}},
		"evidences": evidences,
	})
}
