// Package web shows sessions: a person's own, those of an organization's members.
//
// Owns: these pages and their sentences. Must not know: how sessions are kept, how an identity is proved.
// Start reading at: Routes.
package web
