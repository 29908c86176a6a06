// Package socket reads a WebSocket (RFC 6455) over a client that somebody else made: the one that decides where to.
//
// Owns: the handshake and the frames of a client. Must not know: what is said. Start reading at: Dial.
package socket

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what RFC 6455, section 1.3, proves a handshake with
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Most is the largest message read, in bytes.
const Most = 1 << 20

// StatusError is an answer other than an upgrade.
type StatusError int

func (e StatusError) Error() string { return fmt.Sprintf("socket: answered %d", int(e)) }

var errForm = errors.New("socket: not a WebSocket")

// Conn is one connection. One goroutine reads; any may write.
type Conn struct {
	rwc   io.ReadWriteCloser
	r     *bufio.Reader
	heard atomic.Bool // something came since it was last looked at
	mu    sync.Mutex
}

// Dial opens a connection; it ends with ctx, or when the other side does not answer pings any more. The client's own time limit is not
// applied: a socket stays open.
func Dial(ctx context.Context, client *http.Client, url string, head http.Header) (*Conn, error) {
	patient := *client
	patient.Timeout = 0
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, err
	}
	key := base64.StdEncoding.EncodeToString(nonce[:])
	for name, values := range head {
		req.Header[name] = values
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", key)
	res, err := patient.Do(req)
	if err != nil {
		return nil, err
	}
	rwc, ok := res.Body.(io.ReadWriteCloser)
	if res.StatusCode != http.StatusSwitchingProtocols || !ok {
		return nil, errors.Join(StatusError(res.StatusCode), res.Body.Close())
	}
	if res.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		return nil, errors.Join(errForm, rwc.Close())
	}
	c := &Conn{rwc: rwc, r: bufio.NewReader(rwc)}
	go c.tend(ctx)
	return c, nil
}

// beat is how often the other side is asked whether it is there; one that did not answer by the next time is gone.
const beat = 30 * time.Second

// tend ends a connection with ctx, and one that is dead without a word: a cable that was pulled says nothing.
func (c *Conn) tend(ctx context.Context) {
	defer c.Close()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for c.heard.Store(true); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !c.heard.Swap(false) || c.send(opPing, nil) != nil {
				return
			}
		}
	}
}

func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Close ends the connection.
func (c *Conn) Close() error { return c.rwc.Close() }

const (
	opMore  = 0
	opText  = 1
	opBytes = 2
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// Read gives the next message, answering pings meanwhile.
func (c *Conn) Read() ([]byte, error) {
	var message []byte
	for {
		last, op, data, err := c.frame(Most - len(message))
		if err != nil {
			return nil, err
		}
		switch op {
		case opPing:
			if err := c.send(opPong, data); err != nil {
				return nil, err
			}
		case opPong:
		case opClose:
			_ = c.send(opClose, nil)
			return nil, io.EOF
		case opText, opBytes, opMore:
			if message = append(message, data...); last {
				return message, nil
			}
		default:
			return nil, errForm
		}
	}
}

func (c *Conn) frame(most int) (last bool, op byte, data []byte, err error) {
	var head [8]byte
	if _, err = io.ReadFull(c.r, head[:2]); err != nil {
		return false, 0, nil, err
	}
	c.heard.Store(true)
	last, op = head[0]&0x80 != 0, head[0]&0x0f
	size := uint64(head[1] & 0x7f)
	if head[1]&0x80 != 0 || head[0]&0x70 != 0 {
		return false, 0, nil, errForm // a server masks nothing, and we asked for no extension
	}
	switch size {
	case 126:
		_, err = io.ReadFull(c.r, head[:2])
		size = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(c.r, head[:8])
		size = binary.BigEndian.Uint64(head[:8])
	}
	if err == nil && (most < 0 || size > uint64(most)) {
		err = errForm
	}
	if err != nil {
		return false, 0, nil, err
	}
	data = make([]byte, size)
	_, err = io.ReadFull(c.r, data)
	return last, op, data, err
}

func (c *Conn) send(op byte, data []byte) error {
	if len(data) > 125 {
		data = data[:125]
	}
	frame := make([]byte, 6+len(data))
	frame[0], frame[1] = 0x80|op, 0x80|byte(len(data))
	if _, err := rand.Read(frame[2:6]); err != nil {
		return err
	}
	for i, b := range data {
		frame[6+i] = b ^ frame[2+i%4]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.rwc.Write(frame)
	return err
}
