package recognition

import (
	"bytes"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/source"
)

// Likeness is the shape of what the service keeps of an organization, for a test environment (EMG-2.5): how many links, cards, exchanges
// and phones, of which kinds; nothing of what they say.
type Likeness struct {
	subscription Subscription
	links        []likeLink
	lines        []likeLine
}

type likeLink struct {
	kind    string
	state   LinkState
	mapping Mapping // its names are copied when they are public; its trunks keep how many digits they have
	secret  bool
	cards   map[likeCard]int64
}

// likeCard is what a card is made of; there are few of them, however many cards there are.
type likeCard struct {
	numbers        int
	name, company  bool
	shown, scripts string // labels, each before a zero
}

type likeLine struct {
	kind, region string
	paused       bool
	usual        map[string]string // closed choices and values as they are by default
	given        map[string]bool   // the fields that something was typed in
	phones       []core.ID         // whose they are
}

var qCardsIn = db.SQL(`SELECT key, value FROM recognition_card WHERE org = $1 AND shelf = $2 AND key > $3 ORDER BY key LIMIT 2000`)

// Likeness gives the shape of what an organization has, and says every value that stands in it, opened. Cards go by in pages.
func (m *Module) Likeness(ctx context.Context, tx core.Tx, org core.ID, say func(table, column, value string)) (l Likeness, err error) {
	if l.subscription, err = subscription(ctx, tx, org); err != nil {
		return l, err
	}
	links, err := m.linksIn(ctx, tx, org)
	if err != nil {
		return l, err
	}
	for _, link := range links {
		one, err := m.likeLink(ctx, tx, link, say)
		if err != nil {
			return l, err
		}
		l.links = append(l.links, one)
	}
	l.lines, err = m.likeLines(ctx, tx, org, say)
	return l, err
}

func (m *Module) likeLink(ctx context.Context, tx core.Tx, link Link, say func(table, column, value string)) (likeLink, error) {
	l := likeLink{kind: link.Kind, state: link.State, mapping: link.Mapping, cards: map[likeCard]int64{}}
	say("recognition_link", "name", link.Name)
	for _, name := range link.Mapping.words() {
		if !source.Public(name) {
			say("recognition_link", "label", name)
		}
	}
	for _, t := range link.Mapping.Trunks {
		say("recognition_trunk", "number", t.Prefix)
		say("recognition_trunk", "company", t.Company)
	}
	sealed, err := secretOf(ctx, tx, link.Org, link.ID)
	if err != nil {
		return l, err
	}
	if l.secret = len(sealed) > 0; l.secret {
		switch plain, err := m.needs.Sealer.Open(ctx, link.ID, secretPlace(link.ID), sealed); core.KindOf(err) {
		case core.Gone: // its key was destroyed: it says nothing any more
			l.secret = false
		default:
			if err != nil {
				return l, err
			}
			sayAccess(string(plain), say)
		}
	}
	return l, m.eachCard(ctx, tx, link, func(c Card) {
		l.cards[shapeOf(c)]++
		say("recognition_card", "name", c.Name)
		say("recognition_card", "company", c.Company)
		for _, n := range c.Numbers {
			say("recognition_card", "number", n)
		}
		for _, pairs := range []map[string]string{c.Shown, c.Scripts} {
			for _, v := range pairs {
				say("recognition_card", "shown", v)
			}
		}
	})
}

// eachCard gives the cards that are found by a link, one page in memory at a time.
func (m *Module) eachCard(ctx context.Context, tx core.Tx, link Link, give func(Card)) error {
	if link.Shelf == 0 {
		return nil
	}
	open, err := m.needs.Bulk.Opener(ctx, link.ID)
	if core.KindOf(err) == core.Gone {
		return nil
	}
	if err != nil {
		return err
	}
	type row struct{ key, value []byte }
	for from := []byte{}; ; {
		page, err := db.All(ctx, tx, qCardsIn, func(scan db.Scan) (r row, err error) { return r, scan(&r.key, &r.value) }, link.Org, link.Shelf, from)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			plain, err := open(cardPlace(r.key), r.value)
			if err != nil {
				return err
			}
			c, err := decodeCard(plain)
			if err != nil {
				return err
			}
			give(c)
		}
		from = bytes.Clone(page[len(page)-1].key)
	}
}

func shapeOf(c Card) likeCard {
	labels := func(pairs map[string]string) string {
		all := strings.Join(slices.Sorted(maps.Keys(pairs)), "\x00")
		if all != "" {
			all += "\x00"
		}
		return all
	}
	return likeCard{len(c.Numbers), c.Name != "", c.Company != "", labels(c.Shown), labels(c.Scripts)}
}

// words are the names that a mapping holds: of fields, labels and parameters.
func (mp *Mapping) words() []string {
	all := slices.Concat(mp.Name, mp.Numbers, mp.Order, slices.Collect(maps.Keys(mp.Shown)), slices.Collect(maps.Values(mp.Shown)),
		slices.Collect(maps.Keys(mp.Scripts)), slices.Collect(maps.Values(mp.Scripts)))
	if mp.Company != "" {
		all = append(all, mp.Company)
	}
	return all
}

// sayAccess says what a tool is read with: the text, each value of it, and the host and the account of an address.
func sayAccess(text string, say func(table, column, value string)) {
	say("recognition_link", "secret", text)
	for line := range strings.Lines(text) {
		_, value, found := strings.Cut(line, ":")
		if !found || strings.HasPrefix(value, "//") {
			value = line
		}
		sayAddress("recognition_link", strings.Trim(strings.TrimSpace(value), `"'`), say)
	}
}

func sayAddress(table, value string, say func(table, column, value string)) {
	say(table, "address", value)
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return
	}
	say(table, "address", u.Host)
	say(table, "address", u.Hostname())
	if u.User != nil {
		say(table, "user", u.User.Username())
		if password, given := u.User.Password(); given {
			say(table, "secret", password)
		}
	}
}

func (m *Module) likeLines(ctx context.Context, tx core.Tx, org core.ID, say func(table, column, value string)) ([]likeLine, error) {
	rows, err := db.All(ctx, tx, qLinesOf, scanLine, org)
	if err != nil {
		return nil, err
	}
	phones, err := m.phones(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	var all []likeLine
	for i := range rows {
		r := &rows[i]
		if err := m.openExchange(ctx, r, true); err != nil {
			return nil, err
		}
		l := likeLine{kind: r.Kind, region: r.Region, paused: r.Paused, usual: map[string]string{}, given: map[string]bool{}}
		say("recognition_line", "title", r.Title)
		kind, _ := KindOfExchange(r.Kind)
		for _, f := range kind.Fields {
			switch v := r.Settings[f.Name]; {
			case f.Secret:
				l.given[f.Name] = r.secret[f.Name] != ""
			case v != "" && (v == f.Default || slices.Contains(f.Choices, v)):
				l.usual[f.Name] = v
			case v != "":
				l.given[f.Name] = true
				sayAddress("recognition_line", v, say)
			}
		}
		for _, v := range r.secret {
			say("recognition_line", "secret", v)
		}
		for _, p := range phones {
			if p.line == r.ID {
				l.phones = append(l.phones, p.Person)
				say("recognition_phone", "extension", p.Extension)
			}
		}
		all = append(all, l)
	}
	return all, nil
}
