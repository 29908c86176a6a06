package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

// ownPrograms is the page on which whoever uses a workstation sees what it may start.
const ownPrograms = installPattern + "/programs"

var (
	tcOwn        = i18n.T("Programmes que votre poste peut lancer", "Programs that your workstation may start")
	tcOwnLead    = i18n.T("Quand un appel arrive, l'agent ne lance rien d'autre que cette liste, sans interpréteur de commandes. Il refuse une liste plus ancienne, ou signée par une autre clé.", "When a call comes in, the agent starts nothing but this list, without a command interpreter. It refuses an older list, or one signed by another key.")
	tcOwnBy      = i18n.T("Signée par", "Signed by")
	tcOwnAt      = i18n.T("Signée le", "Signed on")
	tcOwnKey     = i18n.T("Empreinte de la clé", "Fingerprint of the key")
	tcOwnGets    = i18n.T("Ce qu'il reçoit", "What it receives")
	tcOwnList    = i18n.T("La liste signée", "The signed list")
	tcOwnNone    = i18n.T("Aucun programme", "No program")
	tcOwnNoneTxt = i18n.T("Votre organisation n'a signé aucun programme : rien ne se lance sur votre poste.", "Your organization has signed no program: nothing starts on your workstation.")
)

type ownView struct {
	org    core.ID
	list   recognition.Programs
	signer string
}

// own shows the signed list to a person whose workstation obeys it.
func (p scripts) own(w http.ResponseWriter, r *http.Request) error {
	v := ownView{org: orgOf(r)}
	var err error
	if v.list, v.signer, err = p.m.OwnPrograms(r.Context(), v.org); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, ownPage(v))
}

func (v ownView) facts(ctx context.Context) ui.Facts {
	return ui.Facts{
		{Label: tcOwnBy.In(ctx), Text: cmp.Or(v.signer, tErased.In(ctx))},
		{Label: tcOwnAt.In(ctx), Value: ui.Time{At: v.list.List.SignedAt}},
		{Label: tcVersion.In(ctx), Text: i18n.Number(ctx, v.list.List.Version)},
		{Label: tcOwnKey.In(ctx), Value: ui.Mono(fingerprint(v.list.Public))},
	}
}

// fingerprint is what two people compare aloud: the first half of the SHA-256 of the key, by fours.
func fingerprint(public []byte) string {
	sum := sha256.Sum256(public)
	var groups []string
	for g := range slices.Chunk([]byte(hex.EncodeToString(sum[:16])), 4) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, " ")
}

func (v ownView) rows() []ui.Row {
	rows := make([]ui.Row, len(v.list.List.Programs))
	for i, e := range v.list.List.Programs {
		gets := make([]string, len(e.Params))
		for j, p := range e.Params {
			gets[j] = p.Name
		}
		rows[i] = ui.Row{Label: e.Title, Cells: []templ.Component{ui.Words(e.Title), ui.Mono(e.Path), ui.Mono(strings.Join(e.Args, " ")), ui.Words(strings.Join(gets, ", "))}}
	}
	return rows
}
