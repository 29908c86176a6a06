package boot

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition"
)

// recognition gives the service of a house.
func (h *House) recognition() *recognition.Module {
	return h.Guest("recognition").(*recognition.Module)
}

func cardKey(n int) (k recognition.Key) {
	binary.BigEndian.PutUint64(k[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(k[8:], uint64(n))
	return k
}

// plantCards makes a link of an organization with cards on it.
func (w *town) plantCards(org core.ID, list ...recognition.Card) (link core.ID) {
	w.t.Helper()
	m := w.House.recognition()
	link, err := m.MakeLink(w.system(), org, recognition.LinkDraft{Name: "Canary CRM", Kind: "csv", Secret: []byte("canary-secret")})
	w.must("link", err)
	w.putCards(org, link, list...)
	return link
}

// putCards makes cards the ones of a link.
func (w *town) putCards(org, link core.ID, list ...recognition.Card) {
	w.t.Helper()
	m := w.House.recognition()
	sealing, err := m.Sealing(w.t.Context(), org, link)
	w.must("sealing", err)
	rows := make([]recognition.Stored, len(list))
	for i, c := range list {
		rows[i], err = sealing.Store(cardKey(i+1), recognition.Mark{byte(i)}, c)
		w.must("store", err)
	}
	var shelf int64
	w.do("open a shelf", func(ctx context.Context, tx core.Tx) (err error) {
		if shelf, err = m.OpenShelf(ctx, tx, org, link); err != nil {
			return err
		}
		return m.Put(ctx, tx, org, link, shelf, rows)
	})
	w.must("index", m.IndexShelf(w.system(), org, link, shelf))
	w.do("switch", func(ctx context.Context, tx core.Tx) error { return m.SwitchShelf(ctx, tx, org, link, shelf) })
}

type foundCards struct {
	Kind, Number, Label string
	Cards               []struct {
		Name, Company string
		CompanyOnly   bool `json:"company_only"`
		Shown         map[string]string
	}
}

// findCards asks who a number is, as a program does.
func (w *town) findCards(token string, org core.ID, number string) (int, foundCards, string) {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"number": number})
	w.must("body", err)
	r := w.ask("", http.MethodPost, "/api/v1/organizations/"+string(org)+"/cards/find", string(body), "Authorization", "Bearer "+token)
	var f foundCards
	if r.Code == http.StatusOK {
		w.must("answer", json.Unmarshal(r.Body.Bytes(), &f))
	}
	return r.Code, f, r.Body.String()
}

// program gives the secret of a program of an organization that may ask who a number is.
func (w *town) program(org core.ID, who string) (account core.ID, secret string) {
	w.t.Helper()
	account, secret, err := grants{w.House}.Grant(w.as(who), service.Granted{
		Org: org, Name: "lookups of " + who, Responsible: w.people[who], Role: recognition.RoleAgent, Scopes: []core.Permission{"card.find"},
		Until: time.Now().Add(24 * time.Hour),
	})
	w.must("program", err)
	return account, secret
}

var qAnyCard = db.SQL(`SELECT COUNT(*) FROM recognition_card WHERE org = $1`)

var moulin = recognition.Card{
	Name: "Jeanne Moulin", Company: "Valombre", Numbers: []string{"+33612345678", "+33142001234"},
	Shown: map[string]string{"Ville": "Lyon"}, Scripts: map[string]string{"id": "4711"},
}

// TestACallerIsFoundByTheExactNumber: in whatever form it is written, every card that has it, and nobody by a number that ends alike.
func TestACallerIsFoundByTheExactNumber(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantCards(w.a, moulin, recognition.Card{Name: "Achille Moulin", Numbers: []string{"+33612345678"}})
		_, token := w.program(w.a, "a.admin")
		for _, written := range []string{"+33612345678", "06 12 34 56 78", "0033612345678", "tel:+33612345678", "sip:+33612345678@pbx.example;user=phone"} {
			code, f, body := w.findCards(token, w.a, written)
			if code != http.StatusOK || f.Number != "+33612345678" || len(f.Cards) != 2 || f.Cards[0].Name != "Achille Moulin" || f.Cards[1].Shown["Ville"] != "Lyon" {
				t.Errorf("%s: %d %s", written, code, body)
			}
		}
		if _, f, body := w.findCards(token, w.a, "01 42 00 12 34"); len(f.Cards) != 1 || f.Cards[0].Company != "Valombre" {
			t.Errorf("the other number of a card: %s", body)
		}
		for _, other := range []string{"+32612345678", "+33712345678", "+33612345679"} { // the same last digits, and a neighbour
			if code, f, body := w.findCards(token, w.a, other); code != http.StatusOK || f.Kind == "" || len(f.Cards) != 0 {
				t.Errorf("%s found somebody: %d %s", other, code, body)
			}
		}
		if _, f, body := w.findCards(token, w.a, "01 62 00 00 01"); f.Label != "automated" || len(f.Cards) != 0 {
			t.Errorf("a range of automated callers: %s", body)
		}
	})
}

