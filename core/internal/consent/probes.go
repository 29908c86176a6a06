package consent

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "consent.record", Kind: core.BehaviourProbe, Title: probe.Text(tpRecord), Run: m.played(m.seeRecord), Faults: []core.PlantedFault{rewritten, lost, reworded}},
		{ID: "consent.withdraw", Kind: core.BehaviourProbe, Title: probe.Text(tpWithdraw), Run: m.played(m.seeWithdraw), Faults: []core.PlantedFault{deaf, hidden}},
		{ID: "share.default", Kind: core.BehaviourProbe, Title: probe.Text(tpDefault), Run: m.played(m.seeDefault), Faults: []core.PlantedFault{opened, ticked}},
		{ID: "share.stop", Kind: core.BehaviourProbe, Title: probe.Text(tpStop), Run: m.played(m.seeStop), Faults: []core.PlantedFault{survives, endless, kept}},
	}
}

var (
	tpRecord   = i18n.T("Un consentement est gardé avec le texte exact qui a été montré", "A consent is kept with the exact text that was shown")
	tpWithdraw = i18n.T("Retirer un consentement est aussi simple que le donner, et vaut à l'instant", "Withdrawing a consent is as easy as giving it, and acts at once")
	tpDefault  = i18n.T("Par défaut, une organisation ne voit rien d'une personne", "By default an organization sees nothing of a person")
	tpStop     = i18n.T("Un partage arrêté disparaît à l'instant, copies comprises", "A share that is stopped is gone at once, copies included")

	tpDark      = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpNotKept   = i18n.T("Un consentement donné n'est pas gardé.", "A consent that was given is not kept.")
	tpRewritten = i18n.T("Un consentement dit une autre version que celle qui a été montrée.", "A consent names another version than the one that was shown.")
	tpReworded  = i18n.T("Le texte gardé n'est plus celui dont l'empreinte a été donnée.", "The text that is kept is no longer the one whose hash was given.")
	tpRecorded  = i18n.T("Un canari a consenti à la version 1 ; la version 2 publiée, sa réponse dit toujours la version 1 et son empreinte. Textes relus : %d sur %d, tous conformes à leur empreinte.", "A canary consented to version 1; once version 2 was published, its answer still names version 1 and its hash. Texts read again: %d of %d, all as their hash says.")
	tpChanged   = i18n.T("%d textes sur %d ne disent plus ce que leur empreinte fixe.", "%d texts of %d no longer say what their hash pins.")

	tpNoWay     = i18n.T("La page où l'on consent ne propose pas de retirer.", "The page where one consents does not offer to withdraw.")
	tpStands    = i18n.T("Un consentement retiré vaut encore.", "A consent that was withdrawn still holds.")
	tpWithdrawn = i18n.T("Un canari a consenti puis retiré depuis la même page : %d envoi pour donner, %d pour retirer ; le consentement ne vaut plus dès la demande suivante.", "A canary consented, then withdrew from the same page: %d form to give, %d to withdraw; the consent no longer holds at the next request.")

	tpTicked  = i18n.T("Un champ est coché d'avance.", "A field is ticked beforehand.")
	tpOpened  = i18n.T("Une organisation voit une personne qui ne partage rien.", "An organization sees a person who shares nothing.")
	tpUnasked = i18n.T("%d partages sur %d vivent sans consentement gardé.", "%d shares of %d live without a consent that is kept.")
	tpClosed  = i18n.T("Une organisation qui demande deux champs ne voit rien d'un canari qui n'a rien répondu, et aucun champ n'est coché d'avance. Partages en cours : %d, chacun avec son consentement.", "An organization that asks for two fields sees nothing of a canary that did not answer, and no field is ticked beforehand. Shares in force: %d, each with its consent.")

	tpUnshown = i18n.T("Ce qu'un canari partage ne se voit pas (%d) : rien ne peut être dit de l'arrêt.", "What a canary shares is not seen (%d): nothing can be said of the stop.")
	tpStill   = i18n.T("Après l'arrêt, l'organisation voit encore (%d).", "After the stop the organization still sees (%d).")
	tpListed  = i18n.T("Après l'arrêt, le partage est encore dans la liste.", "After the stop the share is still listed.")
	tpCopies  = i18n.T("Après l'arrêt, %d copies restent.", "After the stop %d copies remain.")
	tpKey     = i18n.T("Après l'arrêt, une copie gardée ailleurs s'ouvre encore.", "After the stop a copy that was kept elsewhere still opens.")
	tpStopped = i18n.T("Un canari a partagé son adresse : l'organisation l'a lue. Il a arrêté : %d ms après, la page ne répond plus, la liste est vide, aucune copie ne reste et une copie gardée ailleurs ne s'ouvre plus.", "A canary shared its address: the organization read it. It stopped: %d ms later the page no longer answers, the list is empty, no copy is left and a copy that was kept elsewhere no longer opens.")
)

