package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Serve answers on l until ctx ends, then stops gracefully: /readyz fails at once, requests in flight have ten seconds.
// It returns nil after a graceful stop. For https give a listener made by tls.NewListener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	return s.ServeHandler(ctx, l, s)
}

// ServeHandler is Serve for a handler that stands in front of s.
func (s *Server) ServeHandler(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, l, h, func() { s.state.Store(true) })
}

// ServeMetrics answers /metrics on l until ctx ends.
func (s *Server) ServeMetrics(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.Metrics())
	return serve(ctx, l, mux, func() {})
}

func serve(ctx context.Context, l net.Listener, h http.Handler, stopping func()) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      120 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("edge: serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	stopping()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("edge: stop: %w", err), server.Close())
	}
	return nil
}
