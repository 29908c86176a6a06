package recognition

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

const (
	maxName     = 100
	maxSettings = 64 << 10
	maxTrunks   = 1000
	maxFields   = 50
)

var (
	errNoLink = i18n.Fault(core.NotFound, "recognition.no_link",
		"Cet outil n'est pas relié.", "This tool is not linked.")
	errLinkDraft = i18n.Fault(core.Invalid, "recognition.link",
		"Ce lien n'est pas complet : voyez les champs indiqués.", "This link is not complete: see the fields.")
	linkName  = i18n.Reason("recognition.link_name", "Donnez un nom, de 100 caractères au plus.", "Give a name, of at most 100 characters.")
	linkKind  = i18n.Reason("recognition.link_kind", "Ce type d'outil n'existe pas.", "There is no such kind of tool.")
	linkMany  = i18n.Reason("recognition.link_many", "Il y a trop de champs.", "There are too many fields.")
	linkTrunk = i18n.Reason("recognition.link_trunk", "Un début de numéro s'écrit +33…, avec 7 à 14 chiffres, et le nom de la société.",
		"The beginning of a number is written +33…, with 7 to 14 digits, and the name of the company.")
)

// LinkKinds are the tools that can be linked, by the words of their readers; form is cards that a person types, any what a program says it reads.
var LinkKinds = []string{"csv", "xlsx", "sql", "postgres", "mysql", "ldap", "carddav", "vcard", "rest", "form", "any"}

// settings is what is sealed of a link.
type settings struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Mapping Mapping `json:"mapping"`
}

func settingsPlace(id core.ID) string { return "recognition_link.settings/" + string(id) }
func secretPlace(id core.ID) string   { return "recognition_link.secret/" + string(id) }

// checked tells what is wrong with a draft.
func (d *LinkDraft) checked() error {
	d.Name, d.Kind = strings.TrimSpace(d.Name), strings.TrimSpace(d.Kind)
	err := errLinkDraft
	if n := len([]rune(d.Name)); n == 0 || n > maxName {
		err = err.With("name", linkName)
	}
	if !slices.Contains(LinkKinds, d.Kind) {
		err = err.With("kind", linkKind)
	}
	mp := &d.Mapping
	if len(mp.Name) > maxFields || len(mp.Numbers) > maxFields || len(mp.Shown) > maxFields || len(mp.Scripts) > maxFields || len(d.Secret) > maxSettings {
		err = err.With("mapping", linkMany)
	}
	if len(mp.Trunks) > maxTrunks || slices.ContainsFunc(mp.Trunks, func(t Trunk) bool { return !t.sound() }) {
		err = err.With("trunks", linkTrunk)
	}
	if len(err.Fields) > 0 {
		return err
	}
	return nil
}

func (m *Module) makeLink(ctx context.Context, org core.ID, d LinkDraft) (core.ID, error) {
	id := ids.At(m.now())
	act := &core.Act{Def: ManageLink, Org: org, Resource: id}
	if err := d.checked(); err != nil {
		return "", err
	}
	if err := m.needs.Keys.MakeKeys(ctx, id); err != nil {
		return "", fmt.Errorf("recognition: key of a link: %w", err)
	}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		set, secret, err := m.sealLink(ctx, org, id, d)
		if err != nil {
			return err
		}
		act.Changed("name", "", d.Name)
		if err := insertLink(ctx, tx, org, id, set, secret, m.now(), core.ActorOf(ctx).ID); err != nil {
			return err
		}
		return m.putTrunks(ctx, tx, org, id, d.Mapping.Trunks)
	})
	if err != nil {
		return "", errors.Join(err, m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), id))
	}
	return id, nil
}

// sealLink seals the settings of a link under the organization's key and its secret under its own.
func (m *Module) sealLink(ctx context.Context, org, id core.ID, d LinkDraft) (set, secret []byte, err error) {
	plain, err := json.Marshal(settings{d.Name, d.Kind, d.Mapping})
	if err != nil {
		return nil, nil, fmt.Errorf("recognition: settings: %w", err)
	}
	if len(plain) > maxSettings {
		return nil, nil, errLinkDraft.With("mapping", linkMany)
	}
	if set, err = m.needs.Sealer.Seal(ctx, org, settingsPlace(id), plain); err != nil {
		return nil, nil, err
	}
	secret = []byte{}
	if len(d.Secret) > 0 {
		secret, err = m.needs.Sealer.Seal(ctx, id, secretPlace(id), d.Secret)
	}
	return set, secret, err
}

