package attestation

import (
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/sheet"
)

// CharterVersion grows when a word of the charter changes: everybody signs again.
const CharterVersion = 1

// Undertakings are the six that each member of staff signs (EMG-2.2, USR-4.4).
var Undertakings = []core.Text{
	{FR: "Je n'utilise les données des clients que pour la tâche qui m'est confiée, et rien de plus.", EN: "I use clients' data only for the task entrusted to me, and nothing more."},
	{FR: "Je ne les communique qu'aux personnes autorisées à les connaître, dans l'entreprise comme au-dehors.", EN: "I disclose them only to persons authorised to know them, inside the company and out."},
	{FR: "Je n'en fais aucune copie hors de ce que la tâche demande, et jamais sur un appareil ou un service personnel.", EN: "I make no copy of them beyond what the task requires, and never on a personal device or service."},
	{FR: "Je protège mes moyens d'accès : ils me sont personnels, mon poste est verrouillé dès que je le quitte, ses protections restent en service.", EN: "I protect my means of access: they are mine alone, my workstation is locked whenever I leave it, its protections stay on."},
	{FR: "Je signale sans attendre toute perte, tout accès anormal, toute erreur qui touche à des données.", EN: "I report without delay any loss, any unusual access, any mistake that touches data."},
	{FR: "À mon départ je rends ou détruis tout ce que je détiens ; mon silence, lui, demeure.", EN: "When I leave I return or destroy all that I hold; my silence remains."},
}

// CharterDigest is the SHA-256 of the charter's text in both languages: what a signature bears on.
var CharterDigest = func() string {
	var b strings.Builder
	b.WriteString("rempart charter " + strconv.Itoa(CharterVersion) + "\n")
	for _, u := range Undertakings {
		b.WriteString(u.FR + "\n" + u.EN + "\n")
	}
	return sheet.Digest([]byte(b.String()))
}()
