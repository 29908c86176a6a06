package app

import (
	"crypto/tls"
	"os"
	"sync"
	"time"
)

// reloading serves a certificate and reads it again, at most once a minute, when its file changed: a renewal needs no restart.
type reloading struct {
	certFile, keyFile string

	mu   sync.Mutex
	cert *tls.Certificate
	read time.Time
}

func (r *reloading) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.read) < time.Minute {
		return r.cert, nil
	}
	info, err := os.Stat(r.certFile)
	if err == nil && info.ModTime().After(r.read) {
		if fresh, err := tls.LoadX509KeyPair(r.certFile, r.keyFile); err == nil {
			r.cert = &fresh // a half-written pair is not served: the old one is, until the next look
		}
	}
	r.read = time.Now()
	return r.cert, nil
}
