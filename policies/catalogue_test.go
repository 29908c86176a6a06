package policies_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/policies"
)

// known is a small platform: enough settings for each sort and direction. The real ones are compared in core/boot.
func known() policies.Catalogue {
	both := func(fr, en string) core.Text { return core.Text{FR: fr, EN: en} }
	number := func(raw string) (string, core.Text) {
		if n, err := strconv.Atoi(raw); err != nil || n < 0 || n > 1000 {
			return "", both("Donnez un nombre entier.", "Give a whole number.")
		}
		return raw, core.Text{}
	}
	yes := func(raw string) (string, core.Text) {
		if raw != "true" && raw != "false" {
			return "", both("Choisissez oui ou non.", "Choose yes or no.")
		}
		return raw, core.Text{}
	}
	as := func(raw string) (string, core.Text) { return raw, core.Text{} }
	of := func(s string) int { n, _ := strconv.Atoi(s); return n }
	within := func(v, floor string) bool { // a set that leaves the floor, when they have something in common
		outside, common := false, false
		for part := range strings.SplitSeq(v, ",") {
			if strings.Contains(","+floor+",", ","+part+",") {
				common = true
			} else {
				outside = true
			}
		}
		return outside && common
	}
	return policies.Catalogue{
		Settings: []policies.Setting{
			{Key: "session.idle", Title: both("Fin de session", "Session end"), Sort: policies.Number, Unit: "min", Default: "60", Read: number, Looser: func(v, f string) bool { return of(v) > of(f) }},
			{Key: "session.lock", Title: both("Verrouillage", "Lock"), Sort: policies.Number, Unit: "min", Default: "15", Never: true, Read: number, Looser: func(v, f string) bool { return of(f) != 0 && (of(v) == 0 || of(v) > of(f)) }},
			{Key: "password.min_length", Title: both("Longueur", "Length"), Sort: policies.Number, Unit: "characters", Default: "12", Read: number, Looser: func(v, f string) bool { return of(v) < of(f) }},
			{Key: "password.upper", Title: both("Majuscule", "Upper case"), Sort: policies.Switch, Default: "false", Read: yes, Looser: func(v, f string) bool { return v == "false" && f == "true" }},
			{Key: "session.idle_choices", Title: both("Durées au choix", "Choices"), Sort: policies.Numbers, Unit: "min", Read: as, Looser: within},
			{Key: "password.specials", Title: both("Signes", "Symbols"), Sort: policies.Symbols, Read: as, Looser: within},
			{Key: "signin.factor_roles", Title: both("Rôles", "Roles"), Sort: policies.Words, Read: as, Looser: func(string, string) bool { return false }},
			{Key: "contact.security", Title: both("Contact sécurité", "Security contact"), Sort: policies.Contact, Read: as, Looser: func(string, string) bool { return false }},
		},
		Probes:       []string{"session.idle", "session.lock", "outside.tls"},
		Attestations: []string{"training", "site-security"},
	}
}

func TestValuesReadAsInASentence(t *testing.T) {
	c := known()
	for _, row := range []struct{ key, value, fr, en string }{
		{"session.idle", "60", "60\u00a0minutes", "60\u00a0minutes"},
		{"session.idle", "1", "1\u00a0minute", "1\u00a0minute"},
		{"session.idle", "720", "12\u00a0heures", "12\u00a0hours"},
		{"session.idle", "135", "135\u00a0minutes", "135\u00a0minutes"},
		{"session.idle", "0", "0\u00a0minute", "0\u00a0minutes"},
		{"session.lock", "0", "jamais", "never"},
		{"password.min_length", "12", "12\u00a0caractères", "12\u00a0characters"},
		{"password.upper", "true", "oui", "yes"},
		{"password.upper", "false", "non", "no"},
		{"session.idle_choices", "30,60,90", "30, 60 ou 90\u00a0minutes", "30, 60 or 90\u00a0minutes"},
		{"session.idle_choices", "", "au choix", "any"},
		{"password.specials", "#?!", "#?!", "#?!"},
		{"password.specials", "", "tout signe", "any symbol"},
		{"signin.factor_roles", "admin,security", "admin et security", "admin and security"},
		{"contact.security", "", "(non renseigné)", "(not given)"},
		{"contact.security", "security@example.org", "security@example.org", "security@example.org"},
	} {
		s, ok := c.Setting(row.key)
		if !ok {
			t.Fatalf("no %s", row.key)
		}
		if got := s.Say(row.value); got.FR != row.fr || got.EN != row.en {
			t.Errorf("%s = %s reads %q %q, want %q %q", row.key, row.value, got.FR, got.EN, row.fr, row.en)
		}
	}
}

func TestPlaceholdersTakeTheValueInForce(t *testing.T) {
	text := core.Text{FR: "Après {{session.idle}}, puis {{ session.lock }} et {{session.idel}}.", EN: "After {{session.idle}}."}
	got := policies.Fill(text, known(), func(key string) string { return map[string]string{"session.idle": "30", "session.lock": "0"}[key] })
	if got.FR != "Après 30\u00a0minutes, puis jamais et {{session.idel}}." || got.EN != "After 30\u00a0minutes." {
		t.Errorf("filled: %q %q", got.FR, got.EN)
	}
}
