package agent

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/preview"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/announce"
)

var (
	errNoLook   = i18n.Fault(core.Precondition, "agent.no_look", "Ce programme n'a rien à regarder : écrivez dans agent.yaml, sur la machine, look: {folder: .}.", "This program has nothing to look at: write in agent.yaml, on the machine, look: {folder: .}.")
	errLook     = i18n.Fault(core.Precondition, "agent.look", "Le dossier où le programme doit regarder (look:, dans agent.yaml) ne peut pas être lu.", "The folder that the program is to look at (look:, in agent.yaml) cannot be read.")
	errGoneTool = i18n.Fault(core.Precondition, "agent.tool_gone", "L'outil choisi n'est plus là où le programme regarde.", "The tool that was chosen is not where the program looks any more.")
)

// mostTitle is how long the name of a tool or of a field may be, in bytes.
const mostTitle = 200

// readLook reads what the file of this machine lets the agent look at, for whoever sets the link up.
func (c *Config) readLook(path string, n *yaml.Node) error {
	list, rest := source.Config{File: path, Node: n}.Cut("databases")
	var w struct {
		Folder string `yaml:"folder" say:"/srv/export"`
	}
	wrong := []error{rest.Decode(&w)}
	if w.Folder != "" {
		c.Look.Folder = beside(path, w.Folder)
	}
	if list != nil && list.Kind != yaml.SequenceNode {
		list = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{list}}
	}
	if list != nil {
		for _, item := range list.Content {
			of := source.Config{File: path, Node: item}
			if item.Kind != yaml.MappingNode {
				wrong = append(wrong, rest.Wrong("databases", "[{url: postgres://reader@db.example:5432/crm, password: {file: crm.secret}}]"))
				continue
			}
			wrong = append(wrong, announce.CheckDatabase(of))
			c.Look.Databases = append(c.Look.Databases, of)
		}
	}
	return errors.Join(wrong...)
}

// offer announces what the machine lets be looked at: names, and nothing that says where they stand.
func (a *Agent) offer(ctx context.Context) error {
	told := preview.Tools{Tools: []preview.Tool{}}
	found, err := sees(ctx, a.cfg.Look)
	if err != nil {
		told.Fault = reason(err)
	}
	for _, f := range found[:min(len(found), preview.MostTools)] {
		told.Tools = append(told.Tools, offered(f))
	}
	return a.client.ask(ctx, http.MethodPut, strings.TrimSuffix(a.id.syncPath(), "/sync")+"/tools", told, nil)
}

// offered is what is told of one. The first line of a file is told when one of its words says that numbers stand below it: else it may be
// a line of text, or a contact.
func offered(f announce.Found) preview.Tool {
	t := preview.Tool{Kind: f.Kind, Name: f.Title, Fields: []string{}, Fault: f.Fault}
	if f.Kind != "sql" && len(source.Guess(f.Fields, nil).Numbers) == 0 {
		return t
	}
	for _, name := range f.Fields[:min(len(f.Fields), preview.MostFields)] {
		if len(name) <= mostTitle {
			t.Fields = append(t.Fields, name)
		}
	}
	return t
}

// sees looks, and gives each tool a name of its own.
func sees(ctx context.Context, at announce.Asked) ([]announce.Found, error) {
	if at.Folder == "" && len(at.Databases) == 0 {
		return nil, errNoLook
	}
	found, err := announce.Look(ctx, at, nil)
	if err != nil {
		return nil, errLook.Because(err)
	}
	var named []announce.Found
	taken := map[string]bool{}
	for _, f := range found {
		if f.Title != "" && len(f.Title) <= mostTitle && !taken[f.Title] {
			taken[f.Title] = true
			named = append(named, f)
		}
	}
	return named, nil
}

// chosen opens the tool that a person chose by its name among those announced.
func chosen(ctx context.Context, at announce.Asked, name string) (kind string, s source.Source, err error) {
	found, err := sees(ctx, at)
	if err != nil {
		return "", nil, err
	}
	for _, f := range found {
		if f.Title == name && f.Fault == "" {
			s, err = f.Open()
			return f.Kind, s, err
		}
	}
	return "", nil, errGoneTool
}
