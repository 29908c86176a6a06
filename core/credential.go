package core

import "time"

// Credential is what the password of an account is checked against. Its zero value stands for an account that does
// not exist: checking it does the same work and answers no.
type Credential struct {
	Person, Account ID
	Hash            string // PHC string; "" while no password was chosen
	SetAt           time.Time
	// Compromised demands a new password, after a proof that the mailbox is still the person's (ACC-4.4).
	Compromised bool
}

// Factors is what a person holds beyond a password.
type Factors struct {
	TOTP  bool // an authenticator application, confirmed
	Codes int  // recovery codes left
	// Lost tells that the organization took a lost factor away, and that the person has not come in since: the mailbox is
	// proved beside the password before another is set up.
	Lost bool
	// Since is when the authenticator was confirmed.
	Since time.Time
}

// RecoveryCodes is one batch: shown once to the person, kept as marks (hashes).
type RecoveryCodes struct {
	Plain []string
	Salt  string
	Marks []string
}
