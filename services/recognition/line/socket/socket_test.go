package socket

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestAConnectionThatIsDeadIsLetGo: one that answers pings stays open for as long as it likes, one that says nothing ends.
func TestAConnectionThatIsDeadIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		c := &Conn{rwc: here, r: bufio.NewReader(here)}
		go c.tend(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := c.Read()
			ended <- err
		}()
		ping := make([]byte, 6)
		for range 120 {
			if _, err := io.ReadFull(there, ping); err != nil {
				t.Fatal("a connection that answers was let go")
			}
			if _, err := there.Write([]byte{0x80 | opPong, 0}); err != nil {
				t.Fatal(err)
			}
		}
		go func() { _, _ = io.Copy(io.Discard, there) }() // it takes what is sent, and answers no more
		began := time.Now()
		if err := <-ended; err == nil || time.Since(began) > 2*beat {
			t.Errorf("let go after %s: %v", time.Since(began), err)
		}
	})
}

func TestAConnectionEndsWithItsContext(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	ctx, cancel := context.WithCancel(t.Context())
	c := &Conn{rwc: here, r: bufio.NewReader(here)}
	go c.tend(ctx)
	cancel()
	if _, err := c.Read(); err == nil {
		t.Error("it is still read")
	}
}
