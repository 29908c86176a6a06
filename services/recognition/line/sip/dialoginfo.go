package sip

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/rempart/rempart/services/recognition/line"
)

// info is a document of dialog events (RFC 4235, 4).
type info struct {
	Version uint64
	Full    bool
	Dialogs []dialog
}

// dialog is one call of an extension.
type dialog struct {
	Call     string // Call-ID, or the dialog's own id where the exchange keeps the Call-ID to itself
	State    line.State
	Outgoing bool
	Remote   caller
}

const (
	maxDocument = 64 << 10
	maxDialogs  = 256
)

var errDocument = errors.New("sip: not a document of dialog events")

type xmlIdentity struct {
	Display string `xml:"display,attr"`
	URI     string `xml:",chardata"`
}

type xmlDialog struct {
	ID        string `xml:"id,attr"`
	Call      string `xml:"call-id,attr"`
	Direction string `xml:"direction,attr"`
	State     struct {
		Event string `xml:"event,attr"`
		Code  int    `xml:"code,attr"`
		Name  string `xml:",chardata"`
	} `xml:"state"`
	Remote struct {
		Identity xmlIdentity `xml:"identity"`
		Target   struct {
			URI string `xml:"uri,attr"`
		} `xml:"target"`
	} `xml:"remote"`
}

// parseInfo reads a document of dialog events. What it does not understand of one dialog leaves that dialog out.
func parseInfo(body []byte) (info, error) {
	if len(body) > maxDocument {
		return info{}, errDocument
	}
	var doc struct {
		XMLName xml.Name    `xml:"dialog-info"`
		Version uint64      `xml:"version,attr"`
		State   string      `xml:"state,attr"`
		Dialogs []xmlDialog `xml:"dialog"`
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	if err := d.Decode(&doc); err != nil {
		return info{}, errDocument
	}
	if len(doc.Dialogs) > maxDialogs {
		return info{}, errDocument
	}
	out := info{Version: doc.Version, Full: doc.State != "partial"}
	for _, x := range doc.Dialogs {
		if read, ok := x.read(); ok {
			out.Dialogs = append(out.Dialogs, read)
		}
	}
	return out, nil
}

func (x xmlDialog) read() (dialog, bool) {
	d := dialog{Call: strings.TrimSpace(x.Call), Outgoing: strings.EqualFold(x.Direction, "initiator")}
	if d.Call == "" {
		d.Call = strings.TrimSpace(x.ID)
	}
	if d.Call == "" || len(d.Call) > 256 {
		return d, false
	}
	switch strings.ToLower(strings.TrimSpace(x.State.Name)) {
	case "trying", "proceeding", "early":
		d.State = line.Ringing
	case "confirmed":
		d.State = line.Answered
	case "terminated":
		d.State = x.ending()
	default:
		return d, false
	}
	uri := strings.TrimSpace(x.Remote.Identity.URI)
	if uri == "" {
		uri = strings.TrimSpace(x.Remote.Target.URI)
	}
	d.Remote = readCaller(x.Remote.Identity.Display, uri)
	return d, true
}

// ending tells how a call ended; Missed is what is said of one that nobody is known to have answered, and Ended of one that was.
func (x xmlDialog) ending() line.State {
	switch strings.ToLower(x.State.Event) {
	case "cancelled", "rejected", "timeout", "error":
		if x.State.Code == 200 {
			return line.Elsewhere
		}
		return line.Missed
	}
	return line.Ended
}
