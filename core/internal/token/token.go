package token

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

const (
	kindPerson  = "person"
	kindService = "service"
	// longest is the latest end that a token can have.
	longest = 366 * 24 * time.Hour
	// most is how many live tokens one owner can have.
	most = 50
)

// Order is what is asked of a new token.
type Order struct {
	Name   string
	Scopes []core.Permission
	Ends   time.Time
}

// check says all that is wrong with an order at once.
func (m *Module) check(o *Order) error {
	var bad *core.Error
	fault := func(field, code string) {
		if bad == nil {
			bad = errInput
		}
		bad = bad.With(field, code)
	}
	o.Name = strings.TrimSpace(o.Name)
	if n := utf8.RuneCountInString(o.Name); n < 1 || n > 80 {
		fault("name", nameNeeded)
	}
	slices.Sort(o.Scopes)
	o.Scopes = slices.Compact(o.Scopes)
	if len(o.Scopes) == 0 {
		fault("scopes", scopesNeeded)
	}
	known := map[core.Permission]bool{}
	for _, s := range m.Scopes() {
		known[s.Permission] = true
	}
	for _, s := range o.Scopes {
		if !known[s] {
			fault("scopes", scopeUnknown)
			break
		}
	}
	if now := m.needs.Clock.Now(); !o.Ends.After(now) || o.Ends.After(now.Add(longest)) {
		fault("ends", endWrong)
	}
	if bad != nil {
		return bad
	}
	return nil
}

// Scopes lists the permissions that a token can be limited to: those that no fresh proof of identity protects, for no
// token can give one.
func (m *Module) Scopes() []*core.ActDef {
	var list []*core.ActDef
	seen := map[core.Permission]bool{}
	if m.needs.Catalogue == nil {
		return nil
	}
	for _, def := range m.needs.Catalogue() {
		if (def.Reach == core.ByAssignment || def.Reach == core.BySelf) && def.Fresh == 0 && !seen[def.Permission] {
			seen[def.Permission] = true
			list = append(list, def)
		}
	}
	slices.SortFunc(list, func(a, b *core.ActDef) int { return strings.Compare(string(a.Permission), string(b.Permission)) })
	return list
}

// Create makes a personal token of the actor. secret is shown once and never again.
func (m *Module) Create(ctx context.Context, o Order) (t Token, secret string, err error) {
	if err := m.check(&o); err != nil {
		return Token{}, "", err
	}
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &CreateOwn, Org: core.Platform, Subject: actor.ID}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		t, secret, err = m.add(ctx, tx, Token{Owner: actor.ID, Kind: kindPerson}, o, act)
		return err
	})
	return t, secret, err
}

// CreateFor makes a token of a service account of org.
func (m *Module) CreateFor(ctx context.Context, org, service core.ID, o Order) (t Token, secret string, err error) {
	if err := m.check(&o); err != nil {
		return Token{}, "", err
	}
	act := &core.Act{Def: &CreateServiceToken, Org: org}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		s, err := m.openService(ctx, tx, org, service)
		if err != nil {
			return err
		}
		act.Subject = s.Responsible
		t, secret, err = m.add(ctx, tx, Token{Org: org, Owner: service, Kind: kindService}, o, act)
		return err
	})
	return t, secret, err
}

func (m *Module) add(ctx context.Context, tx core.Tx, t Token, o Order, act *core.Act) (Token, string, error) {
	now := m.needs.Clock.Now()
	all, err := m.ofOwner(ctx, tx, t.Owner)
	if err != nil {
		return t, "", fmt.Errorf("token: count: %w", err)
	}
	alive := 0
	for _, other := range all {
		if other.Live(now) {
			alive++
		}
	}
	if alive >= most {
		return t, "", errFull
	}
	prefix := PersonalPrefix
	if t.Kind == kindService {
		prefix = ServicePrefix
	}
	secret := newSecret(prefix)
	t.ID, t.Name, t.Scopes, t.Hint = ids.At(now), o.Name, o.Scopes, hint(secret)
	t.Made, t.Ends, t.MadeBy = now, o.Ends.UTC().Truncate(time.Microsecond), core.ActorOf(ctx).ID
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return t, "", fmt.Errorf("token: scopes: %w", err)
	}
	kept, err := pack.Shut(ctx, m.needs.Sealer, pack.Place("token_token.name", t.ID), t.Name, t.Owner, t.Org)
	if err != nil {
		return t, "", fmt.Errorf("token: seal: %w", err)
	}
	_, err = tx.Exec(ctx, qInsert, t.ID, t.Org, t.Owner, t.Kind, kept, hashOf(secret), t.Hint, string(scopes),
		t.MadeBy, clock.Micros(t.Made), clock.Micros(t.Ends))
	if err != nil {
		return t, "", fmt.Errorf("token: create: %w", err)
	}
	act.Resource = t.ID
	act.Changed("scopes", "", string(scopes))
	act.Changed("ends", "", t.Ends.Format(time.RFC3339))
	return t, secret, nil
}

