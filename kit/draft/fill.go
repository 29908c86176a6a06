package draft

import (
	"bytes"
	"iter"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Fill puts what was typed back into the form of page (shown at path at) that sends where it was sent. ok is false when the
// page has no such form. Passwords, codes and files stay empty; boxes that were not ticked are not.
func (d Draft) Fill(page []byte, at string) (filled []byte, ok bool) {
	base, err := url.Parse(at)
	if err != nil {
		return nil, false
	}
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, false
	}
	f := filler{fields: d.Fields, used: map[string]int{}}
	form, controls := d.find(root, base)
	if form == nil {
		return nil, false
	}
	for n := range elements(root) {
		anchor(n, base)
		drop(n, "autofocus")
	}
	for _, n := range controls {
		f.fill(n)
	}
	if f.first != nil {
		set(f.first, "autofocus", "")
	}
	for n := form; n != nil; n = n.Parent { // what held the form closed is open
		if n.Data == "details" {
			set(n, "open", "")
		}
		drop(n, "popover")
	}
	var out bytes.Buffer
	if err := html.Render(&out, root); err != nil {
		return nil, false
	}
	return out.Bytes(), true
}

// find gives the form that sent d, with its controls: among several that send to the same place the one whose hidden inputs
// say the same and that has the most of the fields.
func (d Draft) find(root *html.Node, base *url.URL) (best *html.Node, controls []*html.Node) {
	most := 0
	for form := range elements(root) {
		if form.Data != "form" || !strings.EqualFold(attr(form, "method"), "post") {
			continue
		}
		own := controlsOf(root, form)
		sends := d.leads(base, attr(form, "action"))
		score := 0
		for _, n := range own {
			sends = sends || has(n, "formaction") && d.leads(base, attr(n, "formaction"))
			values, sent := d.Fields[attr(n, "name")]
			switch {
			case !sent:
			case attr(n, "type") == "hidden" && !slices.Contains(values, attr(n, "value")):
				score -= 100
			default:
				score++
			}
		}
		if sends && (best == nil || score > most) {
			best, controls, most = form, own, score
		}
	}
	return best, controls
}

// leads tells whether an action sends where d was sent.
func (d Draft) leads(base *url.URL, action string) bool {
	to, err := base.Parse(action)
	return err == nil && to.Host == base.Host && to.RequestURI() == d.To
}

// controlsOf gives the controls of a form, those elsewhere on the page that name it too.
func controlsOf(root, form *html.Node) (list []*html.Node) {
	id := attr(form, "id")
	for n := range elements(root) {
		switch n.Data {
		case "input", "select", "textarea", "button":
			if named := attr(n, "form"); named != "" && named == id || named == "" && within(n, form) {
				list = append(list, n)
			}
		}
	}
	return list
}

// filler fills the controls of one form, in their order.
type filler struct {
	fields url.Values
	used   map[string]int // how many values of a name were put back
	first  *html.Node     // the first text put back: the reader goes on there
}

func (f *filler) fill(n *html.Node) {
	name := attr(n, "name")
	values, sent := f.fields[name]
	switch kind := attr(n, "type"); {
	case name == "" || name == Secret || n.Data == "button" || has(n, "disabled"):
	case n.Data == "select":
		if sent {
			choose(n, values)
		}
	case n.Data == "textarea":
		if v, ok := f.next(name); ok {
			for n.FirstChild != nil {
				n.RemoveChild(n.FirstChild)
			}
			n.AppendChild(&html.Node{Type: html.TextNode, Data: v})
			f.lead(n, v)
		}
	case kind == "checkbox" || kind == "radio":
		if drop(n, "checked"); slices.Contains(values, orOn(n)) {
			set(n, "checked", "")
		}
	case kind == "password" || kind == "file" || kind == "submit" || kind == "image" || kind == "button" || kind == "reset":
	default:
		if v, ok := f.next(name); ok {
			if set(n, "value", v); kind != "hidden" {
				f.lead(n, v)
			}
		}
	}
}

// next gives the value of a name that was not put back yet.
func (f *filler) next(name string) (string, bool) {
	i := f.used[name]
	if f.used[name]++; i >= len(f.fields[name]) {
		return "", false
	}
	return f.fields[name][i], true
}

func (f *filler) lead(n *html.Node, value string) {
	if f.first == nil && value != "" && !has(n, "readonly") {
		f.first = n
	}
}

func choose(list *html.Node, values []string) {
	var options []*html.Node
	for n := range elements(list) {
		if n.Data == "option" {
			options = append(options, n)
		}
	}
	if !slices.ContainsFunc(options, func(o *html.Node) bool { return slices.Contains(values, valueOf(o)) }) {
		return // what was chosen is not offered any more
	}
	for _, o := range options {
		if drop(o, "selected"); slices.Contains(values, valueOf(o)) {
			set(o, "selected", "")
		}
	}
}

// valueOf is what an option sends.
func valueOf(option *html.Node) string {
	if has(option, "value") {
		return attr(option, "value")
	}
	var b strings.Builder
	for n := range option.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func orOn(box *html.Node) string {
	if has(box, "value") {
		return attr(box, "value")
	}
	return "on"
}

// anchor makes the addresses that only say a query, or nothing, lead where they led on the page itself: it is now shown at another.
func anchor(n *html.Node, base *url.URL) {
	for i, a := range n.Attr {
		switch a.Key {
		case "href", "action", "formaction", "data-src":
			if a.Val == "" && a.Key != "href" {
				n.Attr[i].Val = base.RequestURI()
			} else if strings.HasPrefix(a.Val, "?") {
				n.Attr[i].Val = base.EscapedPath() + a.Val
			}
		}
	}
	if n.Data == "form" && !has(n, "action") {
		set(n, "action", base.RequestURI())
	}
}

func elements(root *html.Node) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && !yield(n) {
				return
			}
		}
	}
}

func within(n, outer *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == outer {
			return true
		}
	}
	return false
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
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func drop(n *html.Node, name string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func set(n *html.Node, name, value string) {
	drop(n, name)
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}
