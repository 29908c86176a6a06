package signin

import "github.com/rempart/rempart/core"

func open(permission core.Permission, resource string, verb core.Verb, fr, en string) core.ActDef {
	return core.ActDef{Permission: permission, Resource: resource, Verb: verb, Reach: core.ByAnyone, Purpose: core.PurposeSecurity, Title: core.Text{FR: fr, EN: en}}
}

func own(permission core.Permission, resource string, verb core.Verb, fr, en string) core.ActDef {
	d := open(permission, resource, verb, fr, en)
	d.Reach = core.BySelf
	return d
}

func system(permission core.Permission, resource string, verb core.Verb, fr, en string) core.ActDef {
	d := open(permission, resource, verb, fr, en)
	d.Reach = core.BySystem
	return d
}

var (
	beginFlow    = open("signin.begin", "signin", core.Creates, "Commencer une connexion", "Begin to sign in")
	givePassword = open("signin.password", "signin", core.Authenticates, "Donner son mot de passe", "Give one's password")
	giveFactor   = open("signin.factor", "signin", core.Authenticates, "Donner son second facteur", "Give one's second factor")
	sendCode     = open("signin.code_send", "signin", core.Creates, "Recevoir un code par courriel", "Be sent a code by mail")
	giveCode     = open("signin.code", "signin", core.Authenticates, "Donner le code reçu par courriel", "Give the code received by mail")
	chooseFirst  = open("signin.choose", "password", core.Updates, "Choisir un mot de passe pendant la connexion", "Choose a password while signing in")
	acceptTerms  = open("signin.terms", "terms", core.Updates, "Accepter les conditions pendant la connexion", "Accept the terms while signing in")
	enrol        = open("signin.enrol", "factor", core.Creates, "Enregistrer un second facteur pendant la connexion", "Set up a second factor while signing in")
	comeIn       = open("signin.complete", "session", core.Authenticates, "Ouvrir une session", "Open a session")
	checkAddress = open("signin.address", "signin", core.Authenticates, "Se connecter depuis une adresse admise", "Sign in from an admitted address")
	checkBlock   = open("signin.suspension", "signin", core.Authenticates, "Se connecter sans être suspendu", "Sign in while not suspended")
	askReset     = open("signin.reset_ask", "password", core.Creates, "Demander un lien de nouveau mot de passe", "Ask for a link to a new password")
	useReset     = open("signin.reset", "password", core.Updates, "Choisir un nouveau mot de passe par un lien", "Choose a new password through a link")
	noteAttack   = system("signin.attack", "account", core.Updates, "Constater une attaque par essais", "Note a guessing attack")
	offerSetup   = system("signin.setup_offer", "setup", core.Creates, "Proposer la mise en service", "Offer the set-up")
	foundHouse   = open("signin.setup", "setup", core.Creates, "Créer le premier administrateur", "Make the first administrator")
	proveAgain   = own("signin.again", "session", core.Authenticates, "Prouver à nouveau son identité", "Prove one's identity again")
	unlock       = own("signin.unlock", "session", core.Authenticates, "Déverrouiller sa session", "Unlock one's session")
	listDevices  = own("device.list", "device", core.Reads, "Voir ses navigateurs connus", "See one's known browsers")
	forgetDevice = own("device.forget", "device", core.Deletes, "Oublier un navigateur connu", "Forget a known browser")

	counting  = core.Duty{Name: "signin.count", Why: "counters of attempts, kept whatever the outcome and holding nothing of the person"}
	beginning = core.Duty{Name: "signin.begin", Why: "a sign-in under way, forgotten within 20 minutes, before anybody has proved anything; each proof given is an act"}
)
