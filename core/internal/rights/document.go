package rights

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
	"github.com/rempart/rempart/kit/upload"
)

// Bounds of a document, and how long it is held at most when nobody ends the check.
const (
	DocumentBytes = 5 << 20
	mostDocuments = 3
	documentDays  = 30
)

var (
	errNotAsked = i18n.Fault(core.Conflict, "rights.not_asked", "Aucune pièce n'est demandée : n'en envoyez pas.", "No document is asked for: do not send one.")
	errDocument = i18n.Fault(core.NotFound, "rights.document_absent", "Cette pièce n'existe pas, ou a été détruite.", "There is no such document, or it was destroyed.")
	errFile     = i18n.Fault(core.Invalid, "rights.file", "Envoyez un PDF ou une image PNG ou JPEG, de 5 Mio au plus.", "Send a PDF or a PNG or JPEG picture of at most 5 MiB.")
)

var (
	qAddDocument  = db.SQL(`INSERT INTO rights_document (org, id, request, name, type, size, digest, content, sent_at, destroyed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`)
	qDocuments    = db.SQL(`SELECT id, name, type, size, digest, sent_at, destroyed_at FROM rights_document WHERE org = $1 AND request = $2 ORDER BY id`)
	qDocument     = db.SQL(`SELECT content FROM rights_document WHERE org = $1 AND request = $2 AND id = $3 AND destroyed_at = 0`)
	qDestroy      = db.SQL(`UPDATE rights_document SET name = $4, content = $4, destroyed_at = $3 WHERE org = $1 AND id = $2 AND destroyed_at = 0`)
	qOldDocuments = db.SQL(`SELECT org, request FROM rights_document d WHERE destroyed_at = 0 AND (sent_at < $1
		OR EXISTS (SELECT 1 FROM rights_request r WHERE r.org = d.org AND r.id = d.request AND (r.state <> 'open' OR r.proof = 'proved'))) ORDER BY sent_at LIMIT 500`)
)

// blindContent is the place of a content within its organization, before the document's id.
const blindContent = "rights_document.content/"

// Document is a proof of identity. Its content is read by Module.Document alone, and is gone once destroyed.
type Document struct {
	ID        core.ID
	Name      string
	Type      string
	Size      int
	Digest    string
	Sent      time.Time
	Destroyed time.Time

	sealed []byte
}

// SendDocument takes the document that was asked for. The clock runs again from this moment.
func (m *Module) SendDocument(ctx context.Context, token, name string, content []byte) error {
	return m.holding(ctx, SendDoc, token, func(tx core.Tx, done *core.Act, r *Request) error { return m.take(ctx, tx, done, r, name, content) })
}

func (m *Module) take(ctx context.Context, tx core.Tx, done *core.Act, r *Request, name string, content []byte) error {
	kind := upload.Type(content)
	if len(content) > DocumentBytes || kind == "" || kind[0] == 't' {
		return errFile.With("files", errFile.Code)
	}
	held, err := m.documents(ctx, tx, r)
	if err != nil {
		return err
	}
	if r.Proof != Doubted && r.Proof != Given || len(held) >= mostDocuments {
		return errNotAsked
	}
	id, digest, err := m.hold(ctx, tx, r, upload.Name(name), kind, content, m.now())
	if err != nil {
		return err
	}
	done.Resource = id
	done.Changed("sha256", "", digest)
	r.Proof = Given
	if err := m.resume(ctx, tx, r); err != nil {
		return err
	}
	if err := m.step(ctx, tx, r, stepDocument, ""); err != nil {
		return err
	}
	return m.save(ctx, tx, r)
}

// hold keeps a document: the organization alone opens it (EMG-4.4), and nobody once the person is erased.
func (m *Module) hold(ctx context.Context, tx core.Tx, r *Request, name, kind string, content []byte, at time.Time) (id core.ID, digest string, err error) {
	id, digest = ids.At(m.now()), sheet.Digest(content)
	sealedName, err := m.seal(ctx, r.Person, "rights_document.name", id, []byte(name))
	if err != nil {
		return id, digest, err
	}
	blind, err := m.needs.Blind().SealTo(ctx, tx, r.Org, blindContent+string(id), content)
	if err != nil {
		return id, digest, err
	}
	sealedContent, err := m.seal(ctx, r.Person, "rights_document.content", id, blind)
	if err != nil {
		return id, digest, err
	}
	_, err = tx.Exec(ctx, qAddDocument, r.Org, id, r.ID, sealedName, kind, len(content), digest, sealedContent, clock.Micros(at))
	return id, digest, err
}

