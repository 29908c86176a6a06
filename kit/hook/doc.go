// Package hook sends signed messages to addresses of the outside, and to them only.
//
// An address is https, or http to this very machine. A name that leads inside (a private, local or special address) is refused
// when it is dialled, whatever it led to before, and no redirect is followed. The body is signed with HMAC-SHA256.
//
// Owns: which addresses may be called, the form of the signature. Must not know: what is sent, to whom, when it is tried
// again. Start reading at: Post.
package hook
