package api

import (
	"context"
	"net/url"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/hook"
)

const callsTag = "Calls"

// Call is a call of one's own, in JSON.
type Call struct {
	ID        core.ID    `json:"id" doc:"Id of the call"`
	State     line.State `json:"state" doc:"ringing, answered, ended, missed or elsewhere"`
	Outgoing  bool       `json:"outgoing" doc:"Made from one's own phone"`
	Masked    bool       `json:"masked" doc:"The caller asked for privacy: nothing of them was looked up nor kept"`
	Number    string     `json:"number,omitempty" doc:"In E.164 when it is a public one"`
	Display   string     `json:"display,omitempty" doc:"Name that the exchange gave"`
	Automated bool       `json:"automated" doc:"From a range kept for automated callers"`
	Cards     []Card     `json:"cards" nullable:"false" doc:"Who it was, by the cards whose links still stand"`
	Note      string     `json:"note,omitempty" doc:"Note written on it"`
	BeganAt   time.Time  `json:"began_at" doc:"When it rang"`
	EndedAt   *time.Time `json:"ended_at,omitempty" doc:"When it ended"`
}

func shapeCall(c recognition.Seen) Call {
	out := Call{
		ID: c.ID, State: c.State, Outgoing: c.Outgoing, Masked: c.Hidden, Number: c.Remote, Display: c.Display, Automated: c.Automated,
		Note: c.Note, BeganAt: c.Began, Cards: make([]Card, len(c.Cards)),
	}
	for i, k := range c.Cards {
		out.Cards[i] = Card{k.ID, k.Source, k.Name, k.Company, k.Numbers, k.Shown, k.Scripts, k.CompanyOnly}
	}
	if !c.Ended.IsZero() {
		out.EndedAt = &c.Ended
	}
	return out
}

// CallEvent is one step of a call, as a hosted exchange tells it.
type CallEvent struct {
	Call      string     `json:"call" minLength:"1" maxLength:"256" doc:"Id of the call in the exchange, the same in all of its events"`
	Extension string     `json:"extension" minLength:"1" maxLength:"32" doc:"Whose phone"`
	State     string     `json:"state" enum:"ringing,answered,ended,missed,elsewhere" doc:"What happened"`
	Outgoing  bool       `json:"outgoing,omitempty" doc:"Made from that phone"`
	Number    string     `json:"number,omitempty" maxLength:"256" doc:"Number of the other side, in any form; empty when hidden"`
	Display   string     `json:"display,omitempty" maxLength:"256" doc:"Name that the exchange knows"`
	Hidden    bool       `json:"hidden,omitempty" doc:"The caller asked for privacy: what else the event says of them is neither looked up nor kept"`
	At        *time.Time `json:"at,omitempty" doc:"When; now when absent"`
}

var errForm = i18n.Fault(core.Invalid, "call.event", "Cet événement ne peut pas être lu.", "This event cannot be read.")

func calls(a *rest.API, m *recognition.Module) {
	reporting(a, m)
	rest.Op(a, edge.Needs(recognition.ReadHistory), rest.Operation{
		ID: "findCalls", Method: "POST", Path: "/organizations/{org}/calls/find", Summary: "Read one's own calls", Tag: callsTag, Status: 200,
		Detail: "The newest first. What is looked for stands in the body and never in a URL.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Search string  `json:"search,omitempty" maxLength:"100" doc:"In names, companies, numbers and notes"`
			Before core.ID `json:"before,omitempty" maxLength:"64" doc:"Only calls older than this one"`
		}
	},
	) (*rest.List[Call], error) {
		list, err := m.History(ctx, in.Org, recognition.HistoryQuery{Search: in.Body.Search, Before: in.Body.Before})
		if err != nil {
			return nil, err
		}
		out := make([]Call, len(list))
		for i := range list {
			out[i] = shapeCall(list[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(recognition.DialNumber), rest.Operation{
		ID: "dialNumber", Method: "POST", Path: "/organizations/{org}/calls/dial", Summary: "Call a number from one's own phone", Tag: callsTag, Status: 204,
		Detail: "One's own phone rings first; the number is called once it is answered.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Number string `json:"number" minLength:"1" maxLength:"128" doc:"As a person writes it"`
		}
	},
	) (*rest.None, error) {
		return &rest.None{}, m.Dial(ctx, in.Org, in.Body.Number)
	})
	rest.Op(a, edge.Needs(recognition.DialNumber), rest.Operation{
		ID: "hangUp", Method: "POST", Path: "/organizations/{org}/calls/{call}/hangup", Summary: "Hang up a call of one's own", Tag: callsTag, Status: 204,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Call core.ID `path:"call" maxLength:"64" doc:"Id of the call"`
	},
	) (*rest.None, error) {
		return &rest.None{}, m.Hangup(ctx, in.Org, in.Call)
	})
}

func reporting(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Needs(recognition.ReportCall), rest.Operation{
		ID: "reportCall", Method: "POST", Path: "/organizations/{org}/calls", Summary: "Tell a step of a call", Tag: callsTag, Status: 204,
		Detail: "For hosted exchanges. A masked caller is neither looked up nor kept, whatever the event says of them.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body CallEvent
	},
	) (*rest.None, error) {
		e := line.Event{
			Call: in.Body.Call, Extension: in.Body.Extension, State: line.State(in.Body.State), Outgoing: in.Body.Outgoing, Remote: in.Body.Number,
			Display: in.Body.Display, Hidden: in.Body.Hidden,
		}
		if in.Body.At != nil {
			e.At = *in.Body.At
		}
		return &rest.None{}, m.Report(ctx, in.Org, e)
	})
	rest.Op(a, edge.Needs(recognition.ReportCall), rest.Operation{
		ID: "reportCallForm", Method: "POST", Path: "/organizations/{org}/calls/form", Summary: "Tell a step of a call, as a form", Tag: callsTag, Status: 204, MaxBody: 16 << 10,
		Detail: "The form that several hosted exchanges send: event (newCall, answer, hangup), from, to, direction (in, out), callId, cause, and extension, or userId, for whose phone.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		RawBody []byte `contentType:"application/x-www-form-urlencoded"`
	},
	) (*rest.None, error) {
		form, err := url.ParseQuery(string(in.RawBody))
		if err != nil {
			return nil, errForm
		}
		events, ok := hook.Form(form)
		if !ok {
			return nil, errForm
		}
		var told bool
		for _, e := range events {
			switch failed := m.Report(ctx, in.Org, e); {
			case failed == nil:
				told = true
			case core.CodeOf(failed) != "call.extension":
				return nil, failed
			default:
				err = failed
			}
		}
		if told {
			err = nil // a call of a group rings phones that are nobody's here, too
		}
		return &rest.None{}, err
	})
}
