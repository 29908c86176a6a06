package organization

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	professional = core.Column{Category: "professional", Purpose: core.PurposeService, Basis: core.Contract, Retention: "membership", OnErase: core.EraseRow}
	contact      = core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "membership", OnErase: core.EraseRow}
	// Name, address, function, department, group and committee are one sealed value.
	typed   = core.Column{Category: "professional", Purpose: core.PurposeService, Basis: core.Contract, Retention: "membership", Sealed: true, OnErase: core.EraseRow}
	author  = core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "membership", OnErase: core.EraseNull}
	secret  = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.Contract, Retention: "membership", Secret: true, OnErase: core.EraseRow}
	lines   = core.Column{Category: "professional", Purpose: core.PurposeService, Basis: core.Contract, Retention: "24h", Sealed: true, Secret: true, OnErase: core.Keep}
	pending = core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "24h", Sealed: true, Secret: true, OnErase: core.Keep}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "organization",
		Title:  core.Text{FR: "Organisations et membres", EN: "Organizations and members"},
		Tables: []core.Table{
			{
				Name: "organization_organization", Title: core.Text{FR: "Organisations", EN: "Organizations"},
				Columns: core.Plain("id", "name", "sort", "kind", "language", "time_zone", "state", "created_at", "closed_at", "version"),
			},
			{Name: "organization_member", Title: core.Text{FR: "Membres", EN: "Members"}, Columns: core.Columns(
				core.Plain("org", "id", "version", "import"),
				core.Personal(contact, "person"),
				core.Personal(typed, "sealed"),
				core.Personal(professional, "manager", "functional", "responsible", "state",
					"invited_at", "joined_at", "left_at"),
			)},
			{Name: "organization_invitation", Title: core.Text{FR: "Invitations", EN: "Invitations"}, Columns: core.Columns(
				core.Plain("org", "id", "member"),
				core.Personal(contact, "person", "created_at", "expires_at", "used_at", "cancelled_at"),
				core.Personal(secret, "secret"),
				core.Personal(author, "created_by"),
			)},
			{Name: "organization_signup", Title: core.Text{FR: "Inscriptions à confirmer", EN: "Sign-ups to confirm"}, Columns: core.Columns(
				core.Plain("id", "created_at", "expires_at"),
				core.Personal(pending, "sealed"),
				[]core.Column{{Name: "secret", Secret: true}},
			)},
			{Name: "organization_import", Title: core.Text{FR: "Imports de membres", EN: "Imports of members"}, Columns: core.Columns(
				core.Plain("org", "id", "state", "created_at", "expires_at", "applied_at", "undone_at", "added", "changed", "same", "refused", "kept"),
				core.Personal(lines, "sealed", "undo"),
				core.Personal(author, "created_by"),
			)},
		},
		Acts: []*core.ActDef{
			ListMembers, ReadMember, ExportMembers, InviteMember, InviteWithRoles, CancelInvitation, EditMember, RemoveMember,
			ImportMembers, UndoImport, ReadImport, CheckImport, LeaveOrganization, ReadMine, ReadOrganization, EditOrganization,
			LookInvitation, AcceptInvitation, SeeSignUp, AskSignUp, ConfirmSignUp, ListOrganizations, CreateOrganization, CloseOrganization,
		},
		Duties: []*core.Duty{Sweeping},
	}
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// ExportPerson gives the memberships of a person and the invitations that were sent to them.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	members, err := m.all(ctx, tx, qOfPerson, person)
	if err != nil {
		return err
	}
	for _, got := range members {
		err := emit(core.Record{Table: "organization_member", Values: map[string]any{
			"org": string(got.Org), "id": string(got.ID), "person": string(got.Person), "name": got.Name, "email": got.Email,
			"function": got.Function, "department": got.Department, "team": got.Group, "committee": got.Committee,
			"manager": string(got.Manager), "functional": got.Functional, "responsible": string(got.Responsible), "state": got.State,
			"invited_at": moment(got.InvitedAt), "joined_at": moment(got.JoinedAt), "left_at": moment(got.LeftAt),
		}})
		if err != nil {
			return err
		}
	}
	invitations, err := db.All(ctx, tx, qInvitationsOf, scanInvitation, person)
	if err != nil {
		return err
	}
	for _, i := range invitations {
		err := emit(core.Record{Table: "organization_invitation", Values: map[string]any{
			"org": string(i.Org), "id": string(i.ID), "person": string(i.Person), "created_at": moment(i.CreatedAt),
			"expires_at": moment(i.ExpiresAt), "used_at": moment(i.UsedAt), "cancelled_at": moment(i.CancelledAt),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson removes the memberships of a person and forgets what they did to others' rows.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	members, err := db.All(ctx, tx, qOfPerson, scanMember, person)
	if err != nil {
		return nil, err
	}
	for _, got := range members {
		if got.State == "left" {
			continue
		}
		if _, err := tx.Exec(ctx, qLeave, got.Org, got.ID, clock.Micros(m.needs.Clock.Now())); err != nil {
			return nil, err
		}
		if err := m.handOver(ctx, tx, got); err != nil {
			return nil, err
		}
	}
	receipts := []core.Receipt{{Table: "organization_member"}, {Table: "organization_invitation"}, {Table: "organization_import"}}
	for i, q := range []string{qErase, qEraseInvited, qForgetImports} {
		if receipts[i].Deleted, err = tx.Exec(ctx, q, person); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, qForgetInviter, person)
	return receipts, err
}
