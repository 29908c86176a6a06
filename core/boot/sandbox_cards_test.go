package boot

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/services/recognition"
)

var qCardCounts = map[string]string{
	"subscriptions": db.SQL(`SELECT count(*) FROM recognition_subscription WHERE state = 'active'`),
	"links":         db.SQL(`SELECT count(*) FROM recognition_link`),
	"paused links":  db.SQL(`SELECT count(*) FROM recognition_link WHERE state = 'paused'`),
	"cards":         db.SQL(`SELECT count(*) FROM recognition_card`),
	"trunks":        db.SQL(`SELECT count(*) FROM recognition_trunk`),
	"exchanges":     db.SQL(`SELECT count(*) FROM recognition_line WHERE paused = 1`),
	"phones":        db.SQL(`SELECT count(*) FROM recognition_phone`),
}

// realContacts are cards of people who exist: every third has two numbers, every second a company, one in five nothing shown.
func realContacts(n int) []recognition.Card {
	list := []recognition.Card{moulin}
	for i := 1; i < n; i++ {
		c := recognition.Card{Name: fmt.Sprintf("Réelle Personne-%d", i), Numbers: []string{fmt.Sprintf("+3361%07d", i)}}
		if i%3 == 0 {
			c.Numbers = append(c.Numbers, fmt.Sprintf("+3314%07d", i))
		}
		if i%2 == 0 {
			c.Company = fmt.Sprintf("Maison-%d", i)
		}
		if i%5 != 0 {
			c.Shown = map[string]string{"Ville": "Lyon", "Avis de Jeanne Moulin": "paie tard"}
		}
		list = append(list, c)
	}
	return list
}

// realTrunks are twenty beginnings of numbers, of nine digits.
func realTrunks() (list []recognition.Trunk) {
	for i := range 20 {
		list = append(list, recognition.Trunk{Prefix: fmt.Sprintf("+33142%04d", i), Company: fmt.Sprintf("Valombre (standard %d)", i)})
	}
	return list
}

// recognizes gives a town's organization two tools with cards, one of them paused, twenty numbers of companies and an exchange.
func (w *town) recognizes() {
	w.t.Helper()
	m := w.House.recognition()
	w.must("subscribe", m.Subscribe(w.system(), w.a, recognition.WayAPI))
	link := w.plantCards(w.a, realContacts(120)...)
	w.must("settings", m.ChangeLink(w.system(), w.a, link, recognition.LinkDraft{
		Name: "CRM de Jeanne", Kind: "rest", Secret: []byte("url: https://jmoulin:hunter22@crm.valombre.example/api\naccount: jeanne.moulin\n"),
		Mapping: recognition.Mapping{
			Region: "FR", Name: []string{"prenom", "nom"}, Numbers: []string{"Téléphone mobile", "ligne de Jeanne Moulin"}, Company: "societe",
			Shown: map[string]string{"Ville": "ville", "Avis de Jeanne Moulin": "avis"}, Trunks: realTrunks(),
		},
	}))
	w.must("pause", m.PauseLink(w.system(), w.a, w.plantCards(w.a, realContacts(7)...), true))
	w.user("a.member", w.a, recognition.RoleUser)
	line, err := m.MakeLine(w.system(), w.a, recognition.ExchangeDraft{
		Kind: recognition.KindSIP, Title: "Central de Jeanne", Region: "FR", Phones: []recognition.Phone{{Extension: "jmoulin", Person: w.people["a.member"]}},
		Settings: map[string]string{"server": "pbx.valombre.example:5061", "transport": "tcp", "mode": "events", "user": "jmoulin", "password": "hunter22"},
	})
	w.must("line", err)
	var d recognition.ExchangeDraft
	lines, err := m.Lines(w.system(), w.a)
	w.must("lines", err)
	d.Title, d.Region, d.Paused, d.Settings, d.Phones = lines[0].Title, lines[0].Region, true, lines[0].Settings, lines[0].Phones
	w.must("pause it", m.ChangeLine(w.system(), w.a, line, d))
}

// sandboxed makes a sandbox of a town and opens it.
func (w *town) sandboxed() (Sandbox, *House, string) {
	w.t.Helper()
	dir := w.t.TempDir()
	s, err := w.MakeSandbox(w.t.Context(), dir, 1<<20)
	w.must("sandbox", err)
	other, err := New(w.t.Context(), Config{Services: services.All, Data: dir, Origin: "http://localhost:8080"})
	w.must("start it", err)
	return s, other, dir
}

