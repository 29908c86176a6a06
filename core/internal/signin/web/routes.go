package web

import (
	_ "embed"
	"net/http"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ m *signin.Module }

//go:embed proof.js
var proofScript []byte

// Routes are the pages of this module.
func Routes(m *signin.Module) []edge.Route {
	p := pages{m}
	way := edge.Public("the way in: whoever comes has proved nothing yet; throttled, every proof journaled")
	link := edge.Public("opened by a single-use secret sent to the person")
	files := edge.Public("a script that holds nothing of anyone").Blind()
	locked := edge.SignedIn().Despite("session.locked")
	return []edge.Route{
		{Pattern: "GET /signin", Access: way, Handle: p.begin},
		{Pattern: "POST /signin", Access: way, Handle: p.begun},
		{Pattern: "GET /signin/password", Access: way, Handle: p.password},
		{Pattern: "POST /signin/password", Access: way, Handle: p.passwordGiven},
		{Pattern: "GET /signin/mailbox", Access: way, Handle: p.mailbox},
		{Pattern: "POST /signin/mailbox", Access: way, Handle: p.mailboxGiven},
		{Pattern: "POST /signin/mailbox/send", Access: way, Handle: p.mailboxSend},
		{Pattern: "GET /signin/factor", Access: way, Handle: p.factor},
		{Pattern: "POST /signin/factor", Access: way, Handle: p.factorGiven},
		{Pattern: "GET /signin/change", Access: way, Handle: p.change},
		{Pattern: "POST /signin/change", Access: way, Handle: p.changed},
		{Pattern: "POST /signin/change/check", Access: way, Handle: p.changeCheck},
		{Pattern: "GET /signin/terms", Access: way, Handle: p.terms},
		{Pattern: "POST /signin/terms", Access: way, Handle: p.termsAccepted},
		{Pattern: "GET /signin/enrol", Access: way, Handle: p.enrol},
		{Pattern: "POST /signin/enrol", Access: way, Handle: p.enrolled},
		{Pattern: "GET /signin/continue", Access: way, Handle: p.pause},
		{Pattern: "POST /signin/continue", Access: way, Handle: p.resume},
		{Pattern: "GET /signin/first/{token}", Access: link, Handle: p.first},
		{Pattern: "POST /signin/first/{token}", Access: link, Handle: p.firstBegun},
		{Pattern: "GET /reset", Access: way, Handle: p.reset},
		{Pattern: "POST /reset", Access: way, Handle: p.resetAsked},
		{Pattern: "GET /reset/{token}", Access: link, Handle: p.newPassword},
		{Pattern: "POST /reset/{token}", Access: link, Handle: p.newPasswordGiven},
		{Pattern: "POST /reset/{token}/check", Access: link, Handle: p.newPasswordCheck},
		{Pattern: "GET /setup/{token}", Access: edge.Public("opened by the single-use link printed at the first start"), Handle: p.setup},
		{Pattern: "POST /setup/{token}", Access: edge.Public("opened by the single-use link printed at the first start"), Handle: p.setupDone},
		{Pattern: "POST /setup/{token}/check", Access: edge.Public("opened by the single-use link printed at the first start"), Handle: p.setupCheck},
		{Pattern: "GET /signin/again", Access: edge.SignedIn(), Handle: p.again},
		{Pattern: "POST /signin/again", Access: edge.SignedIn(), Handle: p.againGiven},
		{Pattern: "GET /lock", Access: locked, Handle: p.lock},
		{Pattern: "POST /lock", Access: locked, Handle: p.unlock},
		{Pattern: "GET /me/devices", Access: edge.SignedIn(), Handle: p.devices},
		{Pattern: "POST /me/devices/{device}", Access: edge.SignedIn(), Handle: p.deviceForgotten},
		{Pattern: "GET /.well-known/change-password", Access: edge.Public("tells password managers where passwords are changed (W3C)").Blind(), Handle: toPassword},
		{Pattern: "GET /signin/proof.js", Access: files, Handle: script(proofScript)},
		{Pattern: "GET /signin/worker.js", Access: files, Handle: script(abuse.Worker)},
	}
}

