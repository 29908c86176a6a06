package rest_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/services/recognition/source/rest"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

// known is one tool as its public documentation shows it.
type known struct {
	template string
	auth     string            // settings beside the kind, %s for the place of the secret
	values   map[string]string // of the template; the domain is that of the fake
	fake     func(t *testing.T) http.HandlerFunc
	want     []string // key|name|company|phones
	changed  []string // after the first reading
	gone     []string
	whole    bool // the tool tells what is gone
	none     bool // it cannot tell changes at all
}

// faked opens a template against a fake: only the hosts are changed, the paths stay those of the template.
func faked(t *testing.T, k known) *rest.API {
	t.Helper()
	s := httptest.NewTLSServer(k.fake(t))
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(s.URL, "https://")
	text, ok := rest.Template(k.template)
	if !ok {
		t.Fatal("no such template")
	}
	var declared struct {
		URL  string
		Auth struct {
			Token string `yaml:"token_url"`
		}
		Changes struct{ URL string }
		Tested  string
	}
	if err := yaml.Unmarshal([]byte(text), &declared); err != nil {
		t.Fatal(err)
	}
	if declared.Tested != "contract-tested, not live-tested" {
		t.Error("the template does not say how it was tested")
	}
	here := func(at string) string {
		rest := strings.TrimPrefix(at, "https://")
		_, path, _ := strings.Cut(rest, "/")
		return "https://" + host + "/" + path
	}
	config := "template: " + k.template + "\nca_file: " + ca + "\nrate: 500\nurl: '" + here(declared.URL) + "'\n"
	auth := fmt.Sprintf(k.auth, secret(t, "s3cret"))
	if declared.Auth.Token != "" {
		auth += ", token_url: '" + here(declared.Auth.Token) + "'"
	}
	config += "auth: {" + auth + "}\n"
	if declared.Changes.URL != "" {
		config += "changes: {url: '" + here(declared.Changes.URL) + "'}\n"
	}
	config += "values:\n  domain: " + host + "\n"
	for name, v := range k.values {
		config += "  " + name + ": " + v + "\n"
	}
	return opened(t, config)
}

func line(r tool.Record) string {
	f := func(names ...string) string {
		var all []string
		for _, n := range names {
			all = append(all, r.Fields[n]...)
		}
		return strings.Join(all, " ")
	}
	name := f("name")
	if name == "" {
		name = f("first_name", "last_name")
	}
	return r.Key + "|" + name + "|" + f("company") + "|" + f("phone", "phone_home", "phone_other", "mobile")
}

func TestTemplatesReadTheShapesThatToolsDocument(t *testing.T) {
	tested := map[string]bool{}
	for _, k := range tools {
		t.Run(k.template, func(t *testing.T) {
			tested[k.template] = true
			a := faked(t, k)
			var got, gone []string
			give := func(r tool.Record) error { got = append(got, line(r)); return nil }
			if err := a.Read(t.Context(), give); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, k.want) {
				t.Errorf("read\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(k.want, "\n"))
			}
			mark, _, err := a.Changes(t.Context(), "", func(tool.Record) error { return nil }, func(string) error { return nil })
			if k.none {
				if !errors.Is(err, tool.ErrRestart) {
					t.Error("changes of a tool that tells none:", err)
				}
				return
			}
			if err != nil || mark == "" {
				t.Fatal(mark, err)
			}
			got = nil
			_, whole, err := a.Changes(t.Context(), mark, give, func(key string) error { gone = append(gone, key); return nil })
			if err != nil || whole != k.whole || !slices.Equal(got, k.changed) || !slices.Equal(gone, k.gone) {
				t.Errorf("changed %v, gone %v, whole %v, %v", got, gone, whole, err)
			}
		})
	}
	for _, name := range rest.Templates() {
		if !tested[name] {
			t.Errorf("the template %s is not tested", name)
		}
	}
}

