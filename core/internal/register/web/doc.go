// Package web shows the register: that of the provider and that of each organization, by the same pages.
//
// Owns: its pages and their sentences. Must not know: how forms are made or kept. Start reading at: Routes.
package web
