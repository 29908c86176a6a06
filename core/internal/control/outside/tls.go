package outside

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// certificateMargin is how long a certificate must still be good for.
const certificateMargin = 14 * 24 * time.Hour

var (
	tTLS        = i18n.T("Seul TLS 1.2 ou plus récent est accepté, avec un certificat valable", "Only TLS 1.2 or newer is accepted, with a valid certificate")
	tTLSHeld    = i18n.T("%d adresse(s) essayée(s) : %s ; TLS 1.0 et 1.1 et les suites de chiffrement faibles sont refusés ; le certificat vaut encore %d jours.", "%d address(es) tried: %s; TLS 1.0 and 1.1 and weak cipher suites are refused; the certificate is good for %d more days.")
	tTLSLocal   = i18n.T("N'a pas pu être vu : l'adresse de la plateforme est en HTTP sur cette seule machine, aucun TLS n'y est servi.", "Could not be seen: the platform's address is HTTP on this machine alone, no TLS is served.")
	tTLSReach   = i18n.T("N'a pas pu être vu : l'adresse de la plateforme ne se laisse pas joindre d'ici.", "Could not be seen: the platform's address cannot be reached from here.")
	tTLSNone    = i18n.T("L'adresse de la plateforme répond, mais pas en TLS 1.2 ou plus récent.", "The platform's address answers, but not in TLS 1.2 or newer.")
	tTLSOld     = i18n.T("L'adresse de la plateforme accepte TLS 1.0 ou 1.1.", "The platform's address accepts TLS 1.0 or 1.1.")
	tTLSWeak    = i18n.T("L'adresse de la plateforme accepte une suite de chiffrement faible.", "The platform's address accepts a weak cipher suite.")
	tTLSChain   = i18n.T("Le certificat n'est pas d'une autorité reconnue, ou n'est plus valable : un navigateur l'annonce.", "The certificate is of no known authority, or no longer valid: a browser warns.")
	tTLSName    = i18n.T("Le certificat n'est pas celui du nom que les gens tapent.", "The certificate is not for the name that people type.")
	tTLSEnds    = i18n.T("Le certificat expire dans %d jours, moins que les 14 demandés.", "The certificate expires in %d days, less than the 14 asked for.")
	tFaultOld   = i18n.T("Un serveur qui accepte TLS 1.0", "A server that accepts TLS 1.0")
	tFaultWeak  = i18n.T("Un serveur qui accepte une suite de chiffrement faible", "A server that accepts a weak cipher suite")
	tFaultEnds  = i18n.T("Un certificat qui expire dans trois jours", "A certificate that expires in three days")
	tFaultName  = i18n.T("Un certificat pour un autre nom", "A certificate for another name")
	tFaultChain = i18n.T("Un certificat que personne n'a signé", "A certificate that nobody signed")
)

func (m *Module) tls() *core.Probe {
	return outsideProbe("outside.tls", tTLS, m.runTLS,
		fault("outside.tls/old", tFaultOld, m.plantTLS(endpoint{min: tls.VersionTLS10, days: 90, name: "localhost", signed: true})),
		fault("outside.tls/weak", tFaultWeak, m.plantTLS(endpoint{min: tls.VersionTLS12, days: 90, name: "localhost", signed: true, weak: true})),
		fault("outside.tls/expiring", tFaultEnds, m.plantTLS(endpoint{min: tls.VersionTLS12, days: 3, name: "localhost", signed: true})),
		fault("outside.tls/name", tFaultName, m.plantTLS(endpoint{min: tls.VersionTLS12, days: 90, name: "other.example", signed: true})),
		fault("outside.tls/unsigned", tFaultChain, m.plantTLS(endpoint{min: tls.VersionTLS12, days: 90, name: "localhost"})),
	)
}

// place is an address that speaks TLS, and the name it is asked for.
type place struct{ address, name string }

// secured lists where TLS is served: the origin, and the listeners of this process that end TLS themselves.
func (m *Module) secured() ([]place, error) {
	u, err := m.origin()
	if err != nil {
		return nil, err
	}
	var all []place
	if u.Scheme == "https" {
		all = append(all, place{hostPort(u), u.Hostname()})
	}
	for _, l := range m.listeners() {
		if l.TLS {
			all = append(all, place{reachable(l.Address), u.Hostname()})
		}
	}
	return all, nil
}

// reachable gives an address that this machine can dial for one that a listener was opened on.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func (m *Module) runTLS(ctx context.Context, _ core.Stage) (core.Sight, error) {
	places, err := m.secured()
	if err != nil {
		return core.Sight{}, err
	}
	if len(places) == 0 {
		return core.Sight{}, probe.Unseen(tTLSLocal)
	}
	days, versions := 1<<30, []string{}
	for i, p := range places {
		left, version, broken, err := m.lookTLS(ctx, p)
		if err != nil {
			return core.Sight{}, err
		}
		if broken != nil {
			return core.Sight{Why: *broken, Population: len(places), Sample: i + 1}, nil
		}
		days = min(days, left)
		if v := tls.VersionName(version); !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	sight := probe.Held(len(places), len(places), tTLSHeld, len(places), strings.Join(versions, ", "), days)
	sight.Settings = map[string]string{"origin.scheme": "https"}
	return sight, nil
}

