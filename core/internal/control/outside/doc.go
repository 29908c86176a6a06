// Package outside holds the probes of the outside world: TLS, plain HTTP, headers, listening sockets, disk, region, host,
// components of the running program, floods.
//
// Each probe reads facts (facts.go) and judges them. What cannot be seen is said so, and is never taken for held. A
// throw-away instance may be told other facts, so that each judgement can be seen to fail; a live one has none to be told.
//
// Owns: those probes, the list of components (SBOM), the list of known vulnerabilities. Must not know: any module's rows,
// which clause a probe serves. Start reading at: outside.go, then facts.go.
package outside
