package recognition

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/services/recognition/line"
)

const (
	canaryExchange = "canary.exchange"
	canaryCalls    = "/o/" + string(core.Canaries) + "/calls"
	// promisedPop is how long may pass from a call told to its notification (CTI-22).
	promisedPop = 300 * time.Millisecond
)

var (
	tpCall   = i18n.T("Qui appelle est reconnu, pour la seule personne appelée", "Who calls is recognised, for the person called alone")
	tpMasked = i18n.T("Un appelant masqué n'est ni cherché ni gardé", "A masked caller is neither looked up nor kept")
	tpDialed = i18n.T("Un numéro composé d'un clic fait d'abord sonner son propre poste", "A number dialled with a click rings one's own phone first")

	tpNoExchange  = i18n.T("Le central d'un canari n'a pas pu être raccordé : rien ne peut être vu.", "A canary's exchange could not be connected: nothing can be seen.")
	tpNotTold     = i18n.T("Un appel signalé n'est pas parvenu à la page de la personne appelée.", "A call that was told did not reach the page of the person called.")
	tpNotKnown    = i18n.T("L'appelant, dont la fiche existe, n'est pas nommé à la personne appelée.", "The caller, whose card exists, is not named to the person called.")
	tpSlow        = i18n.T("L'appel n'a été montré qu'après %s : plus de %s.", "The call was shown only after %s: more than %s.")
	tpSeenByOther = i18n.T("L'appel se voit dans les pages d'une autre personne (%d).", "The call can be seen in another person's pages (%d).")
	tpCallHeld    = i18n.T("Un appel au poste d'un canari a été montré avec le nom de la fiche %s après avoir été signalé ; un collègue ne l'a vu ni dans son direct ni dans son historique, n'a pas pu y écrire, et pour un étranger la page n'existe pas.", "A call to a canary's phone was shown with the name on the card %s after it was told; a colleague saw it neither live nor in their history, could not write on it, and for a stranger the page does not exist.")
	tpKept        = i18n.T("D'un appelant masqué il reste : numéro ou nom %v, fiches %d, marque d'appel masqué %v.", "Of a masked caller there remains: number or name %v, cards %d, mark of a masked call %v.")
	tpMaskedHeld  = i18n.T("Un central a signalé un appel masqué en laissant fuir le numéro et le nom d'une fiche existante : rien n'a été cherché, ni gardé, ni montré.", "An exchange told of a masked call and leaked the number and the name of a card that exists: nothing was looked up, kept, nor shown.")
	tpNotDialled  = i18n.T("Un numéro composé par un canari n'a pas fait sonner son poste.", "A number dialled by a canary did not ring their phone.")
	tpDialHeld    = i18n.T("Un numéro composé depuis la page d'un canari a fait sonner son propre poste, puis le numéro ; l'appel est dans son historique et dans celui de personne d'autre.", "A number dialled from a canary's page rang their own phone, then the number; the call is in their history and in nobody else's.")
)

func callFault(id, fr, en, statement string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statement)}
}

var (
	callFaults = []core.PlantedFault{
		callFault("recognition.call/unknown", "Qui appelle n'est pas gardé avec l'appel", "Who calls is not kept with the call",
			`CREATE TRIGGER forgotten_caller AFTER INSERT ON recognition_known BEGIN DELETE FROM recognition_known WHERE org = NEW.org AND call = NEW.call; END`),
		callFault("recognition.call/lost", "Un appel signalé est aussitôt perdu", "A call that is told is lost at once",
			`CREATE TRIGGER lost_call AFTER INSERT ON recognition_call BEGIN DELETE FROM recognition_call WHERE org = NEW.org AND id = NEW.id; END`),
		{
			ID: "recognition.call/everyone", Title: core.Text{FR: "Le direct d'une personne est servi à une autre", EN: "One person's live page is served to another"},
			Plant: probe.Front(probe.Cache),
		},
	}
	maskedFaults = []core.PlantedFault{
		callFault("recognition.masked/looked_up", "Un appelant masqué est cherché dans les fiches", "A masked caller is looked up among the cards",
			`CREATE TRIGGER looked_up AFTER INSERT ON recognition_call WHEN NEW.masked = 1 BEGIN
				INSERT INTO recognition_known (org, call, at, link, began_at, card) VALUES (NEW.org, NEW.id, 0, 'planted', NEW.began_at, x'00'); END`),
		callFault("recognition.masked/unmarked", "Un appel masqué est gardé comme un autre", "A masked call is kept as any other",
			`CREATE TRIGGER unmarked AFTER INSERT ON recognition_call WHEN NEW.masked = 1 BEGIN UPDATE recognition_call SET masked = 0 WHERE org = NEW.org AND id = NEW.id; END`),
	}
	dialFaults = []core.PlantedFault{
		callFault("recognition.dial/dropped", "Ce qui est demandé au central se perd", "What is asked of the exchange is lost",
			`CREATE TRIGGER dropped_errand AFTER INSERT ON recognition_errand BEGIN DELETE FROM recognition_errand WHERE org = NEW.org AND id = NEW.id; END`),
	}
)

