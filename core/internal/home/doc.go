// Package home is where a person arrives: the organizations they belong to, their place in each, and what the frame around
// every page shows of them.
//
// Owns: the home page, the page of one's place in an organization, the answer to ui.Frame.Who. It keeps nothing. Must not know: where
// memberships, roles and suspensions are kept. Start reading at: Module.Who, then Module.Mine.
package home
