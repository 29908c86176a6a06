// Package draft keeps what somebody typed in a form that was refused for want of a proof of identity, and puts it back into
// the page of the form once the proof was given.
//
// A draft is never sent on by itself: it comes back into the form, where its author sees it and sends it. Whoever left it in a
// browser that is not theirs can make nobody else act.
//
// Owns: what may be kept of a form (never a password, a code, a file; a bounded size), putting it back without a script.
// Must not know: who typed it, how it is sealed meanwhile, any page of ours. Start reading at: Of (draft.go), then Fill (fill.go).
package draft
