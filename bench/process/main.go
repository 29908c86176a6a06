// Command process measures the program itself: cold start to ready, and memory when nothing happens.
//
//	go run ./process PATH/TO/rempart
//
// Targets: ready in 150 ms at most (median of nine starts on a database that exists), 60 MB resident after ten idle
// seconds. It ends with 1 when one is missed.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	readyTarget = 150 * time.Millisecond
	rssTarget   = 60_000 // kB
	starts      = 9
	idle        = 10 * time.Second
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: process PATH/TO/rempart")
		os.Exit(2)
	}
	missed, err := measure(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "process:", err)
		os.Exit(1)
	}
	if missed {
		os.Exit(1)
	}
}

func measure(binary string) (missed bool, err error) {
	binary, err = filepath.Abs(binary)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "rempart-process-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	first, _, err := start(binary, dir, 0)
	if err != nil {
		return false, err
	}
	var times []time.Duration
	for range starts {
		took, _, err := start(binary, dir, 0)
		if err != nil {
			return false, err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	_, rss, err := start(binary, dir, idle)
	if err != nil {
		return false, err
	}
	median := times[len(times)/2]
	info, err := os.Stat(binary)
	if err != nil {
		return false, err
	}
	fmt.Printf("%-42s %10s %10s\n", "", "measured", "target")
	fmt.Printf("%-42s %10s\n", "first start: keys, tables, set-up link", first.Round(time.Millisecond))
	fmt.Printf("%-42s %10s %10s %s\n", "cold start to ready, median of 9", median.Round(time.Millisecond), readyTarget, verdict(median <= readyTarget))
	fmt.Printf("%-42s %10s\n", "  slowest", times[len(times)-1].Round(time.Millisecond))
	fmt.Printf("%-42s %7.1f MB %7d MB %s\n", "resident memory after 10 s idle", float64(rss)/1000, rssTarget/1000, verdict(rss <= rssTarget))
	fmt.Printf("%-42s %7.1f MB\n", "binary", float64(info.Size())/1e6)
	return median > readyTarget || rss > rssTarget, nil
}

func verdict(ok bool) string {
	if ok {
		return "met"
	}
	return "MISSED"
}

// start runs the program until it is ready and then for as long as wait; it gives the time to ready and the resident memory in kB.
func start(binary, dir string, wait time.Duration) (ready time.Duration, rss int, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return 0, 0, err
	}
	cmd := exec.Command(binary, "serve", "--listen", address, "--data", filepath.Join(dir, "data"))
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait() // it ends by the signal
	}()
	client := http.Client{Timeout: time.Second}
	for {
		if res, err := client.Get("http://" + address + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(began) > 20*time.Second {
			return 0, 0, errors.New("not ready after 20 s")
		}
		time.Sleep(2 * time.Millisecond)
	}
	ready = time.Since(began)
	time.Sleep(wait)
	rss, err = resident(cmd.Process.Pid)
	return ready, rss, err
}

func resident(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			return strconv.Atoi(fields[1])
		}
	}
	return 0, errors.New("no VmRSS")
}
