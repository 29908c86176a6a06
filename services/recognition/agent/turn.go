package agent

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

var (
	errWaiting = i18n.Fault(core.Conflict, "agent.waiting", "Ce qui a été envoyé retirerait beaucoup de fiches : une personne doit l'approuver dans les réglages.", "What was sent would take many cards away: a person has to approve it in the settings.")
	errNo      = i18n.Fault(core.Conflict, "agent.no", "Une personne a refusé ce changement : vérifiez ce que l'outil donne.", "A person refused this change: check what the tool gives.")
	errUnequal = i18n.Fault(core.Internal, "agent.differs", "La plateforme ne calcule pas la même empreinte : rien n'a changé.", "The platform does not compute the same digest: nothing has changed.")
	errMapping = i18n.Fault(core.Invalid, "agent.mapping", "Aucun champ de numéros n'est choisi, ni ici ni sur la plateforme.", "No field of numbers is chosen, neither here nor on the platform.")
)

// mostDelta is how many changes are sent as such; beyond it, and beyond the chunks that the platform takes of them, the whole set is,
// which is loaded faster.
const mostDelta = 40_000

// firstCells is how many cells are asked for first; each further try asks for twice as many.
const firstCells = 1_024

// Progress is where a turn stands.
type Progress struct {
	Phase string // "reading", "comparing", "sending", "loading", "done"
	Done  int
	Total int // 0: unknown
}

// Result is what a turn did. It holds no number and no name.
type Result struct {
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took"`
	Waited  time.Duration `json:"waited"` // of it, for answers of the platform
	How     string        `json:"how"`    // "nothing", "delta", "repair", "full"
	Counts  Counts        `json:"counts"`
	Sent    int           `json:"sent"`
	Deleted int           `json:"deleted"`
	Chunks  int           `json:"chunks"`
	Bytes   int           `json:"bytes"` // of the chunks
	Resumed int           `json:"resumed"`
	Held    int           `json:"held"` // cards of the platform now, proven equal
	Digest  string        `json:"digest"`
}

// turn is one turn under way.
type turn struct {
	*Agent
	opened  wire.Opened
	hasher  *wire.Hasher
	mapping source.Mapping
	version int64
	store   *Store // what the platform holds, when it is known
	scan    *scan
	res     Result
	next    int // chunk
	mark    string
}

// Turn brings the platform what changed in the tool, and proves that both hold the same set.
func (a *Agent) Turn(ctx context.Context) (Result, error) {
	began := time.Now()
	t := &turn{Agent: a}
	t.res.At = began.UTC()
	waited := a.client.waited.Load()
	err := t.run(ctx)
	t.res.Took, t.res.Waited = time.Since(began), time.Duration(a.client.waited.Load()-waited)
	if err == nil {
		t.remember()
		a.tell(Progress{"done", t.res.Held, t.res.Held})
	} else {
		a.report(ctx, err)
	}
	return t.res, err
}

func (t *turn) run(ctx context.Context) (err error) {
	if t.mapping, t.version, err = t.settings(ctx); err != nil {
		return err
	}
	if t.opened, err = t.open(ctx, t.version, false, false); err != nil {
		return err
	}
	if err := t.look(ctx); err != nil {
		return err
	}
	changes, err := t.compare(ctx)
	if err != nil {
		return err
	}
	if err := t.send(ctx, changes); err != nil {
		return err
	}
	return t.finish(ctx)
}

// look reads the tool. Only what the platform does not know is held in memory, if the store tells what it knows.
func (t *turn) look(ctx context.Context) error {
	key, err := hex.DecodeString(t.opened.Key)
	if err != nil || len(key) != wire.KeySize {
		return fault(errAnswer, 200)
	}
	t.hasher, t.next = wire.NewHasher(key), t.opened.Next
	store, broken := loadStore(t.cfg.Store)
	if broken {
		t.log("the local store could not be read: it is made anew from what the platform holds")
	}
	if store.Generation == t.opened.Generation && store.Digest.String() == t.opened.Digest && len(store.Entries) == t.opened.Count {
		t.store = store
	}
	if t.mark = t.marked(ctx); t.same() {
		return nil
	}
	r := &reader{mapping: t.mapping, version: t.version, key: key, told: func(n int) { t.tell(Progress{Phase: "reading", Done: n}) }}
	if !t.opened.Full {
		r.known = t.store
	}
	t.scan, err = r.read(ctx, t.src)
	if err == nil {
		t.res.Counts = t.scan.counts
	}
	return err
}

// change is one line to send.
type change struct {
	op   wire.Op
	id   wire.ID
	item wire.Item
	card *card
}

