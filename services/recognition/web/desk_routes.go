package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/services/recognition"
)

// desk is the workstation's pages: who calls, one's own history, dialling; and the exchanges that an organization connects.
type desk struct{ m *recognition.Module }

const (
	callsPath   = "/o/{org}/calls"
	linesPath   = "/o/{org}/recognition/lines"
	connectPath = "/o/{org}/recognition/connect/{kind}"
)

func deskRoutes(m *recognition.Module) []edge.Route {
	d := desk{m}
	watch, read, dial := edge.Needs(recognition.WatchCalls), edge.Needs(recognition.ReadHistory), edge.Needs(recognition.DialNumber)
	note, lines, manage := edge.Needs(recognition.NoteCall), edge.Needs(recognition.ReadLines), edge.Needs(recognition.ManageLine)
	installs := edge.Public("the program of an installed page holds nothing of anyone").Blind()
	return []edge.Route{
		{Pattern: "GET " + callsPath, Access: read, Handle: d.page},
		{Pattern: "POST " + callsPath, Access: read, Handle: d.page}, // a search: what is looked for stays out of addresses
		{Pattern: "GET " + callsPath + "/live", Access: watch, Handle: d.live},
		{Pattern: "GET " + callsPath + "/stream", Access: watch, Handle: edge.Streams(d.stream), Deadline: edge.StreamLife},
		{Pattern: "GET /api/v1/organizations/{org}/calls/stream", Access: watch, Handle: edge.Streams(d.stream), Deadline: edge.StreamLife},
		{Pattern: "POST " + callsPath + "/dial", Access: dial, Handle: d.dial},
		{Pattern: "POST " + callsPath + "/{call}/hangup", Access: dial, Handle: d.hangup},
		{Pattern: "POST " + callsPath + "/{call}/note", Access: note, Handle: d.note},
		{Pattern: "POST " + callsPath + "/{call}/scripts", Access: edge.Needs(recognition.RunScript), Handle: d.script},
		{Pattern: "GET " + callsPath + "/install.json", Access: installs, Handle: d.manifest},
		{Pattern: "GET " + callsPath + "/worker.js", Access: installs, Handle: d.worker},

		{Pattern: "GET " + linesPath, Access: lines, Handle: d.lines},
		{Pattern: "GET " + connectPath, Access: manage, Handle: d.newLine},
		{Pattern: "POST " + connectPath, Access: manage, Handle: d.makeLine},
		{Pattern: "GET " + linesPath + "/{line}", Access: lines, Handle: d.line},
		{Pattern: "GET " + linesPath + "/{line}/edit", Access: manage, Handle: d.editLine},
		{Pattern: "POST " + linesPath + "/{line}/edit", Access: manage, Handle: d.changeLine},
		{Pattern: "POST " + linesPath + "/{line}/test", Access: manage, Handle: d.testLine},
		{Pattern: "POST " + linesPath + "/{line}/remove", Access: manage, Handle: d.removeLine},
	}
}

func deskOrg(r *http.Request) core.ID { return core.ID(r.PathValue("org")) }

// deskAt gives an address of the workstation's pages.
func deskAt(org core.ID, rest string) string { return "/o/" + string(org) + "/calls" + rest }

// linesAt gives an address of the pages of exchanges.
func linesAt(org core.ID, rest string) string {
	return "/o/" + string(org) + "/recognition/lines" + rest
}

// connectAt gives the address of the page that connects an exchange of a kind.
func connectAt(org core.ID, kind string) string {
	return "/o/" + string(org) + "/recognition/connect/" + kind
}
