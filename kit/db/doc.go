// Package db keeps rows durably, on SQLite or on PostgreSQL, with one SQL text for both.
//
// Owns: connections, transactions, the registry of statements, migrations, notifications between nodes, and what a
// failing disk does to a write. Must not know: any module, any table but its own (prefix ground_).
// Start reading at: DB (db.go), then writer.go (how one goroutine commits the writes of many), then postgres.go.
//
// A write transaction means the same on both engines: serializable, all or nothing, dead after its first failed
// statement, acknowledged only once the disk or the server said that the commit is durable. On PostgreSQL the function
// of a transaction can run more than once (serialization failures are retried): it must touch nothing but its
// transaction and what it resets itself.
package db
