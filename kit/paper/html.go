package paper

import (
	"bytes"
	"cmp"
	"html/template"
	"strings"
)

// page is one file that stands alone: no script, no address fetched, readable in any browser and on paper.
var page = template.Must(template.New("paper").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title><style>
:root{color-scheme:light dark;--ink:#16202a;--soft:#55626f;--line:#ccd3da;--paper:#fff;--fill:#f2f5f7;--good:#14683a;--bad:#a8201a;--warn:#7a5200}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a3b0bd;--line:#3a4550;--paper:#11171d;--fill:#1b232b;--good:#7fd6a2;--bad:#ff9d96;--warn:#f0c264}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:50rem;margin:0 auto;padding:2rem 1rem;overflow-wrap:anywhere}
h1{font-size:2rem;line-height:1.2;margin:0 0 1rem}h2{font-size:1.35rem;margin:2.5rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}h3{font-size:1.05rem;margin:1.75rem 0 .25rem}
p{margin:.4rem 0}.faint{color:var(--soft)}.state{font-size:.93rem;color:var(--soft)}.state b{display:inline-Block;padding:0 .5rem;border:1px solid currentColor;border-radius:1rem;margin-right:.35rem}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.frame{overflow-x:auto}table{width:100%;border-collapse:collapse;font-size:.9rem;margin:.6rem 0}th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid var(--line);min-width:5rem}th{background:var(--fill)}
pre{background:var(--fill);padding:.75rem;white-space:pre-wrap;font-size:.82rem}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--line:#999;--paper:#fff;--fill:#f2f2f2}body{max-width:none;padding:0;font-size:10.5pt}h2,h3{break-after:avoid}tr,pre,.state{break-inside:avoid}@page{size:A4;margin:18mm}}
</style></head><body><main>
{{range .Blocks}}{{.}}
{{end}}</main><footer><p class="faint">{{.Foot}}</p></footer></body></html>
`))

var pieces = template.Must(template.New("").Parse(`
{{define "0"}}<h1>{{.Text}}</h1>{{end}}
{{define "1"}}<h2>{{.Text}}</h2>{{end}}
{{define "2"}}<h3>{{.Text}}</h3>{{end}}
{{define "3"}}<p>{{.Text}}</p>{{end}}
{{define "4"}}<p class="faint">{{.Text}}</p>{{end}}
{{define "5"}}<ul>{{range .Items}}<li>{{.}}</li>{{end}}</ul>{{end}}
{{define "6"}}<div class="frame" tabindex="0"><table><thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead><tbody>{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>{{end}}</tbody></table></div>{{end}}
{{define "7"}}<p class="state"><b class="{{.Tone}}">{{.Text}}</b> {{.More}}</p>{{end}}
{{define "8"}}<pre>{{.Text}}</pre>{{end}}`))

type piece struct {
	Text, More, Tone string
	Items, Head      []string
	Rows             [][]string
}

// HTML draws the document as one page that stands alone.
func (d Document) HTML() ([]byte, error) {
	var drawn []template.HTML
	for _, b := range d.Blocks {
		var out strings.Builder
		one := piece{b.Text, b.More, cmp.Or(string(b.Tone), "faint"), b.Items, b.Head, b.Rows}
		if err := pieces.ExecuteTemplate(&out, string('0'+byte(b.Sort)), one); err != nil {
			return nil, err
		}
		drawn = append(drawn, template.HTML(out.String())) //nolint:gosec // made by the template above, which escapes
	}
	var out bytes.Buffer
	err := page.Execute(&out, struct {
		Lang, Title, Foot string
		Blocks            []template.HTML
	}{d.Lang.String(), d.Title, d.Foot, drawn})
	return out.Bytes(), err
}
