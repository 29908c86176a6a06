// Package web shows the pages of rights: roles, the habilitation table, a person's rights and why, suspensions,
// allowed addresses, support, and the staff table of the provider.
//
// Owns: the look and the words of these pages. Must not know: how a decision is made. Start reading at: Routes.
package web
