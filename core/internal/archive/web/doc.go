// Package web is the page of one's own data and of one's archives.
//
// Owns: what they look like and say. Must not know: how anything is gathered or kept. Start reading at: Routes.
package web
