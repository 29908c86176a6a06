// Package people acts on a running platform as people do: through its pages, with a browser's manners and an
// authenticator's codes. The demonstration and the scripts of the promises are written with it.
//
// Owns: the journeys of a person (signing in, proving again who they are). Must not know: the database, any module, any
// door but HTTP.
// Start reading at: Browser.SignIn.
package people
