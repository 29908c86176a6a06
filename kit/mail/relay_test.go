package mail_test

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/mail"
)

func TestTheRelayIsReachedThroughTheWayOut(t *testing.T) {
	for _, how := range []string{"none", "tls"} {
		r := startRelay(t)
		door := egress.Only("relay.example.org:25")
		conf := r.config()
		conf.TLS = how
		c, err := mail.NewCarrier(conf, door.Dial)
		if err != nil {
			t.Fatal(err)
		}
		answers := c.Carry(t.Context(), []mail.Letter{{ID: "a", To: "ann@example.org", Subject: "s", Body: "b"}})
		if answers[0].Taken || !strings.Contains(answers[0].Reply, egress.ErrRefused.Error()) || len(r.got) != 0 || door.Refused() == 0 {
			t.Errorf("%s: a relay that the way out does not know answered %+v", how, answers[0])
		}
	}
}

// guarded is a session that takes letters from one name and password.
type guarded struct {
	inbox
	known *bool
}

func (g *guarded) AuthMechanisms() []string { return []string{sasl.Plain} }

func (g *guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, password string) error {
		if *g.known = name == "rempart" && password == "s3cret"; !*g.known {
			return errors.New("who are you?")
		}
		return nil
	}), nil
}

// listenTLS serves where TLS is spoken from the first byte.
func listenTLS(t *testing.T, s *smtp.Server, conf *tls.Config) (address string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// TestARelayThatSpeaksTLSFromTheFirstByteTakesThePassword over a connection that the mail library did not open itself.
func TestARelayThatSpeaksTLSFromTheFirstByteTakesThePassword(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	r, known := &relay{}, false
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &guarded{inbox{r}, &known}, nil }))
	s.Domain = "relay.test"
	r.addr = listenTLS(t, s, web.TLS)
	c, err := mail.NewCarrier(mail.Config{
		Relay: r.addr, TLS: "tls", CA: ca, Username: "rempart", Password: "s3cret", From: "Rempart <no-reply@example.org>",
	}, egress.Only(r.addr).Dial)
	if err != nil {
		t.Fatal(err)
	}
	answers := c.Carry(t.Context(), []mail.Letter{{ID: "a", To: "ann@example.org", Subject: "s", Body: "b"}})
	if !answers[0].Taken || !known || len(r.got) != 1 {
		t.Errorf("%+v, known %v", answers[0], known)
	}
}
