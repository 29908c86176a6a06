// Package annextest holds a made-up annex with a clause of every status, for the tests of what is written from it.
//
// Owns: one fixture. Must not know: any store. Start reading at: Fixture.
package annextest

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/policies"
)

// At is when the fixture was made.
var At = time.Date(2026, time.November, 22, 14, 5, 9, 0, time.UTC)

func both(fr, en string) core.Text { return core.Text{FR: fr, EN: en} }

func clause(id string, kind policies.Kind, status control.Status, fr, en string) annex.Clause {
	c := annex.Clause{
		Pack: "callcenterrate", ID: id, Kinds: []string{string(kind)}, Status: status, Published: true,
		Title: both(fr, en), Text: both(fr+" : durée de 30 minutes.", en+": for 30 minutes."),
	}
	if status == control.Held || status == control.Broken || status == control.Stale {
		c.Since, c.Evidence = At.Add(-72*time.Hour), At.Add(-time.Hour)
		c.Probes = []annex.Probe{{
			ID: "probe." + id, Kind: "behaviour", Title: both("Une session inactive prend fin", "An unused session ends"), Status: status,
			Why:   both("La session du compte témoin est refusée après 31 minutes.", "The canary's session is refused after 31 minutes."),
			Start: At.Add(-time.Hour - time.Second), End: At.Add(-time.Hour), Expires: At.Add(23 * time.Hour), Population: 40, Sample: 1,
			Settings: map[string]string{"session.idle": "30"}, Observation: "01kb0000000000000000000001", Log: "platform",
			Entry: "01kb0000000000000000000002", Position: 4211,
		}}
	}
	return c
}

// Fixture is an annex of Harbour with a clause of every status.
func Fixture() annex.Document {
	d := annex.Document{
		Provider: "Vigie Numérique", Organization: "Port de Saint-Ellier <Œuvres & Cie>", ID: "01kb000000000000000000000a", Version: 3, At: At,
		Software: "1.4.0", Origin: "https://confiance.example",
		Packs: []annex.Pack{{
			ID: "callcenterrate", Version: "2026-11-22", Hash: "9f2c5a17d7b0d0b7e3c1f5a9b86c2d4e1f0a3b5c7d9e8f6a4b2c1d0e9f8a7b6c",
			Title: both("Politique d'accès et d'authentification", "Access and authentication policy"), Issuer: "CallCenterRate",
		}},
		Contacts:   []annex.Contact{{Title: both("Contact sécurité", "Security contact"), Address: "securite@vigie.example"}},
		Checkpoint: "confiance.example/journal/01kb000000000000000000000a\n4211\nmF8e3Wm6h0m8gq0y0o3z4a5b6c7d8e9f0a1b2c3d4e5=\n\n— confiance.example/journal Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
		Key:        "confiance.example/journal+d5b1a3c2+AZ3grlgtzPICa5OS8npVmf1Myq",
		Tightened:  []annex.Setting{{Key: "session.idle", Title: both("Fin de session sans activité", "Session ends when unused for"), Demand: "60", Value: "30", Clause: "ACC-8.2"}},
	}
	held := clause("ACC-8.2", policies.Enforced, control.Held, "Les sessions expirent", "Sessions expire")
	held.Settings = []annex.Setting{{Key: "session.idle", Title: both("Fin de session sans activité", "Session ends when unused for"), Demand: "≤ 60", Value: "30"}}
	held.References = []string{"ASVS 7.3.1", "ANSSI R12"}
	broken := clause("ACC-2.1", policies.Enforced, control.Broken, "Aucun usage sans compte", "No use without an account")
	stale := clause("CTI-26", policies.Verified, control.Stale, "Chiffrement des échanges", "Encrypted connections")
	deviant := clause("CTI-27", policies.Enforced, control.Held, "Composition des mots de passe", "Composition of passwords")
	deviant.Deviates = []annex.Deviation{{Reference: "ASVS 6.2.5", Why: both("Les règles de composition n'augmentent pas la solidité.", "Rules of composition do not add strength.")}}
	attested := clause("USR-1", policies.Attested, control.Attested, "Contrôle d'accès physique", "Physical access control")
	attested.Evidence = At.Add(-30 * 24 * time.Hour)
	attested.Standings = []annex.Standing{{Kind: "physical-access", Title: both("Contrôle d'accès aux locaux", "Access control of premises"), Signed: At.Add(-30 * 24 * time.Hour), Until: At.Add(335 * 24 * time.Hour), Evidence: "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"}}
	unbuilt := clause("ACC-3.3", policies.Enforced, control.NotBuilt, "Connexion unique", "Single sign-on")
	unbuilt.Missing, unbuilt.Published = []core.Text{both("connexion par OIDC et SAML", "sign-in by OIDC and SAML")}, false
	outside := clause("KSK-3.1", policies.Attested, control.Outside, "Centres de données d'opérateur", "Operator-class data centres")
	outside.Outside = both("Un bâtiment ne se sonde pas.", "A building cannot be probed.")
	d.Clauses = []annex.Clause{held, broken, stale, deviant, attested, unbuilt, outside}
	return d
}
