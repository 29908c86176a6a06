// Package terms holds the documents that persons accept: terms of use, policies, charters.
//
// A document belongs to the provider (organization Platform: everyone reads it and accepts it when it is required) or to
// an organization (its own members). Its versions are numbered; a published version never changes. Acceptance is kept
// per person and version, and asked again when a version that must be accepted anew is published (ACC-2.3). Every
// version stays readable with its date, its author and the difference from the one before (ACC-13.1).
//
// Owns: documents, versions, acceptances, the light marking of their text, the comparison of two versions. Must not
// know: sign-in, which asks Due and Accept; who belongs where, which it is told. Start reading at: terms.go.
package terms
