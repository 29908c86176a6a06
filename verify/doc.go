// Package verify checks a Rempart journal without Rempart: from an export, on any machine, with one public key.
//
// A journal is an append-only Merkle tree (RFC 6962, section 2.1) of entries. Each entry is a canonical text, one field
// per line (Entry.Text), so that its leaf can be recomputed with any tool that knows SHA-256. The operator signs the
// size and root of the tree as a checkpoint (C2SP tlog-checkpoint, a C2SP signed-note with an Ed25519 key) and sends it
// to places that it does not control. Whoever holds an older checkpoint can tell whether history was rewritten; whoever
// holds an export can tell whether an entry of it was changed, removed, inserted, reordered or cut off, and which one.
//
// What is personal in an entry stands in sealed parts: the tree commits to each part's ciphertext and to a salted hash
// of its plain text. A part can be dropped, or its key destroyed, and every proof still holds; a part shown in clear in
// an export is proven to be what was sealed.
//
//	report, err := verify.File(f, key)   // key as printed by "rempart journal key"
//	if err == nil && report.OK() { ... }
//
// A bundle ("rempart prove") shows one clause: the signed observations of its probes, the entries that record them, and the
// text that was published. CheckBundle checks it with the same key.
//
// Owns: the tree, the canonical entry, notes, checkpoints, cosignatures, exports, observations, bundles. Must not know: anything of ours; only
// the standard library and golang.org/x/mod/sumdb/note. Start reading at: File (export.go), then Entry (entry.go).
package verify
