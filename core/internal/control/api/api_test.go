package api

import "testing"

func TestADestinationIsListedWithoutItsSecret(t *testing.T) {
	for address, want := range map[string]string{
		"https://hooks.example.org:8443/services/T0/B0/secret?key=secret": "https://hooks.example.org:8443/",
		"https://hooks.example.org":                                       "https://hooks.example.org/", ":": "",
	} {
		if got := placeOf(address); got != want {
			t.Errorf("%s is listed as %s", address, got)
		}
	}
}
