package attestation

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
)

// What an attestation bears on.
const (
	ReachAll  = "all"
	ReachSite = "site"
	ReachTeam = "team"
)

// Bounds of what is signed.
const (
	longest     = 2 * 366 * 24 * time.Hour // of a period
	mostDetails = 4000                     // characters
	mostPlace   = 120
)

// Draft is what a person is about to sign.
type Draft struct {
	Kind    string
	Reach   string
	Place   string    // name of the site or team
	From    time.Time // of the period
	Until   time.Time // when it is to be renewed
	Details string    // added to the statement by the signer
	Files   []Upload
	Renews  core.ID // the attestation that it takes the place of
}

var (
	errDraft    = i18n.Fault(core.Invalid, "attestation.draft", "L'attestation ne peut pas être signée ainsi.", "The attestation cannot be signed like this.")
	errAbsent   = i18n.Fault(core.NotFound, "attestation.absent", "Cette attestation n'existe pas.", "There is no such attestation.")
	errEnded    = i18n.Fault(core.Conflict, "attestation.ended", "Cette attestation est déjà retirée ou remplacée.", "This attestation is already withdrawn or replaced.")
	errWhy      = i18n.Fault(core.Invalid, "attestation.why", "Dites en un mot pourquoi, en 500 caractères au plus.", "Say why in a word, within 500 characters.")
	codeKind    = i18n.Reason("attestation.kind", "Choisissez ce que vous attestez.", "Choose what you attest.")
	codePlace   = i18n.Reason("attestation.place", "Nommez le site ou l'équipe, en 120 caractères au plus.", "Name the site or the team, within 120 characters.")
	codeReach   = i18n.Reason("attestation.reach", "Dites sur quoi elle porte : tout, un site ou une équipe.", "Say what it bears on: everything, a site or a team.")
	codePeriod  = i18n.Reason("attestation.period", "La période se termine dans l'avenir, après son début, et dure deux ans au plus.", "The period ends in the future, after its beginning, and lasts two years at most.")
	codeDetails = i18n.Reason("attestation.details", "Écrivez 4 000 caractères au plus.", "Write 4,000 characters at most.")
	codeNoFile  = i18n.Reason("attestation.evidence_due", "Joignez au moins une pièce : cette attestation repose sur elle.", "Attach one file at least: this attestation rests on it.")
	codeSame    = i18n.Reason("attestation.same", "Un renouvellement porte sur la même chose que l'attestation qu'il remplace.", "A renewal bears on the same thing as the attestation that it replaces.")
)

// check says everything that is wrong with a draft at once.
func (d *Draft) check(now time.Time) error {
	d.Place, d.Details = strings.TrimSpace(d.Place), strings.TrimSpace(d.Details)
	err := errDraft
	kind, known := KindOf(d.Kind)
	if !known {
		err = err.With("kind", codeKind)
	}
	switch d.Reach {
	case ReachAll:
		d.Place = ""
	case ReachSite, ReachTeam:
		if d.Place == "" || utf8.RuneCountInString(d.Place) > mostPlace {
			err = err.With("place", codePlace)
		}
	default:
		err = err.With("reach", codeReach)
	}
	if d.From.IsZero() || !d.Until.After(now) || !d.Until.After(d.From) || d.Until.Sub(d.From) > longest || d.Until.Sub(now) > longest {
		err = err.With("until", codePeriod)
	}
	if utf8.RuneCountInString(d.Details) > mostDetails {
		err = err.With("details", codeDetails)
	}
	if kind.Evidence && len(d.Files) == 0 {
		err = err.With("files", codeNoFile)
	}
	if code, args := d.sniff(); code != "" {
		err = err.With("files", code, args...)
	}
	if len(err.Fields) > 0 {
		return err
	}
	return nil
}

// canonical is the text that a signature bears on: everything that is attested, by whom, when, and the digest of each file.
func canonical(a *Attestation) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\n", name, value) }
	b.WriteString("rempart attestation 1\n")
	line("kind", a.Kind)
	line("bears on", strings.TrimSpace(a.Reach+" "+strings.ReplaceAll(a.Place, "\n", " ")))
	line("from", a.From.UTC().Format(time.RFC3339))
	line("until", a.Until.UTC().Format(time.RFC3339))
	line("signer", string(a.Signer))
	line("signed", a.SignedAt.UTC().Format(time.RFC3339))
	line("assurance", fmt.Sprint(a.AAL))
	for _, f := range a.Files {
		line("evidence", f.Digest+" "+fmt.Sprint(f.Size)+" "+f.Type)
	}
	b.WriteString("\n" + a.Text.FR + "\n\n" + a.Text.EN + "\n\n" + a.Details + "\n")
	return b.String()
}

