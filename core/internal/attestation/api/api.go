// Package api gives the operations of attestations and of what staff owe under /api/v1.
//
// Owns: their shapes in JSON. Must not know: how they are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Attestations"

// Attestation is one in JSON.
type Attestation struct {
	ID          core.ID    `json:"id" doc:"Id of the attestation"`
	Kind        string     `json:"kind" doc:"What is attested, as policy packs name it"`
	Reach       string     `json:"reach" doc:"all, site or team"`
	Place       string     `json:"place,omitempty" doc:"Name of the site or team"`
	State       string     `json:"state" doc:"current, due (ends within 60 days), expired, replaced or withdrawn"`
	From        time.Time  `json:"from" doc:"Start of the period"`
	Until       time.Time  `json:"until" doc:"When it is to be renewed"`
	Signer      core.ID    `json:"signer" doc:"Person who signed"`
	SignedAt    time.Time  `json:"signed_at" doc:"When"`
	AAL         int        `json:"aal" doc:"Assurance level of the signer (NIST SP 800-63B)"`
	SHA256      string     `json:"sha256" doc:"SHA-256 of the text signed, which is in the journal entry too"`
	Entry       core.ID    `json:"entry" doc:"Entry of the journal"`
	Renews      core.ID    `json:"renews,omitempty" doc:"Attestation that it took the place of"`
	ReplacedBy  core.ID    `json:"replaced_by,omitempty" doc:"Attestation that took its place"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty" doc:"When it was withdrawn"`
	TextFR      string     `json:"text_fr" doc:"Statement signed, in French"`
	TextEN      string     `json:"text_en" doc:"Statement signed, in English"`
	Details     string     `json:"details,omitempty" doc:"What the signer added; with one attestation only"`
	Files       []File     `json:"files,omitempty" doc:"Evidence; with one attestation only"`
	Sound       *bool      `json:"sound,omitempty" doc:"Whether this is what was signed; with one attestation only"`
}

// File is a piece of evidence in JSON.
type File struct {
	ID     core.ID `json:"id" doc:"Id of the file"`
	Name   string  `json:"name" doc:"Its name"`
	Type   string  `json:"type" doc:"Its type, by its content"`
	Size   int     `json:"size" doc:"Bytes"`
	SHA256 string  `json:"sha256" doc:"SHA-256 of its content"`
}

func shape(a *attestation.Attestation, now time.Time) Attestation {
	out := Attestation{
		ID: a.ID, Kind: a.Kind, Reach: a.Reach, Place: a.Place, State: string(a.State(now)), From: a.From, Until: a.Until, Signer: a.Signer,
		SignedAt: a.SignedAt, AAL: a.AAL, SHA256: a.Digest, Entry: a.Entry, Renews: a.Renews, ReplacedBy: a.ReplacedBy,
		TextFR: a.Text.FR, TextEN: a.Text.EN, Details: a.Details,
	}
	if !a.WithdrawnAt.IsZero() {
		out.WithdrawnAt = &a.WithdrawnAt
	}
	for _, f := range a.Files {
		out.Files = append(out.Files, File{f.ID, f.Name, f.Type, f.Size, f.Digest})
	}
	return out
}

// Identified is the id of what was made.
type Identified struct {
	ID core.ID `json:"id" doc:"Id of what was made"`
}

// Register adds the operations.
func Register(a *rest.API, m *attestation.Module) {
	reading(a, m)
	signing(a, m)
	duties(a, m)
}

