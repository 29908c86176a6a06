package rights

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Kind is the right that a person exercises.
type Kind string

// The rights.
const (
	Information   Kind = "information"   // articles 13 and 14
	Access        Kind = "access"        // article 15
	Rectification Kind = "rectification" // article 16
	Erasure       Kind = "erasure"       // article 17
	Restriction   Kind = "restriction"   // article 18
	Portability   Kind = "portability"   // article 20
	Objection     Kind = "objection"     // article 21
	Consent       Kind = "consent"       // article 7-3: withdrawal
)

// Kinds lists them in the order of pages.
var Kinds = []Kind{Access, Rectification, Erasure, Objection, Restriction, Portability, Consent, Information}

var kindTitles = map[Kind]i18n.Sentence{
	Information:   i18n.T("Être informé de ce qui est fait de mes données", "Be informed of what is done with my data"),
	Access:        i18n.T("Accéder à mes données", "Have access to my data"),
	Rectification: i18n.T("Faire corriger mes données", "Have my data corrected"),
	Erasure:       i18n.T("Faire effacer mes données", "Have my data erased"),
	Restriction:   i18n.T("Faire limiter l'usage de mes données", "Have the use of my data restricted"),
	Portability:   i18n.T("Recevoir mes données pour les porter ailleurs", "Receive my data to take them elsewhere"),
	Objection:     i18n.T("M'opposer à un usage de mes données", "Object to a use of my data"),
	Consent:       i18n.T("Retirer mon consentement", "Withdraw my consent"),
}

// Valid tells whether it is one of the rights.
func (k Kind) Valid() bool { _, ok := kindTitles[k]; return ok }

// Title says what is asked.
func (k Kind) Title() i18n.Sentence { return kindTitles[k] }

// State is how a request stands.
type State string

// The states.
const (
	Open      State = "open"
	Answered  State = "answered"
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
	Joined    State = "joined" // the same was asked already: one answer for both
)

// States lists them in the order of pages.
var States = []State{Open, Answered, Refused, Withdrawn, Joined}

var stateTitles = map[State]i18n.Sentence{
	Open:      i18n.T("en cours", "open"),
	Answered:  i18n.T("répondue", "answered"),
	Refused:   i18n.T("refusée", "refused"),
	Withdrawn: i18n.T("retirée", "withdrawn"),
	Joined:    i18n.T("jointe à une autre", "joined to another"),
}

// StateTitle says how a request stands.
func StateTitle(ctx context.Context, s State) string { return stateTitles[s].In(ctx) }

// Proof is how far the identity of the requester is established.
type Proof string

// The steps of identity.
const (
	Unproved Proof = "none"
	Mailed   Proof = "mailed"  // the mailed link was opened: the mailbox is theirs
	Doubted  Proof = "doubted" // we asked for more: the clock stands still
	Given    Proof = "given"   // what we asked for came
	Proved   Proof = "proved"
	Failed   Proof = "failed"
)

var proofTitles = map[Proof]i18n.Sentence{
	Unproved: i18n.T("pas encore établie", "not yet established"),
	Mailed:   i18n.T("adresse confirmée, à vérifier", "address confirmed, to be checked"),
	Doubted:  i18n.T("en doute : une pièce est attendue", "in doubt: a proof is awaited"),
	Given:    i18n.T("une preuve est à vérifier", "a proof is to be checked"),
	Proved:   i18n.T("établie", "established"),
	Failed:   i18n.T("non établie", "not established"),
}

// ProofTitle says how far identity is established.
func ProofTitle(ctx context.Context, p Proof) string { return proofTitles[p].In(ctx) }

// How identity was established.
const (
	BySession  = "session"
	ByLink     = "link"
	ByDocument = "document"
	ByPerson   = "person" // somebody of the organization answers for it
)

var howTitles = map[string]i18n.Sentence{
	BySession:  i18n.T("connexion avec preuve récente", "signed in with a fresh proof"),
	ByLink:     i18n.T("lien reçu par courriel et fait connu", "mailed link and a known fact"),
	ByDocument: i18n.T("pièce vérifiée puis détruite", "document checked, then destroyed"),
	ByPerson:   i18n.T("vérifiée par une personne", "checked by a person"),
}

// HowTitle says how identity was established.
func HowTitle(ctx context.Context, how string) string { return howTitles[how].In(ctx) }

// Ground is why a request is refused.
type Ground string

// The grounds, with the articles that give them.
const (
	GroundIdentity  Ground = "identity"  // 11-2, 12-2
	GroundUnfounded Ground = "unfounded" // 12-5
	GroundExcessive Ground = "excessive" // 12-5
	GroundOthers    Ground = "others"    // 15-4, 20-4
	GroundLaw       Ground = "law"       // 17-3-b
	GroundClaims    Ground = "claims"    // 17-3-e, 21-1
	GroundSpeech    Ground = "speech"    // 17-3-a
	GroundInterest  Ground = "interest"  // 21-1
	GroundContract  Ground = "contract"  // 20-1: neither consent nor contract
	GroundAccurate  Ground = "accurate"  // 16: the data is right
	GroundNothing   Ground = "nothing"   // nothing is held
)

// Grounds lists them in the order of pages.
var Grounds = []Ground{
	GroundIdentity, GroundNothing, GroundUnfounded, GroundExcessive, GroundOthers, GroundLaw, GroundClaims, GroundSpeech, GroundInterest, GroundContract, GroundAccurate,
}

// suits tells for which rights a ground can be given; none named: for all.
var suits = map[Ground][]Kind{
	GroundOthers:   {Access, Portability},
	GroundLaw:      {Erasure, Restriction},
	GroundClaims:   {Erasure, Objection, Restriction},
	GroundSpeech:   {Erasure},
	GroundInterest: {Objection},
	GroundContract: {Portability},
	GroundAccurate: {Rectification},
}

// Suits tells whether a ground can refuse a right.
func (g Ground) Suits(k Kind) bool {
	for _, one := range Grounds {
		if one != g {
			continue
		}
		list := suits[g]
		if len(list) == 0 {
			return true
		}
		for _, s := range list {
			if s == k {
				return true
			}
		}
	}
	return false
}

var fieldTitles = map[string]i18n.Sentence{
	"given_name":  i18n.T("Prénom", "Given name"),
	"family_name": i18n.T("Nom", "Family name"),
	"phone":       i18n.T("Téléphone", "Phone"),
	"gender":      i18n.T("Civilité (f, m, x)", "Gender (f, m, x)"),
	"language":    i18n.T("Langue (fr, en)", "Language (fr, en)"),
}

// Fields are those of a profile that a rectification may change, in the order of pages. An address of sign-in is changed by
// its holder alone, who proves the new mailbox.
var Fields = []string{"given_name", "family_name", "phone", "gender", "language"}

// FieldTitle names a field of the profile.
func FieldTitle(ctx context.Context, field string) string { return fieldTitles[field].In(ctx) }

func fieldsOf(p core.Person) map[string]string {
	return map[string]string{
		"given_name": p.GivenName, "family_name": p.FamilyName, "phone": p.Phone, "gender": p.Gender, "language": p.Language,
	}
}
