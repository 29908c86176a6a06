// Package form is what every page where a password is chosen shows: the rules one by one, and an offer to take.
//
// Owns: the words and shape of the help. Must not know: whose password it is, how the rules were judged.
// Start reading at: Rules.
package form
