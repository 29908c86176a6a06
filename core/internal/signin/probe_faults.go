package signin

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/probe"
)

func fault(id, fr, en string, plant func(context.Context, core.Saboteur) error) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: plant}
}

// skipped takes a proof for given as soon as a sign-in begins.
func skipped(id, column string) core.PlantedFault {
	return fault(id+"/skipped", "Une preuve compte pour donnée sans l'être", "A proof counts as given without being so", probe.Rows(
		`CREATE TRIGGER skipped AFTER INSERT ON signin_flow BEGIN UPDATE signin_flow SET `+column+` = NEW.created_at + 1000000 WHERE id = NEW.id; END`))
}

func uncounted(id string) core.PlantedFault {
	return fault(id+"/uncounted", "Les essais ne sont pas comptés", "Attempts are not counted", probe.Rows(
		`CREATE TRIGGER uncounted AFTER INSERT ON abuse_bucket BEGIN DELETE FROM abuse_bucket WHERE id = NEW.id; END`))
}

func silent(id, kind string) core.PlantedFault {
	return fault(id+"/silent", "Le message n'est jamais écrit", "The message is never written", probe.Rows(
		`CREATE TRIGGER silent AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+kind+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`))
}

// before answers some requests otherwise.
func before(id, fr, en string, f func(w http.ResponseWriter, r *http.Request) bool) core.PlantedFault {
	return fault(id, fr, en, probe.Front(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !f(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}))
}

// slow are the places whose answers are held back.
var slow sync.Map

// nobodys tells whether a form is about the account that does not exist.
func nobodys(r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && bytes.Contains(body, []byte(".nobody"))
}

var (
	unwritten = fault("signin.password/unwritten", "Les essais manqués ne sont pas écrits", "Failed attempts are not written down", probe.Rows(
		`CREATE TRIGGER unwritten AFTER INSERT ON journal_batch WHEN instr(NEW.body, CAST('failure' AS BLOB)) > 0 BEGIN DELETE FROM journal_batch WHERE pos = NEW.pos; END`))
	telling = before("signin.unknown/telling", "La réponse dit que le compte n'existe pas", "The answer says that there is no such account",
		func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/signin" || !nobodys(r) {
				return false
			}
			w.WriteHeader(http.StatusNotFound)
			return true
		})
	hasty = before("signin.unknown/hasty", "Un compte qui n'existe pas est traité plus lentement", "An account that does not exist is handled more slowly",
		func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/signin" && nobodys(r) {
				slow.Store(r.RemoteAddr, true)
			}
			if _, is := slow.Load(r.RemoteAddr); is && r.URL.Path == "/signin/password" {
				time.Sleep(4 * tellTale)
			}
			return false
		})
	forgotten = fault("signin.owner/forgotten", "Aucun navigateur n'est jamais reconnu", "No browser is ever known again",
		probe.Front(probe.Cookie(abuse.BrowserCookie, func(c *http.Cookie) { c.Name = "" })))
	unspent = fault("signin.challenge/unspent", "Une preuve de travail sert plusieurs fois", "A proof of work is used several times", probe.Rows(
		`CREATE TRIGGER unspent AFTER INSERT ON abuse_spent BEGIN DELETE FROM abuse_spent WHERE id = NEW.id; END`))
	replayed = fault("signin.factor/replayed", "Un code sert plusieurs fois", "A code works several times", probe.Rows(
		`CREATE TRIGGER replayed AFTER UPDATE OF last_step ON identity_factor WHEN NEW.last_step > 0 BEGIN UPDATE identity_factor SET last_step = 0 WHERE id = NEW.id; END`))
	reusable = fault("signin.factor/reusable", "Un code de secours sert plusieurs fois", "A recovery code works several times", probe.Rows(
		`CREATE TRIGGER reusable AFTER UPDATE OF used_at ON identity_recovery WHEN NEW.used_at > 0 BEGIN
			UPDATE identity_recovery SET used_at = 0 WHERE person = NEW.person AND mark = NEW.mark; END`))
	removable = fault("signin.staff_factor/removable", "Le second facteur du personnel disparaît", "The second factor of staff goes away", probe.Rows(
		`CREATE TRIGGER removable AFTER INSERT ON session_session WHEN NEW.staff = 1 BEGIN DELETE FROM identity_factor WHERE person = NEW.person; END`))
	allowed = fault("signin.staff_address/allowed", "La liste admet trop large", "The list admits too much", probe.Rows(
		`INSERT INTO access_allow VALUES ('platform', '', '198.51.0.0/16', '', '', 0)`, `INSERT INTO access_allow VALUES ('platform', '', '127.0.0.0/8', '', '', 0)`))
	relayed = before("signin.staff_address/relayed", "Un relais cache l'adresse de celui qui demande", "A relay hides the address of who asks",
		func(_ http.ResponseWriter, r *http.Request) bool { r.RemoteAddr = "127.0.0.1:1"; return false })
)
