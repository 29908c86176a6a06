package identity

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/probe"
)

func fault(id, fr, en string, plant func(context.Context, core.Saboteur) error) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: plant}
}

// setting gives a setting of the platform another value, beside the page that would refuse it.
func setting(key, value string) func(context.Context, core.Saboteur) error {
	return probe.Rows(
		`INSERT INTO settings_value VALUES ('platform', '`+key+`', '`+value+`', 'planted', '', 0)
			ON CONFLICT (org, key) DO UPDATE SET value = excluded.value`,
		`INSERT INTO settings_version VALUES (1, 1, 'planted') ON CONFLICT (id) DO UPDATE SET version = version + 1, stamp = 'planted'`)
}

// form lets a relay change what is sent.
func form(path string, change func(url.Values)) func(context.Context, core.Saboteur) error {
	return probe.Front(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, path) {
				if body, err := io.ReadAll(r.Body); err == nil {
					values, _ := url.ParseQuery(string(body))
					change(values)
					body = []byte(values.Encode())
					r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				}
			}
			next.ServeHTTP(w, r)
		})
	})
}

// completed makes any password strong on its way: what was typed is weak all the same.
func completed(id string) core.PlantedFault {
	return fault(id+"/completed", "Un relais complète les mots de passe trop faibles", "A relay completes passwords that are too weak",
		form("/me/password", func(v url.Values) {
			if next := v.Get("password"); next != "" {
				v.Set("password", next+"-Zq7!vTr2#Lm9-Wk4")
			}
		}))
}

func undead(id string) core.PlantedFault {
	return fault(id+"/undead", "Une session arrêtée revit", "A session that was ended lives again", probe.Rows(
		`CREATE TRIGGER undead AFTER UPDATE OF ended_at ON session_session WHEN NEW.ended_at > 0 BEGIN
			UPDATE session_session SET ended_at = 0, reason = '' WHERE id = NEW.id; END`))
}

func trusting(id string) core.PlantedFault {
	return fault(id+"/trusting", "La marque « compromis » ne tient pas", "The mark 'compromised' does not stay", probe.Rows(
		`CREATE TRIGGER trusting AFTER UPDATE OF compromised_at ON identity_password WHEN NEW.compromised_at > 0 BEGIN
			UPDATE identity_password SET compromised_at = 0 WHERE person = NEW.person; END`))
}

func silent(id, kind string) core.PlantedFault {
	return fault(id+"/silent", "Le message n'est jamais écrit", "The message is never written", probe.Rows(
		`CREATE TRIGGER silent AFTER INSERT ON mail_outbox WHEN NEW.kind = '`+kind+`' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`))
}

// hashed plants a row with the hash of a password.
func hashed(plain, statement string) func(context.Context, core.Saboteur) error {
	return func(ctx context.Context, s core.Saboteur) error {
		hash, err := password.NewHasher(password.Standard, password.Limits{}).Hash(ctx, plain)
		if err != nil {
			return err
		}
		return s.Exec(ctx, strings.ReplaceAll(statement, "HASH", "'"+hash+"'"))
	}
}

// person is a row of nobody's, whose profile holds nothing.
func person(functional int, responsible, state string) string {
	return fmt.Sprintf(`INSERT INTO identity_person (id, profile, mark, language, functional, responsible, state, created_at, updated_at)
		VALUES ('planted', X'', X'01', 'en', %d, '%s', '%s', 1, 1)`, functional, responsible, state)
}

var offered = regexp.MustCompile(`(id="secret-(phrase|signs)"[^>]*><code>)[^<]+`)

