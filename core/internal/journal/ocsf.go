package journal

import (
	"encoding/json"
	"strings"

	"github.com/rempart/rempart/verify"
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
func ocsfClass(r *verify.Entry) (class, category, activity int) {
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

type ocsfWriter struct{ lines *json.Encoder }

// head gives the first or last line the form of an event, so that every line of the file is one.
func (o *ocsfWriter) head(line verify.Line, message string) error {
	return o.lines.Encode(map[string]any{
		"class_uid": classAPIActivity, "category_uid": 6, "activity_id": 99, "type_uid": classAPIActivity*100 + 99, "severity_id": 1,
		"message": message, "metadata": ocsfMetadata(""), "unmapped": map[string]any{"rempart": line},
	})
}

func ocsfMetadata(id string) map[string]any {
	m := map[string]any{"version": ocsfVersion, "product": map[string]string{"name": "Rempart", "vendor_name": "Rempart"}}
	if id != "" {
		m["uid"] = id
	}
	return m
}

func (o *ocsfWriter) begin(h verify.Header) error {
	return o.head(verify.Line{Header: &h}, "signed head of the journal")
}

func (o *ocsfWriter) end(e verify.End) error {
	return o.head(verify.Line{End: &e}, "signed list of the entries above")
}

func (o *ocsfWriter) entry(r *Row, l *verify.EntryLine) error {
	class, category, activity := ocsfClass(&r.Entry)
	status, severity := 1, 1
	if r.Outcome != "success" {
		status, severity = 2, 2
	}
	event := map[string]any{
		"class_uid": class, "category_uid": category, "activity_id": activity, "type_uid": class*100 + activity,
		"time": r.When.UnixMilli(), "severity_id": severity, "status_id": status, "status": r.Outcome, "message": r.Action,
		"metadata": ocsfMetadata(r.ID),
		"actor":    map[string]any{"user": map[string]any{"uid": r.Actor, "type": r.Kind}, "session": map[string]any{"uid": r.Connection.Session}},
		"api":      map[string]any{"operation": r.Action, "request": map[string]any{"uid": r.Request}},
		"resources": []map[string]any{{
			"type": r.Type, "uid": r.Resource,
		}},
		"src_endpoint": map[string]any{"ip": r.Address, "subnet_uid": r.Connection.Network},
		"http_request": map[string]any{"user_agent": r.Connection.Agent},
		"unmapped":     map[string]any{"rempart": verify.Line{Entry: l}, "changes": r.Content.Changes, "purpose": r.Purpose, "subjects": r.Subjects},
	}
	if r.Reason != "" {
		event["status_detail"] = r.Reason
	}
	if r.Content.Note != "" {
		event["comment"] = r.Content.Note
	}
	if len(r.Subjects) > 0 && class != classAPIActivity {
		event["user"] = map[string]any{"uid": r.Subjects[0]}
	}
	return o.lines.Encode(event)
}
