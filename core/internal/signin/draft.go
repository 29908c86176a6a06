package signin

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/draft"
	"github.com/rempart/rempart/kit/i18n"
)

// draftLife is how long what was typed waits for the proof: the page that carries it is then an old page like any other.
const draftLife = time.Hour

var errDraft = i18n.Fault(core.Gone, "signin.draft",
	"Ce que vous aviez saisi n'a pas été gardé : reprenez le formulaire.", "What you had typed was not kept: begin the form again.")

// draftPlace binds what is kept to a person and a session: in another one it does not open.
func draftPlace(person, session core.ID) string {
	return "signin.draft\x001\x00" + string(person) + "\x00" + string(session)
}

// Hold seals what the person of ctx typed in a form that was refused until they prove who they are: only this session of theirs
// opens it, for an hour. The page carries it; nothing is stored.
func (m *Module) Hold(ctx context.Context, d draft.Draft) (string, error) {
	actor := core.ActorOf(ctx)
	if actor.Kind != core.HumanActor || actor.Session.IsZero() {
		return "", errStep
	}
	plain, err := d.Bytes()
	if err != nil {
		return "", fmt.Errorf("signin: write a draft: %w", err)
	}
	sealed, err := m.needs.Sealer.Seal(ctx, actor.ID, draftPlace(actor.ID, actor.Session), plain)
	if err != nil {
		return "", fmt.Errorf("signin: seal a draft: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Held opens what Hold sealed. An Error of kind Gone for whoever it is not for, and once it is too old.
func (m *Module) Held(ctx context.Context, text string) (d draft.Draft, err error) {
	actor := core.ActorOf(ctx)
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || actor.Session.IsZero() {
		return d, errDraft
	}
	plain, err := m.needs.Sealer.Open(ctx, actor.ID, draftPlace(actor.ID, actor.Session), sealed)
	if err == nil {
		d, err = draft.Parse(plain)
	}
	if err != nil || m.needs.Clock.Now().Sub(d.At) > draftLife {
		return draft.Draft{}, errDraft
	}
	return d, nil
}
