package web

import (
	"context"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

type pages struct{ m *attestation.Module }

const (
	listPath   = "/provider/attestations"
	dutiesPath = "/provider/duties"
	minePath   = "/me/duties"
)

// Routes are the pages of this module.
func Routes(m *attestation.Module) []edge.Route {
	p := pages{m}
	read, sign := edge.Needs(attestation.Read), edge.Needs(attestation.Sign)
	return []edge.Route{
		{Pattern: "GET " + listPath, Access: read, Handle: p.list},
		{Pattern: "GET " + listPath + "/new", Access: sign, Handle: p.draft},
		{Pattern: "POST " + listPath, Access: sign, Handle: p.sign, MaxBody: attestation.AllBytes + 1<<20},
		{Pattern: "GET " + listPath + "/file", Access: edge.Needs(attestation.Export), Handle: p.export},
		{Pattern: "GET " + listPath + "/{attestation}", Access: read, Handle: p.one},
		{Pattern: "POST " + listPath + "/{attestation}/withdraw", Access: edge.Needs(attestation.Withdraw), Handle: p.withdraw},
		{Pattern: "GET " + listPath + "/{attestation}/evidence/{file}", Access: edge.Needs(attestation.Download), Handle: p.evidence},

		{Pattern: "GET " + dutiesPath, Access: edge.Needs(attestation.ReadDuties), Handle: p.duties},
		{Pattern: "POST " + dutiesPath, Access: edge.Needs(attestation.Record), Handle: p.record},
		{Pattern: "GET " + minePath, Access: edge.Needs(attestation.SeeOwn), Handle: p.mine},
		{Pattern: "POST " + minePath + "/charter", Access: edge.Needs(attestation.SignOwn), Handle: p.signCharter},
	}
}

// dayOf reads a date; what cannot be read is no date, which the module refuses in words.
func dayOf(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() > 2200 || t.Year() < 2000 {
		return time.Time{}
	}
	return t
}

func showDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// uploads reads the files of a form.
func uploads(r *http.Request) ([]attestation.Upload, error) {
	files, err := edge.Files(r, "files", attestation.FileBytes)
	list := make([]attestation.Upload, len(files))
	for i, f := range files {
		list[i] = attestation.Upload{Name: f.Name, Content: f.Content}
	}
	return list, err
}

var tSomebody = i18n.T("Personne effacée", "Erased person")

func nameOf(ctx context.Context, names map[core.ID]string, id core.ID) string {
	if n := names[id]; n != "" {
		return n
	}
	return tSomebody.In(ctx)
}
