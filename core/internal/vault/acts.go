package vault

import "github.com/rempart/rempart/core"

// The acts of the key store, all of the platform itself or of a command on its machine.
var (
	RotateAct = &core.ActDef{
		Permission: "key.rotate", Resource: "key", Verb: core.Updates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Renouveler les clés des organisations", EN: "Renew the keys of organizations"},
	}
	SheetAct = &core.ActDef{
		Permission: "key.sheet", Resource: "key", Verb: core.Exports, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Imprimer la feuille de secours de la clé racine", EN: "Print the recovery sheet of the root key"},
	}
	RestoreAct = &core.ActDef{
		Permission: "key.restore", Resource: "key", Verb: core.Updates, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Restaurer le coffre des clés", EN: "Restore the key store"},
	}
)
