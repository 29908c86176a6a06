package journal

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Filter is what the explorer is asked to show. Everything but Words can stand in an address: ids and codes only.
type Filter struct {
	Actor    core.ID
	Subject  core.ID // entries about this person
	Person   core.ID // a person's timeline: what they did and what concerns them
	Action   string
	Resource core.ID
	Outcome  string    // "success", "failure", "refused", "unusual" (anything but success)
	From, To time.Time // To is not included
	Words    string
}

// Mark is a place in the order of time, newest first: where a page ends.
type Mark struct {
	At  int64
	Pos int64
}

// String writes a mark for an address.
func (m Mark) String() string {
	return strconv.FormatInt(m.At, 36) + "." + strconv.FormatInt(m.Pos, 36)
}

// ParseMark reads what String wrote; anything else is the newest end.
func ParseMark(s string) Mark {
	a, p, _ := strings.Cut(s, ".")
	at, err1 := strconv.ParseInt(a, 36, 64)
	pos, err2 := strconv.ParseInt(p, 36, 64)
	if err1 != nil || err2 != nil {
		return newestMark
	}
	return Mark{at, pos}
}

var newestMark = Mark{1<<62 - 1, 1<<62 - 1}

const dateForm = "2006-01-02"

// Query writes the filter as the query of an address.
func (f Filter) Query() url.Values {
	q := url.Values{}
	set := func(k, v string) {
		if v != "" {
			q.Set(k, v)
		}
	}
	set("actor", string(f.Actor))
	set("subject", string(f.Subject))
	set("person", string(f.Person))
	set("action", f.Action)
	set("resource", string(f.Resource))
	set("outcome", f.Outcome)
	if !f.From.IsZero() {
		q.Set("from", f.From.Format(dateForm))
	}
	if !f.To.IsZero() {
		q.Set("to", f.To.AddDate(0, 0, -1).Format(dateForm))
	}
	return q
}

// ParseFilter reads a filter from the query of an address; what is no id, code or date is left out.
func ParseFilter(q url.Values) Filter {
	f := Filter{Actor: idIn(q, "actor"), Subject: idIn(q, "subject"), Person: idIn(q, "person"), Resource: idIn(q, "resource")}
	if a := q.Get("action"); isCode(a) {
		f.Action = a
	}
	if o := q.Get("outcome"); slices.Contains([]string{"success", "failure", "refused", "unusual"}, o) {
		f.Outcome = o
	}
	if t, err := time.Parse(dateForm, q.Get("from")); err == nil {
		f.From = t
	}
	if t, err := time.Parse(dateForm, q.Get("to")); err == nil {
		f.To = t.AddDate(0, 0, 1)
	}
	return f
}

func idIn(q url.Values, name string) core.ID {
	v := strings.TrimSpace(q.Get(name))
	if ids.Valid(v) || isCode(v) {
		return core.ID(v)
	}
	return ""
}

