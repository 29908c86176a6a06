package boot

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/wire"
)

// sends opens every body that left: what stands in it in clear.
func (r *syncRig) sends() []byte {
	r.w.t.Helper()
	dec, err := zstd.NewReader(nil)
	r.w.must("zstd", err)
	defer dec.Close()
	var all []byte
	for _, s := range r.sent {
		all = append(all, s.method+" "+s.path+"\n"...)
		for k, v := range s.head {
			all = append(all, k+": "+strings.Join(v, ",")+"\n"...)
		}
		if strings.Contains(s.path, "/chunks/") {
			raw, err := dec.DecodeAll(s.body, nil)
			r.w.must("a chunk", err)
			all = append(all, raw...)
		} else {
			all = append(all, s.body...)
		}
	}
	return all
}

// TestOnlyWhatWasChosenLeaves is CTI-29: every byte that an agent sent is read.
func TestOnlyWhatWasChosenLeaves(t *testing.T) {
	w := newTown(t, "")
	r := w.syncs(contactsOf(500))
	r.mustTurn("full")
	r.tool.set("canary-key-000007", "Renamed", mobile(7))
	r.mustTurn("delta")
	w.must("lose the store", os.Remove(r.cfg.Store))
	delete(r.tool.list, "canary-key-000008")
	r.mustTurn("repair")
	all := r.sends()
	for _, wanted := range []string{"Person 000123", "Renamed", "Société canary-key-000123"} {
		if !bytes.Contains(all, []byte(wanted)) {
			t.Errorf("%q did not leave: the test sees nothing", wanted)
		}
	}
	for _, secret := range []string{"canary-iban", "canary-note", "iban", "note", "06 00 00"} {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%q left the computer", secret)
		}
	}
	if keys := regexp.MustCompile(`canary-key-\d{6}`).FindAll(bytes.ReplaceAll(all, []byte("Société canary-key-"), nil), 1); len(keys) > 0 {
		t.Errorf("the key of a record left in clear: %s", keys[0])
	}
	for _, s := range r.sent {
		if strings.Contains(s.path, "336") || strings.Contains(s.path, "Person") {
			t.Errorf("an address tells of a person: %s", s.path)
		}
	}
}

// TestAStolenComputerTellsNothing is CTI-30: the files that an agent leaves, and every number of the country tried.
func TestAStolenComputerTellsNothing(t *testing.T) {
	w := newTown(t, "")
	r := w.syncs(contactsOf(200))
	r.mustTurn("full")
	var files []byte
	size := 0
	entries, err := os.ReadDir(r.dir)
	w.must("folder", err)
	for _, e := range entries {
		info, err := e.Info()
		w.must(e.Name(), err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %s", e.Name(), info.Mode())
		}
		b, err := os.ReadFile(filepath.Join(r.dir, e.Name()))
		w.must(e.Name(), err)
		files = append(files, b...)
		if e.Name() == filepath.Base(r.cfg.Store) {
			size = len(b)
		}
	}
	if size < 200*24 || size > 200*24+200 {
		t.Errorf("%d bytes are kept of 200 cards", size)
	}
	for _, clear := range []string{"Person", "Société", "33600", "06 00", "0600", "canary-key"} {
		if bytes.Contains(files, []byte(clear)) {
			t.Errorf("%q stands in clear in the files", clear)
		}
	}
	var opened struct{ Key string }
	for _, s := range r.sent {
		if s.method == http.MethodPost && strings.HasSuffix(s.path, "/sync") {
			w.must("open", json.Unmarshal(s.answer, &opened))
		}
	}
	if len(opened.Key) != 64 || bytes.Contains(files, []byte(opened.Key)) {
		t.Error("the key of the hashes is on the disk, or was never given")
	}
	if found := guess(files, nil); found > 0 {
		t.Errorf("%d numbers were guessed without the key", found)
	}
	key := fromHex(t, opened.Key)
	if found := guess(files, key); found != 200 {
		t.Errorf("with the key %d of 200 are guessed: the attack of this test is blind", found)
	}
}

func TestACodeServesOnceAndNotForLong(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(3))
		made, err := r.m.InviteAgent(w.as("a.admin"), w.a, recognition.ForLookup, "", "3CX")
		w.must("code", err)
		got, err := r.m.Enrol(w.as("stranger"), made.Code)
		w.must("enrol", err)
		if got.What != recognition.ForLookup || got.Token == "" {
			t.Fatalf("%+v", got)
		}
		if _, err := r.m.Enrol(w.as("stranger"), made.Code); core.CodeOf(err) != "enrol.code" {
			t.Errorf("a second time: %v", err)
		}
		if _, err := r.m.InviteAgent(w.as("a.member"), w.a, recognition.ForLookup, "", "mine"); err == nil {
			t.Error("a member makes a code")
		}
		// Guessing is slowed down.
		var last error
		for range 10 {
			_, last = r.m.Enrol(w.as("stranger"), "AAAA-BBBB-CCCC-DDDD-EEEE")
		}
		if core.KindOf(last) != core.TooMany {
			t.Errorf("the tenth guess: %v", last)
		}
		// A program that was dismissed is nobody.
		agents, err := r.m.Agents(w.as("a.admin"), w.a)
		w.must("agents", err)
		for _, a := range agents {
			if a.What == recognition.ForSync {
				w.must("dismiss", r.m.DismissAgent(w.as("a.admin"), w.a, a.ID))
			}
		}
		_, err = r.turn()
		if refused, ok := errors.AsType[*agent.Refused](err); !ok || refused.Status != http.StatusUnauthorized {
			t.Errorf("after it was dismissed: %v", err)
		}
	})
}

