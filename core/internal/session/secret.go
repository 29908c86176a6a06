package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/rempart/rempart/kit/ids"
)

// newSecret gives 256 random bits as text (RFC 4648 base 32, no look-alikes) and the key that seals its generations.
func newSecret() (root string, pace []byte) {
	pace = make([]byte, 32)
	if _, err := rand.Read(pace); err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	return ids.Secret("", 32), pace
}

func hashOf(root string) []byte {
	h := sha256.Sum256([]byte(root))
	return h[:]
}

// seal proves that the server gave generation g of this session.
func seal(pace []byte, g string) string {
	mac := hmac.New(sha256.New, pace)
	mac.Write([]byte(g))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// compose writes the value of the cookie.
func compose(root string, pace []byte, generation int64) string {
	g := strconv.FormatInt(generation, 10)
	return root + "." + g + "." + seal(pace, g)
}

// parts cuts the value of a cookie; ok is false when it has not the form of one.
func parts(value string) (root, generation, sealed string, ok bool) {
	if len(value) > 128 {
		return "", "", "", false
	}
	root, rest, ok1 := strings.Cut(value, ".")
	generation, sealed, ok2 := strings.Cut(rest, ".")
	return root, generation, sealed, ok1 && ok2 && len(root) == 52
}

// generationOf reads a generation; ok is false when the server did not seal it.
func generationOf(pace []byte, generation, sealed string) (int64, bool) {
	if subtle.ConstantTimeCompare([]byte(seal(pace, generation)), []byte(sealed)) != 1 {
		return 0, false
	}
	g, err := strconv.ParseInt(generation, 10, 64)
	return g, err == nil
}
