//go:build !linux

package app

import "runtime/debug"

// giveBack hands freed memory back to the system.
func giveBack() { debug.FreeOSMemory() }