func TestAnAgentBringsTheCardsOfItsOwnLinkOnly(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(3))
		other, err := r.m.MakeLink(w.as("a.admin"), w.a, recognition.LinkDraft{Name: "HR", Kind: "csv"})
		w.must("link", err)
		theirs, err := r.m.MakeLink(w.system(), w.b, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
		w.must("link", err)
		for _, to := range []struct{ org, link core.ID }{{w.a, other}, {w.b, theirs}, {w.a, theirs}} {
			id := r.id
			id.Organization, id.Link = to.org, to.link
			a, err := agent.New(r.cfg, id, r.opt)
			w.must("agent", err)
			_, err = a.Turn(context.Background())
			a.Close()
			refused, ok := errors.AsType[*agent.Refused](err)
			if !ok || refused.Status != http.StatusNotFound && refused.Status != http.StatusForbidden {
				t.Errorf("link %s of %s: %v", to.link, to.org, err)
			}
		}
	})
}

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// guess tries keys of records and numbers against the entries in the files, as a thief would: with plain hashes of every form when they
// have no key. It gives how many entries it made out.
func guess(files, key []byte) (found int) {
	at := map[[8]byte]bool{}
	for i := 0; i+8 <= len(files); i++ {
		at[[8]byte(files[i:])] = true
	}
	hits := map[string]bool{}
	for n := range 20_000 {
		for _, text := range []string{fmt.Sprintf("canary-key-%06d", n), fmt.Sprintf("+336%08d", n), fmt.Sprintf("06%08d", n), fmt.Sprintf("336%08d", n)} {
			sums := [][]byte{}
			if key == nil {
				a, b, c := sha256.Sum256([]byte(text)), md5.Sum([]byte(text)), sha1.Sum([]byte(text))
				sums = append(sums, a[:], b[:], c[:])
			} else {
				id := wire.NewHasher(key).ID(text)
				sums = append(sums, id[:])
			}
			for _, s := range sums {
				if at[[8]byte(s)] {
					hits[text] = true
				}
			}
		}
	}
	return len(hits)
}

// plantSync opens a session on the link of organization a that was planted last.
func (w *town) plantSync() {
	links := w.known["link"]
	o, err := w.House.recognition().OpenSync(w.system(), w.a, links[len(links)-1], recognition.SyncAsk{Mapping: 1})
	w.must("session", err)
	w.known["turn"], w.known["chunk"] = []core.ID{o.Session}, []core.ID{"0"}
	w.canary = append(w.canary, string(o.Session), o.Key)
}

func TestManagersAreToldOnceThatASynchronisationIsLate(t *testing.T) {
	fake := new(clock.Fake)
	fake.Set(time.Now().Add(5 * time.Minute)) // what the town is given begins before
	w := newTownWith(t, Config{Clock: fake})
	m := w.House.recognition()
	w.manager("a.admin", w.a)
	link, err := m.MakeLink(w.system(), w.a, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	w.must("link", err)
	o, err := m.OpenSync(w.system(), w.a, link, recognition.SyncAsk{Mapping: 1, Every: 600})
	w.must("open", err)
	c, err := m.CommitSync(w.system(), w.a, link, o.Session, 0, o.Digest)
	w.must("commit", err)
	if c.State != "done" {
		t.Fatalf("an empty set: %+v", c)
	}
	late := func(want int64) {
		t.Helper()
		_, err := m.WatchSync(w.system())
		w.must("watch", err)
		if n := w.letters("recognition.late"); n != want {
			t.Fatalf("%d letters, want %d", n, want)
		}
	}
	late(0)
	fake.Advance(59 * time.Minute)
	late(0)
	fake.Advance(2 * time.Minute)
	late(1)
	late(1)
	h, err := m.SyncHealthOf(w.as("a.admin"), w.a, link)
	w.must("health", err)
	if !h.Late {
		t.Error("the page does not say that it is late")
	}
}

// TestALinkRemovedEndsItsAgentAndWhatWasOnItsWay: nothing of a session stays, and the token is refused.
func TestALinkRemovedEndsItsAgentAndWhatWasOnItsWay(t *testing.T) {
	onTowns(t, func(t *testing.T, w *town) {
		r := w.syncs(contactsOf(30))
		r.mustTurn("full")
		o, err := r.m.OpenSync(w.system(), w.a, r.link, recognition.SyncAsk{Mapping: 1, Full: true, Fresh: true})
		w.must("open", err)
		raw := wire.AppendChange(nil, wire.Change{Op: wire.Delete})
		_, err = r.m.PushChunk(w.system(), w.a, r.link, o.Session, 0, wire.Chunk(1, raw))
		w.must("chunk", err)
		w.must("remove", r.m.RemoveLink(w.as("a.admin"), w.a, r.link))
		for _, q := range []string{qSyncRows, qChunkRows} {
			if n := w.count(q, w.a); n != 0 {
				t.Errorf("%d rows: %s", n, q)
			}
		}
		_, err = r.turn()
		if refused, ok := errors.AsType[*agent.Refused](err); !ok || refused.Status != http.StatusUnauthorized {
			t.Errorf("the agent of a link that was removed: %v", err)
		}
	})
}

var (
	qSyncRows  = db.SQL(`SELECT count(*) FROM recognition_sync WHERE org = $1`)
	qChunkRows = db.SQL(`SELECT count(*) FROM recognition_chunk WHERE org = $1`)
)
