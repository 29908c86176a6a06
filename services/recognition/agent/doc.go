// Package agent brings the cards of one tool to the platform, from the customer's side: it reads the tool, finds out what changed, and
// sends that alone.
//
// Owns: a turn (open, read, compare, send, commit), the local store, the loop, the health page, enrolment. Must not know: the database of
// the platform, how a tool is read (source), the bytes on the wire (wire). Start reading at: Agent.Turn.
//
// What leaves the computer is what a mapping chose (CTI-29). What stays on it is keyed hashes, whose key is on the platform and in memory
// while a turn lasts (CTI-30).
package agent
