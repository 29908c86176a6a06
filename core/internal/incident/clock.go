package incident

import "time"

// The clocks of a breach. Seventy-two hours are counted hour by hour: Regulation (EEC, Euratom) 1182/71 moves the end of a
// period to a working day only when it is expressed otherwise than in hours (article 3-4).
const (
	authorityTime = 72 * time.Hour
	// clientTime is our own limit for "without undue delay" (article 33-2): so that a client keeps two days of its own 72 hours.
	clientTime = 24 * time.Hour
)

// Deadline is one clock of a breach.
type Deadline struct {
	What string // "authority", "clients"
	At   time.Time
	Met  time.Time // zero while it runs
}

// Left is what remains; negative when it has passed.
func (d Deadline) Left(now time.Time) time.Duration { return d.At.Sub(now) }

// Late tells whether it passed unmet, or was met after its time.
func (d Deadline) Late(now time.Time) bool {
	if d.Met.IsZero() {
		return now.After(d.At)
	}
	return d.Met.After(d.At)
}

// deadlines are the clocks that run for a breach; an incident without personal data has none.
func (it *Incident) deadlines() (list []Deadline) {
	if !it.Breach {
		return nil
	}
	if it.Part != "processor" {
		list = append(list, Deadline{What: "authority", At: it.Aware.Add(authorityTime), Met: it.authorityAt})
	}
	if it.Part != "controller" {
		list = append(list, Deadline{What: "clients", At: it.Aware.Add(clientTime), Met: it.clientsAt})
	}
	return list
}
