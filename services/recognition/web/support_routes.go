package web

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/services/recognition"
)

const (
	staffPath       = "/provider/support-logs"
	staffDevices    = "/provider/devices"
	staffInstall    = "/provider/workstation"
	casesPattern    = "/o/{org}/recognition/support"
	problemsPattern = "/o/{org}/recognition/problems"
	installPattern  = "/o/{org}/recognition/workstation"
	devicesPattern  = "/o/{org}/devices"
)

// supportPages are support logs and workstations.
type supportPages struct{ m *recognition.Module }

func supportRoutes(m *recognition.Module) []edge.Route {
	p := supportPages{m}
	own, see, list := edge.Needs(recognition.OwnCases), edge.Needs(recognition.SeeCases), edge.Needs(recognition.ListDevices)
	mine, forget, invite := edge.Needs(recognition.OwnDevices), edge.Needs(recognition.ForgetDevice), edge.Needs(recognition.MakeDeskCode)
	return []edge.Route{
		{Pattern: "GET " + casesPattern, Access: edge.Needs(recognition.ListCases), Handle: p.cases},
		{Pattern: "POST " + casesPattern, Access: edge.Needs(recognition.OpenCase), Handle: p.open},
		{Pattern: "POST " + casesPattern + "/{case}/close", Access: edge.Needs(recognition.CloseCase), Handle: p.closeCase},
		{Pattern: "GET " + problemsPattern, Access: own, Handle: p.problems},
		{Pattern: "POST " + problemsPattern, Access: edge.Needs(recognition.ReportCase), Handle: p.report},
		{Pattern: "POST " + problemsPattern + "/{case}/close", Access: edge.Needs(recognition.CloseOwn), Handle: p.closeOwn},

		{Pattern: "GET " + staffPath, Access: see, Handle: p.staff},
		{Pattern: "GET " + staffPath + "/{case}", Access: edge.Needs(recognition.ReadCase), Handle: p.read},
		{Pattern: "POST " + staffPath + "/{case}/name", Access: edge.Needs(recognition.NameStaff), Handle: p.name},
		{Pattern: "POST " + staffPath + "/{case}/settle", Access: edge.Needs(recognition.SettleCase), Handle: p.settle},

		{Pattern: "GET " + devicesPattern, Access: list, Handle: p.devices},
		{Pattern: "GET " + staffDevices, Access: list, Handle: p.devices},
		{Pattern: "GET " + installPattern, Access: mine, Handle: p.install},
		{Pattern: "POST " + installPattern, Access: invite, Handle: p.invite},
		{Pattern: "POST " + installPattern + "/{device}/forget", Access: forget, Handle: p.forget},
		{Pattern: "GET " + staffInstall, Access: mine, Handle: p.install},
		{Pattern: "POST " + staffInstall, Access: invite, Handle: p.invite},
		{Pattern: "POST " + staffInstall + "/{device}/forget", Access: forget, Handle: p.forget},
	}
}

// supportID reads an id of a path or a form; what has no form of one is nothing that exists.
func supportID(text string) core.ID {
	if len(text) > 64 {
		return ""
	}
	return core.ID(text)
}