// expect answers 400 to a request that the tool would refuse, and says why in the test.
func expect(t *testing.T, w http.ResponseWriter, ok bool, what string, got any) bool {
	if !ok {
		t.Errorf("%s: %v", what, got)
		w.WriteHeader(http.StatusBadRequest)
	}
	return ok
}

func body(q *http.Request) (v map[string]any) {
	b, _ := io.ReadAll(q.Body)
	_ = json.Unmarshal(b, &v)
	return v
}

func form(q *http.Request) url.Values {
	b, _ := io.ReadAll(q.Body)
	v, _ := url.ParseQuery(string(b))
	return v
}

const odooPage = `[{"id":7,"name":"Maëlle Kervarec","commercial_company_name":"Alizé","phone":"01 42 00 00 00","mobile":false,"email":false,"city":"Brest","function":false,"write_date":"2026-11-20 10:00:00"},` +
	`{"id":9,"name":"Alizé","commercial_company_name":"Alizé","phone":false,"mobile":"06 12 34 56 78","email":"x@alize.example","city":false,"function":false,"write_date":"2026-11-21 10:00:00"}]`

const odooChanged = `[{"id":9,"name":"Alizé SA","commercial_company_name":"Alizé SA","phone":"0612345679","mobile":false,"write_date":"2026-11-22 10:00:00"}]`

var tools = []known{
	{
		template: "odoo", auth: "secret: %s", values: map[string]string{"database": "crm", "login": "lena"}, fake: odoo,
		want:    []string{"7|Maëlle Kervarec|Alizé|01 42 00 00 00", "9|Alizé|Alizé|06 12 34 56 78"},
		changed: []string{"9|Alizé SA|Alizé SA|0612345679"},
	},
	{
		template: "odoo-json2", auth: "secret: %s", values: map[string]string{"database": "crm"}, fake: odooJSON2,
		want:    []string{"7|Maëlle Kervarec|Alizé|01 42 00 00 00", "9|Alizé|Alizé|"},
		changed: []string{"9|Alizé SA|Alizé SA|0612345679"},
	},
	{template: "dolibarr", auth: "secret: %s", fake: dolibarr, want: dolibarrWant(), none: true},
	{
		template: "dolibarr-companies", auth: "secret: %s", none: true, want: []string{"3||Alizé|01 42 00 00 00"},
		fake: func(t *testing.T) http.HandlerFunc {
			return func(w http.ResponseWriter, q *http.Request) {
				if expect(t, w, q.Header.Get("DOLAPIKEY") == "s3cret" && q.URL.Path == "/api/index.php/thirdparties", "thirdparties", q.URL) {
					fmt.Fprint(w, `[{"id":"3","name":"Alizé","name_alias":"","phone":"01 42 00 00 00","fax":null,"email":null,"town":"Brest","code_client":"CU-1","client":"1"}]`)
				}
			}
		},
	},
	{
		template: "hubspot", auth: "secret: %s", fake: hubspot,
		want:    []string{"51|Maëlle Kervarec|Alizé|0142000000", "52|Îlse||0612345678"},
		changed: []string{"52|Îlse||0712345678"},
	},
	{
		template: "salesforce", auth: "client_id: me, secret: %s", fake: salesforce,
		want:    []string{"003A|Maëlle Kervarec|Alizé|0142000000 0612345678", "003B|Îlse||0298000000"},
		changed: []string{"003B|Îlse||0298000001"},
	},
	{
		template: "microsoft-graph", auth: "client_id: me, secret: %s", values: map[string]string{"tenant": "alize.example", "mailbox": "contacts@alize.example"}, fake: graph,
		want:    []string{"AA=|Maëlle Kervarec|Alizé|0142000000 0142000001 0612345678", "BB=|Îlse||0298000000"},
		changed: []string{"BB=|Îlse||0298000001"}, gone: []string{"AA="}, whole: true,
	},
	{
		template: "google-people", auth: "client_id: me, refresh_token: {env: REMPART_TEST_REFRESH}, secret: %s", fake: google,
		want:    []string{"people/c1|Maëlle Kervarec|Alizé|0142000000 06 12 34 56 78 06 12 34 56 78", "people/c2|Îlse||0298000000"},
		changed: []string{"people/c2|Îlse||0298000001"}, gone: []string{"people/c1"}, whole: true,
	},
}

