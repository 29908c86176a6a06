package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rempart/rempart/verify"
)

func verifyJournal(ctx context.Context, s *Stage) (string, error) {
	reports, err := s.House.VerifyJournal(ctx)
	if err != nil {
		return "", err
	}
	var entries uint64
	var root verify.Hash
	for _, r := range reports {
		if !r.OK() {
			return "", errors.New(r.String())
		}
		entries += r.Entries
		if r.Log == string(s.Town) {
			root = r.Root
		}
	}
	return fmt.Sprintf("journal verified: %d events in %d logs, root %x", entries, len(reports), root[:8]), nil
}

// verifyExport checks an export with the public key alone, then changes one letter of it.
func verifyExport(ctx context.Context, s *Stage) (string, error) {
	var b bytes.Buffer
	if err := s.House.ExportJournal(ctx, s.Town, "jsonl", "Demonstration of the offline proof", &b); err != nil {
		return "", err
	}
	began := time.Now()
	report, err := verify.File(bytes.NewReader(b.Bytes()), s.House.JournalKey())
	if err != nil {
		return "", err
	}
	if !report.OK() || report.Entries == 0 {
		return "", errors.New(report.String())
	}
	took := time.Since(began)
	forged := bytes.Replace(b.Bytes(), []byte("success"), []byte("failure"), 1)
	again, err := verify.File(bytes.NewReader(forged), s.House.JournalKey())
	if err != nil || again.OK() {
		return "", errors.Join(err, errors.New("a changed entry was not noticed"))
	}
	return fmt.Sprintf("%d entries in %s; one changed word is found: %s", report.Entries, round(took), again.Findings[0].Kind), nil
}
