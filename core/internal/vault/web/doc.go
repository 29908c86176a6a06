// Package web is the page of an organization's own key: making it, unlocking for a session, changing the passphrase.
//
// Owns: this page and its sentences. Must not know: how keys are made or kept. Start reading at: Routes.
package web