func odoo(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		b := body(q)
		p, _ := b["params"].(map[string]any)
		args, _ := p["args"].([]any)
		if !expect(t, w, q.URL.Path == "/jsonrpc" && b["jsonrpc"] == "2.0" && b["method"] == "call" && len(args) > 3, "JSON-RPC", b) {
			return
		}
		if p["service"] == "common" {
			expect(t, w, p["method"] == "authenticate" && fmt.Sprint(args) == "[crm lena s3cret map[]]", "authenticate", args)
			fmt.Fprint(w, `{"jsonrpc":"2.0","id":1,"result":2}`)
			return
		}
		if !expect(t, w, p["service"] == "object" && p["method"] == "execute_kw" && fmt.Sprint(args[:5]) == "[crm 2 s3cret res.partner search_read]", "execute_kw", args) {
			return
		}
		how, _ := args[6].(map[string]any)
		if !expect(t, w, how["order"] == "id" && how["limit"] == 500.0, "kwargs", how) {
			return
		}
		result := odooPage
		if strings.Contains(fmt.Sprint(args[5]), "[write_date >= 2026-11-21 10:00:00]") {
			result = odooChanged
		}
		fmt.Fprint(w, `{"jsonrpc":"2.0","id":2,"result":`+result+`}`)
	}
}

func odooJSON2(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		b := body(q)
		if !expect(t, w, q.URL.Path == "/json/2/res.partner/search_read" && strings.EqualFold(q.Header.Get("Authorization"), "bearer s3cret") && q.Header.Get("X-Odoo-Database") == "crm" && b["limit"] == 500.0, "JSON-2", b) {
			return
		}
		if strings.Contains(fmt.Sprint(b["domain"]), "[write_date >= 2026-11-21 10:00:00]") {
			fmt.Fprint(w, odooChanged)
			return
		}
		fmt.Fprint(w, strings.ReplaceAll(odooPage, `"mobile":"06 12 34 56 78",`, ""))
	}
}

func dolibarrWant() (want []string) {
	for i := range 100 {
		want = append(want, fmt.Sprintf("%d|Maëlle %d|Alizé|0142000000 0612345678", i, i))
	}
	return want
}

// dolibarr gives exactly one full page: the next one is a 404.
func dolibarr(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		v := q.URL.Query()
		if !expect(t, w, q.Header.Get("DOLAPIKEY") == "s3cret" && q.URL.Path == "/api/index.php/contacts" && v.Get("limit") == "100" && v.Get("sortfield") == "t.rowid", "contacts", q.URL) {
			return
		}
		if v.Get("page") != "0" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":{"code":404,"message":"Not Found: Contacts not found"}}`)
			return
		}
		var all []string
		for i := range 100 {
			all = append(all, fmt.Sprintf(`{"id":"%d","entity":"1","lastname":"%d","firstname":"Maëlle","socid":"3","socname":"Alizé","phone_pro":"0142000000","phone_perso":"","phone_mobile":"0612345678","email":null,"town":"Brest","poste":null,"array_options":[]}`, i, i))
		}
		fmt.Fprint(w, "["+strings.Join(all, ",")+"]")
	}
}

