package rights

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/jobs"
)

// JobRecipient is the kind of the job that tells one outside system of what its own desk was not asked: a person was erased,
// corrected or restricted elsewhere (article 19).
const JobRecipient = "rights.recipient"

var (
	qToTell = db.SQL(`SELECT org, id, way, address, name FROM rights_system WHERE way <> 'desk' ORDER BY org, id`)

	tNewsSubject = i18n.T("Une personne a été effacée, corrigée ou limitée", "A person was erased, corrected or restricted")
	tNewsBody    = i18n.T("Les données d'une personne que détient peut-être le système dont vous vous occupez, « %s », ont été %s sur la plateforme (article 19 du RGPD).\n\nAdressez-vous au délégué à la protection des données de %s pour savoir de qui il s'agit, faites-en autant, puis dites-le lui. Référence : %s.\n",
		"Data of a person that the system that you look after, “%s”, may hold were %s on the platform (article 19 GDPR).\n\nTurn to the data-protection officer of %s to learn who it is, do the same, then tell them. Reference: %s.\n")
	newsTitles = map[string]i18n.Sentence{
		personal.NewsErased: i18n.T("effacées", "erased"), personal.NewsCorrected: i18n.T("corrigées", "corrected"), personal.NewsRestricted: i18n.T("limitées", "restricted"),
	}
)

// TellRecipients implements personal.Recipients: whoever holds data of the person outside of the platform is told after the
// commit, a program by a signed message, a person by a mail that names nobody.
func (m *Module) TellRecipients(ctx context.Context, tx core.Tx, n personal.News) error {
	all, err := db.All(ctx, tx, qToTell, func(scan db.Scan) (t toTell, err error) { return t, scan(&t.org, &t.ID, &t.Way, &t.sealed, &t.Name) })
	if err != nil || len(all) == 0 { // most platforms have none, and a profile is changed often
		return err
	}
	members, err := m.holders(ctx, tx, n)
	if err != nil {
		return err
	}
	for _, t := range all {
		member, holds := members[t.org]
		if !holds {
			continue
		}
		if t.Way == ByMail {
			if err := m.mailNews(ctx, tx, t, n); err != nil {
				return err
			}
			continue
		}
		_, err := m.needs.Jobs.Enqueue(ctx, tx, jobs.Job{
			Kind: JobRecipient, Org: t.org, Key: string(t.ID) + ":" + n.Event + ":" + string(n.Person),
			Payload: map[string]core.ID{"org": t.org, "system": t.ID, "event": core.ID(n.Event), "person": n.Person, "member": member, "notice": n.Notice},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type toTell struct {
	System
	org core.ID
}

// holders gives the organizations that hold something of the person, each with their membership there: the one that is named, or
// all of them and the platform. Of a canary there are none.
func (m *Module) holders(ctx context.Context, tx core.Tx, n personal.News) (map[core.ID]core.ID, error) {
	people, err := m.needs.People.People(ctx, tx, n.Person)
	if err != nil || people[n.Person].IsCanary() {
		return nil, err
	}
	members := map[core.ID]core.ID{}
	if n.Org != "" {
		members[n.Org] = n.Member
	} else {
		members[core.Platform] = ""
	}
	list, err := m.needs.Orgs.Memberships(ctx, tx, n.Person)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if n.Org == "" || n.Org == one.Org {
			members[one.Org] = one.ID
		}
	}
	if n.Org != "" || m.needs.Shared == nil {
		return members, nil
	}
	shared, err := m.needs.Shared(ctx, tx, n.Person)
	for _, org := range shared {
		if _, known := members[org]; !known {
			members[org] = ""
		}
	}
	return members, err
}

func (m *Module) mailNews(ctx context.Context, tx core.Tx, t toTell, n personal.News) error {
	address, _, err := m.open(ctx, t.org, "rights_system.address", t.ID, t.sealed)
	if err != nil {
		return err
	}
	o, err := m.desk(ctx, tx, t.org)
	if err != nil {
		return err
	}
	l, _ := i18n.Parse(o.Language)
	return m.needs.Mail.Queue(ctx, tx, core.Mail{
		Org: t.org, To: string(address), Kind: "rights.tell", Subject: tNewsSubject.Say(l), Body: tNewsBody.Say(l, t.Name, newsTitles[n.Event].Say(l), o.Name, n.Person),
	})
}

// HandleRecipient tells one outside system what became of a person's data; an error makes the job try again later. Of an erased
// person the ids are all that is left to say.
func (m *Module) HandleRecipient(ctx context.Context, run jobs.Run) error {
	org, p := run.Payload["org"], run.Payload
	told := Told{Event: string(p["event"]), Organization: org, Person: p["person"], Member: p["member"], Notice: p["notice"]}
	var s System
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if s, err = m.system(ctx, tx, org, p["system"]); err != nil {
			return err
		}
		people, err := m.needs.People.People(ctx, tx, told.Person)
		if who, there := people[told.Person]; there && told.Event != personal.NewsErased {
			told.Name, told.Email = who.Name(), who.Email
		}
		return err
	})
	if core.CodeOf(err) == errSystem.Code { // removed meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	return m.post(ctx, org, s, told, func(tx core.Tx, reply string) error {
		_, err := tx.Exec(ctx, qReplied, org, s.ID, clock.Micros(m.now()), reply)
		return err
	})
}

// system gives one outside system of an organization.
func (m *Module) system(ctx context.Context, tx core.Tx, org, id core.ID) (System, error) {
	all, err := m.systems(ctx, tx, org)
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	if err == nil {
		err = errSystem
	}
	return System{}, err
}
