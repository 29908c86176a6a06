package access

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
	"github.com/rempart/rempart/kit/pack"
)

var (
	errAssignment = i18n.Fault(core.Invalid, "assignment.invalid",
		"Cette attribution ne peut pas être faite telle quelle.", "This assignment cannot be made as it is.")
	errSelfApproval = i18n.Fault(core.Forbidden, "assignment.self_approval",
		"Personne n'approuve sa propre habilitation : demandez à une autre personne qui administre.",
		"Nobody approves their own assignment: ask another administrator.")
	errEscalation = i18n.Fault(core.Forbidden, "assignment.escalation",
		"Ce rôle contient des permissions que vous n'avez pas : vous ne pouvez pas le donner ni le retirer.",
		"This role holds permissions that you do not have: you can neither give it nor take it away.")
	errAlready = i18n.Fault(core.Conflict, "assignment.already",
		"Cette personne a déjà ce rôle à cet endroit.", "This person already has this role there.")
	errNoAssignment = i18n.Fault(core.NotFound, "assignment.not_found",
		"Cette attribution n'existe pas ou a déjà été retirée.", "This assignment does not exist or was already revoked.")
	errLastAdmin = i18n.Fault(core.Conflict, "assignment.last_admin",
		"C'est la dernière personne qui administre : donnez d'abord ce rôle à une autre.",
		"This is the last administrator: give the role to someone else first.")

	codeRole       = i18n.Reason("assignment.role", "Choisissez un rôle qui existe ici.", "Choose a role that exists here.")
	codeReason     = i18n.Reason("assignment.reason", "Dites pourquoi, en 500 caractères au plus.", "Say why, in 500 characters at most.")
	codeUntil      = i18n.Reason("assignment.until", "La fin doit être dans le futur, et après le début.", "The end must be in the future, and after the start.")
	codeMember     = i18n.Reason("assignment.member", "Cette personne n'est pas membre de l'organisation.", "This person is not a member of the organization.")
	codeService    = i18n.Reason("assignment.service", "Ce service n'existe pas.", "This service does not exist.")
	codeSupport    = i18n.Reason("assignment.support", "Le support se donne à une personne du prestataire, pour 90 jours au plus.", "Support is given to a person of the provider, for 90 days at most.")
	codeStaffOnly  = i18n.Reason("assignment.staff", "Une personne du prestataire ne reçoit, chez un client, que le rôle de support.", "A person of the provider receives, in a client's organization, the support role alone.")
	maxSupport     = 90 * 24 * time.Hour
	maxReasonChars = 500
)

// Assign gives a role; it returns the id of the assignment. The one who answers for it is a.Approver, or the actor when
// empty, and the rules are theirs: they must hold assignment.give here, and everything that the role holds unless they
// may delegate any role; nobody approves their own assignment. The very first administrator of an organization, and the
// platform's own work, need no approver. Where a person accepts an invitation, the approver is who invited them.
func (m *Module) Assign(ctx context.Context, tx core.Tx, a core.Assignment) (core.ID, error) {
	now := m.Needs.Clock.Now()
	if a.Org.IsZero() {
		a.Org = core.Platform
	}
	if a.From.IsZero() || a.From.Before(now) {
		a.From = now
	}
	a.Reason = strings.TrimSpace(a.Reason)
	first, err := m.isFirst(ctx, tx, a)
	if err != nil {
		return "", err
	}
	role, err := m.checkAssignment(ctx, tx, a, first, now)
	if err != nil {
		return "", err
	}
	actor := core.ActorOf(ctx)
	if a.Approver.IsZero() && actor.Kind != core.SystemActor {
		a.Approver = actor.ID
	}
	if !first {
		if err := m.checkAuthority(ctx, tx, actor, a, role); err != nil {
			return "", err
		}
	}
	if a.ID, err = m.write(ctx, tx, a, now); err != nil {
		return "", err
	}
	if first && a.Org == core.Platform {
		if err := m.admitFirst(ctx, tx, actor, now); err != nil {
			return "", err
		}
	}
	return a.ID, nil
}

