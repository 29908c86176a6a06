package source_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source"
)

var mapping = source.Mapping{
	Version: 1, Region: "FR", Name: []string{"first", "last"}, Company: "company", Numbers: []string{"phone", "mobile"},
	Shown: map[string]string{"Ville": "city"}, Scripts: map[string]string{"customer": "id"},
}

// TestNothingButMappedFieldsLeavesARecord plants a canary in every other field, and in the key.
func TestNothingButMappedFieldsLeavesARecord(t *testing.T) {
	r := source.Record{Key: "7", Fields: map[string][]string{
		"first": {"Maëlle"}, "last": {"Kervarec"}, "company": {"Alizé"}, "phone": {"01 42 00 00 00"}, "mobile": {"06 12 34 56 78 / canary words"}, "city": {"Brest"}, "id": {"7"},
		"salary": {"canary"}, "note": {"canary 06 99 99 99 99"}, "email": {"canary@x.example"}, "Ville": {"canary"}, "customer": {"canary"}, "": {"canary"},
	}}
	row, _, err := mapping.Apply(r)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v", row); strings.Contains(text, "canary") || strings.Contains(text, "99") {
		t.Errorf("a field that nobody chose survives: %s", text)
	}
	if row.Name != "Maëlle Kervarec" || row.Company != "Alizé" || !slices.Contains(row.Numbers, "+33142000000") || row.Shown["Ville"] != "Brest" || row.Scripts["customer"] != "7" {
		t.Errorf("%+v", row)
	}
}

func TestTheReportSaysWhatBecameOfEachNumber(t *testing.T) {
	r := source.Record{Key: "7", Fields: map[string][]string{"first": {"M"}, "phone": {"+33142000000", "01.42.00.00.00", "3631", "", "to be asked"}, "mobile": {"0612345678"}}}
	row, report, err := mapping.Apply(r)
	if err != nil || fmt.Sprint(row.Numbers) != "[+33142000000 +33612345678]" {
		t.Fatal(row, err)
	}
	var got []string
	for _, f := range report.Findings {
		got = append(got, fmt.Sprint(f.Field, " ", f.Raw, " ", f.Verdict, " ", f.Why))
	}
	for i, want := range []string{"phone +33142000000 good ", "phone 01.42.00.00.00 duplicate ", "phone 3631 refused short", "phone to be asked refused letters", "mobile 0612345678 good "} {
		if i >= len(got) || got[i] != want {
			t.Errorf("finding %d of %q, want %q", i, got, want)
		}
	}
	if _, report, _ = mapping.Apply(source.Record{Key: "8", Fields: map[string][]string{"phone": {"+33 (0)6 12 34 56 78"}}}); len(report.Findings) != 1 || report.Findings[0].Verdict != source.Repaired {
		t.Errorf("%+v", report)
	}
	if row, _, err := mapping.Apply(source.Record{Key: "9", Fields: map[string][]string{"first": {"canary"}}}); err != nil || row.Name != "" {
		t.Error("a record without numbers gives more than its key", row, err)
	}
	if _, _, err := mapping.Apply(source.Record{}); core.CodeOf(err) != "source.record_without_key" {
		t.Error(err)
	}
}

func TestWhatNobodySeesIsTakenOutOfNames(t *testing.T) {
	r := source.Record{Key: "1", Fields: map[string][]string{"first": {"Ma\u202eëlle\u200b\x00\r\nAnne"}, "last": {strings.Repeat("é", 600)}, "phone": {"0612345678"}, "city": {"a", "a", " b "}}}
	row, report, err := mapping.Apply(r)
	if err != nil || !strings.HasPrefix(row.Name, "Maëlle Anne éé") || len(row.Name) > 500 || row.Shown["Ville"] != "a, b" || report.Cut != 1 {
		t.Errorf("%q %v %+v %v", row.Name, row.Shown, report.Cut, err)
	}
}

