package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/sandbox"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/password"
)

// imitate fills this installation with the shape of another.
func (h *House) imitate(ctx context.Context, s *shape, namer *sandbox.Namer, room sandbox.Room, made *Sandbox) error {
	var err error
	if made.Admin, made.Password, err = h.found(ctx, namer); err != nil {
		return err
	}
	hash, err := h.identity.FirstHash(ctx, made.Password)
	if err != nil {
		return err
	}
	if err := h.invent(ctx, s, namer, hash); err != nil {
		return err
	}
	made.People = len(s.persons)
	for i := range s.orgs {
		if err := h.settleOrg(ctx, s, &s.orgs[i], i, namer); err != nil {
			return err
		}
		made.Members += len(s.orgs[i].members)
		if s.orgs[i].kind != "provider" {
			made.Orgs++
		}
	}
	for _, p := range s.persons {
		if !p.picture {
			continue
		}
		if err := h.identity.ChangePhoto(core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: p.made, AAL: 2, AuthenticatedAt: h.cfg.Clock.Now()}), p.made, drawn()); err != nil {
			return err
		}
		made.Pictures++
	}
	all := &furnisher{h: h, s: s, namer: namer, room: room, made: made}
	for i := range s.orgs {
		if err := all.inOrg(&s.orgs[i]).furnish(ctx); err != nil {
			return err
		}
	}
	for _, fill := range []func(context.Context) error{all.inOrg(nil).house, all.govern, all.archives} {
		if err := fill(ctx); err != nil {
			return err
		}
	}
	if err := h.journal.Settle(ctx); err != nil {
		return err
	}
	for i := range s.orgs {
		n, err := h.relive(ctx, &s.orgs[i])
		if err != nil {
			return err
		}
		made.Entries += n
	}
	return h.journal.Settle(ctx)
}

// found makes the organization of the provider and its administrator.
func (h *House) found(ctx context.Context, namer *sandbox.Namer) (address, secret string, err error) {
	admin := namer.Person("fr", false)
	policy := core.Policy{}
	err = h.db.Read(ctx, func(tx core.Tx) (err error) { policy, err = h.settings.For(ctx, tx, core.Platform); return err })
	if err != nil {
		return "", "", err
	}
	secret = password.Generate(policy.Password).Plain
	return admin.Email, secret, h.CreateAdmin(ctx, Founder{Organization: namer.Word("Plateforme", 1), Email: admin.Email, GivenName: admin.GivenName, FamilyName: admin.FamilyName, Language: "fr", Password: secret})
}

