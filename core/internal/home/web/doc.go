// Package web shows the home page and a person's place in an organization.
//
// Owns: these two pages and their sentences. Must not know: how places are found (home.Module). Start reading at: Routes.
package web
