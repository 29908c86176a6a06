package main

import (
	"context"
	"testing"
	"time"
)

func TestProfile(t *testing.T) {
	h, err := build(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	r, err := load(context.Background(), 64, 4*time.Second, h.act)
	t.Log(r, err)
}
