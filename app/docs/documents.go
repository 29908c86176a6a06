package docs

import (
	"fmt"
	"sort"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

// House is what the documents are made from: *boot.House.
type House interface {
	Manifests() []core.Manifest
	Routes() []edge.Route
}

// Documents gives every generated document but asvs.md, by its name under docs/.
func Documents(root string, h House) (map[string]string, error) {
	conf, err := Configuration(root)
	return map[string]string{
		"errors.md": Errors(), "permissions.md": Permissions(h.Manifests()), "routes.md": Routes(h.Routes()), "configuration.md": conf,
	}, err
}

const note = "\nGenerated from the code (`make docs`); a difference breaks the build.\n"

var kinds = [...]struct {
	status int
	name   string
}{
	core.Internal: {500, "internal"}, core.Invalid: {422, "invalid"}, core.Malformed: {400, "malformed"}, core.Unauthenticated: {401, "unauthenticated"},
	core.StepUp: {403, "step up"}, core.Forbidden: {403, "forbidden"}, core.NotFound: {404, "not found"}, core.Conflict: {409, "conflict"},
	core.Gone: {410, "gone"}, core.Precondition: {412, "precondition"}, core.TooMany: {429, "too many"}, core.Busy: {503, "busy"},
}

// Errors lists every code with its sentences.
func Errors() string {
	var b strings.Builder
	b.WriteString("# Errors\n\nEvery code is stable. The API answers it as `code` of an RFC 9457 problem; the pages say its sentence. Codes of 422 are also\nthe reasons of fields and of refusals in the journal.\n" + note)
	b.WriteString("\n| code | status | français | English |\n|---|---|---|---|\n")
	for _, f := range i18n.AllFaults() {
		fmt.Fprintf(&b, "| `%s` | %d %s | %s | %s |\n", f.Code, kinds[f.Kind].status, kinds[f.Kind].name, cell(f.FR), cell(f.EN))
	}
	return b.String()
}

// Permissions lists every permission and which built-in roles hold it.
func Permissions(manifests []core.Manifest) string {
	var b strings.Builder
	b.WriteString("# Permissions\n\nWhat can be done, and the built-in roles that hold it. `self`: a signed-in person on what is their own. `anyone`: before sign-in, throttled and\njournaled. `system`: the platform's own work. A permission that is not here does not exist: everything else is refused.\n" + note)
	for _, m := range manifests {
		if len(m.Acts) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s · %s\n\n| permission | français | English | held by | proof of identity | purpose |\n|---|---|---|---|---|---|\n", m.Title.FR, m.Title.EN)
		acts := append([]*core.ActDef(nil), m.Acts...)
		sort.Slice(acts, func(i, j int) bool { return acts[i].Permission < acts[j].Permission })
		for _, a := range acts {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", a.Permission, cell(a.Title.FR), cell(a.Title.EN), holders(a), fresh(a), a.Purpose)
		}
	}
	return b.String()
}

func holders(a *core.ActDef) string {
	switch a.Reach {
	case core.BySelf:
		return "self"
	case core.ByAnyone:
		return "anyone"
	case core.BySystem:
		return "system"
	case core.ByAssignment:
	}
	if len(a.Holders) == 0 {
		return "no built-in role"
	}
	h := append([]string(nil), a.Holders...)
	sort.Strings(h)
	return strings.Join(h, ", ")
}

func fresh(a *core.ActDef) string {
	if a.Fresh == 0 {
		return "session"
	}
	return "within " + strings.TrimSuffix(a.Fresh.String(), "0s")
}

// Routes lists every page and endpoint with who may reach it.
func Routes(routes []edge.Route) string {
	var b strings.Builder
	b.WriteString("# Routes\n\nEvery page and endpoint, with who may reach it. The isolation test walks all of them with every role and with outsiders.\n" + note)
	lines := make([]string, 0, len(routes))
	for _, r := range routes {
		method, path, _ := strings.Cut(r.Pattern, " ")
		who := "signed in"
		switch {
		case r.Access.IsPublic():
			who = "anyone: " + r.Access.Why()
		case r.Access.Act() != nil:
			who = "`" + string(r.Access.Act().Permission) + "`"
		}
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s |\n", path, method, cell(who)))
	}
	sort.Strings(lines)
	b.WriteString("\n| path | method | who |\n|---|---|---|\n" + strings.Join(lines, ""))
	return b.String()
}
