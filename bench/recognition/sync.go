package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/plug"
)

// added is how many contacts ldapadd brings: its time grows with them, and some ten thousand already take it most of a minute.
const added = 20_000

// firstSync compares a first synchronisation with ldapadd into slapd, the way of directories: contacts that are found, durable, per second.
// The agent and the platform are processes of their own, on SQLite; both sides speak over the loopback without TLS.
func firstSync(ctx context.Context, s settings) (missed int, err error) {
	s.dir = filepath.Join(s.dir, "sync")
	peer, err := ldapadd(ctx, s, added)
	if err != nil {
		return 0, fmt.Errorf("ldapadd: %w", err)
	}
	fmt.Printf("\n%-34s %8d contacts in %8s: %7.0f/s, %5.0f µs CPU each  (load %s)\n", "ldapadd into slapd 2.5", added, peer.took.Round(time.Millisecond), perSecond(peer), perLookup(peer), load1())
	var ours result
	for _, n := range []int{added, s.cards} {
		if ours, err = synced(ctx, s, n); err != nil {
			return 0, fmt.Errorf("first synchronisation: %w", err)
		}
		fmt.Printf("%-34s %8d contacts in %8s: %7.0f/s, %5.0f µs CPU each  (load %s)\n", "first synchronisation on sqlite", n, ours.took.Round(time.Millisecond), perSecond(ours), perLookup(ours), load1())
	}
	return atLeast("first synchronisation over ldapadd, contacts per second", perSecond(ours)/perSecond(peer), 100) +
		atLeast("first synchronisation, thousands of contacts per second", perSecond(ours)/1000, 50), nil
}

func load1() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// ldapadd brings n contacts to an empty slapd over one connection.
func ldapadd(ctx context.Context, s settings, n int) (r result, err error) {
	dir := filepath.Join(s.dir, "slapd")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return r, err
	}
	conf, ldif := filepath.Join(dir, "slapd.conf"), filepath.Join(dir, "contacts.ldif")
	text := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
