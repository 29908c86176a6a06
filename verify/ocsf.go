package verify

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// OCSF 1.3 classes: https://schema.ocsf.io. The class follows what was acted on; the activity, what was done.
const (
	ocsfVersion = "1.3.0"

	classAccountChange  = 3001
	classAuthentication = 3002
	classEntity         = 3004
	classUserAccess     = 3005
	classAPIActivity    = 6003
)

// ocsfClass gives the class, its category and the activity of an entry.
func ocsfClass(r *EntryLine) (class, category, activity int) {
	switch {
	case r.Verb == "authenticate" || strings.HasPrefix(r.Action, "session.") || strings.HasPrefix(r.Action, "signin."):
		activity = 1 // logon
		if strings.HasSuffix(r.Action, ".end") || strings.HasSuffix(r.Action, "signout") {
			activity = 2
		}
		return classAuthentication, 3, activity
	case r.Type == "assignment" || r.Type == "role":
		activity = 1 // assign privileges
		if r.Verb == "delete" || strings.HasSuffix(r.Action, ".revoke") {
			activity = 2
		}
		return classUserAccess, 3, activity
	case r.Type == "account" || r.Type == "password" || r.Type == "factor":
		return classAccountChange, 3, map[string]int{"create": 1, "update": 99, "delete": 6, "read": 99, "export": 99}[r.Verb]
	case r.Verb == "read" || r.Verb == "export":
		return classAPIActivity, 6, 2
	}
	return classEntity, 3, map[string]int{"create": 1, "read": 2, "update": 3, "delete": 4}[r.Verb]
}

func ocsfMetadata(id string) map[string]any {
	m := map[string]any{"version": ocsfVersion, "product": map[string]string{"name": "Rempart", "vendor_name": "Rempart"}}
	if id != "" {
		m["uid"] = id
	}
	return m
}

// shown is what the parts of an entry say in clear.
type shown struct {
	address string
	from    struct {
		Network string `json:"network"`
		Agent   string `json:"agent"`
		Session string `json:"session"`
	}
	content struct {
		Changes []struct {
			Field  string `json:"field"`
			Before string `json:"before,omitempty"`
			After  string `json:"after,omitempty"`
		} `json:"changes"`
		Note string `json:"note"`
	}
}

func (l *EntryLine) shown() (s shown, err error) {
	for _, p := range l.Parts {
		if p.Plain == nil || err != nil {
			continue
		}
		switch p.Kind {
		case string(rune(Address)):
			s.address = *p.Plain
		case string(rune(Connection)):
			err = json.Unmarshal([]byte(*p.Plain), &s.from)
		case string(rune(Content)):
			err = json.Unmarshal([]byte(*p.Plain), &s.content)
		}
	}
	return s, err
}

// Text is the one form of a line in JSON Lines, without its newline.
func (l *Line) Text() ([]byte, error) { return jsonText(l) }

// OCSF is the one form of a line in an OCSF export, without its newline. The first and the last line have the form of an
// event too. What a collector reads of an event is made from the entry under unmapped.rempart, which carries the proof.
func (l *Line) OCSF() ([]byte, error) {
	if l.Entry != nil {
		return l.Entry.ocsf()
	}
	message := "signed list of the entries above"
	if l.Header != nil {
		message = "signed head of the journal"
	}
	return jsonText(map[string]any{
		"class_uid": classAPIActivity, "category_uid": 6, "activity_id": 99, "type_uid": classAPIActivity*100 + 99, "severity_id": 1,
		"message": message, "metadata": ocsfMetadata(""), "unmapped": map[string]any{"rempart": l},
	})
}

func (l *EntryLine) ocsf() ([]byte, error) {
	at, err := time.Parse(TimeForm, l.Time)
	if err != nil {
		return nil, err
	}
	s, err := l.shown()
	if err != nil {
		return nil, err
	}
	class, category, activity := ocsfClass(l)
	status, severity := 1, 1
	if l.Outcome != "success" {
		status, severity = 2, 2
	}
	event := map[string]any{
		"class_uid": class, "category_uid": category, "activity_id": activity, "type_uid": class*100 + activity,
		"time": at.UnixMilli(), "severity_id": severity, "status_id": status, "status": l.Outcome, "message": l.Action,
		"metadata": ocsfMetadata(l.ID),
		"actor":    map[string]any{"user": map[string]any{"uid": l.Actor, "type": l.Kind}, "session": map[string]any{"uid": s.from.Session}},
		"api":      map[string]any{"operation": l.Action, "request": map[string]any{"uid": l.Request}},
		"resources": []map[string]any{{
			"type": l.Type, "uid": l.Resource,
		}},
		"src_endpoint": map[string]any{"ip": s.address, "subnet_uid": s.from.Network},
		"http_request": map[string]any{"user_agent": s.from.Agent},
		"unmapped":     map[string]any{"rempart": Line{Entry: l}, "changes": s.content.Changes, "purpose": l.Purpose, "subjects": l.Subjects},
	}
	if l.Reason != "" {
		event["status_detail"] = l.Reason
	}
	if s.content.Note != "" {
		event["comment"] = s.content.Note
	}
	if len(l.Subjects) > 0 && class != classAPIActivity {
		event["user"] = map[string]any{"uid": l.Subjects[0]}
	}
	return jsonText(event)
}

// jsonText writes JSON on one line; a text may hold < and > as they are.
func jsonText(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
