// Package web shows organizations and their members: lists, pages, invitations, sign-up, import, the provider's list.
//
// Owns: these pages and their sentences. Must not know: how members are kept, roles, sessions (it links to them).
// Start reading at: Routes.
package web
