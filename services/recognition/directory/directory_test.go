package directory

import (
	"bytes"
	"context"
	"encoding/xml"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// shelf is a directory in memory: the platform is shown by the tests of the whole house.
type shelf struct {
	list  []Entry
	down  atomic.Bool
	asked atomic.Int64
}

const (
	org   = "0190c0de-0000-7000-8000-00000000000a"
	token = "rmp_token"
)

func (s *shelf) Find(_ context.Context, of, with string, q Query) (found []Entry, more bool, err error) {
	s.asked.Add(1)
	if s.down.Load() {
		return nil, false, ErrBusy
	}
	if of != org || with != token {
		return nil, false, ErrDenied
	}
	for _, e := range s.list {
		text := strings.ToLower(" " + e.Name + " " + e.Company)
		hit := q.Number == "" && q.Name == "" || q.Name != "" && strings.Contains(text, " "+strings.ToLower(q.Name))
		for _, n := range e.Numbers {
			hit = hit || q.Number != "" && sameNumber(n, q.Number)
		}
		if hit {
			found = append(found, e)
		}
	}
	if q.Limit > 0 && len(found) > q.Limit {
		return found[:q.Limit], true, nil
	}
	return found, false, nil
}

var people = []Entry{
	{"a1", "Jeanne Moulin", "Valombre", []string{"+33612345678", "+33142001234"}},
	{"a2", "Achille Martin", "Martin & <fils>", []string{"+33142005678"}},
	{"a3", "", "Garage du Pont", []string{"+33472000000"}},
}

func serve(t *testing.T, list []Entry) (address string, s *shelf) {
	t.Helper()
	s = &shelf{list: list}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- (&Server{Finder: s}).ServeLDAP(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), s
}

func ldapsearch(t *testing.T, address string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("ldapsearch")
	if err != nil {
		t.Skip("no ldapsearch here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, append([]string{"-x", "-LLL", "-H", "ldap://" + address}, args...)...).CombinedOutput()
	return string(out), err
}

// TestLdapsearchFindsAName: the very program that administrators try a telephone's settings with.
func TestLdapsearchFindsAName(t *testing.T) {
	address, _ := serve(t, people)
	in := []string{"-D", "cn=phone,o=" + org, "-w", token, "-b", "o=" + org}
	for filter, want := range map[string][]string{
		"(telephoneNumber=0612345678)":                {"cn: Jeanne Moulin", "telephoneNumber: +33142001234", "mobile: +33612345678", "sn: Moulin"},
		"(telephoneNumber=+33 6 12 34 56 78)":         {"cn: Jeanne Moulin"},
		"(|(telephoneNumber=x)(mobile=+33612345678))": {"cn: Jeanne Moulin"},
		"(|(cn=mou*)(sn=mou*))":                       {"cn: Jeanne Moulin"},
		"(&(objectClass=person)(sn=Martin))":          {"cn: Achille Martin", "o: Martin & <fils>"},
		"(cn=gar*)":                                   {"cn: Garage du Pont"},
		"(&(cn=*)(!(sn=Martin)))":                     {"cn: Jeanne Moulin", "cn: Garage du Pont"},
		"(objectClass=*)":                             {"cn: Jeanne Moulin", "cn: Achille Martin", "cn: Garage du Pont"},
	} {
		out, err := ldapsearch(t, address, append(in, filter)...)
		if err != nil || strings.Count(out, "cn: ") != strings.Count(strings.Join(want, "\n"), "cn: ") {
			t.Errorf("%s: %v\n%s", filter, err, out)
		}
		for _, line := range want {
			if !strings.Contains(out, line+"\n") {
				t.Errorf("%s: no %q in\n%s", filter, line, out)
			}
		}
	}
	for _, filter := range []string{"(telephoneNumber=5678)", "(telephoneNumber=*345678)", "(telephoneNumber=0712345678)", "(cn=oulin*)", "(mail=x)", "(sn=Martinet)"} {
		if out, err := ldapsearch(t, address, append(in, filter)...); err != nil || strings.Contains(out, "dn:") {
			t.Errorf("%s found somebody: %v\n%s", filter, err, out)
		}
	}
	if out, _ := ldapsearch(t, address, append(in, "(sn=Moulin)", "telephoneNumber")...); strings.Contains(out, "cn:") || !strings.Contains(out, "telephoneNumber:") {
		t.Errorf("only the attributes asked for:\n%s", out)
	}
}

func TestWhoeverHasNoTokenReadsNothing(t *testing.T) {
	address, s := serve(t, people)
	for _, args := range [][]string{
		{"-D", "o=" + org, "-w", "wrong"}, {"-D", "o=another", "-w", token}, {"-D", "cn=" + org, "-w", token}, {"-D", "o=" + org + ",dc=x", "-w", token}, {},
	} {
		if out, err := ldapsearch(t, address, append(args, "-b", "o="+org, "(cn=*)")...); err == nil || strings.Contains(out, "dn:") {
			t.Errorf("%v read: %s", args, out)
		}
	}
	if out, err := ldapsearch(t, address, "-D", "o="+org, "-w", token, "-b", "o=another", "(cn=*)"); err == nil || strings.Contains(out, "dn:") {
		t.Errorf("another organization's: %s", out)
	}
	if out, err := ldapsearch(t, address, "-s", "base", "-b", ""); err != nil || !strings.Contains(out, "supportedLDAPVersion: 3") || strings.Contains(out, org) {
		t.Errorf("what the server is: %v %s", err, out)
	}
	conn, err := ldap.DialURL("ldap://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range mostFailures {
		if err := conn.Bind("o="+org, "guess"); err == nil {
			t.Fatal("a guess was let in")
		}
	}
	if err := conn.Bind("o="+org, token); err == nil {
		t.Error("a connection goes on after as many wrong tokens")
	}
	s.down.Store(true)
	if out, err := ldapsearch(t, address, "-D", "o="+org, "-w", token+"x", "-b", "o="+org, "(cn=*)"); err == nil || !strings.Contains(out, "(51)") {
		t.Errorf("without a platform: %v %s", err, out)
	}
}

func TestNothingCanBeChanged(t *testing.T) {
	address, _ := serve(t, people)
	conn, err := ldap.DialURL("ldap://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind("o="+org, token); err != nil {
		t.Fatal(err)
	}
	add := ldap.NewAddRequest("uid=x,o="+org, nil)
	add.Attribute("cn", []string{"x"})
	modify := ldap.NewModifyRequest("uid=a1,o="+org, nil)
	modify.Replace("cn", []string{"x"})
	for name, err := range map[string]error{
		"add": conn.Add(add), "modify": conn.Modify(modify), "delete": conn.Del(ldap.NewDelRequest("uid=a1,o="+org, nil)),
		"rename": conn.ModifyDN(ldap.NewModifyDNRequest("uid=a1,o="+org, "uid=b", true, "")),
	} {
		if !ldap.IsErrorWithCode(err, resUnwilling) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := conn.WhoAmI(nil); !ldap.IsErrorWithCode(err, resProtocol) {
		t.Errorf("an extended operation: %v", err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	var many []Entry
	for i := range 2 * mostEntries {
		many = append(many, Entry{ID: "m" + strings.Repeat("x", i%5), Name: "Martin", Numbers: []string{"+33142000000"}})
		many[i].ID += string(rune('a'+i%26)) + strings.Repeat("y", i/26)
	}
	address, _ := serve(t, many)
	conn, err := ldap.DialURL("ldap://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind("o="+org, token); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]int{0: mostEntries, 7: 7, 100000: mostEntries} {
		res, err := conn.Search(ldap.NewSearchRequest("o="+org, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, limit, 0, false, "(sn=martin)", nil, nil))
		if !ldap.IsErrorWithCode(err, resSizeLimit) || len(res.Entries) != want {
			t.Errorf("limit %d: %d entries, %v", limit, len(res.Entries), err)
		}
	}
	deep := strings.Repeat("(!", 30) + "(cn=x)" + strings.Repeat(")", 30)
	if _, err := conn.Search(ldap.NewSearchRequest("o="+org, 2, 0, 0, 0, false, deep, nil, nil)); !ldap.IsErrorWithCode(err, resProtocol) {
		t.Errorf("a filter thirty deep: %v", err)
	}
	wide := "(|" + strings.Repeat("(cn=x)", 200) + ")"
	if _, err := conn.Search(ldap.NewSearchRequest("o="+org, 2, 0, 0, 0, false, wide, nil, nil)); !ldap.IsErrorWithCode(err, resProtocol) {
		t.Errorf("a filter of two hundred: %v", err)
	}
	raw, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	_ = raw.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := raw.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a message of two gigabytes is waited for")
	}
}

// TestAStrangerHoldsNoConnection: one that shows no token is let go long before a telephone's is.
func TestAStrangerHoldsNoConnection(t *testing.T) {
	for name, who := range map[string]talk{"a stranger": {}, "a telephone": {org: org, token: token}} {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			defer there.Close()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				who.s, who.conn = &Server{Finder: &shelf{}}, here
				who.converse(t.Context())
			}()
			began := time.Now()
			<-ended
			if held := time.Since(began); (held > time.Minute) == (who.org == "") {
				t.Errorf("%s holds a connection for %s", name, held)
			}
		})
	}
}

// FuzzMessages: whatever is sent, nothing breaks and nothing is read without a token.
func FuzzMessages(f *testing.F) {
	bind := ber.NewSequence("")
	bind.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, opBind, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, ""))
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "o="+org, ""))
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "guess", ""))
	bind.AppendChild(op)
	f.Add(bind.Bytes())
	for _, text := range []string{"(cn=a*b*c)", "(&(|(sn=x)(telephoneNumber=0612345678))(!(o=*)))"} {
		flt, err := ldap.CompileFilter(text)
		if err != nil {
			f.Fatal(err)
		}
		m := ber.NewSequence("")
		m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 2, ""))
		s := ber.Encode(ber.ClassApplication, ber.TypeConstructed, opSearch, nil, "")
		s.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "o="+org, ""))
		s.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 2, ""))
		s.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 0, ""))
		s.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
		s.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
		s.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
		s.AppendChild(flt)
		s.AppendChild(ber.NewSequence(""))
		m.AppendChild(s)
		f.Add(m.Bytes())
	}
	f.Add([]byte{0x30, 0x05, 0x02, 0x01, 0x01, 0x42, 0x00})
	f.Fuzz(func(t *testing.T, all []byte) {
		m, err := readMessage(bytes.NewReader(all))
		if err != nil {
			return
		}
		for _, bound := range []bool{false, true} {
			here, there := net.Pipe()
			var sent bytes.Buffer
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = sent.ReadFrom(there) // until the pipe is closed
			}()
			talk := talk{s: &Server{Finder: &shelf{list: people}}, conn: here}
			if bound {
				talk.org, talk.token = org, token
			}
			talk.answer(t.Context(), m)
			here.Close()
			<-done
			there.Close()
			if !bound && bytes.Contains(sent.Bytes(), []byte("Moulin")) {
				t.Errorf("%x reads without a token", all)
			}
		}
	})
}

