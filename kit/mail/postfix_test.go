package mail_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/mail"
)

// postfix runs a private instance of Debian's postfix on a free port of this machine, with mailboxes for example.org in
// a folder; it gives its address and that folder.
func postfix(t *testing.T) (addr, mailboxes string) {
	t.Helper()
	if _, err := os.Stat("/usr/sbin/postfix"); err != nil || os.Getuid() != 0 {
		t.Skip("no postfix here, or not root: the exchange with a real relay is not played (make deps)")
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Skip("no account for postfix: ", err)
	}
	// Its daemons change to another account and must reach their folders: those of t.TempDir are closed to it.
	dir, err := os.MkdirTemp("/tmp", "rempart-postfix-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	run := func(ok bool, name string, args ...string) {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil && ok {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("%s %v: %v\n%s\n%s", name, args, err, out, log)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"conf", "queue", "data", "box"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(true, "chown", owner.Uid, filepath.Join(dir, "data"), filepath.Join(dir, "box"))
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, "conf", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("main.cf", fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = /tmp
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example.org
mydestination =
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = %[1]s/box
virtual_mailbox_maps = texthash:%[1]s/conf/boxes
virtual_uid_maps = static:%[2]s
virtual_gid_maps = static:%[3]s
virtual_minimum_uid = 1
smtpd_tls_security_level = none
smtpd_recipient_restrictions = reject_unauth_destination
`, dir, owner.Uid, owner.Gid))
	write("boxes", "ann@example.org ann/\n")
	write("master.cf", addr+` inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
`)
	conf := filepath.Join(dir, "conf")
	run(true, "/usr/sbin/postfix", "-c", conf, "start")
	t.Cleanup(func() { run(false, "/usr/sbin/postfix", "-c", conf, "stop") })
	return addr, filepath.Join(dir, "box")
}

func TestARealRelayTakesAMessageAndItsRealRefusalIsKept(t *testing.T) {
	addr, boxes := postfix(t)
	carrier, err := mail.NewCarrier(mail.Config{Relay: addr, TLS: "none", From: "Rempart <no-reply@example.org>"}, egress.Only(addr).Dial)
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, []db.Schema{mail.Schema()}, func(t *testing.T, d *db.DB) {
		f := queueOver(d, carrier)
		before := delivered(t, boxes)
		for _, m := range []core.Mail{hello, {Org: "org", Person: "bob", To: "nobody@example.org", Kind: "signin.new_device", Subject: "x", Body: "y"}} {
			if err := f.queue(t, m); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := f.Deliver(t.Context()); n != 1 || err != nil {
			t.Fatalf("delivered %d, %v: %+v", n, err, dump(t, d))
		}
		rows := dump(t, d)
		if rows[0].state != "sent" || !strings.Contains(rows[0].reply, "queued as") {
			t.Errorf("taken: %+v, want postfix's own words", rows[0])
		}
		if rows[1].state != "dead" || !strings.Contains(rows[1].reply, "550") || strings.Contains(rows[1].reply, "nobody@") {
			t.Errorf("refused: %+v, want postfix's own words without the address", rows[1])
		}
		for end := time.Now().Add(20 * time.Second); delivered(t, boxes) == before; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("postfix took the message and it reached no mailbox")
			}
		}
	})
}

// delivered counts the messages in ann's mailbox that hold the text of the test.
func delivered(t *testing.T, boxes string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(boxes, "ann", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "Une connexion a eu lieu.") {
			n++
		}
	}
	return n
}
