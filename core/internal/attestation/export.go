package attestation

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
)

var (
	tSheet     = i18n.T("Attestations", "Attestations")
	tKind      = i18n.T("Objet", "Subject")
	tBears     = i18n.T("Porte sur", "Bears on")
	tFrom      = i18n.T("Du", "From")
	tUntil     = i18n.T("Au", "Until")
	tState     = i18n.T("État", "State")
	tSigner    = i18n.T("Signée par", "Signed by")
	tSignedOn  = i18n.T("Le", "On")
	tClauses   = i18n.T("Clauses", "Clauses")
	tDigest    = i18n.T("SHA-256 du texte signé", "SHA-256 of the text signed")
	tEntry     = i18n.T("Entrée du journal", "Entry of the journal")
	tAll       = i18n.T("toute l'entreprise", "the whole company")
	tSite      = i18n.T("site : %s", "site: %s")
	tTeam      = i18n.T("équipe : %s", "team: %s")
	tSomebody  = i18n.T("personne effacée", "erased person")
	stateTitle = map[State]i18n.Sentence{
		Current:   i18n.T("en vigueur", "in force"),
		Due:       i18n.T("à renouveler", "to be renewed"),
		Expired:   i18n.T("expirée", "expired"),
		Replaced:  i18n.T("renouvelée", "renewed"),
		Withdrawn: i18n.T("retirée", "withdrawn"),
	}
)

// StateTitle says a state in words.
func StateTitle(ctx context.Context, s State) string { return stateTitle[s].In(ctx) }

// Bears says what an attestation bears on.
func Bears(ctx context.Context, reach, place string) string {
	switch reach {
	case ReachSite:
		return tSite.In(ctx, place)
	case ReachTeam:
		return tTeam.In(ctx, place)
	}
	return tAll.In(ctx)
}

// KindTitle says a kind in words.
func KindTitle(ctx context.Context, id string) string {
	if k, ok := KindOf(id); ok {
		return i18n.From(k.Title).In(ctx)
	}
	return id
}

// CSV gives every attestation as a sheet, in the language of ctx. Its digest stands in its entry of the journal.
func (m *Module) CSV(ctx context.Context) (file []byte, name string, err error) {
	done := &core.Act{Def: Export, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		v, err := m.list(ctx, tx, "")
		if err != nil {
			return err
		}
		now := m.now()
		s := sheet.Sheet{Title: tSheet.In(ctx), At: now, Head: []string{
			tKind.In(ctx), tBears.In(ctx), tFrom.In(ctx), tUntil.In(ctx), tState.In(ctx), tSigner.In(ctx), tSignedOn.In(ctx), tClauses.In(ctx), tDigest.In(ctx), tEntry.In(ctx),
		}}
		for i := range v.List {
			a := &v.List[i]
			kind, _ := KindOf(a.Kind)
			signer := v.Names[a.Signer]
			if signer == "" {
				signer = tSomebody.In(ctx)
			}
			s.Rows = append(s.Rows, []string{
				KindTitle(ctx, a.Kind), Bears(ctx, a.Reach, a.Place), a.From.Format(time.DateOnly), a.Until.Format(time.DateOnly), StateTitle(ctx, a.State(now)),
				signer, a.SignedAt.Format(time.RFC3339), strings.Join(kind.Clauses, " "), a.Digest, string(a.Entry),
			})
			done.Subjects = append(done.Subjects, a.Signer)
		}
		file, name = s.CSV(), "attestations-"+now.Format(time.DateOnly)+".csv"
		done.Changed("sha256", "", sheet.Digest(file))
		return nil
	})
	return file, name, err
}
