package erasure

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/verify"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "erasure.complete", Kind: core.BehaviourProbe, Title: probe.Text(tpComplete), Run: m.seeComplete, Faults: []core.PlantedFault{forgotten, keyKept, unreceipted, untold}},
		{ID: "erasure.raw", Kind: core.DataProbe, Title: probe.Text(tpRaw), Run: m.seeRaw, Faults: []core.PlantedFault{copied, heldLog}},
	}
}

var (
	tpComplete = i18n.T("Une personne effacée l'est de chaque pièce, sa clé est détruite, elle en a le reçu", "An erased person is erased from every room, their key is destroyed, they have the receipt")
	tpRaw      = i18n.T("Les fichiers bruts ne gardent rien d'une personne effacée, pas même chiffré", "The raw files keep nothing of an erased person, not even encrypted")

	tpDark    = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpEnded   = i18n.T("L'effacement d'un canari ne se termine pas : il en est à « %s » (%s).", "The erasure of a canary does not end: it stands at \"%s\" (%s).")
	tpFound   = i18n.T("Un canari effacé laisse encore quelque chose : %s.", "An erased canary still leaves something: %s.")
	tpNoMail  = i18n.T("Un canari effacé n'a pas reçu son reçu par son dernier courriel.", "An erased canary did not get its receipt by its last mail.")
	tpForged  = i18n.T("Le reçu d'un canari effacé ne se vérifie pas avec la clé du journal.", "The receipt of an erased canary does not verify with the key of the journal.")
	tpUntold  = i18n.T("L'organisation d'un canari effacé n'a pas été prévenue.", "The organization of an erased canary was not told.")
	tpStillIn = i18n.T("La session d'un canari effacé ouvre encore une page (%d).", "The session of an erased canary still opens a page (%d).")
	tpThin    = i18n.T("Un canari n'avait de lignes que dans %d tables : trop peu pour voir.", "A canary had rows in %d tables only: too few to see.")
	tpAll     = i18n.T("Un canari avait des lignes dans %d tables. Ordonné par un agent, son effacement s'est terminé : rien ne reste hors de %d lignes conservées avec leur fondement, sa clé est détruite, sa session refusée, son reçu signé lui est parvenu et son organisation est prévenue.", "A canary had rows in %d tables. Ordered by an officer, its erasure ended: nothing is left but %d rows kept with their ground, its key is destroyed, its session refused, its signed receipt reached it and its organization was told.")

	tpNoCell  = i18n.T("Un canari n'avait aucune valeur chiffrée à rechercher.", "A canary had no encrypted value to look for.")
	tpStays   = i18n.T("%d des %d valeurs chiffrées d'un canari effacé sont encore dans les fichiers bruts.", "%d of the %d encrypted values of an erased canary still stand in the raw files.")
	tpUnread  = i18n.T("Un fichier de la base ne peut pas être lu.", "A file of the database cannot be read.")
	tpNowhere = i18n.T("Les %d valeurs chiffrées d'un canari étaient dans les fichiers bruts avant son effacement, et n'y sont plus (%d octets lus, journaux d'écriture compris).", "The %d encrypted values of a canary stood in the raw files before its erasure, and no longer do (%d bytes read, write-ahead logs included).")
	tpNoFiles = i18n.T("Les %d valeurs chiffrées d'un canari étaient dans les tables avant son effacement, et aucune colonne ne les garde (PostgreSQL : les pages libérées sont celles du serveur).", "The %d encrypted values of a canary stood in the tables before its erasure, and no column keeps them (PostgreSQL: freed pages are the server's).")
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	forgotten = fault("erasure.complete/forgotten", "Une pièce oublie une table", "A room forgets a table",
		`CREATE TRIGGER forgotten_first AFTER DELETE ON organization_member BEGIN
			INSERT INTO access_usage (org, person, permission, last_day) VALUES (OLD.org, OLD.person, 'forgotten', 1) ON CONFLICT DO NOTHING; END`,
		`CREATE TRIGGER forgotten_again AFTER DELETE ON access_usage WHEN OLD.permission = 'forgotten' BEGIN
			INSERT INTO access_usage (org, person, permission, last_day) VALUES (OLD.org, OLD.person, 'forgotten', 1); END`)
	keyKept = fault("erasure.complete/key", "La clé de la personne n'est pas détruite", "The person's key is not destroyed",
		`CREATE TRIGGER key_kept AFTER UPDATE OF destroyed ON vault_key WHEN NEW.destroyed > 0 AND OLD.wrapped IS NOT NULL BEGIN
			UPDATE vault_key SET wrapped = OLD.wrapped, destroyed = 0 WHERE owner = NEW.owner; END`)
	unreceipted = fault("erasure.complete/receipt", "Le reçu ne part pas", "The receipt does not leave",
		`CREATE TRIGGER unreceipted AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+MailReceipt+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	untold = fault("erasure.complete/untold", "Les destinataires ne sont pas prévenus", "Recipients are not told",
		`CREATE TRIGGER untold_recipient AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+MailRecipient+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)

	copied = fault("erasure.raw/copied", "Une table que nul ne connaît garde une copie des lignes effacées", "A table that nobody knows keeps a copy of erased rows",
		`CREATE TABLE planted_copy (content BLOB)`,
		`CREATE TRIGGER copied AFTER DELETE ON identity_person BEGIN INSERT INTO planted_copy (content) VALUES (OLD.profile); END`)
	heldLog = fault("erasure.raw/held", "Le journal d'écriture de la base n'est jamais vidé", "The write-ahead log of the database is never emptied",
		`BEGIN; SELECT count(*) FROM mail_outbox`)
)

