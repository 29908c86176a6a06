// Package scripts keeps one script per promise, and one per family of attacks: what a lawyer can read and a machine runs.
//
// Owns: the words of the scripts. Each testdata/*.txtar acts on a platform of its own, with the people of app/demo, over
// HTTP. Its commands are people: admin, people, security, auditor, member (of the town), outsider and neighbour (of the
// other organization), provider and support (staff), and attacker (nobody). Must not know: any module, any table.
// Start reading at: testdata/ACC-6.1-suspension.txtar, then words_test.go.
package scripts
