package sip

import (
	"bytes"
	"strconv"
	"strings"
)

// parseFrag reads the status of a message/sipfrag (RFC 3420): how the call that a phone was asked to make is doing.
func parseFrag(body []byte) (status int, ok bool) {
	first, _, _ := bytes.Cut(body, []byte("\n"))
	if len(first) > 256 {
		return 0, false
	}
	rest, is := strings.CutPrefix(strings.TrimSpace(string(first)), "SIP/2.0 ")
	if !is {
		return 0, false
	}
	code, _, _ := strings.Cut(rest, " ")
	if len(code) != 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(code, 10, 16)
	if err != nil || n < 100 || n > 699 {
		return 0, false
	}
	return int(n), true
}