// compare finds out what to send, in the cheapest way that the state of both sides allows.
func (t *turn) compare(ctx context.Context) ([]change, error) {
	t.tell(Progress{Phase: "comparing", Done: len(t.scan.cards)})
	o := t.opened
	switch {
	case o.Next > 0:
		return t.goOn(ctx)
	case o.Digest == t.scan.digest.String() && o.Count == len(t.scan.cards):
		t.res.How = "nothing"
		return nil, nil
	case o.Count == 0:
		return t.whole(ctx)
	}
	var changes []change
	var err error
	if t.res.How = "delta"; t.store != nil {
		changes = t.delta()
	} else {
		t.res.How = "repair"
		changes, err = t.repair(ctx)
	}
	if err == nil && (len(changes) > mostDelta || t.chunks(changes) > wire.DeltaChunks) {
		return t.whole(ctx)
	}
	return changes, err
}

// chunks is how many chunks changes take at most.
func (t *turn) chunks(changes []change) (n int) {
	const besides = 64 // of a change, beside its content
	rows, raw := 0, 0
	for _, c := range changes {
		if rows == 0 {
			n++
		}
		rows, raw = rows+1, raw+besides
		if c.card != nil {
			raw += len(c.card.content)
		}
		if rows >= t.rows || raw >= wire.ChunkRaw {
			rows, raw = 0, 0
		}
	}
	return n
}

// whole begins a session that brings everything.
func (t *turn) whole(ctx context.Context) (changes []change, err error) {
	t.res.How = "full"
	if t.opened, err = t.open(ctx, t.version, true, true); err != nil {
		return nil, err
	}
	t.next = 0
	if t.store != nil && t.opened.Count > 0 { // contents of known entries were not held
		t.store = nil
		if err := t.look(ctx); err != nil {
			return nil, err
		}
	}
	return t.everything(), nil
}

func (t *turn) everything() []change {
	all := make([]change, len(t.scan.cards))
	for i := range t.scan.cards {
		c := &t.scan.cards[i]
		all[i] = change{op: wire.Put, id: c.entry.ID, card: c}
	}
	return all
}

// delta merges the store and the scan, both by id.
func (t *turn) delta() (changes []change) {
	old := t.store.Entries
	for i := range t.scan.cards {
		c := &t.scan.cards[i]
		for len(old) > 0 && old[0].Compare(c.entry) < 0 {
			changes = append(changes, change{op: wire.Delete, id: old[0].ID})
			old = old[1:]
		}
		if len(old) > 0 && old[0].ID == c.entry.ID {
			if old[0].Sum != c.entry.Sum {
				changes = append(changes, change{op: wire.Put, id: c.entry.ID, card: c})
			}
			old = old[1:]
			continue
		}
		changes = append(changes, change{op: wire.Put, id: c.entry.ID, card: c})
	}
	for _, e := range old {
		changes = append(changes, change{op: wire.Delete, id: e.ID})
	}
	return changes
}

// goOn finds out what is still to be sent of a session that was cut: what is behind the last id, when all before it is as it was.
func (t *turn) goOn(ctx context.Context) ([]change, error) {
	t.res.Resumed = t.opened.Next
	var all []change
	switch {
	case t.opened.Full:
		t.res.How, all = "full", t.everything()
	case t.store != nil:
		t.res.How, all = "delta", t.delta()
	default:
		t.res.How = "repair"
		return t.repair(ctx)
	}
	through, err := hex.DecodeString(t.opened.Through)
	if err != nil {
		return nil, fault(errAnswer, 200)
	}
	var sent wire.Digest
	at := len(all)
	for i, c := range all {
		if bytes.Compare(c.id[:], through) > 0 {
			at = i
			break
		}
		e := wire.Entry{ID: c.id}
		if c.card != nil {
			e = c.card.entry
		}
		sent.Add(t.hasher.Element(e))
	}
	if sent.String() == t.opened.Staged {
		return all[at:], nil
	}
	return t.repair(ctx)
}

// repair asks the platform for cells, then for more, then for everything in short: fewer bytes than sending all rows again.
func (t *turn) repair(ctx context.Context) ([]change, error) {
	for n := firstCells; n <= wire.MostCells && n*wire.CellSize < max(t.opened.Count, 8*firstCells)*8; n *= 2 {
		theirs, err := t.cells(ctx, t.opened, n)
		if err != nil {
			return nil, err
		}
		ours := wire.NewCells(n)
		for i := range t.scan.cards {
			ours.Add(t.scan.cards[i].item)
		}
		mine, gone, err := wire.Differ(ours, theirs)
		if err == nil {
			return t.patch(mine, gone), nil
		}
	}
	theirs, err := t.items(ctx, t.opened)
	if err != nil {
		return nil, err
	}
	return t.patch(t.against(theirs)), nil
}

