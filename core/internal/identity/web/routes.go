package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ m *identity.Module }

// Routes are the pages of this module.
func Routes(m *identity.Module) []edge.Route {
	p := pages{m}
	mine := edge.SignedIn()
	link := edge.Public("opened by a single-use secret sent to the person; it can only cut accesses")
	mailed := edge.Public("opened by a single-use secret sent to the mailbox that it is about; shows nothing of anyone")
	return []edge.Route{
		{Pattern: "GET /me/security", Access: mine, Handle: p.security},
		{Pattern: "POST /me/security/not-me", Access: mine, Handle: p.notMeMyself},
		{Pattern: "GET /me/password", Access: mine, Handle: p.password},
		{Pattern: "POST /me/password", Access: mine, Handle: p.passwordChanged},
		{Pattern: "POST /me/password/check", Access: mine, Handle: p.passwordCheck},
		{Pattern: "GET /me/second-factor", Access: mine, Handle: p.factor},
		{Pattern: "POST /me/second-factor", Access: mine, Handle: p.factorBegun},
		{Pattern: "GET /me/second-factor/confirm", Access: mine, Handle: p.factorPending},
		{Pattern: "POST /me/second-factor/confirm", Access: mine, Handle: p.factorConfirmed},
		{Pattern: "POST /me/second-factor/remove", Access: mine, Handle: p.factorRemoved},
		{Pattern: "POST /me/second-factor/codes", Access: mine, Handle: p.codesRenewed},
		{Pattern: "GET /me/profile", Access: mine, Handle: p.profile},
		{Pattern: "POST /me/profile", Access: mine, Handle: p.profileChanged},
		{Pattern: "GET /me/address", Access: edge.Needs(&identity.AskAddress), Handle: p.address},
		{Pattern: "POST /me/address", Access: edge.Needs(&identity.AskAddress), Handle: p.addressAsked},
		{Pattern: "GET /address/{token}", Access: mailed, Handle: p.addressLink},
		{Pattern: "POST /address/{token}", Access: mailed, Handle: p.addressTaken},
		{Pattern: "GET /address-back/{token}", Access: mailed, Handle: p.addressBackLink},
		{Pattern: "POST /address-back/{token}", Access: mailed, Handle: p.addressGivenBack},
		{Pattern: "GET /me/photo", Access: mine, Handle: p.ownPhoto},
		{Pattern: "POST /me/photo", Access: mine, Handle: p.photoSent, MaxBody: 2 * identity.PhotoBytes},
		{Pattern: "POST /me/photo/remove", Access: mine, Handle: p.photoRemoved},
		{Pattern: "GET /o/{org}/persons/{person}/photo", Access: edge.Needs(&identity.ReadPhoto), Handle: p.memberPhoto},
		{Pattern: "GET /not-me/{token}", Access: link, Handle: p.notMe},
		{Pattern: "POST /not-me/{token}", Access: link, Handle: p.notMeSaid},
		{Pattern: "GET /provider/reports", Access: edge.Needs(&identity.ListReports), Handle: p.reports},
		{Pattern: "POST /provider/reports/{report}", Access: edge.Needs(&identity.HandleReports), Handle: p.reportHandled},
		{Pattern: "GET /o/{org}/accounts/{person}", Access: edge.Needs(&identity.SeeAccount), Handle: p.account},
		{Pattern: "POST /o/{org}/accounts/{person}/compromised", Access: edge.Needs(&identity.FlagAccount), Handle: p.accountFlagged},
		{Pattern: "POST /o/{org}/accounts/{person}/reset", Access: edge.Needs(&identity.ResetAccount), Handle: p.accountReset},
		{Pattern: "POST /o/{org}/accounts/{person}/unbind", Access: edge.Needs(&identity.UnbindFactor), Handle: p.accountUnbound},
	}
}

func me(r *http.Request) core.ID { return core.ActorOf(r.Context()).ID }

// status is that of a form shown again.
func status(list ui.Problems) int {
	if len(list) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

var tMySecurity = i18n.T("Ma sécurité", "My security")

func toSecurity(label string) []ui.Crumb { return []ui.Crumb{{Label: label, Href: "/me/security"}} }
