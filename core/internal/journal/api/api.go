// Package api gives the read operations of the journal under /api/v1.
//
// Owns: the shape of an entry in JSON. Must not know: how entries are kept. Start reading at: Register.
package api

import (
	"context"
	"encoding/hex"
	"net/url"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/verify"
)

// Entry is one entry in JSON.
type Entry struct {
	Seq       uint64             `json:"seq" doc:"Place in the journal, from 0"`
	ID        string             `json:"id" doc:"Id of the entry"`
	At        time.Time          `json:"at" doc:"When it was done"`
	ActorKind string             `json:"actor_kind" doc:"person, staff, service, system or anonymous"`
	Actor     string             `json:"actor,omitempty" doc:"Id of who did it"`
	Action    string             `json:"action" doc:"What was done: noun.verb"`
	Verb      string             `json:"verb" doc:"Its class: read, create, update, delete, authenticate or export"`
	Type      string             `json:"type,omitempty" doc:"Type of what it was done on"`
	Resource  string             `json:"resource,omitempty" doc:"Id of what it was done on"`
	Subjects  []string           `json:"subjects,omitempty" doc:"Ids of the persons concerned"`
	Purpose   string             `json:"purpose,omitempty" doc:"What personal data was used for"`
	Outcome   string             `json:"outcome" doc:"success, failure or refused"`
	Reason    string             `json:"reason,omitempty" doc:"Stable code of a failure or refusal"`
	Request   string             `json:"request,omitempty" doc:"Id of the request"`
	Address   string             `json:"address,omitempty" doc:"Address it came from; absent after the set delay"`
	Network   string             `json:"network,omitempty" doc:"Its network: /24 or /48"`
	Agent     string             `json:"agent,omitempty" doc:"Browser or program"`
	Changes   []core.FieldChange `json:"changes,omitempty" doc:"Values before and after"`
	Note      string             `json:"note,omitempty" doc:"Free text"`
	Gone      bool               `json:"gone,omitempty" doc:"Part of it can no longer be read: a person was erased"`
}

func shape(r *journal.Row) Entry {
	return Entry{
		Seq: r.Seq, ID: r.ID, At: r.When, ActorKind: r.Kind, Actor: r.Actor, Action: r.Action, Verb: r.Verb, Type: r.Type,
		Resource: r.Resource, Subjects: r.Subjects, Purpose: r.Purpose, Outcome: r.Outcome, Reason: r.Reason,
		Request: r.Request, Address: r.Address, Network: r.Connection.Network, Agent: r.Connection.Agent,
		Changes: r.Content.Changes, Note: r.Content.Note, Gone: r.Gone,
	}
}

// Visit is a reader's stay in JSON.
type Visit struct {
	ID   core.ID   `json:"id" doc:"Id of the visit"`
	Ends time.Time `json:"ends" doc:"Until when the reason holds"`
}

// Report is the result of a verification in JSON.
type Report struct {
	Sound       bool      `json:"sound" doc:"Whether everything is what was signed"`
	Size        uint64    `json:"size" doc:"Entries in the tree"`
	Root        string    `json:"root" doc:"Root of the tree, in hexadecimal"`
	Entries     uint64    `json:"entries" doc:"Entries read again"`
	Pruned      uint64    `json:"pruned" doc:"Entries of which only the hash is left"`
	Checkpoints int       `json:"checkpoints" doc:"Signatures checked"`
	Key         string    `json:"key" doc:"Public key of the journal (C2SP)"`
	Findings    []Finding `json:"findings" nullable:"false" doc:"What is wrong, and where"`
}

// Finding is one thing that is wrong.
type Finding struct {
	Kind   string `json:"kind" doc:"changed, removed, inserted, reordered, truncated, rewritten, unsigned, lost or misindexed"`
	From   uint64 `json:"from" doc:"First entry concerned"`
	To     uint64 `json:"to" doc:"Last one"`
	Detail string `json:"detail,omitempty" doc:"More, in English"`
}

