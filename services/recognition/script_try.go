package recognition

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/pop"
)

var (
	errScriptReach = i18n.Fault(core.Busy, "script.unreachable", "Le programme appelé par ce script ne répond pas. Réessayez dans un instant.", "The program that this script calls does not answer. Try again in a moment.")
	errScriptSaid  = i18n.Fault(core.Busy, "script.answered", "Le programme appelé par ce script a répondu %d.", "The program that this script calls answered %d.")
)

// scriptPatience is how long a program may take to answer a script.
const scriptPatience = 5 * time.Second

// ScriptTrial is what scripts would do for a number: nothing is called nor started.
type ScriptTrial struct {
	Answer
	Tried []Tried
}

// TryScripts tells what each script would do for a number, and why it would do nothing.
func (m *Module) TryScripts(ctx context.Context, org core.ID, raw string) (t ScriptTrial, err error) {
	t.Number = number.Parse(raw, HomeRegion)
	act := &core.Act{Def: TryScripts, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if t.Matches, err = m.Find(ctx, tx, org, t.Number); err != nil {
			return err
		}
		told(act, t.Matches)
		t.Tried, err = m.tryAll(ctx, tx, org, callerOf(t.Number, t.Matches))
		return err
	})
	return t, err
}

// RunScript performs a script that the platform calls, for one of the actor's own calls. The answer is not kept.
func (m *Module) RunScript(ctx context.Context, org, call, script core.ID) error {
	var todo *pop.Action
	act := own(ctx, RunScript, org, call)
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		r, found, err := db.One(ctx, tx, qOneCall, scanCall, org, act.Subject, call)
		if err != nil {
			return err
		}
		if !found {
			return errNoCall
		}
		seen, err := m.seen(ctx, tx, org, act.Subject, []callRow{r})
		if err != nil {
			return err
		}
		for _, s := range seen {
			for i := range s.Actions {
				if a := &s.Actions[i]; a.Script == string(script) && a.Kind == pop.Call && a.By == pop.ByPlatform {
					todo = a
				}
			}
		}
		if todo == nil {
			return errNoScript
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.perform(ctx, org, *todo)
}

// perform sends the request of a script by the platform's one way out.
func (m *Module) perform(ctx context.Context, org core.ID, a pop.Action) error {
	ctx, cancel := context.WithTimeout(ctx, scriptPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, a.Method, a.URL, strings.NewReader(a.Body))
	if err != nil {
		return err
	}
	for name, value := range a.Headers {
		req.Header.Set(name, value)
	}
	if a.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := m.needs.Client(org).Do(req)
	if err != nil {
		return errScriptReach
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)); err != nil || res.StatusCode >= 300 {
		return core.Fault(core.Busy, errScriptSaid.Code, res.StatusCode)
	}
	return nil
}
