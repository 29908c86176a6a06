// Package identity is the room of persons and of what proves who they are.
//
// Owns: persons and their accounts, the profile (limited to KSK-1.1), passwords and their history, authenticator
// applications and recovery codes, single-use links, reports of a compromise. Must not know: in which order a sign-in
// asks for proofs (signin), sessions, roles, organizations beyond their names.
// Start reading at: Module.AddPerson (person.go), then NewPassword (secret.go), CheckTOTP (totp.go).
package identity