// lookTLS makes the handshakes that must succeed and those that must not.
func (m *Module) lookTLS(ctx context.Context, p place) (days int, version uint16, broken *core.Text, err error) {
	say := func(s i18n.Sentence, args ...any) *core.Text { t := probe.Text(s, args...); return &t }
	good, reached, err := m.shake(ctx, p, &tls.Config{MinVersion: tls.VersionTLS12})
	switch {
	case !reached:
		return 0, 0, nil, probe.Because(err, tTLSReach)
	case err != nil:
		return 0, 0, say(tTLSNone), nil
	}
	//nolint:gosec // the probe offers what must be refused
	if _, _, err = m.shake(ctx, p, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		return 0, 0, say(tTLSOld), nil
	}
	if _, _, err = m.shake(ctx, p, &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: weakSuites()}); err == nil {
		return 0, 0, say(tTLSWeak), nil
	}
	leaf := good.PeerCertificates[0]
	if leaf.VerifyHostname(p.name) != nil {
		return 0, 0, say(tTLSName), nil
	}
	if m.chain(good.PeerCertificates) != nil {
		return 0, 0, say(tTLSChain), nil
	}
	left := leaf.NotAfter.Sub(m.n.Clock.Now())
	if days = int(left / (24 * time.Hour)); left < certificateMargin {
		return 0, 0, say(tTLSEnds, days), nil
	}
	return days, good.Version, nil, nil
}

func weakSuites() []uint16 {
	var all []uint16
	for _, s := range tls.InsecureCipherSuites() {
		all = append(all, s.ID)
	}
	return all
}

// shake makes one handshake; reached tells whether anything answered at all.
func (m *Module) shake(ctx context.Context, p place, cfg *tls.Config) (state tls.ConnectionState, reached bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	raw, err := m.n.Dial(ctx, "tcp", p.address)
	if err != nil {
		return state, false, err
	}
	defer raw.Close()
	// The certificate is judged apart, so that each mistake has its own words.
	cfg.ServerName, cfg.InsecureSkipVerify = p.name, true //nolint:gosec
	c := tls.Client(raw, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		return state, ctx.Err() == nil, err
	}
	return c.ConnectionState(), true, nil
}

// chain checks the certificate against the authorities of this machine, now.
func (m *Module) chain(sent []*x509.Certificate) error {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if more, ok := m.get(factRoots); ok {
		roots.AppendCertsFromPEM([]byte(more))
	}
	between := x509.NewCertPool()
	for _, c := range sent[1:] {
		between.AddCert(c)
	}
	_, err = sent[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: m.n.Clock.Now()})
	return err
}

// endpoint is a server that a fault starts.
type endpoint struct {
	min    uint16
	days   int
	name   string
	signed bool // by an authority that the probe is told to believe
	weak   bool // offers RSA key exchange without forward secrecy
}

// plantTLS pretends that such a server is the platform's.
func (m *Module) plantTLS(e endpoint) func(context.Context, core.Saboteur) error {
	return func(_ context.Context, s core.Saboteur) error {
		facts, err := e.serve(m.n.Clock.Now())
		for name, value := range facts {
			s.Pretend(name, value)
		}
		return err
	}
}

// serve starts a server on this machine for three minutes, and gives the facts that make it the platform's.
func (e endpoint) serve(now time.Time) (map[string]string, error) {
	cert, root, err := e.certificate(now)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: e.min}
	if e.weak {
		cfg.CipherSuites = slices.Concat(weakSuites(), []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256})
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		return nil, err
	}
	time.AfterFunc(3*time.Minute, func() { _ = l.Close() })
	go greet(l)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	facts := map[string]string{factOrigin: "https://localhost:" + port, factListeners: "127.0.0.1:8080 plain", factRoots: ""}
	if e.signed {
		facts[factRoots] = root
	}
	return facts, nil
}

// greet makes the handshake with whoever comes, until the listener is closed.
func greet(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if t, ok := c.(*tls.Conn); ok {
				_ = t.Handshake() // refused or not, the probe sees it
			}
		}()
	}
}

// certificate makes an authority, and a certificate that it signed.
func (e endpoint) certificate(now time.Time) (cert tls.Certificate, rootPEM string, err error) {
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "planted"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: e.name}, DNSNames: []string{e.name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, e.days), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootKey, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leafKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		return cert, "", err
	}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, rootKey.Public(), rootKey)
	if err != nil {
		return cert, "", err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), rootKey)
	if err != nil {
		return cert, "", err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: leafKey},
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})), nil
}
