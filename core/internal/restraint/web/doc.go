// Package web is the officer's page of restrictions and objections.
//
// Owns: what it looks like and says. Must not know: how anything is decided or kept. Start reading at: Routes.
package web
