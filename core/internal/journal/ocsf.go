package journal

import (
	"io"

	"github.com/rempart/rempart/verify"
)

// lineWriter writes an export line by line, in a form that verify writes again and compares.
type lineWriter struct {
	w    io.Writer
	form func(*verify.Line) ([]byte, error)
}

func (o *lineWriter) line(l verify.Line) error {
	b, err := o.form(&l)
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(b, '\n'))
	return err
}

func (o *lineWriter) begin(h verify.Header) error { return o.line(verify.Line{Header: &h}) }

func (o *lineWriter) entry(_ *Row, l *verify.EntryLine) error { return o.line(verify.Line{Entry: l}) }

func (o *lineWriter) end(e verify.End) error { return o.line(verify.Line{End: &e}) }