func TestPhonesReadTheirXML(t *testing.T) {
	s := &shelf{list: people}
	h := (&Server{Finder: s}).Handler()
	get := func(path, user, password string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for shape, root := range map[string]string{Yealink: "YealinkIPPhoneDirectory", Snom: "SnomIPPhoneDirectory", Cisco: "CiscoIPPhoneDirectory"} {
		w := get("/directory/"+shape+".xml", org, token)
		var d xmlDirectory
		if err := xml.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != http.StatusOK || d.XMLName.Local != root || len(d.Entries) != 4 {
			t.Errorf("%s: %d %v %s", shape, w.Code, err, w.Body)
			continue
		}
		if d.Entries[2] != (xmlEntry{"Achille Martin", "+33142005678"}) || d.Entries[3].Name != "Garage du Pont" {
			t.Errorf("%s: %+v", shape, d.Entries)
		}
		for _, wrong := range []string{"", "x"} {
			if w := get("/directory/"+shape+".xml", org, wrong); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "Moulin") {
				t.Errorf("%s with the token %q: %d", shape, wrong, w.Code)
			}
		}
	}
	for path, want := range map[string]int{"/directory/other.xml": 404, "/directory/yealink": 404, "/": 404, "/directory/yealink.xml?page=99": 200} {
		if w := get(path, org, token); w.Code != want || strings.Contains(w.Body.String(), "Moulin") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	s.list = []Entry{{"x", "a\x00b\"]]><Evil>", "", []string{"+33142000000"}}}
	var d xmlDirectory
	if w := get("/directory/cisco.xml", org, token); xml.Unmarshal(w.Body.Bytes(), &d) != nil || len(d.Entries) != 1 || strings.Contains(w.Body.String(), "<Evil>") {
		t.Errorf("a hostile name: %s", w.Body)
	}
	s.down.Store(true)
	if w := get("/directory/cisco.xml", org, token); w.Code != http.StatusBadGateway {
		t.Errorf("without a platform: %d", w.Code)
	}
}

func TestThe3CXTemplateHoldsNoSecret(t *testing.T) {
	text := ThreeCX("https://trust.example.org", "org&1")
	var any struct {
		Parameters struct {
			Parameter []struct {
				Name    string `xml:",attr"`
				Type    string `xml:",attr"`
				Default string `xml:",attr"`
			}
		}
		Scenarios struct {
			Scenario struct {
				Request struct {
					URL  string `xml:"Url,attr"`
					Type string `xml:"RequestType,attr"`
				}
			}
		}
	}
	if err := xml.Unmarshal(text, &any); err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, p := range any.Parameters.Parameter {
		defaults[p.Name] = p.Default
		if p.Name == "Token" && p.Type != "Password" {
			t.Error("the token is typed in the open")
		}
	}
	if defaults["Origin"] != "https://trust.example.org" || defaults["Organization"] != "org&1" || defaults["Token"] != "" {
		t.Errorf("%v", defaults)
	}
	if r := any.Scenarios.Scenario.Request; r.Type != "Post" || strings.Contains(r.URL, "[Number]") {
		t.Errorf("the number stands in an address: %+v", r)
	}
}

func TestThePlatformIsReachedOverTLS(t *testing.T) {
	for _, origin := range []string{"", "http://trust.example.org", "https://a:b@trust.example.org", "https://trust.example.org/x", "ftp://trust.example.org", "trust.example.org"} {
		if _, err := To(origin); err == nil {
			t.Errorf("%q is taken", origin)
		}
	}
	for _, origin := range []string{"https://trust.example.org", "https://trust.example.org/", "http://127.0.0.1:8080", "http://localhost:8080"} {
		if _, err := To(origin); err != nil {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
