package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Review is a review of assignments in JSON.
type Review struct {
	ID       core.ID    `json:"id" doc:"Id of the review"`
	Origin   string     `json:"origin" doc:"planned, asked or mover"`
	Scope    string     `json:"scope" doc:"all, role, staff or person"`
	Role     string     `json:"role,omitempty" doc:"Id of the role, when it bears on one"`
	Person   core.ID    `json:"person,omitempty" doc:"Who changed post"`
	State    string     `json:"state" doc:"open or closed"`
	Started  time.Time  `json:"started_at" doc:"When it opened"`
	Deadline time.Time  `json:"deadline_at" doc:"When what has no answer is revoked"`
	Closed   *time.Time `json:"closed_at,omitempty" doc:"When it closed"`
	Total    int        `json:"total" doc:"Assignments under review"`
	Waiting  int        `json:"waiting" doc:"Without an answer"`
	Kept     int        `json:"kept" doc:"Kept with a word"`
	Revoked  int        `json:"revoked" doc:"Revoked by a reviewer"`
	Lapsed   int        `json:"lapsed" doc:"Revoked by the platform for want of an answer"`
	Left     int        `json:"left" doc:"No answer and not revoked: the last administrator"`
}

func shapeReview(c review.Campaign) Review {
	n := c.Counts
	return Review{c.ID, c.Origin, c.Scope, c.Role, c.Person, c.State, c.StartedAt, c.Deadline, moment(c.ClosedAt), n.Total, n.Waiting, n.Kept, n.Revoked, n.Lapsed, n.Left}
}

// Line is one assignment under review in JSON.
type Line struct {
	ID         core.ID    `json:"id" doc:"Id of the line"`
	Review     core.ID    `json:"review" doc:"Id of the review"`
	Assignment core.ID    `json:"assignment" doc:"Id of the assignment"`
	Person     core.ID    `json:"person" doc:"Holder"`
	Role       string     `json:"role" doc:"Id of the role"`
	Service    string     `json:"service,omitempty" doc:"Service that it is limited to"`
	Object     core.ID    `json:"object,omitempty" doc:"Object that it is limited to"`
	Answer     string     `json:"answer,omitempty" doc:"kept, revoked, lapsed, gone, left or restored; absent without an answer"`
	Word       string     `json:"word,omitempty" doc:"Why"`
	AnsweredBy core.ID    `json:"answered_by,omitempty" doc:"By whom"`
	AnsweredAt *time.Time `json:"answered_at,omitempty" doc:"When"`
	Deadline   *time.Time `json:"deadline_at,omitempty" doc:"Until when, in the lines that wait"`
	Unused     bool       `json:"unused,omitempty" doc:"Whether the role was not used for the days of the settings, in the lines that wait"`
}

func shapeLine(l review.Line) Line {
	return Line{
		ID: l.ID, Review: l.Campaign, Assignment: l.Assignment, Person: l.Person, Role: l.Role, Service: l.Service, Object: l.Object,
		Answer: l.Answer, Word: l.Word, AnsweredBy: l.AnsweredBy, AnsweredAt: moment(l.AnsweredAt),
	}
}

// InReview is the input of operations on one review.
type InReview struct {
	rest.InOrg
	Review core.ID `path:"review" maxLength:"64" doc:"Id of the review"`
}

// InLine is the input of operations on one line.
type InLine struct {
	rest.InOrg
	Line core.ID `path:"line" maxLength:"64" doc:"Id of the line"`
}

func reviews(a *rest.API, m *review.Module) {
	rest.Op(a, edge.Needs(review.ReadReviews), rest.Operation{
		ID: "listReviews", Method: "GET", Path: "/organizations/{org}/reviews", Summary: "List the reviews of assignments", Tag: tagReviews,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Review], error) {
		v, err := m.Reviews(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Review, len(v.Campaigns))
		for i, c := range v.Campaigns {
			out[i] = shapeReview(c)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(review.OpenReview), rest.Operation{
		ID: "openReview", Method: "POST", Path: "/organizations/{org}/reviews", Summary: "Open a review of assignments", Tag: tagReviews, Status: 201,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Scope string `json:"scope" enum:"all,role,staff" doc:"What it looks at"`
			Role  string `json:"role,omitempty" maxLength:"64" doc:"Id of the role, with the scope role"`
			Days  int    `json:"days" minimum:"1" maximum:"90" doc:"Days to answer"`
		}
	},
	) (*rest.One[Identified], error) {
		id, err := m.Begin(ctx, in.Org, review.Start{Scope: in.Body.Scope, Role: in.Body.Role, Days: in.Body.Days})
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
	rest.Op(a, edge.Needs(review.ReadReviews), rest.Operation{
		ID: "listReviewLines", Method: "GET", Path: "/organizations/{org}/reviews/{review}/lines", Summary: "Read the result of a review", Tag: tagReviews,
	}, func(ctx context.Context, in *struct {
		InReview
		After string `query:"after" maxLength:"64" doc:"Where to read on: the next of the page before"`
	},
	) (*rest.List[Line], error) {
		v, err := m.Review(ctx, in.Org, in.Review, core.ID(in.After))
		if err != nil {
			return nil, err
		}
		out := make([]Line, len(v.Lines))
		for i, l := range v.Lines {
			out[i] = shapeLine(l)
		}
		return rest.Listed(out, string(v.Next)), nil
	})
	rest.Op(a, edge.Needs(review.SeeToAnswer), rest.Operation{
		ID: "listLinesToReview", Method: "GET", Path: "/organizations/{org}/lines-to-review", Summary: "List the assignments that the caller has to review", Tag: tagReviews,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Line], error) {
		t, err := m.ToAnswer(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Line, len(t.Tasks))
		for i, l := range t.Tasks {
			out[i] = shapeLine(l.Line)
			out[i].Deadline, out[i].Unused = moment(l.Deadline), l.Unused
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(review.AnswerReview), rest.Operation{
		ID: "answerReviewLine", Method: "POST", Path: "/organizations/{org}/review-lines/{line}/answer", Summary: "Keep or revoke an assignment under review", Tag: tagReviews,
	}, func(ctx context.Context, in *struct {
		InLine
		Body struct {
			Keep bool   `json:"keep" doc:"Whether it is still needed"`
			Word string `json:"word" minLength:"1" maxLength:"500" doc:"Why"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Answer(ctx, in.Org, in.Line, in.Body.Keep, in.Body.Word)
	})
	rest.Op(a, edge.Needs(review.UndoLapse), rest.Operation{
		ID: "restoreReviewLine", Method: "POST", Path: "/organizations/{org}/review-lines/{line}/restore", Summary: "Restore, within 24 hours, what a review revoked without an answer", Tag: tagReviews,
	}, func(ctx context.Context, in *struct {
		InLine
		Body struct {
			Word string `json:"word" minLength:"1" maxLength:"500" doc:"Why"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Restore(ctx, in.Org, in.Line, in.Body.Word)
	})
}