threads 16
database mdb
suffix "%[2]s"
rootdn "cn=admin,%[2]s"
rootpw secret
directory %[1]s/data
maxsize 8589934592
index objectClass eq
index telephoneNumber eq
`, dir, suffix)
	f, err := os.Create(ldif)
	if err != nil {
		return r, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintf(w, "dn: %s\nobjectClass: dcObject\nobjectClass: organization\ndc: bench\no: bench\n\n", suffix)
	for i := range n {
		name, company := nameOf(i)
		fmt.Fprintf(w, "dn: uid=%d,%s\nobjectClass: inetOrgPerson\nuid: %d\ncn: %s\nsn: Nom%d\no: %s\ntelephoneNumber: %s\nl: Lyon\n\n", i, suffix, i, name, i, company, numberOf(i))
	}
	if err := errors.Join(w.Flush(), f.Close(), os.WriteFile(conf, []byte(text), 0o600)); err != nil {
		return r, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r, err
	}
	address := "ldap://" + l.Addr().String()
	_ = l.Close()
	server := exec.Command("slapd", "-d", "0", "-f", conf, "-h", address)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		return r, err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", strings.TrimPrefix(address, "ldap://"))
		if err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(end) {
			return r, err
		}
	}
	add := exec.CommandContext(ctx, "ldapadd", "-x", "-H", address, "-D", "cn=admin,"+suffix, "-w", "secret", "-f", ldif)
	add.Stderr = os.Stderr
	before, began := cpuOf(server.Process.Pid), time.Now()
	if err := add.Run(); err != nil {
		return r, err
	}
	r = result{done: int64(n), took: time.Since(began)}
	r.cpu = cpuOf(server.Process.Pid) - before + add.ProcessState.UserTime() + add.ProcessState.SystemTime()
	return r, nil
}

// synced brings n contacts of a CSV file to an empty house by an agent's process.
func synced(ctx context.Context, s settings, n int) (r result, err error) {
	dir := filepath.Join(s.dir, strconv.Itoa(n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	f, err := os.Create(filepath.Join(dir, "contacts.csv"))
	if err != nil {
		return r, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "id;name;company;phone;town")
	for i := range n {
		name, company := nameOf(i)
		fmt.Fprintf(w, "%d;%s;%s;%s;Lyon\n", i, name, company, numberOf(i))
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	_, pid, end, err := child("sync", exec.Command(self, "platform", dir))
	if err != nil {
		return r, err
	}
	defer end()
	before := cpuOf(pid)
	c := exec.CommandContext(ctx, self, "agent", dir)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return r, err
	}
	var res agent.Result
	if err := json.Unmarshal(out, &res); err != nil {
		return r, err
	}
	if res.Held != n || res.How != "full" {
		return r, fmt.Errorf("%d of %d contacts are held (%s)", res.Held, n, res.How)
	}
	return result{done: int64(n), took: res.Took, cpu: cpuOf(pid) - before + c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, nil
}

const syncFile = `
every: 1m
source: {kind: csv, file: contacts.csv, key: [id]}
mapping: {region: FR, numbers: [phone], name: [name], company: company, shown: {Ville: town}}
`

// bring is the agent's process: it makes one turn and tells how it went.
func bring(dir string) error {
	cfg, err := agent.Read(filepath.Join(dir, "agent.yaml"), []byte(syncFile))
	if err != nil {
		return err
	}
	id, err := agent.LoadIdentity(cfg.Identity)
	if err != nil {
		return err
	}
	a, err := agent.New(cfg, id, agent.Options{Poll: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	defer a.Close()
	res, err := a.Turn(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

// platform is the process of a house with a link to which nobody brought anything yet, until its input ends.
func platform(dir string) error {
	data := filepath.Join(dir, "house")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var cards *recognition.Module
	var doors service.Doors
	kind := service.Kind{Name: plug.Kind.Name, Schema: plug.Kind.Schema, New: func(d service.Doors) (service.Service, error) {
		made, err := plug.Kind.New(d)
		if m, ok := made.Module.(*recognition.Module); ok {
			cards, doors = m, d
		}
		return made, err
	}}
	house, err := boot.New(ctx, boot.Config{
		Data: data, Origin: "http://localhost", Services: []service.Kind{kind},
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	defer func() { _ = house.Close() }()
	err = house.CreateAdmin(ctx, boot.Founder{Organization: "Bench", Email: "admin@bench.example", GivenName: "A", FamilyName: "B", Language: "en", Password: "cobalt-harbour-29-lantern"})
	if err != nil {
		return err
	}
	stage, closeStage, err := house.OpenStage(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = closeStage(context.WithoutCancel(ctx)) }()
	who, err := stage.Canary(ctx, "admin")
	if err != nil {
		return err
	}
	link, err := cards.MakeLink(core.WithActor(ctx, core.System("bench")), who.Org, recognition.LinkDraft{Name: "Bench", Kind: "csv"})
	if err != nil {
		return err
	}
	_, token, err := doors.Tokens.Grant(core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: who.Person, Account: who.Account, AAL: 2, AuthenticatedAt: time.Now()}), service.Granted{
		Org: who.Org, Name: "bench", Responsible: who.Person, Role: recognition.RoleAgent, Scopes: []core.Permission{"sync.push", "sync.await"}, Until: time.Now().Add(24 * time.Hour),
	})
	if err != nil {
		return err
	}
	working := make(chan struct{})
	go func() {
		defer close(working)
		if err := house.Run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "bench: the house ended:", err)
		}
	}()
	defer func() { stop(); <-working }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := house.Handler()
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "localhost"
		handler.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	identity, err := json.Marshal(agent.Identity{Server: "http://" + l.Addr().String(), Organization: who.Org, Link: link, Token: token})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "agent.json"), identity, 0o600); err != nil {
		return err
	}
	text, err := json.Marshal(ready{Address: l.Addr().String()})
	if err != nil {
		return err
	}
	fmt.Println("ready", string(text))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}
