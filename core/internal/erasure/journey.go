package erasure

import "github.com/rempart/rempart/kit/db"

// atWork is how many orders this process works on at once, the others wait for their turn or for a pass that serves many: on
// SQLite whoever waits for the writer shares its sync, on PostgreSQL each takes a connection.
func atWork(on db.Engine) int {
	if on == db.SQLite {
		return 16
	}
	return 4
}

// journey is an order that this process carries on.
type journey struct {
	m             *Module
	scrub, search func() // it comes to the passes that serve many, or never will
}

func (m *Module) depart() *journey {
	j := &journey{m, m.scrubs.coming(), m.searches.coming()}
	m.working <- struct{}{}
	return j
}

func (j *journey) end() {
	j.scrub()
	j.search()
	<-j.m.working
}

// meet runs what waits for others: meanwhile somebody else works. Nil is nobody who is waited for.
func (j *journey) meet(at func(*journey) func(), fn func() error) error {
	if j == nil {
		return fn()
	}
	at(j)()
	<-j.m.working
	defer func() { j.m.working <- struct{}{} }()
	return fn()
}

// alone has the orders of this node go through the rooms one by one on PostgreSQL, where those that write to the same tables at once
// begin anew again and again. On SQLite there is one writer, and whoever waits for it shares its sync.
func (m *Module) alone() (done func()) {
	if m.needs.Rows.Engine() != db.PostgreSQL {
		return func() {}
	}
	m.rooming.Lock()
	return m.rooming.Unlock
}
