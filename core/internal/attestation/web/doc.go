// Package web is the pages of attestations and of what staff owe.
//
// Owns: what they look like and say. Must not know: how anything is decided or kept. Start reading at: Routes.
package web