// InList is the input of the list.
type InList struct {
	rest.InOrg
	rest.Cursor
	Actor    string `query:"actor" maxLength:"64" doc:"Id of who did it"`
	Subject  string `query:"subject" maxLength:"64" doc:"Id of the person concerned"`
	Person   string `query:"person" maxLength:"64" doc:"Id of a person: what they did and what concerns them"`
	Action   string `query:"action" maxLength:"64" doc:"noun.verb"`
	Resource string `query:"resource" maxLength:"64" doc:"Id of what it was done on"`
	Outcome  string `query:"outcome" enum:"success,failure,refused,unusual" doc:"How it ended; unusual is anything but success"`
	From     string `query:"from" maxLength:"10" doc:"First day: 2026-11-22"`
	To       string `query:"to" maxLength:"10" doc:"Last day"`
}

func (in *InList) filter() journal.Filter {
	return journal.ParseFilter(url.Values{
		"actor": {in.Actor}, "subject": {in.Subject}, "person": {in.Person}, "action": {in.Action}, "resource": {in.Resource},
		"outcome": {in.Outcome}, "from": {in.From}, "to": {in.To},
	})
}

const tag = "Journal"

// Register adds the operations of the journal.
func Register(a *rest.API, x *journal.Explorer) {
	rest.Op(a, edge.Needs(&journal.Open), rest.Operation{
		ID: "openJournal", Method: "POST", Path: "/organizations/{org}/journal/visits", Summary: "Say why the journal is read", Tag: tag,
		Detail: "The reason is kept in the journal and holds for two hours; without it the other operations answer journal.reason_needed.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Reason string `json:"reason" minLength:"10" maxLength:"1000" doc:"Why; kept in the journal"`
		}
	},
	) (*rest.One[Visit], error) {
		v, err := x.Open(ctx, in.Org, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return rest.Got(Visit{v.ID, v.Ends}, 0), nil
	})
	rest.Op(a, edge.Needs(&journal.Read), rest.Operation{
		ID: "listJournalEntries", Method: "GET", Path: "/organizations/{org}/journal/entries", Summary: "List entries, newest first", Tag: tag,
	}, func(ctx context.Context, in *InList) (*rest.List[Entry], error) {
		mark := journal.Mark{}
		if in.After != "" {
			mark = journal.ParseMark(in.After)
		}
		v, err := x.List(ctx, in.Org, in.filter(), mark, in.Limit)
		if err != nil {
			return nil, err
		}
		items := make([]Entry, len(v.Rows))
		for i, r := range v.Rows {
			items[i] = shape(r)
		}
		next := ""
		if v.Next != (journal.Mark{}) {
			next = v.Next.String()
		}
		return rest.Listed(items, next), nil
	})
	rest.Op(a, edge.Needs(&journal.Read), rest.Operation{
		ID: "getJournalEntry", Method: "GET", Path: "/organizations/{org}/journal/entries/{seq}", Summary: "Read one entry", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Seq uint64 `path:"seq" doc:"Place in the journal"`
	},
	) (*rest.One[Entry], error) {
		v, err := x.Entry(ctx, in.Org, in.Seq)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(v.Rows[0]), 0), nil
	})
	rest.Op(a, edge.Needs(&journal.Check), rest.Operation{
		ID: "verifyJournal", Method: "GET", Path: "/organizations/{org}/journal/verification", Summary: "Verify the journal now", Tag: tag,
	}, func(ctx context.Context, in *rest.InOrg) (*rest.One[Report], error) {
		r, err := x.Verify(ctx, in.Org, 0, ^uint64(0))
		if err != nil {
			return nil, err
		}
		return rest.Got(reported(r, x.Module().Key().String()), 0), nil
	})
}

func reported(r verify.Report, key string) Report {
	out := Report{
		Sound: r.OK(), Size: r.Size, Root: hexOf(r.Root), Entries: r.Entries, Pruned: r.Pruned, Checkpoints: r.Checkpoints,
		Key: key, Findings: []Finding{},
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, Finding{f.Kind, f.Seq, max(f.Seq, f.Until), f.Detail})
	}
	return out
}

func hexOf(h verify.Hash) string { return hex.EncodeToString(h[:]) }
