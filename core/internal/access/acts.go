package access

import (
	"time"

	"github.com/rempart/rempart/core"
)

// sensitive is how fresh the proof of identity must be to change rights.
const sensitive = 15 * time.Minute

// The acts of this module, each with the permission that it asks for. Pages and API operations declare them.
var (
	GiveAssignment = core.ActDef{
		Permission: "assignment.give", Resource: "assignment", Verb: core.Creates, Purpose: core.PurposeService, Fresh: sensitive,
		Holders: []string{"admin", "people", "provider.admin"},
		Title:   core.Text{FR: "Attribuer un rôle que l'on détient", EN: "Assign a role that one holds"},
	}
	DelegateAny = core.ActDef{
		Permission: "assignment.delegate", Resource: "assignment", Verb: core.Creates, Purpose: core.PurposeService, Fresh: sensitive,
		Holders: []string{"admin", "provider.admin"},
		Title:   core.Text{FR: "Attribuer tout rôle de l'organisation", EN: "Assign any role of the organization"},
	}
	RevokeAssignment = core.ActDef{
		Permission: "assignment.revoke", Resource: "assignment", Verb: core.Deletes, Purpose: core.PurposeService,
		Holders: []string{"admin", "people", "security", "provider.admin"},
		Title:   core.Text{FR: "Retirer un rôle", EN: "Revoke a role"},
	}
	DefineRole = core.ActDef{
		Permission: "role.define", Resource: "role", Verb: core.Updates, Purpose: core.PurposeService, Fresh: sensitive,
		Holders: []string{"admin", "provider.admin"},
		Title:   core.Text{FR: "Créer, modifier et retirer des rôles", EN: "Create, change and retire roles"},
	}
	ReadRoles = core.ActDef{
		Permission: "role.read", Resource: "role", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true,
		Holders: []string{"admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Lire les rôles et les permissions", EN: "Read roles and permissions"},
	}
	ReadHabilitations = core.ActDef{
		Permission: "habilitation.read", Resource: "habilitation", Verb: core.Reads, Purpose: core.PurposeSecurity,
		Holders: []string{"admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Lire la table des habilitations", EN: "Read the habilitation table"},
	}
	ExportHabilitations = core.ActDef{
		Permission: "habilitation.export", Resource: "habilitation", Verb: core.Exports, Purpose: core.PurposeSecurity,
		Holders: []string{"admin", "security", "auditor", "provider.admin", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Exporter la table des habilitations", EN: "Export the habilitation table"},
	}
	ReadOwn = core.ActDef{
		Permission: "habilitation.own", Resource: "habilitation", Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeService, Quiet: true,
		Title: core.Text{FR: "Lire ses propres habilitations", EN: "Read one's own habilitations"},
	}
	Suspend = core.ActDef{
		Permission: "suspension.declare", Resource: "suspension", Verb: core.Creates, Purpose: core.PurposeSecurity, Fresh: sensitive,
		Holders: []string{"admin", "security", "provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Suspendre une personne ou un service", EN: "Suspend a person or a service"},
	}
	SuspendOrganization = core.ActDef{
		Permission: "suspension.organization", Resource: "suspension", Verb: core.Creates, Purpose: core.PurposeSecurity, Fresh: sensitive, Staff: true,
		Holders: []string{"provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Suspendre une organisation", EN: "Suspend an organization"},
	}
	Lift = core.ActDef{
		Permission: "suspension.lift", Resource: "suspension", Verb: core.Updates, Purpose: core.PurposeSecurity, Fresh: sensitive,
		Holders: []string{"admin", "security", "provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Lever une suspension", EN: "Lift a suspension"},
	}
	ReadSuspensions = core.ActDef{
		Permission: "suspension.read", Resource: "suspension", Verb: core.Reads, Purpose: core.PurposeSecurity,
		Holders: []string{"admin", "people", "security", "auditor", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Lire les suspensions", EN: "Read suspensions"},
	}
	ChangeAllow = core.ActDef{
		Permission: "allow.change", Resource: "allow", Verb: core.Updates, Purpose: core.PurposeSecurity, Fresh: sensitive,
		Holders: []string{"admin", "security", "provider.admin"},
		Title:   core.Text{FR: "Changer les adresses admises", EN: "Change the allowed addresses"},
	}
	ReadAllow = core.ActDef{
		Permission: "allow.read", Resource: "allow", Verb: core.Reads, Purpose: core.PurposeSecurity, Quiet: true,
		Holders: []string{"admin", "security", "auditor", "provider.admin", "provider.operator", "provider.auditor"},
		Title:   core.Text{FR: "Lire les adresses admises", EN: "Read the allowed addresses"},
	}
)

var dutyUsage = core.Duty{
	Name: "access.usage",
	Why:  "Notes the last day on which a permission was used, so that unused rights are listed (ACC-5.1); the acts themselves are journaled.",
}

var dutyCatalogue = core.Duty{
	Name: "access.catalogue",
	Why:  "Notes what each built-in role holds in this version, so that the habilitation table of a past date stays true (CTI-37.7).",
}

var professional = core.Column{
	Category: "professional", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "7y", OnErase: core.Keep,
}

// Manifest declares the tables, the acts and the duties of this module.
func (m *Module) Manifest() core.Manifest {
	freeText := professional
	freeText.OnErase, freeText.Sealed = core.EraseNull, true
	usage := professional
	usage.Retention, usage.OnErase = "12m", core.EraseRow
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "access",
		Title:  core.Text{FR: "Habilitations", EN: "Habilitations"},
		Tables: []core.Table{
			{
				Name: "access_role", Title: core.Text{FR: "Rôles des organisations", EN: "Roles of organizations"},
				Columns: core.Columns(core.Plain("org", "id", "service", "name", "description", "created_at", "retired_at"),
					core.Personal(professional, "created_by")),
			},
			{
				Name: "access_role_permission", Title: core.Text{FR: "Permissions des rôles", EN: "Permissions of roles"},
				Columns: core.Plain("org", "role", "permission", "from_at", "until_at"),
			},
			{
				Name: "access_assignment", Title: core.Text{FR: "Rôles attribués", EN: "Roles assigned"},
				Columns: core.Columns(core.Plain("org", "id", "service", "object", "given_at", "from_at", "until_at", "revoked_at"),
					core.Personal(professional, "person", "role", "approver", "given_by", "revoked_by"),
					core.Personal(freeText, "reason", "revoke_reason")),
			},
			{
				Name: "access_suspension", Title: core.Text{FR: "Suspensions", EN: "Suspensions"},
				Columns: core.Columns(core.Plain("id", "decided_in", "acts_in", "scope", "from_at", "until_at", "lifted_at"),
					core.Personal(professional, "target", "reason", "declared_by", "lifted_by"),
					core.Personal(freeText, "explanation", "lift_reason")),
			},
			{
				Name: "access_allow", Title: core.Text{FR: "Adresses admises", EN: "Allowed addresses"},
				Columns: core.Columns(core.Plain("org", "service", "prefix", "added_at"), []core.Column{{Name: "note", Sealed: true}}, core.Personal(professional, "added_by")),
			},
			{
				Name: "access_usage", Title: core.Text{FR: "Dernier usage des permissions", EN: "Last use of permissions"},
				Columns: core.Columns(core.Plain("org"), core.Personal(usage, "person", "permission", "last_day")),
			},
		},
		Acts: []*core.ActDef{
			&GiveAssignment, &DelegateAny, &RevokeAssignment, &DefineRole, &ReadRoles, &ReadHabilitations, &ExportHabilitations,
			&ReadOwn, &Suspend, &SuspendOrganization, &Lift, &ReadSuspensions, &ChangeAllow, &ReadAllow,
		},
		Duties: []*core.Duty{&dutyUsage, &dutyCatalogue, &dutyAge},
	}
}
