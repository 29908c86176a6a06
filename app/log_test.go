package app

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestLogsCarryNoSecretNorAddress(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		secrets := []any{"error", errors.New("GET /setup/7QK2-M4XD-PB9T Authorization: Bearer hunter5"), "found", "rpt_abcdefghijklmnopqrstuvwx", "path", "/reset/hunter6", "account", "0192-ok"}
		if format == "json" {
			secrets = append(secrets, "password", "hunter2", "cookie", "hunter4")
		}
		var b bytes.Buffer
		log := newLog(&b, LogConfig{Level: "debug", Format: format})
		log.Error("cannot reach postgres://rempart:hunter3@db/x for camille@example.org", secrets...)
		for _, leak := range []string{"hunter", "camille", "7QK2", "rpt_abc"} {
			if strings.Contains(b.String(), leak) {
				t.Errorf("%s log holds %q: %s", format, leak, b.String())
			}
		}
		if !strings.Contains(b.String(), "0192-ok") || !strings.Contains(b.String(), "postgres://db/x") {
			t.Errorf("%s log lost what it may say: %s", format, b.String())
		}
	}
}
