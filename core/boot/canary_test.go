package boot

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

var qPromised = db.SQL(`SELECT DISTINCT org FROM control_pin ORDER BY org`)

// TestCanariesAreNobodysClients: once probes have made their organizations, no list of clients shows them, no count counts
// them, and nothing is promised to them; each page that lists clients is shown to list one, so that it could show them.
func TestCanariesAreNobodysClients(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			url := "" // the keys beside the data, as they stand on one machine
			if kind != dbtest.SQLite {
				url = dbtest.Config(t, kind, nil).URL
			}
			b := newBoard(t, newTown(t, url), nil)
			for _, org := range []core.ID{core.Canaries, core.Strangers} {
				b.must("canaries", b.openCanaries(b.system(), org))
			}
			for _, page := range []string{"/provider/organizations", "/api/v1/provider/organizations", "/provider/support", "/provider/suspensions"} {
				r := b.ask("provider.admin", http.MethodGet, page, "")
				if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), string(b.b)) {
					t.Errorf("%s answered %d and shows no client", page, r.Code)
				}
				for _, name := range canaryOrgs {
					if strings.Contains(r.Body.String(), name) {
						t.Errorf("%s shows %q as a client", page, name)
					}
				}
			}
			b.publish("1")
			b.must("tell", b.Tell(t.Context()))
			var told []core.ID
			b.must("pins", b.db.Read(t.Context(), func(tx core.Tx) (err error) {
				told, err = db.All(t.Context(), tx, qPromised, db.Value[core.ID])
				return err
			}))
			if len(told) != 2 {
				t.Errorf("promised to %v, want the two clients alone", told)
			}
		})
	}
}