// isCode tells whether s is a short code such as an action or the name of a duty.
func isCode(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// One statement per way in; the other filters are looked at on the rows that it gives, and never chosen as a way in.
const filters = ` AND ($2 = '' OR actor = $2) AND ($3 = '' OR subject = $3) AND ($4 = '' OR action = $4) AND ($5 = '' OR resource = $5)
	AND ($6 = '' OR outcome = $6 OR ($6 = 'unusual' AND outcome <> 'success'))`

var ways = map[string]string{
	"time":     `log = $1`,
	"actor":    `log = $1 AND indexed = 1 AND actor = $2`,
	"subject":  `log = $1 AND indexed = 1 AND subject = $3 AND subject <> ''`,
	"action":   `log = $1 AND indexed = 1 AND action = $4`,
	"resource": `log = $1 AND indexed = 1 AND resource = $5 AND resource <> ''`,
	"outcome":  `log = $1 AND indexed = 1 AND outcome <> 'success'`,
}

type wayIn struct{ page, far, count string }

// waysOn writes the statements of each way in. SQLite is told which index to take: without statistics it prefers the order
// of time to the one value asked for.
func waysOn(e db.Engine) map[string]wayIn {
	all := map[string]wayIn{}
	for name, in := range ways {
		from := ` FROM journal_entry`
		if by := map[string]string{"time": "at", "outcome": "unusual"}[name]; e == db.SQLite && by != "" {
			from += ` INDEXED BY journal_entry_` + by
		} else if e == db.SQLite {
			from += ` INDEXED BY journal_entry_` + name
		}
		all[name] = wayIn{
			page: db.SQLOn(e, `SELECT `+readColumns+from+` WHERE `+in+filters+
				` AND (at, pos) < ($7, $8) AND (at, pos) >= ($9, $10) ORDER BY at DESC, pos DESC LIMIT $11`),
			far: db.SQLOn(e, `SELECT at, pos`+from+` WHERE `+renumbered(in)+
				` AND (at, pos) < ($3, $4) ORDER BY at DESC, pos DESC LIMIT 1 OFFSET $5`),
			count: db.SQLOn(e, `SELECT COUNT(*) FROM (SELECT 1 AS one`+from+` WHERE `+renumbered(in)+` LIMIT 2000) AS few`),
		}
	}
	return all
}

var (
	queries = map[db.Engine]map[string]wayIn{db.SQLite: waysOn(db.SQLite), db.PostgreSQL: waysOn(db.PostgreSQL)}
	// By place, not by time: the entries that the indexes lack stand together at the end (at + 0 is no column of an index).
	qTail = db.SQL(`SELECT ` + readColumns + ` FROM journal_entry WHERE pos >= $1 AND pos < $11` + filters +
		` AND (at + 0, pos) < ($7, $8) AND (at + 0, pos) >= ($9, $10) ORDER BY at + 0 DESC, pos DESC LIMIT $12`)
	qNamed = db.SQL(`SELECT ` + prefixed("e.", readColumns) + ` FROM journal_subject s JOIN journal_entry e ON e.pos = s.pos
		WHERE s.log = $1 AND s.subject = $2 AND (s.at, s.pos) < ($3, $4) AND (s.at, s.pos) >= ($5, $6) ORDER BY s.at DESC, s.pos DESC LIMIT $7`)
	qOne = db.SQL(`SELECT ` + readColumns + ` FROM journal_entry WHERE pos = $1`)
)

// renumbered gives a way in whose one value is $2 (or a way without value, which names it idly).
func renumbered(in string) string {
	for _, n := range []string{"$3", "$4", "$5"} {
		in = strings.ReplaceAll(in, n, "$2")
	}
	if !strings.Contains(in, "$2") {
		in += ` AND ($2 = '' OR log = $1)`
	}
	return in
}

func prefixed(p, columns string) string {
	return p + strings.ReplaceAll(columns, ", ", ", "+p)
}

// windowRows bounds what one page looks at on its way in, so that a page takes the same time whatever the log holds.
const windowRows = 5_000

// Page is one page of entries, newest first.
type Page struct {
	Rows []*Row
	Next Mark // where to go on; the zero mark at the end
	// Partial tells that the search stopped at its bound before the page was full: it goes on from Next.
	Partial bool
	Tree    uint64 // size of the log
	Signed  time.Time
}

// page reads the rows of a filter without words.
func (m *Module) page(ctx context.Context, tx core.Tx, l *logState, f Filter, from Mark, limit int) (Page, error) {
	if !f.To.IsZero() {
		if to := (Mark{clock.Micros(f.To), 0}); less(to, from) {
			from = to
		}
	}
	low := Mark{clock.Micros(f.From), 0}
	if f.From.IsZero() {
		low = Mark{-1 << 62, 0}
	}
	if f.Person != "" {
		return m.timeline(ctx, tx, l, f, from, low, limit)
	}
	way, value, err := m.bestWay(ctx, tx, l, f)
	if err != nil {
		return Page{}, err
	}
	bound, stopped, err := m.bound(ctx, tx, l, way, value, from, low)
	if err != nil {
		return Page{}, err
	}
	args := []any{l.log, f.Actor, f.Subject, f.Action, f.Resource, f.Outcome, from.At, from.Pos, bound.At, bound.Pos}
	rows, err := db.All(ctx, tx, queries[m.db.Engine()][way].page, scanRow, append(args, limit+1)...)
	if err != nil {
		return Page{}, err
	}
	if way != "time" && l.indexed < l.front.Size {
		tail, err := db.All(ctx, tx, qTail, scanRow, l.tailArgs(args, limit)...)
		if err != nil {
			return Page{}, err
		}
		rows = append(tail, rows...)
	}
	return finish(l, rows, limit, bound, stopped), nil
}

// tailArgs are those of a page, for the entries that the indexes lack.
func (l *logState) tailArgs(args []any, limit int) []any {
	args = append(slices.Clone(args), place(l.log, l.front.Size), limit+1)
	args[0] = place(l.log, l.indexed)
	return args
}

// finish orders rows, cuts them to a page and says where the next one begins.
func finish(l *logState, rows []*Row, limit int, bound Mark, stopped bool) Page {
	slices.SortFunc(rows, func(a, b *Row) int {
		switch ma, mb := (Mark{a.At, a.pos}), (Mark{b.At, b.pos}); {
		case less(mb, ma):
			return -1
		case less(ma, mb):
			return 1
		}
		return 0
	})
	rows = slices.CompactFunc(rows, func(a, b *Row) bool { return a.pos == b.pos })
	p := Page{Tree: l.front.Size}
	for _, r := range rows {
		r.Log = string(l.org)
	}
	switch {
	case len(rows) > limit:
		rows = rows[:limit]
		last := rows[limit-1]
		p.Next = Mark{last.At, last.pos}
	case stopped:
		p.Next, p.Partial = bound, true
	}
	p.Rows = rows
	return p
}

func less(a, b Mark) bool { return a.At < b.At || a.At == b.At && a.Pos < b.Pos }

// bestWay chooses the way in that gives the fewest rows.
func (m *Module) bestWay(ctx context.Context, tx core.Tx, l *logState, f Filter) (way, value string, err error) {
	given := []struct{ way, value string }{
		{"resource", string(f.Resource)}, {"subject", string(f.Subject)}, {"actor", string(f.Actor)}, {"action", f.Action},
	}
	if f.Outcome != "" && f.Outcome != "success" {
		given = append(given, struct{ way, value string }{"outcome", f.Outcome})
	}
	way, fewest := "time", int64(1<<62)
	for _, g := range given {
		if g.value == "" {
			continue
		}
		n, _, err := db.One(ctx, tx, queries[m.db.Engine()][g.way].count, db.Value[int64], l.log, g.value)
		if err != nil {
			return "", "", err
		}
		if n < fewest {
			way, value, fewest = g.way, g.value, n
		}
	}
	return way, value, nil
}

// bound finds where a page must stop looking.
func (m *Module) bound(ctx context.Context, tx core.Tx, l *logState, way, value string, from, low Mark) (Mark, bool, error) {
	far, found, err := db.One(ctx, tx, queries[m.db.Engine()][way].far, func(scan db.Scan) (k Mark, err error) {
		err = scan(&k.At, &k.Pos)
		return k, err
	}, l.log, value, from.At, from.Pos, windowRows)
	if err != nil {
		return low, false, err
	}
	if found && less(low, far) {
		return far, true, nil
	}
	return low, false, nil
}

// timeline reads what a person did and what concerns them.
func (m *Module) timeline(ctx context.Context, tx core.Tx, l *logState, f Filter, from, low Mark, limit int) (Page, error) {
	var rows []*Row
	for _, part := range []Filter{
		{Actor: f.Person, Action: f.Action, Resource: f.Resource, Outcome: f.Outcome},
		{Subject: f.Person, Action: f.Action, Resource: f.Resource, Outcome: f.Outcome},
	} {
		way, value := "actor", f.Person
		if part.Subject != "" {
			way = "subject"
		}
		bound, _, err := m.bound(ctx, tx, l, way, string(value), from, low)
		if err != nil {
			return Page{}, err
		}
		args := []any{l.log, part.Actor, part.Subject, part.Action, part.Resource, part.Outcome, from.At, from.Pos, bound.At, bound.Pos}
		some, err := db.All(ctx, tx, queries[m.db.Engine()][way].page, scanRow, append(args, limit+1)...)
		if err != nil {
			return Page{}, err
		}
		tail, err := db.All(ctx, tx, qTail, scanRow, l.tailArgs(args, limit)...)
		if err != nil {
			return Page{}, err
		}
		rows = append(append(rows, some...), tail...)
	}
	named, err := db.All(ctx, tx, qNamed, scanRow, l.log, f.Person, from.At, from.Pos, low.At, low.Pos, limit+1)
	if err != nil {
		return Page{}, err
	}
	for _, r := range named {
		if f.fits(r) {
			rows = append(rows, r)
		}
	}
	return finish(l, rows, limit, low, false), nil
}

func (f Filter) fits(r *Row) bool {
	return (f.Action == "" || f.Action == r.Action) && (f.Resource == "" || string(f.Resource) == r.Resource) &&
		(f.Outcome == "" || f.Outcome == r.Outcome || f.Outcome == "unusual" && r.Outcome != "success") &&
		(f.Actor == "" || string(f.Actor) == r.Actor) &&
		(f.Subject == "" || len(r.Subjects) > 0 && r.Subjects[0] == string(f.Subject)) &&
		(f.Person == "" || string(f.Person) == r.Actor || slices.Contains(r.Subjects, string(f.Person)))
}

// scanned bounds how many entries one search for words opens.
const scanned = 2500

// search reads the rows of a filter with words: it opens entries window by window until the page is full or its bound is
// reached; the page then says where to go on.
func (m *Module) search(ctx context.Context, tx core.Tx, l *logState, f Filter, from Mark, limit int, names Names) (Page, error) {
	words := phrases(f.Words)
	out := Page{Tree: l.front.Size, Next: from}
	for looked := 0; looked < scanned; {
		p, err := m.page(ctx, tx, l, f, out.Next, 500)
		if err != nil {
			return out, err
		}
		if err := m.openAll(ctx, p.Rows); err != nil {
			return out, err
		}
		people, err := nameAll(ctx, tx, names, p.Rows)
		if err != nil {
			return out, err
		}
		for _, r := range p.Rows {
			if r.says(words, people) {
				out.Rows = append(out.Rows, r)
				if len(out.Rows) == limit {
					out.Next = Mark{r.At, r.pos}
					return out, nil
				}
			}
		}
		looked += len(p.Rows)
		if out.Next = p.Next; p.Next == (Mark{}) {
			return out, nil
		}
		if p.Partial {
			break
		}
	}
	out.Partial = true
	return out, nil
}

func (m *Module) openAll(ctx context.Context, rows []*Row) error {
	for _, r := range rows {
		if err := m.open(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// Names tells who people are, to show and to search; an unknown id is left out of the answer.
type Names interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
}

func nameAll(ctx context.Context, tx core.Tx, names Names, rows []*Row) (map[core.ID]core.Person, error) {
	if names == nil {
		return nil, nil
	}
	seen := map[core.ID]bool{}
	var list []core.ID
	for _, r := range rows {
		for _, id := range append([]string{r.Actor}, r.Subjects...) {
			if ids.Valid(id) && !seen[core.ID(id)] {
				seen[core.ID(id)] = true
				list = append(list, core.ID(id))
			}
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	people, err := names.People(ctx, tx, list...)
	if err != nil {
		return nil, fmt.Errorf("journal: names: %w", err)
	}
	return people, nil
}