// onlyClient is the one organization of a sandbox that has links.
func onlyClient(t testing.TB, other *House) (org core.ID, links []recognition.Link) {
	t.Helper()
	ctx := core.WithActor(t.Context(), core.System("test"))
	orgs, _, err := other.organizations.Orgs(ctx, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range orgs {
		all, err := other.recognition().Links(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 0 {
			org, links = o.ID, all
		}
	}
	return org, links
}

// TestASandboxHasCardsOfNobody: as many links, cards and phones of the same kinds and shapes, found by numbers of fiction; no address
// leads anywhere, and the names of fields that name somebody are not copied.
func TestASandboxHasCardsOfNobody(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.recognizes()
		_, other, dir := w.sandboxed()
		ctx := core.WithActor(t.Context(), core.System("test"))
		for what, q := range qCardCounts {
			var n [2]int
			for i, h := range []*House{w.House, other} {
				w.must(what, h.db.Read(t.Context(), func(tx core.Tx) (err error) { n[i], _, err = db.One(ctx, tx, q, db.Value[int]); return err }))
			}
			if n[0] == 0 || n[0] != n[1] {
				t.Errorf("%s: %d in the source, %d in the sandbox", what, n[0], n[1])
			}
		}
		org, links := onlyClient(t, other)
		i := slices.IndexFunc(links, func(l recognition.Link) bool { return l.Kind == "rest" })
		if i < 0 || links[i].Cards != 120 || links[i].State != recognition.LinkActive {
			t.Fatalf("links %+v", links)
		}
		mp := links[i].Mapping
		if mp.Shown["Ville"] != "ville" || len(mp.Shown) != 2 || mp.Company != "societe" || mp.Numbers[0] != "Téléphone mobile" || strings.Contains(mp.Numbers[1], "Moulin") || len(mp.Trunks) != 20 {
			t.Errorf("mapping %+v", mp)
		}
		shapes := map[string]int{}
		said := w.cardsOf(other, org)
		fiction := regexp.MustCompile(`^\+33(19900|26191|35301|46571|53649|63998)\d{4}$`)
		trunks := map[string]bool{}
		for _, trunk := range mp.Trunks {
			if trunks[trunk.Prefix] || len(trunk.Prefix) != len("+331420012") || !fiction.MatchString(trunk.Prefix+"00") {
				t.Errorf("%s is no beginning of numbers of fiction, or stands twice", trunk.Prefix)
			}
			trunks[trunk.Prefix] = true
		}
		for _, number := range said["number"] {
			if !fiction.MatchString(number) && !trunks[number] {
				t.Errorf("%s is no number of fiction", number)
			}
		}
		for _, c := range append(realContacts(120), realContacts(7)...) {
			shapes["number"] += len(c.Numbers)
			shapes["shown"] += len(c.Shown) + len(c.Scripts)
			if c.Company != "" {
				shapes["company"]++
			}
		}
		if len(said["number"]) != shapes["number"]+20 || len(said["shown"]) != shapes["shown"] || len(said["company"]) != shapes["company"]+20 { // and the trunks
			t.Errorf("%d numbers, %d fields, %d companies: wanted %v and 20 trunks", len(said["number"]), len(said["shown"]), len(said["company"]), shapes)
		}
		known := 0
		for _, number := range said["number"] {
			answer, err := other.recognition().Lookup(ctx, org, number)
			w.must("lookup", err)
			known += len(answer.Matches)
		}
		if known < 120 {
			t.Errorf("%d cards are found by their numbers", known)
		}
		for _, address := range said["address"] {
			if strings.Contains(address, ".") && !strings.Contains(address, ".example.invalid") {
				t.Errorf("%s leads somewhere", address)
			}
		}
		w.must("close", other.Close())
		w.leaks(dir)
	})
}

// cardsOf is what the cards, links and exchanges of an organization say, by column; numbers of trunks first.
func (w *town) cardsOf(h *House, org core.ID) map[string][]string {
	w.t.Helper()
	said := map[string][]string{}
	w.must("read", h.db.Read(w.t.Context(), func(tx core.Tx) error {
		_, err := h.recognition().Likeness(w.t.Context(), tx, org, func(_, column, value string) {
			if value != "" {
				said[column] = append(said[column], value)
			}
		})
		return err
	}))
	return said
}

// leaks puts one value after the other of the town's contacts into a sandbox: each is seen, in its column.
func (w *town) leaks(dir string) {
	w.t.Helper()
	other, err := New(w.t.Context(), Config{Services: services.All, Data: dir, Origin: "http://localhost:8080"})
	w.must("start it", err)
	m, ctx := other.recognition(), core.WithActor(context.Background(), core.System("test"))
	org, _ := onlyClient(w.t, other)
	link, err := m.MakeLink(ctx, org, recognition.LinkDraft{Name: "x", Kind: "csv", Secret: []byte("login: jeanne.moulin\n")})
	w.must("link", err)
	sealing, err := m.Sealing(ctx, org, link)
	w.must("sealing", err)
	row, err := sealing.Store(cardKey(1), recognition.Mark{}, recognition.Card{Name: "Jeanne Moulin", Numbers: []string{"+33612345678"}, Shown: map[string]string{"x": "paie tard"}})
	w.must("store", err)
	var shelf int64
	w.must("put", other.db.Write(ctx, func(tx core.Tx) error {
		if shelf, err = m.OpenShelf(ctx, tx, org, link); err != nil {
			return err
		}
		return m.Put(ctx, tx, org, link, shelf, []recognition.Stored{row})
	}))
	w.must("index", m.IndexShelf(ctx, org, link, shelf))
	w.must("switch", other.db.Write(ctx, func(tx core.Tx) error { return m.SwitchShelf(ctx, tx, org, link, shelf) }))
	_, err = m.MakeLine(ctx, org, recognition.ExchangeDraft{Kind: recognition.KindARI, Title: "x", Region: "FR", Settings: map[string]string{
		"url": "https://crm.valombre.example/", "user": "x", "password": "hunter22", "tech": "x", "context": "x",
	}})
	w.must("line", err)
	w.must("close", other.Close())
	found, err := w.CheckSandbox(w.t.Context(), dir)
	w.must("compare", err)
	for _, place := range []string{
		"recognition_card.name", "recognition_card.number", "recognition_card.shown", "recognition_link.address", "recognition_line.address", "recognition_line.secret",
	} {
		if !slices.Contains(found, place) {
			w.t.Errorf("a real value stands in %s, and the comparison sees %v", place, found)
		}
	}
}
