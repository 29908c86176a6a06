package organization

import (
	"time"

	"github.com/rempart/rempart/core"
)

// fresh is how recent the proof of identity must be for grave acts.
const fresh = 15 * time.Minute

func act(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeService, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

func with(d *core.ActDef, change func(*core.ActDef)) *core.ActDef { change(d); return d }

func open(d *core.ActDef)  { d.Reach = core.ByAnyone }
func quiet(d *core.ActDef) { d.Quiet = true }
func self(d *core.ActDef)  { d.Reach = core.BySelf }
func grave(d *core.ActDef) { d.Fresh = fresh }
func staff(d *core.ActDef) { d.Staff = true }

// The acts of this module.
var (
	ListMembers      = act("member.list", "member", core.Reads, "Voir la liste des membres", "See the list of members", "admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")
	ReadMember       = act("member.read", "member", core.Reads, "Voir la fiche d'un membre", "See a member's page", "admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")
	ExportMembers    = act("member.export", "member", core.Exports, "Exporter la liste des membres", "Export the list of members", "admin", "people", "provider.admin")
	InviteMember     = act("member.invite", "member", core.Creates, "Inviter un membre", "Invite a member", "admin", "people", "provider.admin")
	InviteWithRoles  = with(act("member.invite_with_roles", "member", core.Creates, "Inviter un membre et lui donner des rôles dès qu'il accepte", "Invite a member and give them roles as soon as they accept", "admin", "people", "provider.admin"), grave)
	CancelInvitation = act("invitation.cancel", "member", core.Deletes, "Annuler une invitation", "Cancel an invitation", "admin", "people", "provider.admin")
	EditMember       = act("member.edit", "member", core.Updates, "Modifier la fiche d'un membre", "Edit a member's page", "admin", "people", "provider.admin")
	RemoveMember     = with(act("member.remove", "member", core.Deletes, "Retirer un membre de l'organisation", "Remove a member from the organization", "admin", "people", "provider.admin"), grave)
	ImportMembers    = act("member.import", "member", core.Creates, "Importer des membres depuis un tableau", "Import members from a sheet", "admin", "people", "provider.admin")
	UndoImport       = act("import.undo", "import", core.Deletes, "Annuler un import de membres", "Undo an import of members", "admin", "people", "provider.admin")
	ReadImport       = act("import.read", "import", core.Reads, "Voir un import de membres", "See an import of members", "admin", "people", "provider.admin")
	CheckImport      = act("import.check", "import", core.Creates, "Essayer un import sans rien changer", "Try an import without changing anything", "admin", "people", "provider.admin")

	LeaveOrganization = with(act("organization.leave", "organization", core.Updates, "Quitter une organisation", "Leave an organization"), self)
	ReadMine          = with(act("organization.mine", "organization", core.Reads, "Voir ses organisations", "See one's organizations"),
		func(d *core.ActDef) { d.Reach, d.Quiet = core.BySelf, true })
	ReadOrganization = with(act("organization.read", "organization", core.Reads, "Voir son organisation", "See the organization", "member", "provider.admin", "provider.operator", "provider.support", "provider.dpo", "provider.auditor"), quiet)
	EditOrganization = act("organization.edit", "organization", core.Updates, "Modifier le nom et la langue de l'organisation", "Edit the organization's name and language", "admin", "provider.admin")

	LookInvitation   = with(act("invitation.look", "invitation", core.Reads, "Voir qui invite", "See who invites"), func(d *core.ActDef) { d.Reach, d.Quiet = core.ByAnyone, true })
	AcceptInvitation = with(act("invitation.accept", "member", core.Updates, "Accepter une invitation", "Accept an invitation"), open)
	SeeSignUp        = with(act("signup.see", "organization", core.Reads, "Voir la page d'inscription", "See the sign-up page"), func(d *core.ActDef) { d.Reach, d.Quiet = core.ByAnyone, true })
	AskSignUp        = with(act("signup.ask", "organization", core.Creates, "Demander l'inscription d'une organisation", "Ask for the sign-up of an organization"), open)
	ConfirmSignUp    = with(act("signup.confirm", "organization", core.Creates, "Confirmer l'inscription d'une organisation", "Confirm the sign-up of an organization"), open)

	ListOrganizations  = with(with(act("organization.list", "organization", core.Reads, "Voir la liste des organisations", "See the list of organizations", "provider.admin", "provider.operator", "provider.support", "provider.dpo", "provider.auditor"), staff), quiet)
	CreateOrganization = with(with(act("organization.create", "organization", core.Creates, "Créer une organisation", "Make an organization", "provider.admin", "provider.operator"), staff), grave)
	CloseOrganization  = with(with(act("organization.close", "organization", core.Deletes, "Fermer une organisation", "Close an organization", "provider.admin"), staff), grave)
)

// Sweeping is the duty by which probes take away what their canaries made.
var Sweeping = &core.Duty{
	Name: "organization.sweep",
	Why:  "imports and sign-ups of canaries are nobody's act to keep",
}
