// Package web is the pages of erasures: the officer's list and one order with its dry run, steps and receipt; and what an
// organization is told of those whose data it had received.
//
// Owns: what they look like and say. Must not know: how anything is decided or erased. Start reading at: Routes.
package web