// against compares with the sorted short forms of the whole set.
func (t *turn) against(theirs []wire.Item) (mine, gone []wire.Item) {
	ours := make([]wire.Item, len(t.scan.cards))
	for i := range t.scan.cards {
		ours[i] = t.scan.cards[i].item
	}
	slices.Sort(ours)
	for len(ours) > 0 || len(theirs) > 0 {
		switch {
		case len(theirs) == 0 || len(ours) > 0 && ours[0] < theirs[0]:
			mine, ours = append(mine, ours[0]), ours[1:]
		case len(ours) == 0 || theirs[0] < ours[0]:
			gone, theirs = append(gone, theirs[0]), theirs[1:]
		default:
			ours, theirs = ours[1:], theirs[1:]
		}
	}
	return mine, gone
}

// patch makes the changes that items ask for.
func (t *turn) patch(mine, gone []wire.Item) (changes []change) {
	wanted := make(map[wire.Item]bool, len(mine))
	for _, i := range mine {
		wanted[i] = true
	}
	for i := range t.scan.cards {
		if c := &t.scan.cards[i]; wanted[c.item] {
			changes = append(changes, change{op: wire.Put, id: c.entry.ID, card: c})
		}
	}
	for _, i := range gone {
		changes = append(changes, change{op: wire.Forget, item: i})
	}
	return changes
}

var errRead = errors.New("agent: a content that is asked for was not held")

// packed is a chunk that is ready to be sent.
type packed struct {
	body      []byte
	puts, all int // changes
	err       error
}

// pack makes chunks of changes until ctx ends.
func (t *turn) pack(ctx context.Context, changes []change, ready chan<- packed) {
	defer close(ready)
	var raw []byte
	p := packed{}
	flush := func() bool {
		if p.all > 0 {
			p.body = wire.Chunk(t.version, raw)
		}
		select {
		case ready <- p:
		case <-ctx.Done():
			return false
		}
		raw, p = raw[:0], packed{}
		return true
	}
	for _, c := range changes {
		w := wire.Change{Op: c.op, ID: c.id, Item: c.item}
		if c.op == wire.Put {
			if w.Content = c.card.content; w.Content == nil {
				p = packed{err: errRead}
				flush()
				return
			}
			p.puts++
		}
		raw = wire.AppendChange(raw, w)
		if p.all++; (p.all >= t.rows || len(raw) >= wire.ChunkRaw) && !flush() {
			return
		}
	}
	if p.all > 0 {
		flush()
	}
}

// send brings chunks one after another; the next is packed meanwhile.
func (t *turn) send(ctx context.Context, changes []change) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan packed, 1)
	go t.pack(ctx, changes, ready)
	done := 0
	for p := range ready {
		if p.err != nil {
			return p.err
		}
		next, err := t.push(ctx, t.opened, t.next, p.body)
		if err != nil {
			return err
		}
		t.next = next
		t.res.Chunks++
		t.res.Bytes += len(p.body)
		t.res.Sent += p.puts
		t.res.Deleted += p.all - p.puts
		done += p.all
		t.tell(Progress{"sending", done, len(changes)})
	}
	return ctx.Err()
}

// finish commits. When the platform's set is not ours, what differs is looked for once more: the tool may have been read while it changed.
func (t *turn) finish(ctx context.Context) error {
	for try := 0; ; try++ {
		c, err := t.commit(ctx, t.opened, len(t.scan.cards), t.scan.digest)
		for err == nil && c.State == "switching" {
			t.tell(Progress{"loading", c.Loaded, len(t.scan.cards)})
			if err = t.client.pause(ctx, t.poll); err == nil {
				c, err = t.stands(ctx, t.opened)
			}
		}
		if err != nil {
			return err
		}
		switch c.State {
		case "done":
			t.res.Held, t.res.Digest = c.Count, c.Digest
			if t.store != nil && t.store.Generation == c.Generation && t.store.Digest == t.scan.digest && t.store.Mapping == t.version {
				return nil // the file says so already
			}
			return t.scan.store(c.Generation, t.version).save(t.cfg.Store)
		case "waiting":
			return errWaiting
		case "refused":
			return errNo
		}
		if try > 0 {
			return errUnequal
		}
		t.log("the digests differ: looking for what differs")
		changes, err := t.mend(ctx)
		if err != nil {
			return err
		}
		if err := t.send(ctx, changes); err != nil {
			return err
		}
	}
}

// mend looks for what differs with everything held, since anything may be asked for.
func (t *turn) mend(ctx context.Context) ([]change, error) {
	if t.store != nil {
		next := t.next
		t.store, t.opened.Digest = nil, ""
		if err := t.look(ctx); err != nil {
			return nil, err
		}
		t.next = next
	}
	return t.repair(ctx)
}
