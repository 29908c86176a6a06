package redact_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/edge/redact"
	"github.com/rempart/rempart/kit/ids"
)

func TestNothingPersonalReachesTheLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(redact.Handler(&out, slog.LevelDebug))
	session := ids.Secret("", 32) + ".12.abcdefghijklmnop"
	token := ids.Secret("rpt_", 32)
	log.Info("mail to ann@example.org refused", "error", errors.New("ann.o'hara+x@example.co.uk at 203.0.113.9"))
	log.With("bearer", "Bearer "+token).WithGroup("g").Warn("x", "cookie", "abc", "v6", "2001:db8:1:2::7", "note", "call +33142000000")
	log.Error("x", "session", session, "new_password", "hunter2", "value", fmt.Errorf("wrap: %w", errors.New(token)))
	for _, secret := range []string{"ann", "203.0.113.9", token, "abc\"", "db8", "33142000000", session, "hunter2"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, out.String())
		}
	}
}

func TestIdsAndCodesStayReadable(t *testing.T) {
	var out bytes.Buffer
	id := string(ids.New())
	slog.New(redact.Handler(&out, slog.LevelInfo)).Info("request", "request", id, "route", "GET /o/{org}/members", "code", "session.expired", "micros", 12)
	for _, want := range []string{id, "GET /o/{org}/members", "session.expired", `"micros":12`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing: %s", want, out.String())
		}
	}
}
