// Package gate is the only way to act: one verb decides, journals and opens the transaction (law 1).
//
// Owns: the order of decision, work and entry; the entry of a refusal. Must not know: any module, how a decision is
// made, how an entry is kept. Start reading at: Gate.Change.
package gate
