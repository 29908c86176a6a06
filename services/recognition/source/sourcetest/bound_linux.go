package sourcetest

import "syscall"

// bound makes a program end with the one that started it.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
