package recognition

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/services/recognition/source"
)

// imitation fills one organization.
type imitation struct {
	m     *Module
	org   core.ID
	by    personal.Inventor
	names map[string]string // of fields and labels: what they are called in the source, and here
	rows  int
	made  int // names of hosts
	phone int // extensions
}

// Imitate fills an organization of a test environment with the like of a shape, through the acts that people and programs use. Its
// addresses stand below example.invalid, which cannot exist (RFC 6761).
func (m *Module) Imitate(ctx context.Context, org core.ID, l Likeness, by personal.Inventor) (int, error) {
	im := &imitation{m: m, org: org, by: by, names: map[string]string{}}
	if l.subscription.State != "" {
		if err := m.Subscribe(ctx, org, l.subscription.Way); err != nil {
			return 0, err
		}
		im.rows++
	}
	for i := range l.links {
		if err := im.link(ctx, &l.links[i]); err != nil {
			return im.rows, err
		}
	}
	for i := range l.lines {
		if err := im.line(ctx, &l.lines[i]); err != nil {
			return im.rows, err
		}
	}
	if l.subscription.State != "" && !l.subscription.Active() {
		return im.rows, m.Unsubscribe(ctx, org)
	}
	return im.rows, nil
}

// host is the name of a machine that cannot exist.
func (im *imitation) host() string {
	im.made++
	return fmt.Sprintf("machine-%d.%s.example.invalid", im.made, im.org)
}

// called is what a field or label is called: as in the source when its name is public and nobody's value.
func (im *imitation) called(name string) string {
	if name == "" {
		return ""
	}
	if im.names[name] == "" {
		im.names[name] = name
		if !source.Public(name) || im.by.Taken(name) {
			im.names[name] = im.by.Word("Champ")
		}
	}
	return im.names[name]
}

func (im *imitation) mapping(was Mapping) (mp Mapping, err error) {
	all := func(names []string) (out []string) {
		for _, n := range names {
			out = append(out, im.called(n))
		}
		return out
	}
	pairs := func(names map[string]string) map[string]string {
		out := map[string]string{}
		for _, label := range slices.Sorted(maps.Keys(names)) {
			out[im.called(label)] = im.called(names[label])
		}
		return out
	}
	mp = Mapping{
		Region: was.Region, Name: all(was.Name), Company: im.called(was.Company), Numbers: all(was.Numbers), Order: all(was.Order),
		Shown: pairs(was.Shown), Scripts: pairs(was.Scripts),
	}
	seen := map[string]bool{}
	for _, t := range was.Trunks {
		prefix, err := im.trunk(len(t.Prefix), seen)
		if err != nil {
			return mp, err
		}
		mp.Trunks = append(mp.Trunks, Trunk{Prefix: prefix, Company: im.by.Word("Société")})
	}
	return mp, nil
}

// trunk gives a beginning of numbers kept for fiction, of so many characters, that is not among those seen: the digits that are free in
// those numbers vary. When that many characters give no more of them, it is longer.
func (im *imitation) trunk(size int, seen map[string]bool) (string, error) {
	for ; ; size = min(size+1, 1+mostTrunk) {
		for tried := map[string]bool{}; ; {
			number, err := im.by.Number()
			if err != nil {
				return "", err
			}
			begins := number[:min(len(number)-behind, size)]
			if tried[begins] {
				break
			}
			tried[begins] = true
			if prefix := im.unseen(begins, size, seen); prefix != "" {
				seen[prefix] = true
				return prefix, nil
			}
		}
	}
}

// unseen completes the beginning of a range to so many characters that are neither seen nor the source's; "" when there are none.
func (im *imitation) unseen(begins string, size int, seen map[string]bool) string {
	free := size - len(begins)
	for at := range int(math.Pow10(min(free, behind))) {
		prefix := begins
		if free > 0 {
			prefix += fmt.Sprintf("%0*d", free, at)
		}
		if !seen[prefix] && !im.by.Taken(prefix) {
			return prefix
		}
	}
	return ""
}

func (im *imitation) link(ctx context.Context, l *likeLink) error {
	mp, err := im.mapping(l.mapping)
	if err != nil {
		return err
	}
	d := LinkDraft{Name: im.by.Word("Outil"), Kind: l.kind, Mapping: mp}
	if l.secret {
		d.Secret = fmt.Appendf(nil, "url: https://%s/\nuser: %s\npassword: %s\n", im.host(), im.by.Word("compte"), im.by.Word("secret"))
	}
	id, err := im.m.MakeLink(ctx, im.org, d)
	if err != nil {
		return err
	}
	im.rows++
	if err := im.cards(ctx, id, l); err != nil {
		return err
	}
	if l.state == LinkPaused {
		return im.m.PauseLink(ctx, im.org, id, true)
	}
	return nil
}

