package seal

const (
	smallest = 32
	doubling = 8192 // beyond it buckets grow by it
)

// bucket is the length that n bytes are padded to.
func bucket(n int) int {
	if n > doubling {
		return (n + doubling - 1) / doubling * doubling
	}
	size := smallest
	for size < n {
		size *= 2
	}
	return size
}

// Pad makes free text as long as its bucket: 32, 64, 128... up to 8,192 bytes, then multiples of 8,192. A mark of one byte (0x80)
// and zeros follow the text (ISO/IEC 7816-4), so that Unpad gives it back whatever it holds.
func Pad(plain []byte) []byte {
	out := make([]byte, bucket(len(plain)+1))
	copy(out, plain)
	out[len(plain)] = 0x80
	return out
}

// Unpad gives back what was padded. Errors: ErrForm.
func Unpad(padded []byte) ([]byte, error) {
	for i := len(padded) - 1; i >= 0; i-- {
		switch padded[i] {
		case 0:
		case 0x80:
			if len(padded) != bucket(i+1) {
				return nil, ErrForm
			}
			return padded[:i], nil
		default:
			return nil, ErrForm
		}
	}
	return nil, ErrForm
}
