// Package ldap reads contacts from a directory, page by page.
//
// Owns: the connection (ldaps, StartTLS), paged searches, attributes. Must not know: other tools, the mapping. Start reading at:
// Open.
package ldap

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

var (
	errBase    = i18n.Fault(core.Invalid, "source.ldap_base", "« %s » ne connaît pas la base « %s », ou ne la montre pas à ce compte.", "“%s” does not know the base “%s”, or does not show it to this account.")
	errRefused = i18n.Fault(core.Invalid, "source.ldap_refused", "« %s » refuse la recherche (code LDAP %d).", "“%s” refuses the search (LDAP code %d).")
	errTLS     = i18n.Fault(core.Invalid, "source.ldap_tls", "« %s » n'accepte pas StartTLS, ou son certificat n'est pas reconnu. Écrivez « ca_file: … », une adresse ldaps://, ou « plain: true » si ce réseau est sûr.", "“%s” does not accept StartTLS, or its certificate is not recognised. Write “ca_file: …”, an ldaps:// address, or “plain: true” when this network is safe.")
)

// mostPacket is far above a page of contacts; without it one false length would take all the memory.
const mostPacket = 16 << 20

// mostAtOnce is how many entries may come as one page.
const mostAtOnce = 20_000

func init() { ber.MaxPacketLengthBytes = mostPacket }

// usual are the attributes asked for when the settings name none.
var usual = []string{
	"cn", "displayName", "givenName", "sn", "o", "company", "ou", "department", "title", "telephoneNumber", "mobile", "homePhone", "otherTelephone",
	"otherMobile", "ipPhone", "facsimileTelephoneNumber", "mail", "l", "employeeNumber", "uid",
}

// Settings of a directory.
type Settings struct {
	URL        string        `yaml:"url" need:"yes" say:"ldaps://directory.example"`
	BindDN     string        `yaml:"bind_dn" say:"cn=reader,dc=example,dc=com"`
	Password   tool.Secret   `yaml:"password" say:"{file: /etc/rempart/directory.secret}"`
	Base       string        `yaml:"base" need:"yes" say:"ou=people,dc=example,dc=com"`
	Filter     string        `yaml:"filter" say:"(|(telephoneNumber=*)(mobile=*))"`
	Attributes []string      `yaml:"attributes" say:"[cn, o, telephoneNumber, mobile]"`
	Key        string        `yaml:"key" say:"entryUUID"` // objectGUID with Active Directory; the DN when absent
	Page       int           `yaml:"page" say:"500"`
	CAFile     string        `yaml:"ca_file" say:"/etc/rempart/ca.pem"`
	Plain      bool          `yaml:"plain" say:"false"` // the network up to the directory is safe: no TLS
	Timeout    time.Duration `yaml:"timeout" say:"1h"`
}

// Directory is a directory to read.
type Directory struct {
	s Settings
	c tool.Config
	u *url.URL
}

// Open checks the settings.
func Open(c tool.Config) (*Directory, error) {
	d := &Directory{c: c, s: Settings{Filter: "(|(telephoneNumber=*)(mobile=*)(homePhone=*)(otherTelephone=*)(otherMobile=*))", Key: "entryUUID", Page: 500, Timeout: time.Hour, Attributes: usual}}
	if err := c.Decode(&d.s); err != nil {
		return nil, err
	}
	if err := c.Bare("url", d.s.URL); err != nil {
		return nil, err
	}
	u, err := url.Parse(d.s.URL)
	if err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, c.Wrong("url", "url: ldaps://directory.example")
	}
	if _, err := ldap.CompileFilter(d.s.Filter); err != nil {
		return nil, c.Wrong("filter", "filter: (|(telephoneNumber=*)(mobile=*))")
	}
	if _, err := ldap.ParseDN(d.s.Base); err != nil || d.s.Base == "" {
		return nil, c.Wrong("base", "base: ou=people,dc=example,dc=com")
	}
	if d.s.Page < 1 || d.s.Page > 5000 {
		return nil, c.Wrong("page", "page: 500")
	}
	if (d.s.BindDN == "") != !d.s.Password.Given() {
		return nil, c.Missing("password", "{file: /etc/rempart/directory.secret}")
	}
	d.u = u
	return d, nil
}

// Fields are the attributes asked for.
func (d *Directory) Fields(context.Context) ([]string, error) {
	return append([]string{"dn"}, d.s.Attributes...), nil
}

// Read gives every entry; no referral is followed.
func (d *Directory) Read(ctx context.Context, give func(tool.Record) error) error {
	ctx, stop := context.WithTimeout(ctx, d.s.Timeout)
	defer stop()
	give = tool.Bounded(give)
	conn, metered, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = metered.Close() })()
	page := ldap.NewControlPaging(uint32(d.s.Page))
	for empty := 0; ; {
		n, next, err := d.page(ctx, conn, metered, page, give)
		if err != nil {
			return err
		}
		if next == nil || len(next.Cookie) == 0 {
			return nil
		}
		if n == 0 {
			if empty++; empty > 1000 {
				return tool.Loop(d.u.Hostname())
			}
		}
		page.SetCookie(next.Cookie)
	}
}

