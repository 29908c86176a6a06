package settings

import "github.com/rempart/rempart/core"

// Preset is a named set of values; policy packs will carry them later.
type Preset struct {
	ID     string
	Title  core.Text
	Values map[string]string
}

// presets are the sets shipped with the platform.
var presets = []Preset{
	{ID: "default", Title: core.Text{FR: "Recommandé (ANSSI, CNIL, OWASP)", EN: "Recommended (ANSSI, CNIL, OWASP)"}, Values: map[string]string{
		"password.min_length": "12", "password.min_strength": "3", "password.breached": "true", "password.history": "5",
		"signin.factor_roles": "admin,security", "signin.attempts": "10", "session.idle": "60", "session.lock": "15", "session.absolute": "720",
	}},
	{ID: "cloudcti", Title: core.Text{FR: "CloudCTI : mot de passe de la clause CTI-27", EN: "CloudCTI: the password of clause CTI-27"}, Values: map[string]string{
		"password.min_length": "8", "password.upper": "true", "password.lower": "true", "password.digit": "true",
		"password.special": "true", "password.specials": "#?!@$%^&*-",
	}},
	{ID: "kiosk", Title: core.Text{FR: "Kiosk : fin de session à 30, 60 ou 90 minutes", EN: "Kiosk: sessions end after 30, 60 or 90 minutes"}, Values: map[string]string{
		"session.idle_choices": "30,60,90", "session.idle": "90",
	}},
}

// Presets lists the sets that can be applied.
func Presets() []Preset { return append([]Preset(nil), presets...) }

func preset(id string) (Preset, bool) {
	for _, p := range presets {
		if p.ID == id {
			return p, true
		}
	}
	return Preset{}, false
}
