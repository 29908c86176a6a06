package recognition

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/code"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/source"
)

// The tool of a canary, its one contact, and another caller whom no card knows. Numbers that are given to nobody (ARCEP: for fiction).
const (
	partsTool   = "canary.parts"
	partsName   = "Canari Quatre-Parts"
	partsNumber = "+33199008024"
	partsOther  = "+33199008025"
	canariesAPI = "/api/v1/organizations/" + string(core.Canaries)
)

var (
	tpParts      = i18n.T("Le réglage, la synchronisation, la reconnaissance et le poste fonctionnent chacun seul, et ensemble", "The configuration tool, the synchronisation, the recognition and the workstation each run alone, and together")
	tpPartsSetup = i18n.T("L'outil de réglage ne fonctionne pas tant que rien d'autre n'est là : page %d, code d'installation %d.", "The configuration tool does not run while nothing else is there: page %d, install code %d.")
	tpPartsSync  = i18n.T("La synchronisation n'aboutit pas sans poste ni recherche (%s).", "The synchronisation does not come through without a workstation or a lookup (%s).")
	tpPartsFind  = i18n.T("Sans poste, et le programme de synchronisation arrêté, une fiche n'est pas trouvée par son numéro (%d).", "Without a workstation, and the synchronisation stopped, a card is not found by its number (%d).")
	tpPartsAll   = i18n.T("Les quatre composants en marche, le poste n'a pas nommé l'appelant, dont la fiche existe (%d).", "All four parts running, the workstation did not name the caller, whose card exists (%d).")
	tpPartsDesk  = i18n.T("Sans outil relié ni fiche, le poste ne montre pas un appel : direct %d, historique %d, installation %d.", "Without a linked tool or a card, the workstation does not show a call: live %d, history %d, installation %d.")
	tpPartsOpen  = i18n.T("Le jeton d'un composant en ouvre un autre (%s : %d).", "The token of one part opens another (%s: %d).")
	tpPartsNoKey = i18n.T("Un poste témoin n'a pas été installé par son code (%d) : rien ne peut être vu.", "A canary's workstation was not installed by its code (%d): nothing can be seen.")
	tpPartsHeld  = i18n.T(
		"Dans une organisation témoin : le réglage a relié un outil et donné un code d'installation avant que rien d'autre existe ; la synchronisation a apporté une fiche sans poste ; elle arrêtée, la reconnaissance a trouvé la fiche ; les quatre ensemble, le poste installé par son code a nommé l'appelant ; l'outil retiré, le poste seul a montré un appel par son numéro. Le jeton d'aucun n'a ouvert un autre.",
		"In a canary organization: the configuration tool linked a tool and gave an install code before anything else existed; the synchronisation brought a card without a workstation; with it stopped, the recognition found the card; all four together, the workstation installed by its code named the caller; with the tool removed, the workstation alone showed a call by its number. The token of none opened another.",
	)
)

var partsFaults = []core.PlantedFault{
	{
		ID: "recognition.parts/setup", Title: core.Text{FR: "Le réglage ne donne un code que si un programme tourne déjà", EN: "The configuration tool gives a code only if a program runs already"},
		Plant: probe.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/install") {
					http.Error(w, "", http.StatusConflict)
					return
				}
				next.ServeHTTP(w, r)
			})
		}),
	},
	recognitionFault("recognition.parts/sync", "La synchronisation attend qu'un poste soit raccordé", "The synchronisation waits for a workstation to be connected",
		`CREATE TRIGGER planted_waits AFTER INSERT ON recognition_sync WHEN NOT EXISTS (SELECT 1 FROM recognition_phone WHERE org = NEW.org) BEGIN
			DELETE FROM recognition_sync WHERE org = NEW.org AND link = NEW.link; END`),
	recognitionFault("recognition.parts/found", "Une fiche n'est trouvée que pendant que la synchronisation tourne", "A card is found only while the synchronisation runs",
		`CREATE TRIGGER planted_leaves AFTER UPDATE OF state ON recognition_sync WHEN NEW.state = 'idle' AND OLD.state = 'open' BEGIN
			DELETE FROM recognition_number WHERE org = NEW.org; END`),
	recognitionFault("recognition.parts/together", "Un poste n'apprend pas ce que la reconnaissance a trouvé", "A workstation does not learn what the recognition found",
		`CREATE TRIGGER planted_apart AFTER INSERT ON recognition_known BEGIN DELETE FROM recognition_known WHERE org = NEW.org AND call = NEW.call; END`),
	recognitionFault("recognition.parts/desk", "Un poste ne montre rien tant qu'aucun outil n'est relié", "A workstation shows nothing while no tool is linked",
		`CREATE TRIGGER planted_idle AFTER INSERT ON recognition_call WHEN NOT EXISTS (SELECT 1 FROM recognition_link WHERE org = NEW.org AND state = 'active') BEGIN
			DELETE FROM recognition_call WHERE org = NEW.org AND id = NEW.id; END`),
	recognitionFault("recognition.parts/token", "Le jeton d'un composant ouvre les autres", "The token of one part opens the others",
		`CREATE TRIGGER planted_master AFTER INSERT ON token_token BEGIN
			UPDATE token_token SET scopes = '["sync.push","sync.await","card.find","call.watch","call.history"]' WHERE id = NEW.id; END`),
}

