package app

import (
	"fmt"
	"syscall"
)

// freeSpace tells whether the data folder has room; a full disk refuses every act.
func freeSpace(dir string) finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return finding{"note", "space", "cannot be told"}
	}
	free := s.Bavail * uint64(s.Bsize) / (1 << 20)
	if free < 500 {
		return finding{"bad", "space", fmt.Sprintf("%d MiB free: below 500 MiB acts will soon be refused", free)}
	}
	return finding{"ok", "space", fmt.Sprintf("%d MiB free", free)}
}
