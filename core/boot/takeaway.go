package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/register"
	registerexport "github.com/rempart/rempart/core/internal/register/export"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/i18n"
)

// taking is who reads what an organization takes away: who asked for it was decided before.
func taking(ctx context.Context) context.Context {
	return core.WithActor(ctx, core.System("offboarding.take"))
}

// belongings are what an organization takes away in a format of its own.
func (h *House) belongings() []offboarding.File {
	return []offboarding.File{
		{Name: "members.csv", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			return wrote(w)(h.organizations.Export(taking(ctx), org, organization.Filter{}, "csv"))
		}},
		{Name: "habilitations.csv", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			f, err := h.access.Export(taking(ctx), org, time.Time{}, "csv")
			return wrote(w)(f.Bytes, err)
		}},
		{Name: "journal.jsonl", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			if err := h.journal.Settle(ctx); err != nil { // what was just done has its place too
				return err
			}
			return h.ExportJournal(ctx, org, "jsonl", "end of contract: everything is taken away", w)
		}},
		{Name: "notes.jsonl", Write: func(ctx context.Context, org core.ID, w io.Writer) error {
			notes, err := h.consent.Notes(taking(ctx), org)
			out := json.NewEncoder(w)
			for _, n := range notes {
				if err == nil {
					err = out.Encode(map[string]any{"id": n.ID, "person": n.Person, "question": n.Question, "text": n.Text, "written_at": n.At, "written_by": n.By})
				}
			}
			return err
		}},
	}
}

// documents are the files of an organization whose number is not known before, room by room.
func (h *House) documents() []offboarding.Folder {
	return []offboarding.Folder{h.annexesOf, h.registersOf, h.termsOf, h.reviewsOf, h.answersOf, h.breachesOf, h.photosOf}
}

func wrote(w io.Writer) func([]byte, error) error {
	return func(content []byte, err error) error {
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	}
}

// maker makes one file of a folder.
type maker func(name string) (io.Writer, error)

func (create maker) file(name string, content []byte) error {
	w, err := create(name)
	return wrote(w)(content, err)
}

// annexesOf gives the annexes that an organization was given, as documents.
func (h *House) annexesOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = taking(ctx)
	list, err := h.trust.Annexes(ctx, org, org)
	if err != nil {
		return err
	}
	for _, kept := range list {
		d, k, err := h.trust.Annex(ctx, org, org, kept.Number)
		if err != nil {
			return err
		}
		for _, lang := range []i18n.Lang{i18n.FR, i18n.EN} {
			f, err := trust.File(d, k, "pdf", lang)
			if err != nil {
				return err
			}
			if err := maker(create).file(fmt.Sprintf("documents/%d-%s", k.Number, f.Name), f.Bytes); err != nil {
				return err
			}
		}
	}
	return nil
}

// registersOf gives the record of processing activities, what was written by hand included, as a sheet and as data.
func (h *House) registersOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	for _, part := range register.Parts(org) {
		form, err := h.register.Exported(taking(ctx), org, part)
		if err != nil {
			return err
		}
		for _, lang := range []i18n.Lang{i18n.FR, i18n.EN} {
			for _, format := range []string{"ods", "json"} {
				f, err := registerexport.Write(i18n.With(ctx, lang), form, format)
				if err != nil {
					return err
				}
				if err := maker(create).file("register/"+lang.String()+"-"+f.Name, f.Bytes); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// termsOf gives every version of the texts that an organization published, as they were written.
func (h *House) termsOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = taking(ctx)
	list, err := h.terms.Manage(ctx, org)
	if err != nil {
		return err
	}
	for _, d := range list {
		for n := int64(1); n <= d.Latest; n++ {
			r, err := h.terms.ManageOne(ctx, org, d.ID, n)
			if err != nil {
				return err
			}
			for lang, text := range map[string][2]string{"fr": {r.Title.FR, r.Shown.Text.FR}, "en": {r.Title.EN, r.Shown.Text.EN}} {
				if err := maker(create).file(fmt.Sprintf("terms/%s-%d-%s.md", d.ID, n, lang), []byte("# "+text[0]+"\n\n"+text[1]+"\n")); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reviewsOf gives the result of each review of accesses.
func (h *House) reviewsOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = taking(ctx)
	v, err := h.review.Reviews(ctx, org)
	if err != nil {
		return err
	}
	for _, c := range v.Campaigns {
		f, err := h.review.Export(ctx, org, c.ID, review.FormatCSV)
		if err != nil {
			return err
		}
		if err := maker(create).file("reviews/"+string(c.ID)+".csv", f.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// answersOf gives the letters that were sent to persons who exercised their rights; those of erased persons are gone.
func (h *House) answersOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = taking(ctx)
	q, err := h.rights.Requests(ctx, org, rights.Filter{})
	if err != nil {
		return err
	}
	for _, r := range q.List {
		s, err := h.rights.Get(ctx, org, r.ID)
		if err != nil {
			return err
		}
		for n, l := range s.Letters {
			if l.Text == "" {
				continue
			}
			text := strings.Join([]string{l.At.UTC().Format(time.RFC3339), l.SentTo, l.Subject, "SHA-256 " + l.Digest, "", l.Text, ""}, "\n")
			if err := maker(create).file(fmt.Sprintf("rights/%s/%d-%s.txt", r.ID, n+1, l.Kind), []byte(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// breachesOf gives what an organization was told of breaches, each with the list of its persons.
func (h *House) breachesOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = taking(ctx)
	list, err := h.incident.Told(ctx, org)
	if err != nil {
		return err
	}
	for _, n := range list {
		text, persons, err := h.incident.Copy(ctx, org, n.ID, i18n.EN)
		if err != nil {
			return err
		}
		if err := maker(create).file("breaches/"+string(n.ID)+".txt", []byte(text)); err != nil {
			return err
		}
		if err := maker(create).file("breaches/"+persons.Name, persons.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// photosOf gives the pictures of its members.
func (h *House) photosOf(ctx context.Context, org core.ID, create func(string) (io.Writer, error)) error {
	ctx = taking(ctx)
	var members []core.Membership
	err := h.db.Read(ctx, func(tx core.Tx) (err error) { members, err = h.organizations.Members(ctx, tx, org); return err })
	for _, m := range members {
		p, absent := h.identity.MemberPhoto(ctx, org, m.Person)
		if kind := core.KindOf(absent); absent != nil && (kind == core.NotFound || kind == core.Forbidden) { // there is none, or its use is restricted
			continue
		}
		err = errors.Join(err, absent)
		if err != nil {
			return err
		}
		if err := maker(create).file("photos/"+string(m.Person)+".jpg", p.Picture); err != nil {
			return err
		}
	}
	return err
}
