package signin

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// The address that somebody typed belongs to nobody before they have proved anything: it is sealed under the platform's key,
// alike for known and unknown accounts. What a person calls their browsers is sealed under theirs.

func loginPlace(mark string) string { return "signin_flow.typed\x001\x00" + mark }

// labelPlace binds the label of a browser to the person and the browser, whose row may have been there before.
func labelPlace(person, browser core.ID) string {
	return "signin_device.label\x001\x00" + string(person) + "\x00" + string(browser)
}

func (m *Module) sealLogin(ctx context.Context, mark, login string) ([]byte, error) {
	typed, err := m.needs.Sealer.Seal(ctx, core.Platform, loginPlace(mark), pack.Texts(login))
	if core.CodeOf(err) == "vault.no_key" { // somebody came before the first set-up
		if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
			return nil, fmt.Errorf("signin: begin: %w", err)
		}
		typed, err = m.needs.Sealer.Seal(ctx, core.Platform, loginPlace(mark), pack.Texts(login))
	}
	if err != nil {
		return nil, fmt.Errorf("signin: seal a sign-in: %w", err)
	}
	return typed, nil
}

func (m *Module) openLogin(ctx context.Context, f Flow) (login string, err error) {
	if len(f.typed) == 0 {
		return "", errFlow // begun under an older release
	}
	plain, err := m.needs.Sealer.Open(ctx, core.Platform, loginPlace(f.mark), f.typed)
	if err == nil {
		err = pack.Read(plain, &login)
	}
	if err != nil {
		return "", fmt.Errorf("signin: open a sign-in: %w", err)
	}
	return login, nil
}

// devices lists the browsers of a person, with what they are called.
func (m *Module) devices(ctx context.Context, tx core.Tx, person core.ID) ([]Device, error) {
	list, err := db.All(ctx, tx, qDevices, scanDevice, person)
	if err != nil {
		return nil, err
	}
	for i := range list {
		d := &list[i]
		if len(d.label) < 2 { // upgraded for somebody whose key was gone
			continue
		}
		plain, err := m.needs.Sealer.Open(ctx, person, labelPlace(person, d.Browser), d.label)
		if core.KindOf(err) == core.Gone {
			continue
		}
		if err == nil {
			err = pack.Read(plain, &d.Label)
		}
		if err != nil {
			return nil, fmt.Errorf("signin: open a device: %w", err)
		}
	}
	return list, nil
}

// Upgrade is the schema with the work that seals the labels that older releases kept in clear.
func Upgrade(sealer core.Sealer) db.Schema {
	s := Schema()
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230910_no_clear.sql": func(ctx context.Context, handle *sql.DB) error {
		return db.Rewrite(ctx, handle, db.Rewriting{
			Table: "signin_device", Key: []string{"id"}, Read: []string{"person", "browser", "label"}, Write: []string{"sealed", "label"}, Pending: "LENGTH(sealed) = 0",
			Row: func(ctx context.Context, v []any) ([]any, error) {
				person, browser := core.ID(db.Text(v[1])), core.ID(db.Text(v[2]))
				sealed, err := sealer.Seal(ctx, person, labelPlace(person, browser), pack.Texts(db.Text(v[3])))
				if core.KindOf(err) == core.Gone || core.CodeOf(err) == "vault.no_key" {
					sealed, err = []byte{0}, nil // whose browser it was cannot be told any more
				}
				return []any{sealed, ""}, err
			},
		})
	}}
	return s
}
