package mail_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/mail"
)

var qDump = db.SQL(`SELECT id, person, kind, sealed, state, reply FROM mail_outbox ORDER BY id`)

type row struct {
	id, person, kind, state, reply string
	sealed                         []byte
}

func dump(t *testing.T, d *db.DB) []row {
	t.Helper()
	var rows []row
	err := d.Read(t.Context(), func(tx core.Tx) (err error) {
		rows, err = db.All(t.Context(), tx, qDump, func(s db.Scan) (r row, err error) {
			return r, s(&r.id, &r.person, &r.kind, &r.sealed, &r.state, &r.reply)
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

type fixture struct {
	*mail.Outbox
	db     *db.DB
	clock  *clock.Fake
	sealer *coretest.FakeSealer
}

func queueOver(d *db.DB, c mail.Carrier) *fixture {
	f := &fixture{db: d, clock: &clock.Fake{}, sealer: coretest.Sealer()}
	f.Outbox = mail.New(mail.Needs{Gate: coretest.Gate(d), Reader: d, Sealer: f.sealer, Clock: f.clock, Carrier: c})
	return f
}

func (f *fixture) queue(t *testing.T, m core.Mail) error {
	t.Helper()
	return f.db.Write(t.Context(), func(tx core.Tx) error { return f.Queue(t.Context(), tx, m) })
}

var hello = core.Mail{
	Org: "org", Person: "ann", To: "ann@example.org", Kind: "signin.new_device",
	Subject: "Nouvelle connexion à votre compte", Body: "Bonjour Ann,\n\nUne connexion a eu lieu.\n.\nFin\n",
}

// relay is a real SMTP server whose answers a test chooses.
type relay struct {
	mu     sync.Mutex
	got    []string
	answer error
	addr   string
}

func startRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &inbox{r}, nil }))
	s.Domain, s.AllowInsecureAuth = "relay.test", true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return r
}

type inbox struct{ r *relay }

func (i *inbox) Mail(string, *smtp.MailOptions) error { return nil }
func (i *inbox) Rcpt(string, *smtp.RcptOptions) error {
	i.r.mu.Lock()
	defer i.r.mu.Unlock()
	return i.r.answer
}

func (i *inbox) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	i.r.mu.Lock()
	defer i.r.mu.Unlock()
	i.r.got = append(i.r.got, string(b))
	return err
}
func (i *inbox) Reset()        {}
func (i *inbox) Logout() error { return nil }

func (r *relay) config() mail.Config {
	return mail.Config{Relay: r.addr, TLS: "none", From: "Rempart <no-reply@example.org>"}
}

func (r *relay) carrier(t *testing.T) mail.Carrier {
	t.Helper()
	c, err := mail.NewCarrier(r.config(), egress.Only(r.config().Relay).Dial)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAMessageLeavesWithItsActAndIsClearedOnceDelivered(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		r := startRelay(t)
		f := queueOver(d, r.carrier(t))
		if err := f.queue(t, hello); err != nil {
			t.Fatal(err)
		}
		if n, err := f.Deliver(t.Context()); n != 1 || err != nil {
			t.Fatalf("delivered %d, %v", n, err)
		}
		if len(r.got) != 1 {
			t.Fatalf("the relay got %d messages", len(r.got))
		}
		for _, want := range []string{"To: <ann@example.org>", "Subject: =?UTF-8?", "Auto-Submitted: auto-generated", "Une connexion a eu lieu.", "Message-ID: <"} {
			if !strings.Contains(r.got[0], want) {
				t.Errorf("no %q in\n%s", want, r.got[0])
			}
		}
		rows := dump(t, d)
		if len(rows) != 1 || rows[0].state != "sent" || rows[0].sealed != nil || !strings.Contains(rows[0].reply, "OK") {
			t.Errorf("rows = %+v, want one sent, cleared, with the relay's answer", rows)
		}
		if n, err := f.Deliver(t.Context()); n != 0 || err != nil {
			t.Errorf("a second pass delivered %d, %v", n, err)
		}
	})
}

func TestAnActThatDidNotHappenWritesToNobody(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		f := queueOver(d, nil)
		undone := errors.New("undone")
		err := d.Write(t.Context(), func(tx core.Tx) error {
			if err := f.Queue(t.Context(), tx, hello); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) || len(dump(t, d)) != 0 {
			t.Errorf("err = %v, rows = %+v", err, dump(t, d))
		}
	})
}

func TestWithoutARelayMessagesWaitAndTheQueueSaysSo(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		f := queueOver(d, nil)
		if err := f.queue(t, hello); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(72 * time.Hour)
		if _, err := f.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, err := f.Backlog(t.Context())
		if err != nil || b.Waiting != 1 || b.Carrier || b.Dead != 0 || b.Oldest.IsZero() {
			t.Errorf("backlog = %+v, %v", b, err)
		}
	})
}

