package settings

import (
	"slices"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
)

// TestALikenessSaysTheNamesThatItDrops, each by itself, and none that every installation knows.
func TestALikenessSaysTheNamesThatItDrops(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		m, _ := room(d)
		org := ids.New()
		if err := save(t, m, org, Change{Key: "signin.factor_roles", Value: "admin,fauconnier,marechal"}); err != nil {
			t.Fatal(err)
		}
		var kept map[string]string
		var said []string
		err := d.Read(t.Context(), func(tx core.Tx) (err error) {
			said = nil
			known := func(word string) bool { return word == "admin" }
			kept, err = m.Likeness(t.Context(), tx, org, known, func(_, value string) { said = append(said, value) })
			return err
		})
		if err != nil || kept["signin.factor_roles"] != "admin" || !slices.Equal(said, []string{"fauconnier", "marechal"}) {
			t.Errorf("%v: kept %v, said %v", err, kept, said)
		}
	})
}
