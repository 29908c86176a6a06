package archive

import (
	"time"

	"github.com/rempart/rempart/core"
)

const (
	onArchive = "archive"
	onData    = "own_data"
	sensitive = 15 * time.Minute
)

// The acts of this module.
var (
	SeeOwn = core.ActDef{
		Permission: "own_data.read", Resource: onData, Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Voir ce qui est gardé de soi", EN: "See what is held about oneself"},
	}
	ExportOwn = core.ActDef{
		Permission: "own_data.export", Resource: onData, Verb: core.Exports, Reach: core.BySelf, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Prendre ce qui est gardé de soi, en JSON", EN: "Take what is held about oneself, as JSON"},
	}
	AskOwn = core.ActDef{
		Permission: "archive.ask", Resource: onArchive, Verb: core.Creates, Reach: core.BySelf, Purpose: core.PurposeLegal, Fresh: sensitive,
		Title: core.Text{FR: "Demander l'archive de ses données", EN: "Ask for the archive of one's data"},
	}
	ListOwn = core.ActDef{
		Permission: "archive.own", Resource: onArchive, Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Voir ses archives", EN: "See one's archives"},
	}
	TakeOwn = core.ActDef{
		Permission: "archive.download", Resource: onArchive, Verb: core.Exports, Reach: core.BySelf, Purpose: core.PurposeLegal, Fresh: sensitive,
		Title: core.Text{FR: "Télécharger l'archive de ses données", EN: "Download the archive of one's data"},
	}
	Build = core.ActDef{
		Permission: "archive.build", Resource: onArchive, Verb: core.Exports, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Composer l'archive d'une personne", EN: "Build the archive of a person"},
	}
)

// The housekeeping of this module.
var (
	Work  = &core.Duty{Name: "archive.work", Why: "how far an archive is and its sealed pieces; that it was built is journaled when it is ready"}
	Trial = &core.Duty{Name: "archive.trial", Why: "ages the archive of a canary, to see that its link dies: the row is the canary's own"}
)

var (
	own    = core.Column{Category: "identity", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "own_archive", OnErase: core.EraseRow}
	sealed = core.Column{Category: "identity", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "own_archive", Sealed: true, Secret: true, OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "archive", Title: core.Text{FR: "Mes données et leurs archives", EN: "One's own data and their archives"},
		Tables: []core.Table{
			{Name: "archive_archive", Title: core.Text{FR: "Archives de mes données", EN: "Archives of one's data"}, Columns: core.Columns(
				core.Plain("id", "request", "done", "total", "pieces", "digest"),
				core.Personal(own, "person", "portable", "state", "records", "size", "made_at", "ready_at", "taken_at"))},
			{Name: "archive_piece", Title: core.Text{FR: "Contenu scellé des archives", EN: "Sealed content of archives"}, Columns: core.Columns(
				core.Plain("archive", "n"), core.Personal(sealed, "sealed"))},
		},
		Acts:   []*core.ActDef{&SeeOwn, &ExportOwn, &AskOwn, &ListOwn, &TakeOwn, &Build},
		Duties: []*core.Duty{Work, Trial},
		Activities: []core.Activity{{
			ID: "archive.access", Title: core.Text{FR: "Accès aux données et portabilité", EN: "Access to data and portability"},
			About:    core.Text{FR: "Montrer et remettre à chacun ce qui est gardé de lui (articles 15 et 20)", EN: "Show and give to each person what is held about them (articles 15 and 20)"},
			Part:     core.Controller,
			Purposes: []core.Purpose{core.PurposeLegal},
			Persons:  []core.Text{{FR: "toute personne qui a un compte", EN: "anyone who has an account"}},
			Tables:   []string{"archive_archive", "archive_piece"},
		}},
		Rules: []core.RetentionRule{{
			Name: "own_archive", Title: core.Text{FR: "sept jours", EN: "seven days"}, From: core.Text{FR: "la demande de l'archive", EN: "the archive was asked for"},
			Days: 7, Ground: core.LegalObligation,
		}},
	}
}
