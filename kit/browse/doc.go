// Package browse is a small browser without JavaScript and an authenticator, for who acts on the platform through its
// pages: probes, the demonstration, the scripts of the promises.
//
// Owns: cookies, redirects, forms, RFC 6238. Must not know: any module, any path of ours, any door but HTTP.
// Start reading at: Browser, then Page.Form.
package browse