// Sign keeps what the actor attests, under their name, with its files. The entry of the journal holds who, when, by which
// assurance, and the SHA-256 of the text signed and of each file.
func (m *Module) Sign(ctx context.Context, d Draft) (core.ID, error) {
	now := m.now()
	if err := d.check(now); err != nil {
		return "", err
	}
	if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
		return "", err
	}
	kind, _ := KindOf(d.Kind)
	actor := core.ActorOf(ctx)
	a := Attestation{
		ID: ids.At(now), Kind: d.Kind, Reach: d.Reach, Place: d.Place, From: d.From, Until: d.Until, Details: d.Details, Text: kind.Statement,
		Signer: actor.ID, AAL: actor.AAL, SignedAt: now, Entry: ids.New(), Renews: d.Renews,
	}
	for _, f := range d.Files {
		a.Files = append(a.Files, File{ID: ids.At(now), Name: f.Name, Type: f.kind, Size: len(f.Content), Digest: sheet.Digest(f.Content)})
	}
	a.Digest = sheet.Digest([]byte(canonical(&a)))
	done := &core.Act{Def: Sign, Org: core.Platform, Resource: a.ID, Entry: a.Entry}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if err := m.takePlace(ctx, tx, &a); err != nil {
			return err
		}
		trial, err := m.isCanary(ctx, tx, a.Signer)
		if err != nil {
			return err
		}
		if err := m.add(ctx, tx, &a, d.Files, trial); err != nil {
			return err
		}
		done.Changed("kind", "", a.Kind)
		done.Changed("place", "", a.Place)
		done.Changed("until", "", a.Until.UTC().Format(time.RFC3339))
		done.Changed("assurance", "", fmt.Sprint(a.AAL))
		done.Changed("sha256", "", a.Digest)
		for _, f := range a.Files {
			done.Changed("attestation_file", "", f.Digest)
		}
		return nil
	})
	return a.ID, err
}

// takePlace ends the attestation that this one renews.
func (m *Module) takePlace(ctx context.Context, tx core.Tx, a *Attestation) error {
	if a.Renews == "" {
		return nil
	}
	old, found, err := db.One(ctx, tx, qOne, scanAttestation, a.Renews)
	switch {
	case err != nil:
		return err
	case !found:
		return errAbsent
	case old.Kind != a.Kind || old.Reach != a.Reach || old.Place != a.Place:
		return errDraft.With("place", codeSame)
	}
	n, err := tx.Exec(ctx, qReplace, a.Renews, a.ID)
	if err == nil && n == 0 {
		return errEnded
	}
	return err
}

func (m *Module) add(ctx context.Context, tx core.Tx, a *Attestation, files []Upload, trial bool) error {
	details, err := m.seal(ctx, core.Platform, placeDetails, a.ID, []byte(a.Details))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAdd, a.ID, a.Kind, a.Reach, a.Place, clock.Micros(a.From), clock.Micros(a.Until), details, a.Text.FR, a.Text.EN,
		a.Digest, a.Signer, a.AAL, clock.Micros(a.SignedAt), a.Entry, a.Renews, db.Flag(trial))
	if err != nil {
		return err
	}
	for i, f := range a.Files {
		name, err := m.seal(ctx, core.Platform, placeName, f.ID, []byte(f.Name))
		if err != nil {
			return err
		}
		content, err := m.seal(ctx, core.Platform, placeContent, f.ID, files[i].Content)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddFile, f.ID, a.ID, name, f.Type, f.Size, f.Digest, content); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw ends an attestation before its time: the clauses that rest on it are stale from then on.
func (m *Module) Withdraw(ctx context.Context, id core.ID, why string) error {
	why = strings.TrimSpace(why)
	if why == "" || utf8.RuneCountInString(why) > 500 {
		return errWhy.With("why", errWhy.Code)
	}
	done := &core.Act{Def: Withdraw, Org: core.Platform, Resource: id, Note: why}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if _, found, err := db.One(ctx, tx, qOne, scanAttestation, id); err != nil || !found {
			if err == nil {
				err = errAbsent
			}
			return err
		}
		n, err := tx.Exec(ctx, qWithdraw, id, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		if err == nil && n == 0 {
			return errEnded
		}
		done.Changed("state", "current", "withdrawn")
		return err
	})
}

// isCanary tells whether a person is a probe's own.
func (m *Module) isCanary(ctx context.Context, tx core.Tx, person core.ID) (bool, error) {
	return core.CanaryIn(ctx, tx, person, m.needs.People.People)
}
