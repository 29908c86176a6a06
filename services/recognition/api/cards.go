package api

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/number"
)

// Card is a card found, in JSON.
type Card struct {
	ID          core.ID           `json:"id" doc:"Id of the card within its link"`
	Link        core.ID           `json:"link" doc:"Id of the link that it came by"`
	Name        string            `json:"name,omitempty" doc:"Display name; empty when the person is unknown"`
	Company     string            `json:"company,omitempty" doc:"Company"`
	Numbers     []string          `json:"numbers,omitempty" doc:"Its numbers in E.164"`
	Shown       map[string]string `json:"shown,omitempty" doc:"The fields chosen by the organization, by label"`
	Scripts     map[string]string `json:"scripts,omitempty" doc:"Parameters of scripts"`
	CompanyOnly bool              `json:"company_only,omitempty" doc:"Found by the beginning of a company's numbers: the person is unknown"`
}

// Found is what is known of a number.
type Found struct {
	Kind      string `json:"kind" enum:"public,short,internal,masked,refused" doc:"What the number turned out to be; only a public one is looked up"`
	Number    string `json:"number,omitempty" doc:"In E.164, when it is a public one"`
	Region    string `json:"region,omitempty" doc:"Country or territory of the number"`
	Label     string `json:"label,omitempty" enum:"automated,machine" doc:"automated: a range kept for automated callers; machine: one kept for machines"`
	Why       string `json:"why,omitempty" doc:"Why it is no number: letters, short, long, invalid, several, empty"`
	Extension string `json:"extension,omitempty" doc:"Extension written behind the number"`
	Cards     []Card `json:"cards" nullable:"false" doc:"Every card of this number; empty when nobody is known"`
}

var kinds = map[number.Kind]string{
	number.E164: "public", number.Short: "short", number.Internal: "internal", number.Masked: "masked", number.Refused: "refused",
}

func found(a recognition.Answer) *rest.One[Found] {
	n := a.Number
	f := Found{Kind: kinds[n.Kind], Number: n.E164, Region: n.Region, Why: n.Why, Extension: n.Extension, Cards: make([]Card, len(a.Matches))}
	switch {
	case n.Automated:
		f.Label = "automated"
	case n.Machine:
		f.Label = "machine"
	}
	for i, c := range a.Matches {
		f.Cards[i] = Card{c.ID, c.Source, c.Name, c.Company, c.Numbers, c.Shown, c.Scripts, c.CompanyOnly}
	}
	return rest.Got(f, 0)
}

func cards(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Needs(recognition.FindCard), rest.Operation{
		ID: "findCards", Method: "POST", Path: "/organizations/{org}/cards/find", Summary: "Ask who a number is", Tag: "Recognition",
		Detail: "Every card of the exact number, else the companies whose numbers begin so. A masked caller is never looked up. The number stands in the body and never in a URL.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Number string `json:"number" minLength:"1" maxLength:"128" doc:"As the exchange gave it, or as a person wrote it"`
			Region string `json:"region,omitempty" maxLength:"2" pattern:"^[A-Z]{2}$" doc:"Country of a number written without one; FR when absent"`
		}
	},
	) (*rest.One[Found], error) {
		region := in.Body.Region
		if region == "" {
			region = recognition.HomeRegion
		}
		answer, err := m.LookupFrom(ctx, in.Org, in.Body.Number, region)
		if err != nil {
			return nil, err
		}
		return found(answer), nil
	})
}
