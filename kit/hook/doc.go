// Package hook sends signed messages to addresses of the outside, and to them only.
//
// An address is https, or http to this very machine. The client that is given goes through the one way out (kit/egress), which
// refuses what leads inside and follows no redirect. The body is signed with HMAC-SHA256.
//
// Owns: which addresses may be given, the form of the signature. Must not know: what is sent, to whom, when it is tried
// again. Start reading at: Post.
package hook
