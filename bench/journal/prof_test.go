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

func TestProfileVerify(t *testing.T) {
	h, err := build(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := h.plant(context.Background(), 200000); err != nil {
		t.Fatal(err)
	}
	if err := h.journal.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	b := time.Now()
	if err := h.journal.Index(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Log("index", time.Since(b))
	for range 10 {
		rep, err := h.journal.Verify(context.Background(), "org")
		if err != nil || !rep.OK() {
			t.Fatal(err)
		}
		t.Log(rep.Took)
	}
}