func hubspot(t *testing.T) http.HandlerFunc {
	const first = `{"id":"51","properties":{"createdate":"2026-01-01T00:00:00Z","firstname":"Maëlle","lastname":"Kervarec","company":"Alizé","phone":"0142000000","mobilephone":null,"lastmodifieddate":"2026-11-20T10:00:00.500Z"},"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-11-20T10:00:00.500Z","archived":false}`
	const second = `{"id":"52","properties":{"firstname":"Îlse","lastname":"","company":null,"phone":null,"mobilephone":"%s","lastmodifieddate":"2026-11-21T10:00:00Z"},"archived":false}`
	return func(w http.ResponseWriter, q *http.Request) {
		if !expect(t, w, q.Header.Get("Authorization") == "Bearer s3cret", "token", q.Header) {
			return
		}
		if q.Method == http.MethodPost {
			b := body(q)
			want := "[map[filters:[map[operator:GTE propertyName:lastmodifieddate value:1795255200000]]]]"
			if expect(t, w, q.URL.Path == "/crm/v3/objects/contacts/search" && fmt.Sprint(b["filterGroups"]) == want && b["after"] == "0", "search", b) {
				fmt.Fprintf(w, `{"total":1,"results":[`+second+`]}`, "0712345678")
			}
			return
		}
		v := q.URL.Query()
		if !expect(t, w, q.URL.Path == "/crm/v3/objects/contacts" && strings.Contains(v.Get("properties"), "mobilephone") && v.Get("limit") == "100", "list", q.URL) {
			return
		}
		if v.Get("after") == "" {
			fmt.Fprint(w, `{"results":[`+first+`],"paging":{"next":{"after":"52","link":"https://api.hubapi.com/crm/v3/objects/contacts?after=52"}}}`)
			return
		}
		fmt.Fprintf(w, `{"results":[`+second+`]}`, "0612345678")
	}
}

func salesforce(t *testing.T) http.HandlerFunc {
	const second = `{"attributes":{"type":"Contact","url":"/services/data/v60.0/sobjects/Contact/003B"},"Id":"003B","Name":"Îlse","Account":null,"Phone":null,"MobilePhone":null,"HomePhone":"%s","SystemModstamp":"2026-11-21T10:00:00.000+0000"}`
	return func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/services/oauth2/token" {
			f := form(q)
			expect(t, w, f.Get("grant_type") == "client_credentials" && f.Get("client_id") == "me" && f.Get("client_secret") == "s3cret", "token", f)
			fmt.Fprint(w, `{"access_token":"00D!x","signature":"s","scope":"api","instance_url":"https://alize.my.salesforce.com","id":"https://login.salesforce.com/id/1/2","token_type":"Bearer","issued_at":"1795255200000"}`)
			return
		}
		if !expect(t, w, q.Header.Get("Authorization") == "Bearer 00D!x", "token", q.Header) {
			return
		}
		soql := q.URL.Query().Get("q")
		switch {
		case q.URL.Path == "/services/data/v60.0/query/01g-2000":
			fmt.Fprintf(w, `{"totalSize":2,"done":true,"records":[`+second+`]}`, "0298000000")
		case strings.HasSuffix(soql, "AND SystemModstamp >= 2026-11-21T10:00:00.000Z"):
			fmt.Fprintf(w, `{"totalSize":1,"done":true,"records":[`+second+`]}`, "0298000001")
		case expect(t, w, q.URL.Path == "/services/data/v60.0/query" && strings.HasPrefix(soql, "SELECT Id, ") && strings.HasSuffix(soql, "OtherPhone != null)"), "query", q.URL):
			fmt.Fprint(w, `{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v60.0/query/01g-2000","records":[{"attributes":{"type":"Contact"},"Id":"003A","Name":"Maëlle Kervarec","Account":{"attributes":{"type":"Account"},"Name":"Alizé"},"Phone":"0142000000","MobilePhone":"0612345678","HomePhone":null,"SystemModstamp":"2026-11-20T10:00:00.000+0000"}]}`)
		}
	}
}

