package demo

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestTheDemonstrationHoldsEveryPromiseItShows(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), Options{Out: &out, Exit: true, Log: slog.New(slog.DiscardHandler), Version: "test"})
	t.Logf("\n%s", out.String())
	if err != nil {
		t.Fatal(err)
	}
}
