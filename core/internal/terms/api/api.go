// Package api gives the operations of terms under /api/v1.
//
// Owns: the shape of a document in JSON. Must not know: how documents are kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/terms"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Document is a document in the list.
type Document struct {
	ID       core.ID `json:"id"`
	TitleFR  string  `json:"title_fr"`
	TitleEN  string  `json:"title_en"`
	Required bool    `json:"required" doc:"Whether it is accepted at sign-in"`
	Version  int64   `json:"version" doc:"Number of the version in force"`
}

// Text is one version of a document.
type Text struct {
	Document
	Number      int64     `json:"number" doc:"Number of the version given"`
	TextFR      string    `json:"text_fr"`
	TextEN      string    `json:"text_en"`
	Hash        string    `json:"hash" doc:"SHA-256 of the French text, a zero byte and the English text"`
	PublishedAt time.Time `json:"published_at"`
}

func documentOf(d terms.Document) Document {
	return Document{d.ID, d.Title.FR, d.Title.EN, d.Required, d.Latest}
}

// Register adds the operations of terms.
func Register(a *rest.API, m *terms.Module) {
	open := edge.Public("terms are read before an account exists (ACC-2.3)")
	rest.Op(a, open, rest.Operation{
		ID: "listTerms", Method: "GET", Path: "/terms", Summary: "List the terms and policies in force", Tag: "Terms",
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Document], error) {
		list, err := m.Public(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Document, len(list))
		for i, d := range list {
			out[i] = documentOf(d)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, open, rest.Operation{
		ID: "readTerms", Method: "GET", Path: "/terms/{document}", Summary: "Read a version of a document", Tag: "Terms",
	}, func(ctx context.Context, in *struct {
		Document core.ID `path:"document" doc:"Id of the document"`
		Version  int64   `query:"version" minimum:"0" doc:"Number of a version; absent for the one in force"`
	},
	) (*rest.One[Text], error) {
		r, err := m.Read(ctx, in.Document, in.Version)
		if err != nil {
			return nil, err
		}
		return rest.Got(Text{documentOf(r.Document), r.Shown.Number, r.Shown.Text.FR, r.Shown.Text.EN, r.Shown.Hash, r.Shown.PublishedAt}, 0), nil
	})
}
