package directory

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Operations and results of RFC 4511.
const (
	opBind       = 0
	opBindDone   = 1
	opUnbind     = 2
	opSearch     = 3
	opEntry      = 4
	opSearchDone = 5
	opAbandon    = 16
	opExtended   = 23
	opExtDone    = 24

	resSuccess     = 0
	resOperations  = 1
	resProtocol    = 2
	resTimeLimit   = 3
	resSizeLimit   = 4
	resAuthMethod  = 7
	resCritical    = 12
	resNoSuch      = 32
	resCredentials = 49
	resAccess      = 50
	resBusy        = 51
	resUnwilling   = 53
)

var errMessage = errors.New("directory: this message cannot be read")

// ServeLDAP answers connections until ctx ends. Give it a listener of TLS: a token crosses it.
func (s *Server) ServeLDAP(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	slots := make(chan struct{}, mostOpen)
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			var temporary net.Error
			if errors.As(err, &temporary) && temporary.Timeout() {
				continue
			}
			return fmt.Errorf("directory: %w", err)
		}
		select {
		case slots <- struct{}{}:
		default:
			conn.Close() // too many at once: the telephone tries again
			continue
		}
		go func() {
			defer func() { <-slots }()
			(&talk{s: s, conn: conn}).converse(ctx)
		}()
	}
}

// talk is one connection.
type talk struct {
	s        *Server
	conn     net.Conn
	org      string // "" until it is bound
	token    string
	failures int
}

func (t *talk) converse(ctx context.Context) {
	conn := t.conn
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	for t.failures < mostFailures {
		patience := idleFor
		if t.org == "" { // whoever has no token must not keep telephones out by holding connections
			patience = strangeFor
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return
		}
		m, err := readMessage(conn)
		if err != nil || !t.answer(ctx, m) {
			return
		}
	}
}

// message is one request.
type message struct {
	id       int64
	op       *ber.Packet
	critical bool // it came with a control that must not be ignored
}

// readMessage reads one request of bounded size.
func readMessage(r io.Reader) (m message, err error) {
	var head [6]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return m, err
	}
	size, used := int(head[1]), 2
	if head[0] != 0x30 {
		return m, errMessage
	}
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 4 {
			return m, errMessage
		}
		if _, err := io.ReadFull(r, head[2:2+n]); err != nil {
			return m, err
		}
		var long [4]byte
		copy(long[4-n:], head[2:2+n])
		length := binary.BigEndian.Uint32(long[:])
		if length > mostMessage {
			return m, errMessage
		}
		size, used = int(length), 2+n
	}
	all := make([]byte, used+size)
	copy(all, head[:used])
	if _, err := io.ReadFull(r, all[used:]); err != nil {
		return m, err
	}
	return parseMessage(all)
}

func parseMessage(all []byte) (m message, err error) {
	p, err := ber.DecodePacketErr(all)
	if err != nil || len(p.Children) < 2 || len(p.Children) > 3 {
		return m, errMessage
	}
	id, ok := p.Children[0].Value.(int64)
	if !ok || id < 0 || p.Children[1].ClassType != ber.ClassApplication {
		return m, errMessage
	}
	m.id, m.op = id, p.Children[1]
	if len(p.Children) == 3 {
		for _, c := range p.Children[2].Children {
			if len(c.Children) > 1 {
				if critical, ok := c.Children[1].Value.(bool); ok && critical {
					m.critical = true
				}
			}
		}
	}
	return m, nil
}

// answer handles one request; false ends the connection.
func (t *talk) answer(ctx context.Context, m message) bool {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	switch m.op.Tag {
	case opUnbind:
		return false
	case opAbandon:
		return true
	case opBind:
		return t.done(m, opBindDone, t.bind(ctx, m.op), "")
	case opSearch:
		if m.critical {
			return t.done(m, opSearchDone, resCritical, "")
		}
		code := t.search(ctx, m)
		return code >= 0 && t.done(m, opSearchDone, code, "")
	case opExtended:
		return t.done(m, opExtDone, resProtocol, "no extended operation is known here")
	}
	// The answer to a change has the tag that follows the request's.
	return t.done(m, m.op.Tag+1, resUnwilling, "this directory is read only")
}

func (t *talk) done(m message, op ber.Tag, code int64, text string) bool {
	res := ber.Encode(ber.ClassApplication, ber.TypeConstructed, op, nil, "")
	res.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	res.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	res.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, ""))
	return t.send(m.id, res)
}

func (t *talk) send(id int64, op *ber.Packet) bool {
	p := ber.NewSequence("")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	p.AppendChild(op)
	_, err := t.conn.Write(p.Bytes())
	return err == nil
}

