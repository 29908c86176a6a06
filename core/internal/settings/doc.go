// Package settings holds what the provider demands of everyone and what each organization demands of its own people.
//
// A setting has a direction: which of two values is the stricter. The provider sets floors (organization Platform);
// an organization may only tighten them (law 3, ACC-3.5). The value in force is read in the transaction of the
// request that needs it, so that a raised floor acts at the next request on every node: what a node remembers is keyed
// by a stamp that every change renews and that is read in that same transaction.
//
// Owns: the catalogue of settings, floors, presets, the policy in force. Must not know: who may sign in, what a session
// is, the lists of addresses (they are rows of access, which evaluates them). Start reading at: Key, then Module.For.
package settings
