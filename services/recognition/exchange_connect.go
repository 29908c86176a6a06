package recognition

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/ami"
	"github.com/rempart/rempart/services/recognition/line/ari"
	"github.com/rempart/rempart/services/recognition/line/fake"
	"github.com/rempart/rempart/services/recognition/line/hook"
	"github.com/rempart/rempart/services/recognition/line/sip"
	"github.com/rempart/rempart/services/recognition/line/threecx"
	"github.com/rempart/rempart/services/recognition/line/xsi"
)

// connect makes the line of an exchange. Whatever it opens goes through the platform's one way out, to what its settings name.
func (m *Module) connect(r lineRow, phones []string) (line.Line, error) {
	s, client := r.Settings, m.needs.Client(r.Org)
	switch r.Kind {
	case KindFake:
		return m.FakeExchange(r.ID).Line(phones...), nil
	case KindSIP:
		return m.connectSIP(r, phones)
	case KindHook:
		return hook.New(hook.Config{URL: s["url"], Method: s["method"], Body: s["body"], Header: r.secret["header"], Client: client}), nil
	case KindAMI:
		conf := ami.Config{
			Address: s["address"], User: s["user"], Password: r.secret["password"], Tech: s["tech"], Context: s["context"], Extensions: phones,
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				return m.needs.Dial(ctx, r.Org, network, address)
			},
		}
		if s["tls"] != "plain" {
			host, _, _ := net.SplitHostPort(s["address"])
			conf.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
		}
		return ami.New(conf), nil
	case KindARI:
		return ari.New(ari.Config{URL: s["url"], User: s["user"], Password: r.secret["password"], Tech: s["tech"], Context: s["context"], Extensions: phones, Client: client}), nil
	case KindThreeCX:
		return threecx.New(threecx.Config{URL: s["url"], ClientID: s["client"], Secret: r.secret["secret"], Extensions: phones, Client: client}), nil
	case KindXsi:
		return xsi.New(xsi.Config{URL: s["url"], User: s["user"], Password: r.secret["password"], Domain: s["domain"], Extensions: phones, Client: client}), nil
	}
	return nil, fmt.Errorf("%w: %s", line.ErrUnsupported, r.Kind)
}

// sipLine knows how each of its phones is watched.
type sipLine struct {
	*sip.Line
	mu     sync.Mutex
	status map[string]error
}

// Up gives what is wrong with the first phone that is not watched.
func (l *sipLine) Up() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, err := range l.status {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) connectSIP(r lineRow, phones []string) (line.Line, error) {
	s, l := r.Settings, &sipLine{status: map[string]error{}}
	conf := sip.Config{
		Server: s["server"], Domain: s["domain"], Transport: s["transport"], Mode: sip.Mode(s["mode"]), User: s["user"], Password: r.secret["password"],
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return m.needs.Dial(ctx, r.Org, network, address)
		},
		Note: func(st sip.Status) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.status[st.Extension] = st.Err
		},
	}
	if s["mode"] == "auto" {
		conf.Mode = sip.Auto
	}
	for _, p := range phones {
		conf.Extensions = append(conf.Extensions, sip.Extension{Number: p, Password: r.secret["phone "+p]})
	}
	made, err := sip.New(conf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", line.ErrRefused, err)
	}
	l.Line = made
	return l, nil
}

// FakeExchange is the demonstration exchange behind a line of this node.
func (m *Module) FakeExchange(id core.ID) *fake.Exchange {
	m.calls.mu.Lock()
	defer m.calls.mu.Unlock()
	if m.calls.fakes == nil {
		m.calls.fakes = map[core.ID]*fake.Exchange{}
	}
	if m.calls.fakes[id] == nil {
		m.calls.fakes[id] = fake.New()
		m.calls.fakes[id].Picks = true
	}
	return m.calls.fakes[id]
}
