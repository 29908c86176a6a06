// Package restraint keeps what persons may have stopped without having it erased: restrictions of processing (article 18
// GDPR) and objections to a purpose (article 21).
//
// Under a restriction a person's data are kept and not used. The gate asks this room at every act of every module (Bar): an
// act of somebody else on that person is refused, but for what rights, an authority or security ask. In lists, where one
// person must not close the page for all, the doors where names come from ask it too (Masks): the line stays and says
// "restricted data". What it keeps acts on every node within a second: each keeps a copy in memory, told of changes by the
// database and looked at again after a second.
//
// Owns: restrictions, objections, their notice and their end. Must not know: why a person asked (rights), who shows names.
// Start reading at: Bar (warden.go), then restraint.go.
package restraint
