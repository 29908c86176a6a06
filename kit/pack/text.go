package pack

import (
	"context"
	"database/sql"
	"encoding/base64"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// A column of text that was in clear keeps its type when what it holds is sealed: the sealed value is written in base64 behind a
// sign and the number of its owner, "~0.AQEAAb…".

const sign = '~'

// Shut seals a text for a column of text. Its owner is the first of those given who has a key: a person, then their organization
// for what may belong to a program. Nothing stays nothing.
func Shut(ctx context.Context, s core.Sealer, place, text string, owners ...core.ID) (string, error) {
	if text == "" {
		return "", nil
	}
	var last error
	for i, owner := range owners {
		if owner.IsZero() {
			continue
		}
		sealed, err := s.Seal(ctx, owner, place, Texts(text))
		if core.CodeOf(err) == "vault.no_key" {
			last = err
			continue
		}
		if err != nil {
			return "", err
		}
		return string([]byte{sign, byte('0' + i), '.'}) + base64.RawStdEncoding.EncodeToString(sealed), nil
	}
	return "", last
}

func shut(kept string) bool { return len(kept) >= 3 && kept[0] == sign && kept[2] == '.' }

// Inside gives the sealed bytes of what Shut wrote; false for anything else.
func Inside(kept string) ([]byte, bool) {
	if !shut(kept) {
		return nil, false
	}
	sealed, err := base64.RawStdEncoding.DecodeString(kept[3:])
	return sealed, err == nil
}

// Open gives the text back. What belonged to somebody whose key was destroyed is nothing; what an older release left in clear is
// read as it is.
func Open(ctx context.Context, s core.Sealer, place, kept string, owners ...core.ID) (text string, err error) {
	if !shut(kept) {
		return kept, nil
	}
	at := int(kept[1] - '0')
	sealed, ok := Inside(kept)
	if !ok || at < 0 || at >= len(owners) {
		return "", errForm
	}
	plain, err := s.Open(ctx, owners[at], place, sealed)
	if core.KindOf(err) == core.Gone {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return text, Read(plain, &text)
}

// Column is a column of text whose clear values an upgrade seals in place.
type Column struct {
	Table string
	Key   []string // columns of its primary key
	Name  string
	More  []string // columns that Owners reads beside the key
	// Owners gives the owners and the place of a row from its key and More.
	Owners func(values []string) (place string, owners []core.ID)
}

// Seal seals the clear texts of columns on the handle of an upgrade (db.Schema.Before). What belongs to nobody who has a key, or to
// somebody whose key was destroyed, is dropped.
func Seal(ctx context.Context, handle *sql.DB, s core.Sealer, columns ...Column) error {
	for _, c := range columns {
		err := db.Rewrite(ctx, handle, db.Rewriting{
			Table: c.Table, Key: c.Key, Read: append([]string{c.Name}, c.More...), Write: []string{c.Name},
			Pending: c.Name + " <> '' AND " + c.Name + " NOT LIKE '~0.%' AND " + c.Name + " NOT LIKE '~1.%'",
			Row: func(ctx context.Context, v []any) ([]any, error) {
				all := make([]string, 0, len(v)-1)
				for i := range v {
					if i != len(c.Key) {
						all = append(all, db.Text(v[i]))
					}
				}
				place, owners := c.Owners(all)
				kept, err := Shut(ctx, s, place, db.Text(v[len(c.Key)]), owners...)
				if core.KindOf(err) == core.Gone || core.CodeOf(err) == "vault.no_key" {
					kept, err = "", nil
				}
				return []any{kept}, err
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Place binds a text to its column and row.
func Place(column string, key ...core.ID) string {
	var b strings.Builder
	b.WriteString(column + "\x001")
	for _, k := range key {
		b.WriteString("\x00" + string(k))
	}
	return b.String()
}
