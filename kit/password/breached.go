package password

import (
	"bytes"
	"crypto/sha1" // #nosec: the published lists are made of SHA-1; nothing is protected by it here
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sort"
)

// List is a set of breached passwords held as the sorted beginnings of their SHA-1: a lookup reads a few bytes of a
// file whatever its size. Format: "RPBR1\n", one byte that says how many bytes are kept of each hash (5 to 20), the
// number of hashes as 8 bytes big endian, then the hashes in order.
type List struct {
	data  io.ReaderAt
	width int
	count int64
	close func() error
}

const (
	listMagic  = "RPBR1\n"
	listHeader = len(listMagic) + 1 + 8
)

//go:generate go run common_gen.go
//go:embed common.bin
var common []byte

// Common is the list that ships with the product: 47,000 of the most used passwords (the frequency list of zxcvbn,
// MIT licence), as they are, in capitals and with a first capital: 85,000 in all. It keeps 5 bytes of each hash: a good
// password is wrongly refused once in 12 million.
func Common() *List {
	l, err := readList(bytes.NewReader(common), int64(len(common)))
	if err != nil {
		panic(err) // the embedded file is part of the program
	}
	return l
}

// OpenList opens a list made by Import.
func OpenList(path string) (*List, error) {
	f, err := os.Open(path) // #nosec G304: the operator's own file
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	l, err := readList(f, st.Size())
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.close = f.Close
	return l, nil
}

func readList(r io.ReaderAt, size int64) (*List, error) {
	head := make([]byte, listHeader)
	if _, err := r.ReadAt(head, 0); err != nil || string(head[:len(listMagic)]) != listMagic {
		return nil, fmt.Errorf("password: not a list of breached passwords")
	}
	l := &List{data: r, width: int(head[len(listMagic)]), count: int64(binary.BigEndian.Uint64(head[len(listMagic)+1:]))}
	if l.width < 5 || l.width > sha1.Size || l.count < 0 || l.count > (size-int64(listHeader))/int64(l.width) ||
		int64(listHeader)+l.count*int64(l.width) != size {
		return nil, fmt.Errorf("password: the list of breached passwords is cut or damaged")
	}
	return l, nil
}

// Len tells how many passwords the list holds.
func (l *List) Len() int64 { return l.count }

// Close frees the file.
func (l *List) Close() error {
	if l.close == nil {
		return nil
	}
	return l.close()
}

// Has tells whether a password is in the list. An unreadable file is an error, not a no.
func (l *List) Has(plain string) (bool, error) {
	sum := sha1.Sum([]byte(Normal(plain))) // #nosec G401
	return l.hasHash(sum[:])
}

func (l *List) hasHash(sum []byte) (bool, error) {
	key, entry := sum[:l.width], make([]byte, l.width)
	var fault error
	i := sort.Search(int(l.count), func(i int) bool {
		if fault != nil {
			return true
		}
		fault = l.at(i, entry)
		return bytes.Compare(entry, key) >= 0
	})
	if fault != nil {
		return false, fmt.Errorf("password: read the list of breached passwords: %w", fault)
	}
	if int64(i) == l.count {
		return false, nil
	}
	if err := l.at(i, entry); err != nil {
		return false, fmt.Errorf("password: read the list of breached passwords: %w", err)
	}
	return bytes.Equal(entry, key), nil
}

func (l *List) at(i int, entry []byte) error {
	_, err := l.data.ReadAt(entry, int64(listHeader)+int64(i)*int64(l.width))
	if err == io.EOF {
		err = nil // the last entry ends the file
	}
	return err
}