func toPassword(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/me/password", http.StatusFound)
	return nil
}

func script(body []byte) edge.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, err := w.Write(body)
		return err
	}
}

// flowCookie carries the secret of a sign-in under way. Lax, since a link in a mail may lead to the pages that follow.
const flowCookie = "__Host-signin"

func flowOf(r *http.Request) string {
	c, err := r.Cookie(flowCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func putFlow(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{Name: flowCookie, Value: secret, Path: "/", MaxAge: int(20 * time.Minute / time.Second), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func dropFlow(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: flowCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// at reads the facts of the flow when step is the one that is due; otherwise it leads the browser to where it should
// be, and ok is false.
func (p pages) at(w http.ResponseWriter, r *http.Request, step string) (f signin.Facts, ok bool, err error) {
	due, f, err := p.m.Next(r.Context(), flowOf(r))
	switch {
	case over(err):
		return f, false, p.startAgain(w, r, err)
	case err != nil:
		return f, false, err
	case due == step:
		return f, true, nil
	}
	return f, false, ui.Redirect(w, r, pathOf(due), "")
}

func pathOf(step string) string {
	if step == "" {
		return "/signin/continue"
	}
	return "/signin/" + step
}

// over tells that the flow can only be begun again.
func over(err error) bool { return core.KindOf(err) == core.Gone }

func (p pages) startAgain(w http.ResponseWriter, r *http.Request, err error) error {
	dropFlow(w)
	return ui.RedirectWith(w, r, "/signin", ui.Note{Tone: ui.Warn, Text: i18n.Explain(r.Context(), core.CodeOf(err))})
}

// goOn leads to the step that is due, or opens the session and leads to where the person was going.
func (p pages) goOn(w http.ResponseWriter, r *http.Request, flow string) error {
	e, err := p.m.Advance(r.Context(), flow)
	switch {
	case over(err):
		return p.startAgain(w, r, err)
	case core.KindOf(err) == core.Forbidden:
		dropFlow(w)
		return ui.Render(w, r, http.StatusForbidden, refusedPage(refusalOf(r.Context(), err, e.Block)))
	case core.CodeOf(err) == "signin.step":
		return ui.Redirect(w, r, "/signin", "")
	case err != nil:
		return err
	case e.Session == "":
		return ui.Redirect(w, r, pathOf(e.Step), "")
	}
	cookie, _ := p.m.Browsers().Issue(e.Browser)
	http.SetCookie(w, cookie)
	dropFlow(w)
	edge.PutSession(w, e.Session)
	next := edge.SafeNext(e.Next)
	if next == "" {
		next = "/"
	}
	return ui.Redirect(w, r, next, "")
}

// after answers a form of a step: on to what follows, again with its problems, or from the start.
func (p pages) after(w http.ResponseWriter, r *http.Request, err error, again func(ui.Problems) error) error {
	switch {
	case err == nil:
		return p.goOn(w, r, flowOf(r))
	case core.CodeOf(err) == "signin.step":
		return p.goOn(w, r, flowOf(r))
	case over(err):
		return p.startAgain(w, r, err)
	case ui.Shown(err):
		return again(problems(w, r, err))
	}
	return err
}

var tWait = i18n.N("Réessayez dans %d minute.", "Réessayez dans %d minutes.", "Try again in %d minute.", "Try again in %d minutes.")

// problems says an error, and when to try again where there is a delay.
func problems(w http.ResponseWriter, r *http.Request, err error) ui.Problems {
	list := ui.ProblemsOf(r.Context(), err)
	if fault, ok := err.(*core.Error); ok && fault.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(fault.RetryAfter/time.Second)+1))
		list = append(list, ui.Problem{Text: tWait.In(r.Context(), int((fault.RetryAfter+time.Minute-1)/time.Minute))})
	}
	return list
}

// status is that of a form shown again.
func status(list ui.Problems, err error) int {
	switch {
	case len(list) == 0:
		return http.StatusOK
	case core.KindOf(err) == core.TooMany:
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}
