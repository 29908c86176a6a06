// Package web is the pages of caller recognition: the configuration tool, the workstation, support logs.
//
// Owns: what people see. Must not know: tables, exchanges. Start reading at: Routes.
package web