// cards fills a shelf with as many cards of each shape, one batch in memory at a time, and puts it in use.
func (im *imitation) cards(ctx context.Context, link core.ID, l *likeLink) error {
	total := int64(0)
	for _, n := range l.cards {
		total += n
	}
	if total == 0 {
		return nil
	}
	act := func() *core.Act { return &core.Act{Def: &SyncPush, Org: im.org, Resource: link} }
	var shelf int64
	err := im.m.needs.Gate.Change(ctx, act(), func(tx core.Tx) (err error) {
		shelf, err = im.m.OpenShelf(ctx, tx, im.org, link)
		return err
	})
	if err != nil {
		return err
	}
	sealing, err := im.m.Sealing(ctx, im.org, link)
	if err != nil {
		return err
	}
	rows := make([]Stored, 0, min(total, batchRows))
	flush := func() error {
		err := im.m.needs.Gate.Change(ctx, act(), func(tx core.Tx) error { return im.m.Put(ctx, tx, im.org, link, shelf, rows) })
		im.rows += len(rows)
		rows = rows[:0]
		return err
	}
	at := int64(0)
	for shape, count := range l.cards {
		for range count {
			c, err := im.card(shape)
			if err != nil {
				return err
			}
			key, mark := keyAt(at, total)
			at++
			row, err := sealing.Store(key, mark, c)
			if err != nil {
				return err
			}
			if rows = append(rows, row); len(rows) == batchRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if err := im.m.IndexShelf(ctx, im.org, link, shelf); err != nil {
		return err
	}
	return im.m.needs.Gate.Change(ctx, act(), func(tx core.Tx) error { return im.m.SwitchShelf(ctx, tx, im.org, link, shelf) })
}

// keyAt draws a key and a mark; keys grow with their place, as shelves are filled the fastest.
func keyAt(at, total int64) (key Key, mark Mark) {
	_, _ = rand.Read(key[:]) // never fails
	_, _ = rand.Read(mark[:])
	binary.BigEndian.PutUint64(key[:], uint64(at)*(1<<63/uint64(total))*2)
	return key, mark
}

func (im *imitation) card(shape likeCard) (c Card, err error) {
	if shape.name {
		given, family := im.by.Name()
		c.Name = given + " " + family
	}
	if shape.company {
		c.Company = im.by.Word("Société")
	}
	for range shape.numbers {
		number, err := im.by.Number()
		if err != nil {
			return c, err
		}
		c.Numbers = append(c.Numbers, number)
	}
	said := func(labels string) map[string]string {
		out := map[string]string{}
		for label := range strings.SplitSeq(strings.TrimSuffix(labels, "\x00"), "\x00") {
			if label != "" {
				out[im.called(label)] = im.by.Word("Mention")
			}
		}
		return out
	}
	c.Shown, c.Scripts = said(shape.shown), said(shape.scripts)
	return c, nil
}

func (im *imitation) line(ctx context.Context, l *likeLine) error {
	kind, known := KindOfExchange(l.kind)
	if !known {
		return nil
	}
	d := ExchangeDraft{Kind: l.kind, Title: im.by.Word("Central"), Region: l.region, Paused: l.paused, Settings: maps.Clone(l.usual)}
	for _, f := range kind.Fields {
		if d.Settings[f.Name] != "" || !l.given[f.Name] && f.Optional {
			continue
		}
		d.Settings[f.Name] = im.typed(f)
	}
	users, err := im.users(ctx)
	if err != nil {
		return err
	}
	for _, of := range l.phones {
		if who := im.by.Who(of); slices.Contains(users, who) {
			im.phone++
			extension := fmt.Sprintf("9%04d", im.phone)
			for im.by.Taken(extension) {
				extension += "0"
			}
			d.Phones = append(d.Phones, Phone{Extension: extension, Person: who})
		}
	}
	id, err := im.m.MakeLine(ctx, im.org, d)
	if err == nil && l.paused {
		err = im.m.ChangeLine(ctx, im.org, id, d)
	}
	im.rows += 1 + len(d.Phones)
	return err
}

// users are those to whom a phone can be given.
func (im *imitation) users(ctx context.Context) (list []core.ID, err error) {
	err = im.m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		list, err = im.m.needs.Rights.Holders(ctx, tx, im.org, RoleUser)
		return err
	})
	return list, err
}

// typed is what stands in a field of an exchange: it leads nowhere.
func (im *imitation) typed(f ExchangeField) string {
	switch {
	case len(f.Choices) > 0:
		return f.Default
	case f.Form == "url":
		return "https://" + im.host() + "/"
	case f.Form == "address":
		return im.host() + ":5039"
	case f.Name == "server" || f.Name == "domain":
		return im.host()
	}
	return im.by.Word("essai")
}
