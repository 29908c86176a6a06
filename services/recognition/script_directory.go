package recognition

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/number"
)

// ReadDirectory is a search for a telephone that shows names by itself.
var ReadDirectory = &core.ActDef{
	Permission: "directory.read", Resource: "directory", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleAgent},
	Title: core.Text{FR: "Lire l'annuaire pour les téléphones", EN: "Read the directory for telephones"},
}

const (
	directoryMost = 200    // entries of one answer
	directoryRead = 50_000 // cards opened to find names that begin so
	directoryPage = 1000
)

// DirectoryQuery asks by number or by the beginning of a name; neither asks for the first names.
type DirectoryQuery struct {
	Number string
	Name   string // of any word of the name or the company
	Limit  int    // 0: 50; at most 200
}

// DirectoryAnswer is the entries found, by name. More tells that there may be others.
type DirectoryAnswer struct {
	Cards []Card
	More  bool
}

// A card of an active link, by its place.
var qDirectory = db.SQL(`SELECT l.id, c.key, c.value FROM recognition_link l JOIN recognition_card c ON c.org = l.org AND c.shelf = l.shelf
	WHERE l.org = $1 AND l.id = $2 AND l.state = 'active' AND c.key > $3 ORDER BY c.key LIMIT 1000`)

// Directory searches the cards of an organization for its telephones.
func (m *Module) Directory(ctx context.Context, org core.ID, q DirectoryQuery) (a DirectoryAnswer, err error) {
	act := &core.Act{Def: ReadDirectory, Org: org}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, directoryMost)
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if q.Number != "" {
			matches, err := m.Find(ctx, tx, org, number.Parse(q.Number, HomeRegion))
			told(act, matches)
			for _, match := range matches {
				if match.CompanyOnly {
					match.Numbers = nil
				}
				a.Cards = append(a.Cards, match.Card)
			}
			a.More = len(a.Cards) > q.Limit
			a.Cards = a.Cards[:min(len(a.Cards), q.Limit)]
			return err
		}
		a, err = m.names(ctx, tx, org, q)
		return err
	})
	return a, err
}

// names walks cards and keeps those with a word that begins so. The names are sealed, so that each card is opened: the walk ends after
// so many.
func (m *Module) names(ctx context.Context, tx core.Tx, org core.ID, q DirectoryQuery) (a DirectoryAnswer, err error) {
	links, err := db.All(ctx, tx, qLinks, scanLink, org)
	if err != nil {
		return a, err
	}
	begin := strings.ToLower(strings.TrimSpace(q.Name))
	read := 0
	for _, l := range links {
		if l.State != LinkActive {
			continue
		}
		open, err := m.needs.Bulk.Opener(ctx, l.ID)
		if core.KindOf(err) == core.Gone {
			continue
		}
		if err != nil {
			return a, err
		}
		for after := []byte{}; !a.More; {
			page, err := db.All(ctx, tx, qDirectory, func(scan db.Scan) (h hit, err error) {
				err = scan(&h.link, &h.key, &h.value)
				return h, err
			}, org, l.ID, after)
			if err != nil {
				return a, err
			}
			for _, h := range page {
				after = h.key
				plain, err := open(cardPlace(h.key), h.value)
				if err != nil {
					return a, err
				}
				c, err := decodeCard(plain)
				if err != nil {
					return a, err
				}
				if wordBegins(c, begin) {
					c.ID, c.Source = core.ID(hexed(h.key)), h.link
					a.Cards = append(a.Cards, c)
				}
			}
			if read += len(page); len(a.Cards) > q.Limit || read >= directoryRead {
				a.More = true
			}
			if len(page) < directoryPage {
				break
			}
		}
	}
	slices.SortFunc(a.Cards, func(x, y Card) int {
		return cmp.Or(strings.Compare(strings.ToLower(cmp.Or(x.Name, x.Company)), strings.ToLower(cmp.Or(y.Name, y.Company))), strings.Compare(string(x.ID), string(y.ID)))
	})
	a.Cards = a.Cards[:min(len(a.Cards), q.Limit)]
	return a, nil
}

func wordBegins(c Card, begin string) bool {
	if len(c.Numbers) == 0 {
		return false
	}
	if begin == "" {
		return true
	}
	for _, text := range []string{c.Name, c.Company} {
		text = strings.ToLower(text)
		if strings.HasPrefix(text, begin) || strings.Contains(text, " "+begin) || strings.Contains(text, "-"+begin) {
			return true
		}
	}
	return false
}