func (m *Module) callProbes() []*core.Probe {
	return []*core.Probe{
		{ID: "recognition.call", Kind: core.BehaviourProbe, Title: probe.Text(tpCall), Run: m.seeCall, Faults: callFaults, Alone: true},
		{ID: "recognition.masked", Kind: core.BehaviourProbe, Title: probe.Text(tpMasked), Run: m.seeMasked, Faults: maskedFaults},
		{ID: "recognition.dial", Kind: core.BehaviourProbe, Title: probe.Text(tpDialed), Run: m.seeDial, Faults: dialFaults},
	}
}

// canaryPhone is a canary with a phone of their own, on an exchange made for one run.
type canaryPhone struct {
	core.Canary
	browser   *http.Client
	line      core.ID
	extension string
}

// connectCanary makes it; end takes everything away.
func (m *Module) connectCanary(ctx context.Context, s core.Stage) (p canaryPhone, end func(), err error) {
	end = func() {}
	if p.Canary, err = s.Canary(ctx, RoleUser); err != nil {
		return p, end, err
	}
	if p.browser, err = s.Enter(ctx, p.Canary); err != nil {
		return p, end, err
	}
	system := core.WithActor(ctx, core.System("probe"))
	p.extension = "c" + strings.ReplaceAll(string(p.Person), "-", "")[20:]
	p.line, err = m.MakeLine(system, core.Canaries, ExchangeDraft{
		Kind: KindFake, Title: canaryExchange, Region: "FR", Phones: []Phone{{Extension: p.extension, Person: p.Person}},
	})
	if err != nil {
		return p, end, probe.Because(err, tpNoExchange)
	}
	end = func() {
		undo := context.WithoutCancel(system)
		_ = m.RemoveLine(undo, core.Canaries, p.line)
		_ = m.clearCanary(undo)
	}
	return p, end, nil
}

// tell reports a call to the canary's phone, as an exchange does.
func (m *Module) tell(ctx context.Context, p canaryPhone, e line.Event) error {
	e.Call, e.Extension, e.State = string(ids.New()), p.extension, line.Ringing
	return m.report(core.WithActor(ctx, core.System("probe")), core.Canaries, p.line, e)
}

func (m *Module) seeCall(ctx context.Context, s core.Stage) (core.Sight, error) {
	p, end, err := m.connectCanary(ctx, s)
	defer end()
	if err != nil {
		return core.Sight{}, err
	}
	colleague, err := s.Canary(ctx, RoleUser)
	if err != nil {
		return core.Sight{}, err
	}
	other, err := s.Enter(ctx, colleague)
	if err != nil {
		return core.Sight{}, err
	}
	if _, _, _, err := m.plantCanary(core.WithActor(ctx, core.System("probe"))); err != nil {
		return core.Sight{}, err
	}
	began := time.Now()
	if err := m.tell(ctx, p, line.Event{Remote: canaryNumber}); err != nil {
		return core.Sight{}, err
	}
	shown, err := probe.Get(ctx, p.browser, canaryCalls+"/stream") // a probe's connection tells what there is, and ends
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		return core.Sight{}, err
	}
	switch {
	case !strings.Contains(shown.Body, "event: call"):
		return probe.Broken(1, 1, tpNotTold), nil
	case !strings.Contains(shown.Body, canaryName):
		return probe.Broken(1, 1, tpNotKnown), nil
	}
	if status, err := m.seenByOther(ctx, s, p, other); err != nil || status != 0 {
		return probe.Broken(1, 1, tpSeenByOther, status), err
	}
	if took > promisedPop {
		return probe.Broken(1, 1, tpSlow, took.String(), promisedPop.String()), nil
	}
	sight := probe.Held(1, 1, tpCallHeld, took.String())
	sight.Entries, err = s.Witness(ctx, p.Canary, WatchCalls.Permission)
	return sight, err
}

