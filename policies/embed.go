package policies

import (
	"embed"
	"strings"
	"sync"
)

//go:embed *.yaml
var files embed.FS

// order is that of the list: the five published policies, then our recommendation.
var order = []string{"callcenterrate", "cloudcti", "usercom", "kiosk", "emage-me", "baseline"}

var embedded = sync.OnceValues(func() ([]*Pack, error) {
	all := make([]*Pack, 0, len(order))
	for _, id := range order {
		name := id + ".yaml"
		src, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := Parse(name, src)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
})

// Embedded gives the packs that ship, which callers must not change: five published policies and our recommendation.
func Embedded() []*Pack {
	all, err := embedded()
	if err != nil {
		panic("policies: " + err.Error()) // the files are part of the program, and tested
	}
	return append([]*Pack(nil), all...)
}

// Find gives the embedded pack of an id.
func Find(id string) (*Pack, bool) {
	for _, p := range Embedded() {
		if strings.EqualFold(p.ID, id) {
			return p, true
		}
	}
	return nil, false
}

// Baseline gives our own recommendation.
func Baseline() *Pack {
	p, _ := Find("baseline")
	return p
}
