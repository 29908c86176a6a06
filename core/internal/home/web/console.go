package web

import (
	"net/http"

	"github.com/rempart/rempart/core/internal/home"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tConsole     = i18n.T("Console de l'opérateur", "Provider console")
	tConsoleLead = i18n.T("Toutes les organisations, les règles communes, et l'état de l'installation.", "Every organization, the common rules, and how the installation stands.")
	tJournal     = i18n.T("Journal", "Journal")
	tSound       = i18n.T("Intègre", "Sound")
	tBroken      = i18n.T("À vérifier", "To be checked")
	tSoundNote   = i18n.T("conforme au dernier point de contrôle", "agrees with the last checkpoint")
	tBrokenNote  = i18n.T("lancez rempart journal verify", "run rempart journal verify")
	tEntries     = i18n.T("Entrées", "Entries")
	tLogs        = i18n.N("dans %d journal", "dans %d journaux", "in %d log", "in %d logs")
	tCheckpoint  = i18n.T("Dernier point de contrôle signé", "Last signed checkpoint")
	tNever       = i18n.T("aucun", "none")
	tUnsigned    = i18n.N("%d entrée à couvrir", "%d entrées à couvrir", "%d entry to cover", "%d entries to cover")
	tCovered     = i18n.T("tout est couvert", "everything is covered")
	tEngine      = i18n.T("Base de données", "Database")
	tOneNode     = i18n.T("intégrée, sur cette machine", "embedded, on this machine")
	tNodes       = i18n.T("plusieurs nœuds possibles", "several nodes possible")
	tNoSheet     = i18n.T("Aucune feuille de secours de la clé racine n'a jamais été imprimée : un disque perdu perd tout ce qui est scellé. Sur le serveur : rempart keys sheet",
		"No recovery sheet of the root key was ever printed: a lost disk loses everything that is sealed. On the server: rempart keys sheet")
	tNoCopy = i18n.T("Le coffre des clés n'est copié nulle part (réglage keys.copies).", "The key store is copied nowhere (setting keys.copies).")
	tDo     = i18n.T("Administrer", "Administer")
)

func (p pages) console(w http.ResponseWriter, r *http.Request) error {
	state, err := p.home.Console(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, consolePage(state))
}

func engineName(s home.State) string {
	if s.Engine == "sqlite" {
		return "SQLite"
	}
	return "PostgreSQL"
}