// write keeps a checked assignment, once.
func (m *Module) write(ctx context.Context, tx core.Tx, a core.Assignment, now time.Time) (core.ID, error) {
	taken, _, err := db.One(ctx, tx, qSameAssignment, db.Value[int64], a.Org, a.Person, a.Role, a.Service, a.Object, clock.Micros(now))
	if err != nil {
		return "", err
	}
	if taken > 0 {
		return "", errAlready
	}
	if a.ID.IsZero() {
		a.ID = ids.New()
	}
	reason, err := m.shut(ctx, pack.Place("access_assignment.reason", a.Org, a.ID), a.Reason, a.Person, a.Org)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, qAssign, a.Org, a.ID, a.Person, a.Role, a.Service, a.Object, reason, a.Approver, core.ActorOf(ctx).ID,
		clock.Micros(now), clock.Micros(a.From), clock.Micros(a.Until))
	if db.Duplicate(err) {
		return "", errAlready
	}
	if err != nil {
		return "", fmt.Errorf("access: assign: %w", err)
	}
	tx.Notify(Topic, string(a.Person))
	return a.ID, nil
}

// Topic is told, after the commit, the person whose rights changed. Nothing is cached: it serves pages that show them.
const Topic = "access"

// isFirst tells whether a makes the very first administrator of its organization.
func (m *Module) isFirst(ctx context.Context, tx core.Tx, a core.Assignment) (bool, error) {
	if a.Role != adminOf(a.Org) || a.Service != "" || a.Object != "" || !a.Until.IsZero() {
		return false, nil
	}
	n, _, err := db.One(ctx, tx, qEverAssigned, db.Value[int64], a.Org, a.Role)
	return n == 0, err
}

func adminOf(org core.ID) string {
	if org == core.Platform {
		return RoleProviderAdmin
	}
	return RoleAdmin
}

// checkAssignment checks what does not depend on who asks.
func (m *Module) checkAssignment(ctx context.Context, tx core.Tx, a core.Assignment, first bool, now time.Time) (*core.Role, error) {
	wrong := errAssignment
	role, err := m.role(ctx, tx, a.Org, a.Role)
	if err != nil {
		return nil, err
	}
	if role == nil || !assignableIn(role.Kind, a.Org) {
		wrong = wrong.With("role", codeRole)
	}
	if utf8.RuneCountInString(a.Reason) > maxReasonChars || (a.Reason == "" && !first && core.ActorOf(ctx).Kind == core.HumanActor) {
		wrong = wrong.With("reason", codeReason)
	}
	if !a.Until.IsZero() && (!a.Until.After(now) || !a.Until.After(a.From)) {
		wrong = wrong.With("until", codeUntil)
	}
	if a.Service != "" {
		if _, known := m.cat.Load().modules[a.Service]; !known {
			wrong = wrong.With("service", codeService)
		}
	}
	if len(wrong.Fields) == 0 {
		if wrong, err = m.checkPerson(ctx, tx, a, first, now, wrong); err != nil {
			return nil, err
		}
	}
	if len(wrong.Fields) > 0 {
		return nil, wrong
	}
	return role, nil
}

func (m *Module) checkPerson(ctx context.Context, tx core.Tx, a core.Assignment, first bool, now time.Time, wrong *core.Error) (*core.Error, error) {
	if a.Org == core.Platform || first {
		return wrong, nil
	}
	staff, err := m.IsStaff(ctx, tx, a.Person)
	if err != nil {
		return nil, err
	}
	membership, found, err := m.Needs.Members.MemberOf(ctx, tx, a.Org, a.Person)
	if err != nil {
		return nil, err
	}
	home := found && membership.OrgKind == "provider"
	switch {
	case a.Role == RoleSupport:
		if !staff || home || a.Until.IsZero() || a.Until.Sub(now) > maxSupport {
			wrong = wrong.With("until", codeSupport)
		}
		return wrong, nil
	case staff && !home:
		return wrong.With("person", codeStaffOnly), nil
	case found && membership.State != "left":
		return wrong, nil
	}
	if m.Needs.Services != nil {
		_, is, err := m.Needs.Services.ServiceName(ctx, tx, a.Org, a.Person)
		if err != nil {
			return nil, err
		}
		if is {
			return wrong, nil
		}
	}
	return wrong.With("person", codeMember), nil
}

// checkAuthority checks that those who answer for the assignment may give that much.
func (m *Module) checkAuthority(ctx context.Context, tx core.Tx, actor core.Actor, a core.Assignment, role *core.Role) error {
	if actor.Kind == core.SystemActor && a.Approver.IsZero() {
		return nil
	}
	if a.Approver.IsZero() || a.Approver == a.Person {
		return errSelfApproval
	}
	if err := m.mayGive(ctx, tx, core.Actor{Kind: core.HumanActor, ID: a.Approver}, a.Org, role); err != nil {
		return err
	}
	// Someone else than the approver gives it: an accepted invitation gives to who accepts; any other giver needs the
	// authority too.
	if actor.Kind == core.HumanActor || actor.Kind == core.ServiceActor {
		if actor.ID != a.Approver && actor.ID != a.Person {
			return m.mayGive(ctx, tx, actor, a.Org, role)
		}
	}
	return nil
}

