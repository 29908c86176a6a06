package vault

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed blind/*.sql
var blindFiles embed.FS

// BlindSchema is the tables of organizations' own keys, beside the data.
func BlindSchema() db.Schema {
	sub, err := fs.Sub(blindFiles, "blind")
	if err != nil {
		panic(err) // the name is that of the folder above
	}
	return db.Schema{Module: "blind", FS: sub}
}

var (
	qPair = db.SQL(`SELECT generation, public, salt, by_phrase, by_recovery, made, changed FROM blind_key WHERE org = $1
		ORDER BY generation DESC LIMIT 1`)
	qMakePair = db.SQL(`INSERT INTO blind_key (org, generation, public, salt, by_phrase, by_recovery, made, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`)
	qRephrase = db.SQL(`UPDATE blind_key SET salt = $3, by_phrase = $4, changed = $5 WHERE org = $1 AND generation = $2`)
	qUnlock   = db.SQL(`INSERT INTO blind_unlock (org, id, session, person, generation, wrapped, made, ends) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qLock     = db.SQL(`DELETE FROM blind_unlock WHERE org = $1 AND session = $2`)
	qUnlocked = db.SQL(`SELECT wrapped, ends FROM blind_unlock WHERE org = $1 AND id = $2 AND session = $3 AND ends > $4`)

	qUnlockSweep = db.SQL(`DELETE FROM blind_unlock WHERE ends <= $1`)
	qUnlocksOf   = db.SQL(`SELECT org, made, ends FROM blind_unlock WHERE person = $1 ORDER BY made`)
	qEraseUnlock = db.SQL(`DELETE FROM blind_unlock WHERE person = $1`)
)

func blindAct(permission core.Permission, verb core.Verb, fresh time.Duration, quiet bool, holders []string, fr, en string) core.ActDef {
	return core.ActDef{
		Permission: permission, Resource: "organization_key", Verb: verb, Purpose: core.PurposeSecurity, Fresh: fresh, Quiet: quiet,
		Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

// The acts of organizations' own keys.
var (
	SeeBlind = blindAct("organization_key.read", core.Reads, 0, true, []string{"admin", "people", "security", "privacy"},
		"Voir la clé propre à l'organisation", "See the organization's own key")
	MakeBlind = blindAct("organization_key.make", core.Creates, 10*time.Minute, false, []string{"admin"},
		"Créer la clé propre à l'organisation", "Make the organization's own key")
	RephraseBlind = blindAct("organization_key.rephrase", core.Updates, 10*time.Minute, false, []string{"admin"},
		"Changer la phrase secrète de l'organisation", "Change the passphrase of the organization")
	UnlockBlind = blindAct("organization_key.unlock", core.Updates, 0, false, []string{"admin", "people", "security", "privacy"},
		"Déverrouiller les champs propres à l'organisation", "Unlock the organization's own fields")
	LockBlind = blindAct("organization_key.lock", core.Updates, 0, false, []string{"admin", "people", "security", "privacy"},
		"Verrouiller les champs propres à l'organisation", "Lock the organization's own fields")

	guessing = core.Duty{Name: "blind.guess", Why: "counts attempts at a passphrase; the attempt itself is an act"}
	sweeping = core.Duty{Name: "blind.sweep", Why: "forgets unlockings that ended by themselves"}
)

// Manifest declares what is kept: a key pair that only the organization opens, and who unlocked it until when.
func (b *Blind) Manifest() core.Manifest {
	return core.Manifest{
		Module: "blind",
		Title:  core.Text{FR: "Clés propres aux organisations", EN: "Organizations' own keys"},
		Acts:   []*core.ActDef{&SeeBlind, &MakeBlind, &RephraseBlind, &UnlockBlind, &LockBlind},
		Duties: []*core.Duty{&guessing, &sweeping, &tidying},
		Activities: []core.Activity{{
			ID: "blind.unlock", Title: core.Text{FR: "Déverrouillage des champs propres à une organisation", EN: "Unlocking of an organization's own fields"},
			About: core.Text{FR: "Laisser une personne lire, le temps de sa session, ce que le fournisseur ne peut pas lire", EN: "Let a person read, as long as their session lasts, what the provider cannot read"},
			Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
			Persons: []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}}, Tables: []string{"blind_unlock", "blind_key"},
		}},
		Tables: []core.Table{{
			Name: "blind_key", Title: core.Text{FR: "Paires de clés des organisations", EN: "Key pairs of organizations"},
			Columns: core.Plain("org", "generation", "public", "salt", "by_phrase", "by_recovery", "made", "changed"),
		}, {
			Name: "blind_unlock", Title: core.Text{FR: "Déverrouillages en cours", EN: "Unlockings under way"},
			Columns: core.Columns(
				core.Plain("org", "id", "generation", "wrapped"),
				core.Personal(core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "session", OnErase: core.EraseRow},
					"person", "session", "made", "ends"),
			),
		}},
	}
}

// ExportPerson gives when the person unlocked which organization's fields.
func (b *Blind) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	type row struct {
		org        core.ID
		made, ends int64
	}
	rows, err := db.All(ctx, tx, qUnlocksOf, func(scan db.Scan) (r row, err error) {
		err = scan(&r.org, &r.made, &r.ends)
		return r, err
	}, person)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := emit(core.Record{Table: "blind_unlock", Values: map[string]any{"org": r.org, "person": person, "made": r.made, "ends": r.ends}}); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson forgets them.
func (b *Blind) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qEraseUnlock, person)
	return []core.Receipt{{Table: "blind_unlock", Deleted: n}}, err
}