// trial is what a probe did: a canary that was erased by the order of an officer.
type trial struct {
	victim, above core.Canary
	in            *http.Client
	order         Order
	tables        int
	cells         [][]byte // what was sealed of it, as it stood in the tables
}

var orderPath = regexp.MustCompile(`/provider/erasures/([0-9a-f-]{36})`)

// play has an officer order the erasure of a canary that has rows in many rooms, and carries it out. A broken sight ends it.
func (m *Module) play(ctx context.Context, s core.Stage, before func(*trial) (core.Sight, error)) (t trial, seen core.Sight, err error) {
	officer, err := s.Canary(ctx, "provider.dpo")
	if err != nil {
		return t, seen, err
	}
	if t.above, err = s.Canary(ctx, "admin"); err != nil {
		return t, seen, err
	}
	if t.victim, err = s.Canary(ctx, "security"); err != nil {
		return t, seen, err
	}
	if t.in, err = s.Enter(ctx, t.victim); err != nil {
		return t, seen, err
	}
	out, err := s.Enter(ctx, officer)
	if err != nil {
		return t, seen, err
	}
	// A page of the organization leaves marks of use; a factor begun leaves a secret.
	for _, page := range []string{"/o/" + string(core.Canaries) + "/suspensions", "/me/security"} {
		if a, err := probe.Get(ctx, t.in, page); err != nil || a.Status >= 400 {
			return t, seen, unseen(err, page, a.Status)
		}
	}
	if err := m.prepare(ctx, &t); err != nil {
		return t, seen, err
	}
	if before != nil {
		if seen, err = before(&t); err != nil || seen.Why.EN != "" {
			return t, seen, err
		}
	}
	a, err := probe.Post(ctx, out, "/provider/erasures/weigh", url.Values{"person": {t.victim.Email}})
	if err != nil || a.Status != http.StatusOK {
		return t, seen, unseen(err, "/provider/erasures/weigh", a.Status)
	}
	a, err = probe.Post(ctx, out, "/provider/erasures", url.Values{"person": {t.victim.Email}, "why": {"probe"}})
	found := orderPath.FindStringSubmatch(a.Header.Get("Location"))
	if err != nil || found == nil {
		return t, seen, unseen(err, "/provider/erasures", a.Status)
	}
	id := core.ID(found[1])
	ran := m.Advance(ctx, id)
	if t.order, err = m.load(ctx, id); err != nil {
		return t, seen, err
	}
	if t.order.State != Done {
		why := t.order.Blocked
		if why == "" {
			why = core.CodeOf(ran)
		}
		return t, probe.Broken(1, 1, tpEnded, t.order.Step, why+" "+m.tablesLeft(ctx, &t.order)), nil
	}
	return t, seen, nil
}

