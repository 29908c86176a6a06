// Package review is where rights are asked for, judged, looked at again and taken away.
//
// A member asks for a role and their line manager judges (CTI-37.6). Once a year at least, each assignment is looked at by
// somebody else than its holder and kept with a word; what nobody answers for by the deadline is revoked (CTI-37.8). Who
// changes post is looked at again at once by the new manager (CTI-37.9). Leavers leave in one act, dormant accounts are
// listed, accounts that seem shared are flagged with the reasons (ACC-2.2), and the provider's staff asks a client to be let in
// (KSK-1.3).
//
// Who answers is read from live rows each time, never kept: when a manager leaves, their heir answers.
//
// Owns: access requests, campaigns and their lines, the comparison of a full list, the report of dormant accounts, marks of
// sharing. Must not know: what an assignment permits (access does), how a member leaves (organization does), secrets of
// sessions. It reaches them through Needs.
// Start reading at: module.go (Needs), then request.go, campaign.go, close.go, sharing.go.
package review
