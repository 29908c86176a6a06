// Package web shows the controls: the dashboard of promises and their live proof, each clause and observation, policies in
// force, alerts, the annex, and what outsiders see (auditors' link, public trust page, contacts, security.txt).
//
// The same pages serve provider staff (/provider/controls: every clause in force) and an organization's own people
// (/o/{org}/controls: what was promised to them).
//
// Owns: these pages and their sentences. Must not know: how a status is computed. Start reading at: Routes.
package web