var (
	rewritten = fault("consent.record/rewritten", "Une nouvelle version change les réponses données", "A new version changes the answers that were given",
		`CREATE TRIGGER rewritten AFTER INSERT ON consent_text BEGIN UPDATE consent_record SET number = NEW.number, digest = NEW.digest WHERE question = NEW.question; END`)
	lost = fault("consent.record/lost", "Une réponse n'est pas gardée", "An answer is not kept",
		`CREATE TRIGGER lost AFTER INSERT ON consent_record BEGIN DELETE FROM consent_record WHERE id = NEW.id; END`)
	reworded = fault("consent.record/reworded", "Le texte gardé n'est pas celui qui a été publié", "The text that is kept is not the one that was published",
		`CREATE TRIGGER reworded AFTER INSERT ON consent_text BEGIN UPDATE consent_text SET text_en = text_en || '!' WHERE question = NEW.question AND number = NEW.number; END`)

	deaf = fault("consent.withdraw/deaf", "Un retrait n'est pas gardé", "A withdrawal is not kept",
		`CREATE TRIGGER deaf AFTER INSERT ON consent_record WHEN NEW.given = 0 BEGIN DELETE FROM consent_record WHERE id = NEW.id; END`)
	hidden = core.PlantedFault{
		ID: "consent.withdraw/hidden", Title: core.Text{FR: "La page cache le retrait", EN: "The page hides the withdrawal"},
		Plant: probe.Front(onPages(func(body string) string { return strings.ReplaceAll(body, "/withdraw", "/elsewhere") })),
	}

	opened = fault("share.default/opened", "Une demande ouvre un partage avec tous", "A question opens a share with everyone",
		`CREATE TRIGGER opened AFTER INSERT ON consent_text BEGIN
			INSERT INTO consent_share (org, id, question, number, person, purpose, fields, from_at, until_at, ended_at)
			SELECT NEW.org, NEW.question || m.id, NEW.question, NEW.number, m.person, 'planted', NEW.asks, 0, 9000000000000000, 0 FROM organization_member m WHERE m.org = NEW.org AND m.state = 'active'; END`)
	ticked = core.PlantedFault{
		ID: "share.default/ticked", Title: core.Text{FR: "Les champs sont cochés d'avance", EN: "Fields are ticked beforehand"},
		Plant: probe.Front(onPages(func(body string) string {
			return strings.ReplaceAll(body, `type="checkbox"`, `type="checkbox" checked`)
		})),
	}

	survives = fault("share.stop/copy", "La copie survit à l'arrêt", "The copy survives the stop",
		`CREATE TRIGGER survives BEFORE DELETE ON consent_copy BEGIN SELECT RAISE(IGNORE); END`)
	endless = fault("share.stop/endless", "Un partage arrêté revit", "A share that was stopped lives again",
		`CREATE TRIGGER endless AFTER UPDATE OF ended_at ON consent_share WHEN NEW.ended_at > 0 BEGIN UPDATE consent_share SET ended_at = 0 WHERE id = NEW.id; END`,
		`CREATE TRIGGER endless_copy BEFORE DELETE ON consent_copy BEGIN SELECT RAISE(IGNORE); END`,
		`CREATE TRIGGER endless_key AFTER UPDATE OF wrapped ON vault_key WHEN NEW.wrapped IS NULL BEGIN UPDATE vault_key SET wrapped = OLD.wrapped, destroyed = 0 WHERE owner = NEW.owner; END`)
	kept = fault("share.stop/key", "La clé d'un partage arrêté survit", "The key of a share that was stopped survives",
		`CREATE TRIGGER kept AFTER UPDATE OF wrapped ON vault_key WHEN NEW.wrapped IS NULL BEGIN UPDATE vault_key SET wrapped = OLD.wrapped, destroyed = 0 WHERE owner = NEW.owner; END`)
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	qTidyText     = db.SQL(`DELETE FROM consent_text WHERE org = $1 AND question IN (SELECT id FROM consent_question WHERE org = $1 AND (id = $2 OR created_at < $3))`)
	qTidyQuestion = db.SQL(`DELETE FROM consent_question WHERE org = $1 AND (id = $2 OR created_at < $3)`)
	qAllTexts     = db.SQL(`SELECT org, question FROM consent_text WHERE org <> $1 GROUP BY org, question ORDER BY org, question LIMIT 2000`)
	qNoConsent    = db.SQL(`SELECT COUNT(*) FROM consent_share s WHERE ended_at = 0 AND NOT EXISTS (
		SELECT 1 FROM consent_record r WHERE r.org = s.org AND r.share = s.id AND r.person = s.person AND r.given = 1)`)
	qLiveAll = db.SQL(`SELECT COUNT(*) FROM consent_share WHERE ended_at = 0`)
	qCopyOne = db.SQL(`SELECT value FROM consent_copy WHERE org = $1 AND share = $2 AND field = $3`)
	qCopyN   = db.SQL(`SELECT COUNT(*) FROM consent_copy WHERE org = $1 AND share = $2`)
)

