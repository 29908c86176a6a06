package directory

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/rempart/rempart/services/recognition/reach"
)

// Platform asks a platform over its API.
type Platform struct {
	origin string
	client *http.Client
}

// To gives the platform at an origin ("https://trust.example.org"): over TLS 1.2 or better, but on this very computer.
func To(origin string) (Platform, error) {
	at, ok := reach.Origin(origin)
	if !ok {
		return Platform{}, fmt.Errorf("directory: %q is no origin such as https://trust.example.org", origin)
	}
	return Platform{at, &http.Client{
		Timeout:       answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, MaxIdleConns: 8, IdleConnTimeout: time.Minute,
		},
	}}, nil
}

// Find searches with a token of the role recognition.agent.
func (p Platform) Find(ctx context.Context, org, token string, q Query) ([]Entry, bool, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.origin+"/api/v1/organizations/"+url.PathEscape(org)+"/directory/find", bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden, res.StatusCode == http.StatusNotFound:
		return nil, false, ErrDenied
	case res.StatusCode != http.StatusOK:
		return nil, false, fmt.Errorf("%w: %d", ErrBusy, res.StatusCode)
	}
	var found struct {
		Entries []Entry `json:"entries"`
		More    bool    `json:"more"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(&found); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return found.Entries, found.More, nil
}