// invent makes the people, fifty in a transaction.
func (h *House) invent(ctx context.Context, s *shape, namer *sandbox.Namer, hash string) error {
	for batch := range slices.Chunk(slices.Collect(maps.Values(s.persons)), 50) {
		keys := make([]core.ID, len(batch))
		for i, p := range batch {
			p.made = ids.New()
			keys[i] = p.made
		}
		if err := h.vault.MakeKeys(ctx, keys...); err != nil {
			return err
		}
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: core.Platform}, func(tx core.Tx) error {
			for _, p := range batch {
				who := namer.Person(p.language, p.phone)
				_, err := h.identity.AddPerson(ctx, tx, core.NewPerson{ID: p.made, GivenName: who.GivenName, FamilyName: who.FamilyName, Email: who.Email, Phone: who.Phone, Language: who.Language})
				if err != nil {
					return err
				}
				if err := h.identity.KeepPassword(ctx, tx, p.made, hash); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settleOrg makes an organization with as many members, in as many functions and roles.
func (h *House) settleOrg(ctx context.Context, s *shape, o *orgShape, number int, namer *sandbox.Namer) error {
	if o.made = core.Platform; o.kind != "provider" {
		o.made = ids.New()
		if err := h.vault.MakeKeys(ctx, o.made); err != nil {
			return err
		}
	}
	words := map[string]string{}
	word := func(kind, value string) string {
		if value == "" {
			return ""
		}
		key := kind + "\x00" + value
		if words[key] == "" {
			words[key] = namer.Word(kind, len(words)+1)
		}
		return words[key]
	}
	if o.made != core.Platform {
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: core.Platform, Resource: o.made}, func(tx core.Tx) error {
			_, err := h.organizations.AddOrg(ctx, tx, core.Organization{ID: o.made, Name: namer.Word("Organisation", number), Kind: "client", Language: o.lang, TimeZone: "Europe/Paris"})
			return err
		})
		if err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(o.members, 50) {
		err := h.gate.Change(ctx, &core.Act{Def: &fillSandbox, Org: o.made, Resource: o.made}, func(tx core.Tx) error {
			for _, m := range batch {
				who := s.persons[m.person].made
				if _, err := h.organizations.AddMember(ctx, tx, core.Membership{
					Org: o.made, Person: who, State: m.state, Function: word("Fonction", m.function), Department: word("Service", m.department),
					Group: word("Groupe", m.group), Committee: word("Commission", m.committee),
				}); err != nil {
					return err
				}
				for _, role := range m.roles {
					if info, err := h.access.Role(ctx, tx, o.made, role); err != nil || info.ID == "" {
						continue // a role of their own: the sandbox has the built-in ones
					}
					if _, err := h.access.Assign(ctx, tx, core.Assignment{Org: o.made, Person: who, Role: role, Reason: namer.Word("Essai", 1)}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// relive writes as many entries of each act as the source has and this installation has not yet, about nothing.
func (h *House) relive(ctx context.Context, o *orgShape) (total int64, err error) {
	known := map[core.Permission]*core.ActDef{}
	for _, m := range h.Manifests() {
		for _, a := range m.Acts {
			if !a.Quiet {
				known[a.Permission] = a
			}
		}
	}
	already, err := h.countActs(ctx, o.made)
	if err != nil {
		return 0, err
	}
	for action, count := range o.acts {
		def := known[action]
		if def == nil {
			continue
		}
		total += count
		count -= already[action]
		for count > 0 {
			n := min(count, 200)
			first := &core.Act{Def: def, Org: o.made, Resource: ids.New()}
			for range n - 1 {
				first.Also = append(first.Also, &core.Act{Def: def, Org: o.made, Resource: ids.New()})
			}
			if err := h.gate.Change(ctx, first, func(core.Tx) error { return nil }); err != nil {
				return total, err
			}
			count -= n
		}
	}
	return total, nil
}

// drawn is the picture of nobody: two colours.
func drawn() []byte {
	m := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for x := range 96 {
		for y := range 96 {
			m.Set(x, y, color.RGBA{uint8(80 + x), uint8(90 + y), 160, 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // a buffer takes everything
	return b.Bytes()
}

var (
	qTextsSQLite   = db.SQLOn(db.SQLite, `SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.type = 'table' AND upper(c.type) = 'TEXT' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
	sandboxTable   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	errReal        = errors.New("sandbox: values of the source stand in it")
	errNotInFolder = errors.New("a sandbox is a folder of SQLite files")
)

// lookup looks up, in the set, everything that this installation says. It tells in which columns something was found.
func (h *House) lookup(ctx context.Context, blind *sandbox.Blind) (looked int, found []string, err error) {
	begin := func() { looked, found = 0, nil }
	err = h.said(ctx, begin, func(place, column, value string) {
		if !sandbox.Telling(column, value) {
			return
		}
		looked++
		if blind.Has(value) {
			found = append(found, place+"."+column)
		}
	})
	return looked, found, err
}

// said gives what the rooms of this installation keep, in clear, and each text of each table. begin is called before the first of them,
// and again when the read is tried again.
func (h *House) said(ctx context.Context, begin func(), seen func(place, column, value string)) error {
	if h.db.Engine() != db.SQLite {
		return errNotInFolder
	}
	return h.gate.Read(db.Long(ctx), &core.Act{Def: &measureSandbox, Org: core.Platform}, func(tx core.Tx) error {
		begin()
		people, err := h.identity.Everyone(ctx, tx)
		if err != nil {
			return err
		}
		if err := h.tell(ctx, tx, people, func(_ core.ID, table, column, value string) { seen(table, column, value) }); err != nil {
			return err
		}
		if err := h.tellRooms(ctx, tx, seen); err != nil {
			return err
		}
		columns, err := db.All(ctx, tx, qTextsSQLite, func(scan db.Scan) (c [2]string, err error) { err = scan(&c[0], &c[1]); return c, err })
		if err != nil {
			return err
		}
		for _, c := range columns {
			if !sandboxTable.MatchString(c[0]) || !sandboxTable.MatchString(c[1]) || strings.HasPrefix(c[0], "goose_") || strings.HasPrefix(c[0], "ground_") {
				continue
			}
			q := db.SQLOn(db.SQLite, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL", c[1], c[0], c[1]))
			values, err := db.All(ctx, tx, q, db.Value[string])
			if err != nil {
				return err
			}
			for _, v := range values {
				seen(c[0], c[1], v)
			}
		}
		return nil
	})
}
