package paper

import (
	"bytes"
	"encoding/binary"
	"math"
)

// profile gives the colour profile sRGB (IEC 61966-2-1) as an ICC v2.1 display profile, made here from the published
// primaries and transfer curve, so that no file of anyone's is carried: PDF/A asks for a profile of the colours used.
func profile() []byte {
	fixed := func(v float64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(int32(math.Round(v*65536)))) } //nolint:gosec // s15Fixed16
	xyz := func(x, y, z float64) []byte {
		return bytes.Join([][]byte{[]byte("XYZ \x00\x00\x00\x00"), fixed(x), fixed(y), fixed(z)}, nil)
	}
	said := "sRGB IEC61966-2.1"
	desc := append([]byte("desc\x00\x00\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(said)+1))...)
	desc = append(append(desc, said...), make([]byte, 1+8+3+67)...)
	right := append([]byte("text\x00\x00\x00\x00"), "No copyright, use freely\x00"...)
	curve := append([]byte("curv\x00\x00\x00\x00"), binary.BigEndian.AppendUint32(nil, steps)...)
	for i := range steps {
		curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(linear(float64(i)/(steps-1))*65535)))
	}
	return assemble([]tag{
		{"desc", desc},
		{"cprt", right},
		{"wtpt", xyz(0.9505, 1, 1.0891)},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)},
		{"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.7141)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	})
}

const steps = 1024

// linear is the transfer function of IEC 61966-2-1.
func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

type tag struct {
	name string
	data []byte
}

// assemble writes the header, the table of tags and their data (ICC.1:2001-04, clauses 6 and 7).
func assemble(tags []tag) []byte {
	at := 128 + 4 + 12*len(tags)
	table, data := binary.BigEndian.AppendUint32(nil, uint32(len(tags))), []byte(nil)
	placed := map[string]int{}
	for _, t := range tags {
		where, ok := placed[string(t.data)]
		if !ok {
			where = at + len(data)
			placed[string(t.data)] = where
			data = append(data, t.data...)
			data = append(data, make([]byte, (4-len(data)%4)%4)...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(where))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.data)))
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(128+len(table)+len(data)))
	binary.BigEndian.PutUint32(head[8:], 0x02100000)
	copy(head[12:], "mntrRGB XYZ ")
	binary.BigEndian.PutUint16(head[24:], 2026) // made on 1 January 2026
	binary.BigEndian.PutUint16(head[26:], 1)
	binary.BigEndian.PutUint16(head[28:], 1)
	copy(head[36:], "acsp")
	copy(head[68:], []byte{0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d}) // illuminant D50
	return append(append(head, table...), data...)
}
