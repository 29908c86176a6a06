// Package data holds the probes that look at what is stored: every column has a treatment, nothing is older than its rule,
// nothing sealed stands in clear, a person's data leave on demand, no secret is handed to the log.
//
// All but the ages (ages.go) is driven by the manifests of the modules and by the live schema: a room that is added later
// is looked at without a word here.
//
// Owns: those probes. Must not know: what a row means. Start reading at: data.go, then manifest.go.
package data
