package verify

import (
	"errors"
	"sort"
	"strconv"
	"strings"
)

// Range is a run of sequences, both ends included.
type Range struct{ From, To uint64 }

// Ranges is a set of sequences kept as sorted runs.
type Ranges struct{ runs []Range }

// Add puts one sequence in the set; growing order is the fast way.
func (s *Ranges) Add(n uint64) {
	if k := len(s.runs); k > 0 && s.runs[k-1].To+1 == n && n != 0 {
		s.runs[k-1].To = n
		return
	} else if k == 0 || s.runs[k-1].To < n {
		s.runs = append(s.runs, Range{n, n})
		return
	}
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].To >= n })
	if s.runs[i].From <= n {
		return
	}
	joinsLeft := i > 0 && s.runs[i-1].To+1 == n
	joinsRight := s.runs[i].From == n+1
	switch {
	case joinsLeft && joinsRight:
		s.runs[i-1].To = s.runs[i].To
		s.runs = append(s.runs[:i], s.runs[i+1:]...)
	case joinsLeft:
		s.runs[i-1].To = n
	case joinsRight:
		s.runs[i].From = n
	default:
		s.runs = append(s.runs, Range{})
		copy(s.runs[i+1:], s.runs[i:])
		s.runs[i] = Range{n, n}
	}
}

// Has tells whether n is in the set.
func (s *Ranges) Has(n uint64) bool {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].To >= n })
	return i < len(s.runs) && s.runs[i].From <= n
}

// Runs gives the runs in order.
func (s *Ranges) Runs() []Range { return s.runs }

// Count is the number of sequences in the set.
func (s *Ranges) Count() uint64 {
	var n uint64
	for _, r := range s.runs {
		n += r.To - r.From + 1
	}
	return n
}

// Minus gives what is in s and not in other.
func (s *Ranges) Minus(other *Ranges) []Range {
	var out []Range
	j := 0
	for _, r := range s.runs {
		from, whole := r.From, false
		for j < len(other.runs) && other.runs[j].To < from {
			j++
		}
		for k := j; k < len(other.runs) && other.runs[k].From <= r.To; k++ {
			o := other.runs[k]
			if o.From > from {
				out = append(out, Range{from, o.From - 1})
			}
			if o.To >= r.To {
				whole = true
				break
			}
			from = max(from, o.To+1)
		}
		if !whole {
			out = append(out, Range{from, r.To})
		}
	}
	return out
}

// String writes the set as "0-41,45,50-52".
func (s *Ranges) String() string {
	var b strings.Builder
	for i, r := range s.runs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(r.From, 10))
		if r.To > r.From {
			b.WriteString("-" + strconv.FormatUint(r.To, 10))
		}
	}
	return b.String()
}

// ParseRanges reads what String writes.
func ParseRanges(text string) (Ranges, error) {
	var s Ranges
	if text == "" {
		return s, nil
	}
	bad := errors.New("verify: this is no list of entries")
	for part := range strings.SplitSeq(text, ",") {
		a, b, run := strings.Cut(part, "-")
		from, err := decimal(a)
		if err != nil {
			return s, bad
		}
		to := from
		if run {
			if to, err = decimal(b); err != nil || to <= from {
				return s, bad
			}
		}
		if k := len(s.runs); k > 0 && (s.runs[k-1].To >= from || s.runs[k-1].To+1 >= from) {
			return s, bad
		}
		s.runs = append(s.runs, Range{from, to})
	}
	return s, nil
}

// Cover puts a run after every other one of the set.
func (s *Ranges) Cover(from, to uint64) {
	if k := len(s.runs); k > 0 && s.runs[k-1].To+1 >= from {
		s.runs[k-1].To = max(s.runs[k-1].To, to)
		return
	}
	s.runs = append(s.runs, Range{from, to})
}

// Join adds every sequence of another set.
func (s *Ranges) Join(other *Ranges) {
	all := append(append(make([]Range, 0, len(s.runs)+len(other.runs)), s.runs...), other.runs...)
	sort.Slice(all, func(i, j int) bool { return all[i].From < all[j].From })
	s.runs = nil
	for _, r := range all {
		s.Cover(r.From, r.To)
	}
}
