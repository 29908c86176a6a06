package boot

import (
	"testing"

	"github.com/rempart/rempart/core"
)

// TestTheFourPartsOfRecognitionRunAlone plays the probe of CTI-24 on a live house of each engine; what fails it stands in its faults.
func TestTheFourPartsOfRecognitionRunAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		for _, org := range []core.ID{core.Canaries, core.Strangers} {
			w.must("canaries", w.openCanaries(w.system(), org))
		}
		before := w.rowsPerTable()
		seen, err := w.Play(t.Context(), w.probe("recognition.parts"))
		if err != nil || !seen.Held || seen.Sample != 4 || len(seen.Entries) < 4 {
			t.Fatalf("%+v %v", seen, err)
		}
		for table, rows := range w.rowsPerTable() {
			if rows != before[table] && table != "mail_outbox" && table != "access_usage" && table != "restraint_turn" { // as of other probes
				t.Errorf("%s: %d rows before, %d after", table, before[table], rows)
			}
		}
	})
}
