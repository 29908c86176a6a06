// Package sandbox invents people, and compares two installations blindly: what one says of its people is hashed under a key that
// is drawn for the comparison and thrown away, and what the other says is looked up among the hashes. No value is kept, shown or
// written down, on either side.
//
// Owns: invented names, addresses and numbers; the blind comparison. Must not know: any room, what is read from where.
// Start reading at: Blind, then Namer.
package sandbox