// Own lists the personal tokens of the actor, live ones first.
func (m *Module) Own(ctx context.Context) ([]Token, error) {
	actor := core.ActorOf(ctx)
	var list []Token
	act := &core.Act{Def: &ListOwn, Org: core.Platform, Subject: actor.ID}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		list, err = m.ofOwner(ctx, tx, actor.ID)
		return err
	})
	return list, err
}

// End ends a personal token of the actor.
func (m *Module) End(ctx context.Context, id core.ID) error {
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &EndOwn, Org: core.Platform, Subject: actor.ID, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := m.owned(ctx, tx, actor.ID, id); err != nil {
			return err
		}
		return m.end(ctx, tx, id, "person")
	})
}

// Rotate gives a personal token of the actor a new secret until a new end; the old secret dies at once.
func (m *Module) Rotate(ctx context.Context, id core.ID, ends time.Time) (t Token, secret string, err error) {
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &RotateOwn, Org: core.Platform, Subject: actor.ID, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if t, err = m.owned(ctx, tx, actor.ID, id); err != nil {
			return err
		}
		secret, err = m.rotate(ctx, tx, &t, ends, act)
		return err
	})
	return t, secret, err
}

func (m *Module) rotate(ctx context.Context, tx core.Tx, t *Token, ends time.Time, act *core.Act) (string, error) {
	now := m.needs.Clock.Now()
	if !t.Ended.IsZero() {
		return "", errAbsent
	}
	if !ends.After(now) || ends.After(now.Add(longest)) {
		return "", errInput.With("ends", endWrong)
	}
	secret := newSecret(t.Hint[:len(PersonalPrefix)])
	act.Changed("ends", t.Ends.Format(time.RFC3339), ends.UTC().Format(time.RFC3339))
	t.Hint, t.Ends, t.LastDay = hint(secret), ends.UTC().Truncate(time.Microsecond), time.Time{}
	if _, err := tx.Exec(ctx, qRotate, t.ID, hashOf(secret), t.Hint, clock.Micros(t.Ends)); err != nil {
		return "", fmt.Errorf("token: rotate: %w", err)
	}
	return secret, nil
}

// owned gives a token of owner; one of somebody else does not exist.
func (m *Module) owned(ctx context.Context, tx core.Tx, owner, id core.ID) (Token, error) {
	t, found, err := db.One(ctx, tx, qByID, scanToken, id)
	if err == nil && found {
		err = m.openToken(ctx, &t)
	}
	if err != nil {
		return t, fmt.Errorf("token: read: %w", err)
	}
	if !found || t.Owner != owner {
		return t, errAbsent
	}
	return t, nil
}

func (m *Module) end(ctx context.Context, tx core.Tx, id core.ID, reason string) error {
	n, err := tx.Exec(ctx, qEnd, id, clock.Micros(m.needs.Clock.Now()), reason)
	if err != nil {
		return fmt.Errorf("token: end: %w", err)
	}
	if n == 0 {
		return errAbsent
	}
	return nil
}

// EndAll ends every token of a person or service account in the transaction of the act that wants it.
func (m *Module) EndAll(ctx context.Context, tx core.Tx, owner core.ID, reason string) (int64, error) {
	n, err := tx.Exec(ctx, qEndOwner, owner, clock.Micros(m.needs.Clock.Now()), reason)
	if err != nil {
		return 0, fmt.Errorf("token: end all: %w", err)
	}
	return n, nil
}
