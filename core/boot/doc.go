// Package boot builds the core from its configuration and gives back the doors.
//
// Owns: the order in which rooms are made, and the adapters between them. Must not know: commands, flags, files of
// configuration. Start reading at: New.
package boot
