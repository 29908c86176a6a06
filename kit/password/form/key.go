package form

import (
	"net/url"

	"rsc.io/qr"
)

// issuer is the name that authenticator applications show beside the account.
const issuer = "Rempart"

// KeyURI is what the picture says: the otpauth URI that authenticator applications read (RFC 6238 with the parameters
// that all of them know).
func KeyURI(account, secret string) string {
	v := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + v.Encode()
}

// Picture gives the QR code of a key as a PNG, drawn here: the key never leaves for another site.
func Picture(account, secret string) ([]byte, error) {
	code, err := qr.Encode(KeyURI(account, secret), qr.M)
	if err != nil {
		return nil, err
	}
	code.Scale = 6
	return code.PNG(), nil
}
