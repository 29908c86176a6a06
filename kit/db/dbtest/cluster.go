package dbtest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// pg is a PostgreSQL server for tests.
type pg struct {
	base string // URL without database name
	dir  string
	// Of a server that this process started.
	bin    string
	port   int
	as     *syscall.SysProcAttr
	server *os.Process
	ended  chan struct{}
}

var cluster = sync.OnceValues(func() (*pg, error) {
	if given := os.Getenv("REMPART_TEST_PG"); given != "" {
		return &pg{base: given, dir: filepath.Join(os.TempDir(), "rempart-pg-given")}, nil
	}
	return shared()
})

// url gives the URL of one database of the cluster.
func (c *pg) url(name string) string {
	u, err := url.Parse(c.base)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}

// locked runs f while no other test process does.
func (c *pg) locked(f func() error) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(c.dir, 0o755); err != nil { // the server's account goes through it, also when the program under test made files its own
		return err
	}
	lock, err := os.OpenFile(filepath.Join(c.dir, "start.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return f()
}

// using stays open for the life of this process: its shared lock tells the guard that the cluster is in use.
var using *os.File

// folder is where the cluster stands: REMPART_TEST_PG_DIR, or where temporary files do. Tests that promise no time and cut no power
// lose nothing in memory, where a database is made and dropped without waiting for a disk.
func folder() string {
	if dir := os.Getenv("REMPART_TEST_PG_DIR"); dir != "" {
		return dir
	}
	return os.TempDir()
}

// shared joins the cluster of this machine, starting it when nobody did.
func shared() (*pg, error) {
	c := &pg{dir: filepath.Join(folder(), fmt.Sprintf("rempart-pg15-%d", os.Getuid()))}
	err := c.locked(func() error {
		var err error
		if using, err = os.OpenFile(filepath.Join(c.dir, "users.lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
			return err
		}
		if err := syscall.Flock(int(using.Fd()), syscall.LOCK_SH); err != nil {
			return err
		}
		if base, err := os.ReadFile(filepath.Join(c.dir, "url")); err == nil {
			c.base = string(base)
			if c.answers(2 * time.Second) {
				return nil
			}
		}
		return c.start()
	})
	return c, err
}

func (c *pg) answers(within time.Duration) bool {
	for end := time.Now().Add(within); ; {
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			conn.Close(ctx)
		}
		stop()
		if err == nil {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// binaries finds the newest PostgreSQL, 15 or later.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	best, newest := "", 14
	for _, f := range found {
		if v, err := strconv.Atoi(strings.Split(f, "/")[4]); err == nil && v > newest {
			best, newest = filepath.Dir(f), v
		}
	}
	if best == "" {
		if p, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(p), nil
		}
		return "", fmt.Errorf("no postgres program, version 15 or later, in /usr/lib/postgresql nor on PATH")
	}
	return best, nil
}

// start makes a fresh cluster and the guard that ends it once no test used it for a while.
func (c *pg) start() error {
	if err := c.initialize(); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	c.port = port
	if err := c.launch(); err != nil {
		return err
	}
	guard := exec.Command("/bin/sh", "-c", guardScript, "guard", c.dir)
	guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := guard.Start(); err != nil {
		c.server.Signal(syscall.SIGQUIT)
		return err
	}
	go guard.Wait()
	return os.WriteFile(filepath.Join(c.dir, "url"), []byte(c.base), 0o644)
}

// initialize makes the empty data folder of a cluster.
func (c *pg) initialize() (err error) {
	if c.bin, err = binaries(); err != nil {
		return err
	}
	data := filepath.Join(c.dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if c.as, err = owner(data); err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(c.bin, "initdb"), "-D", data, "-U", "rempart", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	initdb.SysProcAttr, initdb.Dir = c.as, data
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// launch starts the server and waits until it answers.
func (c *pg) launch() error {
	data := filepath.Join(c.dir, "data")
	log, err := os.Create(filepath.Join(c.dir, "server.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	server := exec.Command(filepath.Join(c.bin, "postgres"), "-D", data, "-p", strconv.Itoa(c.port), "-k", data,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=64MB",
		"-c", "max_wal_size=512MB", "-c", "autovacuum_naptime=10s", "-c", "logging_collector=off")
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = c.as, data, log, log
	if err := server.Start(); err != nil {
		return err
	}
	c.server, c.ended = server.Process, make(chan struct{})
	go func(ended chan struct{}) { server.Wait(); close(ended) }(c.ended)
	if err := os.WriteFile(filepath.Join(c.dir, "pid"), []byte(strconv.Itoa(server.Process.Pid)), 0o644); err != nil {
		return err
	}
	c.base = fmt.Sprintf("postgres://rempart@127.0.0.1:%d/?sslmode=disable", c.port)
	if !c.answers(30 * time.Second) {
		said, _ := os.ReadFile(filepath.Join(c.dir, "server.log"))
		return fmt.Errorf("the server does not answer:\n%s", said)
	}
	return nil
}

// guardScript ends the server after thirty seconds without any holder of the shared lock. It looks under the start
// lock, so that nobody joins a cluster that is ending.
const guardScript = `
exec 2>/dev/null
idle=0
while [ -d "$1/data" ]; do
	sleep 5
	if (flock -n -x 8) 8<"$1/users.lock"; then idle=$((idle+1)); else idle=0; fi
	if [ "$idle" -ge 6 ]; then
		exec 9>"$1/start.lock"
		flock -x 9
		if (flock -n -x 8) 8<"$1/users.lock"; then
			rm -f "$1/url"
			kill -QUIT "$(cat "$1/pid")"
			sleep 1
			rm -rf "$1/data"
			exit 0
		fi
		idle=0
		flock -u 9
	fi
done`

// owner gives how to run the server: it refuses to be root, so root hands it to the account postgres.
func owner(data string) (*syscall.SysProcAttr, error) {
	as := &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() != 0 {
		return as, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(data, uid, gid); err != nil {
		return nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
