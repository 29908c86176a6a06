// Package web shows the settings of an organization with their floors, the provider's floors, and security.txt.
//
// Owns: these pages and their sentences. Must not know: how settings are kept or compared. Start reading at: Routes.
package web
