// Package web is the pages of the desk of rights: the public form, the page behind a mailed link, a person's own requests, the
// officer's queue and the outside systems.
//
// Owns: their look and sentences. Must not know: how requests are decided. Start reading at: Routes.
package web
