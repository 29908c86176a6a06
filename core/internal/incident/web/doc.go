// Package web shows incidents to the provider's staff, and notices of breaches to the organizations concerned.
//
// Owns: their pages and sentences. Must not know: how incidents are kept. Start reading at: Routes.
package web
