// Package web is the pages of statistics, an organization's and the provider's.
//
// Owns: what they look like and say. Must not know: how a figure is drawn. Start reading at: Routes.
package web
