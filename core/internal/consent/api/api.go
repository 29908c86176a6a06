// Package api gives consents and shares under /api/v1: a person's own, the questions of an organization, what it receives.
//
// Owns: their shapes in JSON. Must not know: how they are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Consents"

// Text is what both languages say.
type Text struct {
	FR string `json:"fr" doc:"In French"`
	EN string `json:"en" doc:"In English"`
}

// Question is a question and where the person who asks stands with it.
type Question struct {
	ID           core.ID    `json:"id" doc:"Id of the question"`
	Organization core.ID    `json:"organization" doc:"Organization that asks"`
	Name         string     `json:"organization_name" doc:"Its name"`
	Purpose      string     `json:"purpose" doc:"What the data are for"`
	Version      int64      `json:"version" doc:"Version of the text in force"`
	Title        Text       `json:"title" doc:"Title"`
	Text         Text       `json:"text" doc:"Text"`
	Asks         []string   `json:"asks" doc:"Fields that it asks for; none for a consent alone"`
	Days         int        `json:"days" doc:"Longest time of a share, in days"`
	Digest       string     `json:"sha256" doc:"SHA-256 of the version"`
	Given        bool       `json:"given" doc:"Whether the person's consent stands now"`
	Fields       []string   `json:"fields" doc:"Fields shared now"`
	Until        *time.Time `json:"until,omitempty" doc:"Until when"`
}

func asked(s *consent.Standing) Question {
	q := Question{
		ID: s.ID, Organization: s.Org, Name: s.OrgName, Purpose: string(s.Purpose), Version: s.Text.Number, Title: Text(s.Text.Title), Text: Text(s.Text.Body),
		Asks: append([]string{}, s.Text.Asks...), Days: s.Text.Days, Digest: s.Text.Digest, Given: s.Held, Fields: []string{},
	}
	if s.Share != nil {
		q.Fields, q.Until = s.Share.Fields, &s.Share.Until
	}
	return q
}

// Choice is what a person chooses.
type Choice struct {
	Version int64     `json:"version" doc:"Version of the text that was read"`
	Fields  []string  `json:"fields,omitempty" maxItems:"50" doc:"Fields to share; none for a consent alone"`
	Until   time.Time `json:"until,omitzero" doc:"When the share ends"`
	Seen    string    `json:"seen,omitempty" maxLength:"64" doc:"Mark of what was seen, from the preview"`
}

func (c Choice) answer() consent.Answer {
	return consent.Answer{Number: c.Version, Fields: c.Fields, Until: c.Until.Truncate(time.Second), Seen: c.Seen, Channel: consent.ByAPI}
}

// Field is a field as the organization sees it.
type Field struct {
	ID    string `json:"id" doc:"Id of the field"`
	Value string `json:"value" doc:"What it says; empty when the person left it so"`
	Owner string `json:"owner" enum:"person,organization" doc:"Whose it is"`
}

func fields(list []consent.Field) []Field {
	out := make([]Field, len(list))
	for i, f := range list {
		out[i] = Field{f.ID, f.Value, string(f.Owner)}
	}
	return out
}

// Shown is exactly what the organization will see.
type Shown struct {
	Fields []Field   `json:"fields" doc:"Each field with its value"`
	Until  time.Time `json:"until" doc:"Until when"`
	Seen   string    `json:"seen" doc:"To give back: nothing is shared that was not seen"`
}

// Given is a consent that was recorded.
type Given struct {
	ID core.ID `json:"id" doc:"Id of the consent: that of its receipt"`
}

// ReceiptFile is a signed receipt (ISO/IEC TS 27560, Data Privacy Vocabulary), to be checked with verify.CheckReceipt.
type ReceiptFile struct {
	Format  string          `json:"rempart" doc:"consent-receipt/1"`
	Receipt json.RawMessage `json:"receipt" doc:"JSON-LD in the terms of the Data Privacy Vocabulary"`
	Note    string          `json:"note" doc:"Signed note over the receipt (C2SP signed-note, Ed25519)"`
	Key     string          `json:"key" doc:"Public key of the journal"`
}

