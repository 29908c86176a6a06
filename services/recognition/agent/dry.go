package agent

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

// DryRows is how many rows a dry run shows.
const DryRows = 20

// DryRun reads the whole tool and shows what would leave this computer: the first rows, read back from the very bytes that would be
// sent, and what would become of all numbers. Nothing is sent, nothing is written.
func (a *Agent) DryRun(ctx context.Context, w io.Writer) (Counts, error) {
	m, version, err := a.settings(ctx)
	if err != nil {
		return Counts{}, err
	}
	return dry(ctx, a.src, m, version, w)
}

func dry(ctx context.Context, src source.Source, m source.Mapping, version int64, w io.Writer) (Counts, error) {
	h := wire.NewHasher(make([]byte, wire.KeySize))
	var all found
	r := &reader{mapping: m, version: version}
	shown := 0
	fmt.Fprintf(w, "What would leave this machine (the first %d cards; the key of a record leaves as a keyed hash only):\n", DryRows)
	err := src.Read(ctx, func(rec source.Record) error {
		c, ok, err := r.card(h, rec, &all)
		if !ok {
			return err
		}
		all.counts.Cards++
		if shown == DryRows {
			return nil
		}
		row, err := wire.Content(c.content)
		if err != nil {
			return err
		}
		shown++
		fmt.Fprintf(w, "%3d  %s\n", shown, lineOf(row))
		return nil
	})
	return all.counts, err
}

func lineOf(row wire.Row) string {
	parts := []string{strings.Join(row.Numbers, " "), fmt.Sprintf("name %q", row.Name)}
	if row.Company != "" {
		parts = append(parts, fmt.Sprintf("company %q", row.Company))
	}
	for _, of := range []struct {
		what   string
		fields map[string]string
	}{{"shown", row.Shown}, {"script", row.Scripts}} {
		for _, k := range slices.Sorted(maps.Keys(of.fields)) {
			parts = append(parts, fmt.Sprintf("%s %s=%q", of.what, k, of.fields[k]))
		}
	}
	return strings.Join(parts, ", ")
}

// Dry is a dry run of an agent that may not have enrolled yet: the mapping stands in its file.
func Dry(ctx context.Context, cfg Config, w io.Writer) (Counts, error) {
	if len(cfg.Mapping.Numbers) == 0 {
		return Counts{}, errMapping
	}
	src, err := cfg.Source()
	if err != nil {
		return Counts{}, err
	}
	version, err := versionOf(cfg.Mapping)
	if err != nil {
		return Counts{}, err
	}
	return dry(ctx, src, cfg.Mapping, version, w)
}
