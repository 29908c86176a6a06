package token

import (
	"crypto/sha256"
	"hash/crc32"
	"strings"

	"github.com/rempart/rempart/kit/ids"
)

// The prefixes of secrets: one look tells what was found where it should not be.
const (
	PersonalPrefix = "rpt_"
	ServicePrefix  = "rps_"
)

const (
	bodyLength  = 52 // 256 bits in base 32
	checkLength = 6
	alphabet    = "abcdefghijkmnpqrstuvwxyz23456789" // the one of kit/ids
)

// newSecret makes a secret with its checksum.
func newSecret(prefix string) string {
	body := ids.Secret(prefix, 32)
	return body + checksum(body)
}

// checksum writes the low 30 bits of the CRC-32 (IEEE) of text in six letters.
func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var out [checkLength]byte
	for i := range out {
		out[i] = alphabet[sum&31]
		sum >>= 5
	}
	return string(out[:])
}

// wellFormed tells whether text has the form and the checksum of a secret. It looks at no row.
func wellFormed(text string) bool {
	if len(text) != len(PersonalPrefix)+bodyLength+checkLength {
		return false
	}
	if !strings.HasPrefix(text, PersonalPrefix) && !strings.HasPrefix(text, ServicePrefix) {
		return false
	}
	at := len(text) - checkLength
	return checksum(text[:at]) == text[at:]
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// hint is what is kept in clear so that a person recognises a token: its prefix and last four letters before the checksum.
func hint(secret string) string {
	at := len(secret) - checkLength
	return secret[:len(PersonalPrefix)] + "…" + secret[at-4:at]
}
