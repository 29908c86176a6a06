// Package telephony is the real thing: an exchange (kamailio), two telephones (baresip) and an operator's trunk (sipp), all from Debian,
// on loopback ports of their own and in folders that go with the test.
//
// The tests are behind the build tag "telephony" (make telephony). One whose program is not installed is skipped; scripts/deps installs
// them all.
//
// Owns: the rig. Must not know: anything inside the core; it uses boot as the application does.
// Start reading at: rig_test.go, then calls_test.go.
package telephony