func graph(t *testing.T) http.HandlerFunc {
	const at = "/v1.0/users/contacts@alize.example/contacts/delta"
	const second = `{"@odata.etag":"W/\"x\"","id":"BB=","displayName":"Îlse","companyName":null,"mobilePhone":null,"businessPhones":["%s"],"homePhones":[],"emailAddresses":[{"name":"Îlse","address":"i@x.example"}]}`
	return func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "/oauth2/v2.0/token") {
			f := form(q)
			expect(t, w, q.URL.Path == "/alize.example/oauth2/v2.0/token" && f.Get("scope") == "https://graph.microsoft.com/.default" && f.Get("grant_type") == "client_credentials", "token", f)
			fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ"}`)
			return
		}
		v := q.URL.Query()
		if !expect(t, w, q.URL.Path == at && q.Header.Get("Authorization") == "Bearer eyJ" && q.Header.Get("Prefer") == "odata.maxpagesize=200", "delta", q.URL) {
			return
		}
		here := "https://" + q.Host + at
		switch {
		case v.Get("$deltatoken") == "d1":
			fmt.Fprintf(w, `{"@odata.context":"x","value":[`+second+`,{"id":"AA=","@removed":{"reason":"deleted"}}],"@odata.deltaLink":"%s?$deltatoken=d2"}`, "0298000001", here)
		case v.Get("$skiptoken") == "s1":
			fmt.Fprintf(w, `{"@odata.context":"x","value":[`+second+`],"@odata.deltaLink":"%s?$deltatoken=d1"}`, "0298000000", here)
		case expect(t, w, strings.Contains(v.Get("$select"), "businessPhones"), "select", v):
			fmt.Fprintf(w, `{"@odata.context":"x","@odata.nextLink":"%s?$skiptoken=s1","value":[{"id":"AA=","displayName":"Maëlle Kervarec","givenName":"Maëlle","surname":"Kervarec","companyName":"Alizé","mobilePhone":"0612345678","businessPhones":["0142000000","0142000001"],"homePhones":[],"businessAddress":{"city":"Brest"}}]}`, here)
		}
	}
}

func google(t *testing.T) http.HandlerFunc {
	t.Setenv("REMPART_TEST_REFRESH", "1//refresh")
	const second = `{"resourceName":"people/c2","etag":"%%E","metadata":{"sources":[{"type":"CONTACT","id":"c2"}],"objectType":"PERSON"},"names":[{"metadata":{"primary":true},"displayName":"Îlse","givenName":"Îlse"}],"phoneNumbers":[{"value":"%s","type":"work","formattedType":"Work"}]}`
	return func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/token" {
			f := form(q)
			expect(t, w, f.Get("grant_type") == "refresh_token" && f.Get("refresh_token") == "1//refresh" && f.Get("client_secret") == "s3cret", "token", f)
			fmt.Fprint(w, `{"access_token":"ya29","expires_in":3599,"scope":"https://www.googleapis.com/auth/contacts.readonly","token_type":"Bearer"}`)
			return
		}
		v := q.URL.Query()
		if !expect(t, w, q.URL.Path == "/v1/people/me/connections" && q.Header.Get("Authorization") == "Bearer ya29" && v.Get("personFields") != "" && v.Get("pageSize") == "1000" && v.Get("requestSyncToken") == "true", "connections", q.URL) {
			return
		}
		switch {
		case v.Get("syncToken") == "s1":
			fmt.Fprintf(w, `{"connections":[`+second+`,{"resourceName":"people/c1","metadata":{"deleted":true}}],"nextSyncToken":"s2","totalItems":2}`, "0298000001")
		case v.Get("pageToken") == "p2":
			fmt.Fprintf(w, `{"connections":[`+second+`],"nextSyncToken":"s1","totalPeople":2,"totalItems":2}`, "0298000000")
		default:
			fmt.Fprint(w, `{"connections":[{"resourceName":"people/c1","names":[{"displayName":"Maëlle Kervarec","familyName":"Kervarec","givenName":"Maëlle"}],"organizations":[{"name":"Alizé","title":"Directrice"}],"phoneNumbers":[{"value":"0142000000","canonicalForm":"+33142000000","type":"work"},{"value":"06 12 34 56 78","type":"mobile"}]}],"nextPageToken":"p2","totalPeople":2,"totalItems":2}`)
		}
	}
}