func (m *Module) documents(ctx context.Context, tx core.Tx, r *Request) ([]Document, error) {
	list, err := db.All(ctx, tx, qDocuments, func(scan db.Scan) (d Document, err error) {
		var sent, gone int64
		err = scan(&d.ID, &d.sealed, &d.Type, &d.Size, &d.Digest, &sent, &gone)
		d.Sent, d.Destroyed = clock.FromMicros(sent), clock.FromMicros(gone)
		return d, err
	}, r.Org, r.ID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		name, _, err := m.open(ctx, r.Person, "rights_document.name", list[i].ID, list[i].sealed)
		if err != nil {
			return nil, err
		}
		list[i].Name = string(name)
	}
	return list, nil
}

// Document opens a proof of identity for the officer who checks it. Its reading is journaled. unlock is the cookie of who opened the
// fields that the provider cannot read; an Error with code blind.locked asks for it.
func (m *Module) Document(ctx context.Context, org, request, id core.ID, unlock string) (d Document, content []byte, err error) {
	done := &core.Act{Def: OpenDoc, Org: org, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		r, err := m.load(ctx, tx, org, request)
		if err != nil {
			return err
		}
		done.Subject = r.Person
		sealed, found, err := db.One(ctx, tx, qDocument, db.Value[[]byte], org, request, id)
		if err != nil {
			return err
		}
		if !found {
			return errDocument
		}
		held, err := m.documents(ctx, tx, &r)
		if err != nil {
			return err
		}
		for _, one := range held {
			if one.ID == id {
				d = one
			}
		}
		plain, gone, err := m.open(ctx, r.Person, "rights_document.content", id, sealed)
		if err == nil && gone {
			err = errDocument
		}
		if err != nil {
			return err
		}
		content, err = m.needs.Blind().OpenFor(ctx, tx, org, unlock, blindContent+string(id), plain)
		return err
	})
	return d, content, err
}

// destroy empties the documents of a request, each with its own entry beside the act that ends the check.
func (m *Module) destroy(ctx context.Context, tx core.Tx, done *core.Act, r *Request) (n int, err error) {
	held, err := m.documents(ctx, tx, r)
	if err != nil {
		return 0, err
	}
	for _, d := range held {
		if !d.Destroyed.IsZero() {
			continue
		}
		gone, err := tx.Exec(ctx, qDestroy, r.Org, d.ID, clock.Micros(m.now()), []byte{})
		if err != nil {
			return n, err
		}
		if gone == 0 {
			continue
		}
		n++
		one := &core.Act{Def: Destroy, Org: r.Org, Resource: d.ID, Subject: r.Person}
		one.Changed("sha256", d.Digest, "destroyed")
		done.Also = append(done.Also, one)
	}
	if n > 0 {
		return n, m.step(ctx, tx, r, stepDestroyed, "")
	}
	return 0, nil
}

// sweepDocuments destroys what no check holds any more: the request is closed or proved, or thirty days have passed.
func (m *Module) sweepDocuments(ctx context.Context) error {
	type of struct{ org, request core.ID }
	var old []of
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		old, err = db.All(ctx, tx, qOldDocuments, func(scan db.Scan) (o of, err error) { return o, scan(&o.org, &o.request) }, clock.Micros(m.now().AddDate(0, 0, -documentDays)))
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range old {
		done := &core.Act{Def: Destroy, Org: o.org, Resource: o.request}
		err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
			r, err := m.load(ctx, tx, o.org, o.request)
			if err != nil {
				return err
			}
			done.Subject = r.Person
			if _, err := m.destroy(ctx, tx, done, &r); err != nil {
				return err
			}
			if r.Proof == Given { // nothing is left to check: it is to be asked again
				r.Proof = Mailed
				return m.save(ctx, tx, &r)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
