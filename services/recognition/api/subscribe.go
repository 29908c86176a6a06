package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
)

const tagSubscription = "Caller recognition: subscription"

// Subscription says in JSON whether an organization has the service.
type Subscription struct {
	State     string     `json:"state" enum:"none,active,ended"`
	StartedAt *time.Time `json:"started_at,omitempty" doc:"Since when, the last time it began"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

func subscriptionOf(s recognition.Subscription) Subscription {
	out := Subscription{State: "none"}
	if s.State != "" {
		out.State, out.StartedAt = s.State, &s.StartedAt
	}
	if !s.EndedAt.IsZero() {
		out.EndedAt = &s.EndedAt
	}
	return out
}

// subscriptions are the operations by which an organization subscribes (CTI-3).
func subscriptions(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Public("whoever has no account signs an organization up; throttled, closed by a setting, confirmed by mail"), rest.Operation{
		ID: "signUpForRecognition", Method: "POST", Path: "/recognition/sign-ups", Status: 202, Tag: tagSubscription,
		Summary: "Sign an organization up for caller recognition",
		Detail:  "Nothing is made before the link that is mailed to the address is opened. Whether an address is known is told to nobody.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Organization string `json:"organization" minLength:"2" maxLength:"120"`
			Email        string `json:"email" maxLength:"254" doc:"Of the person who will administer it"`
			GivenName    string `json:"given_name,omitempty" maxLength:"80"`
			FamilyName   string `json:"family_name,omitempty" maxLength:"80"`
			Language     string `json:"language,omitempty" enum:"fr,en"`
			TimeZone     string `json:"time_zone,omitempty" maxLength:"40" doc:"IANA name; Europe/Paris when absent"`
		}
	},
	) (*rest.None, error) {
		b := in.Body
		if b.TimeZone == "" {
			b.TimeZone = "Europe/Paris"
		}
		return nil, m.AskSubscription(ctx, recognition.SignUp{
			Organization: b.Organization, Email: b.Email, GivenName: b.GivenName, FamilyName: b.FamilyName, Language: b.Language, TimeZone: b.TimeZone,
		})
	})
	rest.Op(a, edge.Needs(recognition.ReadSubscription), rest.Operation{
		ID: "readRecognitionSubscription", Method: "GET", Path: "/organizations/{org}/recognition/subscription", Tag: tagSubscription,
		Summary: "Tell whether an organization has caller recognition",
	}, func(ctx context.Context, in *rest.InOrg) (*rest.One[Subscription], error) {
		s, err := m.ReadSubscription(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		return rest.Got(subscriptionOf(s), 0), nil
	})
	rest.Op(a, edge.Needs(recognition.StartSubscription), rest.Operation{
		ID: "startRecognitionSubscription", Method: "POST", Path: "/organizations/{org}/recognition/subscription", Status: 204, Tag: tagSubscription,
		Summary: "Subscribe an organization to caller recognition",
	}, func(ctx context.Context, in *rest.InOrg) (*rest.None, error) {
		return nil, m.Subscribe(ctx, in.Org, recognition.WayAPI)
	})
	rest.Op(a, edge.Needs(recognition.EndSubscription), rest.Operation{
		ID: "endRecognitionSubscription", Method: "DELETE", Path: "/organizations/{org}/recognition/subscription", Tag: tagSubscription,
		Summary: "End caller recognition: every link and every card goes in the same second",
	}, func(ctx context.Context, in *rest.InOrg) (*rest.None, error) {
		return nil, m.Unsubscribe(ctx, in.Org)
	})
}
