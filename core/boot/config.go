package boot

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/kit/mail"
	"github.com/rempart/rempart/verify"
)

// Config is what the house is built from. Data and Origin are required; everything else has a usable zero value.
type Config struct {
	// Data is the folder of the keys, the checkpoints seen and, without URL, the databases. It must exist.
	Data string
	// URL is a PostgreSQL address; SQLite in Data when empty.
	URL string
	// KeysURL is the PostgreSQL database of the keys; the database of URL when empty. With SQLite: keys.db in Data.
	KeysURL string
	// Keys says where the root key is and where the key store is copied to.
	Keys Keys
	// Connections is the size of the pool on PostgreSQL; 0 takes the default.
	Connections int
	// Origin is the address that people type ("https://trust.example.org"): the only source of links in mails.
	Origin string
	// Proxies may say who the client is (X-Forwarded-For, Forwarded).
	Proxies []netip.Prefix
	// Mail says how messages leave.
	Mail mail.Config
	// CheckpointFolders, CheckpointMails and Witnesses receive the journal's signed checkpoints.
	CheckpointFolders []string
	CheckpointMails   []string
	Witnesses         []string
	// WitnessOf are the public keys of the journals whose checkpoints this installation cosigns.
	WitnessOf []verify.Key
	// Settings are held at start: what the provider demands less of is raised to them (rempart settings lists the names).
	Settings map[string]string
	// Node names this node among those of one database; the host's name when empty.
	Node string
	// Declared is the operator's word about what probes cannot see from inside.
	Declared Declared
	// Rate is how many requests a second one token may make of the API for long; 0 takes its own limit.
	Rate int
	// Services are those that live on this house.
	Services []service.Kind
	// Clock tells the time; the real one when nil.
	Clock core.Clock
	// Log receives what happens, without personal data; the default logger when nil.
	Log *slog.Logger
	// Version is that of the running program.
	Version string

	// reached hears of the steps of an erasure, for a test that kills the process there.
	reached func(ctx context.Context, order core.ID, moment string)
}