// TestMaskedCallersAreNeverLookedUp, even when a card has what the exchange leaked beside it.
func TestMaskedCallersAreNeverLookedUp(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantCards(w.a, moulin)
		_, token := w.program(w.a, "a.admin")
		for _, masked := range []string{"anonymous", "Restricted", "sip:anonymous@anonymous.invalid", "unavailable"} {
			code, f, body := w.findCards(token, w.a, masked)
			if code != http.StatusOK || f.Kind != "masked" || f.Number != "" || len(f.Cards) != 0 {
				t.Errorf("%s: %d %s", masked, code, body)
			}
		}
	})
}

// TestACompanyIsFoundByItsTrunkOnlyWhenSomebodyNamedIt, and the answer says that the person is unknown.
func TestACompanyIsFoundByItsTrunkOnlyWhenSomebodyNamedIt(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		link := w.plantCards(w.a, moulin)
		_, token := w.program(w.a, "a.admin")
		if _, f, body := w.findCards(token, w.a, "+33142001299"); len(f.Cards) != 0 {
			t.Errorf("without a trunk: %s", body)
		}
		d := recognition.LinkDraft{Name: "Canary CRM", Kind: "csv", Mapping: recognition.Mapping{Trunks: []recognition.Trunk{{Prefix: "+331420012", Company: "Valombre (standard)"}, {Prefix: "+33142001", Company: "Wider"}}}}
		w.must("name a trunk", w.House.recognition().ChangeLink(w.system(), w.a, link, d))
		if _, f, body := w.findCards(token, w.a, "+33142001299"); len(f.Cards) != 1 || !f.Cards[0].CompanyOnly || f.Cards[0].Company != "Valombre (standard)" || f.Cards[0].Name != "" {
			t.Errorf("behind a trunk: %s", body)
		}
		if _, f, body := w.findCards(token, w.a, "+33142001234"); len(f.Cards) != 1 || f.Cards[0].CompanyOnly || f.Cards[0].Name != "Jeanne Moulin" {
			t.Errorf("an exact number behind a trunk: %s", body)
		}
		if _, f, body := w.findCards(token, w.a, "+33142991299"); len(f.Cards) != 0 {
			t.Errorf("beside the trunk: %s", body)
		}
		d.Mapping.Trunks = []recognition.Trunk{{Prefix: "+331", Company: "Paris"}}
		w.wantCode("a whole region", w.House.recognition().ChangeLink(w.system(), w.a, link, d), "recognition.link")
	})
}

// TestAnotherOrganizationAnswersNothing: neither its cards to our program, nor ours to its, by whatever number, link or organization.
func TestAnotherOrganizationAnswersNothing(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantCards(w.a, moulin)
		w.plantCards(w.b, recognition.Card{Name: "Bastien Autre", Numbers: []string{"+33687654321"}})
		_, ours := w.program(w.a, "a.admin")
		_, theirs := w.program(w.b, "b.admin")
		if code, f, body := w.findCards(theirs, w.b, "+33612345678"); code != http.StatusOK || len(f.Cards) != 0 {
			t.Errorf("a number of another organization: %d %s", code, body)
		}
		for token, org := range map[string]core.ID{theirs: w.a, ours: w.b, "": w.a, "rps_wrong": w.a} {
			code, _, body := w.findCards(token, org, "+33612345678")
			if code == http.StatusOK || strings.Contains(body, "Moulin") || strings.Contains(body, "Autre") {
				t.Errorf("a token in the wrong organization: %d %s", code, body)
			}
		}
		for _, written := range []string{"+33612345678' OR '1'='1", "%", "+336________", "+33612345678\u0000", "*", `{"$ne":""}`, "+33612345678;DROP TABLE recognition_card"} {
			if code, f, body := w.findCards(theirs, w.b, written); len(f.Cards) != 0 || code >= 500 {
				t.Errorf("%s: %d %s", written, code, body)
			}
		}
		if n := w.count(qAnyCard, w.a); n != 1 {
			t.Errorf("%d cards stand", n)
		}
	})
}

// TestALookupIsJournaledWithoutTheNumber: who asked and which card was shown, and the number nowhere.
func TestALookupIsJournaledWithoutTheNumber(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.plantCards(w.a, moulin)
		_, token := w.program(w.a, "a.admin")
		w.findCards(token, w.a, "+33612345678")
		card := cardKey(1)
		if n := w.entries(w.a, "card.find", core.ID(hex.EncodeToString(card[:]))); n != 1 {
			t.Errorf("%d entries name the card that was shown", n)
		}
	})
}

