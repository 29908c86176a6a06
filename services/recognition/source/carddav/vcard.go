package carddav

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// fields are the names that vCards are read under, for the mapping.
var fields = []string{
	"name", "first_name", "last_name", "nickname", "company", "department", "title", "phone", "phone_mobile", "phone_work", "phone_home", "phone_fax",
	"email", "city", "country", "categories", "url", "note", "uid",
}

var (
	errCard = errors.New("a vCard is not well formed")
	errLong = errors.New("a line of a vCard is far too long")
)

const (
	mostLine  = 8 << 20 // bytes of one property: photographs are long
	mostLines = 20_000  // of one card
)

// cards gives every vCard of a text; text is what parse keeps of a broken one.
func cards(in io.Reader, give func(tool.Record) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	c, lines := (*card)(nil), 0
	for {
		line, err := unfolded(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		done := err != nil
		p, ok := property(line)
		switch {
		case !ok:
		case p.name == "BEGIN" && strings.EqualFold(p.value, "VCARD"):
			c, lines = &card{fields: map[string][]string{}}, 0
		case c == nil:
		case p.name == "END":
			if err := give(c.record()); err != nil {
				return err
			}
			c = nil
		default:
			if lines++; lines > mostLines {
				return errLong
			}
			if err := c.take(p, r); err != nil {
				return err
			}
		}
		if done {
			if c != nil {
				return errCard // cut in the middle
			}
			return nil
		}
	}
}

// unfolded reads one line with its continuations (RFC 6350, 3.2).
func unfolded(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		part, err := r.ReadSlice('\n')
		b.Write(part)
		if b.Len() > mostLine {
			return "", errLong
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return strings.TrimRight(b.String(), "\r\n"), err
		}
		next, err := r.Peek(1)
		if err != nil || next[0] != ' ' && next[0] != '\t' {
			return strings.TrimRight(b.String(), "\r\n"), nil
		}
		_, _ = r.Discard(1)
		whole := strings.TrimRight(b.String(), "\r\n")
		b.Reset()
		b.WriteString(whole)
	}
}

// prop is one property of a card.
type prop struct {
	group, name, value string
	types              []string // TYPE parameters, and bare ones of vCard 2.1, in small letters
	encoding, charset  string
}

// property reads "group.NAME;PARAM=a,b;BARE:value"; a colon within quotes is no end.
func property(line string) (p prop, ok bool) {
	quoted, end := false, -1
	for i := range len(line) {
		if line[i] == '"' {
			quoted = !quoted
		}
		if line[i] == ':' && !quoted {
			end = i
			break
		}
	}
	if end < 1 {
		return p, false
	}
	p.value = line[end+1:]
	params := strings.Split(line[:end], ";")
	p.name = strings.ToUpper(strings.TrimSpace(params[0]))
	if group, name, found := strings.Cut(p.name, "."); found {
		p.group, p.name = group, name
	}
	for _, param := range params[1:] {
		key, value, named := strings.Cut(param, "=")
		if !named {
			key, value = "TYPE", param
		}
		value = strings.ToLower(strings.Trim(value, `"`))
		switch strings.ToUpper(key) {
		case "TYPE":
			p.types = append(p.types, strings.Split(value, ",")...)
		case "ENCODING":
			p.encoding = value
		case "CHARSET":
			p.charset = value
		}
	}
	if slices.Contains(p.types, "quoted-printable") {
		p.encoding = "quoted-printable"
	}
	return p, true
}

// card gathers what is kept of one vCard.
type card struct {
	fields map[string][]string
	print  []byte
}

// take reads one property; a quoted-printable value of vCard 2.1 may go on over lines that end in "=".
func (c *card) take(p prop, r *bufio.Reader) error {
	if p.encoding == "quoted-printable" {
		for strings.HasSuffix(p.value, "=") {
			more, err := r.ReadString('\n')
			p.value += "\r\n" + strings.TrimRight(more, "\r\n")
			if len(p.value) > mostLine {
				return errLong
			}
			if err != nil {
				break
			}
		}
		plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(p.value)))
		if err != nil {
			return errCard
		}
		p.value = string(plain)
	}
	if as := charsets[p.charset]; as != nil {
		if text, err := as.NewDecoder().String(p.value); err == nil {
			p.value = text
		}
	}
	c.keep(p)
	return nil
}

var charsets = map[string]encoding.Encoding{"iso-8859-1": charmap.Windows1252, "windows-1252": charmap.Windows1252, "iso-8859-15": charmap.ISO8859_15}

func (c *card) keep(p prop) {
	parts := split(p.value, ';')
	part := func(i int) string {
		if i < len(parts) {
			return strings.Join(split(parts[i], ','), ", ")
		}
		return ""
	}
	whole := unescape(p.value)
	switch p.name {
	case "FN":
		c.add("name", whole)
	case "N":
		c.add("last_name", part(0))
		c.add("first_name", part(1))
	case "NICKNAME":
		c.add("nickname", strings.Join(split(p.value, ','), ", "))
	case "ORG":
		c.add("company", part(0))
		c.add("department", part(1))
	case "TITLE":
		c.add("title", whole)
	case "TEL":
		c.phone(p, whole)
	case "EMAIL":
		c.add("email", whole)
	case "ADR":
		c.add("city", part(3))
		c.add("country", part(6))
	case "CATEGORIES":
		c.add("categories", strings.Join(split(p.value, ','), ", "))
	case "URL":
		c.add("url", whole)
	case "NOTE":
		c.add("note", tool.Cut(whole, tool.MostValue))
	case "UID":
		c.add("uid", whole)
	}
}

// phone keeps a number; a fax is no way to be called from. A URI (RFC 3966) is written plainly, with its extension.
func (c *card) phone(p prop, number string) {
	if rest, ok := cutFold(number, "tel:"); ok {
		if plain, err := url.PathUnescape(rest); err == nil {
			rest = plain
		}
		number = "tel:" + rest
	}
	if slices.Contains(p.types, "fax") {
		c.add("phone_fax", number)
		return
	}
	c.add("phone", number)
	for kind, field := range map[string]string{"cell": "phone_mobile", "work": "phone_work", "home": "phone_home"} {
		if slices.Contains(p.types, kind) {
			c.add(field, number)
		}
	}
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

func (c *card) add(field, value string) {
	if value = strings.TrimSpace(value); value != "" {
		c.fields[field] = append(c.fields[field], value)
		c.print = append(append(append(c.print, field...), 0), value...)
	}
}

// record gives the card, with its UID as key or, without one, what it holds.
func (c *card) record() tool.Record {
	r := tool.Record{Fields: c.fields}
	if uid := c.fields["uid"]; len(uid) > 0 {
		r.Key = uid[0]
		return r
	}
	sum := sha256.Sum256(c.print)
	r.Key = hex.EncodeToString(sum[:16])
	return r
}

// split cuts a compound value where the sign is not escaped, and takes the escapes out.
func split(value string, at byte) (parts []string) {
	start, escaped := 0, false
	for i := range len(value) {
		switch {
		case escaped:
			escaped = false
		case value[i] == '\\':
			escaped = true
		case value[i] == at:
			parts, start = append(parts, unescapeFor(value[start:i], at)), i+1
		}
	}
	return append(parts, unescapeFor(value[start:], at))
}

// unescapeFor keeps the escapes of commas when cutting at semicolons: the parts are cut again at commas.
func unescapeFor(value string, at byte) string {
	if at == ';' {
		return value
	}
	return strings.TrimSpace(unescape(value))
}

var escapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":")

func unescape(value string) string { return escapes.Replace(value) }
