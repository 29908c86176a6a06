package app

import (
	"fmt"
	"testing"
)

func TestPlacesAndPortsThatMeanNothingAreRefused(t *testing.T) {
	var keys []string
	h := HostConfig{Region: "France", Copies: []string{"FR/Roubaix", "de/Falkenstein", "Europe"}, Ports: []string{"22", "0", "ssh", "70000"}}
	h.check(func(key, _ string, _ ...any) { keys = append(keys, key) })
	if got, want := fmt.Sprint(keys), "[host.region host.copies host.ports host.ports host.ports]"; got != want {
		t.Errorf("refused %s, want %s", got, want)
	}
	right := HostConfig{Region: "FR", Copies: []string{"FR/Roubaix"}, Ports: []string{"22"}}
	right.check(func(key, format string, args ...any) { t.Errorf("%s: "+format, append([]any{key}, args...)...) })
}
