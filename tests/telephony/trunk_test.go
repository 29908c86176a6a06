//go:build telephony

package telephony

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trunk is what the operator does: sipp.
type trunk struct {
	extension string
	calls     int
	rate      int    // calls begun per second
	ring      int    // milliseconds before the caller gives up
	headers   string // of the INVITE, beside the usual
	refused   bool   // may be
	from      string // "[field0]" by default, one number per call
}

const callScenario = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="a caller who gives up">
  <send retrans="500"><![CDATA[
INVITE sip:%[1]s@pbx.test SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: %[2]s;tag=[pid]t[call_number]
To: <sip:%[1]s@pbx.test>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:trunk@[local_ip]:[local_port]>
Max-Forwards: 30
%[3]sContent-Type: application/sdp
Content-Length: [len]

v=0
o=trunk 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" rrs="true" timeout="5000" ontimeout="tired"/>
  <pause milliseconds="%[4]d"/>
  <label id="tired"/>
  <send retrans="500"><![CDATA[
CANCEL sip:%[1]s@pbx.test SIP/2.0
[last_Via:]
[last_From:]
To: <sip:%[1]s@pbx.test>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 30
Content-Length: 0

]]></send>
  <recv response="180" optional="true"/>
  <recv response="487" optional="true" next="early"><action><ereg regexp=";tag=.*" search_in="hdr" header="To:" check_it="false" assign_to="1"/></action></recv>
  <recv response="200" timeout="3000" ontimeout="over"/>
  <recv response="180" optional="true"/>
  <recv response="487" timeout="3000" ontimeout="over"><action><ereg regexp=";tag=.*" search_in="hdr" header="To:" check_it="false" assign_to="1"/></action></recv>
  <send><![CDATA[
ACK sip:%[1]s@pbx.test SIP/2.0
[last_Via:]
[last_From:]
To: <sip:%[1]s@pbx.test>[$1]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 30
Content-Length: 0

]]></send>
  <nop next="over"/>
  <label id="early"/>
  <send><![CDATA[
ACK sip:%[1]s@pbx.test SIP/2.0
[last_Via:]
[last_From:]
To: <sip:%[1]s@pbx.test>[$1]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 30
Content-Length: 0

]]></send>
  <recv response="200" timeout="3000" ontimeout="over"/>
  <label id="over"/>
  <timewait milliseconds="50"/>
</scenario>
`

// answerScenario is a number that the operator connects, and that hangs up after a while.
const answerScenario = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="somebody who answers">
  <recv request="INVITE" rrs="true"/>
  <send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>
  <pause milliseconds="200"/>
  <send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=trunk 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
  <recv request="ACK" optional="true" next="1"/>
  <recv request="ACK"/>
  <label id="1"/>
  <recv request="BYE"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
`

// numberOf is who makes the nth call.
func numberOf(n int) string { return fmt.Sprintf("+336120%05d", n) }

// call has the operator bring calls, and gives when each INVITE left, by Call-ID.
func (x *exchange) call(t *testing.T, c trunk) map[string]time.Time {
	t.Helper()
	done := x.begin(t, c)
	return done()
}

// attempt has the operator bring calls that nobody may take.
func (x *exchange) attempt(t *testing.T, c trunk) {
	t.Helper()
	c.refused = true
	x.call(t, c)
}

// begin has the operator bring calls; the function waits until they are over.
func (x *exchange) begin(t *testing.T, c trunk) (wait func() map[string]time.Time) {
	t.Helper()
	dir := folder(t)
	if c.from == "" {
		c.from = `"Somebody" <sip:[field0]@operator.test>`
	}
	if c.rate == 0 {
		c.rate = 10
	}
	if c.calls == 0 {
		c.calls = 1
	}
	var numbers strings.Builder
	numbers.WriteString("SEQUENTIAL\n")
	for i := range c.calls {
		numbers.WriteString(numberOf(i) + "\n")
	}
	write(t, filepath.Join(dir, "numbers.csv"), numbers.String())
	write(t, filepath.Join(dir, "call.xml"), fmt.Sprintf(callScenario, c.extension, c.from, c.headers, c.ring))
	patience := 30 * time.Second
	if c.refused {
		patience = 3 * time.Second // a call that rings at our registration alone is never taken
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	cmd := exec.CommandContext(ctx, "sipp", x.addr(), "-sf", "call.xml", "-inf", "numbers.csv", "-i", "127.0.0.1", "-p", strconv.Itoa(x.Trunk),
		"-m", strconv.Itoa(c.calls), "-r", strconv.Itoa(c.rate), "-l", "200", "-nostdin", "-trace_shortmsg", "-shortmessage_file", "short", "-trace_err", "-error_file", "errors", "-cid_str", "%u-%p@operator.test", "-max_retrans", "3")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return func() map[string]time.Time {
		t.Helper()
		err := cmd.Wait()
		cancel()
		_ = out.Close()
		if err != nil && c.refused {
			return nil
		}
		if err != nil {
			errs, _ := os.ReadFile(filepath.Join(dir, "errors"))
			short, _ := os.ReadFile(filepath.Join(dir, "short"))
			t.Fatalf("the operator: %v\n%.3000s\n%s\n%s", err, errs, x.logged(), short[max(0, len(short)-2500):])
		}
		return sent(t, filepath.Join(dir, "short"))
	}
}

// sent reads when each INVITE left.
func sent(t *testing.T, path string) map[string]time.Time {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]time.Time{}
	for l := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(l), "\t")
		if len(f) < 6 || f[3] != "S" || !strings.HasPrefix(f[len(f)-1], "INVITE ") {
			continue
		}
		seconds, micros, _ := strings.Cut(f[2], ".")
		s, err1 := strconv.ParseInt(seconds, 10, 64)
		us, err2 := strconv.ParseInt(micros, 10, 64)
		if err1 != nil || err2 != nil {
			t.Fatalf("sipp's record is not read: %q", l)
		}
		if _, again := out[f[4]]; !again {
			out[f[4]] = time.Unix(s, us*1000)
		}
	}
	return out
}

// answering has the operator connect the numbers that are called.
func (x *exchange) answering(t *testing.T) {
	t.Helper()
	dir := folder(t)
	write(t, filepath.Join(dir, "answer.xml"), answerScenario)
	media := free(t)
	cmd := exec.Command("sipp", "-sf", "answer.xml", "-i", "127.0.0.1", "-p", strconv.Itoa(x.Trunk), "-mi", "127.0.0.1", "-mp", strconv.Itoa(media&^1), "-rtp_echo", "-nostdin", "-trace_err", "-error_file", "errors")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "errors"))
			t.Logf("the operator: %.2000s", b)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
