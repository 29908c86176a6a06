package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/pop"
)

type scripts struct{ m *recognition.Module }

const (
	scriptsBase   = setupBase + "/scripts"
	directoryBase = setupBase + "/directory"
)

func scriptRoutes(m *recognition.Module) []edge.Route {
	p := scripts{m}
	read, manage := edge.Needs(recognition.ReadScripts), edge.Needs(recognition.ManageScripts)
	try := edge.Needs(recognition.TryScripts)
	return []edge.Route{
		{Pattern: "GET " + scriptsBase, Access: read, Handle: p.list},
		{Pattern: "GET " + scriptsBase + "/new", Access: manage, Handle: p.draft},
		{Pattern: "POST " + scriptsBase + "/new", Access: manage, Handle: p.make},
		{Pattern: "GET " + scriptsBase + "/limits", Access: manage, Handle: p.limits},
		{Pattern: "POST " + scriptsBase + "/limits", Access: manage, Handle: p.limit},
		{Pattern: "GET " + scriptsBase + "/sign", Access: edge.Needs(recognition.SignPrograms), Handle: p.signing},
		{Pattern: "POST " + scriptsBase + "/sign", Access: edge.Needs(recognition.SignPrograms), Handle: p.sign},
		{Pattern: "GET " + scriptsBase + "/try", Access: try, Handle: p.trying},
		{Pattern: "POST " + scriptsBase + "/try", Access: try, Handle: p.try},
		{Pattern: "GET " + scriptsBase + "/s/{script}", Access: read, Handle: p.one},
		{Pattern: "GET " + scriptsBase + "/s/{script}/edit", Access: manage, Handle: p.edit},
		{Pattern: "POST " + scriptsBase + "/s/{script}/edit", Access: manage, Handle: p.save},
		{Pattern: "POST " + scriptsBase + "/s/{script}/remove", Access: manage, Handle: p.remove},
		{Pattern: "POST " + scriptsBase + "/s/{script}/restore", Access: manage, Handle: p.restore},
		{Pattern: "GET " + ownPrograms, Access: edge.Needs(recognition.FetchPrograms), Handle: p.own},
		{Pattern: "GET " + directoryBase, Access: read, Handle: p.phones},
		{Pattern: "GET " + directoryBase + "/3cx.xml", Access: read, Handle: p.threeCX},
	}
}

func scriptsAt(org core.ID, rest string) string { return setupAt(org, "/scripts"+rest) }

func scriptAt(org core.ID, id, rest string) string { return scriptsAt(org, "/s/"+id+rest) }

func scriptOf(r *http.Request) core.ID { return core.ID(r.PathValue("script")) }

// scriptForm is what a person types of a script.
type scriptForm struct {
	Kind, Title, For, Params, URL, By, Method, Headers, Body, Path, Args string
	Auto                                                                 bool
	Base                                                                 int64
}

// examples are the first text of a form, by kind: a script that works once its host is right.
var examples = map[pop.Kind]scriptForm{
	pop.Open: {
		Kind: "open", For: "known", Params: "number number number required\nname text name", URL: "https://crm.example.org/contacts?phone={number}",
	},
	pop.Call: {
		Kind: "call", For: "both", By: pop.ByAgent, Method: "POST", Params: "number number number required\nname text name",
		URL: "https://crm.example.org/calls", Body: "{\"from\": \"{number}\", \"name\": \"{name}\"}",
	},
	pop.Program: {Kind: "program", For: "both", Params: "number number number required\nname text name", Path: "/usr/bin/crm", Args: "--call={number}\n--name={name}"},
}

func readScript(r *http.Request) scriptForm {
	base, _ := strconv.ParseInt(r.PostFormValue("base"), 10, 64)
	return scriptForm{
		Kind: r.PostFormValue("kind"), Title: strings.TrimSpace(r.PostFormValue("title")), For: r.PostFormValue("for"), Params: r.PostFormValue("params"),
		URL: strings.TrimSpace(r.PostFormValue("url")), By: r.PostFormValue("by"), Method: r.PostFormValue("method"), Headers: r.PostFormValue("headers"),
		Body: strings.TrimSpace(r.PostFormValue("body")), Path: strings.TrimSpace(r.PostFormValue("path")), Args: r.PostFormValue("args"),
		Auto: r.PostFormValue("auto") != "", Base: base,
	}
}

// script gives what was typed as a script; an error when a line of it cannot be read.
func (f scriptForm) script() (pop.Script, error) {
	s := pop.Script{Title: f.Title, Kind: pop.Kind(f.Kind), For: pop.For(f.For), Auto: f.Auto}
	for _, line := range lines(f.Params) {
		p, ok := readParam(line)
		if !ok {
			return s, recognition.ErrScriptLine("params", "param_line")
		}
		s.Params = append(s.Params, p)
	}
	switch s.Kind {
	case pop.Open:
		s.URL = f.URL
	case pop.Call:
		s.URL, s.By, s.Method, s.Body = f.URL, f.By, f.Method, f.Body
		for _, line := range lines(f.Headers) {
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				return s, recognition.ErrScriptLine("headers", "header")
			}
			s.Headers = append(s.Headers, pop.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	case pop.Program:
		s.Path, s.Args = f.Path, lines(f.Args)
	}
	return s, nil
}

// lines gives those that are not empty.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// readParam reads "name type source required form=digits values=a,b default=a most=50".
func readParam(line string) (p pop.Param, ok bool) {
	words := strings.Fields(line)
	if len(words) < 3 {
		return p, false
	}
	p.Name, p.Type, p.From = words[0], pop.Type(words[1]), words[2]
	for _, w := range words[3:] {
		key, value, valued := strings.Cut(w, "=")
		switch {
		case key == "required" && !valued:
			p.Required = true
		case key == "form" && valued:
			p.Form = strings.TrimPrefix(value, "e164")
		case key == "values" && valued:
			p.Values = strings.Split(value, ",")
		case key == "default" && valued:
			p.Default = value
		case key == "most" && valued:
			n, err := strconv.Atoi(value)
			if err != nil {
				return p, false
			}
			p.Most = n
		default:
			return p, false
		}
	}
	return p, true
}

func writeParam(p pop.Param) string {
	words := []string{p.Name, string(p.Type), p.From}
	if p.Required {
		words = append(words, "required")
	}
	if p.Form != "" {
		words = append(words, "form="+p.Form)
	}
	if len(p.Values) > 0 {
		words = append(words, "values="+strings.Join(p.Values, ","))
	}
	if p.Default != "" {
		words = append(words, "default="+p.Default)
	}
	if p.Most > 0 {
		words = append(words, "most="+strconv.Itoa(p.Most))
	}
	return strings.Join(words, " ")
}

// formOfScript gives a script as it was typed.
func formOfScript(s recognition.Script) scriptForm {
	f := scriptForm{
		Kind: string(s.Kind), Title: s.Title, For: string(s.For), URL: s.URL, By: s.Script.By, Method: s.Method, Body: s.Body, Path: s.Path,
		Args: strings.Join(s.Args, "\n"), Auto: s.Auto, Base: s.Version,
	}
	params := make([]string, len(s.Params))
	for i, p := range s.Params {
		params[i] = writeParam(p)
	}
	f.Params = strings.Join(params, "\n")
	headers := make([]string, len(s.Headers))
	for i, h := range s.Headers {
		headers[i] = h.Name + ": " + h.Value
	}
	f.Headers = strings.Join(headers, "\n")
	return f
}
