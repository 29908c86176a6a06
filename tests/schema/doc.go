// Package schema keeps a database of each released schema, made by a real run, and upgrades it to the newest one.
//
// A fixture (testdata/<version>.tar.gz) holds the same platform twice, as SQLite files and as a PostgreSQL dump, with the
// throw-away keys of that run, and the digest of each table as it was. `make schema-fixture VERSION=v0.1.0` makes one
// from the demonstration's people and acts; it is done once per release, before the tag.
//
// Owns: those fixtures and the promise that an upgrade loses no row. Must not know: what the tables mean.
// Start reading at: TestEveryReleasedSchemaUpgrades.
package schema
