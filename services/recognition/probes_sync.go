package recognition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/services/recognition/agent"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

// What a canary's tool holds: some columns were chosen, the others must never leave it.
const (
	canaryTool   = "canary.tool"
	canaryChosen = "Témoin-Choisi"
	canarySecret = "Témoin-Secret"
	canaryRows   = 25
)

var (
	tpLeaves     = i18n.T("Seuls les champs choisis quittent un outil relié", "Only the chosen fields leave a linked tool")
	tpChanges    = i18n.T("Seuls les changements sont transmis, et ce qui reste sur place ne dit rien", "Only changes are sent, and what is kept locally tells nothing")
	tpNoTurn     = i18n.T("La synchronisation d'un canari n'a pas abouti (%s) : rien ne peut être vu.", "A canary's synchronisation did not come through (%s): nothing can be seen.")
	tpNothing    = i18n.T("Rien de choisi n'a quitté l'outil d'un canari : rien ne peut être vu.", "Nothing chosen left a canary's tool: nothing can be seen.")
	tpLeft       = i18n.T("Un champ qui n'était pas choisi a quitté l'outil d'un canari.", "A field that was not chosen left a canary's tool.")
	tpKeyLeft    = i18n.T("La clé d'une fiche a quitté l'outil d'un canari en clair.", "The key of a record left a canary's tool in clear.")
	tpLeavesHeld = i18n.T("Un programme témoin a apporté %d fiches ; les %d octets qu'il a envoyés portent les champs choisis, et ni les autres colonnes ni la clé des fiches.",
		"A canary's agent brought %d cards; the %d bytes that it sent hold the chosen fields, and neither the other columns nor the keys of records.")
	tpResent   = i18n.T("Une fiche sur %d avait changé ; %d ont été envoyées.", "One card of %d had changed; %d were sent.")
	tpReadFile = i18n.T("Ce qui reste sur l'ordinateur d'un canari se lit en clair.", "What is kept on a canary's computer can be read in clear.")
	tpGuessed  = i18n.T("%d fiches sur %d ont été devinées dans ce qui reste sur l'ordinateur d'un canari : la clé des empreintes s'y trouve, ou se devine.",
		"%d of %d cards were guessed from what is kept on a canary's computer: the key of the hashes is there, or can be guessed.")
	tpBlind       = i18n.T("Même avec la clé, rien n'a été deviné : l'essai ne voit rien.", "Even with the key nothing was guessed: the attempt is blind.")
	tpChangesHeld = i18n.T("Une fiche sur %d avait changé : elle seule a été envoyée. Les %d octets gardés sur place sont des empreintes, dont aucune n'a été devinée sans la clé de la plateforme et toutes avec elle.",
		"One card of %d had changed: it alone was sent. The %d bytes kept locally are hashes, none of which was guessed without the platform's key and all of them with it.")
)

func (m *Module) syncProbes() []*core.Probe {
	return []*core.Probe{
		{ID: "recognition.leaves", Kind: core.BehaviourProbe, Title: probe.Text(tpLeaves), Run: m.seeLeaves, Faults: leavesFaults},
		{ID: "recognition.changes", Kind: core.BehaviourProbe, Title: probe.Text(tpChanges), Run: m.seeChanges, Faults: changesFaults},
	}
}

// answering changes what the platform tells agents.
func answering(path, old, other string) func(context.Context, core.Saboteur) error {
	return probe.Front(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, path) {
				next.ServeHTTP(w, r)
				return
			}
			rec := &kept{head: http.Header{}, status: http.StatusOK}
			next.ServeHTTP(rec, r)
			body := rec.body.Bytes()
			if i := bytes.Index(body, []byte(old)); i >= 0 {
				body = append(append(bytes.Clone(body[:i]), other...), body[i+len(old):]...)
			}
			for k, v := range rec.head {
				if k != "Content-Length" {
					w.Header()[k] = v
				}
			}
			w.WriteHeader(rec.status)
			_, _ = w.Write(body)
		})
	})
}

// kept is an answer that is changed before it goes out.
type kept struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.head }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

var leavesFaults = []core.PlantedFault{
	{
		ID: "recognition.leaves/more", Title: core.Text{FR: "La plateforme demande aux programmes plus que ce qui a été choisi", EN: "The platform asks agents for more than what was chosen"},
		Plant: answering("/sync/settings", `"company":"company"`, `"company":"iban"`),
	},
	{
		ID: "recognition.leaves/scripts", Title: core.Text{FR: "Les scripts reçoivent toutes les colonnes", EN: "Scripts receive every column"},
		Plant: answering("/sync/settings", `"mapping":{`, `"mapping":{"scripts":{"all":"notes"},`),
	},
}

