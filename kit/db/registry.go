package db

import (
	"context"
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// Every statement is registered before it runs: text built from input has no way in (ASVS 5.0 V1.2.4), and one test
// prepares all of them on both engines.
var registry = struct {
	sync.RWMutex
	origin map[string]string // text → file:line
	only   map[string]Engine // text → the one engine it is written for
	fams   []*Family
}{origin: map[string]string{}, only: map[string]Engine{}}

// SQL registers a statement, written once for both engines: `var qByID = db.SQL("SELECT … WHERE id = $1")`.
func SQL(text string) string { return register(text, "", caller()) }

// SQLOn registers a statement of one engine, where the two must differ.
func SQLOn(e Engine, text string) string { return register(text, e, caller()) }

func register(text string, e Engine, at string) string {
	registry.Lock()
	defer registry.Unlock()
	registry.origin[text] = at
	if e != "" {
		registry.only[text] = e
	}
	return text
}

func caller() string {
	_, file, line, _ := runtime.Caller(2)
	if i := strings.LastIndex(file, "/"); i >= 0 {
		if j := strings.LastIndex(file[:i], "/"); j >= 0 {
			file = file[j+1:]
		}
	}
	return fmt.Sprintf("%s:%d", file, line)
}

func registered(text string) bool {
	registry.RLock()
	defer registry.RUnlock()
	_, ok := registry.origin[text]
	return ok
}

func originOf(text string) string {
	registry.RLock()
	defer registry.RUnlock()
	return registry.origin[text]
}

var errUnregistered = fmt.Errorf("db: statement was not registered with db.SQL")

// Statement is one registered statement.
type Statement struct {
	Text   string
	Origin string // file:line that registered it
	Engine Engine // "" for both
}

// Statements lists every registered statement, each variant of each family included, by origin.
func Statements() []Statement {
	registry.RLock()
	fams := registry.fams
	registry.RUnlock()
	for _, f := range fams {
		f.all()
	}
	registry.RLock()
	defer registry.RUnlock()
	list := make([]Statement, 0, len(registry.origin))
	for text, at := range registry.origin {
		list = append(list, Statement{text, at, registry.only[text]})
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Origin != list[j].Origin {
			return list[i].Origin < list[j].Origin
		}
		return list[i].Text < list[j].Text
	})
	return list
}

// PrepareAll prepares every registered statement whose tables are named by keep (nil keeps all) and returns what
// failed, each with its origin.
func (d *DB) PrepareAll(ctx context.Context, keep func(Statement) bool) []error {
	var errs []error
	for _, s := range Statements() {
		if s.Engine != "" && s.Engine != d.kind || keep != nil && !keep(s) {
			continue
		}
		if err := d.engine.prepare(ctx, s.Text); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w\n\t%s", s.Origin, err, s.Text))
		}
	}
	return errs
}

// Family is a statement with optional pieces, for typed filters:
//
//	var qSearch = db.NewFamily(`SELECT id FROM x WHERE org = $1 {AND state = $2} {AND kind = $3} ORDER BY id LIMIT $4`)
//	text, args := qSearch.Pick([]any{org, state, kind, 50}, state != "", kind != "")
//
// Every variant counts as registered and is prepared by the tests. At most ten pieces.
type Family struct {
	text   string
	at     string
	pieces int
	mu     sync.Mutex
	cache  map[uint]variant
}

type variant struct {
	text  string
	order []int // for each placeholder of text, the position in the caller's arguments
}

// NewFamily registers a statement with optional pieces in braces.
func NewFamily(text string) *Family {
	n := strings.Count(text, "{")
	if n > 10 || n != strings.Count(text, "}") {
		panic("db: a family takes at most ten pieces, each in braces: " + text)
	}
	f := &Family{text: text, at: caller(), pieces: n, cache: map[uint]variant{}}
	registry.Lock()
	registry.fams = append(registry.fams, f)
	registry.Unlock()
	return f
}

// Pick gives the variant that keeps the i-th piece when keep[i] is true, with the arguments that it uses. args are
// those of the whole text, $1 first.
func (f *Family) Pick(args []any, keep ...bool) (string, []any) {
	if len(keep) != f.pieces {
		panic(fmt.Sprintf("db: family at %s has %d pieces, %d choices given", f.at, f.pieces, len(keep)))
	}
	var mask uint
	for i, k := range keep {
		if k {
			mask |= 1 << i
		}
	}
	v := f.variant(mask)
	out := make([]any, len(v.order))
	for i, from := range v.order {
		out[i] = args[from]
	}
	return v.text, out
}

func (f *Family) variant(mask uint) variant {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.cache[mask]
	if !ok {
		v = renumber(choose(f.text, mask))
		f.cache[mask] = v
		register(v.text, "", f.at)
	}
	return v
}

func (f *Family) all() {
	for mask := uint(0); mask < 1<<f.pieces; mask++ {
		f.variant(mask)
	}
}

func choose(text string, mask uint) string {
	var b strings.Builder
	for i := 0; ; i++ {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		piece, after, _ := strings.Cut(rest, "}")
		if mask&(1<<i) != 0 {
			b.WriteString(piece)
		}
		text = after
	}
}

// renumber closes the gaps between placeholders: PostgreSQL refuses a $3 without a $2.
func renumber(text string) variant {
	var b strings.Builder
	var v variant
	seen := map[int]int{}
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		if text[i] != '$' {
			continue
		}
		n, j := 0, i+1
		for j < len(text) && text[j] >= '0' && text[j] <= '9' {
			n = n*10 + int(text[j]-'0')
			j++
		}
		if n == 0 {
			continue
		}
		if seen[n] == 0 {
			v.order = append(v.order, n-1)
			seen[n] = len(v.order)
		}
		fmt.Fprintf(&b, "%d", seen[n])
		i = j - 1
	}
	v.text = b.String()
	return v
}