// scene is a question of the organization of canaries, who asks it and who answers.
type scene struct {
	m              *Module
	s              core.Stage
	asker, who     core.Canary
	office, person *http.Client
	question       core.ID
}

const canaryOrg = "/o/" + string(core.Canaries)

// played makes the scene of a probe, and takes it away.
func (m *Module) played(see func(context.Context, *scene) (core.Sight, error)) func(context.Context, core.Stage) (core.Sight, error) {
	return func(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
		sc := &scene{m: m, s: s}
		for _, one := range []struct {
			c    *core.Canary
			in   **http.Client
			role []string
		}{{&sc.asker, &sc.office, []string{"admin"}}, {&sc.who, &sc.person, nil}} {
			if *one.c, err = s.Canary(ctx, one.role...); err != nil {
				return seen, err
			}
			if *one.in, err = s.Enter(ctx, *one.c); err != nil {
				return seen, err
			}
		}
		defer func() {
			if terr := m.tidy(context.WithoutCancel(ctx), sc.question); err == nil {
				err = terr
			}
		}()
		return see(ctx, sc)
	}
}

func (m *Module) tidy(ctx context.Context, question core.ID) error {
	return m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		for _, q := range []string{qTidyText, qTidyQuestion} {
			if _, err := tx.Exec(ctx, q, core.Canaries, question, clock.Micros(m.now().Add(-time.Hour))); err != nil {
				return err
			}
		}
		return nil
	})
}

var questionAt = regexp.MustCompile(`/consents/([0-9a-f-]{36})$`)

// publish has the asker publish a question through the pages, or its next version.
func (sc *scene) publish(ctx context.Context, words string, fields ...string) error {
	path, version := canaryOrg+"/consents/new", "0"
	if sc.question != "" {
		path, version = canaryOrg+"/consents/"+string(sc.question)+"/new", "1"
	}
	a, err := probe.Post(ctx, sc.office, path, url.Values{
		"purpose": {"probe-" + string(ids.New())[24:]}, "title_fr": {"Sonde"}, "title_en": {"Probe"}, "text_fr": {words}, "text_en": {words},
		"asks": fields, "days": {"30"}, "version": {version},
	})
	if err != nil {
		return err
	}
	found := questionAt.FindStringSubmatch(a.Header.Get("Location"))
	if found == nil {
		return probe.Unseen(tpDark, path, a.Status)
	}
	sc.question = core.ID(found[1])
	return nil
}

func (sc *scene) at(verb string) string {
	path := "/me/shares/" + string(sc.question)
	if verb != "" {
		path += "/" + verb
	}
	return path
}

// send has the canary answer.
func (sc *scene) send(ctx context.Context, verb string, form url.Values) (probe.Answer, error) {
	a, err := probe.Post(ctx, sc.person, sc.at(verb), form)
	if err == nil && a.Status >= 400 {
		err = probe.Unseen(tpDark, sc.at(verb), a.Status)
	}
	return a, err
}

// last gives the canary's last answer, and whether its consent stands.
func (sc *scene) last(ctx context.Context) (r Record, q Question, stands bool, err error) {
	err = sc.m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		if q, err = sc.m.of(ctx, tx, core.Canaries, sc.question); err != nil {
			return err
		}
		if r, _, err = db.One(ctx, tx, qLastTo, scanRecord, q.Org, q.ID, sc.who.Person); err != nil {
			return err
		}
		stands, err = sc.m.Given(ctx, tx, q.Org, sc.who.Person, q.Purpose)
		return err
	})
	return r, q, stands, err
}

func (sc *scene) witnessed(ctx context.Context, seen core.Sight, act *core.ActDef) (core.Sight, error) {
	var err error
	seen.Entries, err = sc.s.Witness(ctx, sc.who, act.Permission)
	return seen, err
}