var changesFaults = []core.PlantedFault{
	{
		ID: "recognition.changes/forgets", Title: core.Text{FR: "La plateforme oublie les fiches reçues", EN: "The platform forgets the cards that it received"},
		Plant: probe.Rows(`CREATE TRIGGER forgets_cards AFTER INSERT ON recognition_shelf BEGIN
			DELETE FROM recognition_card WHERE org = NEW.org; END`,
			`CREATE TRIGGER forgets_used AFTER UPDATE OF state ON recognition_shelf WHEN NEW.state = 'used' BEGIN
			DELETE FROM recognition_card WHERE org = NEW.org AND shelf = NEW.shelf; END`),
	},
}

// toolOfCanary gives made-up contacts: the numbers are of those that are given to nobody (ARCEP: for fiction).
type toolOfCanary struct{ renamed int }

func canaryRecord(i int) (key, number string) {
	return fmt.Sprintf("cle-temoin-%04d", i), fmt.Sprintf("+3319900%04d", i)
}

func (t *toolOfCanary) Fields(context.Context) ([]string, error) {
	return []string{"name", "phone", "company", "iban", "notes"}, nil
}

func (t *toolOfCanary) Read(_ context.Context, give func(source.Record) error) error {
	for i := range canaryRows {
		key, number := canaryRecord(i)
		name := fmt.Sprint(canaryChosen, i)
		if i < t.renamed {
			name += " bis"
		}
		err := give(source.Record{Key: key, Fields: map[string][]string{
			"name": {name}, "phone": {number}, "company": {"Compagnie"}, "iban": {canarySecret + " FR76"}, "notes": {canarySecret + " note"},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// listener keeps what an agent sends, and the key that it is given.
type listener struct {
	next http.RoundTripper
	mu   sync.Mutex
	sent []byte
	key  []byte
	fail error
}

func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	l.mu.Lock()
	l.sent = append(l.sent, r.Method+" "+r.URL.String()+"\n"...)
	for k, v := range r.Header {
		l.sent = append(l.sent, k+": "+strings.Join(v, ",")+"\n"...)
	}
	if strings.Contains(r.URL.Path, "/chunks/") {
		raw, err := unzipped(body)
		l.fail = errors.Join(l.fail, err)
		l.sent = append(l.sent, raw...)
	}
	l.sent = append(l.sent, body...)
	l.mu.Unlock()
	r.Header.Del("User-Agent") // the session is the canary's browser's: another program would be taken for a thief
	res, err := l.next.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/sync") {
		answer, readErr := io.ReadAll(res.Body)
		res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(answer))
		if _, rest, found := bytes.Cut(answer, []byte(`"key":"`)); found && len(rest) > 64 {
			l.key = bytes.Clone(rest[:64])
		}
		err = readErr
	}
	return res, err
}

func unzipped(b []byte) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(wire.MostRaw))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(b, nil)
}

// playSync links a tool of a canary and lets an agent bring it; see is given the agent's wire and its folder, then may ask for more turns.
func (m *Module) playSync(ctx context.Context, s core.Stage, see func(l *listener, folder string, tool *toolOfCanary, turn func() (agent.Result, error)) (core.Sight, error)) (core.Sight, error) {
	c, err := s.Canary(ctx, RoleAgent)
	if err != nil {
		return core.Sight{}, err
	}
	browser, err := s.Enter(ctx, c)
	if err != nil {
		return core.Sight{}, err
	}
	system := core.WithActor(ctx, core.System("probe"))
	link, err := m.makeLink(system, core.Canaries, LinkDraft{Name: canaryTool, Kind: "csv", Mapping: Mapping{
		Region: "FR", Name: []string{"name"}, Company: "company", Numbers: []string{"phone"},
	}})
	if err != nil {
		return core.Sight{}, err
	}
	defer func() { _ = m.removeLink(context.WithoutCancel(system), core.Canaries, link) }()
	wired := *browser
	l := &listener{next: browser.Transport}
	wired.Transport = l
	tool := &toolOfCanary{}
	a, folder, end, err := agentOfCanary(link, tool, &wired)
	if err != nil {
		return core.Sight{}, err
	}
	defer end()
	return see(l, folder, tool, func() (agent.Result, error) { return a.Turn(ctx) })
}

