package app

import (
	"bytes"
	"context"
	"debug/elf"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

const (
	startTime = 5 * time.Second  // after which the start is over
	quietTime = 30 * time.Second // that is quiet when less than a fiftieth of it was spent at work
	restSlack = 4 << 20          // bytes more than after the last time that make another one worth it
)

// rest hands memory back once the start is over, and again whenever the process is quiet after work: a round of probes, a large
// import. A busy process keeps what it has.
func rest(ctx context.Context) {
	for pause, least := startTime, int64(0); ; pause = quietTime {
		began := spent()
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if pause == startTime || spent()-began < pause/50 && resident() > least+restSlack {
			giveBack()
			least = resident()
		}
	}
}

// spent is the processor time of this process.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is how many bytes of this process are in memory; 0 when the system does not say.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

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