func unseen(err error, page string, status int) error {
	if err != nil {
		return err
	}
	return probe.Unseen(tpDark, page, status)
}

// tablesLeft names what the check found.
func (m *Module) tablesLeft(ctx context.Context, o *Order) string {
	left, err := m.left(ctx, o)
	if err != nil {
		return core.CodeOf(err)
	}
	names := make([]string, len(left))
	for i, l := range left {
		names[i] = l.Table
	}
	return strings.Join(names, ", ")
}

// prepare counts the tables that hold something of the canary, and reads what is sealed of it as it stands.
func (m *Module) prepare(ctx context.Context, t *trial) error {
	list, err := m.dry(ctx, ScopePerson, "", t.victim.Person)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Deleted+r.Kept > 0 {
			t.tables++
		}
	}
	t.cells, err = m.cells(ctx, t.victim.Person)
	return err
}

// cells reads the sealed values of a person that go with them, as they stand in the tables.
func (m *Module) cells(ctx context.Context, person core.ID) (all [][]byte, err error) {
	err = m.needs.Rows.Read(ctx, func(tx core.Tx) error {
		texts, err := live(ctx, tx, m.needs.Rows.Engine())
		if err != nil {
			return err
		}
		all = nil
		for _, manifest := range m.needs.All() {
			for _, table := range manifest.Tables {
				owner, sealed := treated(table, texts)
				for _, c := range sealed {
					q := db.SQLOn(m.needs.Rows.Engine(), fmt.Sprintf("SELECT %s FROM %s WHERE %s = $1", c, table.Name, owner))
					found, err := db.All(ctx, tx, q, db.Value[[]byte], string(person))
					if err != nil {
						return err
					}
					for _, cell := range found {
						if len(cell) >= 32 {
							all = append(all, cell)
						}
					}
				}
			}
		}
		return nil
	})
	return all, err
}

// treated gives the column that holds the person's id and the sealed ones that go with them.
func treated(t core.Table, texts []column) (owner string, sealed []string) {
	for _, c := range t.Columns {
		text := slices.Contains(texts, column{t.Name, c.Name})
		switch {
		case !plainName.MatchString(c.Name) || !c.Personal:
		case text && (c.Name == "person" || c.Name == "id" && owner == "" && t.Name == "identity_person"):
			owner = c.Name
		case c.Sealed && !text && (c.OnErase == core.EraseRow || c.OnErase == core.EraseNull || c.OnErase == core.ShredKey):
			sealed = append(sealed, c.Name)
		}
	}
	if owner == "" || !plainName.MatchString(t.Name) || !slices.ContainsFunc(texts, func(c column) bool { return c.table == t.Name }) {
		return "", nil
	}
	return owner, sealed
}

func (m *Module) seeComplete(ctx context.Context, s core.Stage) (core.Sight, error) {
	t, seen, err := m.play(ctx, s, func(t *trial) (core.Sight, error) {
		if t.tables < 5 {
			return core.Sight{}, probe.Unseen(tpThin, t.tables)
		}
		return core.Sight{}, nil
	})
	if err != nil || seen.Why.EN != "" {
		return seen, err
	}
	if left := m.tablesLeft(ctx, &t.order); left != "" {
		return probe.Broken(1, 1, tpFound, left), nil
	}
	if a, err := probe.Get(ctx, t.in, "/me/security"); err != nil || a.Status == http.StatusOK {
		return probe.Broken(1, 1, tpStillIn, a.Status), err
	}
	letter, err := s.Letter(ctx, core.Canary{Person: t.order.ID}, MailReceipt)
	if core.KindOf(err) == core.NotFound {
		return probe.Broken(1, 1, tpNoMail), nil
	} else if err != nil {
		return core.Sight{}, err
	}
	r, err := verify.CheckErasure(strings.NewReader(letter), m.needs.Signer.Key().String())
	if err != nil || r.Person != string(t.victim.Person) || !r.Key {
		return probe.Broken(1, 1, tpForged), nil
	}
	if _, err := s.Letter(ctx, t.above, MailRecipient); core.KindOf(err) == core.NotFound {
		return probe.Broken(1, 1, tpUntold), nil
	} else if err != nil {
		return core.Sight{}, err
	}
	var kept int64
	for _, table := range r.Kept() {
		kept += table.Kept
	}
	held := probe.Held(1, 1, tpAll, t.tables, kept)
	held.Entries = []core.ID{t.order.Entry}
	return held, nil
}

