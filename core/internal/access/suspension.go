package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

// What can be suspended.
const (
	ScopePerson       = "person"
	ScopeOrganization = "organization"
	ScopeService      = "service"
)

// Suspension is one decision of suspension and what became of it.
type Suspension struct {
	core.Block
	DecidedIn  core.ID // who decided: an organization, or core.Platform
	ActsIn     core.ID // where it acts; empty: everywhere
	Target     core.ID // person or service account, organization, or the name of a service
	DeclaredBy core.ID
	From       time.Time
	LiftedAt   time.Time
	LiftedBy   core.ID
	LiftReason string
}

// InForce tells whether the suspension acts at t.
func (s Suspension) InForce(t time.Time) bool {
	return s.LiftedAt.IsZero() && !s.From.After(t) && (s.Until.IsZero() || s.Until.After(t))
}

var (
	errSuspension = i18n.Fault(core.Invalid, "suspension.invalid", "Cette suspension ne peut pas être prononcée telle quelle.", "This suspension cannot be declared as it is.")
	errConfirm    = i18n.Fault(core.Conflict, "suspension.confirm",
		"Cette suspension vous coupe vous-même, ou coupe la dernière personne qui administre. Confirmez que c'est voulu.",
		"This suspension cuts yourself off, or the last administrator. Confirm that this is meant.")
	errAlreadySuspended = i18n.Fault(core.Conflict, "suspension.already", "Une suspension est déjà en vigueur ici.", "A suspension is already in force here.")
	errNoSuspend        = i18n.Fault(core.NotFound, "suspension.not_found", "Cette suspension n'existe pas ou n'est plus en vigueur.", "This suspension does not exist or is no longer in force.")
	errProtected        = i18n.Fault(core.Conflict, "suspension.protected",
		"Ce service ne peut pas être suspendu : sans lui, personne ne pourrait se connecter ni lever la suspension.",
		"This service cannot be suspended: without it nobody could sign in or lift the suspension.")
	codeLiftReason    = i18n.Reason("suspension.lift_reason", "Dites pourquoi la lever : l'organisation le lira dans son journal.", "Say why it is lifted: the organization will read it in its journal.")
	codeSuspendReason = i18n.Reason("suspension.reason", "Choisissez l'un des sept motifs.", "Choose one of the seven reasons.")
	codeSuspendText   = i18n.Reason("suspension.text", "Expliquez en 500 caractères au plus ; la personne lira ce texte.", "Explain in 500 characters at most; the person will read this text.")
	codeSuspendUntil  = i18n.Reason("suspension.until", "La fin doit être dans le futur.", "The end must be in the future.")
	codeSuspendTarget = i18n.Reason("suspension.target", "Choisissez qui ou quoi suspendre, dans cette organisation.", "Choose whom or what to suspend, in this organization.")
)

// protected modules keep the way in and the way out open.
var protected = []string{"access", "identity", "session", "signin", "organization", "settings", "journal", "vault", "terms", "mail", "gate"}

const suspensionColumns = `id, decided_in, acts_in, scope, target, reason, explanation, declared_by, from_at, until_at, lifted_at, lifted_by, lift_reason`

var (
	qSuspend = db.SQL(`INSERT INTO access_suspension
(id, decided_in, acts_in, scope, target, reason, explanation, declared_by, from_at, until_at, lifted_at, lifted_by, lift_reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', '')`)

	qSameSuspension = db.SQL(`SELECT count(*) FROM access_suspension
WHERE lifted_at = 0 AND target = $1 AND scope = $2 AND decided_in = $3 AND acts_in = $4 AND (until_at = 0 OR until_at > $5)`)

	qLift = db.SQL(`UPDATE access_suspension SET lifted_at = $2, lifted_by = $3, lift_reason = $4 WHERE id = $1 AND lifted_at = 0`)

	qSuspension = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension WHERE id = $1`)

	qSuspensions = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension
WHERE decided_in = $1 ORDER BY from_at DESC, id DESC LIMIT 500`)

	// Those that the platform decided and that act on an organization as such: its own page shows them.
	qSuspendedAbove = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension
