// Package control keeps promises and their proof together: which policy packs are in force, the probes that run against
// the live system, what each run saw, and the status of each clause, which is computed and never typed (laws 3 and 4).
//
// Owns: packs in force and their versions per organization, observations, statuses, alerts, the self-test. Must not know:
// how a control works inside (each room's Probes() does), who attests what. Start reading at: view.go, then Module.
package control
