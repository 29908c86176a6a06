package boot

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/policies"
)

var (
	qSealedFile = db.SQL(`SELECT content FROM attestation_file LIMIT 1`)
	qTamper     = db.SQL(`UPDATE attestation_attestation SET place = 'elsewhere' WHERE id = $1`)
	qUntamper   = db.SQL(`UPDATE attestation_attestation SET place = $2 WHERE id = $1`)
	qEndsAt     = db.SQL(`UPDATE attestation_attestation SET signed_at = $2, until_at = $3 WHERE id = $1`)
	qTrainedTo  = db.SQL(`UPDATE attestation_duty SET until_at = $2 WHERE person = $1 AND duty = 'training' AND ended_at = 0`)
)

var proofPDF = []byte("%PDF-1.7 the alarm of the site, seen in person")

func (w *town) draft(kind, place string) attestation.Draft {
	return attestation.Draft{
		Kind: kind, Reach: attestation.ReachSite, Place: place, From: time.Now().AddDate(0, -1, 0), Until: time.Now().AddDate(1, 0, 0), Details: "Seen with the guard.",
		Files: []attestation.Upload{{Name: `C:\photos\alarm.exe.pdf`, Content: proofPDF}},
	}
}

func (w *town) attest(kind, place string) core.ID {
	w.t.Helper()
	id, err := w.attestation.Sign(w.as("provider.admin"), w.draft(kind, place))
	w.must("sign "+kind, err)
	return id
}

// clauseNow gives how a clause of a pack stands.
func (w *town) clauseNow(pack, clause string) Clause {
	w.t.Helper()
	list, _, err := w.VerifyClauses(w.system(), ClauseFilter{Pack: pack, Clause: clause}, false)
	w.must(clause, err)
	return list[0]
}

// plantAttestation makes one of the provider's, for the walks: no client sees it.
func (w *town) plantAttestation() {
	w.t.Helper()
	id, err := w.attestation.Sign(w.as("provider.operator"), w.draft("maintenance", "canary-site"))
	w.must("attestation", err)
	s, err := w.attestation.Get(w.as("provider.operator"), id)
	w.must("attestation", err)
	w.known["attestation"], w.known["file"] = []core.ID{id}, []core.ID{s.Files[0].ID}
}

// TestAClauseOnBuildingsRestsOnANamedPersonsWord: nothing, signed for each site, expired, renewed, withdrawn.
func TestAClauseOnBuildingsRestsOnANamedPersonsWord(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		stands := func(want control.Status) {
			t.Helper()
			if c := w.clauseNow("usercom", "USR-1"); c.Status != want {
				t.Errorf("USR-1 is %s (%s), want %s", c.Status, c.Why.EN, want)
			}
		}
		stands(ClauseStale)
		lyon := w.attest("site-security", "Lyon")
		stands(ClauseAttested)
		paris := w.attest("site-security", "Paris")
		w.exec(qEndsAt, paris, time.Now().AddDate(-1, 0, 0).UnixMicro(), time.Now().Add(-time.Hour).UnixMicro())
		stands(ClauseStale) // one of two sites is enough
		again := w.draft("site-security", "Paris")
		again.Renews = paris
		renewed, err := w.attestation.Sign(w.as("provider.dpo"), again)
		w.must("renew", err)
		stands(ClauseAttested)
		_, err = w.attestation.Sign(w.as("provider.dpo"), again)
		w.wantCode("renew twice", err, "attestation.ended")

		s, err := w.attestation.Get(w.as("provider.auditor"), renewed)
		w.must("get", err)
		if !s.Sound || s.Renews != paris || s.AAL != 2 || s.Signer != w.people["provider.dpo"] || len(s.Files) != 1 || s.Files[0].Name != "alarm.exe.pdf" || s.Files[0].Type != "application/pdf" {
			t.Errorf("the renewal reads %+v", s)
		}
		w.exec(qTamper, renewed)
		if s, err = w.attestation.Get(w.as("provider.admin"), renewed); err != nil || s.Sound {
			t.Errorf("a changed row passes for what was signed (%v)", err)
		}
		w.exec(qUntamper, renewed, "Paris")
		w.must("withdraw", w.attestation.Withdraw(w.as("provider.admin"), lyon, "moved out"))
		w.must("withdraw", w.attestation.Withdraw(w.as("provider.admin"), renewed, "badges lost"))
		stands(ClauseStale)
	})
}

