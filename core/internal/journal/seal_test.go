package journal

import (
	"encoding/json"
	"testing"

	"github.com/rempart/rempart/core"
)

// TestAConnectionIsReadAsItWasWritten: whatever an agent calls itself, and what another writer of JSON made of it too.
func TestAConnectionIsReadAsItWasWritten(t *testing.T) {
	for _, agent := range []string{"", "Mozilla/5.0 (X11; Linux)", `a "quoted" one`, `back\slash`, `","session":"x`, "é 日本", "<b>&", "new\nline", "{}"} {
		for _, c := range []Connection{{}, {Network: "192.0.2.0/24"}, {Session: "s", AAL: 2}, {Network: "2001:db8::/48", Session: "s", Token: "t", AAL: 3}, {AAL: 12}} {
			c.Agent = agent
			other, err := json.MarshalIndent(c, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range [][]byte{c.append(nil), other} {
				var got Connection
				if err := got.read(text); err != nil || got != c {
					t.Errorf("%s is read as %+v (%v)", text, got, err)
				}
			}
		}
	}
	for _, text := range []string{"", "{", `{"network":"a`, `{"network":7}`, `{"network":"a"} x`} {
		got := Connection{Session: core.ID("old")}
		if err := got.read([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}
