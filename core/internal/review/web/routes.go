package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Suspender suspends persons in an organization (ACC-6.1): the module of access.
type Suspender interface {
	SuspendMembers(ctx context.Context, org core.ID, persons []core.ID, reason, text string, until time.Time) error
}

// Options is what the pages take besides the module.
type Options struct {
	Suspender   Suspender
	Suspend     *core.ActDef // what it does
	Remove      *core.ActDef // what makes a member leave
	Reasons     []string     // of a suspension
	ReasonTitle func(ctx context.Context, reason string) string
}

type pages struct {
	m *review.Module
	o Options
}

// mostList is how much of a list is read.
const mostList = 10 << 20

// Routes are the pages of this module.
func Routes(m *review.Module, o Options) []edge.Route {
	p := pages{m, o}
	own, judge := edge.Needs(review.SeeOwn), edge.Needs(review.JudgeRequest)
	read, answer := edge.Needs(review.ReadReviews), edge.Needs(review.AnswerReview)
	return []edge.Route{
		{Pattern: "GET /o/{org}/requests", Access: own, Handle: p.requests},
		{Pattern: "POST /o/{org}/requests", Access: edge.Needs(review.AskRequest), Handle: p.ask},
		{Pattern: "POST /o/{org}/requests/{request}/withdraw", Access: edge.Needs(review.WithdrawRequest), Handle: p.withdraw},
		{Pattern: "GET /o/{org}/requests/judge", Access: edge.Needs(review.SeeToJudge), Handle: p.toJudge},
		{Pattern: "POST /o/{org}/requests/{request}/judge", Access: judge, Handle: p.judge},

		{Pattern: "GET /o/{org}/reviews", Access: read, Handle: p.reviews},
		{Pattern: "POST /o/{org}/reviews", Access: edge.Needs(review.OpenReview), Handle: p.begin},
		{Pattern: "GET /o/{org}/reviews/mine", Access: edge.Needs(review.SeeToAnswer), Handle: p.tasks},
		{Pattern: "POST /o/{org}/reviews/keep", Access: answer, Handle: p.keep},
		{Pattern: "POST /o/{org}/reviews/lines/{line}", Access: answer, Handle: p.answer},
		{Pattern: "POST /o/{org}/reviews/lines/{line}/restore", Access: edge.Needs(review.UndoLapse), Handle: p.restore},
		{Pattern: "GET /o/{org}/reviews/{review}", Access: read, Handle: p.result},
		{Pattern: "GET /o/{org}/reviews/{review}/file", Access: edge.Needs(review.ExportReviews), Handle: p.file},

		{Pattern: "GET /o/{org}/departures", Access: edge.Needs(review.CompareList), Handle: p.departures},
		{Pattern: "POST /o/{org}/departures", Access: edge.Needs(review.CompareList), Handle: p.compare, MaxBody: mostList + 1<<20},
		{Pattern: "POST /o/{org}/departures/apply", Access: edge.Needs(o.Remove), Handle: p.depart},

		{Pattern: "GET /o/{org}/dormant", Access: edge.Needs(review.ReadDormant), Handle: p.dormant},
		{Pattern: "POST /o/{org}/dormant/suspend", Access: edge.Needs(o.Suspend), Handle: p.suspendSleepers},
		{Pattern: "POST /o/{org}/dormant/remove", Access: edge.Needs(o.Remove), Handle: p.removeSleepers},

		{Pattern: "GET /o/{org}/sharing", Access: edge.Needs(review.ReadSharing), Handle: p.sharing},
		{Pattern: "POST /o/{org}/sharing/{sharing}", Access: edge.Needs(review.JudgeSharing), Handle: p.settle},
		{Pattern: "GET /me/sharing", Access: edge.Needs(review.SeeSharing), Handle: p.mySharing},
		{Pattern: "POST /me/sharing/{sharing}", Access: edge.Needs(review.ExplainOwn), Handle: p.explain},

		{Pattern: "GET /provider/support", Access: edge.Needs(review.SeeSupport), Handle: p.support},
		{Pattern: "POST /provider/support", Access: edge.Needs(review.AskSupport), Handle: p.askIn},
	}
}

func orgOf(r *http.Request) core.ID { return core.ID(r.PathValue("org")) }

func at(org core.ID, path string) string { return "/o/" + string(org) + path }

func idsOf(list []string) []core.ID {
	out := make([]core.ID, 0, len(list))
	for _, v := range list {
		out = append(out, ids.Typed(v))
	}
	return out
}

var (
	errDate  = i18n.Fault(core.Invalid, "review.date_invalid", "Cette date ne se lit pas.", "This date cannot be read.")
	codeDate = i18n.Reason("review.date", "Écrivez une date, comme 2026-12-31.", "Write a date, such as 2026-12-31.")
)

// dayEnd reads a date: the moment that day ends in UTC; an empty text is no date.
func dayEnd(text, field string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() > 2200 {
		return time.Time{}, errDate.With(field, codeDate)
	}
	return t.AddDate(0, 0, 1), nil
}

// dayOf writes an end as the last day that it includes.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Add(-time.Microsecond).Format(time.DateOnly)
}

// inDays gives the date of a day to come, as a form proposes it.
func (p pages) inDays(n int) string { return p.m.Now().AddDate(0, 0, n).Format(time.DateOnly) }

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

var (
	tSomeone  = i18n.T("Compte de service ou personne effacée", "Service account or erased person")
	tPlatform = i18n.T("La plateforme", "The platform")
	tNoEnd    = i18n.T("sans fin", "no end")
	tPerson   = i18n.T("Personne", "Person")
	tFunction = i18n.T("Fonction", "Function")
	tRole     = i18n.T("Rôle", "Role")
	tScope    = i18n.T("Portée", "Scope")
	tReason   = i18n.T("Motif", "Reason")
	tState    = i18n.T("État", "State")
	tUntil    = i18n.T("Jusqu'au", "Until")
	tSince    = i18n.T("Depuis", "Since")
	tWhen     = i18n.T("Quand", "When")
	tAct      = i18n.T("Action", "Action")
	tWord     = i18n.T("En un mot, pourquoi", "In a word, why")
	tNever    = i18n.T("jamais", "never")
)

func nameOf(ctx context.Context, names map[core.ID]string, id core.ID) string {
	if n := names[id]; n != "" {
		return n
	}
	return tSomeone.In(ctx)
}
