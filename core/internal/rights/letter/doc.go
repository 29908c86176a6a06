// Package letter writes what is sent to a person who exercises a right, in French and English.
//
// Every letter ends with a foot that names the data-protection officer and the supervisory authority with its address: Compose
// adds it and Whole checks it, and nothing that is not whole leaves (article 12-4 GDPR, CTI-8).
//
// Owns: the words of letters, drafts of answers, grounds of refusal. Must not know: how letters travel, requests, persons.
// Start reading at: Compose, then Draft.
package letter
