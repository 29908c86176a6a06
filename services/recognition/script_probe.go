package recognition

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/services/recognition/pop"
)

var (
	tpScript      = i18n.T("Un script ouvre la bonne fiche, chez les hôtes permis seulement, et ce que dit l'appelant n'y change rien", "A script opens the right record, at allowed hosts alone, and nothing that a caller says changes it")
	tpScriptDark  = i18n.T("Un canari n'a pas pu régler ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not set up what the probe asks (%s: %d): nothing can be seen.")
	tpScriptHost  = i18n.T("Un script vers un hôte que personne n'a permis a été enregistré (%d).", "A script to a host that nobody allowed was kept (%d).")
	tpScriptSign  = i18n.T("Qui règle les scripts a pu signer les programmes des postes (%d).", "Whoever sets scripts up could sign the programs of workstations (%d).")
	tpScriptNew   = i18n.T("Un appelant inconnu n'ouvre pas la fiche préremplie attendue.", "An unknown caller does not open the prefilled record expected.")
	tpScriptEscap = i18n.T("Un nom hostile change l'adresse qu'un script ouvre.", "A hostile name changes the address that a script opens.")
	tpScriptRuns  = i18n.T("Un programme que personne n'a signé serait lancé.", "A program that nobody signed would be started.")
	tpScriptStill = i18n.T("Un script retiré agit encore.", "A removed script still acts.")
	tpScriptHeld  = i18n.T("Par les pages, un canari a permis un hôte et fait trois scripts : vers un autre hôte, refusé ; un appelant inconnu ouvre la fiche préremplie ; %d noms hostiles sur %d sont restés dans leur paramètre ; le programme non signé ne part pas et la signature lui est refusée ; retiré, le script n'agit plus.", "Through the pages, a canary allowed a host and made three scripts: to another host, refused; an unknown caller opens the prefilled record; %d hostile names of %d stayed within their parameter; the unsigned program does not start and the signature was refused to them; once removed, the script acts no more.")
)

func (m *Module) scriptProbes() []*core.Probe {
	return []*core.Probe{{ID: "recognition.script", Kind: core.BehaviourProbe, Title: probe.Text(tpScript), Run: m.seeScripts, Faults: scriptFaults}}
}

var scriptFaults = []core.PlantedFault{
	{
		ID: "recognition.script/undead", Title: core.Text{FR: "Un script retiré reste en service", EN: "A removed script stays in use"},
		Plant: probe.Rows(`CREATE TRIGGER undead_script AFTER UPDATE OF state ON recognition_script WHEN NEW.state = 'removed' BEGIN
			UPDATE recognition_script SET state = 'live', version = OLD.version WHERE org = NEW.org AND id = NEW.id; END`),
	},
	{
		ID: "recognition.script/anywhere", Title: core.Text{FR: "N'importe quel hôte est accepté", EN: "Any host is accepted"},
		Plant: probe.Front(agreeingTo("/scripts/new", http.StatusUnprocessableEntity)),
	},
	{
		ID: "recognition.script/anyone", Title: core.Text{FR: "Qui règle les scripts signe aussi les programmes", EN: "Whoever sets scripts up signs programs too"},
		Plant: probe.Front(agreeingTo("/scripts/sign", http.StatusForbidden)),
	},
	{
		ID: "recognition.script/raw", Title: core.Text{FR: "Une valeur entre sans être encodée", EN: "A value enters without being encoded"},
		Plant: probe.Front(func(next http.Handler) http.Handler {
			return probe.Rewrite(next, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("phone=%2B"), []byte("phone=+")) })
		}),
	},
}

// agreeingTo makes a refusal of one page look like a success.
func agreeingTo(path string, refusal int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, path) {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(&agreeing{ResponseWriter: w, refusal: refusal}, r)
		})
	}
}

type agreeing struct {
	http.ResponseWriter
	refusal int
}

func (a *agreeing) WriteHeader(status int) {
	if status == a.refusal {
		a.Header().Set("Location", "/")
		status = http.StatusSeeOther
	}
	a.ResponseWriter.WriteHeader(status)
}

const (
	canaryHost    = "crm.canary.invalid"
	scriptsOfOrg  = "/o/" + string(core.Canaries) + "/recognition/scripts"
	strangeNumber = "+33199005678" // one that is given to nobody
)

// hostileNames are what callers may call themselves.
var hostileNames = []string{"../../admin", "x&admin=1", "x#y", "a\r\nX-Admin: 1", "\"><script>", "$(id)", "%2e%2e/", "@evil.invalid/", "\u202egnp", "--config=/etc/passwd"}

var (
	reScriptAt = regexp.MustCompile(`/scripts/s/([0-9a-f-]{36})`)

	qClearScripts  = db.SQL(`DELETE FROM recognition_script WHERE org = $1 AND id IN (SELECT script FROM recognition_script_version WHERE org = $1 AND made_by = $2)`)
	qClearVersions = db.SQL(`DELETE FROM recognition_script_version WHERE org = $1 AND made_by = $2`)
	qClearLimit    = db.SQL(`DELETE FROM recognition_script_limit WHERE org = $1 AND changed_by = $2`)
	qClearProgram  = db.SQL(`DELETE FROM recognition_program WHERE org = $1 AND signed_by = $2`)
)