// TestEvidenceIsSealedAndGivenToWhoMayOpenIt: the base holds no clear text, each opening is an entry, a member gets nothing.
func TestEvidenceIsSealedAndGivenToWhoMayOpenIt(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		id := w.attest("site-security", "Lyon")
		w.do("row", func(ctx context.Context, tx core.Tx) error {
			sealed, _, err := db.One(ctx, tx, qSealedFile, db.Value[[]byte])
			if bytes.Contains(sealed, []byte("alarm")) {
				t.Error("evidence stands in clear in the database")
			}
			return err
		})
		s, err := w.attestation.Get(w.as("provider.admin"), id)
		w.must("get", err)
		page := "/provider/attestations/" + string(id) + "/evidence/" + string(s.Files[0].ID)
		r := w.ask("provider.auditor", http.MethodGet, page, "")
		if r.Code != http.StatusOK || !bytes.Equal(r.Body.Bytes(), proofPDF) || !strings.HasPrefix(r.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("the evidence comes as %d %v", r.Code, r.Header())
		}
		for _, who := range []string{"provider.support", "a.admin"} {
			if r := w.ask(who, http.MethodGet, page, ""); r.Code == http.StatusOK || bytes.Contains(r.Body.Bytes(), []byte("alarm")) {
				t.Errorf("%s opens evidence: %d", who, r.Code)
			}
		}
		for name, content := range map[string]string{"x.pdf": "MZ\x00\x01 a program", "x.docx": "PK\x03\x04 no archive"} {
			d := w.draft("site-security", "Nice")
			d.Files = []attestation.Upload{{Name: name, Content: []byte(content)}}
			_, err := w.attestation.Sign(w.as("provider.admin"), d)
			w.wantCode(name, err, "attestation.draft")
		}
		stale := core.ActorOf(w.as("provider.admin"))
		stale.AuthenticatedAt = time.Now().Add(-time.Hour)
		_, err = w.attestation.Sign(core.WithActor(context.Background(), stale), w.draft("site-security", "Nice"))
		if core.KindOf(err) != core.StepUp {
			t.Errorf("signed without a fresh proof of identity: %v", err)
		}
		out, _, err := w.attestation.CSV(w.as("provider.dpo"))
		if err != nil || !strings.Contains(string(out), s.Digest) {
			t.Errorf("the export (%v) lacks the digest:\n%s", err, out)
		}
	})
}

// TestStaffWhoOweSomethingDoNotReadClientsData: once a clause demands it, until they sign and are trained.
func TestStaffWhoOweSomethingDoNotReadClientsData(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		const who = "provider.support"
		w.do("support", func(ctx context.Context, tx core.Tx) error {
			_, err := w.access.Assign(ctx, tx, core.Assignment{Org: w.a, Person: w.people[who], Role: "support", Reason: "ticket", From: time.Now().Add(-time.Minute), Until: time.Now().Add(24 * time.Hour)})
			return err
		})
		reads := func(want int, code string) {
			t.Helper()
			r := w.ask(who, http.MethodGet, "/api/v1/organizations/"+string(w.a)+"/habilitations", "")
			if r.Code != want || !strings.Contains(r.Body.String(), code) {
				t.Errorf("staff reading a client: %d %.200s, want %d %s", r.Code, r.Body.String(), want, code)
			}
		}
		reads(http.StatusOK, "")
		contacts := map[string]string{"contact.security": "security@example.org", "contact.dpo": "dpo@example.org", "contact.support": "support@example.org"}
		w.must("contacts", w.SetFloors(w.system(), contacts, "test"))
		_, err := w.PublishPolicy(w.system(), PolicyOrder{Pack: "emage-me", Tighten: true, Reason: "test"}, false)
		w.must("publish", err)
		reads(http.StatusForbidden, "attestation.duty_missing")
		if r := w.ask(who, http.MethodGet, "/me/duties", ""); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "Clients&#39; data are closed to you") {
			t.Errorf("their own page answers %d", r.Code)
		}
		if r := w.ask("a.admin", http.MethodGet, "/api/v1/organizations/"+string(w.a)+"/habilitations", ""); r.Code != http.StatusOK {
			t.Errorf("a member of the client is refused: %d", r.Code)
		}

		w.must("remind", w.Sweep(w.system(), "attestation.remind"))
		w.must("remind", w.Sweep(w.system(), "attestation.remind"))
		if n := w.told(who, "attestation.duty_missing"); n != 2 {
			t.Errorf("%d letters on a missing charter and training, want one of each", n)
		}
		w.wantCode("unread", w.attestation.SignCharter(w.as(who), false), "attestation.unread")
		w.must("charter", w.attestation.SignCharter(w.as(who), true))
		reads(http.StatusForbidden, "yearly training")
		w.must("training", w.attestation.RecordTraining(w.as("provider.dpo"), w.people[who], "Data protection, by the officer", time.Now().AddDate(0, 0, -1)))
		reads(http.StatusOK, "")
		w.wantCode("a client's member is no staff", w.attestation.RecordTraining(w.as("provider.dpo"), w.people["a.member"], "x", time.Now().AddDate(0, 0, -1)), "attestation.not_staff")

		w.exec(qTrainedTo, w.people[who], time.Now().Add(-time.Hour).UnixMicro())
		reads(http.StatusForbidden, "attestation.duty_missing")
		w.must("remind", w.Sweep(w.system(), "attestation.remind"))
		w.must("remind", w.Sweep(w.system(), "attestation.remind"))
		if w.told(who, "attestation.duty_overdue") != 1 || w.told("provider.dpo", "attestation.escalation") != 1 {
			t.Error("an overdue training is told to the person and above, once each")
		}
	})
}