// seeRaw looks for the bytes that were sealed of a canary in the files, or in every binary column where there is no file.
func (m *Module) seeRaw(ctx context.Context, s core.Stage) (core.Sight, error) {
	t, seen, err := m.play(ctx, s, func(t *trial) (core.Sight, error) {
		there, _, err := m.standing(ctx, t.cells)
		if err != nil {
			return core.Sight{}, err
		}
		var seen [][]byte // what is not found before proves nothing after
		for i, c := range t.cells {
			if there[i] {
				seen = append(seen, c)
			}
		}
		if t.cells = seen; len(seen) == 0 {
			err = probe.Unseen(tpNoCell)
		}
		return core.Sight{}, err
	})
	if err != nil || seen.Why.EN != "" {
		return seen, err
	}
	still, read, err := m.standing(ctx, t.cells)
	n := 0
	for _, is := range still {
		if is {
			n++
		}
	}
	switch {
	case err != nil:
		return core.Sight{}, err
	case n > 0:
		return probe.Broken(len(t.cells), len(t.cells), tpStays, n, len(t.cells)), nil
	case len(m.needs.Files) == 0:
		return probe.Held(len(t.cells), len(t.cells), tpNoFiles, len(t.cells)), nil
	}
	return probe.Held(len(t.cells), len(t.cells), tpNowhere, len(t.cells), read), nil
}

// standing tells which cells are found, and how many bytes were read.
func (m *Module) standing(ctx context.Context, cells [][]byte) (found []bool, read int64, err error) {
	if len(m.needs.Files) == 0 {
		found, err = m.inColumns(ctx, cells)
		return found, 0, err
	}
	found = make([]bool, len(cells))
	for _, file := range m.needs.Files {
		for _, ending := range []string{"", "-wal"} {
			size, err := sift(file+ending, cells, found)
			if err != nil && !os.IsNotExist(err) {
				return nil, 0, probe.Because(err, tpUnread)
			}
			read += size
		}
	}
	return found, read, nil
}

// cellLook is how much of a cell is looked for: long enough to be found by no chance, short enough to stand on one page.
const cellLook = 28

// sift marks the cells that stand in a file.
func sift(path string, cells [][]byte, found []bool) (size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf, kept := make([]byte, 1<<20), 0
	for {
		n, err := f.Read(buf[kept:])
		part := buf[:kept+n]
		for i, c := range cells {
			found[i] = found[i] || bytes.Contains(part, c[:cellLook])
		}
		size += int64(n)
		if err == io.EOF {
			return size, nil
		} else if err != nil {
			return size, err
		}
		kept = copy(buf, part[max(0, len(part)-cellLook):])
	}
}

var qBinary = db.SQLOn(db.PostgreSQL, `SELECT table_name, column_name FROM information_schema.columns
	WHERE table_schema = current_schema() AND data_type = 'bytea' ORDER BY table_name, ordinal_position`)

// inColumns looks for cells in every binary column of a server.
func (m *Module) inColumns(ctx context.Context, cells [][]byte) (found []bool, err error) {
	err = m.needs.Rows.Read(db.Long(ctx), func(tx core.Tx) error {
		columns, err := db.All(ctx, tx, qBinary, func(scan db.Scan) (c column, err error) { err = scan(&c.table, &c.name); return c, err })
		if err != nil {
			return err
		}
		found = make([]bool, len(cells))
		for i, cell := range cells {
			for _, c := range columns {
				if !plainName.MatchString(c.table) || !plainName.MatchString(c.name) {
					continue
				}
				q := db.SQLOn(db.PostgreSQL, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = $1", c.table, c.name))
				rows, _, err := db.One(ctx, tx, q, db.Value[int64], cell)
				if err != nil {
					return err
				}
				if rows > 0 {
					found[i] = true
					break
				}
			}
		}
		return nil
	})
	return found, err
}
