// Package recognition tells who is calling: cards brought from a customer's own tools, found by the exact number of a caller.
//
// Owns: sources and their cards, calls and their history, what is shown and what scripts receive, support logs. Must not know:
// how a telephone exchange speaks (line), how a tool is read (source, at the customer's), who may do what (the gate).
// Start reading at: Module.Lookup.
//
// Its rooms: number (what a number is) · index (found in memory) · wire (what an agent sends) · source and agent (at the customer's) ·
// line (telephony) · pop (screen-pop scripts) · code (one-time codes to enrol) · desk (the workstation's agent) · directory (LDAP, XML,
// templates) · web, api, plug.
package recognition
