package ldap_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/ldap"
	"github.com/rempart/rempart/services/recognition/source/sourcetest"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

const reader = "dn: cn=reader,dc=example,dc=com\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\nuserPassword: right\n\n"

// people are n entries with a number, and one without.
func people(n int) string {
	var b strings.Builder
	b.WriteString(reader)
	b.WriteString("dn: cn=Silent,dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: Silent\nsn: Silent\n\n")
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=u%d,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: u%d\ncn: Maëlle %d\nsn: Kervarec\no: Alizé\ntelephoneNumber: +33 1 42 %06d\nmobile: 06 12 34 56 78\nmobile: 07 12 34 56 78\nemployeeType: canary\n\n", i, i, i, i)
	}
	return b.String()
}

func open(t *testing.T, text string) (*ldap.Directory, error) {
	t.Helper()
	c, err := tool.Parse("directory.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ldap.Open(c)
}

func TestADirectoryIsReadPageByPage(t *testing.T) {
	const n = 1300 // slapd gives 500 at once, and 200 a page at most
	l := sourcetest.Slapd(t, people(n))
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("right"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]string{
		"clear on this computer": "url: " + l.URL, "StartTLS": "url: " + l.URL + "\nca_file: " + l.CA, "ldaps": "url: " + l.TLSURL + "\nca_file: " + l.CA,
	} {
		d, err := open(t, at+"\nbase: "+l.Base+"\nbind_dn: cn=reader,"+l.Base+"\npassword: {file: "+secret+"}\npage: 200\nattributes: [cn, o, telephonenumber, mobile]\n")
		if err != nil {
			t.Fatal(err)
		}
		keys, last := map[string]bool{}, tool.Record{}
		if err := d.Read(t.Context(), func(r tool.Record) error { keys[r.Key], last = true, r; return nil }); err != nil {
			t.Fatal(name, err)
		}
		if len(keys) != n {
			t.Errorf("%s: %d entries", name, len(keys))
		}
		if fmt.Sprint(last.Fields["mobile"]) != "[06 12 34 56 78 07 12 34 56 78]" || len(last.Fields["telephonenumber"]) != 1 || fmt.Sprint(last.Fields["o"]) != "[Alizé]" {
			t.Errorf("%s: %v", name, last.Fields)
		}
		if len(last.Key) != 36 {
			t.Errorf("%s: the key is not the entryUUID: %q", name, last.Key)
		}
		if strings.Contains(fmt.Sprint(last), "canary") {
			t.Errorf("%s: an attribute that nobody asked for was read", name)
		}
	}
}

func TestARefusalOfTheDirectoryIsSaidPlainly(t *testing.T) {
	l := sourcetest.Slapd(t, people(1))
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("wrong-canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, text := range map[string]string{
		"source.denied":      "url: " + l.URL + "\nbase: " + l.Base + "\nbind_dn: cn=reader," + l.Base + "\npassword: {file: " + secret + "}\n",
		"source.ldap_tls":    "url: " + l.TLSURL + "\nbase: " + l.Base + "\n", // an authority that nobody knows
		"source.ldap_base":   "url: " + l.URL + "\nbase: " + l.Base + "\n",    // not shown to a stranger
		"source.unreachable": "url: ldap://127.0.0.1:1\nbase: " + l.Base + "\n",
	} {
		d, err := open(t, text)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(t.Context(), func(tool.Record) error { return nil })
		if core.CodeOf(err) != want || strings.Contains(err.Error(), "canary") {
			t.Errorf("want %s: %v", want, err)
		}
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"url: http://x\nbase: dc=x":                               "source.setting_wrong",
		"url: ldap://x\nbase: dc=x\nfilter: (a=":                  "source.setting_wrong",
		"url: ldap://x\nbase: nonsense":                           "source.setting_wrong",
		"url: ldap://x\nbase: dc=x\nbind_dn: cn=a":                "source.setting_missing",
		"url: ldap://x\nbase: dc=x\nbind_dn: cn=a\npassword: abc": "source.secret_written",
		"url: ldap://a:secret-canary@x\nbase: dc=x":               "source.secret_written",
		"url: ldap://x\nbase: dc=x\nfiltre: x":                    "source.setting_unknown",
	} {
		_, err := open(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "directory.yaml, line ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
