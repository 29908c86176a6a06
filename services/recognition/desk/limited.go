package desk

import "bytes"

// limited keeps the beginning of what another program writes.
type limited struct {
	to   *bytes.Buffer
	left int
}

// Write keeps the beginning.
func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.to.Write(p[:n])
	l.left -= n
	return len(p), nil
}
