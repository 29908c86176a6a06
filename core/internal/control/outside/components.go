package outside

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tSBOM       = i18n.T("Le programme qui tourne dit de quoi il est fait, et rien de cela n'a de faille connue", "The running program says what it is made of, and none of it has a known flaw")
	tSBOMHeld   = i18n.T("%d composants (la bibliothèque de Go %s comprise), comparés à %d failles connues (liste du %s) : aucun n'est touché à sa version.", "%d components (the Go library %s included), compared with %d known flaws (list of %s): none is affected at its version.")
	tSBOMHit    = i18n.T("%d composant(s) touché(s) par une faille connue : %s.", "%d component(s) affected by a known flaw: %s.")
	tSBOMBlind  = i18n.T("N'a pas pu être vu : ce programme ne dit pas de quoi il est fait.", "Could not be seen: this program does not say what it is made of.")
	tSBOMNone   = i18n.T("N'a pas pu être vu : aucune liste de failles connues n'a été importée (%d composants à comparer).", "Could not be seen: no list of known flaws was imported (%d components to compare).")
	tSBOMStale  = i18n.T("N'a pas pu être vu : la liste de failles connues date du %s, il y a %d jours (au plus %d).", "Could not be seen: the list of known flaws dates from %s, %d days ago (at most %d).")
	tSBOMBroken = i18n.T("N'a pas pu être vu : la liste de failles connues ne se laisse pas lire.", "Could not be seen: the list of known flaws cannot be read.")
	tFaultFlaw  = i18n.T("Un composant dont la version a une faille connue", "A component whose version has a known flaw")
	tFaultGo    = i18n.T("Une bibliothèque de Go dont la version a une faille connue", "A Go library whose version has a known flaw")
)

// AdvisoriesFile is the list of known vulnerabilities in the data folder, as imported by an operator (advisories.go).
const AdvisoriesFile = "advisories.jsonl"

// freshAdvisories is how old a list may be and still say something.
const freshAdvisories = 30 * 24 * time.Hour

// Component is one part of the running program.
type Component struct {
	Name, Version string // "golang.org/x/net", "v0.62.0"; Go's own library is "stdlib"
	Sum           string // "h1:…", of go.sum
}

// Components lists what the running program was built from.
func (m *Module) Components() ([]Component, error) {
	if told, ok := m.get(factModules); ok {
		var all []Component
		for _, line := range split(told) {
			name, version, _ := strings.Cut(line, "@")
			all = append(all, Component{Name: name, Version: version})
		}
		return all, nil
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || len(info.Deps) == 0 {
		return nil, probe.Unseen(tSBOMBlind)
	}
	all := []Component{{Name: "stdlib", Version: goVersion()}}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		all = append(all, Component{Name: d.Path, Version: d.Version, Sum: d.Sum})
	}
	return all, nil
}

// goVersion gives "v1.26.8" of "go1.26.8 X:experiment".
func goVersion() string {
	v, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), " ")
	return "v" + v
}

func (m *Module) components() *core.Probe {
	old := func(name string) func(context.Context, core.Saboteur) error {
		return func(_ context.Context, s core.Saboteur) error {
			s.Pretend(factModules, "stdlib@v1.26.1\nexample.org/part@v1.4.1\n")
			s.Pretend(factAdvisories, advisory("GO-2026-0001", name, "1.99.0", m.n.Clock.Now()))
			return nil
		}
	}
	return outsideProbe("outside.sbom", tSBOM, m.runComponents,
		fault("outside.sbom/part", tFaultFlaw, old("example.org/part")),
		fault("outside.sbom/go", tFaultGo, old("stdlib")),
	)
}

func (m *Module) runComponents(context.Context, core.Stage) (core.Sight, error) {
	parts, err := m.Components()
	if err != nil {
		return core.Sight{}, err
	}
	known, err := m.advisories()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return core.Sight{}, probe.Unseen(tSBOMNone, len(parts))
	case err != nil:
		return core.Sight{}, probe.Because(err, tSBOMBroken)
	}
	date := known.Newest.Format(time.DateOnly)
	var hits []string
	compared := 0
	for _, p := range parts {
		if semver.IsValid(p.Version) { // a part of the developer's own has none
			compared++
		}
		for _, a := range known.affecting(p) {
			hits = append(hits, p.Name+" "+p.Version+" ("+a+")")
		}
	}
	if len(hits) > 0 { // what an old list knows is still a flaw
		return probe.Broken(len(parts), compared, tSBOMHit, len(hits), strings.Join(hits, ", ")), nil
	}
	if age := m.n.Clock.Now().Sub(known.Newest); age > freshAdvisories {
		return core.Sight{}, probe.Unseen(tSBOMStale, date, int(age.Hours()/24), int(freshAdvisories.Hours()/24))
	}
	return probe.Held(len(parts), compared, tSBOMHeld, compared, goVersion(), known.Count, date), nil
}

// advisories reads the imported list.
func (m *Module) advisories() (*Advisories, error) {
	if told, ok := m.get(factAdvisories); ok {
		return ReadAdvisories(strings.NewReader(told))
	}
	f, err := os.Open(filepath.Join(m.n.Data, AdvisoriesFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAdvisories(f)
}

// WriteSBOM writes the list of components as CycloneDX 1.6 JSON.
func (m *Module) WriteSBOM(w io.Writer, version string) error {
	parts, err := m.Components()
	if err != nil {
		return err
	}
	type component struct {
		Type    string `json:"type"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl,omitempty"`
		Ref     string `json:"bom-ref,omitempty"`
	}
	list := make([]component, len(parts))
	for i, p := range parts {
		purl := "pkg:golang/" + p.Name + "@" + p.Version
		list[i] = component{"library", p.Name, p.Version, purl, purl}
	}
	bom := map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": map[string]any{
			"timestamp": m.n.Clock.Now().UTC().Format(time.RFC3339),
			"component": component{Type: "application", Name: "rempart", Version: version},
		},
		"components": list,
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(bom)
}
