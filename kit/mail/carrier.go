package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/i18n"
)

var errAddress = i18n.Fault(core.Invalid, "mail.address",
	"Cette adresse électronique n'est pas valable.", "This e-mail address is not valid.")

// Letter is one message in clear, on its way to a carrier.
type Letter struct {
	ID      core.ID // also its Message-ID, so that a relay that got it twice can tell
	Kind    string
	To      string
	Subject string
	Body    string
	At      time.Time
}

// Answer is what became of one letter. Neither Taken nor Refused: try again later.
type Answer struct {
	Taken   bool
	Refused bool // for good (5yz of RFC 5321)
	Reply   string
}

// Carrier delivers letters and gives one answer for each, in order.
type Carrier interface {
	Carry(ctx context.Context, letters []Letter) []Answer
}

// Dial opens a connection (egress.Door.Dial).
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// NewCarrier makes the carrier that a configuration asks for; nil when messages shall wait. A relay is reached through dial.
func NewCarrier(c Config, dial Dial) (Carrier, error) {
	if errs := c.Check(); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	switch {
	case c.Folder != "":
		return &Folder{Dir: c.Folder, From: c.From}, nil
	case c.Relay != "":
		return newRelay(c, dial)
	}
	return nil, nil
}

// checkHeaders refuses what could add a header of its own to the message (RFC 5322 section 2.2).
func checkHeaders(to, subject string) error {
	a, err := mail.ParseAddress(to)
	if err != nil || a.Address != to || strings.ContainsAny(to+subject, "\r\n\x00") {
		return errAddress
	}
	return nil
}

func compose(from string, l Letter) (*gomail.Msg, error) {
	if err := checkHeaders(l.To, l.Subject); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(from); err != nil {
		return nil, err
	}
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	sender, _ := mail.ParseAddress(from)
	m.SetMessageIDWithValue(string(l.ID) + sender.Address[strings.LastIndexByte(sender.Address, '@'):])
	m.SetDateWithValue(l.At)
	m.Subject(l.Subject)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies
	m.SetGenHeader("X-Rempart-Kind", l.Kind)
	m.SetBodyString(gomail.TypeTextPlain, l.Body)
	return m, nil
}

// relay delivers over SMTP.
type relay struct {
	from   string
	client *gomail.Client
}

func newRelay(c Config, dial Dial) (*relay, error) {
	host, portText, err := net.SplitHostPort(c.Relay)
	if err != nil {
		return nil, fmt.Errorf("mail.relay: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("mail.relay: port %q is no number", portText)
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("mail.ca: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("mail.ca: no certificate in %s", c.CA)
		}
	}
	opts := []gomail.Option{
		gomail.WithTimeout(20 * time.Second), gomail.WithPort(port), gomail.WithTLSConfig(conf),
		gomail.WithoutNoop(), gomail.WithHELO(helo(c.From)),
		gomail.WithDialContextFunc(gomail.DialContextFunc(dial)),
	}
	switch c.TLS {
	case "tls":
		// The library takes a connection that it did not open for a plain one unless it may look: hence opportunistic.
		opts = append(opts, gomail.WithDialContextFunc(secured(dial, conf)), gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case "none":
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.Username != "" {
		password, err := c.password()
		if err != nil {
			return nil, err
		}
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(c.Username), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail.relay: %w", err)
	}
	return &relay{from: c.From, client: client}, nil
}

// secured speaks TLS from the first byte.
func secured(dial Dial, conf *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, conf)
		if err := conn.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		return conn, nil
	}
}

// helo gives the name we greet with: the sender's domain, never the machine's own name.
func helo(from string) string {
	if a, err := mail.ParseAddress(from); err == nil {
		if at := strings.LastIndexByte(a.Address, '@'); at >= 0 {
			return a.Address[at+1:]
		}
	}
	return "localhost"
}

// Carry sends the letters over one connection; when it breaks the rest is answered "later".
func (r *relay) Carry(ctx context.Context, letters []Letter) []Answer {
	answers := make([]Answer, len(letters))
	conn, err := r.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		for i := range answers {
			answers[i].Reply = err.Error()
		}
		return answers
	}
	defer func() { _ = r.client.CloseWithSMTPClient(conn) }()
	for i, l := range letters {
		answers[i] = r.send(conn, l)
	}
	return answers
}

func (r *relay) send(conn *smtp.Client, l Letter) Answer {
	m, err := compose(r.from, l)
	if err != nil {
		return Answer{Refused: true, Reply: err.Error()}
	}
	if err := r.client.SendWithSMTPClient(conn, m); err != nil {
		var se *gomail.SendError
		refused := errors.As(err, &se) && se.ErrorCode() >= 500 && !se.IsTemp()
		return Answer{Refused: refused, Reply: err.Error()}
	}
	return Answer{Taken: true, Reply: m.ServerResponse()}
}

// Probe connects, secures and authenticates without sending anything: for the doctor.
func Probe(ctx context.Context, c Config) error {
	r, err := newRelay(c, egress.Only(c.Relay).Dial)
	if err != nil {
		return err
	}
	conn, err := r.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	return r.client.CloseWithSMTPClient(conn)
}

// Folder writes each letter as <id>.eml, readable by its owner only.
type Folder struct {
	Dir  string
	From string
}

// Carry writes the letters; a file appears whole or not at all.
func (f *Folder) Carry(_ context.Context, letters []Letter) []Answer {
	answers := make([]Answer, len(letters))
	for i, l := range letters {
		if err := f.write(l); err != nil {
			answers[i].Reply = err.Error()
			continue
		}
		answers[i] = Answer{Taken: true, Reply: "written to the folder"}
	}
	return answers
}

func (f *Folder) write(l Letter) error {
	from := f.From
	if from == "" {
		from = "Rempart <no-reply@rempart.invalid>"
	}
	m, err := compose(from, l)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(f.Dir, string(l.ID)+".eml")
	if err := os.WriteFile(name+".part", b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}
