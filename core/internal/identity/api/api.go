// Package api gives the operations of persons and accounts under /api/v1.
//
// Owns: the shape of a person and of an account in JSON. Must not know: how they are kept. No secret passes here: a
// password, a code or a key is only ever given on the pages of the person. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Accounts"

// Me is one's own profile and the state of what protects it.
type Me struct {
	ID            core.ID `json:"id" doc:"Id of the person"`
	GivenName     string  `json:"given_name,omitempty"`
	FamilyName    string  `json:"family_name,omitempty"`
	Email         string  `json:"email" doc:"Address one signs in with"`
	Email2        string  `json:"email2,omitempty"`
	Phone         string  `json:"phone,omitempty" doc:"E.164"`
	Language      string  `json:"language" doc:"fr or en"`
	State         string  `json:"state" doc:"invited, active, compromised or disabled"`
	SecondFactor  bool    `json:"second_factor" doc:"Whether an authenticator application is set up"`
	RecoveryCodes int     `json:"recovery_codes" doc:"How many recovery codes are left"`
}

// Account is what those who look after accounts see of a member's.
type Account struct {
	Person       core.ID    `json:"person"`
	Name         string     `json:"name"`
	Email        string     `json:"email"`
	State        string     `json:"state" doc:"invited, active, compromised or disabled"`
	SecondFactor bool       `json:"second_factor"`
	SignedInAt   *time.Time `json:"signed_in_at,omitempty" doc:"Last sign-in; absent when never"`
	Functional   bool       `json:"functional" doc:"Whether the account serves a desk or a machine"`
	Responsible  core.ID    `json:"responsible,omitempty" doc:"Who answers for a functional account"`
}

// InAccount is the input of operations on the account of a member.
type InAccount struct {
	rest.InOrg
	Person core.ID `path:"person" doc:"Id of the person"`
}

// WithReason is the same with a reason.
type WithReason struct {
	InAccount
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why; kept in the journal"`
	}
}

// Register adds the operations of persons and accounts.
func Register(a *rest.API, m *identity.Module) {
	rest.Op(a, edge.Needs(&identity.ReadProfile), rest.Operation{
		ID: "readMyProfile", Method: "GET", Path: "/me", Summary: "Read one's own profile", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.One[Me], error) {
		s, err := m.Profile(ctx, core.ActorOf(ctx).ID)
		if err != nil {
			return nil, err
		}
		p := s.Person
		return rest.Got(Me{p.ID, p.GivenName, p.FamilyName, p.Email, p.Email2, p.Phone, p.Language, p.State, s.Factors.TOTP, s.Factors.Codes}, 0), nil
	})
	rest.Op(a, edge.Needs(&identity.SeeAccount), rest.Operation{
		ID: "readAccount", Method: "GET", Path: "/organizations/{org}/accounts/{person}", Summary: "Read the state of a member's account", Tag: tag,
	}, func(ctx context.Context, in *InAccount) (*rest.One[Account], error) {
		v, err := m.Account(ctx, in.Org, in.Person)
		if err != nil {
			return nil, err
		}
		out := Account{
			Person: v.Person.ID, Name: v.Person.Name(), Email: v.Person.Email, State: v.Person.State, SecondFactor: v.Factors.TOTP,
			Functional: v.Person.Functional, Responsible: v.Person.Responsible,
		}
		if !v.SignedInAt.IsZero() {
			out.SignedInAt = &v.SignedInAt
		}
		return rest.Got(out, 0), nil
	})
	acts(a, m)
}

func acts(a *rest.API, m *identity.Module) {
	rest.Op(a, edge.Needs(&identity.FlagAccount), rest.Operation{
		ID: "markAccountCompromised", Method: "POST", Path: "/organizations/{org}/accounts/{person}/compromised", Summary: "Mark a member's account as compromised", Tag: tag,
		Detail: "Every session and token of the person ends; the next sign-in asks for a proof of the mailbox and a new password.",
	}, func(ctx context.Context, in *WithReason) (*rest.None, error) {
		return nil, m.Flag(ctx, in.Org, in.Person, in.Body.Reason)
	})
	rest.Op(a, edge.Needs(&identity.ResetAccount), rest.Operation{
		ID: "sendPasswordReset", Method: "POST", Path: "/organizations/{org}/accounts/{person}/reset", Summary: "Send a member a link to a new password", Tag: tag,
		Detail: "Nobody but the person ever sees the link or chooses the password.",
	}, func(ctx context.Context, in *InAccount) (*rest.None, error) {
		return nil, m.SendReset(ctx, in.Org, in.Person)
	})
	rest.Op(a, edge.Needs(&identity.UnbindFactor), rest.Operation{
		ID: "removeLostFactor", Method: "POST", Path: "/organizations/{org}/accounts/{person}/unbind", Summary: "Remove a member's lost second factor", Tag: tag,
		Detail: "Make sure of the person's identity first. Their sessions end, and the next sign-in asks for the mailbox beside the password.",
	}, func(ctx context.Context, in *struct {
		InAccount
		Body struct {
			Evidence string `json:"evidence" enum:"in_person,video,call_back" doc:"How the identity of the person was verified"`
			Reason   string `json:"reason" minLength:"3" maxLength:"500" doc:"Why; kept in the journal"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Unbind(ctx, in.Org, in.Person, in.Body.Evidence, in.Body.Reason)
	})
}
