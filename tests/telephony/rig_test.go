//go:build telephony

package telephony

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/rempart/rempart/services/recognition/line/sip"
)

//go:embed testdata/kamailio.cfg
var kamailioConf string

// exchange is one kamailio: extensions 101 to 199, whose password is "secret-" and their number.
type exchange struct {
	Port, TLSPort, Trunk int
	Dir, Modules         string
	NoEvents             bool // gives no dialog events
	NoRefer              bool // refuses that phones be asked to call
	Lifetime             int  // seconds that an ended call stays in the documents, which one datagram must hold
	roots                *x509.CertPool
	cmd                  *exec.Cmd
	log                  *os.File
}

// free gives a port that nobody has, for UDP and TCP, with the one after it.
func free(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		ok := l.Close() == nil
		for _, p := range []int{port, port + 1} {
			u, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(p))
			if err != nil {
				ok = false
				break
			}
			_ = u.Close()
		}
		if next, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+1)); err != nil {
			ok = false
		} else {
			_ = next.Close()
		}
		if ok {
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if _, err := os.Stat("/usr/sbin/" + p); err != nil {
				t.Skipf("%s is not installed (scripts/deps)", p)
			}
		}
	}
}

// newExchange starts kamailio.
func newExchange(t *testing.T, change ...func(*exchange)) *exchange {
	t.Helper()
	need(t, "kamailio", "baresip", "sipp")
	x := &exchange{Port: free(t), TLSPort: free(t), Trunk: free(t), Dir: folder(t), Lifetime: 60}
	for _, c := range change {
		c(x)
	}
	if found, _ := filepath.Glob("/usr/lib/*/kamailio/modules"); len(found) == 1 {
		x.Modules = found[0]
	}
	if _, err := os.Stat(filepath.Join(x.Modules, "tls.so")); err != nil {
		t.Skip("the modules of kamailio are not all installed (scripts/deps)")
	}
	x.certify(t)
	if err := os.CopyFS(filepath.Join(x.Dir, "db"), os.DirFS("/usr/share/kamailio/dbtext/kamailio")); err != nil { // asked for, never written
		t.Fatal(err)
	}
	var conf bytes.Buffer
	if err := template.Must(template.New("").Parse(kamailioConf)).Execute(&conf, x); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(x.Dir, "kamailio.cfg"), conf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	x.start(t)
	t.Cleanup(x.kill)
	return x
}

// folder is a folder of the test, short enough for a socket.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tel")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (x *exchange) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(x.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	x.log = log
	x.cmd = exec.Command("/usr/sbin/kamailio", "-DD", "-E", "-f", filepath.Join(x.Dir, "kamailio.cfg"), "-Y", x.Dir, "-w", x.Dir, "-m", "64", "-M", "24")
	x.cmd.Stdout, x.cmd.Stderr, x.cmd.Dir = log, log, x.Dir
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !x.answers(10 * time.Second) {
		x.kill()
		t.Fatalf("kamailio does not answer:\n%s", x.logged())
	}
}

// answers asks OPTIONS until there is an answer.
func (x *exchange) answers(within time.Duration) bool {
	until := time.Now().Add(within)
	for time.Now().Before(until) {
		c, err := net.Dial("udp", x.addr())
		if err != nil {
			return false
		}
		_, _ = c.Write([]byte("OPTIONS sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP " + c.LocalAddr().String() + ";branch=z9hG4bK" + strconv.FormatInt(time.Now().UnixNano(), 36) +
			"\r\nFrom: <sip:test@pbx.test>;tag=1\r\nTo: <sip:pbx.test>\r\nCall-ID: " + strconv.FormatInt(time.Now().UnixNano(), 36) + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n"))
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		b := make([]byte, 512)
		n, err := c.Read(b)
		_ = c.Close()
		if err == nil && strings.HasPrefix(string(b[:n]), "SIP/2.0 ") {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// kill ends every process of the exchange at once, as a power cut does.
func (x *exchange) kill() {
	if x.cmd == nil {
		return
	}
	_ = syscall.Kill(-x.cmd.Process.Pid, syscall.SIGKILL)
	_ = x.cmd.Wait()
	x.cmd = nil
	_ = x.log.Close()
}

func (x *exchange) logged() string {
	b, _ := os.ReadFile(filepath.Join(x.Dir, "log"))
	if len(b) > 6000 {
		b = b[len(b)-6000:]
	}
	return string(b)
}

// contacts asks the exchange where an extension may be reached, as a phone does (RFC 3261, 10.2.3).
func (x *exchange) contacts(t *testing.T, extension string) int {
	t.Helper()
	out, err := exec.Command("kamcmd", "-s", "unix:"+filepath.Join(x.Dir, "ctl"), "ul.lookup", "location", "s:"+extension).CombinedOutput()
	if err != nil {
		t.Fatalf("kamcmd: %v: %s", err, out)
	}
	return strings.Count(string(out), "Address:")
}

func (x *exchange) addr() string { return "127.0.0.1:" + strconv.Itoa(x.Port) }

// certify gives the exchange a certificate for its address.
func (x *exchange) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pbx.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"pbx.test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	x.roots = x509.NewCertPool()
	x.roots.AddCert(cert)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(x.Dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// line is our own side of the exchange, for some extensions.
func (x *exchange) line(t *testing.T, transport string, mode sip.Mode, extensions ...string) *sip.Line {
	t.Helper()
	conf := sip.Config{
		Server: x.addr(), Domain: "pbx.test", Transport: transport, Mode: mode, May: func(a netip.Addr) bool { return a.IsLoopback() },
		Refresh: time.Second, Note: func(s sip.Status) { t.Logf("extension %s: mode %q, %v", s.Extension, s.Mode, s.Err) },
	}
	if transport == "tls" {
		conf.Server = "127.0.0.1:" + strconv.Itoa(x.TLSPort)
		conf.TLS = &tls.Config{RootCAs: x.roots, ServerName: "pbx.test", MinVersion: tls.VersionTLS12}
	}
	for _, e := range extensions {
		conf.Extensions = append(conf.Extensions, sip.Extension{Number: e, Password: "secret-" + e})
	}
	l, err := sip.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
