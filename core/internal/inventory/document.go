package inventory

import (
	"time"

	"github.com/rempart/rempart/kit/i18n"
)

// Documents is the register of the PSSI and of every other text that binds the provider (USR-4.1).
var Documents = &Register{
	ID:    "document",
	Title: i18n.T("Documents", "Documents"), One: i18n.T("Document", "Document"),
	Lead:  i18n.T("La politique de sécurité et les autres textes : qui en répond, quelle version est en vigueur, quand elle est revue. Une nouvelle version garde les anciennes.", "The security policy and the other texts: who answers for them, which version is in force, when it is reviewed. A new version keeps the old ones."),
	Empty: i18n.T("Commencez par la politique de sécurité (PSSI) et nommez qui en répond.", "Begin with the security policy (PSSI) and name who answers for it."),
	File:  i18n.T("Texte du document", "Text of the document"),
	Fields: []Field{
		{Name: "label", Title: i18n.T("Titre", "Title"), Due: true, Listed: true},
		{Name: "owner", Title: i18n.T("Responsable", "Owner"), Sort: Staff, Due: true, Listed: true},
		{Name: "version", Title: i18n.T("Version", "Version"), Due: true, Listed: true},
		{Name: "link", Title: i18n.T("Adresse", "Address"), Hint: i18n.T("Si le texte n'est pas joint.", "When the text is not attached."), Sort: Link},
		{Name: "review", Title: i18n.T("Prochaine revue", "Next review"), Sort: Day, Due: true, Listed: true},
		{Name: "approved_by", Title: i18n.T("Approuvé par", "Approved by")},
		{Name: "approved_on", Title: i18n.T("Approuvé le", "Approved on"), Sort: Day},
		{Name: "state", Title: tState, Sort: Choice, Due: true, Listed: true, Options: []Option{{"draft", i18n.T("Projet", "Draft")}, {"in_force", i18n.T("En vigueur", "In force")}, {"retired", i18n.T("Retiré", "Retired")}}},
		{Name: "notes", Title: tNotes, Sort: Lines},
	},
	Over: []string{"retired"},
	next: func(v Values) time.Time { return v.Day("review") },
	missing: func(v Values, files int) (lacks []string) {
		if v["state"] != "in_force" {
			return nil
		}
		if v["approved_by"] == "" || v["approved_on"] == "" {
			lacks = append(lacks, LacksApproval)
		}
		if v["link"] == "" && files == 0 {
			lacks = append(lacks, LacksText)
		}
		return lacks
	},
	Read: ReadDocuments, Add: AddDocument, Change: ChangeDocument, Export: ExportDocuments,
}