WHERE lifted_at = 0 AND decided_in = 'platform' AND (target = $1 OR acts_in = $1) ORDER BY from_at DESC, id DESC LIMIT 100`)

	// $1 person, $2 now: in force on a person, anywhere.
	qPersonBlocks = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension
WHERE lifted_at = 0 AND target = $1 AND scope = 'person' AND from_at <= $2 AND (until_at = 0 OR until_at > $2) ORDER BY from_at`)

	// $1 now: those that an organization decided and that leave it without anybody who administers it.
	qOrphaning = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension x
WHERE x.lifted_at = 0 AND x.scope = 'person' AND x.decided_in <> 'platform' AND x.from_at <= $1 AND (x.until_at = 0 OR x.until_at > $1)
  AND EXISTS (SELECT 1 FROM access_assignment a WHERE a.org = x.decided_in AND a.person = x.target AND a.role = 'admin' AND a.service = ''
    AND a.object = '' AND a.revoked_at = 0 AND a.from_at <= $1 AND (a.until_at = 0 OR a.until_at > $1))
ORDER BY x.from_at DESC, x.id DESC LIMIT 500`)

	qOrgBlocks = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension
WHERE lifted_at = 0 AND target = $1 AND scope = 'organization' AND from_at <= $2 AND (until_at = 0 OR until_at > $2) ORDER BY from_at`)
)

func scanSuspension(scan db.Scan) (s Suspension, err error) {
	var from, until, lifted int64
	err = scan(&s.ID, &s.DecidedIn, &s.ActsIn, &s.Scope, &s.Target, &s.Reason, &s.Text, &s.DeclaredBy, &from, &until, &lifted, &s.LiftedBy, &s.LiftReason)
	s.From, s.Until, s.LiftedAt = clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(lifted)
	return s, err
}

// Declare suspends a person, an organization or a service at once: every act of theirs is refused from the next request
// on, on every node, since decisions and session checks read the row. Each person concerned by name is told by mail.
// confirmed says that the one who asks was told that it cuts themselves or the last administrator off.
//
// An organization suspends within itself: a person there, one of its services. The platform suspends a person or a
// service everywhere, an organization, or a service of one organization (s.ActsIn).
func (m *Module) Declare(ctx context.Context, tx core.Tx, s Suspension, confirmed bool) (core.ID, error) {
	now, actor := m.Needs.Clock.Now(), core.ActorOf(ctx)
	s.Text, s.From, s.DeclaredBy = strings.TrimSpace(s.Text), now, actor.ID
	if s.DecidedIn.IsZero() {
		s.DecidedIn = core.Platform
	}
	if s.DecidedIn != core.Platform {
		s.ActsIn = s.DecidedIn
	}
	if err := m.checkSuspension(ctx, tx, s, now); err != nil {
		return "", err
	}
	if !confirmed && actor.Kind != core.SystemActor {
		if err := m.cutsAdministration(ctx, tx, s, actor, now); err != nil {
			return "", err
		}
	}
	if s.ID.IsZero() {
		s.ID = ids.New()
	}
	text, err := m.shut(ctx, pack.Place("access_suspension.explanation", s.ID), s.Text, s.owners()...)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, qSuspend, s.ID, s.DecidedIn, s.ActsIn, s.Scope, s.Target, s.Reason, text, s.DeclaredBy,
		clock.Micros(s.From), clock.Micros(s.Until))
	if err != nil {
		return "", fmt.Errorf("access: suspend: %w", err)
	}
	tx.Notify(Topic, string(s.Target))
	return s.ID, m.tell(ctx, tx, s, false)
}

