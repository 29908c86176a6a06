package inventory

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.look("asset.register", tpAssets, Assets, m.seeAssets, unflagged("asset"), lostCertificate, goneBare),
		m.look("subprocessor.register", tpProcessors, Processors, m.seeProcessors, unflagged("subprocessor"), untold, expiredRow),
		m.look("document.review", tpDocuments, Documents, m.seeDocuments, unflagged("document"), lostVersion, undue, unsent, alone, lateRow, lateFinding),
	}
}

var (
	tpAssets     = i18n.T("Le matériel est inventorié, et sa sortie laisse une trace complète", "Hardware is inventoried, and its disposal leaves a complete record")
	tpProcessors = i18n.T("Chaque sous-traitant a ses clauses, sa région et sa date, et les clients sont prévenus", "Each sub-processor has its terms, its region and its date, and clients are told")
	tpDocuments  = i18n.T("Les documents et évaluations sont revus à temps, et leurs versions restent", "Documents and evaluations are reviewed in time, and their versions stay")

	tpDark       = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")
	tpUnflagged  = i18n.T("Une ligne écrite par un canari à laquelle il manque quelque chose n'est pas signalée (%s).", "A line that a canary wrote, and that lacks something, is not flagged (%s).")
	tpFalse      = i18n.T("Une ligne complète écrite par un canari est signalée à tort (%s).", "A complete line that a canary wrote is flagged wrongly (%s).")
	tpNoFile     = i18n.T("Le certificat joint par un canari ne revient pas tel qu'il a été donné.", "The certificate that a canary attached does not come back as it was given.")
	tpShort      = i18n.T("Un changement de sous-traitant à moins de %d jours est accepté sans que les clients aient été prévenus.", "A change of sub-processors within %d days is accepted without clients having been told.")
	tpNotTold    = i18n.T("Un administrateur de client n'a pas été prévenu d'un sous-traitant.", "An administrator of a client was not told of a sub-processor.")
	tpNoVersion  = i18n.T("La version précédente d'un document n'est plus lisible.", "The former version of a document can no longer be read.")
	tpNotLate    = i18n.T("Un document dont la revue est passée n'est pas signalé en retard.", "A document whose review has passed is not flagged as overdue.")
	tpNotSent    = i18n.T("La revue d'un document n'a pas été rappelée à qui en répond.", "The review of a document was not recalled to its owner.")
	tpAlone      = i18n.T("Une revue passée n'a pas été signalée au-dessus de qui en répond.", "A review that has passed was not told to those above its owner.")
	tpLive       = i18n.T("%d lignes sur %d sont à régler : sans ce qu'elles doivent avoir, ou leur date passée.", "%d lines of %d are to be settled: without what they must have, or their date passed.")
	tpAssetHeld  = i18n.T("Un canari a sorti un matériel : sans trace il a été signalé ; avec date, moyen, témoin et certificat il ne l'est plus, et le certificat est rendu identique. %d matériels, aucun sorti sans trace.", "A canary disposed of an asset: without a record it was flagged; with date, means, witness and certificate it no longer is, and the certificate comes back identical. %d assets, none disposed of without a record.")
	tpProcHeld   = i18n.T("Un canari a écrit un sous-traitant sans clauses ni fondement : signalé ; à moins de %d jours et sans annonce : refusé ; un administrateur de client a été prévenu du suivant. %d sous-traitants, tous avec contrat, clauses et date à venir.", "A canary wrote a sub-processor without terms nor ground: flagged; within %d days and without notice: refused; an administrator of a client was told of the next. %d sub-processors, all with contract, terms and a date to come.")
	tpDocHeld    = i18n.T("Un canari a écrit un document en vigueur que personne n'a approuvé : signalé ; sa nouvelle version a gardé l'ancienne ; sa revue passée, il a été signalé, rappelé à qui en répond et dit au-dessus. %d documents, évaluations et constats, aucun en retard.", "A canary wrote a document in force that nobody had approved: flagged; its new version kept the old one; once its review had passed it was flagged, recalled to its owner and told above. %d documents, evaluations and findings, none overdue.")
	tpNothingBad = i18n.T("aucun signalement", "no flag")
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

// unflagged makes every line of a register believe that it lacks nothing.
func unflagged(register string) core.PlantedFault {
	id := map[string]string{"asset": "asset.register", "subprocessor": "subprocessor.register", "document": "document.review"}[register]
	return fault(id+"/unflagged", "Ce qui manque à une ligne n'est pas noté", "What a line lacks is not noted",
		`CREATE TRIGGER unflagged_added AFTER INSERT ON inventory_item WHEN NEW.lacks <> '' AND NEW.register = '`+register+`' BEGIN UPDATE inventory_item SET lacks = '' WHERE id = NEW.id; END`,
		`CREATE TRIGGER unflagged_changed AFTER UPDATE OF lacks ON inventory_item WHEN NEW.lacks <> '' AND NEW.register = '`+register+`' BEGIN UPDATE inventory_item SET lacks = '' WHERE id = NEW.id; END`)
}

// row plants a line in a register, as if somebody had forgotten it.
func row(id, fr, en, register, state, due, lacks string) core.PlantedFault {
	return fault(id, fr, en, `INSERT INTO inventory_item (id, register, parent, owner, state, due_at, lacks, revision, tell, made_at, made_by, trial)
		VALUES ('planted', '`+register+`', '', '', '`+state+`', `+due+`, '`+lacks+`', 1, 0, 1, '', 0)`)
}

var (
	lostCertificate = fault("asset.register/certificate", "Le certificat de sortie n'est pas gardé", "The certificate of disposal is not kept",
		`CREATE TRIGGER lost_certificate AFTER INSERT ON inventory_file BEGIN DELETE FROM inventory_file WHERE id = NEW.id; END`)
	goneBare = row("asset.register/row", "Un matériel est sorti sans trace", "An asset was disposed of without a record", "asset", disposed, "0", LacksRecord)

	untold = fault("subprocessor.register/untold", "Le courriel aux clients ne part pas", "The mail to clients does not leave",
		`CREATE TRIGGER untold AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+mailNews+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	expiredRow = row("subprocessor.register/row", "Le contrat d'un sous-traitant a expiré", "The contract of a sub-processor has expired", "subprocessor", "current", "1000000", "")

	lostVersion = fault("document.review/version", "Une nouvelle version efface l'ancienne", "A new version erases the old one",
		`CREATE TRIGGER lost_version AFTER INSERT ON inventory_version WHEN NEW.revision > 1 BEGIN DELETE FROM inventory_version WHERE item = NEW.item AND revision < NEW.revision; END`)
	undue = fault("document.review/undue", "Une date de revue passée est repoussée toute seule", "A review date that has passed moves on by itself",
		`CREATE TRIGGER undue AFTER UPDATE OF due_at ON inventory_item WHEN NEW.due_at < OLD.due_at BEGIN UPDATE inventory_item SET due_at = OLD.due_at WHERE id = NEW.id; END`)
	unsent = fault("document.review/unsent", "Les rappels n'entrent pas dans le courrier", "Reminders do not enter the mail",
		`CREATE TRIGGER unsent_due AFTER INSERT ON mail_outbox WHEN NEW.kind IN ('`+mailDue+`', '`+mailPast+`') BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	alone = fault("document.review/alone", "Une échéance passée n'est dite qu'à qui en répond", "A date that has passed is told to its owner alone",
		`CREATE TRIGGER unsent_above AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+mailAbove+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	lateRow     = row("document.review/row", "La revue d'un document est passée", "The review of a document has passed", "document", "in_force", "1000000", "")
	lateFinding = row("document.review/finding", "Un constat d'évaluation est en retard", "A finding of an evaluation is overdue", "finding", "open", "1000000", "")
)

var (
	qCount   = db.SQL(`SELECT count(*) FROM inventory_item WHERE register = $1 AND trial = 0`)
	qBad     = db.SQL(`SELECT count(*) FROM inventory_item WHERE register = $1 AND trial = 0 AND (lacks <> '' OR (due_at > 0 AND due_at <= $2))`)
	qLacking = db.SQL(`SELECT count(*) FROM inventory_item WHERE register = $1 AND trial = 0 AND lacks <> ''`)
	qAge     = db.SQL(`UPDATE inventory_item SET due_at = $2 WHERE id = $1 AND trial = 1`)
)

// live counts the lines of registers, and those that are to be settled. The check of an asset is its holder's business: no
// clause promises it.
func (m *Module) live(ctx context.Context, list ...*Register) (all, bad int, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		all, bad = 0, 0
		for _, r := range list {
			n, _, err := db.One(ctx, tx, qCount, db.Value[int64], r.ID)
			if err != nil {
				return err
			}
			var b int64
			if r == Assets {
				b, _, err = db.One(ctx, tx, qLacking, db.Value[int64], r.ID)
			} else {
				b, _, err = db.One(ctx, tx, qBad, db.Value[int64], r.ID, clock.Micros(m.now()))
			}
			if err != nil {
				return err
			}
			all, bad = all+int(n), bad+int(b)
		}
		return nil
	})
	return all, bad, err
}

// play is a canary of the staff who writes into a register through its pages.
type play struct {
	core.Stage
	m   *Module
	r   *Register
	who core.Canary
	in  *http.Client
}

func (m *Module) look(id string, title i18n.Sentence, r *Register, see func(context.Context, *play) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Faults: faults, Run: func(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
		p := &play{Stage: s, m: m, r: r}
		if p.who, err = s.Canary(ctx, "provider.dpo"); err != nil {
			return seen, err
		}
		if p.in, err = s.Enter(ctx, p.who); err != nil {
			return seen, err
		}
		if seen, err = see(ctx, p); err != nil || !seen.Held {
			return seen, err
		}
		seen.Entries, err = s.Witness(ctx, p.who, r.Add.Permission)
		return seen, err
	}}
}

// post sends a form, with a file when there is one, to a page of the register.
func (p *play) post(ctx context.Context, path string, values Values, file string) (probe.Answer, error) {
	if file == "" {
		form := url.Values{}
		for name, v := range values {
			form.Set(name, v)
		}
		return probe.Post(ctx, p.in, Paths[p.r.ID]+path, form)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, v := range values {
		_ = form.WriteField(name, v) // a buffer takes everything
	}
	part, err := form.CreateFormFile("files", "probe.txt")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err != nil {
		return probe.Answer{}, err
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, Paths[p.r.ID]+path, &body)
	if err != nil {
		return probe.Answer{}, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return probe.Do(p.in, req)
}

// mine gives the one line that the canary wrote, with its versions and files.
func (p *play) mine(ctx context.Context) (page Page, err error) {
	err = p.m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		page = Page{}
		all, err := db.All(ctx, tx, qAll, scanItem, p.r.ID, p.who.Person)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(it Item) bool { return it.trial && it.MadeBy == p.who.Person })
		if i < 0 {
			return nil
		}
		page.Item = all[i]
		if page.Versions, err = db.All(ctx, tx, qVersions, scanItem, page.ID); err != nil {
			return err
		}
		page.Files, err = p.m.files(ctx, tx, page.ID)
		return err
	})
	return page, err
}

// adds writes a line and gives it back.
func (p *play) adds(ctx context.Context, values Values) (Page, error) {
	a, err := p.post(ctx, "", values, "")
	if err != nil {
		return Page{}, err
	}
	page, err := p.mine(ctx)
	if err == nil && (a.Status >= 400 || page.ID == "") {
		err = probe.Unseen(tpDark, Paths[p.r.ID], a.Status)
	}
	return page, err
}

// list reads the page of the register as the canary does: what it flags.
func (p *play) list(ctx context.Context, show string) (string, error) {
	a, err := probe.Get(ctx, p.in, Paths[p.r.ID]+show)
	if err == nil && a.Status != http.StatusOK {
		err = probe.Unseen(tpDark, Paths[p.r.ID]+show, a.Status)
	}
	return a.Body, err
}

// flagged tells whether the canary's line stands among those that the page says to settle.
func (p *play) flagged(ctx context.Context, id core.ID) (bool, error) {
	body, err := p.list(ctx, "?show="+FilterFlagged)
	return strings.Contains(body, string(id)), err
}

func words(flags []string) i18n.Sentence {
	if len(flags) == 0 {
		return tpNothingBad
	}
	var fr, en []string
	for _, f := range flags {
		fr, en = append(fr, FlagTitle(f).Say(i18n.FR)), append(en, FlagTitle(f).Say(i18n.EN))
	}
	return i18n.From(core.Text{FR: strings.Join(fr, ", "), EN: strings.Join(en, ", ")})
}

// verdict adds what stands in the live rows to what the canary saw.
func (m *Module) verdict(ctx context.Context, held i18n.Sentence, args []any, list ...*Register) (core.Sight, error) {
	all, bad, err := m.live(ctx, list...)
	if err != nil {
		return core.Sight{}, err
	}
	if bad > 0 {
		return probe.Broken(all, all, tpLive, bad, all), nil
	}
	return probe.Held(all+1, all+1, held, append(args, all)...), nil
}

func (m *Module) seeAssets(ctx context.Context, p *play) (core.Sight, error) {
	line := Values{"label": "probe", "kind": "computer", "encrypted": "yes", "state": disposed}
	page, err := p.adds(ctx, line)
	if err != nil {
		return core.Sight{}, err
	}
	if is, err := p.flagged(ctx, page.ID); err != nil || !is {
		return probe.Broken(1, 1, tpUnflagged, words([]string{LacksRecord})), err
	}
	line["disposed_on"], line["method"], line["disposed_by"], line["revision"] = m.now().Format(time.DateOnly), "wiped", "probe", "1"
	const certificate = "wiped by a probe"
	if a, err := p.post(ctx, "/"+string(page.ID), line, certificate); err != nil || a.Status >= 400 {
		return core.Sight{}, probe.Because(err, tpDark, Paths[p.r.ID], a.Status)
	}
	if page, err = p.mine(ctx); err != nil {
		return core.Sight{}, err
	}
	if len(page.Files) != 1 {
		return probe.Broken(1, 1, tpNoFile), nil
	}
	a, err := probe.Get(ctx, p.in, Paths[p.r.ID]+"/"+string(page.ID)+"/files/"+string(page.Files[0].ID))
	if err != nil || a.Status != http.StatusOK || a.Body != certificate {
		return probe.Broken(1, 1, tpNoFile), err
	}
	if is, err := p.flagged(ctx, page.ID); err != nil || is {
		return probe.Broken(1, 1, tpFalse, words(page.Lacks)), err
	}
	return m.verdict(ctx, tpAssetHeld, nil, Assets)
}

func (m *Module) seeProcessors(ctx context.Context, p *play) (core.Sight, error) {
	reader, err := p.Canary(ctx, "admin")
	if err != nil {
		return core.Sight{}, err
	}
	now := m.now()
	line := Values{
		"label": "probe", "service": "probe", "country": "probe", "region": regionOutside, "data": "probe", "terms": "no", "owner": string(p.who.Person),
		"state": "current", "starts": now.AddDate(0, 0, 1).Format(time.DateOnly),
	}
	a, err := p.post(ctx, "", line, "")
	if err != nil {
		return core.Sight{}, err
	}
	if page, err := p.mine(ctx); err != nil || a.Status < 400 || page.ID != "" {
		return probe.Broken(1, 1, tpShort, NoticeDays), err
	}
	line["starts"] = now.AddDate(0, 0, NoticeDays+1).Format(time.DateOnly)
	page, err := p.adds(ctx, line)
	if err != nil {
		return core.Sight{}, err
	}
	if !slices.Contains(page.Lacks, LacksTerms) || !slices.Contains(page.Lacks, LacksGround) {
		return probe.Broken(1, 1, tpUnflagged, words([]string{LacksTerms, LacksGround})), nil
	}
	if is, err := p.flagged(ctx, page.ID); err != nil || !is {
		return probe.Broken(1, 1, tpUnflagged, words([]string{LacksTerms, LacksGround})), err
	}
	if err := m.tell(core.WithActor(ctx, core.System("inventory.remind")), p.who.Person); err != nil {
		return core.Sight{}, err
	}
	if _, err := p.Letter(ctx, reader, mailNews); core.KindOf(err) == core.NotFound {
		return probe.Broken(1, 1, tpNotTold), nil
	} else if err != nil {
		return core.Sight{}, err
	}
	return m.verdict(ctx, tpProcHeld, []any{NoticeDays}, Processors)
}

var anyVersion = regexp.MustCompile(`probe-(one|two)`)

func (m *Module) seeDocuments(ctx context.Context, p *play) (core.Sight, error) {
	above, err := p.Canary(ctx, "provider.dpo")
	if err != nil {
		return core.Sight{}, err
	}
	now := m.now()
	line := Values{"label": "probe", "owner": string(p.who.Person), "version": "probe-one", "review": now.AddDate(0, 6, 0).Format(time.DateOnly), "state": "in_force"}
	page, err := p.adds(ctx, line)
	if err != nil {
		return core.Sight{}, err
	}
	if is, err := p.flagged(ctx, page.ID); err != nil || !is {
		return probe.Broken(1, 1, tpUnflagged, words([]string{LacksApproval, LacksText})), err
	}
	line["version"], line["approved_by"], line["approved_on"], line["revision"] = "probe-two", "probe", now.Format(time.DateOnly), "1"
	if a, err := p.post(ctx, "/"+string(page.ID), line, "the text"); err != nil || a.Status >= 400 {
		return core.Sight{}, probe.Because(err, tpDark, Paths[p.r.ID], a.Status)
	}
	body, err := p.list(ctx, "/"+string(page.ID))
	if err != nil {
		return core.Sight{}, err
	}
	if seen := anyVersion.FindAllString(body, -1); !slices.Contains(seen, "probe-one") || !slices.Contains(seen, "probe-two") {
		return probe.Broken(1, 1, tpNoVersion), nil
	}
	if is, err := p.flagged(ctx, page.ID); err != nil || is {
		return probe.Broken(1, 1, tpFalse, words(page.Lacks)), err
	}
	return m.playPast(ctx, p, above, page.ID, now)
}

// playPast lets the review of a document pass: flagged, recalled to its owner, told above.
func (m *Module) playPast(ctx context.Context, p *play, above core.Canary, id core.ID, now time.Time) (core.Sight, error) {
	err := m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		people, err := m.needs.People.People(ctx, tx, p.who.Person)
		if err == nil && people[p.who.Person].IsCanary() {
			_, err = tx.Exec(ctx, qAge, id, clock.Micros(now.Add(-time.Hour)))
		}
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	if is, err := p.flagged(ctx, id); err != nil || !is {
		return probe.Broken(1, 1, tpNotLate), err
	}
	if err := m.remind(core.WithActor(ctx, core.System("inventory.remind")), p.who.Person); err != nil {
		return core.Sight{}, err
	}
	if _, err := p.Letter(ctx, p.who, mailPast); core.KindOf(err) == core.NotFound {
		return probe.Broken(1, 1, tpNotSent), nil
	} else if err != nil {
		return core.Sight{}, err
	}
	if _, err := p.Letter(ctx, above, mailAbove); core.KindOf(err) == core.NotFound {
		return probe.Broken(1, 1, tpAlone), nil
	} else if err != nil {
		return core.Sight{}, err
	}
	return m.verdict(ctx, tpDocHeld, nil, Documents, Evaluations, Findings)
}