// Named names a question.
type Named struct {
	Question core.ID `path:"question" maxLength:"64" doc:"Id of the question"`
}

// Register adds the operations.
func Register(a *rest.API, m *consent.Module) {
	mine(a, m)
	answering(a, m)
	questions(a, m)
	received(a, m)
}

func me(ctx context.Context) core.ID { return core.ActorOf(ctx).ID }

func mine(a *rest.API, m *consent.Module) {
	rest.Op(a, edge.Needs(consent.SeeOwn), rest.Operation{
		ID: "listMyConsents", Method: "GET", Path: "/me/consents", Summary: "List what one is asked, consented to and shares", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Question], error) {
		v, err := m.Own(ctx, me(ctx))
		if err != nil {
			return nil, err
		}
		out := make([]Question, len(v.Questions))
		for i := range v.Questions {
			out[i] = asked(&v.Questions[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(consent.Receipt), rest.Operation{
		ID: "takeConsentReceipt", Method: "GET", Path: "/me/consents/receipts/{record}", Summary: "Take the signed receipt of a consent given or withdrawn", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Record core.ID `path:"record" maxLength:"64" doc:"Id of the consent"`
	},
	) (*rest.One[ReceiptFile], error) {
		file, _, err := m.ReceiptOf(ctx, me(ctx), in.Record)
		if err != nil {
			return nil, err
		}
		var out ReceiptFile
		if err := json.Unmarshal(file, &out); err != nil {
			return nil, err
		}
		return rest.Got(out, 0), nil
	})
}

func answering(a *rest.API, m *consent.Module) {
	rest.Op(a, edge.Needs(consent.SeeOwn), rest.Operation{
		ID: "previewShare", Method: "POST", Path: "/me/consents/{question}/preview", Summary: "See exactly what an organization would see", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		Named
		Body Choice
	},
	) (*rest.One[Shown], error) {
		v, err := m.Preview(ctx, me(ctx), in.Question, in.Body.answer())
		if err != nil {
			return nil, err
		}
		return rest.Got(Shown{fields(v.Fields), v.Until, v.Seen}, 0), nil
	})
	rest.Op(a, edge.Needs(consent.Give), rest.Operation{
		ID: "giveConsent", Method: "POST", Path: "/me/consents/{question}/give", Summary: "Consent; with fields, share exactly what was seen", Tag: tag, Status: 201,
	}, func(ctx context.Context, in *struct {
		Named
		Body Choice
	},
	) (*rest.One[Given], error) {
		id, err := m.Give(ctx, me(ctx), in.Question, in.Body.answer())
		if err != nil {
			return nil, err
		}
		return rest.Got(Given{id}, 0), nil
	})
	rest.Op(a, edge.Needs(consent.Withdraw), rest.Operation{
		ID: "withdrawConsent", Method: "POST", Path: "/me/consents/{question}/withdraw", Summary: "Withdraw a consent and stop its share at once", Tag: tag,
	}, func(ctx context.Context, in *struct{ Named }) (*rest.None, error) {
		return &rest.None{}, m.Withdraw(ctx, me(ctx), in.Question, consent.ByAPI)
	})
}

// Asked is a question of an organization with its counts.
type Asked struct {
	ID      core.ID  `json:"id" doc:"Id of the question"`
	Purpose string   `json:"purpose" doc:"What the data are for"`
	Version int64    `json:"version" doc:"Version in force"`
	Title   Text     `json:"title" doc:"Title"`
	Text    Text     `json:"text" doc:"Text"`
	Asks    []string `json:"asks" doc:"Fields that it asks for"`
	Days    int      `json:"days" doc:"Longest time of a share, in days"`
	Digest  string   `json:"sha256" doc:"SHA-256 of the version"`
	Closed  bool     `json:"closed" doc:"Whether it is no longer asked"`
	Held    int64    `json:"consents" doc:"Consents in force"`
	Live    int64    `json:"shares" doc:"Shares in force"`
}

// Draft is a version to publish.
type Draft struct {
	Purpose string   `json:"purpose" maxLength:"40" doc:"What the data are for, such as newsletter"`
	Title   Text     `json:"title" doc:"Title"`
	Text    Text     `json:"text" doc:"Text"`
	Asks    []string `json:"asks,omitempty" maxItems:"50" doc:"Fields that it asks for; none for a consent alone"`
	Days    int      `json:"days,omitempty" doc:"Longest time of a share, in days"`
}

func questions(a *rest.API, m *consent.Module) {
	rest.Op(a, edge.Needs(consent.ReadTexts), rest.Operation{
		ID: "listConsentQuestions", Method: "GET", Path: "/organizations/{org}/consents", Summary: "List the consent questions of an organization", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Asked], error) {
		list, err := m.Questions(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Asked, len(list))
		for i, c := range list {
			t := c.Text
			out[i] = Asked{c.ID, string(c.Purpose), t.Number, Text(t.Title), Text(t.Body), append([]string{}, t.Asks...), t.Days, t.Digest, c.Closed, c.Held, c.Live}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(consent.PublishText), rest.Operation{
		ID: "publishConsentQuestion", Method: "POST", Path: "/organizations/{org}/consents", Summary: "Publish a consent question", Tag: tag, Status: 201,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body Draft
	},
	) (*rest.One[Given], error) {
		d := in.Body
		id, err := m.Publish(ctx, in.Org, "", consent.Draft{Purpose: core.Purpose(d.Purpose), Title: core.Text(d.Title), Body: core.Text(d.Text), Asks: d.Asks, Days: d.Days})
		if err != nil {
			return nil, err
		}
		return rest.Got(Given{id}, 0), nil
	})
}

// Share is a share that an organization receives.
type Share struct {
	ID      core.ID   `json:"id" doc:"Id of the share"`
	Person  core.ID   `json:"person" doc:"Pseudonym of the person"`
	Purpose string    `json:"purpose" doc:"What it may be used for"`
	Name    string    `json:"name,omitempty" doc:"Name, when the person shares it"`
	From    time.Time `json:"from" doc:"Since when"`
	Until   time.Time `json:"until" doc:"Until when, unless the person stops it"`
}

// SharedData is one share with what it shows.
type SharedData struct {
	Share
	Fields []Field `json:"fields" doc:"Each field with its value and its owner: the person's, then the notes of the organization"`
}

func shape(r *consent.Received) Share {
	return Share{r.ID, r.Person, string(r.Purpose), r.Name, r.From, r.Until}
}

func received(a *rest.API, m *consent.Module) {
	rest.Op(a, edge.Needs(consent.ListShares), rest.Operation{
		ID: "listSharesReceived", Method: "GET", Path: "/organizations/{org}/shares", Summary: "List the shares that an organization receives", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Share], error) {
		v, err := m.List(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Share, len(v.Shares))
		for i := range v.Shares {
			out[i] = shape(&v.Shares[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(consent.ReadShare), rest.Operation{
		ID: "readShareReceived", Method: "GET", Path: "/organizations/{org}/shares/{share}", Summary: "Read what a person shares; the person sees that it was read", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Share core.ID `path:"share" maxLength:"64" doc:"Id of the share"`
	},
	) (*rest.One[SharedData], error) {
		v, err := m.Read(ctx, in.Org, in.Share)
		if err != nil {
			return nil, err
		}
		out := SharedData{Share: shape(&v.Received), Fields: fields(v.Fields)}
		for _, n := range v.Notes {
			out.Fields = append(out.Fields, Field{"note." + string(n.ID), n.Text, string(consent.OfOrganization)})
		}
		return rest.Got(out, 0), nil
	})
}
