//go:build telephony

package telephony

import (
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/sip"
)

// An anonymous caller stays so, even where the operator and the exchange leak who they are.
func TestAnonymousCallersStayAnonymous(t *testing.T) {
	x := newExchange(t)
	x.newPhone(t, "101")
	const who = "+33687654321"
	leak := "Privacy: id\nP-Asserted-Identity: \"Real Name\" <sip:" + who + "@operator.test>\n"
	for _, mode := range []sip.Mode{sip.Events, sip.Shadow, sip.Both} {
		w := watch(t, x.line(t, "udp", mode, "101"))
		x.ready(t, w, "101")
		for name, c := range map[string]trunk{
			"anonymous by its address":         {from: `"Anonymous" <sip:anonymous@anonymous.invalid>`, headers: leak},
			"anonymous by its name":            {from: `"Anonymous" <sip:` + who + `@operator.test>`},
			"a number, with privacy asked for": {from: `"Real Name" <sip:` + who + `@operator.test>`, headers: leak},
		} {
			if mode == sip.Events && name != "anonymous by its address" {
				continue // dialog events of kamailio carry neither Privacy nor a name: see the integrator's guide
			}
			c.extension, c.ring = "101", 400
			before := len(w.all())
			x.call(t, c)
			time.Sleep(300 * time.Millisecond)
			told := w.all()[before:]
			if len(told) == 0 || told[0].State != line.Ringing || !told[0].Hidden {
				t.Errorf("%s, %s: told as %+v", mode, name, told)
			}
			for _, e := range told {
				if e.Remote != "" || e.Display != "" || strings.Contains(e.Call, who) {
					t.Errorf("%s, %s: leaked in %+v", mode, name, e)
				}
			}
		}
		w.stop()
	}
}
