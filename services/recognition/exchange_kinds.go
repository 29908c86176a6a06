package recognition

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
)

// ExchangeField is one thing to type of an exchange.
type ExchangeField struct {
	Name     string
	Title    core.Text
	Hint     core.Text
	Secret   bool
	Optional bool
	Form     string   // "url", "address" (host:port), "" for a text
	Choices  []string // a closed list
	Default  string
}

// ExchangeKind is a kind of exchange and what it is reached by.
type ExchangeKind struct {
	ID     string
	Title  core.Text
	Live   bool // tested against a real exchange; the others by the shapes of their published interface only
	Fields []ExchangeField
}

func asked(name, form, fr, en, hintFR, hintEN string) ExchangeField {
	return ExchangeField{Name: name, Form: form, Title: core.Text{FR: fr, EN: en}, Hint: core.Text{FR: hintFR, EN: hintEN}}
}

func secret(f ExchangeField) ExchangeField              { f.Secret = true; return f }
func optional(f ExchangeField) ExchangeField            { f.Optional = true; return f }
func byDefault(f ExchangeField, v string) ExchangeField { f.Default = v; return f }
func oneOf(f ExchangeField, v ...string) ExchangeField {
	f.Choices, f.Default = v, v[0]
	return f
}

var (
	fieldURL      = asked("url", "url", "Adresse", "Address", "", "")
	fieldUser     = asked("user", "", "Compte", "Account", "", "")
	fieldPassword = secret(asked("password", "", "Mot de passe", "Password", "", ""))
)

// ExchangeKinds are the kinds, in the order in which a page offers them.
var ExchangeKinds = []ExchangeKind{
	{ID: KindSIP, Live: true, Title: core.Text{FR: "SIP (tout central)", EN: "SIP (any exchange)"}, Fields: []ExchangeField{
		asked("server", "", "Serveur", "Server", "Nom, ou nom:port.", "Name, or name:port."),
		optional(asked("domain", "", "Domaine", "Domain", "S'il diffère du serveur.", "If it differs from the server.")),
		oneOf(asked("transport", "", "Transport", "Transport", "", ""), "tls", "tcp", "udp"),
		oneOf(asked("mode", "", "Manière de voir les appels", "How calls are seen", "", ""), "auto", "events", "shadow", "both"),
		optional(asked("user", "", "Compte qui suit tous les postes", "Account that watches every phone", "", "")),
		optional(fieldPassword),
	}},
	{ID: KindHook, Live: true, Title: core.Text{FR: "Central hébergé, par appels HTTP", EN: "Hosted exchange, by HTTP"}, Fields: []ExchangeField{
		optional(asked("url", "url", "Adresse qui compose", "Address that dials", "Avec {extension} et {number} là où ils vont.", "With {extension} and {number} where they go.")),
		oneOf(asked("method", "", "Méthode", "Method", "", ""), "POST", "GET"),
		optional(asked("body", "", "Corps (JSON ou formulaire)", "Body (JSON or form)", "Avec {extension} et {number}.", "With {extension} and {number}.")),
		optional(secret(asked("header", "", "En-tête d'autorisation", "Authorization header", "Par exemple : Bearer …", "For example: Bearer …"))),
	}},
	{ID: KindAMI, Title: core.Text{FR: "Asterisk, Manager (AMI)", EN: "Asterisk, Manager (AMI)"}, Fields: []ExchangeField{
		asked("address", "address", "Adresse", "Address", "nom:5039", "name:5039"), fieldUser, fieldPassword,
		oneOf(asked("tls", "", "Chiffrement", "Encryption", "", ""), "tls", "plain"),
		byDefault(asked("tech", "", "Technologie des postes", "Technology of phones", "", ""), "PJSIP"),
		byDefault(asked("context", "", "Contexte d'appel", "Dial context", "", ""), "from-internal"),
	}},
	{ID: KindARI, Title: core.Text{FR: "Asterisk, REST (ARI)", EN: "Asterisk, REST (ARI)"}, Fields: []ExchangeField{
		fieldURL, fieldUser, fieldPassword,
		byDefault(asked("tech", "", "Technologie des postes", "Technology of phones", "", ""), "PJSIP"),
		byDefault(asked("context", "", "Contexte d'appel", "Dial context", "", ""), "from-internal"),
	}},
	{ID: KindThreeCX, Title: core.Text{FR: "3CX (contrôle d'appel)", EN: "3CX (call control)"}, Fields: []ExchangeField{
		fieldURL, asked("client", "", "Identifiant client", "Client id", "", ""), secret(asked("secret", "", "Clé d'API", "API key", "", "")),
	}},
	{ID: KindXsi, Title: core.Text{FR: "BroadWorks et Webex (Xsi)", EN: "BroadWorks and Webex (Xsi)"}, Fields: []ExchangeField{
		fieldURL, fieldUser, fieldPassword,
		optional(asked("domain", "", "Domaine des postes", "Domain of phones", "Ajouté à un poste pour nommer son utilisateur : 101@domaine.", "Added to an extension to name its user: 101@domain.")),
	}},
	{ID: KindFake, Live: true, Title: core.Text{FR: "Central de démonstration", EN: "Demonstration exchange"}},
}

// KindOfExchange gives a kind by its name.
func KindOfExchange(id string) (ExchangeKind, bool) {
	i := slices.IndexFunc(ExchangeKinds, func(k ExchangeKind) bool { return k.ID == id })
	if i < 0 {
		return ExchangeKind{}, false
	}
	return ExchangeKinds[i], true
}

// check looks at one value of a field; "" is fine.
func (f ExchangeField) check(value string, kept bool) (code string) {
	switch {
	case value == "" && (f.Optional || f.Secret && kept):
		return ""
	case value == "":
		return "line.missing"
	case len(value) > 2000 || strings.ContainsAny(value, "\r\n\x00"):
		return "line.value"
	case len(f.Choices) > 0 && !slices.Contains(f.Choices, value):
		return "line.value"
	case f.Form == "url":
		u, err := url.Parse(strings.NewReplacer("{extension}", "1", "{number}", "1").Replace(value))
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, "{}") {
			return "line.address"
		}
	case f.Form == "address":
		if host, port, err := net.SplitHostPort(value); err != nil || host == "" || port == "" {
			return "line.address"
		}
	}
	return ""
}