// page reads one page, an entry at a time. A server that knows no pages gives everything at once, up to a limit.
func (d *Directory) page(ctx context.Context, conn *ldap.Conn, metered *tool.Conn, page *ldap.ControlPaging, give func(tool.Record) error) (n int, next *ldap.ControlPaging, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	found := conn.SearchAsync(ctx, ldap.NewSearchRequest(d.s.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, d.s.Filter,
		append(slices.Clone(d.s.Attributes), d.s.Key), []ldap.Control{page}), 64)
	most := max(mostAtOnce, 2*d.s.Page)
	for found.Next() {
		if c, ok := ldap.FindControl(found.Controls(), ldap.ControlTypePaging).(*ldap.ControlPaging); ok {
			next = c
		}
		if found.Entry() == nil {
			continue
		}
		if n++; n > most {
			return n, nil, tool.Endless(most)
		}
		if err := give(d.record(found.Entry())); err != nil {
			return n, nil, err
		}
		metered.Next()
	}
	if err := found.Err(); err != nil {
		return n, nil, d.fault(ctx, err, metered)
	}
	return n, next, nil
}

func (d *Directory) record(e *ldap.Entry) tool.Record {
	r := tool.Record{Key: e.DN, Fields: map[string][]string{"dn": {e.DN}}}
	for _, a := range e.Attributes {
		if strings.EqualFold(a.Name, d.s.Key) && len(a.ByteValues) > 0 {
			r.Key = text(a.ByteValues[0])
		}
		name := a.Name
		if i := slices.IndexFunc(d.s.Attributes, func(s string) bool { return strings.EqualFold(s, name) }); i >= 0 {
			name = d.s.Attributes[i] // as the mapping writes it
		} else {
			continue
		}
		for _, v := range a.ByteValues {
			r.Fields[name] = append(r.Fields[name], text(v))
		}
	}
	return r
}

// text writes a binary value (objectGUID) in hexadecimal.
func text(v []byte) string {
	if utf8.Valid(v) && !slices.ContainsFunc(v, func(b byte) bool { return b < ' ' && b != '\n' && b != '\r' && b != '\t' }) {
		return string(v)
	}
	return hex.EncodeToString(v)
}

func (d *Directory) connect(ctx context.Context) (*ldap.Conn, *tool.Conn, error) {
	password, err := d.c.Secret(d.s.Password)
	if err != nil {
		return nil, nil, err
	}
	conf, err := d.c.TLS(d.u.Hostname(), d.s.CAFile)
	if err != nil {
		return nil, nil, err
	}
	sealed := d.u.Scheme == "ldaps"
	port := map[bool]string{true: "636", false: "389"}[sealed]
	if p := d.u.Port(); p != "" {
		port = p
	}
	metered, err := tool.Dial(ctx, "tcp", net.JoinHostPort(d.u.Hostname(), port))
	if err != nil {
		return nil, nil, tool.Unreachable(d.u.Hostname())
	}
	raw := net.Conn(metered)
	if sealed {
		over := tls.Client(metered, conf)
		if err := over.HandshakeContext(ctx); err != nil {
			_ = metered.Close()
			return nil, nil, tool.Refuse(errTLS, d.u.Hostname())
		}
		raw = over
	}
	conn := ldap.NewConn(raw, sealed)
	conn.SetTimeout(2 * time.Minute)
	conn.Start()
	if err := d.enter(conn, conf, sealed, password); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, metered, nil
}

// enter encrypts the connection before any password is said.
func (d *Directory) enter(conn *ldap.Conn, conf *tls.Config, sealed bool, password string) error {
	if needs := !d.s.Plain && (!tool.Here(d.u.Hostname()) || d.s.CAFile != ""); !sealed && needs {
		if err := conn.StartTLS(conf); err != nil {
			return tool.Refuse(errTLS, d.u.Hostname())
		}
	}
	if d.s.BindDN == "" {
		return nil
	}
	err := conn.Bind(d.s.BindDN, password)
	switch {
	case err == nil:
		return nil
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultInvalidDNSyntax):
		return tool.Denied(d.u.Hostname())
	}
	return tool.Unreachable(d.u.Hostname())
}

func (d *Directory) fault(ctx context.Context, err error, metered *tool.Conn) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	said, ok := errors.AsType[*ldap.Error](err)
	switch {
	case metered.Flooded():
		return tool.Flood(d.u.Hostname())
	case !ok || said.ResultCode >= ldap.ErrorNetwork:
		return tool.Unreachable(d.u.Hostname())
	case said.ResultCode == ldap.LDAPResultNoSuchObject:
		return tool.Refuse(errBase, d.u.Hostname(), d.s.Base)
	case said.ResultCode == ldap.LDAPResultInsufficientAccessRights || said.ResultCode == ldap.LDAPResultStrongAuthRequired:
		return tool.Denied(d.u.Hostname())
	}
	return tool.Refuse(errRefused, d.u.Hostname(), said.ResultCode)
}