func TestTheRelaysRealAnswerIsKeptWithoutTheAddress(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		r := startRelay(t)
		f := queueOver(d, r.carrier(t))
		r.answer = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted ann@example.org, try later"}
		if err := f.queue(t, hello); err != nil {
			t.Fatal(err)
		}
		if n, err := f.Deliver(t.Context()); n != 0 || err != nil {
			t.Fatalf("delivered %d, %v", n, err)
		}
		rows := dump(t, d)
		if rows[0].state != "queued" || !strings.Contains(rows[0].reply, "greylisted (address)") || strings.Contains(rows[0].reply, "ann@") {
			t.Errorf("row = %+v", rows[0])
		}
		r.mu.Lock()
		r.answer = nil
		r.mu.Unlock()
		if n, _ := f.Deliver(t.Context()); n != 0 {
			t.Error("tried again at once, not after a while")
		}
		f.clock.Advance(31 * time.Second)
		if n, err := f.Deliver(t.Context()); n != 1 || err != nil {
			t.Errorf("after the delay delivered %d, %v", n, err)
		}
	})
}

func TestARefusalForGoodIsNotTriedAgain(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		r := startRelay(t)
		f := queueOver(d, r.carrier(t))
		r.answer = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
		if err := f.queue(t, hello); err != nil {
			t.Fatal(err)
		}
		_, _ = f.Deliver(t.Context())
		rows := dump(t, d)
		if rows[0].state != "dead" || rows[0].sealed != nil || !strings.Contains(rows[0].reply, "no such mailbox") {
			t.Errorf("row = %+v", rows[0])
		}
		if b, _ := f.Backlog(t.Context()); b.Dead != 1 || b.Waiting != 0 {
			t.Errorf("backlog = %+v", b)
		}
	})
}

func TestTwoNodesNeverSendTheSameMessage(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		r := startRelay(t)
		a, b := queueOver(d, r.carrier(t)), queueOver(d, r.carrier(t))
		for range 120 {
			if err := a.queue(t, hello); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for _, f := range []*fixture{a, b} {
			wg.Go(func() {
				if _, err := f.Deliver(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(r.got) != 120 {
			t.Errorf("the relay got %d messages, want 120", len(r.got))
		}
	})
}

func TestAMessageToAnErasedPersonCannotLeave(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		r := startRelay(t)
		f := queueOver(d, r.carrier(t))
		if err := f.queue(t, hello); err != nil {
			t.Fatal(err)
		}
		_ = f.sealer.DestroyKey(t.Context(), "ann")
		if n, err := f.Deliver(t.Context()); n != 0 || err != nil || len(r.got) != 0 {
			t.Errorf("delivered %d, %v; the relay got %d", n, err, len(r.got))
		}
		if rows := dump(t, d); rows[0].state != "dead" || rows[0].sealed != nil {
			t.Errorf("row = %+v", rows[0])
		}
	})
}

func TestNobodyAddsAHeader(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		f := queueOver(d, nil)
		for _, m := range []core.Mail{
			{To: "ann@example.org\r\nBcc: eve@example.org", Subject: "x"},
			{To: "ann@example.org", Subject: "x\r\nBcc: eve@example.org"},
			{To: "Eve <eve@example.org>", Subject: "x"},
			{To: "not an address", Subject: "x"},
		} {
			if err := f.queue(t, m); core.KindOf(err) != core.Invalid {
				t.Errorf("%q / %q: %v, want a refusal", m.To, m.Subject, err)
			}
		}
	})
}

func TestTheFolderGetsOneFilePerMessage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		c, err := mail.NewCarrier(mail.Config{Folder: dir}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := queueOver(d, c)
		if err := f.queue(t, hello); err != nil {
			t.Fatal(err)
		}
		if n, err := f.Deliver(t.Context()); n != 1 || err != nil {
			t.Fatalf("delivered %d, %v", n, err)
		}
		info, err := os.Stat(filepath.Join(dir, dump(t, d)[0].id+".eml"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("file: %v, %v", info, err)
		}
	})
}

func TestARelayWithoutTLSIsNotTrustedUnlessItIsHere(t *testing.T) {
	r := startRelay(t)
	c := r.config()
	c.TLS = "" // starttls, which this relay does not offer
	if err := mail.Probe(t.Context(), c); err == nil {
		t.Error("the probe went on in clear")
	}
	if err := mail.Probe(t.Context(), r.config()); err != nil {
		t.Errorf("the probe of a good relay: %v", err)
	}
}

func TestAMessageToWhatCannotExistNeverLeavesAndCanBeRead(t *testing.T) {
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		r := startRelay(t)
		f := queueOver(d, r.carrier(t))
		m := hello
		m.To = "canary-1@canary.invalid"
		if err := f.queue(t, m); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if n, err := f.Deliver(t.Context()); n != 0 || err != nil {
				t.Fatalf("%d messages left, %v", n, err)
			}
		}
		if len(r.got) != 0 {
			t.Errorf("the relay was given %q", r.got)
		}
		held, err := f.Held(t.Context(), "ann")
		if err != nil || len(held) != 1 || held[0].Body != m.Body {
			t.Errorf("held are %v, %v", held, err)
		}
		if b, err := f.Backlog(t.Context()); err != nil || b.Waiting != 0 {
			t.Errorf("the queue counts %d waiting, %v", b.Waiting, err)
		}
	})
}
