//go:build !race

package organization

const raceEnabled = false
