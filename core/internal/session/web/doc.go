// Package web shows sessions: a person's own, those of an organization's members, the lock.
//
// Owns: these pages and their sentences. Must not know: how sessions are kept, how an identity is proved (Prover).
// Start reading at: Routes.
package web
