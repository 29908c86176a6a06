// Package web is the pages of requests, reviews, leavers, dormant accounts and marks of sharing.
//
// Owns: what is read and typed there, in both languages. Must not know: how any of it is decided. Start reading at: Routes.
package web
