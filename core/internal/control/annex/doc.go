// Package annex writes the security annex of a contract from the live state: what was promised, how each promise stands,
// on which evidence, what the organization has tightened, what is not built, and how a third party checks it.
//
// A Document is a snapshot: it is kept as it was given, its hash pins it, and its three forms (HTML for reading and
// printing, PDF/A-2b for the archive, ODT for lawyers) are drawn from it again at any time, byte for byte the same.
//
// Owns: the form of the annex and its sentences, the comparison of two versions. Must not know: how a status is computed,
// where versions are kept. Start reading at: Document, then compose.
package annex
