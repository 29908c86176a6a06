// Package web is the pages of signing in: one handler file and one template per page.
//
// Owns: the cookie of a sign-in under way, what each step shows. Must not know: in which order steps come (signin).
// Start reading at: Routes (routes.go), then pages.goOn.
package web