func reading(a *rest.API, m *attestation.Module) {
	rest.Op(a, edge.Needs(attestation.Read), rest.Operation{
		ID: "listAttestations", Method: "GET", Path: "/provider/attestations", Summary: "List attestations", Tag: tag,
	}, func(ctx context.Context, in *struct {
		State string `query:"state" maxLength:"20" doc:"Only those of this state"`
	},
	) (*rest.List[Attestation], error) {
		v, err := m.List(ctx, attestation.State(in.State))
		if err != nil {
			return nil, err
		}
		out := make([]Attestation, len(v.List))
		for i := range v.List {
			out[i] = shape(&v.List[i], m.Now())
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(attestation.Read), rest.Operation{
		ID: "readAttestation", Method: "GET", Path: "/provider/attestations/{attestation}", Summary: "Read an attestation with its evidence", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Attestation core.ID `path:"attestation" maxLength:"64" doc:"Id of the attestation"`
	},
	) (*rest.One[Attestation], error) {
		s, err := m.Get(ctx, in.Attestation)
		if err != nil {
			return nil, err
		}
		out := shape(&s.Attestation, m.Now())
		out.Sound = &s.Sound
		return rest.Got(out, 0), nil
	})
}

// Sent is a file sent in JSON.
type Sent struct {
	Name    string `json:"name" minLength:"1" maxLength:"120" doc:"Its name"`
	Content []byte `json:"content" doc:"Its content in base64: PDF, PNG, JPEG, ODT, DOCX or text, 10 MiB at most"`
}

func signing(a *rest.API, m *attestation.Module) {
	rest.Op(a, edge.Needs(attestation.Sign), rest.Operation{
		ID: "signAttestation", Method: "POST", Path: "/provider/attestations", Summary: "Sign an attestation", Tag: tag, Status: 201,
		MaxBody: attestation.AllBytes*4/3 + 1<<20,
		Detail:  "The signer is the caller, who must have proved who they are within 15 minutes. The statement is the platform's; details are added to it.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Kind    string    `json:"kind" maxLength:"40" doc:"What is attested"`
			Reach   string    `json:"reach" enum:"all,site,team" doc:"What it bears on"`
			Place   string    `json:"place,omitempty" maxLength:"120" doc:"Name of the site or team"`
			From    time.Time `json:"from" doc:"Start of the period"`
			Until   time.Time `json:"until" doc:"When it is to be renewed, two years on at most"`
			Details string    `json:"details,omitempty" maxLength:"4000" doc:"Added to the statement"`
			Renews  core.ID   `json:"renews,omitempty" maxLength:"64" doc:"Attestation that it takes the place of"`
			Files   []Sent    `json:"files,omitempty" maxItems:"20" doc:"Evidence"`
		}
	},
	) (*rest.One[Identified], error) {
		b := in.Body
		d := attestation.Draft{Kind: b.Kind, Reach: b.Reach, Place: b.Place, From: b.From, Until: b.Until, Details: b.Details, Renews: b.Renews}
		for _, f := range b.Files {
			d.Files = append(d.Files, attestation.Upload{Name: f.Name, Content: f.Content})
		}
		id, err := m.Sign(ctx, d)
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
	rest.Op(a, edge.Needs(attestation.Withdraw), rest.Operation{
		ID: "withdrawAttestation", Method: "POST", Path: "/provider/attestations/{attestation}/withdraw", Summary: "Withdraw an attestation", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Attestation core.ID `path:"attestation" maxLength:"64" doc:"Id of the attestation"`
		Body        struct {
			Why string `json:"why" minLength:"1" maxLength:"500" doc:"Why"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Withdraw(ctx, in.Attestation, in.Body.Why)
	})
}

// Owing is how one member of staff stands in JSON.
type Owing struct {
	Person       core.ID    `json:"person" doc:"Member of staff"`
	Lacks        []string   `json:"lacks" doc:"charter, training: what is missing or overdue"`
	CharterAt    *time.Time `json:"charter_at,omitempty" doc:"When the charter was signed"`
	TrainedUntil *time.Time `json:"trained_until,omitempty" doc:"When the training is due again"`
}

func duties(a *rest.API, m *attestation.Module) {
	rest.Op(a, edge.Needs(attestation.ReadDuties), rest.Operation{
		ID: "listStaffDuties", Method: "GET", Path: "/provider/duties", Summary: "List what each member of staff owes", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Owing], error) {
		t, err := m.TeamDuties(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Owing, len(t.People))
		for i, o := range t.People {
			out[i] = Owing{Person: o.Person, Lacks: append([]string{}, o.Lacks...)}
			if l, did := o.Lines[attestation.Charter]; did {
				out[i].CharterAt = &l.Done
			}
			if l, did := o.Lines[attestation.Training]; did {
				out[i].TrainedUntil = &l.Until
			}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(attestation.Record), rest.Operation{
		ID: "recordTraining", Method: "POST", Path: "/provider/duties/training", Summary: "Record that a member of staff was trained", Tag: tag, Status: 204,
	}, func(ctx context.Context, in *struct {
		Body struct {
			Person core.ID   `json:"person" maxLength:"64" doc:"Member of staff"`
			Title  string    `json:"title" minLength:"1" maxLength:"200" doc:"Training taken"`
			Day    time.Time `json:"day" doc:"When, within the past year"`
		}
	},
	) (*rest.None, error) {
		return nil, m.RecordTraining(ctx, in.Body.Person, in.Body.Title, in.Body.Day)
	})
}