// seenByOther gives the answer in which somebody else saw the canary's call, 0 for none.
func (m *Module) seenByOther(ctx context.Context, s core.Stage, p canaryPhone, other *http.Client) (int, error) {
	calls, err := m.callsOf(ctx, p)
	if err != nil || len(calls) == 0 {
		return 0, errors.Join(err, probe.Unseen(tpNotTold))
	}
	for _, path := range []string{"", "/live", "/stream"} {
		if _, err := probe.Get(ctx, p.browser, canaryCalls+path); err != nil { // its person looks first: what is kept for one must not serve another
			return 0, err
		}
		a, err := probe.Get(ctx, other, canaryCalls+path)
		if err != nil {
			return 0, err
		}
		if strings.Contains(a.Body, canaryName) || strings.Contains(a.Body, canaryNumber[3:]) || strings.Contains(a.Body, string(calls[0].ID)) {
			return a.Status, nil
		}
	}
	a, err := probe.Post(ctx, other, canaryCalls+"/"+string(calls[0].ID)+"/note", url.Values{"note": {"x"}})
	if err != nil || a.Status < 300 {
		return a.Status, err
	}
	if calls, err = m.callsOf(ctx, p); err != nil || calls[0].Note != "" {
		return a.Status, err
	}
	stranger, err := s.Stranger(ctx, RoleUser)
	if err != nil {
		return 0, err
	}
	outside, err := s.Enter(ctx, stranger)
	if err != nil {
		return 0, err
	}
	if a, err = probe.Get(ctx, outside, canaryCalls); err != nil || a.Status != http.StatusNotFound {
		return a.Status, err
	}
	return 0, nil
}

// callsOf opens the canary's own calls.
func (m *Module) callsOf(ctx context.Context, p canaryPhone) (rows []callRow, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if rows, err = db.All(ctx, tx, qHistory, scanCall, core.Canaries, p.Person, "", 10); err != nil {
			return err
		}
		return m.openAll(ctx, tx, core.Canaries, p.Person, rows)
	})
	return rows, err
}

var qKnownRows = db.SQL(`SELECT COUNT(*) FROM recognition_known WHERE org = $1 AND call = $2`)

func (m *Module) seeMasked(ctx context.Context, s core.Stage) (core.Sight, error) {
	p, end, err := m.connectCanary(ctx, s)
	defer end()
	if err != nil {
		return core.Sight{}, err
	}
	if _, _, _, err := m.plantCanary(core.WithActor(ctx, core.System("probe"))); err != nil {
		return core.Sight{}, err
	}
	if err := m.tell(ctx, p, line.Event{Hidden: true, Remote: canaryNumber, Display: canaryName}); err != nil {
		return core.Sight{}, err
	}
	rows, err := m.callsOf(ctx, p)
	if err != nil || len(rows) != 1 {
		return core.Sight{}, errors.Join(err, probe.Unseen(tpNotTold))
	}
	var known int64
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		known, _, err = db.One(ctx, tx, qKnownRows, db.Value[int64], core.Canaries, rows[0].ID)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	kept := rows[0].Remote != "" || rows[0].Display != ""
	for _, path := range []string{"", "/stream"} {
		a, err := probe.Get(ctx, p.browser, canaryCalls+path)
		if err != nil {
			return core.Sight{}, err
		}
		kept = kept || strings.Contains(a.Body, canaryName) || strings.Contains(a.Body, canaryNumber)
	}
	if kept || known > 0 || !rows[0].Hidden {
		return probe.Broken(1, 1, tpKept, kept, known, rows[0].Hidden), nil
	}
	sight := probe.Held(1, 1, tpMaskedHeld)
	sight.Entries, err = s.Witness(ctx, p.Canary, ReportCall.Permission)
	return sight, err
}

func (m *Module) seeDial(ctx context.Context, s core.Stage) (core.Sight, error) {
	p, end, err := m.connectCanary(ctx, s)
	defer end()
	if err != nil {
		return core.Sight{}, err
	}
	// Whichever node took the exchange's lease speaks to it; where none does, this run speaks for itself.
	run, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = m.runExchanges(run)
	}()
	defer func() { stop(); <-done }()
	if x, err := m.awaitLine(ctx, p.line); err != nil || x.Condition != conditionUp {
		return core.Sight{}, errors.Join(err, probe.Unseen(tpNoExchange))
	}
	if _, err := probe.Post(ctx, p.browser, canaryCalls+"/dial", url.Values{"number": {canaryNumber}}); err != nil {
		return core.Sight{}, err
	}
	for until := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		rows, err := m.callsOf(ctx, p)
		if err != nil {
			return core.Sight{}, err
		}
		if len(rows) == 1 && rows[0].Own && rows[0].Outgoing && rows[0].Extension == p.extension && rows[0].Remote == canaryNumber {
			break
		}
		if time.Now().After(until) {
			return probe.Broken(1, 1, tpNotDialled), nil
		}
	}
	sight := probe.Held(1, 1, tpDialHeld)
	sight.Entries, err = s.Witness(ctx, p.Canary, DialNumber.Permission)
	return sight, err
}

// awaitLine waits until somebody speaks to an exchange.
func (m *Module) awaitLine(ctx context.Context, id core.ID) (x Exchange, err error) {
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until) && err == nil && x.Condition != conditionUp; time.Sleep(20 * time.Millisecond) {
		err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			r, _, err := db.One(ctx, tx, qOneLine, scanLine, core.Canaries, id)
			x = m.shown(r, nil)
			return err
		})
	}
	return x, err
}