func (m *Module) checkSuspension(ctx context.Context, tx core.Tx, s Suspension, now time.Time) error {
	wrong := errSuspension
	if !slices.Contains(Reasons, s.Reason) {
		wrong = wrong.With("reason", codeSuspendReason)
	}
	if n := len([]rune(s.Text)); n > maxReasonChars || n == 0 && core.ActorOf(ctx).Kind == core.HumanActor {
		wrong = wrong.With("text", codeSuspendText)
	}
	if !s.Until.IsZero() && !s.Until.After(now) {
		wrong = wrong.With("until", codeSuspendUntil)
	}
	ok, err := m.targetExists(ctx, tx, s)
	if err != nil {
		return err
	}
	if !ok {
		wrong = wrong.With("target", codeSuspendTarget)
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	if s.Scope == ScopeService && slices.Contains(protected, string(s.Target)) {
		return errProtected
	}
	live, err := m.inForceOn(ctx, tx, s, now)
	if err != nil {
		return err
	}
	if live {
		return errAlreadySuspended
	}
	return nil
}

func (m *Module) targetExists(ctx context.Context, tx core.Tx, s Suspension) (bool, error) {
	switch s.Scope {
	case ScopeService:
		_, known := m.cat.Load().modules[string(s.Target)]
		return known, nil
	case ScopeOrganization:
		if s.DecidedIn != core.Platform || s.Target == core.Platform || m.Needs.Roster == nil {
			return false, nil
		}
		_, err := m.Needs.Roster.Org(ctx, tx, s.Target)
		if core.KindOf(err) == core.NotFound && err != nil {
			return false, nil
		}
		return err == nil, err
	case ScopePerson:
		if s.DecidedIn == core.Platform {
			return s.Target != "", nil
		}
		_, found, err := m.Needs.Members.MemberOf(ctx, tx, s.DecidedIn, s.Target)
		if err != nil || found {
			return found, err
		}
		if m.Needs.Services != nil {
			if _, is, err := m.Needs.Services.ServiceName(ctx, tx, s.DecidedIn, s.Target); is || err != nil {
				return is, err
			}
		}
		lines, err := m.lines(ctx, tx, qLinesAt, s.DecidedIn, clock.Micros(m.Needs.Clock.Now()), s.Target)
		return len(lines) > 0, err // support staff that was let in
	}
	return false, nil
}

func (m *Module) inForceOn(ctx context.Context, tx core.Tx, s Suspension, now time.Time) (bool, error) {
	n, _, err := db.One(ctx, tx, qSameSuspension, db.Value[int64], s.Target, s.Scope, s.DecidedIn, s.ActsIn, clock.Micros(now))
	return n > 0, err
}

// cutsAdministration asks for a confirmation where the suspension locks out the one who asks or the last administrator.
func (m *Module) cutsAdministration(ctx context.Context, tx core.Tx, s Suspension, actor core.Actor, now time.Time) error {
	if s.Scope != ScopePerson {
		if s.Scope == ScopeOrganization && actor.Kind == core.HumanActor {
			_, member, err := m.Needs.Members.MemberOf(ctx, tx, s.Target, actor.ID)
			if err != nil {
				return err
			}
			if member {
				return errConfirm
			}
		}
		return nil
	}
	if s.Target == actor.ID {
		return errConfirm
	}
	orgs := []core.ID{s.DecidedIn}
	if s.DecidedIn == core.Platform {
		memberships, err := m.Needs.Members.Memberships(ctx, tx, s.Target)
		if err != nil {
			return err
		}
		for _, ms := range memberships {
			orgs = append(orgs, ms.Org)
		}
	}
	for _, org := range orgs {
		switch err := m.guardLastAdmin(ctx, tx, org, s.Target, "", now); {
		case err == nil:
		case core.CodeOf(err) == errLastAdmin.Code:
			return errConfirm
		default:
			return err
		}
	}
	return nil
}

// Orphaning gives the suspensions that organizations decided and that leave them without any administrator: nobody there
// could lift them who may give the role again, so the provider can.
func (m *Module) Orphaning(ctx context.Context, tx core.Tx) ([]Suspension, error) {
	now := m.Needs.Clock.Now()
	all, err := m.suspensions(ctx, tx, qOrphaning, clock.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("access: suspensions of last administrators: %w", err)
	}
	var out []Suspension
	for _, s := range all {
		admins, err := m.admins(ctx, tx, s.DecidedIn, now)
		if err != nil {
			return nil, err
		}
		if len(admins) == 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// mayLift tells whether org may lift s: its own, or for the platform one that leaves an organization without any
// administrator, with a reason.
func (m *Module) mayLift(ctx context.Context, tx core.Tx, org core.ID, s Suspension, reason string) error {
	if s.DecidedIn == org {
		return nil
	}
	if org != core.Platform {
		return errNoSuspend
	}
	all, err := m.Orphaning(ctx, tx)
	switch {
	case err != nil:
		return err
	case !slices.ContainsFunc(all, func(o Suspension) bool { return o.ID == s.ID }):
		return errNoSuspend
	case strings.TrimSpace(reason) == "":
		return errSuspension.With("reason", codeLiftReason)
	}
	return nil
}

// LiftSuspension ends a suspension that org decided and tells the person. The platform lifts its own, and those that
// leave an organization without any administrator.
func (m *Module) LiftSuspension(ctx context.Context, tx core.Tx, org, id core.ID, reason string) (Suspension, error) {
	now := m.Needs.Clock.Now()
	s, found, err := m.suspension(ctx, tx, qSuspension, id)
	if err != nil {
		return s, err
	}
	if !found || !s.InForce(now) {
		return s, errNoSuspend
	}
	if err := m.mayLift(ctx, tx, org, s, reason); err != nil {
		return s, err
	}
	if s.Target == core.ActorOf(ctx).ID {
		return s, errSelfApproval
	}
	kept, err := m.shut(ctx, pack.Place("access_suspension.lift_reason", s.ID), cut(reason), s.owners()...)
	if err != nil {
		return s, err
	}
	if _, err := tx.Exec(ctx, qLift, id, clock.Micros(now), core.ActorOf(ctx).ID, kept); err != nil {
		return s, fmt.Errorf("access: lift: %w", err)
	}
	tx.Notify(Topic, string(s.Target))
	return s, m.tell(ctx, tx, s, true)
}

// Suspensions gives those that org decided, the newest first, and those that the platform decided and that act on it.
func (m *Module) Suspensions(ctx context.Context, tx core.Tx, org core.ID) (own, above []Suspension, err error) {
	if own, err = m.suspensions(ctx, tx, qSuspensions, org); err != nil || org == core.Platform {
		return own, nil, err
	}
	all, err := m.suspensions(ctx, tx, qSuspendedAbove, org)
	for _, s := range all {
		if s.InForce(m.Needs.Clock.Now()) {
			above = append(above, s)
		}
	}
	return own, above, err
}

// Blocked tells whether a person may not enter at all: suspended everywhere by the platform, or kept out of every one of
// orgs (those the person belongs to) by a suspension of the person there or of the organization itself. A person who
// is suspended in one organization still enters the others; Decide refuses each act where the suspension stands.
func (m *Module) Blocked(ctx context.Context, tx core.Tx, person core.ID, orgs ...core.ID) (core.Block, bool, error) {
	now := clock.Micros(m.Needs.Clock.Now())
	own, err := m.suspensions(ctx, tx, qPersonBlocks, person, now)
	if err != nil {
		return core.Block{}, false, err
	}
	for _, s := range own {
		if s.ActsIn == "" {
			return s.Block, true, nil
		}
	}
	var first core.Block
	kept := 0
	for _, org := range orgs {
		block, found, err := m.orgBlock(ctx, tx, org, own, now)
		if err != nil {
			return core.Block{}, false, err
		}
		if !found {
			return core.Block{}, false, nil
		}
		if kept == 0 {
			first = block
		}
		kept++
	}
	return first, kept > 0, nil
}

func (m *Module) orgBlock(ctx context.Context, tx core.Tx, org core.ID, own []Suspension, now int64) (core.Block, bool, error) {
	for _, s := range own {
		if s.ActsIn == org {
			return s.Block, true, nil
		}
	}
	if org == core.Platform {
		return core.Block{}, false, nil
	}
	blocks, err := m.suspensions(ctx, tx, qOrgBlocks, org, now)
	if err != nil || len(blocks) == 0 {
		return core.Block{}, false, err
	}
	return blocks[0].Block, true, nil
}
