package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"html"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// shown is how many rows of a table the page to read holds; all of them are in the CSV.
const shown = 2000

var (
	tArchive  = i18n.T("Mes données", "My data")
	tPortable = i18n.T("Mes données à emporter", "My data to take along")
	tMade     = i18n.T("Fait le %s pour %s.", "Made on %s for %s.")
	tAbout    = i18n.T("Cette page se lit dans tout navigateur, sans connexion. Les mêmes données sont dans data.json (décrit par schema.json) et, table par table, dans le dossier csv.",
		"This page can be read in any browser, offline. The same data are in data.json (described by schema.json) and, table by table, in the folder csv.")
	tSecrets = i18n.T("Les mots de passe, les clés et les jetons n'y sont pas : ils ne sont gardés que sous une forme qui ne se lit pas.",
		"Passwords, keys and tokens are not in it: they are kept only in a form that cannot be read.")
	tAuthority = i18n.T("Vous pouvez vous plaindre à l'autorité de contrôle (en France, la CNIL, www.cnil.fr).", "You can lodge a complaint with the supervisory authority (in France, the CNIL, www.cnil.fr).")
	tWhy       = i18n.T("%s : pour %s ; base : %s ; gardé %s.", "%s: for %s; basis: %s; kept %s.")
	tMore      = i18n.T("%d lignes de plus dans csv/%s.csv.", "%d more rows in csv/%s.csv.")
	tYes       = i18n.T("oui", "yes")
	tNo        = i18n.T("non", "no")
	tNothing   = i18n.T("Rien n'est gardé.", "Nothing is held.")
)

const style = `:root{color-scheme:light dark;--ink:#16202a;--soft:#55626f;--line:#ccd3da;--paper:#fff;--fill:#f2f5f7}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a3b0bd;--line:#3a4550;--paper:#11171d;--fill:#1b232b}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:0 auto;padding:2rem 1rem;overflow-wrap:anywhere}
h1{font-size:1.9rem;margin:0 0 1rem}h2{font-size:1.3rem;margin:2.5rem 0 .25rem;padding-top:1rem;border-top:1px solid var(--line)}h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
p{margin:.35rem 0}.f{color:var(--soft);font-size:.9rem}div{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;margin:.5rem 0;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line);min-width:5rem}th{background:var(--fill)}
@media print{body{max-width:none;padding:0;font-size:9.5pt}h2,h3{break-after:avoid}tr{break-inside:avoid}@page{size:A4;margin:16mm}}`

// page writes index.html: one file that stands alone, for reading and for paper.
func (b *bundle) page(ctx context.Context, w *bufio.Writer, at time.Time) error {
	say := func(tag, class, text string) {
		w.WriteString("<" + tag + class + ">" + html.EscapeString(text) + "</" + strings.Fields(tag)[0] + ">\n")
	}
	title := tArchive.In(ctx)
	if b.portable {
		title = tPortable.In(ctx)
	}
	w.WriteString(`<!DOCTYPE html><html lang="` + b.language().String() + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>` +
		html.EscapeString(title) + "</title><style>" + style + "</style></head><body><main>\n")
	say("h1", "", title)
	say("p", "", tMade.In(ctx, i18n.Moment(ctx, at.UTC()), b.person.Name()))
	say("p", "", tAbout.In(ctx))
	say("p", "", tSecrets.In(ctx))
	say("p", "", tAuthority.In(ctx))
	if len(b.sheets) == 0 {
		say("p", "", tNothing.In(ctx))
	}
	room := ""
	for _, s := range b.sheets {
		if name := i18n.From(s.Room).In(ctx); name != room {
			room = name
			say("h2", "", room)
		}
		say("h3", "", i18n.From(s.Title).In(ctx))
		for _, g := range s.grounds(ctx) {
			say("p", ` class="f"`, tWhy.In(ctx, strings.Join(g.Fields, ", "), g.Purpose, g.Basis, g.Until))
		}
		if err := b.grid(ctx, w, s); err != nil {
			return err
		}
		if s.rows > shown {
			say("p", ` class="f"`, tMore.In(ctx, s.rows-shown, s.Name))
		}
	}
	_, err := w.WriteString("</main></body></html>\n")
	return err
}

func (b *bundle) grid(ctx context.Context, w *bufio.Writer, s *sheet) error {
	w.WriteString(`<div tabindex="0"><table><thead><tr>`)
	for _, name := range s.ordered() {
		w.WriteString(`<th scope="col">` + html.EscapeString(i18n.From(Word(s.Name, name)).In(ctx)) + "</th>")
	}
	w.WriteString("</tr></thead><tbody>\n")
	n := 0
	err := b.cells(ctx, s, func(cells []any) error {
		if n++; n > shown {
			return errEnough
		}
		w.WriteString("<tr>")
		for _, c := range cells {
			w.WriteString("<td>")
			w.WriteString(html.EscapeString(Say(ctx, c)))
			w.WriteString("</td>")
		}
		_, err := w.WriteString("</tr>\n")
		return err
	})
	if err != nil && err != errEnough { //nolint:errorlint // our own mark, never wrapped
		return err
	}
	_, err = w.WriteString("</tbody></table></div>\n")
	return err
}

// Say writes a value for reading: a moment in words, yes and no.
func Say(ctx context.Context, v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return tYes.In(ctx)
		}
		return tNo.In(ctx)
	case string:
		if len(v) == 20 && v[10] == 'T' {
			if t, err := time.Parse(time.RFC3339, v); err == nil {
				return i18n.Moment(ctx, t.UTC())
			}
		}
		return v
	case json.Number:
		return v.String()
	}
	return text(v)
}

// Ground is why some fields of a table are held: those that share one treatment.
type Ground struct {
	Fields                []string
	Purpose, Basis, Until string
}

// grounds gives the treatments of the columns that came.
func (s *sheet) grounds(ctx context.Context) []Ground {
	type key struct {
		purpose core.Purpose
		basis   core.LegalBasis
		until   core.Text
	}
	var order []key
	by := map[key]*Ground{}
	for _, name := range s.ordered() {
		f := s.treats(name)
		if f == nil || !f.Personal || f.secret {
			continue
		}
		k := key{f.Purpose, f.Basis, f.Until}
		if by[k] == nil {
			by[k] = &Ground{Purpose: PurposeWord(ctx, f.Purpose), Basis: BasisWord(ctx, f.Basis), Until: i18n.From(f.Until).In(ctx)}
			order = append(order, k)
		}
		by[k].Fields = append(by[k].Fields, i18n.From(Word(s.Name, name)).In(ctx))
	}
	list := make([]Ground, len(order))
	for i, k := range order {
		list[i] = *by[k]
	}
	return list
}