// TestAnEndIsRecalledOnceAtEachStep: a run that was missed sends one letter, not all that it missed.
func TestAnEndIsRecalledOnceAtEachStep(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		id := w.attest("site-security", "Lyon")
		run := func(left time.Duration, want int) {
			t.Helper()
			w.exec(qEndsAt, id, time.Now().AddDate(-1, 0, 0).UnixMicro(), time.Now().Add(left).UnixMicro())
			for range 2 {
				w.must("remind", w.Sweep(w.system(), "attestation.remind"))
			}
			if n := w.told("provider.admin", "attestation.expiring"); n != want {
				t.Errorf("%s before the end: %d letters so far, want %d", left, n, want)
			}
		}
		run(61*day, 0)
		run(59*day, 1)
		run(20*day, 2) // between two steps, the nearest one passed
		run(3*day, 3)
		run(-day, 3)
		if w.told("provider.admin", "attestation.expired") != 1 || w.told("provider.dpo", "attestation.escalation") != 1 || w.told("a.admin", "attestation.escalation") != 0 {
			t.Error("an expired attestation is told to its signer and to those above, once")
		}
	})
}

// TestWhatAPersonSignedIsTheirsToTake: their export holds it, and what they were trained in; erasing keeps only who signed.
func TestWhatAPersonSignedIsTheirsToTake(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		who := w.people["provider.admin"]
		id := w.attest("site-security", "Lyon")
		w.must("training", w.attestation.RecordTraining(w.as("provider.dpo"), who, "Given by the officer", time.Now().AddDate(0, 0, -2)))
		w.must("charter", w.attestation.SignCharter(w.as("provider.admin"), true))
		export := func() map[string]int {
			found := map[string]int{}
			w.do("export", func(ctx context.Context, tx core.Tx) error {
				return w.attestation.ExportPerson(ctx, tx, who, func(r core.Record) error {
					found[r.Table]++
					if r.Values["details"] == "Given by the officer" || r.Values["name"] == "alarm.exe.pdf" || r.Values["details"] == "Seen with the guard." {
						found["in clear"]++
					}
					return nil
				})
			})
			return found
		}
		if got := export(); got["attestation_attestation"] != 1 || got["attestation_file"] != 1 || got["attestation_duty"] != 2 || got["in clear"] != 3 {
			t.Errorf("the export holds %v", got)
		}
		w.do("erase", func(ctx context.Context, tx core.Tx) error {
			_, err := w.attestation.ErasePerson(ctx, tx, who)
			return err
		})
		w.must("key", w.vault.DestroyKey(w.system(), who))
		if got := export(); got["attestation_attestation"] != 1 || got["in clear"] != 2 {
			t.Errorf("after the erasure there is %v: their training's words must be gone, what they attested for the provider stays", got)
		}
		if s, err := w.attestation.Get(w.as("provider.dpo"), id); err != nil || !s.Sound {
			t.Errorf("the attestation no longer proves itself: %v", err)
		}
	})
}

// TestEveryKindOfThePacksCanBeAttested, and each kind serves the clauses that it says.
func TestEveryKindOfThePacksCanBeAttested(t *testing.T) {
	serves := map[string][]string{}
	for _, p := range policies.Embedded() {
		for _, c := range p.Clauses {
			for _, kind := range c.Attestations {
				serves[kind] = append(serves[kind], c.ID)
			}
		}
	}
	for _, k := range attestation.Kinds() {
		for _, clause := range k.Clauses {
			if !slices.Contains(serves[k.ID], clause) {
				t.Errorf("%s says that it serves %s, which does not name it", k.ID, clause)
			}
		}
		for _, clause := range serves[k.ID] {
			if !slices.Contains(k.Clauses, clause) {
				t.Errorf("%s serves %s and does not say so", k.ID, clause)
			}
		}
		delete(serves, k.ID)
		if k.Title.FR == "" || k.Title.EN == "" || k.Statement.FR == "" || k.Statement.EN == "" || k.Days < 30 {
			t.Errorf("%s is not whole", k.ID)
		}
	}
	for kind, clauses := range serves {
		t.Errorf("%v name %s, which nobody can sign", clauses, kind)
	}
}
