package fake

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/services/recognition/line"
)

// silence is what phones of this exchange say in SDP: no sound is ever sent.
const silence = "v=0\r\no=fake 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"

// invite rings one of its phones, or calls a number, for somebody who dials with a click. Phones are picked up when the exchange Picks;
// else they ring until that is called off.
func (f *Front) invite(req *sip.Request, tx sip.ServerTransaction) {
	if _, within := req.To().Params.Get("tag"); within {
		f.accept(req, tx)
		return
	}
	if !f.known(req, tx) {
		return
	}
	who := req.Recipient.User
	if _, phone := f.conf.Passwords[who]; phone {
		f.mu.Lock()
		f.legs[idOf(req)] = &leg{ext: who}
		f.mu.Unlock()
	} else {
		f.called(req.From().Address.User, who)
	}
	called := make(chan struct{})
	tx.OnCancel(func(*sip.Request) { close(called) })
	ringing := sip.NewResponseFromRequest(req, 180, "Ringing", nil)
	ringing.AppendHeader(f.contact())
	_ = tx.Respond(ringing)
	f.x.mu.Lock()
	picks := f.x.Picks
	f.x.mu.Unlock()
	if !picks {
		select {
		case <-called:
		case <-tx.Done():
		case <-time.After(time.Minute):
			answer(req, tx, 480)
		}
		return
	}
	time.Sleep(20 * time.Millisecond)
	f.accept(req, tx)
}

func (f *Front) accept(req *sip.Request, tx sip.ServerTransaction) {
	res := sip.NewResponseFromRequest(req, 200, "OK", []byte(silence))
	res.AppendHeader(f.contact())
	res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	_ = tx.Respond(res)
}

func (f *Front) called(ext, number string) {
	f.x.mu.Lock()
	f.x.dialled = append(f.x.dialled, Dialled{ext, number})
	f.x.mu.Unlock()
}

// refer has a phone call a number by itself, and says how that goes.
func (f *Front) refer(req *sip.Request, tx sip.ServerTransaction) {
	f.mu.Lock()
	g := f.legs[idOf(req)]
	f.mu.Unlock()
	to := req.ReferTo()
	switch {
	case g == nil || to == nil:
		answer(req, tx, 481)
		return
	case f.conf.NoRefer:
		answer(req, tx, 603)
		return
	}
	answer(req, tx, 202, f.contact())
	go func() {
		number := to.Address.User
		f.called(g.ext, number)
		f.tellOf(req, 1, "SIP/2.0 100 Trying\r\n", "active;expires=60")
		id := f.x.begin(call{extension: g.ext, remote: strings.TrimPrefix(number, "+"), outgoing: true, state: line.Ringing})
		time.Sleep(30 * time.Millisecond)
		_ = f.x.Answer(id)
		f.tellOf(req, 2, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
	}()
}

func (f *Front) tellOf(refer *sip.Request, seq uint32, frag, state string) {
	contact := refer.Contact()
	if contact == nil {
		return
	}
	req := sip.NewRequest(sip.NOTIFY, *contact.Address.Clone())
	from := &sip.FromHeader{Address: refer.To().Address, Params: refer.To().Params.Clone()}
	to := &sip.ToHeader{Address: refer.From().Address, Params: refer.From().Params.Clone()}
	id := sip.CallIDHeader(idOf(refer))
	for _, h := range []sip.Header{
		from, to, &id, &sip.CSeqHeader{SeqNo: seq, MethodName: sip.NOTIFY}, f.contact(), sip.NewHeader("Event", "refer"),
		sip.NewHeader("Subscription-State", state), sip.NewHeader("Content-Type", "message/sipfrag;version=2.0"),
	} {
		req.AppendHeader(h)
	}
	req.SetBody([]byte(frag))
	f.send(req)
}
