// Package offboarding ends the contract of an organization (KSK-3.6, CTI-4, CTI-32.2).
//
// The provider sets the end, or the organization's administrator asks for it. From then on the organization is leaving: a date
// stands (a month away unless the provider's setting says longer), its administrators are told, its pages can be read and
// everything can be taken away in native formats, and nothing there can be changed. The organization may ask for more time, which
// the provider judges; either may call it off. When the date has passed and no legal hold stands, its members leave, its
// administrative rows go to the intermediate archive for seven years, the rest is deleted in one transaction with a certificate in
// the journal, and its keys are destroyed. The journal stays and verifies.
//
// Owns: the state of leaving, requests for more time, the end itself and its certificate. Must not know: what rooms keep; it asks
// them (core.Leaver, core.OrgExporter). Start reading at: leaving.go, then finish.go, takeaway.go, warden.go.
package offboarding
