// Package egress is the one way out: every connection that the platform opens goes through a Door, which dials what is on a list
// and refuses the rest.
//
// The list has two parts. What the configuration names (the relay, a witness, the server of the root key) may be anywhere, the
// machine's own network included, but for the addresses that clouds serve secrets on. What people typed (a webhook) is asked
// for at each call, must still be named by a row of the organization it is done for, and must be of the public internet.
// A name is resolved once, and the addresses that were judged are the ones that are dialled. No redirect is followed.
//
// Owns: which destinations may be called, which addresses are inside, the count of refusals. Must not know: what is said to a
// destination, where the list comes from, how a refusal is journaled. Start reading at: Door.
package egress
