// Package retention ends what has reached the end of its time (CTI-4, CTI-32.2, EMG-4.8, ACC-11.1).
//
// A rule stands in the manifest of the room that owns the rows; its days are those of the manifest, or fewer where the provider
// or an organization has set so. The sweeper walks rooms, rules and organizations in batches and can stop and go on anywhere:
// each batch commits its deletions together with its certificate in the journal. A legal hold keeps what it covers. What must be
// kept for years after that goes to the intermediate archive: sealed apart, found by blind index, read under its own permission
// with a reason.
//
// Owns: the days in force, runs and certificates, holds, the archive, the notice to those who belong nowhere any more. Must not
// know: the tables of other rooms; it asks them (core.Expirer). Start reading at: Module.Sweep, then hold.go, archive.go.
package retention
