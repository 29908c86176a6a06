//go:build ignore

// Makes common.bin from the frequency list of zxcvbn, which this module depends on.
package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/trustelem/zxcvbn/frequency"

	"github.com/rempart/rempart/kit/password"
)

func main() {
	var in bytes.Buffer
	for _, w := range frequency.FrequencyLists["passwords"] {
		for _, form := range []string{w, strings.ToUpper(w), strings.ToUpper(w[:1]) + w[1:]} {
			fmt.Fprintf(&in, "%X:1\n", sha1.Sum([]byte(form)))
		}
	}
	report, err := password.Import("common.bin", &in, 5)
	if err != nil {
		log.Fatal(err)
	}
	st, _ := os.Stat("common.bin")
	fmt.Printf("common.bin: %d passwords, %d bytes\n", report.Kept, st.Size())
}
