package offboarding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// Finish reminds administrators, and ends the contracts whose date has passed. A job calls it each hour; what was interrupted
// goes on from the state that stands.
func (m *Module) Finish(ctx context.Context) error {
	var list []End
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qOpen, scanEnd)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range list {
		if err := m.unseal(ctx, &e); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := m.step(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("offboarding: %s: %w", e.Org, err))
		}
	}
	return errors.Join(errs...)
}

func (m *Module) step(ctx context.Context, e End) error {
	now := m.now()
	if e.State == Leaving {
		if e.Ends.After(now) {
			return m.remind(ctx, e, now)
		}
		if stopped, err := m.stopped(ctx, e); err != nil || stopped {
			return err
		}
		if err := m.close(ctx, &e); err != nil {
			return err
		}
	}
	if e.State == Closing {
		if err := m.erase(ctx, &e); err != nil {
			return err
		}
	}
	if err := m.needs.Vault.DestroyOrg(ctx, e.Org); err != nil {
		return err
	}
	return m.move(ctx, &e, Ended)
}

// remind writes seven days and one day before the end.
func (m *Module) remind(ctx context.Context, e End, now time.Time) error {
	left := int64(e.Left(now))
	due := int64(0)
	for _, days := range []int64{7, 1} {
		if left <= days {
			due = days
		}
	}
	if due == 0 || e.told != 0 && e.told <= due {
		return nil
	}
	return m.needs.Gate.Change(ctx, &core.Act{Def: Remind, Org: e.Org, Resource: e.ID}, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qTold, e.ID, due); err != nil {
			return err
		}
		return m.tell(ctx, tx, e.Org, "offboarding.soon", probe.Text(mailSoon, e.Name, left),
			probe.Text(mailBegunText, e.Name, e.Ends.Format(time.DateOnly), m.address(e.Org)))
	})
}

// stopped tells whether a legal hold keeps the organization, and notes which.
func (m *Module) stopped(ctx context.Context, e End) (bool, error) {
	var held []string
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		held = nil
		list, err := m.needs.Archive.OrgHeld(ctx, tx, e.Org)
		for _, h := range list {
			held = append(held, string(h.ID))
		}
		return err
	})
	if err != nil {
		return false, err
	}
	text := strings.Join(held, " ")
	if text == e.Held {
		return text != "", nil
	}
	act := &core.Act{Def: Close, Org: core.Platform, Resource: e.Org}
	if text != "" {
		act.Fail("offboarding.held")
	}
	act.Changed("held", e.Held, text)
	return text != "", m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qHeldBy, e.ID, text)
		return err
	})
}

// close makes everybody leave; nobody acts there after it.
func (m *Module) close(ctx context.Context, e *End) error {
	err := m.needs.Gate.Change(ctx, &core.Act{Def: Close, Org: core.Platform, Resource: e.Org}, func(tx core.Tx) error {
		if err := m.tell(ctx, tx, e.Org, "offboarding.ended", probe.Text(mailEnd, e.Name), probe.Text(mailEndText)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, qState, e.ID, Leaving, Closing)
		return err
	})
	if err == nil {
		e.State = Closing
	}
	return err
}

func (m *Module) move(ctx context.Context, e *End, to string) error {
	err := m.needs.Gate.Change(ctx, &core.Act{Def: Close, Org: core.Platform, Resource: e.Org}, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qState, e.ID, e.State, to)
		return err
	})
	if err == nil {
		e.State = to
	}
	return err
}

// persons are those who are or were members.
func (m *Module) persons(ctx context.Context, org core.ID) (all []core.ID, err error) {
	err = m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) error {
		all = nil
		for after := core.ID(""); ; {
			list, err := m.needs.Places.Ever(ctx, tx, org, after, 500)
			if err != nil || len(list) == 0 {
				return err
			}
			all = append(all, list...)
			after = list[len(list)-1]
		}
	})
	return all, err
}

