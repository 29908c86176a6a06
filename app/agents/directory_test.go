package agents

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	mutex "sync" // sync is a command here
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/source/sourcetest"
)

// said gathers what a command prints while it runs.
type said struct {
	mu   mutex.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// certificates makes an authority, and a certificate of this computer with its key.
func certificates(t *testing.T) (authority, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	if err := sourcetest.Certificate(dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// phones runs the very command until the test ends, and gives where it listens.
func phones(t *testing.T, args ...string) string {
	t.Helper()
	var out said
	cmd := directoryOf(Streams{Out: &out, Errs: &out})
	cmd.SetArgs(append([]string{"--server", "http://127.0.0.1:1"}, args...))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	at := regexp.MustCompile(`LDAP: \S+:(\d+)`)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if m := at.FindStringSubmatch(out.String()); m != nil {
			return m[1]
		}
	}
	t.Fatal(out.String())
	return ""
}

// TestLdapsearchReachesTheDirectoryOverTLS: the program of administrators, the command of the customer's machine, a certificate of
// their own. What a stranger may ask is asked: the platform behind is shown by the tests of the whole house.
func TestLdapsearchReachesTheDirectoryOverTLS(t *testing.T) {
	path, err := exec.LookPath("ldapsearch")
	if err != nil {
		t.Skip("no ldapsearch here")
	}
	authority, cert, key := certificates(t)
	port := phones(t, "--ldap", "127.0.0.1:0", "--cert", cert, "--key", key)
	search := func(trusted, scheme string, more ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, append([]string{"-x", "-LLL", "-H", scheme + "://127.0.0.1:" + port, "-s", "base", "-b", ""}, more...)...)
		cmd.Env = append(os.Environ(), "LDAPTLS_CACERT="+trusted, "LDAPTLS_REQCERT=demand")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := search(authority, "ldaps"); err != nil || !strings.Contains(out, "supportedLDAPVersion: 3") {
		t.Errorf("over TLS: %v\n%s", err, out)
	}
	other, _, _ := certificates(t)
	if out, err := search(other, "ldaps"); err == nil || strings.Contains(out, "supportedLDAPVersion") {
		t.Errorf("with a certificate that nobody vouches for: %s", out)
	}
	if out, err := search(authority, "ldap"); err == nil || strings.Contains(out, "supportedLDAPVersion") {
		t.Errorf("in clear: %s", out)
	}
	if out, err := search(authority, "ldaps", "-D", "o=0190c0de-0000-7000-8000-00000000000a", "-w", "a-token"); err == nil || !strings.Contains(out, "(51)") {
		t.Errorf("a token, while the platform does not answer: %v %s", err, out)
	}
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // the very thing that is refused
	if conn, err := tls.Dial("tcp", "127.0.0.1:"+port, old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

// TestATokenDoesNotCrossANetworkInClear: without a certificate this computer alone is answered.
func TestATokenDoesNotCrossANetworkInClear(t *testing.T) {
	if l, err := listen(":0", nil); err == nil {
		l.Close()
		t.Error("every address is listened on without TLS")
	} else if !strings.Contains(err.Error(), "--cert") {
		t.Errorf("the mistake does not say what to do: %v", err)
	}
	l, err := listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	if at := l.Addr().(*net.TCPAddr); !at.IP.IsLoopback() {
		t.Error(at)
	}
	l.Close()
	for _, args := range [][]string{{"--cert", "phones.crt"}, {"--ldap", ""}} {
		cmd := directoryOf(Streams{Out: &said{}, Errs: &said{}})
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(append([]string{"--server", "http://127.0.0.1:1"}, args...))
		if err := cmd.ExecuteContext(t.Context()); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
