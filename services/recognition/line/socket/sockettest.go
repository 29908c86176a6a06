package socket

import (
	"bufio"
	"net"
	"net/http"
)

// Serve is the other side of a handshake, for the fakes of tests: it upgrades a request and gives what sends texts and pings.
func Serve(w http.ResponseWriter, r *http.Request) (say func(op byte, text string) error, conn net.Conn, err error) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_, err = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept(r.Header.Get("Sec-WebSocket-Key")) + "\r\n\r\n")
	if err == nil {
		err = rw.Flush()
	}
	return func(op byte, text string) error { return server(rw.Writer, op, text) }, c, err
}

func server(w *bufio.Writer, op byte, text string) error {
	head := []byte{0x80 | op, byte(len(text))}
	if len(text) > 125 {
		head = []byte{0x80 | op, 126, byte(len(text) >> 8), byte(len(text))}
	}
	_, _ = w.Write(head)
	_, _ = w.WriteString(text)
	return w.Flush()
}
