// Package web shows terms and policies: to whoever reads them, and to those who publish them.
//
// Owns: these pages and their sentences. Must not know: sign-in, which asks for acceptance on a page of its own.
// Start reading at: Routes.
package web
