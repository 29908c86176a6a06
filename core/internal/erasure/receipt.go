package erasure

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/sheet"
	"github.com/rempart/rempart/verify"
)

// The kinds of mails.
const (
	MailReceipt   = "erasure.receipt"
	MailRecipient = "erasure.recipient"
)

var (
	mailSubject = i18n.T("Vos données ont été effacées", "Your data have been erased")
	mailBody    = i18n.T(
		"Bonjour %s,\n\nVos données ont été effacées de la plateforme, et la clé qui les chiffrait est détruite : nos copies de sauvegarde ne peuvent plus les montrer. Ce message est le dernier que nous vous envoyons.\n\nLe reçu ci-dessous dit, table par table, ce qui a été supprimé, ce qui reste et pourquoi. Il est signé ; conservez-le. Vous pouvez saisir la CNIL (www.cnil.fr) si vous pensez que vos droits ne sont pas respectés.",
		"Hello %s,\n\nYour data have been erased from the platform, and the key that encrypted them is destroyed: our backup copies cannot show them any more. This is the last message that we send you.\n\nThe receipt below says, table by table, what was deleted, what stays and why. It is signed; keep it. You can complain to the CNIL (www.cnil.fr) if you think that your rights are not respected.")
	mailPart = i18n.T(
		"Bonjour %s,\n\nCe qu'une organisation gardait de vous sur la plateforme a été effacé. Votre compte reste, puisque vous appartenez à une autre organisation.\n\nLe reçu ci-dessous dit, table par table, ce qui a été supprimé, ce qui reste et pourquoi. Il est signé ; conservez-le. Vous pouvez saisir la CNIL (www.cnil.fr) si vous pensez que vos droits ne sont pas respectés.",
		"Hello %s,\n\nWhat an organization kept about you on the platform has been erased. Your account stays, since you belong to another organization.\n\nThe receipt below says, table by table, what was deleted, what stays and why. It is signed; keep it. You can complain to the CNIL (www.cnil.fr) if you think that your rights are not respected.")
	mailTold     = i18n.T("Une personne a été effacée : effacez vos copies", "A person was erased: erase your copies")
	mailToldBody = i18n.T(
		"Une personne dont votre organisation avait reçu des données a été effacée de la plateforme. Si vous en gardez des copies (exports, fichiers, autres logiciels), effacez-les, puis dites-le ici :\n\n%s/o/%s/erasures",
		"A person whose data your organization had received was erased from the platform. If you keep copies of them (exports, files, other software), erase them, then say so here:\n\n%s/o/%s/erasures")
)

// certify signs the receipt, sends it to the person, tells the organizations, and ends the order. Its entry of the journal holds
// the digest of the receipt.
func (m *Module) certify(ctx context.Context, o *Order) error {
	who, err := m.contactOf(ctx, o)
	if err != nil {
		return err
	}
	if o.Scope == ScopePerson && !o.shredded { // once more: this process is not the one that destroyed it
		if err := m.needs.Vault.DestroyKey(ctx, o.Person); err != nil {
			return err
		}
	}
	ended := m.now()
	done := &core.Act{Def: certify, Org: core.Platform, Resource: o.ID, Entry: ids.At(ended)}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		notices, err := m.tell(ctx, tx, o)
		if err == nil {
			err = m.tellPlatform(ctx, tx, o, who)
		}
		if err != nil {
			return err
		}
		lines, err := linesOf(ctx, tx, o.ID, Erased)
		if err != nil {
			return err
		}
		r := &verify.ErasureReceipt{
			Order: string(o.ID), Person: string(o.Person), Reason: o.Reason, Ordered: o.At, Finished: ended, Replayed: !o.Replayed.IsZero(),
			Key: o.Scope == ScopePerson, Told: notices, Entry: string(done.Entry), Tables: tables(lines, who.Language),
		}
		if o.Scope == ScopeMember {
			r.Org = string(o.Org)
		}
		receipt, err := verify.SignErasure(r, m.needs.Signer.Key(), m.needs.Signer.Sign)
		if err != nil {
			return err
		}
		digest := sheet.Digest([]byte(receipt))
		done.Changed("digest", "", digest)
		done.Changed("organizations", "", strconv.Itoa(notices))
		if n, err := tx.Exec(ctx, qDone, o.ID, o.Step, clock.Micros(ended), done.Entry, digest, receipt); err != nil {
			return err
		} else if n == 0 {
			return errMoved
		}
		if _, err := tx.Exec(ctx, qStep, o.ID, o.Step, clock.Micros(ended)); err != nil {
			return err
		}
		return m.lastMail(ctx, tx, o, who, receipt)
	})
	if err != nil {
		return err
	}
	o.State, o.Step = Done, ""
	return m.needs.Keys.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qRest, o.ID, clock.Micros(ended))
		return err
	})
}