// TestARemovedLinkIsForgottenInTheSameSecond, rows, key and lookups (CTI-32.1).
func TestARemovedLinkIsForgottenInTheSameSecond(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		link := w.plantCards(w.a, moulin)
		_, token := w.program(w.a, "a.admin")
		if _, f, body := w.findCards(token, w.a, "+33612345678"); len(f.Cards) != 1 {
			t.Fatalf("before: %s", body)
		}
		began := time.Now()
		w.must("remove", w.House.recognition().RemoveLink(w.system(), w.a, link))
		if code, f, body := w.findCards(token, w.a, "+33612345678"); code != http.StatusOK || len(f.Cards) != 0 {
			t.Errorf("after: %d %s", code, body)
		}
		if n := w.count(qAnyCard, w.a); n != 0 {
			t.Errorf("%d cards still stand", n)
		}
		if gone, err := w.vault.Destroyed(w.system(), link); err != nil || !gone {
			t.Errorf("the key of the link lives (%v)", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		w.wantCode("the link itself", w.House.recognition().ChangeLink(w.system(), w.a, link, recognition.LinkDraft{Name: "x", Kind: "csv"}), "recognition.no_link")
	})
}

// TestARemovedLinkIsForgottenOnEveryNode within a second, on the node that found its cards a moment before.
func TestARemovedLinkIsForgottenOnEveryNode(t *testing.T) {
	one, two := twoNodes(t)
	link := one.plantCards(one.a, moulin)
	_, token := one.program(one.a, "a.admin")
	until := time.Now().Add(5 * time.Second)
	for {
		_, f, body := two.findCards(token, one.a, "+33612345678")
		if len(f.Cards) == 1 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("the second node never found it: %s", body)
		}
	}
	one.must("remove", one.House.recognition().RemoveLink(one.system(), one.a, link))
	removed := time.Now()
	for {
		_, f, body := two.findCards(token, one.a, "+33612345678")
		if len(f.Cards) == 0 {
			break
		}
		if time.Since(removed) > withinOneSecond {
			t.Fatalf("the second node still finds it after %s: %s", withinOneSecond, body)
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("the second node forgot it %s after the removal", time.Since(removed).Round(time.Millisecond))
}

// TestSecretsOfALinkAreGivenByThemselves: the list of links has none, and another permission, freshly proved, is needed (CTI-28).
func TestSecretsOfALinkAreGivenByThemselves(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		link := w.plantCards(w.a, moulin)
		m := w.House.recognition()
		w.user("a.security", w.a, recognition.RoleManager)
		if l, err := m.Link(w.as("a.admin"), w.a, link); err != nil || l.Name != "Canary CRM" || l.Cards != 1 {
			t.Errorf("an administrator reads %+v, %v", l, err)
		}
		if _, err := m.LinkSecret(w.as("a.admin"), w.a, link); core.KindOf(err) != core.Forbidden {
			t.Errorf("an administrator sees the secret: %v", err)
		}
		if secret, err := m.LinkSecret(w.as("a.security"), w.a, link); err != nil || string(secret) != "canary-secret" {
			t.Errorf("the manager gets %q, %v", secret, err)
		}
		stale := core.ActorOf(w.as("a.security"))
		stale.AuthenticatedAt = time.Now().Add(-16 * time.Minute)
		if _, err := m.LinkSecret(core.WithActor(t.Context(), stale), w.a, link); core.KindOf(err) != core.StepUp {
			t.Errorf("without a fresh proof: %v", err)
		}
		if _, err := m.Link(w.as("b.admin"), w.a, link); core.KindOf(err) != core.NotFound {
			t.Errorf("another organization: %v", err)
		}
	})
}

var qAnyLink = db.SQL(`SELECT (SELECT COUNT(*) FROM recognition_link WHERE org = $1) + (SELECT COUNT(*) FROM recognition_shelf WHERE org = $1) +
	(SELECT COUNT(*) FROM recognition_number WHERE org = $1) + (SELECT COUNT(*) FROM recognition_trunk WHERE org = $1)`)

// TestCardsEndWithTheContract: rows, keys and what a node holds in memory, in the same second (CTI-32.1).
func TestCardsEndWithTheContract(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		m := w.House.recognition()
		link := w.plantCards(w.a, moulin)
		d := recognition.LinkDraft{Name: "Canary CRM", Kind: "csv", Mapping: recognition.Mapping{Trunks: []recognition.Trunk{{Prefix: "+331420012", Company: "Valombre"}}}}
		w.must("trunk", m.ChangeLink(w.system(), w.a, link, d))
		other := w.plantCards(w.b, moulin)
		began := time.Now()
		w.do("erase", func(ctx context.Context, tx core.Tx) error {
			_, err := m.EraseOrg(ctx, tx, w.a, func(context.Context, core.Archived) error { return nil })
			return err
		})
		answer, err := m.Lookup(w.system(), w.a, "+33612345678")
		if err != nil || len(answer.Matches) != 0 {
			t.Errorf("after the end: %v, %v", answer.Matches, err)
		}
		if gone, err := w.vault.Destroyed(w.system(), link); err != nil || !gone {
			t.Errorf("the key of the link lives (%v)", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if n, links := w.count(qAnyCard, w.a), w.count(qAnyLink, w.a); n != 0 || links != 0 {
			t.Errorf("%d cards and %d other rows still stand", n, links)
		}
		if answer, err := m.Lookup(w.system(), w.b, "+33612345678"); err != nil || len(answer.Matches) != 1 || answer.Matches[0].Source != other {
			t.Errorf("another organization lost its own: %v, %v", answer.Matches, err)
		}
	})
}
