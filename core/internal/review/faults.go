package review

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/probe"
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

// unrevoked makes every revocation come to nothing.
func unrevoked(id string) core.PlantedFault {
	return fault(id+"/unrevoked", "Une attribution retirée revient", "A revoked assignment comes back",
		`CREATE TRIGGER unrevoked AFTER UPDATE OF revoked_at ON access_assignment WHEN NEW.revoked_at > 0 BEGIN
			UPDATE access_assignment SET revoked_at = 0 WHERE id = NEW.id; END`)
}

var (
	unjudged = fault("review.request/unjudged", "Une demande donne le rôle sans attendre", "A request gives the role without waiting",
		`CREATE TRIGGER unjudged AFTER INSERT ON review_request BEGIN
			INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
			VALUES (NEW.org, 'planted-' || NEW.id, NEW.person, NEW.role, '', '', 'planted', 'planted', 'planted', 1, 1, 0, 0, '', ''); END`)
	ungiven = fault("review.request/ungiven", "Une demande accordée ne donne rien", "A granted request gives nothing",
		`CREATE TRIGGER ungiven AFTER UPDATE OF assignment ON review_request WHEN NEW.assignment <> '' BEGIN
			UPDATE access_assignment SET revoked_at = 1 WHERE id = NEW.assignment; END`)
	neverDue = fault("review.campaign/never", "Aucune revue n'a été faite depuis plus d'un an", "No review was made for more than a year",
		`UPDATE organization_organization SET created_at = created_at - 40000000000000`, `UPDATE review_campaign SET started_at = started_at - 40000000000000`)
	unseenMove = fault("review.mover/unseen", "Un changement de poste n'ouvre aucune revue", "A change of post opens no review",
		`CREATE TRIGGER unseen AFTER INSERT ON review_campaign WHEN NEW.origin = 'mover' BEGIN
			DELETE FROM review_campaign WHERE id = NEW.id; END`)
	undead = fault("review.leaver/session", "Les sessions de qui part vivent encore", "The sessions of a leaver live on",
		`CREATE TRIGGER undead AFTER UPDATE OF ended_at ON session_session WHEN NEW.ended_at > 0 BEGIN
			UPDATE session_session SET ended_at = 0 WHERE id = NEW.id; END`)
	tokenLives = fault("review.leaver/token", "Les jetons de qui part vivent encore", "The tokens of a leaver live on",
		`CREATE TRIGGER undead_token AFTER UPDATE OF ended_at ON token_token WHEN NEW.ended_at > 0 BEGIN
			UPDATE token_token SET ended_at = 0 WHERE id = NEW.id; END`)
	awake = fault("review.dormant/awake", "Chaque compte passe pour venir de se connecter", "Every account passes for having just signed in",
		`CREATE TRIGGER awake AFTER INSERT ON identity_account BEGIN
			UPDATE identity_account SET signed_in_at = 4000000000000000 WHERE id = NEW.id; END`)
	asleep = fault("review.dormant/asleep", "Aucune connexion n'est notée", "No sign-in is noted",
		`CREATE TRIGGER asleep AFTER UPDATE OF signed_in_at ON identity_account WHEN NEW.signed_in_at > 0 BEGIN
			UPDATE identity_account SET signed_in_at = 0 WHERE id = NEW.id; END`)
	unflagged = fault("account.sharing/unflagged", "Les signalements se perdent", "Flags are lost",
		`CREATE TRIGGER unflagged AFTER INSERT ON review_sharing BEGIN DELETE FROM review_sharing WHERE id = NEW.id; END`)
	unseenOverlap = fault("account.sharing/unseen", "Les usages simultanés ne sont pas notés", "Simultaneous uses are not noted",
		`CREATE TRIGGER unseen_overlap AFTER INSERT ON review_overlap BEGIN DELETE FROM review_overlap WHERE id = NEW.id; END`)
	selfInvited = fault("organization.support/uninvited", "Demander à entrer suffit à entrer", "Asking to be let in is enough",
		`CREATE TRIGGER uninvited AFTER INSERT ON review_request WHEN NEW.role = 'support' BEGIN
			INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
			VALUES (NEW.org, 'planted-' || NEW.id, NEW.person, 'support', '', '', 'planted', 'planted', 'planted', 1, 1, 4000000000000000, 0, '', ''); END`)
	endless = fault("organization.support/endless", "Un accès de support n'a pas de fin", "A support access has no end",
		`INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
			VALUES ('canary', 'planted-endless', 'planted', 'support', '', '', 'planted', 'planted', 'planted', 1, 1, 0, 0, '', '')`)
	everywhere = fault("organization.support/member", "Une personne du prestataire tient un autre rôle chez un client", "A person of the provider holds another role in a client's organization",
		`INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
			SELECT 'canary', 'planted-' || a.id, a.person, 'auditor', '', '', 'planted', 'planted', 'planted', 1, 1, 0, 0, '', '' FROM access_assignment a WHERE a.org = 'platform'`)
)
