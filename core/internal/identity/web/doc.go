// Package web is the pages of a person's own account, of "this wasn't me", and of what staff and administrators do
// about an account.
//
// Owns: their words and shape. Must not know: sessions, the order of a sign-in. Start reading at: Routes (routes.go).
package web
