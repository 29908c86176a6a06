// Package web is the pages of consents and shares: a person's own, an organization's questions, what it receives, the provider's counts.
//
// Owns: what they look like and say. Must not know: how anything is decided or kept. Start reading at: Routes.
package web
