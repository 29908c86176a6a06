package outside

import (
	"crypto/tls"
	"fmt"
	"maps"
	"sync"
	"time"
)

const soundTCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   990        0 101 1
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1
`

const soundStatus = "Name:\trempart\nUmask:\t0077\nUid:\t990\t990\t990\t990\nCapInh:\t0000000000000400\nCapPrm:\t0000000000000400\n" +
	"CapEff:\t0000000000000400\nCapBnd:\t0000000000000400\nCapAmb:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\n"

// SoundFacts is a world in which every probe of the outside holds: a hardened host, an encrypted disk, a place in France, a
// fresh list of vulnerabilities. A throw-away instance starts from it, so that a fault is the one thing that is wrong.
func (m *Module) SoundFacts() map[string]string {
	now := m.n.Clock.Now().UTC()
	facts := map[string]string{
		factPort:                              "1", // where nobody answers
		factDatabase:                          "",
		factSockets:                           "22",
		factDisk:                              "",
		factDevice:                            "254:0",
		factModes:                             "0700 .\n0600 root.key\n0600 rempart.db",
		factRegion:                            "FR/Gravelines",
		factCopies:                            "FR/Roubaix",
		"/sys/dev/block/254:0/dm/uuid":        "CRYPT-LUKS2-7d1f-data\n",
		"/proc/net/tcp":                       soundTCP,
		"/proc/net/tcp6":                      Absent,
		"/proc/self/status":                   soundStatus,
		"/proc/self/limits":                   "Limit                     Soft Limit           Hard Limit           Units\nMax core file size        0                    0                    bytes\n",
		"/proc/self/mountinfo":                "27 1 254:0 / / ro,nosuid,relatime - ext4 /dev/mapper/data rw\n",
		"/proc/sys/kernel/randomize_va_space": "2\n",
		factModules:                           "stdlib@v1.26.8\nexample.org/part@v1.4.1",
		factAdvisories:                        advisory("GO-2020-0001", "example.org/elsewhere", "1.0.0", now),
	}
	e := endpoint{min: tls.VersionTLS12, days: 90, name: "localhost", signed: true}
	if served, err := e.shared(now); err == nil { // else TLS is not seen, and the probe says so
		maps.Copy(facts, served)
	}
	return facts
}

// serving keeps the sound server that instances of one self-test share.
var serving struct {
	sync.Mutex
	since time.Time
	facts map[string]string
}

// shared starts a server, or gives the facts of the one that another instance started less than a minute ago.
func (e endpoint) shared(now time.Time) (map[string]string, error) {
	serving.Lock()
	defer serving.Unlock()
	if serving.facts != nil && time.Since(serving.since) < time.Minute {
		return serving.facts, nil
	}
	facts, err := e.serve(now)
	if err == nil {
		serving.since, serving.facts = time.Now(), facts
	}
	return facts, err
}

// advisory writes one entry of a list of vulnerabilities (OSV): every version of a module before fixed.
func advisory(id, module, fixed string, modified time.Time) string {
	return fmt.Sprintf(`{"id":%q,"modified":%q,"affected":[{"package":{"ecosystem":"Go","name":%q},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`+"\n",
		id, modified.Format(time.RFC3339), module, fixed)
}