// bind checks a token. Its name is o=<organization>, alone or at the end.
func (t *talk) bind(ctx context.Context, op *ber.Packet) int64 {
	t.org, t.token = "", ""
	if len(op.Children) != 3 {
		return resProtocol
	}
	if version, ok := op.Children[0].Value.(int64); !ok || version != 3 {
		return resProtocol
	}
	auth := op.Children[2]
	if auth.ClassType != ber.ClassContext || auth.Tag != 0 {
		return resAuthMethod // a simple bind alone
	}
	name, token := textOf(op.Children[1]), textOf(auth)
	if name == "" && token == "" {
		return resSuccess // nobody: may read what the server is, nothing else
	}
	org, ok := orgOf(name)
	if !ok {
		t.failures++
		return resCredentials
	}
	switch err := t.s.admits(ctx, org, token); {
	case err == nil:
		t.org, t.token = org, token
		return resSuccess
	case errors.Is(err, ErrDenied):
		t.failures++
		t.s.note(ctx, "directory: a token was refused", "org", org)
		return resCredentials
	}
	return resBusy
}

// orgOf gives the organization of a distinguished name: the value of its last part, which must be an o.
func orgOf(name string) (string, bool) {
	last := name[strings.LastIndexByte(name, ',')+1:]
	kind, value, ok := strings.Cut(strings.TrimSpace(last), "=")
	if value = strings.TrimSpace(value); !ok || !strings.EqualFold(strings.TrimSpace(kind), "o") || value == "" || len(value) > 64 {
		return "", false
	}
	for _, r := range value {
		if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "", false
		}
	}
	return value, true
}

// request is a search.
type request struct {
	base      string
	scope     int64
	most      int64
	typesOnly bool
	f         filter
	attrs     []string // small letters; none: all
}

func readSearch(op *ber.Packet) (q request, err error) {
	if len(op.Children) != 8 {
		return q, errMessage
	}
	scope, ok1 := op.Children[1].Value.(int64)
	most, ok2 := op.Children[3].Value.(int64)
	types, ok3 := op.Children[5].Value.(bool)
	if !ok1 || !ok2 || !ok3 || scope < 0 || scope > 3 || most < 0 {
		return q, errMessage
	}
	q = request{base: textOf(op.Children[0]), scope: scope, most: most, typesOnly: types}
	left := mostNodes
	if q.f, err = readFilter(op.Children[6], 0, &left); err != nil {
		return q, err
	}
	if len(op.Children[7].Children) > mostNodes {
		return q, errMessage
	}
	for _, a := range op.Children[7].Children {
		q.attrs = append(q.attrs, strings.ToLower(textOf(a)))
	}
	return q, nil
}

// search sends entries and gives the result; a negative one says that the connection is gone.
func (t *talk) search(ctx context.Context, m message) int64 {
	q, err := readSearch(m.op)
	if err != nil {
		return resProtocol
	}
	if q.base == "" && q.scope == 0 { // what the server is
		if !t.send(m.id, entry("", rootAttrs(t.org), q)) {
			return -1
		}
		return resSuccess
	}
	if t.org == "" {
		return resAccess
	}
	if org, ok := orgOf(q.base); !ok || org != t.org {
		return resNoSuch
	}
	limit := mostEntries
	if q.most > 0 && q.most < int64(limit) {
		limit = int(q.most)
	}
	found, more, err := t.find(ctx, q.f)
	switch {
	case errors.Is(err, ErrDenied):
		t.org, t.token = "", "" // the token was ended meanwhile
		return resAccess
	case ctx.Err() != nil:
		return resTimeLimit
	case err != nil:
		return resBusy
	}
	sent := 0
	for _, e := range found {
		attrs := attrsOf(e)
		if !q.f.matches(attrs) {
			continue
		}
		if sent == limit {
			return resSizeLimit
		}
		if !t.send(m.id, entry("uid="+safeID(e.ID)+",o="+t.org, attrs, q)) {
			return -1
		}
		sent++
	}
	if more {
		return resSizeLimit
	}
	return resSuccess
}

// find asks the platform what a filter leads to.
func (t *talk) find(ctx context.Context, f filter) (all []Entry, more bool, err error) {
	list, ok := f.questions()
	if !ok {
		list = []Query{{}}
	}
	seen := map[string]bool{}
	for _, q := range list {
		q.Limit = mostEntries
		found, m, err := t.s.Finder.Find(ctx, t.org, t.token, q)
		if err != nil {
			return nil, false, err
		}
		more = more || m
		for _, e := range found {
			if !seen[e.ID] {
				seen[e.ID] = true
				all = append(all, e)
			}
		}
	}
	return all, more, nil
}
