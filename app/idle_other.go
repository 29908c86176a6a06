//go:build !linux

package app

import (
	"context"
	"runtime/debug"
	"time"
)

// rest hands freed memory back to the system once the start is over.
func rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
		debug.FreeOSMemory()
	}
}