func (m *Module) partsProbes() []*core.Probe {
	return []*core.Probe{
		// Alone, so that nothing of other probes stands beside: what runs here runs without it.
		{ID: "recognition.parts", Kind: core.BehaviourProbe, Title: probe.Text(tpParts), Run: m.seeParts, Faults: partsFaults, Alone: true},
	}
}

// fourParts is one run of the probe.
type fourParts struct {
	m                *Module
	s                core.Stage
	manager, program core.Canary
	setup            *http.Client // the manager's
	link             core.ID
	turn             func() (agent.Result, error)
	phone            canaryPhone
	desk             string // the token of the workstation
	ends             []func()
}

// lack is what one part did not do.
type lack struct {
	why  i18n.Sentence
	args []any
}

func lacks(why i18n.Sentence, args ...any) *lack { return &lack{why, args} }

// seeParts builds the four parts one after another, each while those that it does not need are absent.
func (m *Module) seeParts(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	p := &fourParts{m: m, s: s}
	defer func() {
		for _, end := range slices.Backward(p.ends) {
			end()
		}
	}()
	if p.manager, err = s.Canary(ctx, RoleManager); err != nil {
		return seen, err
	}
	if p.program, err = s.Canary(ctx, RoleAgent); err != nil {
		return seen, err
	}
	if p.setup, err = s.Enter(ctx, p.manager); err != nil {
		return seen, err
	}
	for _, part := range []func(context.Context) (*lack, error){p.setsUp, p.brings, p.finds, p.joins, p.works} {
		l, err := part(ctx)
		if err != nil {
			return seen, err
		}
		if l != nil {
			return probe.Broken(4, 4, l.why, l.args...), nil
		}
	}
	seen = probe.Held(4, 4, tpPartsHeld)
	for _, e := range []struct {
		who core.Canary
		act core.Permission
	}{
		{p.manager, AgentInvite.Permission},
		{p.program, SyncPush.Permission},
		{p.program, FindCard.Permission},
		{p.phone.Canary, WatchCalls.Permission},
	} {
		entries, err := s.Witness(ctx, e.who, e.act)
		if err != nil {
			return seen, err
		}
		seen.Entries = append(seen.Entries, entries...)
	}
	return seen, nil
}

// setsUp: the configuration tool links a tool and gives the code of a program, before there is any.
func (p *fourParts) setsUp(ctx context.Context) (_ *lack, err error) {
	as := p.m.actingFor(ctx, p.manager)
	p.link, err = p.m.MakeLink(as, core.Canaries, LinkDraft{Name: partsTool, Kind: "csv", Mapping: Mapping{Region: "FR", Name: []string{"name"}, Numbers: []string{"phone"}}})
	if err != nil {
		return nil, err
	}
	p.ends = append(p.ends, func() {
		_ = p.m.removeLink(core.WithActor(context.WithoutCancel(ctx), core.System("probe")), core.Canaries, p.link)
	})
	at := "/o/" + string(core.Canaries) + "/recognition/links/" + string(p.link)
	page, err := probe.Get(ctx, p.setup, at)
	if err != nil {
		return nil, err
	}
	shown, err := probe.Post(ctx, p.setup, at+"/install", url.Values{"machine": {"canary"}})
	if err != nil {
		return nil, err
	}
	if !strings.Contains(page.Body, partsTool) || code.Find(shown.Body) == "" {
		return lacks(tpPartsSetup, page.Status, shown.Status), nil
	}
	return nil, nil
}

// token makes one that may do what a program of a kind may, and no more. It goes with its canary: a program that enrols keeps its account.
func (p *fourParts) token(ctx context.Context, what string) (string, error) {
	return p.m.needs.Tokens.Personal(p.m.actingFor(ctx, p.program), "canary "+what, slices.Clone(scopesOf[what]), p.m.now().Add(time.Hour))
}

// oneContact is the tool of the canary.
type oneContact struct{}

func (oneContact) Fields(context.Context) ([]string, error) { return []string{"name", "phone"}, nil }

func (oneContact) Read(_ context.Context, give func(source.Record) error) error {
	return give(source.Record{Key: "1", Fields: map[string][]string{"name": {partsName}, "phone": {partsNumber}}})
}

