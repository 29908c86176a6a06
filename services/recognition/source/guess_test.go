package source

import "testing"

// TestNamesOfFieldsThatSayNothingOfAnybody: common words alone, in whatever dress; one word more, and it may name somebody.
func TestNamesOfFieldsThatSayNothingOfAnybody(t *testing.T) {
	for _, name := range []string{"Téléphone mobile", "TEL_2", "firstName", "nom de famille", "Raison sociale", "telephoneNumber", "o", "Ville", "N° client"} {
		if !Public(name) {
			t.Errorf("%q is said to name somebody", name)
		}
	}
	for _, name := range []string{"", "ligne de Jeanne", "Moulin", "client Valombre", "tel 0612345678", "dossier 4711", "jeanne@example.org"} {
		if Public(name) {
			t.Errorf("%q is said to name nobody", name)
		}
	}
}
