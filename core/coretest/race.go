//go:build race

package coretest

// RaceDetector tells that everything runs several times slower: what is looked for then is races, not time.
const RaceDetector = true
