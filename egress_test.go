package walls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// waysOut are the names that open a connection, or make what opens one, by the package that has them. What calls the outside
// goes through kit/egress, which holds the list of what may be called.
var waysOut = map[string][]string{
	"net": {
		"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "DefaultResolver",
		"LookupHost", "LookupIP", "LookupAddr", "LookupCNAME", "LookupMX", "LookupNS", "LookupSRV", "LookupTXT",
	},
	"net/http":   {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
	"crypto/tls": {"Dial", "DialWithDialer", "Dialer"},
	"syscall":    {"Connect", "Sendto"},
}

// dialers are packages that open connections by themselves: one may not even be imported.
var dialers = []string{"net/smtp", "net/rpc", "github.com/jackc/pgx/", "github.com/wneessen/go-mail", "google.golang.org/grpc", "golang.org/x/net/http2", "golang.org/x/net/proxy", "golang.org/x/net/websocket", "golang.org/x/crypto/ssh", "log/syslog"}

// mayCall are the files and folders that have a way out of their own, each with its reason.
var mayCall = map[string]string{
	"kit/egress/":                            "the way out itself",
	"kit/db/":                                "the database: without it nothing runs, not even the journal that a refusal would be written to; its address is the configuration's alone",
	"kit/mail/":                              "writes SMTP over a connection that the way out opened: TestTheRelayIsReachedThroughTheWayOut",
	"services/recognition/agent/":            "runs at the customer's and speaks to the platform, never within it",
	"kit/browse/browser.go":                  "plays people who come to the platform from outside, for demonstrations, attacks and tests: nothing that serves makes one",
	"core/internal/control/outside/place.go": "asks the resolver where the database is, whose name is the configuration's; nothing is connected",
	"services/recognition/desk/":             "runs on a person's own workstation and speaks to the platform, never within it",
	"services/recognition/directory/":        "runs at the customer's, beside the telephones, and asks the platform; the platform runs none of it but the text of a template",
	"services/recognition/line/sip/":         "speaks SIP, which is no HTTP, with the one exchange that a person named: its address is held to the public internet (kit/egress.IsPublic) unless the caller says otherwise",
	"core/boot/stage.go":                     "the visitor of probes: its transport is the platform's own handler, within the process",
	"services/recognition/source/":           "reads the tools of a customer, on the customer's own computer: the platform runs none of it",
}

// outings gives the ways out that a file takes: "http.Client" when it makes one, not when it is given a pointer to one.
func outings(file *ast.File) (found []string) {
	called := map[string]string{} // package by the name that the file gives it
	for _, imp := range file.Imports {
		p, _ := strconv.Unquote(imp.Path.Value)
		for _, d := range dialers {
			if p == d || strings.HasPrefix(p, strings.TrimSuffix(d, "/")+"/") {
				found = append(found, p)
			}
		}
		name := p[strings.LastIndexByte(p, '/')+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		if _, ok := waysOut[p]; ok {
			called[name] = p
		}
		if _, ok := waysOut[p]; ok && name == "." {
			found = append(found, ". "+p)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok {
			if _, named := star.X.(*ast.SelectorExpr); named { // a pointer to one that somebody else made
				return false
			}
		}
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := s.X.(*ast.Ident)
		if !ok {
			return true
		}
		for _, name := range waysOut[called[pkg.Name]] {
			if s.Sel.Name == name {
				found = append(found, pkg.Name+"."+name)
			}
		}
		return true
	})
	return found
}

func TestEverythingLeavesThroughTheWayOut(t *testing.T) {
	seen, used := 0, map[string]bool{}
	walkGo(t, func(path string) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		found := outings(file)
		if len(found) == 0 {
			return
		}
		for place := range mayCall {
			if path == place || strings.HasSuffix(place, "/") && strings.HasPrefix(path, place) {
				used[place] = true
				return
			}
		}
		t.Errorf("%s has a way out of its own (%s): kit/egress gives one to what is on the list", path, strings.Join(found, ", "))
	})
	if seen < 300 {
		t.Fatalf("only %d files were read: the walk is broken", seen)
	}
	for place := range mayCall {
		if !used[place] {
			t.Errorf("%s needs no exception any more: take it out", place)
		}
	}
}

// TestAWayOutIsSeen is the test of the test: each planted source has a way out.
func TestAWayOutIsSeen(t *testing.T) {
	for _, source := range []string{
		`import "net/http"; var c = &http.Client{}`,
		`import "net/http"; var c http.Client`,
		`import "net/http"; var c = new(http.Client)`,
		`import "net/http"; func f() { http.Get("https://elsewhere.example") }`,
		`import h "net/http"; var c = h.DefaultClient`,
		`import "net/http"; type thing struct { http.Transport }`,
		`import "net"; func f() { net.Dial("tcp", "elsewhere.example:443") }`,
		`import "net"; func f() { new(net.Dialer).DialContext(nil, "tcp", "elsewhere.example:443") }`,
		`import "net"; func f() { net.LookupTXT("secret.elsewhere.example") }`,
		`import "crypto/tls"; func f() { tls.Dial("tcp", "elsewhere.example:443", nil) }`,
		`import . "net"; func f() { Dial("tcp", "elsewhere.example:443") }`,
		`import "net/smtp"; var f = smtp.SendMail`,
		`import "github.com/jackc/pgx/v5/pgxpool"; var p pgxpool.Pool`,
		`import mail "github.com/wneessen/go-mail"; var c mail.Client`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "planted.go", "package planted\n"+source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if len(outings(file)) == 0 {
			t.Errorf("a planted way out went unseen: %s", source)
		}
	}
	for _, source := range []string{
		`import "net/http"; func f(c *http.Client) { c.Get("/") }`,
		`import "net/http"; type needs struct { Client *http.Client; Calls func() *http.Client }`,
		`import "net"; func f() { net.Listen("tcp", ":0") }`,
		`import "net"; type dial func() (net.Conn, error)`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "sound.go", "package sound\n"+source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if found := outings(file); len(found) > 0 {
			t.Errorf("%s: %v is taken for a way out", source, found)
		}
	}
}
