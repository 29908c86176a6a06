// Package personal holds the words and narrow doors by which the rooms that work on personal data reach one another: the
// rights desk orders an erasure, an erasure asks for legal holds, a letter names the activities of the register.
//
// Owns: types and interfaces only, no I/O. Must not know: any room. Start reading at: Eraser.
package personal
