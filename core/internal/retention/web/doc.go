// Package web is the pages of retention: rules in words, sweeps and certificates, legal holds, the intermediate archive.
//
// Owns: what they look like and say. Must not know: how anything is decided or kept. Start reading at: Routes.
package web