// seeRecord: an answer names for ever the text that was shown, and every text still says what its hash pins.
func (m *Module) seeRecord(ctx context.Context, sc *scene) (seen core.Sight, err error) {
	if err := sc.publish(ctx, "One."); err != nil {
		return seen, err
	}
	if _, err := sc.send(ctx, "give", url.Values{"version": {"1"}}); err != nil {
		return seen, err
	}
	given, q, stands, err := sc.last(ctx)
	if err != nil {
		return seen, err
	}
	if !stands || !given.Given {
		return probe.Broken(1, 1, tpNotKept), nil
	}
	var text Text
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) { text, err = m.text(ctx, tx, q, 1); return err })
	if err != nil {
		return seen, err
	}
	if !text.Genuine(q) || text.Body.EN != "One." {
		return probe.Broken(1, 1, tpReworded), nil
	}
	if err := sc.publish(ctx, "Two."); err != nil {
		return seen, err
	}
	after, _, _, err := sc.last(ctx)
	if err != nil {
		return seen, err
	}
	if after.Number != 1 || after.Digest != text.Digest || after.ID != given.ID {
		return probe.Broken(1, 1, tpRewritten), nil
	}
	all, wrong, err := m.genuine(ctx)
	if err != nil {
		return seen, err
	}
	if wrong > 0 {
		return probe.Broken(all, all, tpChanged, wrong, all), nil
	}
	return sc.witnessed(ctx, probe.Held(all+1, all+1, tpRecorded, all, all), Give)
}

// genuine reads every text of the clients again.
func (m *Module) genuine(ctx context.Context) (all, wrong int, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		all, wrong = 0, 0
		list, err := db.All(ctx, tx, qAllTexts, func(scan db.Scan) (q Question, err error) { err = scan(&q.Org, &q.ID); return q, err }, core.Canaries)
		if err != nil {
			return err
		}
		for _, one := range list {
			q, err := m.of(ctx, tx, one.Org, one.ID)
			if err != nil {
				return err
			}
			texts, err := db.All(ctx, tx, qTexts, scanText, q.Org, q.ID)
			if err != nil {
				return err
			}
			for _, t := range texts {
				all++
				if !t.Genuine(q) {
					wrong++
				}
			}
		}
		return nil
	})
	return all, wrong, err
}

// seeWithdraw: from the page where the consent was given, in no more steps, with effect at once.
func (m *Module) seeWithdraw(ctx context.Context, sc *scene) (seen core.Sight, err error) {
	if err := sc.publish(ctx, "One."); err != nil {
		return seen, err
	}
	if _, err := sc.send(ctx, "give", url.Values{"version": {"1"}}); err != nil {
		return seen, err
	}
	if _, _, stands, err := sc.last(ctx); err != nil || !stands {
		return seen, probe.Because(err, tpDark, sc.at("give"), 0)
	}
	page, err := probe.Get(ctx, sc.person, sc.at(""))
	if err != nil {
		return seen, err
	}
	if page.Status != http.StatusOK || !strings.Contains(page.Body, sc.at("withdraw")) {
		return probe.Broken(1, 1, tpNoWay), nil
	}
	if _, err := sc.send(ctx, "withdraw", nil); err != nil {
		return seen, err
	}
	last, _, stands, err := sc.last(ctx)
	if err != nil {
		return seen, err
	}
	if stands || last.Given {
		return probe.Broken(1, 1, tpStands), nil
	}
	return sc.witnessed(ctx, probe.Held(1, 1, tpWithdrawn, 1, 1), Withdraw)
}

// seeDefault: who answers nothing shows nothing, and nothing is chosen beforehand.
func (m *Module) seeDefault(ctx context.Context, sc *scene) (seen core.Sight, err error) {
	if err := sc.publish(ctx, "One.", "profile.given_name", "profile.email"); err != nil {
		return seen, err
	}
	page, err := probe.Get(ctx, sc.person, sc.at(""))
	if err != nil {
		return seen, err
	}
	if page.Status != http.StatusOK || !strings.Contains(page.Body, `name="fields"`) {
		return seen, probe.Unseen(tpDark, sc.at(""), page.Status)
	}
	if strings.Contains(page.Body, " checked") {
		return probe.Broken(1, 1, tpTicked), nil
	}
	list, err := probe.Get(ctx, sc.office, "/api/v1/organizations/"+string(core.Canaries)+"/shares")
	if err != nil {
		return seen, err
	}
	if list.Status != http.StatusOK {
		return seen, probe.Unseen(tpDark, "/shares", list.Status)
	}
	if strings.Contains(list.Body, string(sc.who.Person)) {
		return probe.Broken(1, 1, tpOpened), nil
	}
	var live, bare int64
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if live, _, err = db.One(ctx, tx, qLiveAll, db.Value[int64]); err != nil {
			return err
		}
		bare, _, err = db.One(ctx, tx, qNoConsent, db.Value[int64])
		return err
	})
	if err != nil {
		return seen, err
	}
	if bare > 0 {
		return probe.Broken(int(live), int(live), tpUnasked, bare, live), nil
	}
	return probe.Held(int(live)+1, int(live)+1, tpClosed, live), nil
}

