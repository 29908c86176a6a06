package annex

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/i18n"
)

// Change is one difference between two versions of an annex, in words. Weaker marks what protects less than before.
type Change struct {
	Clause string
	Text   core.Text
	Weaker bool
}

var (
	tPackNew  = i18n.T("%s : politique ajoutée, version %s", "%s: policy added, version %s")
	tPackGone = i18n.T("%s n'est plus en vigueur", "%s is no longer in force")
	tPackNext = i18n.T("%s : la version %s devient %s", "%s: version %s becomes %s")
	tIsNew    = i18n.T("%s est nouvelle : %s", "%s is new: %s")
	tIsGone   = i18n.T("%s n'est plus promise : %s", "%s is no longer promised: %s")
	tTextNew  = i18n.T("%s : le texte change", "%s: the text changes")
	tBecomes  = i18n.T("%s : %s devient %s", "%s: %s becomes %s")
	tTighter  = i18n.T("%s : durci à %s", "%s: tightened to %s")
	tLoosened = i18n.T("%s : %s n'est plus durci", "%s: %s is no longer tightened")
	tOther    = i18n.T("%s : durci de %s à %s", "%s: tightened from %s to %s")
)

// inBoth fills a sentence in both languages.
func inBoth(s i18n.Sentence, args ...any) core.Text {
	fill := func(l i18n.Lang) string {
		out := make([]any, len(args))
		for i, a := range args {
			switch v := a.(type) {
			case core.Text:
				a = i18n.From(v).Say(l)
			case i18n.Sentence:
				a = lower(v.Say(l))
			}
			out[i] = a
		}
		return s.Say(l, out...)
	}
	return core.Text{FR: fill(i18n.FR), EN: fill(i18n.EN)}
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]|0x20) + s[1:]
}

// Compare tells what changed from one version of an annex to the next: policies, clauses, texts, statuses, what the
// organization tightened. The date of evidence alone is no change.
func Compare(old, now Document) []Change {
	list := comparePacks(old, now)
	before := map[string]Clause{}
	for _, c := range old.Clauses {
		before[c.Pack+"/"+c.ID] = c
	}
	for _, c := range now.Clauses {
		was, known := before[c.Pack+"/"+c.ID]
		delete(before, c.Pack+"/"+c.ID)
		if !known {
			list = append(list, Change{Clause: c.ID, Text: inBoth(tIsNew, c.ID, c.Title)})
			continue
		}
		if was.Text != c.Text || was.Title != c.Title {
			list = append(list, Change{Clause: c.ID, Text: inBoth(tTextNew, c.ID)})
		}
		if was.Status != c.Status {
			list = append(list, Change{Clause: c.ID, Text: inBoth(tBecomes, c.ID, StatusWord(was.Status), StatusWord(c.Status)), Weaker: good(was.Status) && !good(c.Status)})
		}
	}
	for _, c := range old.Clauses {
		if _, gone := before[c.Pack+"/"+c.ID]; gone {
			list = append(list, Change{Clause: c.ID, Text: inBoth(tIsGone, c.ID, c.Title), Weaker: true})
		}
	}
	return append(list, compareTightened(old, now)...)
}

func good(s control.Status) bool { return s == control.Held || s == control.Attested }

func comparePacks(old, now Document) (list []Change) {
	before := map[string]Pack{}
	for _, p := range old.Packs {
		before[p.ID] = p
	}
	for _, p := range now.Packs {
		was, known := before[p.ID]
		delete(before, p.ID)
		switch {
		case !known:
			list = append(list, Change{Text: inBoth(tPackNew, p.Title, p.Version)})
		case was.Hash != p.Hash:
			list = append(list, Change{Text: inBoth(tPackNext, p.Title, was.Version, p.Version)})
		}
	}
	for _, p := range old.Packs {
		if _, gone := before[p.ID]; gone {
			list = append(list, Change{Text: inBoth(tPackGone, p.Title), Weaker: true})
		}
	}
	return list
}

func compareTightened(old, now Document) (list []Change) {
	before := map[string]Setting{}
	for _, s := range old.Tightened {
		before[s.Key] = s
	}
	for _, s := range now.Tightened {
		was, known := before[s.Key]
		delete(before, s.Key)
		switch {
		case !known:
			list = append(list, Change{Clause: s.Clause, Text: inBoth(tTighter, s.Title, s.Value)})
		case was.Value != s.Value:
			list = append(list, Change{Clause: s.Clause, Text: inBoth(tOther, s.Title, was.Value, s.Value)})
		}
	}
	for _, s := range old.Tightened {
		if _, gone := before[s.Key]; gone {
			list = append(list, Change{Clause: s.Clause, Text: inBoth(tLoosened, s.Title, s.Value), Weaker: true})
		}
	}
	return list
}
