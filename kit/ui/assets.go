package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// AssetsPattern is where Assets is mounted.
const AssetsPattern = "GET /assets/{file}"

//go:embed assets
var assetFiles embed.FS

// sheets are the style sheets, in order; they leave as one file.
var sheets = []string{"tokens.css", "base.css", "frame.css", "controls.css", "blocks.css", "tables.css", "print.css"}

type asset struct {
	kind        string
	plain, gzip []byte
}

var (
	assets  = map[string]asset{} // by hashed name
	urls    = map[string]string{}
	spaces  = regexp.MustCompile(`\s+`)
	tight   = regexp.MustCompile(`\s*([{};,>])\s*`)
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
)

func init() {
	for _, name := range []string{"inter.woff2", "favicon.svg"} {
		add(name, read(name))
	}
	add("ui.js", []byte(lean(string(read("ui.js")))))
	add("ui.css", []byte(styleSheet()))
}

func read(name string) []byte {
	raw, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	return raw
}

// styleSheet joins the sheets. The dark colours are written once and used twice: for machines set to dark, unless light was
// chosen, and where dark was chosen.
func styleSheet() string {
	var all strings.Builder
	for _, name := range sheets {
		all.Write(read(name))
	}
	dark := string(read("dark.css"))
	text := strings.NewReplacer(
		"@dark-here;", "@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){"+dark+"}}"+
			"@media screen{:root[data-theme=dark]{"+dark+"}}",
		"@font-here", urls["inter.woff2"],
	).Replace(all.String())
	return tight.ReplaceAllString(spaces.ReplaceAllString(comment.ReplaceAllString(text, ""), " "), "$1")
}

// spaced are the spaces that no string nor expression of the script needs.
var spaced = strings.NewReplacer(" => ", "=>", " = ", "=", ", ", ",", "; ", ";", " && ", "&&", " || ", "||", " === ", "===", " ? ", "?", " { ", "{", " }", "}")

// lean drops the comment lines, the indentation and the spaces that the script does not need.
func lean(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			out.WriteString(spaced.Replace(line) + "\n")
		}
	}
	return out.String()
}

func add(name string, plain []byte) {
	sum := sha256.Sum256(plain)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext
	a := asset{kind: mime.TypeByExtension(ext), plain: plain}
	if ext == ".woff2" {
		a.kind = "font/woff2"
	} else {
		var small bytes.Buffer
		z, _ := gzip.NewWriterLevel(&small, gzip.BestCompression)
		_, _ = z.Write(plain)
		_ = z.Close()
		a.gzip = small.Bytes()
	}
	assets[hashed] = a
	urls[name] = "/assets/" + hashed
}

// AssetURL gives the address of an embedded file, with its hash.
func AssetURL(name string) string { return urls[name] }

// AddAsset embeds one more file of a page (a script of its own) under its hashed name. Call it at package initialisation.
func AddAsset(name string, content []byte) { add(name, content) }

// Assets serves the embedded files for ever: their names change with their content.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[path.Base(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		body := a.plain
		if a.gzip != nil {
			h.Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				body = a.gzip
			}
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
}
