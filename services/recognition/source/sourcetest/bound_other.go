//go:build !linux

package sourcetest

import "syscall"

func bound() *syscall.SysProcAttr { return nil }
