// Package rights is the desk where persons exercise their rights on their data (articles 12 to 21 GDPR).
//
// A request comes by the public form of an organization, from a person's own space, or is written down by whoever received it.
// It has one month (rights/clock). Nothing is done on it before the identity of the person is established, in proportion: a
// session with a fresh proof, or a mailed link and a fact that the organization knows, or a document, which is sealed and
// destroyed by the very act that ends the check. The officer then carries it out through the doors of other rooms, has tasks
// for what programs cannot do, and answers; no answer, refusal or extension leaves without naming the officer and the
// authority to complain to (rights/letter). What was sent, to whom, when and its digest are kept as proof.
//
// What a person wrote is sealed under their own key; a requester without account gets a key of their own, so that their
// request can be erased as well. Rows keep ids, dates and stable words.
//
// Owns: requests, their steps, letters, tasks, documents, the outside systems that are told. Must not know: how data is
// erased, archived, restricted or shared (doors of core/personal), who holds which role (access).
// Start reading at: module.go (Needs), then file.go, prove.go, carry.go, answer.go.
package rights
