// Package home is where a person arrives: the organizations they belong to, their place in each.
//
// Owns: the home page, the page of one's place in an organization. It keeps nothing. Must not know: where
// memberships, roles and suspensions are kept. Start reading at: Module.Mine.
package home
