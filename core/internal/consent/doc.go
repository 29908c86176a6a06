// Package consent is where a person says what may be done with their data, and takes it back.
//
// An organization, or the provider, publishes a question: a purpose, a text in both languages, and the fields that it asks for,
// if any. Its versions are numbered and never change. What a person answers is kept line after line, never changed: who, to
// whom, what for, which text exactly, in which language and by which way, given or withdrawn, when. A question that asks for
// fields makes a share: off until the person has chosen each field, an end, and seen exactly what the organization will see.
// What the organization is shown is a copy, sealed under a key of the share alone. Stopping destroys the key in the same act:
// the copy is gone on every node, and in every backup of the data.
//
// Owns: questions and their texts, consents, shares, their copies, what an organization notes beside a share, receipts. Must not
// know: where a field comes from (personal.FieldSource), how a journal is kept. It reaches them through Needs.
// Start reading at: module.go (Needs), then question.go, consent.go, share.go, copy.go, received.go.
package consent
