// Package web gives the explorer of the journal: its pages and its exports.
//
// Owns: what a reader sees of an entry, and the words for it. Must not know: how entries are kept, who people are.
// Start reading at: Routes.
package web