// Certificate is the proof of an end, without any name of a person.
type Certificate struct {
	Form         string          `json:"certificate"`
	Organization core.ID         `json:"organization"`
	Name         string          `json:"name"`
	Asked        string          `json:"asked_at"`
	Ends         string          `json:"ends_at"`
	Erased       string          `json:"erased_at"`
	Tables       []Emptied       `json:"tables"`
	Entry        core.ID         `json:"entry"`
	Proof        json.RawMessage `json:"proof,omitempty"`
}

// Emptied is one table of a certificate.
type Emptied struct {
	Table    string `json:"table"`
	Deleted  int64  `json:"deleted"`
	Archived int64  `json:"archived,omitempty"`
	Kept     int64  `json:"kept,omitempty"`
	Ground   string `json:"ground,omitempty"`
	Why      string `json:"why,omitempty"`
}

// erase makes everybody leave, archives what must be kept and deletes the rest, in one transaction with its certificate.
func (m *Module) erase(ctx context.Context, e *End) error {
	if err := m.needs.Places.CloseOrg(ctx, e.Org, "end of contract"); err != nil && core.KindOf(err) != core.Conflict && core.KindOf(err) != core.NotFound {
		return err
	}
	people, err := m.persons(ctx, e.Org)
	if err != nil {
		return err
	}
	if err := m.needs.Archive.Leave(ctx, people...); err != nil {
		return err
	}
	if err := m.needs.Archive.Prepare(ctx, e.Org); err != nil {
		return err
	}
	now := m.now()
	act := &core.Act{Def: Erase, Org: core.Platform, Resource: e.Org, Entry: ids.At(now)}
	return m.needs.Gate.Change(db.Long(ctx), act, func(tx core.Tx) error {
		cert := Certificate{
			Form: "rempart/offboarding/1", Organization: e.Org, Name: e.Name, Asked: e.Asked.Format(time.RFC3339), Ends: e.Ends.Format(time.RFC3339),
			Erased: now.Format(time.RFC3339), Entry: act.Entry,
		}
		note := ""
		for _, room := range m.needs.Modules() {
			x, is := room.(core.Leaver)
			if !is {
				continue
			}
			done, err := x.EraseOrg(ctx, tx, e.Org, m.needs.Archive.Shelve(tx))
			if err != nil {
				return err
			}
			for _, r := range done {
				cert.Tables = append(cert.Tables, Emptied{r.Table, r.Deleted, r.Archived, r.Kept, string(r.Ground), r.Why.EN})
				note += fmt.Sprintf("%s: %d deleted, %d of them archived, %d kept\n", r.Table, r.Deleted, r.Archived, r.Kept)
			}
		}
		act.Note = note
		plain, err := json.Marshal(cert)
		if err != nil {
			return err
		}
		sealed, err := m.seal(ctx, placeProof, e.ID, string(plain))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qEnd, e.ID, clock.Micros(now), sealed, act.Entry); err != nil {
			return err
		}
		e.State = Erased
		return nil
	})
}

// Certificate gives the certificate of an end with the signed proof of its entry in the journal.
func (m *Module) Certificate(ctx context.Context, id core.ID) (Certificate, error) {
	var cert Certificate
	err := m.needs.Gate.Read(ctx, &core.Act{Def: Certify, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		e, found, err := db.One(ctx, tx, qOne, scanEnd, id)
		if err != nil {
			return err
		}
		if !found || e.Entry == "" {
			return errAbsent
		}
		plain, err := m.open(ctx, placeProof, e.ID, e.certificate)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(plain), &cert)
	})
	if err != nil {
		return cert, err
	}
	cert.Proof, err = m.needs.Prove(ctx, core.Platform, cert.Entry)
	return cert, err
}

// CertificateFile gives the certificate of an end as a file to keep.
func (m *Module) CertificateFile(ctx context.Context, id core.ID) ([]byte, error) {
	cert, err := m.Certificate(ctx, id)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(cert, "", "  ")
}
