package recognition

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// lineTopic is told after each change of lines or phones of an organization, by its id; "" for any.
const lineTopic = "recognition.line"

const lineColumns = `l.org, l.id, l.kind, l.paused, l.version, l.settings, l.secrets, l.made_at, l.made_by,
	COALESCE(s.condition, ''), COALESCE(s.why, ''), COALESCE(s.seen_at, 0), COALESCE(s.event_at, 0), COALESCE(s.holder, ''), COALESCE(s.until_at, 0)`

const fromLines = ` FROM recognition_line l LEFT JOIN recognition_lease s ON s.org = l.org AND s.line = l.id `

var (
	qAddLine    = db.SQL(`INSERT INTO recognition_line (org, id, kind, paused, version, settings, secrets, made_at, made_by) VALUES ($1, $2, $3, 0, 1, $4, $5, $6, $7)`)
	qChangeLine = db.SQL(`UPDATE recognition_line SET paused = $3, version = version + 1, settings = $4, secrets = $5 WHERE org = $1 AND id = $2`)
	qDropLine   = db.SQL(`DELETE FROM recognition_line WHERE org = $1 AND id = $2`)
	qDropPhones = db.SQL(`DELETE FROM recognition_phone WHERE org = $1 AND line = $2`)
	qDropLease  = db.SQL(`DELETE FROM recognition_lease WHERE org = $1 AND line = $2`)
	qLinesOf    = db.SQL(`SELECT ` + lineColumns + fromLines + `WHERE l.org = $1 ORDER BY l.id`)
	qOneLine    = db.SQL(`SELECT ` + lineColumns + fromLines + `WHERE l.org = $1 AND l.id = $2`)
	qRunning    = db.SQL(`SELECT ` + lineColumns + fromLines + `WHERE l.paused = 0 ORDER BY l.org, l.id`)

	qAddPhone = db.SQL(`INSERT INTO recognition_phone (org, id, line, person, extension) VALUES ($1, $2, $3, $4, $5)`)
	qPhones   = db.SQL(`SELECT org, id, line, person, extension FROM recognition_phone WHERE org = $1 ORDER BY id`)
)

const (
	placeSettings = "recognition_line.settings/"
	placeSecrets  = "recognition_line.secrets/"
	placePhone    = "recognition_phone.extension/"
)

// lineRow is an exchange as it stands in its table.
type lineRow struct {
	Exchange
	settings, secrets []byte
	secret            map[string]string
	holder            string
	until             time.Time
}

func scanLine(scan db.Scan) (r lineRow, err error) {
	var paused, made, seen, event, until int64
	err = scan(&r.Org, &r.ID, &r.Kind, &paused, &r.Version, &r.settings, &r.secrets, &made, &r.MadeBy, &r.Condition, &r.Why, &seen, &event, &r.holder, &until)
	r.Paused, r.MadeAt, r.SeenAt, r.EventAt, r.until = paused == 1, clock.FromMicros(made), clock.FromMicros(seen), clock.FromMicros(event), clock.FromMicros(until)
	return r, err
}

type phoneRow struct {
	Phone
	org, line core.ID
	sealed    []byte
}

func scanPhone(scan db.Scan) (p phoneRow, err error) {
	err = scan(&p.org, &p.ID, &p.line, &p.Person, &p.sealed)
	return p, err
}

func (m *Module) sealOf(ctx context.Context, org core.ID, place string, id core.ID, plain []byte) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, org, place+string(id), plain)
}

// openOf gives nothing when the organization's key was destroyed.
func (m *Module) openOf(ctx context.Context, org core.ID, place string, id core.ID, sealed []byte) ([]byte, error) {
	plain, err := m.needs.Sealer.Open(ctx, org, place+string(id), sealed)
	if core.KindOf(err) == core.Gone {
		return nil, nil
	}
	return plain, err
}

// lineText is what is sealed of an exchange.
type lineText struct {
	Title    string            `json:"title"`
	Region   string            `json:"region"`
	Settings map[string]string `json:"settings"`
}

