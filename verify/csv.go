package verify

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CSVColumns is the first line of an export in CSV. The second holds "checkpoint" and, in its last cell, the signed head;
// the last one "end", the list of entries and, in its last cell, the signature of that list.
var CSVColumns = []string{
	"seq", "time", "actor_kind", "actor", "action", "verb", "type", "resource", "purpose", "outcome", "reason", "request",
	"subjects", "address", "network", "agent", "session", "changes", "note", "node", "counter", "id", "sealed", "proof",
}

// CSVRecord writes an entry and its proof as a line of a CSV. What the sealed parts show stands in cells of its own; the
// parts themselves are in "sealed", as JSON, so that both can be compared.
func CSVRecord(l *EntryLine) ([]string, error) {
	parts, err := json.Marshal(l.Parts)
	if err != nil {
		return nil, err
	}
	var shown struct {
		Network string `json:"network"`
		Agent   string `json:"agent"`
		Session string `json:"session"`
		Changes []struct {
			Field  string
			Before string
			After  string
		} `json:"changes"`
		Note string `json:"note"`
	}
	var address string
	for _, p := range l.Parts {
		switch {
		case p.Plain == nil:
		case p.Kind == string(rune(Address)):
			address = *p.Plain
		default:
			if err := json.Unmarshal([]byte(*p.Plain), &shown); err != nil {
				return nil, err
			}
		}
	}
	var changes []string
	for _, c := range shown.Changes {
		changes = append(changes, c.Field+": "+c.Before+" → "+c.After)
	}
	cells := []string{
		strconv.FormatUint(l.Seq, 10), l.Time, l.Kind, l.Actor, l.Action, l.Verb, l.Type, l.Resource, l.Purpose, l.Outcome, l.Reason,
		l.Request, strings.Join(l.Subjects, ","), address, shown.Network, shown.Agent, shown.Session, strings.Join(changes, "; "),
		shown.Note, l.Node, strconv.FormatUint(l.Counter, 10), l.ID, string(parts), strings.Join(l.Proof, " "),
	}
	for i, c := range cells {
		cells[i] = safeCell(c)
	}
	return cells, nil
}

// CSVSpecial writes a line that is no entry: the signed head ("checkpoint"), or the signed list of entries ("end").
func CSVSpecial(kind, list, signed string) []string {
	cells := make([]string, len(CSVColumns))
	cells[0], cells[1], cells[len(cells)-1] = kind, safeCell(list), signed
	return cells
}

// safeCell keeps a spreadsheet from taking a text for a formula (OWASP: CSV injection).
func safeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r'", rune(s[0])) {
		return "'" + s
	}
	return s
}

var errCell = errors.New("a cell cannot be read")

// csvLine reads an entry back from its cells; what is shown must be what its sealed parts say.
func csvLine(cells []string) (*EntryLine, error) {
	c := make([]string, len(CSVColumns))
	for i := range c {
		c[i] = strings.TrimPrefix(cells[i], "'")
	}
	l := &EntryLine{
		Time: c[1], Kind: c[2], Actor: c[3], Action: c[4], Verb: c[5], Type: c[6], Resource: c[7], Purpose: c[8], Outcome: c[9],
		Reason: c[10], Request: c[11], Node: c[19], ID: c[21], Proof: strings.Fields(c[23]),
	}
	var err1, err2 error
	l.Seq, err1 = decimal(c[0])
	l.Counter, err2 = decimal(c[20])
	if err := json.Unmarshal([]byte(c[22]), &l.Parts); err != nil || err1 != nil || err2 != nil {
		return l, errCell
	}
	if c[12] != "" {
		l.Subjects = strings.Split(c[12], ",")
	}
	again, err := CSVRecord(l)
	if err != nil {
		return l, errCell
	}
	if !slices.Equal(again, cells) {
		return l, errors.New("what it shows in clear is not what was sealed")
	}
	return l, nil
}

// csvFile checks an export in CSV.
func (f *file) csvFile(in *bufio.Reader) error {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	names, err := r.Read()
	if err != nil || !slices.Equal(names, CSVColumns) {
		return errors.New("verify: the file is no journal export: its first line is no header")
	}
	last := len(CSVColumns) - 1
	first, err := r.Read()
	if err != nil || len(first) != len(CSVColumns) || first[0] != "checkpoint" {
		return errors.New("verify: the file is no journal export: its second line is no checkpoint")
	}
	log, _ := strings.CutPrefix(strings.SplitN(first[last], "\n", 2)[0], f.key.Origin(""))
	f.opened(&Header{Format: ExportFormat, Log: log, Checkpoint: first[last]})
	for !f.done {
		cells, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil || len(cells) != len(CSVColumns):
			f.rep.Add(Changed, f.next, f.next, "the line after entry %s cannot be read", f.before())
			if !errors.As(err, new(*csv.ParseError)) && err != nil {
				return err
			}
		case cells[0] == "end":
			f.listed(cells[1], cells[last])
		default:
			f.cells(cells)
		}
	}
	return nil
}

func (f *file) cells(cells []string) {
	l, err := csvLine(cells)
	switch {
	case errors.Is(err, errCell):
		f.rep.Add(Changed, f.next, f.next, "the line after entry %s cannot be read", f.before())
	case err != nil:
		f.rep.Add(Changed, l.Seq, l.Seq, "%v", err)
		f.rep.Entries++
		f.seen.Add(l.Seq)
		f.any, f.next = true, max(f.next, l.Seq+1)
	default:
		f.entry(l)
	}
}

// listed checks the signed list at the end of a CSV.
func (f *file) listed(seqs, signed string) {
	seqs = strings.TrimPrefix(seqs, "'")
	list, err := ParseRanges(seqs)
	if err != nil {
		f.done = true
		f.rep.Add(Truncated, f.next, f.next, "the list of entries at the end cannot be read")
		return
	}
	f.end(&End{Count: list.Count(), Seqs: seqs, Note: signed})
}
