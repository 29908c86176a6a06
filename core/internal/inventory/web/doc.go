// Package web is the pages of the registers, and the list of sub-processors that clients read.
//
// Owns: what they look like and say. Must not know: how anything is decided or kept. Start reading at: Routes.
package web
