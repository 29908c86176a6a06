package archive

import (
	"bufio"
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/paper"
)

// printed is how many rows of a table the PDF holds, each on lines of its own; all of them are in the CSV.
const printed = 40

// pdf writes index.pdf, to read and to keep (PDF/A-2b): each table with its grounds, and its first rows.
func (b *bundle) pdf(ctx context.Context, w *bufio.Writer, at time.Time) error {
	title := tArchive.In(ctx)
	if b.portable {
		title = tPortable.In(ctx)
	}
	say := func(s paper.Sort, text string) paper.Block { return paper.Block{Sort: s, Text: text} }
	blocks := []paper.Block{
		say(paper.Title, title), say(paper.Words, tMade.In(ctx, i18n.Moment(ctx, at.UTC()), b.person.Name())),
		say(paper.Words, tSecrets.In(ctx)), say(paper.Words, tAuthority.In(ctx)),
	}
	room := ""
	for _, s := range b.sheets {
		if name := i18n.From(s.Room).In(ctx); name != room {
			room = name
			blocks = append(blocks, say(paper.Heading, room))
		}
		blocks = append(blocks, say(paper.Part, i18n.From(s.Title).In(ctx)))
		for _, g := range s.grounds(ctx) {
			blocks = append(blocks, say(paper.Faint, tWhy.In(ctx, strings.Join(g.Fields, ", "), g.Purpose, g.Basis, g.Until)))
		}
		rows, err := b.items(ctx, s)
		if err != nil {
			return err
		}
		blocks = append(blocks, paper.Block{Sort: paper.List, Items: rows})
		if s.rows > printed {
			blocks = append(blocks, say(paper.Faint, tMore.In(ctx, s.rows-printed, s.Name)))
		}
	}
	out, err := paper.Document{Title: title, Lang: b.language(), At: at, Foot: string(b.person.ID), Blocks: blocks}.PDF()
	if err == nil {
		_, err = w.Write(out)
	}
	return err
}

// items says each of the first rows in a sentence: what a column is called, and its value.
func (b *bundle) items(ctx context.Context, s *sheet) (list []string, err error) {
	order := s.ordered()
	err = b.cells(ctx, s, func(cells []any) error {
		if len(list) == printed {
			return errEnough
		}
		var parts []string
		for i, c := range cells {
			if v := Say(ctx, c); v != "" {
				parts = append(parts, tCell.In(ctx, i18n.From(Word(s.Name, order[i])).In(ctx), v))
			}
		}
		list = append(list, strings.Join(parts, " ; "))
		return nil
	})
	if err == errEnough { //nolint:errorlint // our own mark, never wrapped
		err = nil
	}
	return list, err
}

var tCell = i18n.T("%s : %s", "%s: %s")
