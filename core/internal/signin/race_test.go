//go:build race

package signin_test

// underRace tells that the race detector slows everything down unevenly.
const underRace = true
