package control

import (
	"time"

	"github.com/rempart/rempart/core"
)

var staffReaders = []string{"provider.admin", "provider.operator", "provider.dpo", "provider.auditor"}

// The acts of this module.
var (
	ReadClauses = &core.ActDef{
		Permission: "clause.read", Resource: "clause", Verb: core.Reads, Purpose: core.PurposeSecurity, Quiet: true, Staff: true,
		Holders: staffReaders,
		Title:   core.Text{FR: "Voir les clauses, les sondes et les constats", EN: "See the clauses, probes and observations"},
	}
	ReadPromises = &core.ActDef{
		Permission: "promise.read", Resource: "clause", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true,
		Holders: []string{"admin", "security", "auditor"},
		Title:   core.Text{FR: "Voir les clauses promises à l'organisation", EN: "See the clauses promised to the organization"},
	}
	SignPromises = &core.ActDef{
		Permission: "promise.sign", Resource: "policy", Verb: core.Updates, Purpose: core.PurposeLegal, Fresh: 15 * time.Minute,
		Holders: []string{"admin"},
		Title:   core.Text{FR: "Signer la version d'une politique", EN: "Sign a version of a policy"},
	}
	RunProbe = &core.ActDef{
		Permission: "probe.run", Resource: "observation", Verb: core.Creates, Purpose: core.PurposeSecurity, Staff: true,
		Holders: []string{"provider.admin", "provider.operator", "provider.auditor"},
		Title:   core.Text{FR: "Lancer une sonde", EN: "Run a probe"},
	}
	PublishPolicy = &core.ActDef{
		Permission: "policy.publish", Resource: "policy", Verb: core.Updates, Purpose: core.PurposeLegal, Fresh: 15 * time.Minute, Staff: true,
		Holders: []string{"provider.admin"},
		Title:   core.Text{FR: "Publier une politique ou retirer une clause", EN: "Publish a policy or withdraw a clause"},
	}
	TellPolicy = &core.ActDef{
		Permission: "policy.tell", Resource: "policy", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Prévenir une organisation d'une version", EN: "Tell an organization of a version"},
	}
	ManageWebhooks = &core.ActDef{
		Permission: "webhook.manage", Resource: "webhook", Verb: core.Updates, Purpose: core.PurposeSecurity, Fresh: 15 * time.Minute, Staff: true,
		Holders: []string{"provider.admin"},
		Title:   core.Text{FR: "Gérer les destinations d'alertes", EN: "Manage where alerts are sent"},
	}
)

// What the module writes by itself, without an act.
var (
	dutyLease  = &core.Duty{Name: "control.lease", Why: "who runs a probe now and when it is due again; its observation is journaled"}
	dutySweep  = &core.Duty{Name: "control.sweep", Why: "observations older than 400 days are forgotten, but the newest of a probe and those of a break; each was journaled"}
	dutyStatus = &core.Duty{Name: "control.status", Why: "status of clauses computed from journaled observations, and its count per day"}
	dutyHook   = &core.Duty{Name: "control.webhook", Why: "outcome of the delivery of an alert; the observation that raised it is journaled"}
)
