package web

import (
	"context"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

// Suspender suspends persons in an organization (ACC-6.1): the module of access.
type Suspender interface {
	// SuspendMembers suspends persons for one of the seven reasons, with a text that they are told, until a moment (zero:
	// until lifted); all of them or none.
	SuspendMembers(ctx context.Context, org core.ID, persons []core.ID, reason, text string, until time.Time) error
}

type pages struct {
	orgs    *organization.Module
	suspend Suspender
	roles   func(ctx context.Context, org core.ID) ([]ui.Option, error)
	now     func() time.Time
	photos  func(ctx context.Context, persons []core.ID) (map[core.ID]core.ID, error)
}

// Options is what the pages take besides the module.
type Options struct {
	Suspender  Suspender    // nil leaves the bulk suspension out
	SuspendAct *core.ActDef // what it does
	// Roles gives the roles that an organization can filter by, titled; nil leaves the filter out.
	Roles func(ctx context.Context, org core.ID) ([]ui.Option, error)
	Now   func() time.Time
	// Photos tells which of some persons have a photo, and its version; nil when none has.
	Photos func(ctx context.Context, persons []core.ID) (map[core.ID]core.ID, error)
}

// Routes are the pages of organizations and members.
func Routes(m *organization.Module, o Options) []edge.Route {
	p := pages{m, o.Suspender, o.Roles, o.Now, o.Photos}
	if p.now == nil {
		p.now = time.Now
	}
	if p.photos == nil {
		p.photos = func(context.Context, []core.ID) (map[core.ID]core.ID, error) { return nil, nil }
	}
	link := edge.Public("opened by a single-use link sent by mail; shows the name of the organization alone")
	sign := edge.Public("whoever has no account signs an organization up; throttled, closed by a setting")
	routes := []edge.Route{
		{Pattern: "GET /o/{org}/members", Access: edge.Needs(organization.ListMembers), Handle: p.members},
		{Pattern: "POST /o/{org}/members/search", Access: edge.Needs(organization.ListMembers), Handle: p.search},
		{Pattern: "GET /o/{org}/members/export", Access: edge.Needs(organization.ExportMembers), Handle: p.export},
		{Pattern: "POST /o/{org}/members/bulk", Access: edge.Needs(organization.ListMembers), Handle: p.bulk},
		{Pattern: "POST /o/{org}/members/bulk/resend", Access: edge.Needs(organization.InviteMember), Handle: p.bulkResend},
		{Pattern: "POST /o/{org}/members/bulk/move", Access: edge.Needs(organization.EditMember), Handle: p.bulkMove},
		{Pattern: "POST /o/{org}/members/bulk/remove", Access: edge.Needs(organization.RemoveMember), Handle: p.bulkRemove},
		{Pattern: "GET /o/{org}/members/new", Access: edge.Needs(organization.InviteMember), Handle: p.inviting},
		{Pattern: "POST /o/{org}/members/new", Access: edge.Needs(organization.InviteMember), Handle: p.invited},
		{Pattern: "GET /o/{org}/members/{member}", Access: edge.Needs(organization.ReadMember), Handle: p.member},
		{Pattern: "GET /o/{org}/members/{member}/edit", Access: edge.Needs(organization.EditMember), Handle: p.editing},
		{Pattern: "POST /o/{org}/members/{member}/edit", Access: edge.Needs(organization.EditMember), Handle: p.edited},
		{Pattern: "POST /o/{org}/members/{member}/resend", Access: edge.Needs(organization.InviteMember), Handle: p.resend},
		{Pattern: "POST /o/{org}/members/{member}/cancel", Access: edge.Needs(organization.CancelInvitation), Handle: p.cancel},
		{Pattern: "POST /o/{org}/members/{member}/remove", Access: edge.Needs(organization.RemoveMember), Handle: p.remove},

		{Pattern: "GET /o/{org}/import", Access: edge.Needs(organization.ReadImport), Handle: p.imports},
		{Pattern: "POST /o/{org}/import", Access: edge.Needs(organization.CheckImport), Handle: p.upload, MaxBody: organization.MostBytes + 1<<20},
		{Pattern: "GET /o/{org}/import/{import}", Access: edge.Needs(organization.ReadImport), Handle: p.dryRun},
		{Pattern: "POST /o/{org}/import/{import}/columns", Access: edge.Needs(organization.CheckImport), Handle: p.columns},
		{Pattern: "POST /o/{org}/import/{import}/apply", Access: edge.Needs(organization.ImportMembers), Handle: p.apply},
		{Pattern: "POST /o/{org}/import/{import}/undo", Access: edge.Needs(organization.UndoImport), Handle: p.undo},
		{Pattern: "POST /o/{org}/import/{import}/drop", Access: edge.Needs(organization.CheckImport), Handle: p.drop},

		{Pattern: "GET /o/{org}/profile", Access: edge.Needs(organization.EditOrganization), Handle: p.profile},
		{Pattern: "POST /o/{org}/profile", Access: edge.Needs(organization.EditOrganization), Handle: p.profileSaved},
		{Pattern: "POST /o/{org}/leave", Access: edge.Needs(organization.LeaveOrganization), Handle: p.leave},

		{Pattern: "GET /invitation/{token}", Access: link, Handle: p.invitation},
		{Pattern: "POST /invitation/{token}", Access: link, Handle: p.accept},
		{Pattern: "GET /signup", Access: sign, Handle: p.signUp},
		{Pattern: "POST /signup", Access: sign, Handle: p.signUpAsked},
		{Pattern: "GET /signup/{token}", Access: link, Handle: p.signUpLink},
		{Pattern: "POST /signup/{token}", Access: link, Handle: p.signUpConfirmed},

		{Pattern: "GET /provider/organizations", Access: edge.Needs(organization.ListOrganizations), Handle: p.organizations},
		{Pattern: "GET /provider/organizations/new", Access: edge.Needs(organization.CreateOrganization), Handle: p.creating},
		{Pattern: "POST /provider/organizations/new", Access: edge.Needs(organization.CreateOrganization), Handle: p.created},
		{Pattern: "GET /provider/organizations/{client}", Access: edge.Needs(organization.ListOrganizations), Handle: p.organization},
		{Pattern: "POST /provider/organizations/{client}/close", Access: edge.Needs(organization.CloseOrganization), Handle: p.close},
	}
	if o.Suspender != nil {
		routes = append(routes, edge.Route{Pattern: "POST /o/{org}/members/bulk/suspend", Access: edge.Needs(o.SuspendAct), Handle: p.bulkSuspend})
	}
	return routes
}

var (
	tMembers    = i18n.T("Membres", "Members")
	tName       = i18n.T("Nom", "Name")
	tFunction   = i18n.T("Fonction", "Function")
	tDepartment = i18n.T("Service", "Department")
	tGroup      = i18n.T("Groupe", "Group")
	tCommittee  = i18n.T("Commission", "Committee")
	tManager    = i18n.T("Responsable", "Manager")
	tState      = i18n.T("État", "State")
	tAdded      = i18n.T("Ajouté", "Added")
	tActive     = i18n.T("Actif", "Active")
	tInvited    = i18n.T("Invité", "Invited")
	tLeft       = i18n.T("Parti", "Left")
	tSave       = i18n.T("Enregistrer", "Save")
	tCancel     = i18n.T("Annuler", "Cancel")
	tReason     = i18n.T("Raison", "Reason")
	tReasonHint = i18n.T("Gardée au journal, chiffrée.", "Kept in the journal, encrypted.")
	tNone       = i18n.T("aucun", "none")
)

func badge(ctx context.Context, state string) ui.Badge {
	switch state {
	case "active":
		return ui.Badge{Text: tActive.In(ctx), Tone: ui.Good}
	case "invited":
		return ui.Badge{Text: tInvited.In(ctx), Tone: ui.Info}
	}
	return ui.Badge{Text: tLeft.In(ctx)}
}

func at(org core.ID, rest string) string { return "/o/" + string(org) + rest }

func membersCrumb(ctx context.Context, org core.ID) ui.Crumb {
	return ui.Crumb{Label: tMembers.In(ctx), Href: at(org, "/members")}
}

// chosen reads the ids of ticked rows.
func chosen(values []string) []core.ID {
	ids := make([]core.ID, 0, len(values))
	for _, v := range values {
		if v != "" {
			ids = append(ids, core.ID(v))
		}
	}
	return ids
}

// asking makes a page know which acts to offer.
func asking(r *http.Request) *http.Request {
	return ui.Asking(r, "member.export", "member.invite", "member.edit", "member.remove", "member.import", "suspension.declare", "account.read")
}
