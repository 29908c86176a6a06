// Package policies holds the policy packs: what a published security annex promises, clause by clause, in both languages,
// with the settings, probes and attestations that make each promise true.
//
// A pack is one YAML file. The six that ship are embedded; anyone can write one for their own annex (docs/howto/policy.md).
//
// Owns: the form of a pack, its check with file and line, placeholders in texts, the comparison of two versions. Must not
// know: the state of a system; whether a clause holds is computed by the control room. Start reading at:
// Pack, then Parse, Check and Diff.
package policies