func (m *Module) changeLink(ctx context.Context, org, id core.ID, d LinkDraft) error {
	if err := d.checked(); err != nil {
		return err
	}
	act := &core.Act{Def: ManageLink, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		was, err := m.readLink(ctx, tx, org, id)
		if err != nil {
			return err
		}
		set, secret, err := m.sealLink(ctx, org, id, d)
		if err != nil {
			return err
		}
		version := was.Version
		if !sameMapping(was.Mapping, d.Mapping) {
			version++
			act.Changed("mapping", fmt.Sprint(was.Version), fmt.Sprint(version))
		}
		act.Changed("name", was.Name, d.Name)
		if len(d.Secret) > 0 {
			act.Changes = append(act.Changes, core.FieldChange{Field: "secret"})
		}
		if err := updateLink(ctx, tx, org, id, version, set, secret); err != nil {
			return err
		}
		if err := m.putTrunks(ctx, tx, org, id, d.Mapping.Trunks); err != nil {
			return err
		}
		tx.Notify(topicCards, string(org))
		return nil
	})
}

// sameMapping compares what agents apply: trunks and order are ours alone.
func sameMapping(a, b Mapping) bool {
	a.Trunks, b.Trunks, a.Order, b.Order = nil, nil, nil, nil
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && string(x) == string(y)
}

func (m *Module) pauseLink(ctx context.Context, org, id core.ID, paused bool) error {
	act := &core.Act{Def: ManageLink, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		was, err := m.readLink(ctx, tx, org, id)
		if err != nil {
			return err
		}
		state := LinkPaused
		switch {
		case !paused && was.Shelf == 0:
			state = LinkAwaiting
		case !paused:
			state = LinkActive
		}
		act.Changed("state", string(was.State), string(state))
		tx.Notify(topicCards, string(org))
		return setState(ctx, tx, org, id, state)
	})
}

func (m *Module) links(ctx context.Context, org core.ID) (list []Link, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinks, Org: org}, func(tx core.Tx) error {
		list, err = m.linksIn(ctx, tx, org)
		return err
	})
	return list, err
}

func (m *Module) link(ctx context.Context, org, id core.ID) (l Link, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinks, Org: org, Resource: id}, func(tx core.Tx) error {
		l, err = m.readLink(ctx, tx, org, id)
		return err
	})
	return l, err
}

func (m *Module) linkSecret(ctx context.Context, org, id core.ID) (secret []byte, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadLinkSecret, Org: org, Resource: id}, func(tx core.Tx) error {
		sealed, err := secretOf(ctx, tx, org, id)
		if err != nil || len(sealed) == 0 {
			return err
		}
		secret, err = m.needs.Sealer.Open(ctx, id, secretPlace(id), sealed)
		return err
	})
	return secret, err
}

// removeLink: the act takes the link out of every lookup, then its key is destroyed, then the rows go. Interrupted, the sweeper of any
// node does the rest.
func (m *Module) removeLink(ctx context.Context, org, id core.ID) error {
	act := &core.Act{Def: RemoveLinkAct, Org: org, Resource: id}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		was, err := m.readLink(ctx, tx, org, id)
		if err != nil {
			return err
		}
		act.Changed("cards", fmt.Sprint(was.Cards), "0")
		if err := endLink(ctx, tx, org, id); err != nil {
			return err
		}
		tx.Notify(topicCards, string(org))
		return nil
	})
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := m.needs.Keys.DestroyKey(ctx, id); err != nil {
		return fmt.Errorf("recognition: key of a removed link: %w", err)
	}
	// Nobody finds nor reads its cards any more. Many rows take longer to go than a person waits: the sweeper was woken by the act.
	soon, stop := context.WithTimeout(ctx, removalWait)
	defer stop()
	if err := m.finishLink(soon, org, id); soon.Err() == nil {
		return err
	}
	return nil
}

// removalWait is how long a removal stays with the rows itself: some ten thousand cards.
const removalWait = 800 * time.Millisecond

// finishLink destroys the key of a removed link, and ends what is left of it.
func (m *Module) finishLink(ctx context.Context, org, id core.ID) error {
	if err := m.needs.Keys.DestroyKey(ctx, id); err != nil {
		return fmt.Errorf("recognition: key of a removed link: %w", err)
	}
	if err := m.endAgents(ctx, org, id); err != nil {
		return err
	}
	if err := m.clearShelves(ctx, org, id); err != nil {
		return err
	}
	return m.needs.Gate.Keep(ctx, Tidy, func(tx core.Tx) error {
		if err := m.dropSync(ctx, tx, org, id); err != nil {
			return err
		}
		return dropLink(ctx, tx, org, id)
	})
}
