package incident

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
	"github.com/rempart/rempart/kit/upload"
)

// Bounds of evidence.
const (
	FileBytes    = 20 << 20
	extractBytes = 64 << 20
)

// Evidence is something frozen: never changed, its digest in the journal.
type Evidence struct {
	ID     core.ID
	Kind   string // journal, file
	At     time.Time
	By     core.ID
	Type   string
	Size   int
	Digest string // SHA-256
	Name   string

	sealed []byte
}

var (
	errFile   = i18n.Fault(core.Invalid, "incident.file", "Joignez un PDF, une image PNG ou JPEG, un ODT, un DOCX ou du texte, de 20 Mio au plus.", "Attach a PDF, a PNG or JPEG picture, an ODT, a DOCX or a text of at most 20 MiB.")
	errNoFile = i18n.Fault(core.NotFound, "incident.file_absent", "Cette pièce n'existe pas.", "There is no such evidence.")
	errSpan   = i18n.Fault(core.Invalid, "incident.span", "Donnez une période : un début, puis une fin, passés.", "Give a span of time: a beginning, then an end, in the past.")
	errLarge  = i18n.Fault(core.Invalid, "incident.extract_large", "L'extrait dépasse 64 Mio : donnez une période plus courte ou une personne.", "The extract is larger than 64 MiB: give a shorter span or a person.")
	errLog    = i18n.Fault(core.Invalid, "incident.log", "Choisissez le journal d'une organisation.", "Choose the journal of an organization.")
)

// Attach freezes a file.
func (m *Module) Attach(ctx context.Context, id core.ID, name string, content []byte) error {
	kind := upload.Office(content)
	if kind == "" || len(content) > FileBytes {
		return errFile.With("file", errFile.Code)
	}
	return m.working(ctx, id, func(tx core.Tx, _ *Incident, done *core.Act) error {
		return m.freeze(ctx, tx, id, "file", upload.Name(name), kind, content, done)
	})
}

func (m *Module) freeze(ctx context.Context, tx core.Tx, incident core.ID, kind, name, media string, content []byte, done *core.Act) error {
	id, digest := ids.New(), sheet.Digest(content)
	sealedName, err := m.seal(ctx, core.Platform, placeName, id, []byte(name))
	if err != nil {
		return err
	}
	sealedContent, err := m.seal(ctx, core.Platform, placeContent, id, content)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qAddEvidence, incident, id, kind, clock.Micros(m.now()), core.ActorOf(ctx).ID, media, len(content), digest, sealedName, sealedContent); err != nil {
		return err
	}
	done.Changed("sha256", "", digest)
	return m.step(ctx, tx, incident, "evidence", name+" "+digest, done)
}

// bounded refuses to grow past an extract's bound.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > extractBytes {
		return 0, errLarge
	}
	return b.Buffer.Write(p)
}

// whole refuses a span that is none.
func (s Span) whole(now time.Time) error {
	if s.From.IsZero() || s.To.IsZero() || !s.From.Before(s.To) || s.From.After(now) {
		return errSpan.With("from", errSpan.Code)
	}
	return nil
}

// FreezeJournal freezes an extract of a journal, with the proofs of its entries: it verifies offline as any export.
func (m *Module) FreezeJournal(ctx context.Context, id, org core.ID, s Span) error {
	if err := s.whole(m.now()); err != nil {
		return err
	}
	done := &core.Act{Def: Freeze, Org: core.Platform, Resource: id, Subject: s.Actor, Entry: ids.New()}
	var out bounded
	err := m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		if _, err := m.live(ctx, tx, id); err != nil {
			return err
		}
		if org != core.Platform {
			if _, err := m.needs.Orgs.Org(ctx, tx, org); err != nil {
				return errLog.With("org", errLog.Code)
			}
		}
		done.Changes = nil
		done.Changed("log", "", string(org))
		done.Changed("from", "", s.From.UTC().Format(time.RFC3339))
		done.Changed("to", "", s.To.UTC().Format(time.RFC3339))
		return nil
	})
	if err != nil {
		return err
	}
	if err := m.needs.Journal.Extract(ctx, org, s, &out); err != nil {
		return err
	}
	name := fmt.Sprintf("journal-%s-%s.jsonl", org, s.From.UTC().Format("20060102-1504"))
	return m.working(ctx, id, func(tx core.Tx, _ *Incident, done *core.Act) error {
		return m.freeze(ctx, tx, id, "journal", name, "application/x-ndjson", out.Bytes(), done)
	})
}

func scanEvidence(scan db.Scan) (e Evidence, err error) {
	var at int64
	err = scan(&e.ID, &e.Kind, &at, &e.By, &e.Type, &e.Size, &e.Digest, &e.sealed)
	e.At = clock.FromMicros(at)
	return e, err
}

func (m *Module) evidence(ctx context.Context, tx core.Tx, incident core.ID) ([]Evidence, error) {
	list, err := db.All(ctx, tx, qEvidence, scanEvidence, incident)
	if err != nil {
		return nil, err
	}
	for i := range list {
		plain, err := m.open(ctx, core.Platform, placeName, list[i].ID, list[i].sealed)
		if err != nil {
			return nil, err
		}
		list[i].Name = string(plain)
	}
	return list, nil
}

// OpenEvidence gives a piece of evidence as it was frozen. Its entry in the journal names its digest.
func (m *Module) OpenEvidence(ctx context.Context, incident, id core.ID) (e Evidence, content []byte, err error) {
	done := &core.Act{Def: Freeze, Org: core.Platform, Resource: incident}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		one, found, err := db.One(ctx, tx, qOneEvidence, scanEvidence, incident, id)
		if err != nil || !found {
			if err == nil {
				err = errNoFile
			}
			return err
		}
		name, err := m.open(ctx, core.Platform, placeName, id, one.sealed)
		if err != nil {
			return err
		}
		sealed, _, err := db.One(ctx, tx, qContent, db.Value[[]byte], incident, id)
		if err != nil {
			return err
		}
		if content, err = m.open(ctx, core.Platform, placeContent, id, sealed); err != nil {
			return err
		}
		e = one
		e.Name = string(name)
		done.Changes = nil
		done.Changed("sha256", "", e.Digest)
		return nil
	})
	return e, content, err
}
