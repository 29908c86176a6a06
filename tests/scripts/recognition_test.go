package scripts

import (
	"crypto/sha256"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
)

// contactsWord: contacts of town|mutual stand in FILE as NAME; each line is a number in E.164 and who it is. $NAME is the tool's id.
func contactsWord(ts *testscript.TestScript, _ bool, args []string) {
	p, m, ctx := recognitionOf(ts)
	org, name := map[string]core.ID{"town": p.Town, "mutual": p.Mutual}[args[1]], args[6]
	link, err := m.MakeLink(ctx, org, recognition.LinkDraft{Name: name, Kind: "csv"})
	ts.Check(err)
	sealing, err := m.Sealing(ctx, org, link)
	ts.Check(err)
	var rows []recognition.Stored
	for line := range strings.Lines(ts.ReadFile(args[4])) {
		number, who, _ := strings.Cut(strings.TrimSpace(line), " ")
		hash := sha256.Sum256([]byte(line))
		row, err := sealing.Store(recognition.Key(hash[:16]), recognition.Mark(hash[16:24]), recognition.Card{Name: who, Numbers: []string{number}})
		ts.Check(err)
		rows = append(rows, row)
	}
	var shelf int64
	keep := func(fn func(core.Tx) error) { ts.Check(p.House.Gate().Keep(ctx, recognition.Tidy, fn)) }
	keep(func(tx core.Tx) (err error) {
		if shelf, err = m.OpenShelf(ctx, tx, org, link); err != nil {
			return err
		}
		return m.Put(ctx, tx, org, link, shelf, rows)
	})
	ts.Check(m.IndexShelf(ctx, org, link, shelf))
	keep(func(tx core.Tx) error { return m.SwitchShelf(ctx, tx, org, link, shelf) })
	ts.Setenv(name, string(link))
}
