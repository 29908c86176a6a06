package app

import (
	"bytes"
	"debug/elf"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
)

// giveBack hands back to the system what only the start needed: freed memory, and the pages of the program that its start touched.
// Those are clean copies of the file: the ones that serving needs come back from the page cache when they are touched again. A
// program whose code was relocated has pages of its own there, and is left alone.
func giveBack() {
	debug.FreeOSMemory()
	path, err := os.Executable()
	if err != nil {
		return
	}
	file, err := elf.Open(path)
	if err != nil {
		return
	}
	fixed := file.Type == elf.ET_EXEC
	_ = file.Close()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil || !fixed {
		return
	}
	for line := range bytes.Lines(maps) {
		fields := bytes.Fields(line)
		if len(fields) < 6 || string(fields[5]) != path || fields[1][1] == 'w' {
			continue
		}
		from, to, _ := bytes.Cut(fields[0], []byte("-"))
		start, err1 := strconv.ParseUint(string(from), 16, 64)
		end, err2 := strconv.ParseUint(string(to), 16, 64)
		if err1 != nil || err2 != nil || end <= start {
			continue
		}
		// Refused or not, nothing but time is lost.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(start), uintptr(end-start), syscall.MADV_DONTNEED)
	}
}
