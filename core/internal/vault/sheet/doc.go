// Package sheet makes the recovery sheet of the root key: parts that are printed, kept apart, and give the key back.
//
// A part is a point of a polynomial over GF(2^8) per byte of the key (Shamir's scheme, the field of AES, as in SLIP-39): any
// need of them give the key, fewer say nothing about it. A sheet of one part holds the key itself. A part is written as 32 words
// of the English BIP-39 list and as a QR code; both hold
//
//	version(1) ‖ need(1) ‖ number(1) ‖ name of the key(4) ‖ share(32) ‖ checksum(5)
//
// Owns: the scheme, its vectors (testdata/shares.json), how a part is written and read. Must not know: where keys are kept.
// Start reading at: Split, then Read.
package sheet
