package inventory

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

const disposed = "disposed"

var (
	tYes   = i18n.T("Oui", "Yes")
	tNo    = i18n.T("Non", "No")
	tState = i18n.T("État", "State")
	tNotes = i18n.T("Remarques", "Remarks")
)

// Assets is the inventory of hardware (USR-5.4): each machine until its disposal, which leaves a date, a means, a witness and a
// certificate.
var Assets = &Register{
	ID:    "asset",
	Title: i18n.T("Matériel", "Assets"), One: i18n.T("Matériel", "Asset"),
	Lead:  i18n.T("Chaque machine et chaque support, qui le détient, et comment il est sorti : effacé, détruit ou rendu, certificat à l'appui.", "Each machine and each medium, who holds it, and how it left: wiped, destroyed or returned, with its certificate."),
	Empty: i18n.T("Ajoutez chaque ordinateur, téléphone, serveur et support qui peut porter des données de clients.", "Add each computer, telephone, server and medium that can hold clients' data."),
	File:  i18n.T("Certificat de sortie", "Certificate of disposal"),
	Fields: []Field{
		{Name: "label", Title: i18n.T("Désignation", "Label"), Due: true, Listed: true},
		{Name: "kind", Title: i18n.T("Nature", "Kind"), Sort: Choice, Due: true, Listed: true, Options: []Option{
			{"computer", i18n.T("Ordinateur", "Computer")},
			{"phone", i18n.T("Téléphone ou tablette", "Telephone or tablet")},
			{"server", i18n.T("Serveur", "Server")},
			{"storage", i18n.T("Disque ou support", "Disk or medium")},
			{"network", i18n.T("Réseau", "Network")},
			{"key", i18n.T("Clé ou badge", "Key or badge")},
			{"other", i18n.T("Autre", "Other")},
		}},
		{Name: "serial", Title: i18n.T("Numéro de série", "Serial number"), Listed: true},
		{Name: "owner", Title: i18n.T("Détenu par", "Held by"), Sort: Staff, Listed: true},
		{Name: "place", Title: i18n.T("Lieu", "Place")},
		{Name: "bought", Title: i18n.T("Acquis le", "Bought on"), Sort: Day},
		{Name: "encrypted", Title: i18n.T("Disque chiffré", "Encrypted disk"), Sort: Choice, Due: true, Listed: true, Options: []Option{{"yes", tYes}, {"no", tNo}, {"none", i18n.T("Sans disque", "No disk")}}},
		{Name: "check", Title: i18n.T("Prochaine vérification", "Next check"), Hint: i18n.T("Rappelée à qui le détient.", "Recalled to its holder."), Sort: Day},
		{Name: "state", Title: tState, Sort: Choice, Due: true, Listed: true, Options: []Option{
			{"in_use", i18n.T("En service", "In use")}, {"stored", i18n.T("En réserve", "In stock")}, {"lost", i18n.T("Perdu ou volé", "Lost or stolen")}, {disposed, i18n.T("Sorti", "Disposed of")},
		}},
		{Name: "disposed_on", Title: i18n.T("Sorti le", "Disposed of on"), Sort: Day},
		{Name: "method", Title: i18n.T("Moyen", "Means"), Sort: Choice, Options: []Option{{"wiped", i18n.T("Effacé", "Wiped")}, {"destroyed", i18n.T("Détruit", "Destroyed")}, {"returned", i18n.T("Rendu", "Returned")}}},
		{Name: "disposed_by", Title: i18n.T("Par qui", "By whom"), Hint: i18n.T("La personne qui l'a fait ou l'a vu faire.", "The person who did it or saw it done.")},
		{Name: "notes", Title: tNotes, Sort: Lines},
	},
	Over: []string{disposed},
	next: func(v Values) time.Time { return v.Day("check") },
	missing: func(v Values, files int) (lacks []string) {
		if v["state"] == disposed && (v["disposed_on"] == "" || v["method"] == "" || v["disposed_by"] == "" || files == 0) {
			lacks = append(lacks, LacksRecord)
		}
		return lacks
	},
	refuse: func(v, _ Values, now time.Time, err *core.Error) *core.Error {
		if v.Day("disposed_on").After(now) {
			err = err.With("disposed_on", codePast)
		}
		return err
	},
	Read: ReadAssets, Add: AddAsset, Change: ChangeAsset, Export: ExportAssets,
}

var codePast = i18n.Reason("inventory.past", "Cette date ne peut pas être à venir.", "This date cannot be in the future.")
