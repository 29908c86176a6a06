package consent

import (
	"context"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/verify"
)

var errNoRecord = i18n.Fault(core.NotFound, "consent.record_absent", "Ce consentement n'existe pas, ou n'est pas le vôtre.", "There is no such consent, or it is not yours.")

// ReceiptOf gives a person the signed receipt of one of their answers (ISO/IEC TS 27560), to be checked by anyone who has the
// journal's public key.
func (m *Module) ReceiptOf(ctx context.Context, person, record core.ID) (file []byte, name string, err error) {
	var r *verify.Receipt
	done := &core.Act{Def: Receipt, Org: core.Platform, Resource: record, Subject: person}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		rec, found, err := db.One(ctx, tx, qRecord, scanRecord, person, record)
		if err != nil {
			return err
		}
		if !found {
			return errNoRecord
		}
		r, err = m.receipt(ctx, tx, rec)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	file, err = verify.SignReceipt(r, m.needs.Journal.Key(), m.needs.Journal.Sign)
	return file, "consent-" + rec8(record) + ".json", err
}

// rec8 is the end of an id, enough to tell files apart.
func rec8(id core.ID) string { return string(id[max(0, len(id)-8):]) }

func (m *Module) receipt(ctx context.Context, tx core.Tx, rec Record) (*verify.Receipt, error) {
	q, err := m.of(ctx, tx, rec.Org, rec.Question)
	if err != nil {
		return nil, err
	}
	t, err := m.text(ctx, tx, q, rec.Number)
	if err != nil {
		return nil, err
	}
	org, err := m.needs.Places.Org(ctx, tx, rec.Org)
	if err != nil {
		return nil, err
	}
	provider, err := m.needs.Places.Org(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	party := func(o core.Organization, role string) verify.ReceiptParty {
		return verify.ReceiptParty{ID: "urn:rempart:organization:" + string(o.ID), Type: role, Name: o.Name, URL: m.needs.Origin}
	}
	controller := party(org, "dpv:DataController")
	out := &verify.Receipt{
		Context: verify.ReceiptContext, Type: "dpv:ConsentReceipt", ID: "receipt-" + string(rec.ID), ConformsTo: verify.ReceiptSchema,
		Created: m.now().UTC().Format(verify.TimeForm), Publisher: party(provider, "dpv:DataProcessor"),
		Record: verify.ConsentRecord{
			Type: "dpv:ConsentRecord", ID: string(rec.ID), Entry: string(rec.Entry),
			Subject: verify.ReceiptParty{ID: "urn:rempart:person:" + string(rec.Person), Type: "dpv:DataSubject"}, Controller: controller,
			Basis: "eu-gdpr:A6-1-a", Notice: notice(q, t, rec.Language), Status: status(rec),
			Process: verify.ConsentProcess{Type: "dpv:Process", Purpose: string(rec.Purpose), Recipient: controller, Data: m.receiptFields(rec.Fields)},
			Rights:  []verify.ReceiptRights{{ID: "eu-gdpr:A7-3", At: m.needs.Origin + "/me/shares/" + string(rec.Question)}},
		},
	}
	if !rec.Until.IsZero() {
		out.Record.Process.Storage = []verify.StorageTime{{Type: "dpv:StorageDuration", Until: rec.Until.UTC().Format(verify.TimeForm)}}
	}
	return out, nil
}

func notice(q Question, t Text, language string) verify.ConsentNotice {
	return verify.ConsentNotice{
		Type: "dpv:ConsentNotice", Question: string(q.ID), Version: t.Number, Language: language, TitleFR: t.Title.FR, TitleEN: t.Title.EN,
		TextFR: t.Body.FR, TextEN: t.Body.EN, Asks: append([]string{}, t.Asks...), Days: t.Days, Digest: t.Digest,
	}
}

func status(r Record) verify.ConsentStatus {
	s := verify.ConsentStatus{Type: "dpv:ConsentGiven", By: "urn:rempart:person:" + string(r.Person), At: r.At.UTC().Format(verify.TimeForm), Method: r.Channel}
	switch {
	case r.Given:
	case r.Why == ByTime:
		s.Type, s.By = "dpv:ConsentExpired", "urn:rempart:platform"
	default:
		s.Type = "dpv:ConsentWithdrawn"
	}
	return s
}

func (m *Module) receiptFields(fields []string) []verify.ReceiptField {
	list := []verify.ReceiptField{}
	for _, f := range m.fields {
		if slices.Contains(fields, f.ID) {
			list = append(list, verify.ReceiptField{Type: strings.Replace(f.Term, "https://w3id.org/dpv/pd#", "pd:", 1), ID: f.ID, Name: f.Title.EN})
		}
	}
	return list
}