var seenMark = regexp.MustCompile(`name="seen" value="([0-9a-f]{64})"`)

// seeStop: visible, stopped, gone at the next request: page, list, copies, key.
func (m *Module) seeStop(ctx context.Context, sc *scene) (seen core.Sight, err error) {
	const field = "profile.email"
	if err := sc.publish(ctx, "One.", field); err != nil {
		return seen, err
	}
	form := url.Values{"version": {"1"}, "fields": {field}, "until": {m.now().AddDate(0, 0, 7).Format(time.DateOnly)}}
	shown, err := sc.send(ctx, "preview", form)
	if err != nil {
		return seen, err
	}
	mark := seenMark.FindStringSubmatch(shown.Body)
	if mark == nil || !strings.Contains(shown.Body, sc.who.Email) {
		return seen, probe.Unseen(tpDark, sc.at("preview"), shown.Status)
	}
	form.Set("seen", mark[1])
	if _, err := sc.send(ctx, "give", form); err != nil {
		return seen, err
	}
	given, _, _, err := sc.last(ctx)
	if err != nil {
		return seen, err
	}
	page := canaryOrg + "/shares/" + string(given.Share)
	before, err := probe.Get(ctx, sc.office, page)
	if err != nil {
		return seen, err
	}
	if before.Status != http.StatusOK || !strings.Contains(before.Body, sc.who.Email) {
		return probe.Broken(1, 1, tpUnshown, before.Status), nil
	}
	elsewhere, _, err := m.copied(ctx, given.Share, field)
	if err != nil {
		return seen, err
	}
	if _, err := sc.send(ctx, "withdraw", url.Values{"share": {"1"}}); err != nil {
		return seen, err
	}
	return m.gone(ctx, sc, given.Share, field, elsewhere)
}

// copied gives a stored copy, and how many there are.
func (m *Module) copied(ctx context.Context, share core.ID, field string) (value []byte, n int64, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if value, _, err = db.One(ctx, tx, qCopyOne, db.Value[[]byte], core.Canaries, share, field); err != nil {
			return err
		}
		n, _, err = db.One(ctx, tx, qCopyN, db.Value[int64], core.Canaries, share)
		return err
	})
	return value, n, err
}

// gone looks for anything that is left of a share that was just stopped.
func (m *Module) gone(ctx context.Context, sc *scene, share core.ID, field string, elsewhere []byte) (seen core.Sight, err error) {
	began := time.Now()
	after, err := probe.Get(ctx, sc.office, canaryOrg+"/shares/"+string(share))
	if err != nil {
		return seen, err
	}
	took := time.Since(began)
	if after.Status != http.StatusNotFound || strings.Contains(after.Body, sc.who.Email) {
		return probe.Broken(1, 1, tpStill, after.Status), nil
	}
	list, err := probe.Get(ctx, sc.office, "/api/v1/organizations/"+string(core.Canaries)+"/shares")
	if err != nil {
		return seen, err
	}
	if strings.Contains(list.Body, string(share)) {
		return probe.Broken(1, 1, tpListed), nil
	}
	_, left, err := m.copied(ctx, share, field)
	if err != nil {
		return seen, err
	}
	if left > 0 {
		return probe.Broken(1, 1, tpCopies, left), nil
	}
	if _, err := m.needs.Sealer.Open(ctx, share, copyPlace(share, field), elsewhere); core.KindOf(err) != core.Gone {
		return probe.Broken(1, 1, tpKey), nil
	}
	return sc.witnessed(ctx, probe.Held(1, 1, tpStopped, took.Milliseconds()), Withdraw)
}

// onPages lets a relay change the pages of a person's shares.
func onPages(change func(string) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/me/shares/") {
				next.ServeHTTP(w, r)
				return
			}
			held := &heldPage{ResponseWriter: w}
			next.ServeHTTP(held, r)
			w.Header().Del("Content-Length")
			w.WriteHeader(max(held.status, http.StatusOK))
			_, _ = w.Write([]byte(change(held.body.String())))
		})
	}
}

type heldPage struct {
	http.ResponseWriter
	status int
	body   strings.Builder
}

func (h *heldPage) WriteHeader(status int)      { h.status = status }
func (h *heldPage) Write(b []byte) (int, error) { return h.body.Write(b) }
