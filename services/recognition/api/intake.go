package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/wire"
)

const syncPath = "/organizations/{org}/links/{link}/sync"

// InLink are the parameters of what is done for one link.
type InLink struct {
	rest.InOrg
	Link core.ID `path:"link" maxLength:"64" doc:"Id of the link"`
}

// InSession are those of what is done in one session.
type InSession struct {
	InLink
	Session core.ID `path:"turn" maxLength:"64" doc:"Id of the session"`
}

// Bytes is an answer that is no JSON.
type Bytes struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func raw(b []byte, err error) (*Bytes, error) {
	if err != nil {
		return nil, err
	}
	return &Bytes{"application/octet-stream", b}, nil
}

// Pushed says which chunk is expected next.
type Pushed struct {
	Next int `json:"next" doc:"Number of the chunk expected next"`
}

// Settings is what an agent applies.
type Settings struct {
	Name    string              `json:"name" doc:"What people call the link"`
	Kind    string              `json:"kind" doc:"Kind of the tool"`
	Version int64               `json:"version" doc:"Version of the mapping: grows with each change of it"`
	Mapping recognition.Mapping `json:"mapping" doc:"Which fields become what"`
}

// Enrolled is what a program gets for its code.
type Enrolled struct {
	Organization core.ID `json:"organization" doc:"Id of the organization"`
	Link         core.ID `json:"link,omitempty" doc:"Id of the link whose cards it brings"`
	What         string  `json:"what" enum:"sync,lookup,directory,calls" doc:"What it may do"`
	Token        string  `json:"token" doc:"Its token"`
}

// Health is how the synchronisation of a link goes, in JSON.
type Health struct {
	Link       core.ID    `json:"link" doc:"Id of the link"`
	State      string     `json:"state" doc:"Empty: no agent ever came; idle, open, switching, waiting, approved, refused"`
	Generation int64      `json:"generation" doc:"Generation of the cards"`
	Cards      int        `json:"cards" doc:"How many are held"`
	Digest     string     `json:"digest,omitempty" doc:"Digest of the set, proven equal to the source's at done_at"`
	DoneAt     *time.Time `json:"done_at,omitempty" doc:"When both sets were last proven equal"`
	Late       bool       `json:"late" doc:"Nothing came for three turns, or one hour"`
	Deletes    int        `json:"deletes" doc:"Cards that were taken away last, or would be, while it waits"`
	Version    string     `json:"version,omitempty" doc:"Version of the agent"`
	Fault      string     `json:"fault,omitempty" doc:"Code of what went wrong last"`
}

func intake(a *rest.API, m *recognition.Module) {
	enrolment(a, m)
	sessions(a, m)
	faults(a, m)
	rest.Op(a, edge.Needs(&recognition.SyncSee), rest.Operation{
		ID: "readSync", Method: "GET", Path: syncPath, Summary: "See how the synchronisation of a link goes", Tag: "Recognition",
	}, func(ctx context.Context, in *InLink) (*rest.One[Health], error) {
		h, err := m.SyncHealthOf(ctx, in.Org, in.Link)
		if err != nil {
			return nil, err
		}
		out := Health{
			Link: h.Link, State: string(h.State), Generation: h.Generation, Cards: h.Cards, Digest: h.Digest, Late: h.Late, Deletes: h.Deletes,
			Version: h.Version, Fault: h.Fault,
		}
		if !h.Done.IsZero() {
			out.DoneAt = &h.Done
		}
		return rest.Got(out, 0), nil
	})
}

