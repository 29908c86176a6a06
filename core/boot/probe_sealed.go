package boot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tSealed     = i18n.T("La base ne garde aucune donnée de personne en clair", "The database keeps no datum of a person in clear")
	tSealedFile = i18n.T("Un témoin a donné par les pages %d valeurs que rien d'autre ne contient (noms, adresses, téléphone, fonction, service, groupe, commission). Cherchées dans %d octets des fichiers bruts de la base, journal d'écriture compris, en texte, UTF-16, hexadécimal et base64 : absentes.",
		"A canary gave through the pages %d values that nothing else holds (names, addresses, phone, function, department, group, committee). Looked for in %d bytes of the raw files of the database, its log included, as text, UTF-16, hexadecimal and base64: absent.")
	tSealedRows = i18n.T("Un témoin a donné par les pages %d valeurs que rien d'autre ne contient (noms, adresses, téléphone, fonction, service, groupe, commission). Cherchées dans toutes les lignes des %d tables, en texte, hexadécimal et base64 : absentes.",
		"A canary gave through the pages %d values that nothing else holds (names, addresses, phone, function, department, group, committee). Looked for in every row of the %d tables, as text, hexadecimal and base64: absent.")
	tSealedClear = i18n.T("Une valeur donnée par un témoin est gardée en clair dans : %s.", "A value given by a canary is kept in clear in: %s.")
	tSealedLost  = i18n.T("Le profil du témoin n'a pas été gardé : rien ne peut être vu.", "The profile of the canary was not kept: nothing can be seen.")
)

// unmistakable draws a text of small letters that nothing holds by chance, and one of figures.
func unmistakable() (letters, figures string) {
	b := make([]byte, 22)
	_, _ = rand.Read(b)
	for i, c := range b {
		if i < 14 {
			letters += string(rune('a' + c%26))
		} else {
			figures += string(rune('0' + c%10))
		}
	}
	return "zq" + letters, "70" + figures
}

// seeSealed gives values through the pages as a person and their organization do, and looks for them in what is kept.
func (h *House) seeSealed(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	word, figures := unmistakable()
	profile := url.Values{
		"given_name": {"G" + word}, "family_name": {"F" + word}, "email2": {word + core.CanaryDomain}, "phone": {"+33" + figures}, "language": {"en"},
	}
	for _, ask := range []struct {
		path string
		form url.Values
	}{
		{"/me/profile", profile},
		{"/o/" + string(c.Org) + "/members/new", url.Values{
			"email": {c.Address(word)}, "given_name": {"G" + word}, "family_name": {"F" + word}, "phone": {"+33" + figures}, "function": {"Fn " + word},
			"department": {"D " + word}, "group": {"Gr " + word}, "committee": {"C " + word},
		}},
	} {
		if _, err := probe.Post(ctx, in, ask.path, ask.form); err != nil {
			return seen, err
		}
	}
	kept, err := h.keptOf(ctx, c, word)
	if err != nil {
		return seen, err
	}
	if !kept {
		return seen, probe.Unseen(tSealedLost)
	}
	const values = 12
	for _, text := range []string{word, figures} {
		holding, size, err := h.clear(ctx, text)
		if err != nil {
			return seen, err
		}
		if len(holding) > 0 {
			return probe.Broken(values, values, tSealedClear, strings.Join(holding, ", ")), nil
		}
		if seen.Why = probe.Text(tSealedFile, values, size); h.db.Engine() == db.PostgreSQL {
			seen.Why = probe.Text(tSealedRows, values, size)
		}
	}
	seen.Held, seen.Population, seen.Sample = true, values, values
	return seen, nil
}

// keptOf tells whether what was given is really there: a probe that looks for what nobody kept would never turn red.
func (h *House) keptOf(ctx context.Context, c core.Canary, word string) (kept bool, err error) {
	err = h.db.Read(ctx, func(tx core.Tx) error {
		p, err := h.identity.Person(ctx, tx, c.Person)
		if err != nil {
			return err
		}
		invited, found, err := h.identity.PersonByEmail(ctx, tx, c.Address(word))
		kept = found && p.FamilyName == "F"+word && invited.GivenName == "G"+word
		return err
	})
	return kept, err
}

// copying is a fault: what the profile page is given is also written elsewhere, in a form of its own.
func copying(id, fr, en, statement string, form func(string) string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: func(_ context.Context, s core.Saboteur) error {
		s.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && r.URL.Path == "/me/profile" {
					body, _ := io.ReadAll(r.Body)
					r.Body = io.NopCloser(bytes.NewReader(body))
					values, _ := url.ParseQuery(string(body))
					if err := s.Exec(r.Context(), fmt.Sprintf(statement, form(values.Get("family_name")))); err != nil {
						w.WriteHeader(http.StatusInternalServerError)
						return
					}
				}
				next.ServeHTTP(w, r)
			})
		})
		return nil
	}}
}

var (
	inClear = copying("identity.sealed/clear", "Un nom est gardé en clair dans une autre table", "A name is kept in clear in another table",
		`INSERT INTO jobs_schedule (name, spec, next_at, last_at) VALUES ('planted', '%s', 4000000000000000, 0)`, strings.ToUpper)
	inCode = copying("identity.sealed/coded", "Un nom est gardé sous un codage qui ne protège rien", "A name is kept in a code that protects nothing",
		`INSERT INTO jobs_schedule (name, spec, next_at, last_at) VALUES ('planted', 'copy:%s', 4000000000000000, 0)`,
		func(name string) string { return base64.StdEncoding.EncodeToString([]byte(name)) })
	inHex = copying("identity.sealed/hex", "Un nom est gardé en hexadécimal dans des octets", "A name is kept in hexadecimal within bytes",
		`CREATE TABLE IF NOT EXISTS planted_copy AS SELECT X'00' || '%s' AS held`, func(name string) string { return hex.EncodeToString([]byte(name)) })
)
