package browse

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// Page is one answer.
type Page struct {
	Method, Path string
	Status       int
	Header       http.Header
	Body         []byte
	Took         time.Duration
	SetCookies   []*http.Cookie

	browser *Browser
	doc     *html.Node
}

// Document gives the parsed page.
func (p *Page) Document() *html.Node {
	if p.doc == nil {
		p.doc, _ = html.Parse(bytes.NewReader(p.Body)) // the reader of a slice does not fail
	}
	return p.doc
}

// Text gives what a person reads, with single spaces.
func (p *Page) Text() string { return text(p.Document()) }

// Title gives the title of the page.
func (p *Page) Title() string {
	for n := range p.Document().Descendants() {
		if n.Type == html.ElementNode && n.Data == "title" {
			return text(n)
		}
	}
	return ""
}

// Says gives what a page tells first: its summary of problems, its notice, or the beginning of its text.
func (p *Page) Says() string {
	if s, ok := p.Element("problems"); ok {
		return s
	}
	if s, ok := p.Element("main"); ok {
		return cut(s, 200)
	}
	return cut(p.Text(), 200)
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// Has tells whether the page says s.
func (p *Page) Has(s string) bool { return strings.Contains(p.Text(), s) }

// Links gives the address of every link.
func (p *Page) Links() []string {
	var all []string
	for n := range p.Document().Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" {
			if href := attr(n, "href"); href != "" {
				all = append(all, href)
			}
		}
	}
	return all
}

// Link gives the first link whose text or address holds s.
func (p *Page) Link(s string) (string, bool) {
	for n := range p.Document().Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" {
			if href := attr(n, "href"); strings.Contains(href, s) || strings.Contains(text(n), s) {
				return href, true
			}
		}
	}
	return "", false
}

// Element gives the text of the first element with an id.
func (p *Page) Element(id string) (string, bool) {
	for n := range p.Document().Descendants() {
		if n.Type == html.ElementNode && attr(n, "id") == id {
			return text(n), true
		}
	}
	return "", false
}

// Form is a form of a page, filled with what it proposes.
type Form struct {
	Action, Method, Kind string
	Values               url.Values
	Fields               []string // names in the order of the page, buttons too
	Files                []File
	page                 *Page
	root                 *html.Node
}

// Forms gives every form of the page.
func (p *Page) Forms() []*Form {
	var all []*Form
	for n := range p.Document().Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" {
			all = append(all, readForm(p, n))
		}
	}
	return all
}

// Form gives the first form that has every named field, or whose action holds the one name that starts with "/".
func (p *Page) Form(names ...string) (*Form, error) {
	for _, f := range p.Forms() {
		if f.matches(names) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s (%d): no form with %s; the page says: %.300s", p.Path, p.Status, strings.Join(names, ", "), p.Text())
}

func (f *Form) matches(names []string) bool {
	for _, name := range names {
		if strings.HasPrefix(name, "/") {
			if !strings.Contains(f.Action, name) {
				return false
			}
			continue
		}
		if !f.Has(name) {
			return false
		}
	}
	return true
}

// Has tells whether the form has a field.
func (f *Form) Has(name string) bool {
	for _, have := range f.Fields {
		if have == name {
			return true
		}
	}
	return false
}

// Set fills a field.
func (f *Form) Set(name, value string) *Form { f.Values.Set(name, value); return f }

// Type gives the type of an input of the form ("password", "text"), "" when there is none of that name.
func (f *Form) Type(name string) string {
	for n := range f.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") == name {
			return attr(n, "type")
		}
	}
	return ""
}

// Choose picks the option of a select, a radio or a checkbox by value or by visible text.
func (f *Form) Choose(name, option string) error {
	for n := range f.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "select" && attr(n, "name") == name {
			for o := range n.Descendants() {
				if o.Type == html.ElementNode && o.Data == "option" && (attr(o, "value") == option || strings.Contains(text(o), option)) {
					f.Values.Set(name, attr(o, "value"))
					return nil
				}
			}
		}
		if n.Data == "input" && attr(n, "name") == name && attr(n, "value") == option {
			f.Values.Add(name, option)
			return nil
		}
	}
	return fmt.Errorf("the form has no %s with the choice %s", name, option)
}

// Attach puts a file into a field.
func (f *Form) Attach(field, name string, content []byte) *Form {
	f.Files = append(f.Files, File{field, name, content})
	return f
}

// Send submits the form.
func (f *Form) Send() (*Page, error) {
	b := f.page.browser
	at, err := url.Parse(b.Origin + f.page.Path)
	if err != nil {
		return nil, err
	}
	to, err := at.Parse(f.Action)
	if err != nil {
		return nil, err
	}
	if !b.within(to) {
		return nil, errors.New("the form sends to another site: " + to.Host)
	}
	b.from = b.Origin + f.page.Path // a browser tells its own site which page a form stood on
	defer func() { b.from = "" }()
	if f.Method == "GET" {
		to.RawQuery = f.Values.Encode()
		return b.Get(to.RequestURI())
	}
	if strings.HasPrefix(f.Kind, "multipart/") {
		file := File{Field: "none"}
		if len(f.Files) > 0 {
			file = f.Files[0]
		}
		body, kind, err := Multipart(f.Values, file)
		if err != nil {
			return nil, err
		}
		return b.Do("POST", to.RequestURI(), body, kind)
	}
	return b.Post(to.RequestURI(), f.Values)
}

func readForm(p *Page, n *html.Node) *Form {
	f := &Form{
		Action: attr(n, "action"), Method: strings.ToUpper(attr(n, "method")), Kind: attr(n, "enctype"),
		Values: url.Values{}, page: p, root: n,
	}
	if f.Method == "" {
		f.Method = "GET"
	}
	for c := range n.Descendants() {
		if c.Type == html.ElementNode {
			f.read(c)
		}
	}
	return f
}

func (f *Form) read(n *html.Node) {
	name := attr(n, "name")
	if name == "" {
		return
	}
	switch n.Data {
	case "input":
		f.Fields = append(f.Fields, name)
		switch attr(n, "type") {
		case "checkbox", "radio":
			if has(n, "checked") {
				f.Values.Add(name, attr(n, "value"))
			}
		case "file", "submit", "image":
		default:
			f.Values.Add(name, attr(n, "value"))
		}
	case "textarea":
		f.Fields = append(f.Fields, name)
		f.Values.Add(name, text(n))
	case "button":
		f.Fields = append(f.Fields, name)
	case "select":
		f.Fields = append(f.Fields, name)
		first, chosen := "", false
		for o := range n.Descendants() {
			if o.Type != html.ElementNode || o.Data != "option" {
				continue
			}
			if first == "" {
				first = attr(o, "value")
			}
			if has(o, "selected") {
				f.Values.Add(name, attr(o, "value"))
				chosen = true
			}
		}
		if !chosen && !has(n, "multiple") {
			f.Values.Add(name, first)
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var words []string
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "template") {
			return
		}
		if n.Type == html.TextNode {
			words = append(words, strings.Fields(n.Data)...)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(words, " ")
}
