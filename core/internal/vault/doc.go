// Package vault holds one key per owner (a person, or an organization for what belongs to nobody) and seals values under
// it, so that destroying the key erases them everywhere at once, backups of the data included (law 5).
//
// A root key (a file of mode 0400, a systemd credential, a transit engine, a PKCS#11 token) wraps one key per organization and
// epoch, which wraps a random 32-byte key per owner. The wrapped keys live in a database of their own, apart from the data: a
// copy of the data never holds what opens it. Each day a new epoch is made, every living key is wrapped anew, the key store is
// copied to the configured places, where only its latest state stands, and the old epoch is destroyed: what was erased is then
// unreadable in every older copy of the data, while everybody else's opens.
//
// Values have the form of kit/seal. In memory, keys wait wrapped under a key of this process; the ciphers of the latest owners (1,024 at
// most) are kept ready beside them, and hold their keys. A destruction drops both, on every node that hears of it.
//
// Owns: the root key, vault_*, copies of the key store, blind indexes. Must not know: what is sealed, nor why.
// Start reading at: Vault.Seal, then epoch.go (the hierarchy), rotate.go, copy.go.
package vault
