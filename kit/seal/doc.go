// Package seal is the form of sealed values and of what is looked up without opening them.
//
// A sealed value is
//
//	version(1) ‖ algorithm(1) ‖ key epoch(2) ‖ nonce(12) ‖ ciphertext ‖ tag(16)
//
// with AES-256-GCM under a random nonce (NIST SP 800-38D). Version 2 binds, as additional data, the organization, the person,
// the table, the field, the row and the version of the field's schema, so that a value moved elsewhere does not open. Version 1,
// which bound owner and place only, is still read. A key seals far fewer than 2^32 values, so that random nonces are safe. What
// is free text is padded to a bucket first (Pad): its length would tell a name or a diagnosis.
//
// Owns: the form, its vectors (testdata/vectors.json), padding, the normalisers of indexed fields. Must not know: who keeps keys.
// Start reading at: Place, then Seal.
package seal
