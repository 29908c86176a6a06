package app

import (
	"bytes"
	"fmt"

	"github.com/rempart/rempart/verify"
)

// verifyReceipt checks the receipt of a consent.
func (c *command) verifyReceipt(file []byte, v verifying, key string) error {
	report, err := verify.CheckReceipt(bytes.NewReader(file), key)
	if err != nil {
		return err
	}
	if v.json {
		err = c.printJSON(map[string]any{
			"consent": report.Record.ID, "status": report.Record.Status.Type, "at": report.Record.Status.At, "purpose": report.Record.Process.Purpose,
			"sound": report.OK(), "trusted": report.Trusted, "wrong": report.Wrong,
		})
	} else {
		_, err = fmt.Fprint(c.out, report.String())
	}
	if err == nil && !report.OK() {
		err = errTold
	}
	return err
}