// clearScripts leaves nothing of a canary: its organization has no other people.
func clearScripts(ctx context.Context, tx core.Tx, person core.ID) error {
	for _, q := range []string{qClearScripts, qClearVersions, qClearLimit, qClearProgram} {
		if _, err := tx.Exec(ctx, q, core.Canaries, person); err != nil {
			return err
		}
	}
	return nil
}

// manage makes a script through the page; it gives the id, or the status that refused it.
func manageScript(ctx context.Context, in *http.Client, form url.Values) (id string, status int, err error) {
	a, err := probe.Post(ctx, in, scriptsOfOrg+"/new", form)
	if err != nil {
		return "", 0, err
	}
	if at := reScriptAt.FindStringSubmatch(a.Header.Get("Location")); at != nil {
		id = at[1]
	}
	return id, a.Status, nil
}

func (m *Module) seeScripts(ctx context.Context, s core.Stage) (core.Sight, error) {
	canary, err := s.Canary(ctx, RoleManager)
	if err != nil {
		return core.Sight{}, err
	}
	in, err := s.Enter(ctx, canary)
	if err != nil {
		return core.Sight{}, err
	}
	a, err := probe.Post(ctx, in, scriptsOfOrg+"/limits", url.Values{"hosts": {canaryHost}})
	if err != nil {
		return core.Sight{}, err
	}
	if a.Status != http.StatusSeeOther {
		return core.Sight{}, probe.Unseen(tpScriptDark, "limits", a.Status)
	}
	form := url.Values{"kind": {"open"}, "title": {"canary.open"}, "for": {"unknown"}, "params": {"number number number required\nname text name"}}
	form.Set("url", "https://elsewhere.invalid/{number}")
	if _, status, err := manageScript(ctx, in, form); err != nil || status != http.StatusUnprocessableEntity {
		return probe.Broken(1, 1, tpScriptHost, status), err
	}
	form.Set("url", "https://"+canaryHost+"/new?phone={number}&name={name}#{name}")
	id, status, err := manageScript(ctx, in, form)
	if err != nil || id == "" {
		return core.Sight{}, errOr(err, probe.Unseen(tpScriptDark, "open", status))
	}
	run := url.Values{"kind": {"program"}, "title": {"canary.run"}, "for": {"both"}, "params": {"name text name"}, "path": {"/usr/bin/canary"}, "args": {"--name={name}"}}
	if program, status, err := manageScript(ctx, in, run); err != nil || program == "" {
		return core.Sight{}, errOr(err, probe.Unseen(tpScriptDark, "program", status))
	}
	if a, err = probe.Post(ctx, in, scriptsOfOrg+"/sign", url.Values{}); err != nil || a.Status != http.StatusForbidden {
		return probe.Broken(1, 1, tpScriptSign, a.Status), err
	}
	try := func() (string, error) {
		a, err := probe.Post(ctx, in, scriptsOfOrg+"/try", url.Values{"number": {strangeNumber}})
		return a.Body, err
	}
	page, err := try()
	if err != nil {
		return core.Sight{}, err
	}
	if !strings.Contains(page, "https://"+canaryHost+"/new?phone=%2B"+strangeNumber[1:]) {
		return probe.Broken(1, 1, tpScriptNew), nil
	}
	if broken, err := m.hostileCallers(ctx); err != nil || broken != nil {
		return *orSight(broken), err
	}
	if a, err = probe.Post(ctx, in, scriptsOfOrg+"/s/"+id+"/remove", url.Values{}); err != nil || a.Status != http.StatusSeeOther {
		return core.Sight{}, errOr(err, probe.Unseen(tpScriptDark, "remove", a.Status))
	}
	if page, err = try(); err != nil || strings.Contains(page, canaryHost+"/new") {
		return probe.Broken(1, 1, tpScriptStill), err
	}
	return probe.Held(len(hostileNames), len(hostileNames), tpScriptHeld, len(hostileNames), len(hostileNames)), nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func orSight(s *core.Sight) *core.Sight {
	if s == nil {
		return &core.Sight{}
	}
	return s
}

// hostileCallers has callers with hostile names ring at the canary's scripts.
func (m *Module) hostileCallers(ctx context.Context) (broken *core.Sight, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		for _, name := range hostileNames {
			actions, err := m.Actions(ctx, tx, core.Canaries, pop.Caller{Number: strangeNumber, Name: name})
			if err != nil {
				return err
			}
			for _, a := range actions {
				u, err := url.Parse(a.URL)
				sight := probe.Broken(len(hostileNames), len(hostileNames), tpScriptEscap)
				switch {
				case a.Kind == pop.Program:
					sight = probe.Broken(1, 1, tpScriptRuns)
				case err == nil && u.Scheme == "https" && u.Host == canaryHost && u.Path == "/new" && u.User == nil && len(u.Query()) == 2:
					continue
				}
				broken = &sight
				return nil
			}
		}
		return nil
	})
	return broken, err
}
