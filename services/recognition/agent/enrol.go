package agent

import (
	"context"
	"net/http"
	"os"
	"path/filepath"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errAlready = i18n.Fault(core.Conflict, "agent.enrolled", "Ce programme est déjà inscrit : supprimez %s pour l'inscrire à nouveau.", "This program has enrolled already: remove %s to enrol it anew.")
	errKind    = i18n.Fault(core.Invalid, "agent.what", "Ce code n'est pas celui d'une synchronisation.", "This code is not one of a synchronisation.")
)

// Enrol exchanges a one-time code for a token and keeps it in the file of the identity. It looks first whether the file can be written:
// a code serves once.
func Enrol(ctx context.Context, cfg Config, server, code string) (Identity, error) {
	if _, err := os.Stat(cfg.Identity); err == nil {
		return Identity{}, fault(errAlready, cfg.Identity)
	}
	client, err := NewClient(server, "")
	if err != nil {
		return Identity{}, err
	}
	defer client.Close()
	probe, err := os.CreateTemp(filepath.Dir(cfg.Identity), ".agent-*")
	if err != nil {
		return Identity{}, err
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return Identity{}, err
	}
	var got struct {
		Organization core.ID `json:"organization"`
		Link         core.ID `json:"link"`
		What         string  `json:"what"`
		Token        string  `json:"token"`
	}
	if err := client.ask(ctx, http.MethodPost, "/recognition/enrol", map[string]string{"code": code}, &got); err != nil {
		return Identity{}, told(err)
	}
	if got.What != "sync" {
		return Identity{}, errKind
	}
	id := Identity{Server: server, Organization: got.Organization, Link: got.Link, Token: got.Token}
	return id, id.save(cfg.Identity)
}

// told makes words of a refusal.
func told(err error) error {
	if code := codeOf(err); code != "" {
		return fault(errRefusal, code).Because(err)
	}
	return err
}
