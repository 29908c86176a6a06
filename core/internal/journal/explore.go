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
	about    core.ID // entries that name this person and that somebody else made
	id       string  // of the entry itself
}

// Mark is a place in a log, newest first: where a page ends. The zero Mark is the end.
type Mark struct{ Seq uint64 }

// String writes a mark for an address.
func (m Mark) String() string { return strconv.FormatUint(m.Seq, 36) }

// ParseMark reads what String wrote; anything else is the newest end.
func ParseMark(s string) Mark {
	n, err := strconv.ParseUint(s, 36, 64)
	if err != nil || n == 0 {
		return newestMark
	}
	return Mark{n}
}

var newestMark = Mark{1 << logBits}

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

// Page is one page of entries, newest first.
type Page struct {
	Rows []*Row
	Next Mark // where to go on; the zero mark at the end
	// Partial tells that the search stopped at its bound before the page was full: it goes on from Next.
	Partial bool
	Tree    uint64 // size of the log
	Signed  time.Time
}

func (f Filter) fits(r *Row) bool {
	return (f.id == "" || f.id == r.ID) && (f.Action == "" || f.Action == r.Action) && (f.Resource == "" || string(f.Resource) == r.Resource) &&
		(f.Outcome == "" || f.Outcome == r.Outcome || f.Outcome == "unusual" && r.Outcome != "success") &&
		(f.Actor == "" || string(f.Actor) == r.Actor) &&
		(f.Subject == "" || len(r.Subjects) > 0 && r.Subjects[0] == string(f.Subject)) &&
		(f.Person == "" || string(f.Person) == r.Actor || slices.Contains(r.Subjects, string(f.Person))) &&
		(f.about == "" || string(f.about) != r.Actor && slices.Contains(r.Subjects, string(f.about))) &&
		(f.From.IsZero() || !r.When.Before(f.From)) && (f.To.IsZero() || r.When.Before(f.To))
}

// scanned bounds how many entries one search for words opens.
const scanned = 2500

// search reads the rows of a filter with words: it opens entries window by window until the page is full or its bound is
// reached; the page then says where to go on.
func (m *Module) search(ctx context.Context, tx core.Tx, l *logState, f Filter, from Mark, limit int, names Names) (Page, error) {
	words := phrases(f.Words)
	out := Page{Tree: l.size, Next: from}
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
					out.Next = Mark{r.Seq}
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
