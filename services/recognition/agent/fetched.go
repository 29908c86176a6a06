package agent

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/preview"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/announce"
)

// platformKind is the kind of a source whose settings are kept on the platform. The file of the machine says so: without that word
// nothing that the platform says is ever read here.
const platformKind = "platform"

var errNoAccess = i18n.Fault(core.Precondition, "agent.no_access", "Rien n'est gardé sur la plateforme pour lire cet outil : écrivez l'accès sur la page des réglages, ou ici.", "Nothing is kept on the platform to read this tool: write the access on the page of settings, or here.")

// fetched is a source whose settings are asked for when it is first read, and held in memory only.
type fetched struct {
	client *Client
	path   string
	folder string // of the configuration: no file outside of it may be named
	look   announce.Asked

	mu   sync.Mutex
	kind string
	src  source.Source
}

func (c *Client) fetched(id Identity, folder string, look announce.Asked) *fetched {
	return &fetched{client: c, folder: folder, look: look, path: strings.TrimSuffix(id.syncPath(), "/sync") + "/source"}
}

func (f *fetched) open(ctx context.Context) (source.Source, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.src != nil {
		return f.src, nil
	}
	var got struct {
		Kind   string `json:"kind"`
		Access string `json:"access"`
	}
	if err := f.client.ask(ctx, http.MethodGet, f.path, nil, &got); err != nil {
		return nil, err
	}
	if got.Access == "" {
		return nil, errNoAccess
	}
	settings, err := source.Parse("", []byte(got.Access))
	if err != nil {
		return nil, err
	}
	settings.Within = f.folder
	if kind, rest := settings.Take("kind"); kind != "" {
		got.Kind, settings = kind, rest
	}
	if got.Kind == preview.Announced {
		name, _ := settings.Take("name")
		f.kind, f.src, err = chosen(ctx, f.look, name)
		return f.src, err
	}
	f.src, err = source.Open(got.Kind, settings)
	f.kind = got.Kind
	return f.src, err
}

// forget has the access asked for again: a person may have written another.
func (f *fetched) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.src, f.kind = nil, ""
}

// Fields lists the fields of the tool.
func (f *fetched) Fields(ctx context.Context) ([]string, error) {
	src, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return src.Fields(ctx)
}

// Read reads the tool.
func (f *fetched) Read(ctx context.Context, give func(source.Record) error) error {
	src, err := f.open(ctx)
	if err != nil {
		return err
	}
	return src.Read(ctx, give)
}