func TestMappingsAreProposed(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string
		rows   [][]string
		want   string
	}{
		"french": {
			fields: []string{"Code client", "Nom", "Prénom", "Raison sociale", "Téléphone fixe", "Tél. portable", "Télécopie", "Ville", "Salaire", "E-mail"},
			want:   "[Prénom Nom] Raison sociale [Téléphone fixe Tél. portable] map[Ville:Ville] map[id:Code client]",
		},
		"english": {
			fields: []string{"id", "first_name", "lastName", "company_name", "phone1", "mobile_phone", "fax_phone", "city", "phone_type"},
			want:   "[first_name lastName] company_name [phone1 mobile_phone] map[City:city] map[id:id]",
		},
		"directory": {
			fields: []string{"dn", "cn", "sn", "o", "telephoneNumber", "mobile", "facsimileTelephoneNumber", "l"},
			want:   "[cn] o [telephoneNumber mobile] map[L:l] map[]",
		},
		"salesforce": {
			fields: []string{"Id", "Name", "Account.Name", "Phone", "MobilePhone", "HomePhone", "MailingCity"},
			want:   "[Name] Account.Name [Phone MobilePhone HomePhone] map[MailingCity:MailingCity] map[id:Id]",
		},
		"vcard": {
			fields: []string{"name", "first_name", "last_name", "company", "phone", "phone_mobile", "phone_work", "phone_home", "phone_fax", "uid"},
			want:   "[first_name last_name] company [phone] map[] map[]",
		},
		"by what they hold": {
			fields: []string{"A", "B", "mobile", "SIREN"},
			rows:   [][]string{{"Maëlle", "01 42 00 00 00", "yes", "552100554"}, {"Îlse", "+33612345678", "no", "552100555"}, {"Zoé", "0298000000", "yes", "552100556"}},
			want:   "[]  [B] map[] map[]",
		},
	} {
		var rows []source.Record
		for _, row := range c.rows {
			r := source.Record{Fields: map[string][]string{}}
			for i, v := range row {
				r.Fields[c.fields[i]] = []string{v}
			}
			rows = append(rows, r)
		}
		m := source.Guess(c.fields, rows)
		if got := fmt.Sprint(m.Name, " ", m.Company, " ", m.Numbers, " ", m.Shown, " ", m.Scripts); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if err := m.Check(c.fields); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileIsOpenedMappedAndSampled(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "contacts.csv"), []byte("id;Nom;Téléphone\n1;Maëlle;0612345678\n2;Îlse;0712345678\n3;Zoé;0812345678\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "source.yaml")
	c, err := source.Parse(config, []byte("kind: csv\nfile: contacts.csv\n"))
	if err != nil {
		t.Fatal(err)
	}
	kind, c := c.Take("kind")
	s, err := source.Open(kind, c)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := source.Sample(t.Context(), s, 2)
	if err != nil || len(rows) != 2 || rows[0].Key != "1" || rows[1].Fields["Nom"][0] != "Îlse" {
		t.Fatal(rows, err)
	}
	if rows, err := source.Sample(t.Context(), s, 20); err != nil || len(rows) != 3 {
		t.Error(rows, err)
	}
	fields, err := s.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := source.Guess(fields, rows)
	if fmt.Sprint(m.Numbers, m.Name) != "[Téléphone] [Nom]" {
		t.Errorf("%+v", m)
	}
	m.Shown["x"] = "Telephone"
	if err := m.Check(fields); core.CodeOf(err) != "" && !strings.Contains(err.Error(), "Telephone") || err == nil {
		t.Error(err)
	}
}

func TestMistakesNameTheFileTheLineAndWhatToWrite(t *testing.T) {
	for text, want := range map[string][]string{
		"kind: cvs\nfile: x":                    {"source.yaml, line 1", "“cvs”", "csv, xlsx"},
		"kind: csv\n\nfil: x":                   {"source.yaml, line 3", "“fil”", "file, key", "source.yaml, line 1", "“file” is missing", "contacts.csv"},
		"kind: sql\nurl: x\nquery: DELETE FROM": {"source.yaml, line 2", "postgres://reader@"},
		"kind: sql\nurl: postgres://r@h/d\nquery: SELECT 1\npassword: abc": {"source.yaml, line 4", "password: {file: /path"},
	} {
		c, err := source.Parse("source.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		kind, rest := c.Take("kind")
		if kind == "cvs" {
			rest = c
		}
		s, err := source.Open(kind, rest)
		if err == nil || s != nil {
			t.Errorf("%q opens", text)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q: %v lacks %q", text, err, w)
			}
		}
	}
	if _, err := source.Parse("source.yaml", []byte("a: [")); err == nil || !strings.Contains(err.Error(), "source.yaml") {
		t.Error(err)
	}
	for _, kind := range source.Kinds {
		c, _ := source.Parse("source.yaml", []byte("nonsense: 1"))
		if _, err := source.Open(kind, c); err == nil || !strings.Contains(err.Error(), "“nonsense”") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAMappingIsReadStrictly(t *testing.T) {
	c, err := source.Parse("agent.yaml", []byte("numbers: [phone, mobile]\nname: name\nshown: {City: town}\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := source.ReadMapping(c)
	if err != nil || fmt.Sprint(m.Numbers, m.Name, m.Shown) != "[phone mobile] [name] map[City:town]" || m.Region != "FR" {
		t.Errorf("%+v %v", m, err)
	}
	c, _ = source.Parse("agent.yaml", []byte("name: x\nphones: y\n"))
	if _, err := source.ReadMapping(c); err == nil || !strings.Contains(err.Error(), "agent.yaml, line 2") || !strings.Contains(err.Error(), "“numbers” is missing") {
		t.Error(err)
	}
}
