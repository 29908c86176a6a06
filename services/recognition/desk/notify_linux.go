package desk

import (
	"errors"
	"html"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	notifyName  = "org.freedesktop.Notifications"
	notifyPath  = "/org/freedesktop/Notifications"
	defaultDeed = "default" // the action of a click on the notice itself
)

// notifications speaks to the notification service of the session (Desktop Notifications Specification 1.2).
type notifications struct {
	bus    *dbus.Conn
	chosen chan Chosen
	done   chan struct{}
	once   sync.Once
}

// OpenNotifier reaches the notification service of the session, which tells by itself what is chosen.
func OpenNotifier(_, _ string, _ ...string) (Notifier, error) {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, err
	}
	n := &notifications{bus: bus, chosen: make(chan Chosen, 8), done: make(chan struct{})}
	if err := bus.AddMatchSignal(dbus.WithMatchInterface(notifyName), dbus.WithMatchMember("ActionInvoked")); err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	signals := make(chan *dbus.Signal, 16)
	bus.Signal(signals)
	go n.listen(signals)
	return n, nil
}

func (n *notifications) listen(signals <-chan *dbus.Signal) {
	for {
		select {
		case <-n.done:
			return
		case s, on := <-signals:
			if !on {
				return
			}
			var id uint32
			var button string
			if s.Name != notifyName+".ActionInvoked" || dbus.Store(s.Body, &id, &button) != nil {
				continue
			}
			if button == defaultDeed {
				button = ""
			}
			select {
			case n.chosen <- Chosen{id, button}:
			case <-n.done:
				return
			}
		}
	}
}

// Show shows a notice until the telephone stops ringing. What callers are called is text, never markup.
func (n *notifications) Show(notice Notice) (id uint32, err error) {
	actions := []string{defaultDeed, notice.Title}
	for _, b := range notice.Buttons {
		actions = append(actions, b.ID, b.Label)
	}
	hints := map[string]dbus.Variant{
		"category": dbus.MakeVariant("call.incoming"), "urgency": dbus.MakeVariant(byte(2)), "desktop-entry": dbus.MakeVariant(desktopName),
	}
	call := n.bus.Object(notifyName, notifyPath).Call(notifyName+".Notify", 0, "Rempart", uint32(0), "call-start", notice.Title, html.EscapeString(notice.Body), actions, hints, int32(0))
	return id, call.Store(&id)
}

// Hide takes a notice away.
func (n *notifications) Hide(id uint32) error {
	return n.bus.Object(notifyName, notifyPath).Call(notifyName+".CloseNotification", 0, id).Err
}

// Chosen tells what people choose, on notices of other programs too.
func (n *notifications) Chosen() <-chan Chosen { return n.chosen }

// Close ends the connection.
func (n *notifications) Close() error {
	n.once.Do(func() { close(n.done) })
	return n.bus.Close()
}
