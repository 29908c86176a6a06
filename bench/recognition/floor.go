package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// serveFloor answers a constant over HTTPS, as net/http does with nothing behind it: no token, no card, no journal.
func serveFloor(args []string) error {
	pair, err := tls.LoadX509KeyPair(args[0], args[1])
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	answer := []byte(`{"kind":"public","number":"+33612345678","region":"FR","cards":[{"id":"00000000000000010000000000000000","link":"x","name":"A B","company":"C","numbers":["+33612345678"]}]}`)
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer)
		}),
	}
	go func() { _ = server.ServeTLS(l, "", "") }()
	defer server.Close()
	text, err := json.Marshal(ready{Address: l.Addr().String(), Org: "x"})
	if err != nil {
		return err
	}
	fmt.Println(saysReady + string(text))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}
