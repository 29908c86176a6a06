// Package app is the composition root: configuration, commands, and nothing of the platform's own work.
//
// Owns: the configuration file and its environment, the listeners, the logs, the command line. Must not know: how
// any module does its work; it asks core/boot for a house and for the doors that its commands need.
// Start reading at: Main (main.go), then Config (config.go), then serve (serve.go). The scenes of the demonstration
// are in app/demo, the generated documents in app/docs.
package app
