// Package vault holds one key per owner (a person, or an organization for what belongs to nobody) and seals values under
// it, so that destroying the key erases them everywhere at once, backups of the data included (law 5).
//
// A root key (32 bytes, a file readable by its owner alone) wraps a random 32-byte key per owner. The wrapped keys live
// in a database of their own, apart from the data: a copy of the data never holds what opens it. A sealed value is
//
//	version(1) ‖ algorithm(1) ‖ key epoch(2) ‖ nonce(12) ‖ ciphertext ‖ tag(16)
//
// with AES-256-GCM under a random nonce (NIST SP 800-38D); owner and place are bound to it as additional data, so that
// a value moved to another row or column does not open. Clear keys are never kept: unwrapping one costs 0.3 µs.
//
// Owns: the root key, vault_key, the form of sealed values. Must not know: what is sealed, nor why.
// Start reading at: Vault.Seal.
package vault
