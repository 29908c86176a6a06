// Package probe helps a room to write its probes: what was seen in words, and asking pages as a visitor does.
//
// Owns: the making of a Sight, the error of a probe that could not look, requests with a bounded answer. Must not know:
// any module, where a probe plays (core.Stage). Start reading at: Held, Broken, Unseen.
package probe
