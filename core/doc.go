// Package core is the front desk: the words and the narrow doors that every room of the house shares.
//
// Owns: ids, Actor, Act, Error, Entry, Manifest, and the doors (one to three methods each) through which
// a module reaches what it does not own. Must not know: any module, any kit, any database or network.
// Start reading at: Gate (gate.go), then Act (act.go), then Manifest (manifest.go).
package core
