// Package bench compares Rempart with its peers and with the machine's own limits, in one run on one machine.
//
// It is a module of its own, so that what it is compared with never becomes a dependency of the product; its path lies
// under core, so that it can measure the rooms themselves. Each program prints a table and ends with 1 when a target is
// missed.
//
//	cd bench && go run ./journal
//
// Owns: measurements. Must not know: nothing (it may import anything). Start reading at: journal/main.go.
package bench