// bearing sends a token along.
type bearing struct {
	token string
	next  http.RoundTripper
}

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// brings: the synchronisation brings a card while there is no workstation and nobody asks who a number is.
func (p *fourParts) brings(ctx context.Context) (*lack, error) {
	token, err := p.token(ctx, ForSync)
	if err != nil {
		return nil, err
	}
	wired := *p.s.Visitor()
	wired.Transport = bearing{token, wired.Transport}
	a, _, end, err := agentOfCanary(p.link, oneContact{}, &wired)
	if err != nil {
		return nil, err
	}
	p.ends = append(p.ends, end)
	p.turn = func() (agent.Result, error) { return a.Turn(ctx) }
	switch res, err := p.turn(); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return lacks(tpPartsSync, agent.Reason(err)), nil
	case res.Held != 1:
		return lacks(tpPartsSync, res.How), nil
	}
	return p.shut(ctx, token, canariesAPI+"/cards/find", `{"number":"`+partsNumber+`"}`)
}

// shut tells that a token does not open the door of another part.
func (p *fourParts) shut(ctx context.Context, token, path, body string) (*lack, error) {
	a, err := probe.Call(ctx, p.s.Visitor(), http.MethodPost, path, token, body)
	if err == nil && a.Status < http.StatusBadRequest {
		return lacks(tpPartsOpen, path[len(canariesAPI):], a.Status), nil
	}
	return nil, err
}

// finds: the recognition tells whose a number is while there is no workstation and the synchronisation does not run.
func (p *fourParts) finds(ctx context.Context) (*lack, error) {
	token, err := p.token(ctx, ForLookup)
	if err != nil {
		return nil, err
	}
	a, err := probe.Call(ctx, p.s.Visitor(), http.MethodPost, canariesAPI+"/cards/find", token, `{"number":"`+partsNumber+`"}`)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK || !strings.Contains(a.Body, partsName) {
		return lacks(tpPartsFind, a.Status), nil
	}
	return p.shut(ctx, token, canariesAPI+"/links/"+string(p.link)+"/sync", `{"mapping":0}`)
}

// joins: a workstation installs by its code and joins the three others, of which the synchronisation makes another turn.
func (p *fourParts) joins(ctx context.Context) (*lack, error) {
	phone, end, err := p.m.connectCanary(ctx, p.s)
	p.ends = append(p.ends, end)
	if err != nil {
		return nil, err
	}
	p.phone = phone
	made, err := p.m.InviteDesk(p.m.actingFor(ctx, phone.Canary), core.Canaries)
	if err != nil {
		return nil, err
	}
	a, err := callAs(ctx, p.s.Visitor(), http.MethodPost, "/api/v1/workstations/enrolments", `{"code":"`+made.Code+`"}`)
	if err != nil {
		return nil, err
	}
	var got struct {
		Token string `json:"token"`
	}
	if json.Unmarshal([]byte(a.Body), &got) != nil || got.Token == "" {
		return nil, probe.Unseen(tpPartsNoKey, a.Status)
	}
	p.desk = got.Token
	if _, err := p.turn(); err != nil {
		return lacks(tpPartsSync, agent.Reason(err)), nil
	}
	live, err := p.rings(ctx, partsNumber)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(live.Body, partsName) {
		return lacks(tpPartsAll, live.Status), nil
	}
	return p.shut(ctx, p.desk, canariesAPI+"/cards/find", `{"number":"`+partsNumber+`"}`)
}

// rings tells the canary's phone of a call and gives what the workstation hears.
func (p *fourParts) rings(ctx context.Context, number string) (probe.Answer, error) {
	if err := p.m.tell(ctx, p.phone, line.Event{Remote: number}); err != nil {
		return probe.Answer{}, err
	}
	return probe.Call(ctx, p.s.Visitor(), http.MethodGet, canariesAPI+"/calls/stream", p.desk, "")
}

// works: the workstation shows a call once the tool, its cards and what brought them are gone.
func (p *fourParts) works(ctx context.Context) (*lack, error) {
	if err := p.m.RemoveLink(p.m.actingFor(ctx, p.manager), core.Canaries, p.link); err != nil {
		return nil, err
	}
	live, err := p.rings(ctx, partsOther)
	if err != nil {
		return nil, err
	}
	history, err := probe.Call(ctx, p.s.Visitor(), http.MethodPost, canariesAPI+"/calls/find", p.desk, `{}`)
	if err != nil {
		return nil, err
	}
	installs, err := probe.Get(ctx, p.phone.browser, canaryCalls+"/install.json")
	if err != nil {
		return nil, err
	}
	if strings.Count(live.Body, "event: call") < 2 || !strings.Contains(history.Body, partsOther) || installs.Status != http.StatusOK {
		return lacks(tpPartsDesk, live.Status, history.Status, installs.Status), nil
	}
	return nil, nil
}
