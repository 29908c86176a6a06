// Package docs writes the documents that are generated from the running house, and checks that every test that a
// document names exists.
//
// Owns: docs/errors.md, docs/permissions.md, docs/routes.md, docs/configuration.md, docs/asvs.md. Must not know: how a
// module does its work.
// Start reading at: Documents, then Index (what tests and scripts there are). Write them again with make docs.
package docs
