//go:build telephony

package telephony

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// phone is one baresip.
type phone struct {
	Extension string
	again     int // seconds between two registrations
	dir       string
	cmd       *exec.Cmd
	control   net.Conn
	mu        sync.Mutex
	events    []map[string]any
	changed   chan struct{}
}

// newPhone starts a telephone and waits until it is registered.
func (x *exchange) newPhone(t *testing.T, extension string, change ...func(*phone)) *phone {
	t.Helper()
	p := &phone{Extension: extension, dir: folder(t), changed: make(chan struct{}, 1), again: 300}
	for _, c := range change {
		c(p)
	}
	listen, control := free(t), free(t)
	tone(t, filepath.Join(p.dir, "tone.wav"))
	conf := fmt.Sprintf(`sip_listen 127.0.0.1:%d
net_interface 127.0.0.1
call_max_calls 64
call_local_timeout 120
audio_player aufile,%s
audio_source aufile,%s
audio_alert aufile,%s
rtp_ports %d-%d
rtcp_mux no
rtp_stats yes
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%d
`, listen, filepath.Join(p.dir, "heard.wav"), filepath.Join(p.dir, "tone.wav"), filepath.Join(p.dir, "alert.wav"), 10000, 19998, control)
	account := fmt.Sprintf("<sip:%s@pbx.test;transport=udp>;auth_user=%s;auth_pass=secret-%s;outbound=\"sip:%s;transport=udp\";regint=%d;audio_codecs=PCMA/8000/1\n", extension, extension, extension, x.addr(), p.again)
	for name, text := range map[string]string{"config": conf, "accounts": account, "contacts": ""} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(p.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command("baresip", "-f", p.dir, "-4")
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = out, out, p.dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("phone %s:\n%s", extension, p.said())
		}
		if p.control != nil {
			_ = p.control.Close()
		}
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		_ = out.Close()
	})
	for until := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if p.control, err = net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(control)); err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("the phone %s cannot be driven: %v\n%s", extension, err, p.said())
		}
	}
	go p.listen()
	p.registered(t)
	return p
}

// registered waits until the phone is known to the exchange. What it said of it before it could be driven is lost: it is asked.
func (p *phone) registered(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		p.do(t, "reginfo", "")
		p.mu.Lock()
		for _, e := range p.events {
			if data, _ := e["data"].(string); strings.Contains(data, "OK") && strings.Contains(data, p.Extension) {
				p.events = nil
				p.mu.Unlock()
				return
			}
		}
		p.mu.Unlock()
	}
	t.Fatalf("the phone %s is not registered: %+v\n%s", p.Extension, p.events, p.said())
}

// tone writes half a minute of a sound.
func tone(t *testing.T, path string) {
	t.Helper()
	const rate, seconds = 8000, 30
	var b bytes.Buffer
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, uint32(36+2*rate*seconds))
	b.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	_ = binary.Write(&b, binary.LittleEndian, uint32(2*rate*seconds))
	for i := range rate * seconds {
		_ = binary.Write(&b, binary.LittleEndian, int16(12000*math.Sin(2*math.Pi*440*float64(i)/rate)))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *phone) listen() {
	r := bufio.NewReader(p.control)
	for {
		size, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
		if err != nil || n > 1<<20 {
			return
		}
		body := make([]byte, n+1)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var e map[string]any
		if json.Unmarshal(body[:n], &e) != nil {
			continue
		}
		p.mu.Lock()
		p.events = append(p.events, e)
		p.mu.Unlock()
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}
}

// await waits for an event of a type; it is taken, so that the next wait is for the next one.
func (p *phone) await(t *testing.T, kind string, within time.Duration) map[string]any {
	t.Helper()
	timeout := time.After(within)
	for {
		p.mu.Lock()
		for i, e := range p.events {
			if e["type"] == kind {
				p.events = append(p.events[:i:i], p.events[i+1:]...)
				p.mu.Unlock()
				return e
			}
		}
		p.mu.Unlock()
		select {
		case <-p.changed:
		case <-timeout:
			t.Fatalf("the phone %s never had %s:\n%s", p.Extension, kind, p.said())
		}
	}
}

// has tells whether the phone said something of a type.
func (p *phone) has(kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e["type"] == kind {
			return true
		}
	}
	return false
}

// forget drops what the phone said so far.
func (p *phone) forget() {
	p.mu.Lock()
	p.events = nil
	p.mu.Unlock()
}

// do gives the phone a command of its menu.
func (p *phone) do(t *testing.T, command, params string) {
	t.Helper()
	b, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.control, "%d:%s,", len(b), b); err != nil {
		t.Fatal(err)
	}
}

func (p *phone) said() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "out"))
	if len(b) > 5000 {
		b = b[len(b)-5000:]
	}
	return string(b)
}

var packets = regexp.MustCompile(`packets:\s+(\d+)\s+(\d+)`)

// audio gives the packets that the phone sent and received in its calls so far, as it counts them at their end.
func (p *phone) audio() (sent, received int) {
	b, _ := os.ReadFile(filepath.Join(p.dir, "out"))
	for _, m := range packets.FindAllStringSubmatch(strings.ReplaceAll(string(b), "\n", " "), -1) {
		s, _ := strconv.Atoi(m[1])
		r, _ := strconv.Atoi(m[2])
		sent, received = sent+s, received+r
	}
	return sent, received
}