func enrolment(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Public("a program that has only its one-time code enrols; throttled"), rest.Operation{
		ID: "enrolAgent", Method: "POST", Path: "/recognition/enrol", Summary: "Exchange an install code for a token", Tag: "Recognition", Once: true,
		Detail: "A code serves once, within a quarter of an hour.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" minLength:"8" maxLength:"64" doc:"The install code that a manager made"`
		}
	},
	) (*rest.One[Enrolled], error) {
		e, err := m.Enrol(ctx, in.Body.Code)
		if err != nil {
			return nil, err
		}
		return rest.Got(Enrolled{e.Org, e.Link, e.What, e.Token}, 0), nil
	})
	rest.Op(a, edge.Needs(&recognition.SyncAwait), rest.Operation{
		ID: "readSyncSettings", Method: "GET", Path: syncPath + "/settings", Summary: "Read what an agent applies to its tool", Tag: "Recognition",
	}, func(ctx context.Context, in *InLink) (*rest.One[Settings], error) {
		l, err := m.SyncSettings(ctx, in.Org, in.Link)
		if err != nil {
			return nil, err
		}
		return rest.Got(Settings{l.Name, l.Kind, l.Version, l.Mapping}, 0), nil
	})
}

// faults is how an agent says why its tool could not be read.
func faults(a *rest.API, m *recognition.Module) {
	rest.Op(a, edge.Needs(&recognition.SyncFault), rest.Operation{
		ID: "reportSyncFault", Method: "PUT", Path: syncPath + "/fault", Summary: "Say why a tool could not be read", Tag: "Recognition", Status: 204,
		Detail: "A word of docs/errors.md: what the tool itself said stays on its machine.",
	}, func(ctx context.Context, in *struct {
		InLink
		Body struct {
			Code string `json:"code" maxLength:"60" doc:"Stable word: source.unreachable"`
		}
	},
	) (*rest.None, error) {
		return nil, m.ReportFault(ctx, in.Org, in.Link, in.Body.Code)
	})
}

func sessions(a *rest.API, m *recognition.Module) {
	push := edge.Needs(&recognition.SyncPush)
	rest.Op(a, push, rest.Operation{
		ID: "openSync", Method: "POST", Path: syncPath, Summary: "Begin to bring the cards of a link, or go on", Tag: "Recognition", Once: true,
		Deadline: wire.Patience, Detail: "The answer holds the key of the hashes: keep it in memory only.",
	}, func(ctx context.Context, in *struct {
		InLink
		Body struct {
			Mapping int64  `json:"mapping" minimum:"0" doc:"Version of the mapping that the agent applies"`
			Full    bool   `json:"full,omitempty" doc:"The agent brings the whole set"`
			Fresh   bool   `json:"fresh,omitempty" doc:"Forget what a session that was cut brought"`
			Every   int    `json:"every,omitempty" minimum:"0" maximum:"604800" doc:"Seconds between two turns"`
			Version string `json:"version,omitempty" maxLength:"80" doc:"Version of the agent"`
		}
	},
	) (*rest.One[wire.Opened], error) {
		b := in.Body
		o, err := m.OpenSync(ctx, in.Org, in.Link, recognition.SyncAsk{Mapping: b.Mapping, Full: b.Full, Fresh: b.Fresh, Every: b.Every, Version: b.Version})
		if err != nil {
			return nil, err
		}
		return rest.Got(o, 0), nil
	})
	rest.Op(a, push, rest.Operation{
		ID: "pushSyncChunk", Method: "PUT", Path: syncPath + "/{turn}/chunks/{chunk}", Summary: "Bring one numbered chunk", Tag: "Recognition",
		MaxBody: wire.MostBody, Status: 200, Detail: "Numbers follow one another from 0. A chunk that came already is not taken twice.",
	}, func(ctx context.Context, in *struct {
		InSession
		Chunk   int    `path:"chunk" minimum:"0" maximum:"100000" doc:"Number of the chunk"`
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*rest.One[Pushed], error) {
		next, err := m.PushChunk(ctx, in.Org, in.Link, in.Session, in.Chunk, in.RawBody)
		if err != nil {
			return nil, err
		}
		return rest.Got(Pushed{next}, 0), nil
	})
	repair(a, m, push)
	rest.Op(a, push, rest.Operation{
		ID: "commitSync", Method: "POST", Path: syncPath + "/{turn}/commit", Summary: "End a session by the digest of the set", Tag: "Recognition",
		Deadline: wire.Patience, Detail: "Nothing changes unless the platform computes the same digest.",
	}, func(ctx context.Context, in *struct {
		InSession
		Body struct {
			Count  int    `json:"count" minimum:"0" doc:"How many cards the set has"`
			Digest string `json:"digest" pattern:"^[0-9a-f]{64}$" doc:"Digest of the set"`
		}
	},
	) (*rest.One[wire.Committed], error) {
		return committed(m.CommitSync(ctx, in.Org, in.Link, in.Session, in.Body.Count, in.Body.Digest))
	})
	rest.Op(a, edge.Needs(&recognition.SyncAwait), rest.Operation{
		ID: "awaitSync", Method: "GET", Path: syncPath + "/{turn}", Summary: "See where the end of a session stands", Tag: "Recognition",
	}, func(ctx context.Context, in *InSession) (*rest.One[wire.Committed], error) {
		return committed(m.SyncStands(ctx, in.Org, in.Link, in.Session))
	})
}

func committed(c wire.Committed, err error) (*rest.One[wire.Committed], error) {
	if err != nil {
		return nil, err
	}
	return rest.Got(c, 0), nil
}

func repair(a *rest.API, m *recognition.Module, push edge.Access) {
	rest.Op(a, push, rest.Operation{
		ID: "askSyncCells", Method: "POST", Path: syncPath + "/{turn}/cells", Summary: "Ask for the cells of the set, to find out where both differ", Tag: "Recognition",
		Deadline: wire.Patience, Status: 200, Detail: "An invertible Bloom lookup table of the set as it would be if the session ended now: 16 bytes for each cell.",
	}, func(ctx context.Context, in *struct {
		InSession
		Body struct {
			Cells int `json:"cells" minimum:"64" maximum:"262144" doc:"How many"`
		}
	},
	) (*Bytes, error) {
		return raw(m.SyncCells(ctx, in.Org, in.Link, in.Session, in.Body.Cells))
	})
	rest.Op(a, push, rest.Operation{
		ID: "askSyncItems", Method: "POST", Path: syncPath + "/{turn}/items", Summary: "Ask for the short forms of the whole set", Tag: "Recognition",
		Deadline: wire.Patience, Status: 200, Detail: "When cells do not tell: 8 bytes for each card, sorted.",
	}, func(ctx context.Context, in *InSession) (*Bytes, error) {
		return raw(m.SyncItems(ctx, in.Org, in.Link, in.Session))
	})
}
