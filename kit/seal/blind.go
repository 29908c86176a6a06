package seal

import (
	"crypto/hpke"
	"encoding/binary"
)

const (
	version3   = 3 // sealed to a public key: whoever seals cannot open
	algHybrid  = 2 // HPKE (RFC 9180): MLKEM768-X25519, HKDF-SHA256, AES-256-GCM
	blindInfo  = "rempart sealed value 3"
	enclosed   = 1120 // bytes of the encapsulated key
	blindExtra = headSize + enclosed + tagSize
)

// NewBlind makes a key pair: values are sealed to the public key and opened by the private one alone. ML-KEM-768 and X25519
// together: what is kept today stays closed should one of them fall.
func NewBlind() (public, private []byte, err error) {
	k, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, nil, err
	}
	private, err = k.Bytes()
	return k.PublicKey().Bytes(), private, err
}

// SealBlind gives plain sealed to a public key for its place; generation is that of the key. The form is
//
//	version(1) ‖ algorithm(1) ‖ generation(2) ‖ encapsulated key(1120) ‖ ciphertext ‖ tag(16)
func SealBlind(public []byte, generation uint16, p Place, plain []byte) ([]byte, error) {
	key, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	enc, to, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(blindInfo))
	if err != nil {
		return nil, err
	}
	out := make([]byte, headSize, blindExtra+len(plain))
	out[0], out[1] = version3, algHybrid
	binary.BigEndian.PutUint16(out[2:], generation)
	ct, err := to.Seal(p.bind(nil, out[:headSize]), plain)
	if err != nil {
		return nil, err
	}
	return append(append(out, enc...), ct...), nil
}

// OpenBlind gives what was sealed to the public key of private for this place. Errors: ErrUnreadable.
func OpenBlind(private []byte, p Place, sealed []byte) ([]byte, error) {
	if _, ok := Blind(sealed); !ok {
		return nil, ErrUnreadable
	}
	key, err := hpke.MLKEM768X25519().NewPrivateKey(private)
	if err != nil {
		return nil, ErrUnreadable
	}
	from, err := hpke.NewRecipient(sealed[headSize:headSize+enclosed], key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(blindInfo))
	if err != nil {
		return nil, ErrUnreadable
	}
	plain, err := from.Open(p.bind(nil, sealed[:headSize]), sealed[headSize+enclosed:])
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}

// Blind tells whether a value is sealed to a public key, and the generation of that key.
func Blind(sealed []byte) (generation uint16, ok bool) {
	if len(sealed) < blindExtra || sealed[0] != version3 || sealed[1] != algHybrid {
		return 0, false
	}
	return binary.BigEndian.Uint16(sealed[2:]), true
}
