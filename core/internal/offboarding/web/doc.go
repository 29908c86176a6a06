// Package web is the pages of ends of contract: the countdown, what to take away, more time, and the provider's list.
//
// Owns: what they look like and say. Must not know: how anything is decided or kept. Start reading at: Routes.
package web
