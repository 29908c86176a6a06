package sourcetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Ldap is a slapd server with the base dc=example,dc=com, a person who may only read, and indexes on telephone numbers.
type Ldap struct {
	*Server
	URL      string // ldap://, which takes StartTLS
	TLSURL   string // ldaps://
	Base     string
	Admin    string // DN
	Password string // of Admin
	CA       string // file of the authority of its certificate
}

// Root is the first entry of any LDIF given to Slapd.
const Root = "dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n"

// Slapd starts a server that holds an LDIF (after Root) and ends with the test.
func Slapd(t T, ldif string) Ldap {
	t.Helper()
	l, err := StartSlapd(folder(t), strings.NewReader(Root+ldif))
	started(t, l.Server, err)
	return l
}

// StartSlapd starts a server in an empty folder, loaded with an LDIF that begins with Root; Stop ends it.
func StartSlapd(dir string, ldif io.Reader) (Ldap, error) {
	l := Ldap{Base: "dc=example,dc=com", Admin: "cn=admin,dc=example,dc=com", Password: "tell-no-one", CA: filepath.Join(dir, "ca.pem")}
	server, err := program("slapd")
	if err != nil {
		return l, err
	}
	load, err := program("slapadd")
	if err != nil {
		return l, err
	}
	if err := Certificate(dir); err != nil {
		return l, err
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		return l, err
	}
	conf := filepath.Join(dir, "slapd.conf")
	if err := os.WriteFile(conf, []byte(fmt.Sprintf(slapdConf, dir, l.Base, l.Admin, l.Password)), 0o600); err != nil {
		return l, err
	}
	add := exec.Command(load, "-q", "-f", conf)
	add.Stdin = ldif
	if out, err := add.CombinedOutput(); err != nil {
		return l, fmt.Errorf("slapadd: %w\n%s", err, out)
	}
	plain, err := freePort()
	if err != nil {
		return l, err
	}
	sealed, err := freePort()
	if err != nil {
		return l, err
	}
	l.URL, l.TLSURL = "ldap://"+plain, "ldaps://"+sealed
	l.Server, err = run(dir, plain, listens(plain), server, "-h", l.URL+"/ "+l.TLSURL+"/", "-f", conf, "-d", "0")
	return l, err
}

const slapdConf = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile %[1]s/ca.pem
TLSCertificateFile %[1]s/cert.pem
TLSCertificateKeyFile %[1]s/key.pem
sizelimit 500
database mdb
maxsize 8589934592
suffix "%[2]s"
rootdn "%[3]s"
rootpw %[4]s
directory %[1]s/data
dbnosync
index objectClass eq
index telephoneNumber,mobile eq
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
limits users size.soft=500 size.hard=500 size.pr=200 size.prtotal=unlimited
`

// Certificate makes an authority (ca.pem) and the certificate of 127.0.0.1 (cert.pem, key.pem) in a folder.
func Certificate(dir string) error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: caDER}, "cert.pem": {Type: "CERTIFICATE", Bytes: leafDER}, "key.pem": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}
