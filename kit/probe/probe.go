package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Text fills a sentence in both languages. args are figures, fixed names and further sentences, never personal data.
func Text(s i18n.Sentence, args ...any) core.Text {
	return core.Text{FR: s.Say(i18n.FR, args...), EN: s.Say(i18n.EN, args...)}
}

// Held is what a probe saw when the promise is kept: sample were looked at of population.
func Held(population, sample int, why i18n.Sentence, args ...any) core.Sight {
	return core.Sight{Held: true, Why: Text(why, args...), Population: population, Sample: sample}
}

// Broken is what a probe saw when the promise is not kept.
func Broken(population, sample int, why i18n.Sentence, args ...any) core.Sight {
	return core.Sight{Why: Text(why, args...), Population: population, Sample: sample}
}

// Blind is the error of a probe that could not look: neither held nor broken. Words says why in both languages.
type Blind struct {
	Words core.Text
	cause error
}

// Unseen is the error of a probe that could not look, with the reason.
func Unseen(why i18n.Sentence, args ...any) error { return &Blind{Words: Text(why, args...)} }

// Because is Unseen with the cause, for the log only.
func Because(cause error, why i18n.Sentence, args ...any) error {
	return &Blind{Words: Text(why, args...), cause: cause}
}

// Error gives the reason in English.
func (b *Blind) Error() string { return b.Words.EN }

// Unwrap gives the cause, nil when there is none.
func (b *Blind) Unwrap() error { return b.cause }

// WordsOf gives why nothing could be seen, in both languages when the probe said it so.
func WordsOf(err error) core.Text {
	if b, ok := errors.AsType[*Blind](err); ok {
		return b.Words
	}
	return core.Text{FR: err.Error(), EN: err.Error()}
}

// Answer is what came back, at most 1 MiB of it.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Leads tells whether the answer sends the browser to a path that starts so.
func (a Answer) Leads(to string) bool {
	return a.Status >= 300 && a.Status < 400 && strings.HasPrefix(a.Header.Get("Location"), to)
}

// Get asks for a page as a browser does.
func Get(ctx context.Context, c *http.Client, path string) (Answer, error) {
	return send(ctx, c, http.MethodGet, path, "", nil)
}

// Post sends a form as a browser does.
func Post(ctx context.Context, c *http.Client, path string, form url.Values) (Answer, error) {
	return send(ctx, c, http.MethodPost, path, form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// Call asks the API with an access token.
func Call(ctx context.Context, c *http.Client, method, path, token, body string) (Answer, error) {
	head := http.Header{"Authorization": {"Bearer " + token}}
	if body != "" {
		head.Set("Content-Type", "application/json")
	}
	return send(ctx, c, method, path, body, head)
}

func send(ctx context.Context, c *http.Client, method, path, body string, head http.Header) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for name, values := range head {
		r.Header[name] = values
	}
	return Do(c, r)
}

// Do sends a request and reads its answer.
func Do(c *http.Client, r *http.Request) (Answer, error) {
	got, err := c.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("probe: %w", err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, 1<<20))
	if err != nil {
		return Answer{}, fmt.Errorf("probe: %w", err)
	}
	return Answer{Status: got.StatusCode, Header: got.Header, Body: string(text)}, nil
}
