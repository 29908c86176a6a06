// Package inventory keeps the registers that answer for what is around the platform: machines and how they left (USR-5.4),
// sub-processors and their terms (USR-4.5, CTI-5), documents and their next review (USR-4.1), security evaluations and
// their findings (USR-5.1, EMG-3.3).
//
// Each line of each register has the same shape: an owner, a state, a date that comes next, what is missing of it. What is
// missing is computed at each write and flagged; a date is recalled to its owner beforehand and afterwards; each change is a
// version that stays, with its entry in the journal. What a register holds and asks is in its own file.
//
// Owns: the five lists, their versions, their files, their reminders, what clients are told of sub-processors. Must not know:
// what clauses say of them (control judges), who holds which role (access). It reaches them through Needs.
// Start reading at: register.go, then asset.go and its neighbours, item.go, remind.go, clients.go.
package inventory