// tables are the lines of what was erased, as a receipt says them.
func tables(lines []Line, language string) []verify.ErasedTable {
	var out []verify.ErasedTable
	lang, _ := i18n.Parse(language)
	for _, l := range lines {
		if l.Phase != Erased || l.Deleted == 0 && l.Kept == 0 {
			continue
		}
		t := verify.ErasedTable{Table: l.Table, Deleted: l.Deleted, Kept: l.Kept}
		if l.Kept > 0 {
			t.Ground, t.Rule, t.Why = string(l.Ground), l.Rule, i18n.From(l.Why).Say(lang)
		}
		out = append(out, t)
	}
	return out
}

// contactOf opens whom the last mail goes to; nobody after a restore.
func (m *Module) contactOf(ctx context.Context, o *Order) (c contact, err error) {
	if o.contact == nil {
		return c, nil
	}
	plain, err := m.needs.Vault.Open(ctx, o.ID, placeContact+string(o.ID), o.contact)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
}

// lastMail queues the receipt. It is sealed under the key of the order, which outlives the person's by three days.
func (m *Module) lastMail(ctx context.Context, tx core.Tx, o *Order, who contact, receipt string) error {
	if who.Email == "" {
		return nil
	}
	lang, _ := i18n.Parse(who.Language)
	body := mailBody
	if o.Scope == ScopeMember {
		body = mailPart
	}
	text := body.Say(lang, who.Name) + "\n\n" + verify.ErasureBegin + "\n" + receipt + verify.ErasureEnd + "\n"
	return m.needs.Mail.Queue(ctx, tx, core.Mail{Org: core.Platform, Person: o.ID, To: who.Email, Kind: MailReceipt, Subject: mailSubject.Say(lang), Body: text})
}

func (m *Module) news(ctx context.Context, tx core.Tx, n personal.News) error {
	if m.needs.Recipients == nil {
		return nil
	}
	n.Event = personal.NewsErased
	return m.needs.Recipients(ctx, tx, n)
}

// tellPlatform tells the provider's own outside systems of somebody who is gone altogether: once, and of no canary.
func (m *Module) tellPlatform(ctx context.Context, tx core.Tx, o *Order, who contact) error {
	if o.Scope != ScopePerson || !o.Replayed.IsZero() || strings.HasSuffix(who.Email, core.CanaryDomain) {
		return nil
	}
	return m.news(ctx, tx, personal.News{Org: core.Platform, Person: o.Person})
}

// tell tells the administrators and the outside systems of the organizations that had received the data, and gives how many
// organizations there are.
func (m *Module) tell(ctx context.Context, tx core.Tx, o *Order) (int, error) {
	list, err := db.All(ctx, tx, qNoticesOf, scanNotice, o.ID)
	if err != nil {
		return 0, err
	}
	for _, n := range list {
		if !n.Told.IsZero() {
			continue
		}
		if _, err := tx.Exec(ctx, qTold, n.ID, clock.Micros(m.now())); err != nil {
			return 0, err
		}
		if err := m.news(ctx, tx, personal.News{Org: n.Org, Person: o.Person, Member: n.Member, Notice: n.ID}); err != nil {
			return 0, err
		}
		live, err := m.needs.Rights.LiveIn(ctx, tx, n.Org)
		if err != nil {
			return 0, err
		}
		var told []core.ID
		for _, a := range live {
			if a.Role != "admin" || a.Person == o.Person || slices.Contains(told, a.Person) {
				continue
			}
			told = append(told, a.Person)
			subject := core.Text{FR: mailTold.Say(i18n.FR), EN: mailTold.Say(i18n.EN)}
			body := core.Text{FR: mailToldBody.Say(i18n.FR, m.needs.Origin, n.Org), EN: mailToldBody.Say(i18n.EN, m.needs.Origin, n.Org)}
			err := m.needs.People.Send(ctx, tx, a.Person, MailRecipient, subject, body)
			if k := core.KindOf(err); err != nil && k != core.NotFound && k != core.Gone { // erased themselves: no reason to stop
				return 0, err
			}
		}
	}
	return len(list), nil
}
