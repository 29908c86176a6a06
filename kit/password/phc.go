package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Params is the cost of argon2id (RFC 9106): KiB of memory, passes, lanes.
type Params struct {
	Memory uint32
	Passes uint32
	Lanes  uint8
}

// Standard is the cost of new hashes: the first choice of the OWASP password storage cheat sheet, 19 MiB and 2 passes.
var Standard = Params{Memory: 19 * 1024, Passes: 2, Lanes: 1}

const (
	saltBytes = 16 // 128 bits: ANSSI-PG-078 R28
	hashBytes = 32
	maxMemory = 1 << 20 // KiB: a stored string never makes us allocate more than 1 GiB
)

var errPHC = errors.New("password: not an argon2id PHC string")

// phc is one stored hash: $argon2id$v=19$m=19456,t=2,p=1$salt$hash in unpadded base64 (the PHC string format).
type phc struct {
	Params
	salt, hash []byte
}

func (p phc) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Passes, p.Lanes, b.EncodeToString(p.salt), b.EncodeToString(p.hash))
}

// parsePHC reads a stored hash and refuses any other algorithm, version or a cost out of bounds.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(s) > 512 || strings.ContainsAny(s, "\r\n") || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return phc{}, errPHC
	}
	var p phc
	cost := strings.Split(parts[3], ",")
	if len(cost) != 3 {
		return phc{}, errPHC
	}
	var n [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(cost[i], name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || v == 0 || digits[0] == '0' || digits[0] == '+' {
			return phc{}, errPHC
		}
		n[i] = v
	}
	if n[0] > maxMemory || n[1] > 64 || n[2] > 16 || n[0] < 8*n[2] {
		return phc{}, errPHC
	}
	p.Memory, p.Passes, p.Lanes = uint32(n[0]), uint32(n[1]), uint8(n[2])
	var err error
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return phc{}, errPHC
	}
	if p.hash, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(p.hash) < 16 || len(p.hash) > 64 {
		return phc{}, errPHC
	}
	return p, nil
}
