package boot

import (
	"testing"

	journalweb "github.com/rempart/rempart/core/internal/journal/web"
)

// TestTheJournalHasAWordForEveryResource: what any act of the house bears on is said in words, in both languages.
func TestTheJournalHasAWordForEveryResource(t *testing.T) {
	for _, m := range newTown(t, "").Manifests() {
		for _, act := range m.Acts {
			if !journalweb.Speaks(act.Resource) {
				t.Errorf("%s: the journal's page has no word for %q", act.Permission, act.Resource)
			}
		}
	}
}
