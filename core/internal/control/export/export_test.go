package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/annex/annextest"
	"github.com/rempart/rempart/core/internal/control/export"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/policies"
)

func write(t *testing.T, d annex.Document, f export.Format, l i18n.Lang) []byte {
	t.Helper()
	out, err := export.Write(i18n.With(context.Background(), l), d, f)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes
}

// schema compiles one of the published schemas. In draft 7 a name ($id) beside a $ref is not seen, and the published files
// have some; such a $ref is moved into an allOf, which says the same.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	doc := parsed(t, b)
	seen(doc)
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seen(v any) {
	switch v := v.(type) {
	case map[string]any:
		if ref, id := v["$ref"], v["$id"]; ref != nil && id != nil {
			v["allOf"] = []any{map[string]any{"$ref": ref}}
			delete(v, "$ref")
		}
		for _, one := range v {
			seen(one)
		}
	case []any:
		for _, one := range v {
			seen(one)
		}
	}
}

func parsed(t *testing.T, b []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestOSCALIsValid checks both documents against the schemas that NIST publishes, in both languages, and that the
// schemas would see a fault.
func TestOSCALIsValid(t *testing.T) {
	for form, name := range map[export.Format]string{
		export.Results: "oscal_assessment-results_schema.json", export.Component: "oscal_component_schema.json",
	} {
		s := schema(t, name)
		for _, l := range []i18n.Lang{i18n.FR, i18n.EN} {
			b := write(t, annextest.Fixture(), form, l)
			if dir := os.Getenv("REMPART_TEST_KEEP"); dir != "" {
				_ = os.WriteFile(dir+"/"+string(form)+".json", b, 0o600)
			}
			if err := s.Validate(parsed(t, b)); err != nil {
				t.Errorf("%s in %s: %v", form, l, err)
			}
			if again := write(t, annextest.Fixture(), form, l); !bytes.Equal(b, again) {
				t.Errorf("%s differs for the same state", form)
			}
			for _, want := range []string{"ACC-8.2", "USR-1", `"oscal-version": "1.0.6"`} {
				if !bytes.Contains(b, []byte(want)) {
					t.Errorf("%s does not hold %s", form, want)
				}
			}
		}
		broken := bytes.ReplaceAll(write(t, annextest.Fixture(), form, i18n.EN), []byte(`"ACC-8.2"`), []byte(`"8 2"`))
		if s.Validate(parsed(t, broken)) == nil {
			t.Errorf("%s: the schema lets a wrong control id pass", form)
		}
	}
}

// TestOSCALIsValidWithNothing: the first export, before any pack is in force, is a document too.
func TestOSCALIsValidWithNothing(t *testing.T) {
	d := annex.Document{At: annextest.At, Origin: "https://confiance.example", Provider: "Vigie", Organization: "Port", Software: "1"}
	for form, name := range map[export.Format]string{
		export.Results: "oscal_assessment-results_schema.json", export.Component: "oscal_component_schema.json",
	} {
		if err := schema(t, name).Validate(parsed(t, write(t, d, form, i18n.FR))); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
}

// TestOSCALIsValidWithEveryPolicy: every clause of every policy that ships, with every status, is valid in both languages.
func TestOSCALIsValidWithEveryPolicy(t *testing.T) {
	d := annextest.Fixture()
	all := []control.Status{control.Held, control.Attested, control.Broken, control.Stale, control.NotBuilt, control.Outside}
	d.Clauses = nil
	for _, p := range policies.Embedded() {
		for i := range p.Clauses {
			c := annex.ClauseOf(control.Clause{Clause: &p.Clauses[i], Pack: p.ID, Text: p.Clauses[i].Text, Status: all[len(d.Clauses)%len(all)]})
			c.Probes = annextest.Fixture().Clauses[0].Probes
			d.Clauses = append(d.Clauses, c)
		}
	}
	if len(d.Clauses) < 129 {
		t.Fatalf("only %d clauses", len(d.Clauses))
	}
	for form, name := range map[export.Format]string{
		export.Results: "oscal_assessment-results_schema.json", export.Component: "oscal_component_schema.json",
	} {
		s := schema(t, name)
		for _, l := range []i18n.Lang{i18n.FR, i18n.EN} {
			if err := s.Validate(parsed(t, write(t, d, form, l))); err != nil {
				t.Errorf("%s in %s: %v", form, l, err)
			}
		}
	}
}

// TestAFindingSaysHowItStands reads the assessment back as another tool would.
func TestAFindingSaysHowItStands(t *testing.T) {
	var doc struct {
		Results struct {
			Results []struct {
				Observations []struct{ UUID, Description, Collected, Expires string }
				Findings     []struct {
					Target struct {
						ID     string `json:"target-id"`
						Status struct{ State, Reason string }
					}
					Related []struct {
						UUID string `json:"observation-uuid"`
					} `json:"related-observations"`
				}
			}
		} `json:"assessment-results"`
	}
	if err := json.Unmarshal(write(t, annextest.Fixture(), export.Results, i18n.EN), &doc); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, o := range doc.Results.Results[0].Observations {
		known[o.UUID] = true
	}
	want := map[string]string{"ACC-8.2": "satisfied", "USR-1": "satisfied", "ACC-2.1": "not-satisfied", "CTI-26": "not-satisfied", "ACC-3.3": "not-satisfied", "KSK-3.1": "not-satisfied"}
	for _, f := range doc.Results.Results[0].Findings {
		if w := want[f.Target.ID]; w != "" && f.Target.Status.State != w {
			t.Errorf("%s is %s, want %s", f.Target.ID, f.Target.Status.State, w)
		}
		delete(want, f.Target.ID)
		if f.Target.Status.State == "satisfied" && len(f.Related) == 0 {
			t.Errorf("%s is satisfied without an observation", f.Target.ID)
		}
		for _, r := range f.Related {
			if !known[r.UUID] {
				t.Errorf("%s rests on an observation that is not there", f.Target.ID)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("no finding for %v", want)
	}
}

func TestOCSFIsAComplianceFindingPerClause(t *testing.T) {
	lines := bytes.Split(bytes.TrimSpace(write(t, annextest.Fixture(), export.OCSF, i18n.FR)), []byte("\n"))
	if len(lines) != len(annextest.Fixture().Clauses) {
		t.Fatalf("%d lines", len(lines))
	}
	want := map[string]float64{"ACC-8.2": 1, "ACC-2.1": 3, "CTI-26": 2, "USR-1": 1, "ACC-3.3": 99}
	for _, line := range lines {
		var e struct {
			Class      float64 `json:"class_uid"`
			Type       float64 `json:"type_uid"`
			Time       int64
			Severity   float64 `json:"severity_id"`
			Metadata   struct{ Version, UID string }
			Info       struct{ UID, Title string } `json:"finding_info"`
			Compliance struct {
				Control   string
				Standards []string
				Status    float64 `json:"status_id"`
			}
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Class != 2003 || e.Type != 200302 || e.Time != annextest.At.UnixMilli() || e.Metadata.Version == "" || e.Metadata.UID == "" || e.Info.UID == "" || e.Info.Title == "" || len(e.Compliance.Standards) == 0 || e.Severity == 0 {
			t.Errorf("a line lacks what its class demands: %s", line)
		}
		if w, ok := want[e.Compliance.Control]; ok && w != e.Compliance.Status {
			t.Errorf("%s has status %v, want %v", e.Compliance.Control, e.Compliance.Status, w)
		}
	}
}

func TestCSVRunsNothing(t *testing.T) {
	d := annextest.Fixture()
	d.Clauses[0].Why = core.Text{FR: "=HYPERLINK(\"x\")", EN: "@SUM(1)"}
	b := write(t, d, export.CSV, i18n.FR)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != len(d.Clauses)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[0][0] != "Politique" || rows[1][1] != "ACC-8.2" || rows[1][6] != "held" || rows[1][9] != "2026-11-22T13:05:09Z" {
		t.Errorf("%q", rows[:2])
	}
	if rows[1][7] != `'=HYPERLINK("x")` {
		t.Errorf("a formula stays: %q", rows[1][7])
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	if _, err := export.Write(context.Background(), annextest.Fixture(), "docx"); core.KindOf(err) != core.Invalid {
		t.Error(err)
	}
}
