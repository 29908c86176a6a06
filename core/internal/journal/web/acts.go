package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/ui"
)

// reasonView is the page that asks why.
type reasonView struct {
	where
	back     string // what was asked for
	reason   string
	problems ui.Problems
}

// visit begins a visit and goes on to what was asked for.
func (p pages) visit(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	if err := p.x.Allowed(r.Context(), at.org); err != nil {
		return err
	}
	back := r.PostFormValue("back")
	if back != at.path && !strings.HasPrefix(back, at.path+"?") && !strings.HasPrefix(back, at.path+"/entries/") {
		back = at.path
	}
	reason := r.PostFormValue("reason")
	if _, err := p.x.Open(r.Context(), at.org, reason); ui.Shown(err) {
		return ui.Render(w, r, http.StatusUnprocessableEntity,
			reasonPage(reasonView{at, back, reason, ui.ProblemsOf(r.Context(), err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, back, tOpened.In(r.Context()))
}

// search turns the form of filters into an address that can be kept: words are kept apart, under an id.
func (p pages) search(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	if err := p.x.Allowed(r.Context(), at.org); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := listView{where: at, filter: journal.ParseFilter(r.PostForm)}
	if v.filter.Words = strings.TrimSpace(r.PostFormValue("words")); v.filter.Words != "" {
		id, err := p.x.Keep(r.Context(), at.org, "", v.filter)
		if err != nil {
			return err
		}
		v.search = id
	}
	return ui.Redirect(w, r, v.href(func(*journal.Filter) {}), "")
}

// save keeps the search in force under a name.
func (p pages) save(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	if err := p.x.Allowed(r.Context(), at.org); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	f := journal.ParseFilter(r.PostForm)
	f.Words = r.PostFormValue("words")
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" {
		name = f.Query().Encode()
	}
	id, err := p.x.Keep(r.Context(), at.org, name, f)
	if err != nil {
		return err
	}
	v := listView{where: at, filter: f, search: id}
	return ui.Redirect(w, r, v.href(func(*journal.Filter) {}), tKept.In(r.Context()))
}

func (p pages) forget(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	if err := p.x.Forget(r.Context(), at.org, core.ID(r.PostFormValue("search"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, at.path, tForgotten.In(r.Context()))
}

// verify checks a range of entries, or all of them, and shows the result.
func (p pages) verify(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	from, err1 := strconv.ParseUint(r.PostFormValue("first"), 10, 64)
	to, err2 := strconv.ParseUint(r.PostFormValue("last"), 10, 64)
	if errors.Join(err1, err2) != nil {
		from, to = 0, ^uint64(0)
	}
	rep, err := p.x.Verify(r.Context(), at.org, from, to)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, reportPage(reportView{at, rep, p.x.Module().Key().String()}))
}

// export streams the entries of a filter as a file.
func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	format := journal.Format(r.URL.Query().Get("format"))
	kinds := map[journal.Format]string{
		journal.JSONL: "application/jsonl", journal.CSV: "text/csv; charset=utf-8", journal.OCSF: "application/jsonl",
	}
	out := &late{w: w, begin: func(h http.Header) {
		h.Set("Content-Type", kinds[format])
		h.Set("Cache-Control", "no-store")
		name := "journal-" + time.Now().UTC().Format("20060102-150405")
		if format == journal.CSV {
			name += ".csv"
		} else {
			name += "." + string(format) + strings.Repeat(".jsonl", map[bool]int{format == journal.OCSF: 1}[true])
		}
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	}}
	// A long export outlives the deadline of ordinary answers.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	err := p.x.Export(r.Context(), at.org, journal.ParseFilter(r.URL.Query()), format, out)
	if err != nil && out.begun {
		panic(http.ErrAbortHandler) // the file must not look whole
	}
	if core.CodeOf(err) == "journal.reason_needed" {
		return ui.Render(w, r, http.StatusOK, reasonPage(reasonView{where: at, back: at.path}))
	}
	return err
}

// late sends the headers of a file with its first byte, so that an error before it is still a page.
type late struct {
	w     http.ResponseWriter
	begin func(http.Header)
	begun bool
}

func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.begin(l.w.Header())
	}
	return l.w.Write(b)
}
