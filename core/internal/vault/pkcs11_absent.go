//go:build !pkcs11 || !cgo

package vault

import "errors"

// OpenPKCS11 needs a C library in the program: the binary that is one static file has none.
func OpenPKCS11(PKCS11) (Root, error) {
	return nil, errors.New("vault: this build knows no PKCS#11 device: CGO_ENABLED=1 go build -tags pkcs11 ./cmd/rempart")
}
