// Package faults breaks what is under a running house and looks at what is left: processes killed, power cut, disks
// full or failing, servers stopped. Each test ends with the same question: is every acknowledged act there, with its
// entry, and does the journal verify?
//
// The tests are behind the build tag "faults" (make faults, about a minute): they kill some 450 processes.
//
// Owns: the child that acts until it is killed, the parent that remembers what was acknowledged, the lossy disk.
// Must not know: anything inside the core; it uses boot as the application does.
// Start reading at: child_test.go, then kill_test.go.
package faults