// agentOfCanary makes an agent that reads tool and keeps what it keeps in a folder of its own; end takes that away.
func agentOfCanary(link core.ID, tool source.Source, client *http.Client) (a *agent.Agent, folder string, end func(), err error) {
	if folder, err = os.MkdirTemp("", "rempart-canary-*"); err != nil {
		return nil, "", nil, err
	}
	end = func() { _ = os.RemoveAll(folder) }
	cfg, err := agent.Read(filepath.Join(folder, "agent.yaml"), []byte("source: {kind: csv, file: none.csv}\n"))
	if err == nil {
		a, err = agent.New(cfg, agent.Identity{Organization: core.Canaries, Link: link}, agent.Options{Source: tool, Client: client, Version: "canary"})
	}
	if err != nil {
		end()
	}
	return a, folder, end, err
}

// seeLeaves reads every byte that an agent sends.
func (m *Module) seeLeaves(ctx context.Context, s core.Stage) (core.Sight, error) {
	return m.playSync(ctx, s, func(l *listener, _ string, tool *toolOfCanary, turn func() (agent.Result, error)) (core.Sight, error) {
		res, err := turn()
		if err == nil {
			tool.renamed = 1
			_, err = turn()
		}
		if err = errors.Join(err, l.fail); err != nil {
			return core.Sight{}, probe.Because(err, tpNoTurn, agent.Reason(err))
		}
		key, _ := canaryRecord(3)
		switch {
		case !bytes.Contains(l.sent, []byte(canaryChosen+"3")):
			return core.Sight{}, probe.Unseen(tpNothing)
		case bytes.Contains(l.sent, []byte(canarySecret)):
			return probe.Broken(canaryRows, canaryRows, tpLeft), nil
		case bytes.Contains(l.sent, []byte(key)):
			return probe.Broken(canaryRows, canaryRows, tpKeyLeft), nil
		}
		return probe.Held(canaryRows, canaryRows, tpLeavesHeld, res.Held, len(l.sent)), nil
	})
}

// seeChanges changes one record and counts what is sent, then attacks what is kept on the computer.
func (m *Module) seeChanges(ctx context.Context, s core.Stage) (core.Sight, error) {
	return m.playSync(ctx, s, func(l *listener, folder string, tool *toolOfCanary, turn func() (agent.Result, error)) (core.Sight, error) {
		_, err := turn()
		var res agent.Result
		if err == nil {
			tool.renamed = 1
			res, err = turn()
		}
		if err = errors.Join(err, l.fail); err != nil {
			return core.Sight{}, probe.Because(err, tpNoTurn, agent.Reason(err))
		}
		if res.Sent != 1 || res.Deleted != 0 {
			return probe.Broken(canaryRows, canaryRows, tpResent, canaryRows, res.Sent), nil
		}
		files, err := filesIn(folder)
		if err != nil {
			return core.Sight{}, err
		}
		if bytes.Contains(files, []byte("moin-")) || bytes.Contains(files, []byte("19900")) {
			return probe.Broken(canaryRows, canaryRows, tpReadFile), nil
		}
		for _, key := range [][]byte{nil, make([]byte, wire.KeySize), []byte(core.Canaries), files[max(0, len(files)-wire.KeySize):]} {
			if n := guessed(files, key); n > 0 {
				return probe.Broken(canaryRows, canaryRows, tpGuessed, n, canaryRows), nil
			}
		}
		key := make([]byte, wire.KeySize)
		if _, err := fmt.Sscanf(string(l.key), "%x", &key); err != nil || guessed(files, key) != canaryRows {
			return core.Sight{}, probe.Unseen(tpBlind)
		}
		return probe.Held(canaryRows, canaryRows, tpChangesHeld, canaryRows, len(files)), nil
	})
}

func filesIn(folder string) (all []byte, err error) {
	list, err := os.ReadDir(folder)
	for _, f := range list {
		if err == nil {
			var b []byte
			b, err = os.ReadFile(filepath.Join(folder, f.Name()))
			all = append(all, b...)
		}
	}
	return all, err
}

// guessed tries the keys of all records under a key.
func guessed(files, key []byte) (n int) {
	h := wire.NewHasher(key)
	for i := range canaryRows {
		record, number := canaryRecord(i)
		a, b := h.ID(record), h.ID(number)
		if bytes.Contains(files, a[:]) || bytes.Contains(files, b[:]) {
			n++
		}
	}
	return n
}
