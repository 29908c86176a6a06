package access

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// rolesAt gives the roles of a canary as the habilitation table of a date shows them.
func (t *trial) rolesAt(by, c core.Canary, at time.Time) ([]string, error) {
	v, err := t.m.ViewPerson(t.acting(by), c.Org, c.Person, at)
	return v.Row.Roles, err
}

// seeTable: the habilitation table of a past date shows what was permitted on that date.
func (m *Module) seeTable(t *trial) (core.Sight, error) {
	admin, err := t.s.Canary(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	c, err := t.s.Canary(t)
	if err != nil {
		return core.Sight{}, err
	}
	var moments [3]time.Time // before, during, after
	mark := func(i int) error {
		err := wait(t, 2*time.Millisecond)
		moments[i] = m.Needs.Clock.Now()
		return err
	}
	if err := mark(0); err != nil {
		return core.Sight{}, err
	}
	if err := wait(t, 2*time.Millisecond); err != nil {
		return core.Sight{}, err
	}
	id, err := m.Give(t.acting(admin), core.Assignment{Org: c.Org, Person: c.Person, Role: roleAuditor, Reason: "probe", From: m.Needs.Clock.Now()})
	if err != nil {
		return core.Sight{}, err
	}
	if err := mark(1); err != nil {
		return core.Sight{}, err
	}
	if err := wait(t, 2*time.Millisecond); err != nil {
		return core.Sight{}, err
	}
	if _, err := m.Take(t.acting(admin), c.Org, id, "probe"); err != nil {
		return core.Sight{}, err
	}
	if err := mark(2); err != nil {
		return core.Sight{}, err
	}
	for i, want := range []bool{false, true, false} {
		roles, err := t.rolesAt(admin, c, moments[i])
		if err != nil {
			return core.Sight{}, err
		}
		if slices.Contains(roles, roleAuditor) != want {
			return probe.Broken(3, i+1, tTableWrong, i+1), nil
		}
	}
	sight := probe.Held(3, 3, tTableHeld)
	sight.Entries, err = t.s.Witness(t, c, RevokeAssignment.Permission)
	return sight, err
}

var dutyAge = core.Duty{Name: "access.age", Why: "A probe lets time pass for the roles of its own canary, and takes back what it decided about an organization of canaries; nothing else moves."}

var qAge = db.SQL(`UPDATE access_assignment SET from_at = $2, given_at = $2 WHERE person = $1`)

var qForgetLifted = db.SQL(`DELETE FROM access_suspension WHERE target = $1 AND lifted_at > 0`)

// forget takes the lifted suspensions of the organization of strangers back: nobody ever has to prove them.
func (t *trial) forget() {
	ctx := context.WithoutCancel(t)
	_ = t.m.Needs.Gate.Keep(ctx, &dutyAge, func(tx core.Tx) error { // the next run takes back what this one could not
		_, err := tx.Exec(ctx, qForgetLifted, core.Strangers)
		return err
	})
}

// age lets so much time pass for the roles of a canary.
func (t *trial) age(c core.Canary, by time.Duration) error {
	return t.m.Needs.Gate.Keep(t, &dutyAge, func(tx core.Tx) error {
		people, err := t.m.Needs.People.People(t, tx, c.Person)
		if err != nil {
			return err
		}
		if !people[c.Person].IsCanary() {
			return errors.New("access: time passes for canaries alone")
		}
		_, err = tx.Exec(t, qAge, c.Person, clock.Micros(t.m.Needs.Clock.Now().Add(-by)))
		return err
	})
}

// seeUnused: a right that nobody used for the days of the policy is listed, and not before.
func (m *Module) seeUnused(t *trial) (core.Sight, error) {
	admin, err := t.s.Canary(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	c, err := t.s.Canary(t, roleAuditor)
	if err != nil {
		return core.Sight{}, err
	}
	var days int
	err = t.look(func(tx core.Tx) error {
		p, err := m.Needs.Settings.For(t, tx, c.Org)
		days = p.Access.UnusedDays
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	if days <= 0 {
		return probe.Broken(0, 0, tUnusedOff), nil
	}
	unused := func(after int) (n, all int, err error) {
		if err := t.age(c, time.Duration(after)*24*time.Hour); err != nil {
			return 0, 0, err
		}
		v, err := m.ViewPerson(t.acting(admin), c.Org, c.Person, time.Time{})
		for _, cell := range v.Row.Cells {
			if !slices.ContainsFunc(cell.Whys, func(w Why) bool { return w.Role == roleAuditor }) {
				continue
			}
			if all++; cell.Unused {
				n++
			}
		}
		return n, all, err
	}
	young, all, err := unused(days - 1)
	if err != nil {
		return core.Sight{}, err
	}
	old, _, err := unused(days + 1)
	switch {
	case err != nil:
		return core.Sight{}, err
	case all == 0 || old < all:
		return probe.Broken(all, all, tUnusedSilent, old, all, days+1), nil
	case young > 0 && days > 1:
		return probe.Broken(all, all, tUnusedEarly, young, days-1), nil
	}
	sight := probe.Held(all, all, tUnusedHeld, all, days+1, days-1)
	sight.Settings = map[string]string{"access.unused_days": strconv.Itoa(days)}
	return sight, nil
}

// proofTime bounds one run of the proof: whole, it takes seconds of every processor (rempart policy prove does it).
const proofTime = 1500 * time.Millisecond

// seeProof: combinations of facts, of corners drawn anew at each run, are decided, and none breaks a property.
func (m *Module) seeProof(t *trial) (core.Sight, error) {
	all := corners()
	population := 0
	for _, base := range all {
		population += base.combinations()
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	ctx, stop := context.WithTimeout(t, proofTime)
	defer stop()
	r, err := prove(ctx, m.policies, all, func(Counterexample) bool { return true })
	switch {
	case !r.Holds():
		return probe.Broken(population, int(r.Decisions), tProveBroken, len(properties), r.Counterexamples[0].Property), nil
	case t.Err() != nil || err != nil && !errors.Is(err, context.DeadlineExceeded):
		return core.Sight{}, errors.Join(t.Err(), err)
	}
	return probe.Held(population, int(r.Decisions), tProveHeld, r.Policies, r.Decisions, population, len(properties), r.Took.Round(time.Millisecond)), nil
}

// combinations is how many questions a corner holds.
func (s scene) combinations() (n int) {
	for bits := range 1 << 14 {
		c := s
		c.fill(bits)
		if c.possible() {
			n += 3
		}
	}
	return n
}

var (
	tDeny          = i18n.T("Sans rôle, rien de ce qu'un rôle permet ne s'ouvre", "Without a role, nothing that a role permits opens")
	tDenyHeld      = i18n.T("Un canari sans rôle : %d actes décidés et %d pages demandées ; tout a été refusé, sauf ce que l'adhésion permet.", "A canary without a role: %d acts decided and %d pages asked for; all was refused but what membership permits.")
	tDenyOpen      = i18n.T("Un canari sans rôle obtient %d chose(s) qu'aucun rôle ne lui donne : %s.", "A canary without a role obtains %d thing(s) that no role gives it: %s.")
	tFaultEveryone = i18n.T("Un rôle donné à chaque nouveau membre", "A role given to each new member")

	tOneRole   = i18n.T("Un rôle permet exactement ce qu'il contient", "A role permits exactly what it holds")
	tRoleHeld  = i18n.T("Un canari chargé de l'audit : %d actes décidés et %d pages demandées, permis ou refusés comme son rôle le dit.", "A canary with the role of audit: %d acts decided and %d pages asked for, permitted or refused as its role says.")
	tRoleOther = i18n.T("Un canari chargé de l'audit : %d réponse(s) autres que ce que son rôle dit : %s.", "A canary with the role of audit: %d answer(s) other than its role says: %s.")
	tFaultMore = i18n.T("Un rôle d'audit qui donne aussi la sécurité", "A role of audit that gives security too")
	tFaultLess = i18n.T("Un rôle donné et aussitôt perdu", "A role given and lost at once")

	tDates        = i18n.T("Une habilitation commence et finit à ses dates", "A right begins and ends at its dates")
	tDatesHeld    = i18n.T("Un rôle à venir n'a rien ouvert ; un rôle d'une durée de %s a servi, puis a été refusé dès son terme.", "A role yet to come opened nothing; a role for %s served, then was refused from its end on.")
	tDatesNever   = i18n.T("Un rôle en cours n'a rien ouvert.", "A role in its time opened nothing.")
	tDatesEarly   = i18n.T("Un rôle qui ne commence que dans une heure sert déjà.", "A role that begins in an hour serves already.")
	tDatesLate    = i18n.T("Un rôle sert encore après son terme.", "A role still serves after its end.")
	tFaultEndless = i18n.T("Des habilitations sans fin", "Rights without end")
	tFaultEarly   = i18n.T("Des habilitations qui commencent avant leur date", "Rights that begin before their date")

	tObject      = i18n.T("Un rôle donné sur un seul objet n'ouvre que cet objet", "A role given on one object opens that object alone")
	tObjectHeld  = i18n.T("Un rôle donné sur une seule fiche : %d pages demandées, cette fiche seule s'est ouverte.", "A role given on one record: %d pages asked for, that record alone opened.")
	tObjectWrong = i18n.T("Un rôle donné sur une seule fiche n'a pas ouvert ce qu'il devait, ou a ouvert autre chose : page %s.", "A role given on one record did not open what it should, or opened something else: page %s.")
	tFaultAll    = i18n.T("Un rôle sur un objet qui vaut pour tous", "A role on one object that reaches all")

	tIsolation      = i18n.T("Ce qui est à une organisation n'existe pas pour une autre", "What belongs to one organization does not exist for another")
	tIsolationHeld  = i18n.T("L'administration d'une organisation a demandé %d pages et opérations avec les identifiants d'une autre : rien ne s'est ouvert, rien n'a été dit.", "The administrator of one organization asked for %d pages and operations with another's ids: nothing opened, nothing was told.")
	tIsolationOpen  = i18n.T("L'administration d'une organisation atteint %d page(s) d'une autre : %s.", "The administrator of one organization reaches %d page(s) of another: %s.")
	tFaultNeighbour = i18n.T("Chaque membre d'une organisation l'est aussi de l'autre", "Each member of one organization is one of the other too")
	tFaultFront     = i18n.T("Une API qui répond à qui demande", "An API that answers whoever asks")

	tStaffRoles      = i18n.T("Le personnel du prestataire n'agit que par des rôles déclarés", "Provider staff acts by declared roles alone")
	tStaffHeld       = i18n.T("Personnel chargé de l'audit : %d actes décidés et %d pages de la console, comme son rôle le dit ; l'administration d'un client n'y a rien vu ; %d rôle(s) en service, tous déclarés.", "Staff with the role of audit: %d acts decided and %d pages of the console, as its role says; a client's administrator saw nothing of it; %d role(s) in use, all declared.")
	tStaffWrong      = i18n.T("%d réponse(s) autres que ce que les rôles disent : %s.", "%d answer(s) other than roles say: %s.")
	tStaffUndeclared = i18n.T("Du personnel a un rôle que rien ne déclare : %s.", "Staff holds a role that nothing declares: %s.")
	tFaultStaff      = i18n.T("Un rôle d'audit qui donne l'exploitation", "A role of audit that gives operation")
	tFaultUnknown    = i18n.T("Un rôle que rien ne déclare", "A role that nothing declares")

	tImpersonation     = i18n.T("Le personnel ne peut pas prendre la place d'une personne", "Staff cannot take a person's place")
	tImpersonationHeld = i18n.T("%d actes déclarés, aucun ne permet d'être quelqu'un d'autre ; %d façons connues d'y prétendre ont été essayées par du personnel, sans effet.", "%d acts declared, none lets one be somebody else; %d known ways to claim it were tried by staff, without effect.")
	tImpersonationAct  = i18n.T("L'acte %s permettrait d'être quelqu'un d'autre.", "The act %s would let one be somebody else.")
	tImpersonationWay  = i18n.T("Du personnel a lu comme quelqu'un d'autre par %s.", "Staff read as somebody else by %s.")
	tFaultBackDoor     = i18n.T("Un en-tête qui fait passer pour une autre personne", "A header that makes one pass for another person")

	tTable          = i18n.T("La table des habilitations dit vrai à une date passée", "The habilitation table tells the truth of a past date")
	tTableHeld      = i18n.T("Un rôle donné puis retiré : la table est juste à trois dates, avant, pendant et après.", "A role given, then revoked: the table is right at three dates, before, during and after.")
	tTableWrong     = i18n.T("Un rôle donné puis retiré : la table est fausse à la date n° %d (avant, pendant, après).", "A role given, then revoked: the table is wrong at date number %d (before, during, after).")
	tFaultForgotten = i18n.T("Une habilitation retirée dont rien ne reste", "A revoked right of which nothing stays")
	tFaultKept      = i18n.T("Une habilitation retirée qui reste", "A revoked right that stays")

	tUnused       = i18n.T("Une habilitation qui ne sert pas est signalée", "A right that is not used is listed")
	tUnusedHeld   = i18n.T("Les %d permissions du rôle d'un canari sont signalées après %d jours sans usage, et ne le sont pas après %d.", "The %d permissions of a canary's role are listed after %d days unused, and are not after %d.")
	tUnusedSilent = i18n.T("%d permissions sur %d seulement sont signalées après %d jours sans usage.", "Only %d permissions of %d are listed after %d days unused.")
	tUnusedEarly  = i18n.T("%d permissions sont signalées dès %d jours sans usage.", "%d permissions are listed after %d days unused already.")
	tUnusedOff    = i18n.T("Aucun délai n'est réglé : une habilitation qui ne sert pas n'est jamais signalée.", "No delay is set: a right that is not used is never listed.")
	tFaultUsed    = i18n.T("Des habilitations qui se croient toujours neuves", "Rights that always believe themselves new")

	tProve       = i18n.T("Aucune combinaison de faits ne permet ce qui doit être refusé", "No combination of facts permits what must be refused")
	tProveHeld   = i18n.T("%d règles, %d combinaisons de faits tirées sur %d et décidées : les %d propriétés tiennent toutes (%s).", "%d policies, %d combinations of facts drawn of %d and decided: all %d properties hold (%s).")
	tProveBroken = i18n.T("Une combinaison de faits, des %d propriétés demandées, brise celle-ci : « %s ».", "A combination of facts, of the %d properties asked for, breaks this one: \"%s\".")
	tFaultLoose  = i18n.T("Une règle qui permet tout au personnel", "A policy that permits staff everything")
)