var (
	lenient  = fault("password.rules/lenient", "Ni force ni classes ne sont exigées", "Neither strength nor classes are demanded", setting("password.min_strength", "0"))
	tolerant = fault("password.breached/tolerant", "Les mots de passe volés sont admis", "Stolen passwords are admitted", setting("password.breached", "false"))
	amnesia  = fault("password.history/amnesia", "Les anciens mots de passe sont oubliés", "Former passwords are forgotten", probe.Rows(
		`CREATE TRIGGER amnesia AFTER INSERT ON identity_password_old BEGIN DELETE FROM identity_password_old WHERE person = NEW.person; END`))
	forgiving = fault("password.history/forgiving", "Aucun ancien mot de passe n'est refusé", "No former password is refused", setting("password.history", "0"))
	clearText = fault("password.hash/clear", "Un mot de passe est gardé en clair", "A password is kept in the clear", probe.Rows(
		`UPDATE identity_password SET hash = 'Winter-2026!'`))
	cheap = fault("password.hash/cheap", "Une empreinte est bien trop faible", "A hash is far too cheap", probe.Rows(
		`UPDATE identity_password SET hash = '$argon2id$v=19$m=64,t=1,p=1$' || substr(hash, instr(hash, 'p=1$') + 4)`))
	kept = fault("password.change/kept", "L'ancien mot de passe reste en place", "The old password stays in place", probe.Rows(
		`CREATE TRIGGER kept AFTER UPDATE OF hash ON identity_password WHEN NEW.set_at > OLD.set_at BEGIN
			UPDATE identity_password SET hash = OLD.hash WHERE person = NEW.person; END`))
	sameForAll = fault("password.generated/same", "La même proposition est faite à tous", "The same offer is made to all", probe.Front(probe.Cache))
	feeble     = fault("password.generated/feeble", "Les propositions se devinent", "Offers can be guessed", probe.Front(func(next http.Handler) http.Handler {
		return probe.Rewrite(next, func(body []byte) []byte { return offered.ReplaceAll(body, []byte("${1}Sunshine-1")) })
	}))
	reusable = fault("signin.reset/reusable", "Un lien sert plusieurs fois", "A link works several times", probe.Rows(
		`CREATE TRIGGER reusable AFTER UPDATE OF used_at ON identity_link WHEN NEW.used_at > 0 AND NEW.kind = 'reset' BEGIN
			UPDATE identity_link SET used_at = 0 WHERE mark = NEW.mark; END`))
	lasting = fault("signin.reset/lasting", "Un lien n'expire pas", "A link does not expire", probe.Rows(
		`CREATE TRIGGER lasting AFTER UPDATE OF expires_at ON identity_link WHEN NEW.expires_at < OLD.expires_at BEGIN
			UPDATE identity_link SET expires_at = OLD.expires_at WHERE mark = NEW.mark; END`))
	unheard = fault("signin.report/unheard", "Le signalement se perd", "The report is lost", probe.Rows(
		`CREATE TRIGGER unheard AFTER INSERT ON identity_report BEGIN DELETE FROM identity_report WHERE id = NEW.id; END`))
	shared = fault("account.personal/shared", "Une personne a deux comptes", "A person has two accounts", probe.Rows(
		`CREATE TABLE planted AS SELECT * FROM identity_account`, `DROP TABLE identity_account`, `ALTER TABLE planted RENAME TO identity_account`,
		`INSERT INTO identity_account SELECT id || 'x', person, randomblob(32), created_at, 0 FROM identity_account LIMIT 1`))
	unnamed = fault("account.personal/unnamed", "Un compte n'est à personne", "An account is nobody's", probe.Rows(
		`INSERT INTO identity_account (id, person, mark, created_at, signed_in_at) VALUES ('planted', 'planted', X'01', 1, 0)`))
	factory   = fault("account.default/factory", "Le premier compte garde un mot de passe d'usine", "The first account keeps a factory password", hashed("admin", `UPDATE identity_password SET hash = HASH`))
	presented = fault("account.default/presented", "Un compte a reçu un mot de passe tout fait", "An account was given a ready-made password", hashed("Welcome-to-all-7", person(0, "", "invited")+`;
		INSERT INTO identity_password VALUES ('planted', HASH, 1, 0);`))
	ghost = fault("account.functional/ghost", "Le responsable n'existe plus", "The person responsible is gone", probe.Rows(
		person(1, "gone", "active")))
	unmarked = fault("account.functional/unmarked", "Un compte fonctionnel se crée comme un autre", "A functional account is made like any other",
		form("/members/new", func(v url.Values) { v.Del("functional") }))
)