// mayGive refuses whoever would give more than they hold.
func (m *Module) mayGive(ctx context.Context, tx core.Tx, giver core.Actor, org core.ID, role *core.Role) error {
	if giver.Org.IsZero() {
		giver.Org = org
	}
	holds, err := m.effective(ctx, tx, giver, org)
	if err != nil {
		return err
	}
	if !holds[GiveAssignment.Permission] {
		return withArgs(errForbidden, i18n.From(GiveAssignment.Title).In(ctx), GiveAssignment.Permission)
	}
	return coveredBy(holds, role)
}

func coveredBy(holds map[core.Permission]bool, role *core.Role) error {
	if holds[DelegateAny.Permission] {
		return nil
	}
	if role.ID == RoleSupport {
		return errEscalation // letting the provider in is for those who answer for the organization
	}
	for _, p := range role.Permissions {
		if !holds[p] {
			return errEscalation
		}
	}
	return nil
}

// Revoke ends an assignment at once; it stays in the table of past dates. The last administrator cannot be revoked.
func (m *Module) Revoke(ctx context.Context, tx core.Tx, assignment core.ID, reason string) error {
	now := m.Needs.Clock.Now()
	a, found, err := m.line(ctx, tx, qAssignmentByID, assignment)
	if err != nil {
		return err
	}
	if !found || a.Ended(now) {
		return errNoAssignment
	}
	if a.isAdmin() {
		if err := m.guardLastAdmin(ctx, tx, a.Org, a.Person, a.ID, now); err != nil {
			return err
		}
	}
	kept, err := m.shut(ctx, pack.Place("access_assignment.revoke_reason", a.Org, a.ID), cut(reason), a.Person, a.Org)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qRevoke, assignment, clock.Micros(now), core.ActorOf(ctx).ID, kept)
	if err != nil {
		return fmt.Errorf("access: revoke: %w", err)
	}
	if n == 0 {
		return errNoAssignment
	}
	tx.Notify(Topic, string(a.Person))
	return nil
}

// RevokeAll ends every assignment of a person in org (the person leaves, ACC-6.2). The platform's own work may take the
// last administrator away; nobody else may.
func (m *Module) RevokeAll(ctx context.Context, tx core.Tx, org, person core.ID, reason string) error {
	now, actor := m.Needs.Clock.Now(), core.ActorOf(ctx)
	if actor.Kind != core.SystemActor {
		if err := m.guardLastAdmin(ctx, tx, org, person, "", now); err != nil {
			return err
		}
	}
	// The reason is a word of the platform's here ("member.left"), which tells nothing that a person typed.
	if _, err := tx.Exec(ctx, qRevokeAll, org, person, clock.Micros(now), actor.ID, cut(reason)); err != nil {
		return fmt.Errorf("access: revoke all: %w", err)
	}
	tx.Notify(Topic, string(person))
	return nil
}

// guardLastAdmin refuses to take the role from the last active administrator of org; only one assignment is taken when
// it is named, every one of the person otherwise.
func (m *Module) guardLastAdmin(ctx context.Context, tx core.Tx, org, person, only core.ID, now time.Time) error {
	admins, err := m.admins(ctx, tx, org, now)
	if err != nil {
		return err
	}
	taken := false
	for _, a := range admins {
		gone := a.Person == person && (only == "" || a.ID == only)
		if !gone {
			return nil
		}
		taken = true
	}
	if taken {
		return errLastAdmin
	}
	return nil
}

// admins gives the live, unscoped administrator assignments of org whose holder is not suspended and still belongs.
func (m *Module) admins(ctx context.Context, tx core.Tx, org core.ID, now time.Time) ([]Line, error) {
	all, err := m.lines(ctx, tx, qAdmins, org, adminOf(org), clock.Micros(now))
	if err != nil || org == core.Platform {
		return all, err
	}
	var active []Line
	for _, a := range all {
		membership, found, err := m.Needs.Members.MemberOf(ctx, tx, org, a.Person)
		if err != nil {
			return nil, err
		}
		if found && membership.State == "active" {
			active = append(active, a)
		}
	}
	return active, nil
}

// cut keeps a reason within its limit.
func cut(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > maxReasonChars {
		return string(r[:maxReasonChars])
	}
	return s
}
