// Package web shows tokens and service accounts.
//
// Owns: these pages and their sentences. Must not know: how tokens are kept. Start reading at: Routes.
package web