func (m *Module) sealExchange(ctx context.Context, r *lineRow) (err error) {
	text, err := json.Marshal(lineText{r.Title, r.Region, r.Settings})
	if err != nil {
		return err
	}
	if r.settings, err = m.sealOf(ctx, r.Org, placeSettings, r.ID, pack.Texts(string(text))); err != nil {
		return err
	}
	if text, err = json.Marshal(r.secret); err != nil {
		return err
	}
	r.secrets, err = m.sealOf(ctx, r.Org, placeSecrets, r.ID, pack.Texts(string(text)))
	return err
}

// openExchange opens what an exchange is called and reached by; its secrets only when they are needed.
func (m *Module) openExchange(ctx context.Context, r *lineRow, secrets bool) error {
	var text lineText
	if err := m.openJSON(ctx, r.Org, placeSettings, r.ID, r.settings, &text); err != nil {
		return err
	}
	r.Title, r.Region, r.Settings = text.Title, text.Region, text.Settings
	if !secrets {
		return nil
	}
	return m.openJSON(ctx, r.Org, placeSecrets, r.ID, r.secrets, &r.secret)
}

func (m *Module) openJSON(ctx context.Context, org core.ID, place string, id core.ID, sealed []byte, to any) error {
	plain, err := m.openOf(ctx, org, place, id, sealed)
	if err != nil || plain == nil {
		return err
	}
	var text string
	if err := pack.Read(plain, &text); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), to)
}

// phones gives those of an organization, opened, by extension.
func (m *Module) phones(ctx context.Context, tx core.Tx, org core.ID) ([]phoneRow, error) {
	rows, err := db.All(ctx, tx, qPhones, scanPhone, org)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	open, err := m.needs.Bulk.Opener(ctx, org)
	if core.KindOf(err) == core.Gone {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for i := range rows {
		plain, err := open(placePhone+string(rows[i].ID), rows[i].sealed)
		if err != nil {
			return nil, err
		}
		if err := pack.Read(plain, &rows[i].Extension); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, func(a, b phoneRow) int { return compareExtensions(a.Extension, b.Extension) })
	return rows, nil
}

func compareExtensions(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return slices.Compare([]byte(a), []byte(b))
}

// bookLife is how long the phones of an organization are held in memory: who lost their role is no longer told within it.
const bookLife = 30 * time.Second

// book is the phones of one organization.
type book struct {
	phones  map[string]phoneRow // by extension
	regions map[core.ID]string  // by exchange
	users   []core.ID           // who may see calls now
	until   time.Time
}

// phoneOf tells whose phone an extension is, for an exchange ("" for any), and the region of its numbers.
func (m *Module) phoneOf(ctx context.Context, tx core.Tx, org, from core.ID, extension string) (p phoneRow, region string, err error) {
	b, err := m.bookOf(ctx, tx, org)
	if err != nil {
		return p, "", err
	}
	p, found := b.phones[extension]
	if !found || from != "" && p.line != from || !slices.Contains(b.users, p.Person) {
		return p, "", errExtension
	}
	return p, b.regions[p.line], nil
}

func (m *Module) bookOf(ctx context.Context, tx core.Tx, org core.ID) (*book, error) {
	m.calls.mu.Lock()
	kept, turn := m.calls.books[org], m.calls.turn
	m.calls.mu.Unlock()
	if kept != nil && m.now().Before(kept.until) {
		return kept, nil
	}
	b := &book{phones: map[string]phoneRow{}, regions: map[core.ID]string{}, until: m.now().Add(bookLife)}
	phones, err := m.phones(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	lines, err := db.All(ctx, tx, qLinesOf, scanLine, org)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		if err := m.openExchange(ctx, &lines[i], false); err != nil {
			return nil, err
		}
		b.regions[lines[i].ID] = lines[i].Region
	}
	for _, p := range phones {
		b.phones[p.Extension] = p
	}
	if b.users, err = m.needs.Rights.Holders(ctx, tx, org, RoleUser); err != nil {
		return nil, err
	}
	m.calls.mu.Lock()
	defer m.calls.mu.Unlock()
	if m.calls.turn == turn { // nothing changed while it was read
		if m.calls.books == nil {
			m.calls.books = map[core.ID]*book{}
		}
		m.calls.books[org] = b
	}
	return b, nil
}
