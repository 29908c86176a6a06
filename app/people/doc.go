// Package people acts on a running platform as people do: through its pages, with a browser's manners and an
// authenticator's codes. The demonstration and the scripts of the promises are written with it.
//
// Owns: a small browser without JavaScript (cookies, redirects, forms), an authenticator (RFC 6238). Must not know:
// the database, any module, any door but HTTP.
// Start reading at: Browser, then Page.Form.
package people
