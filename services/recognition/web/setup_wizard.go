package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

// The steps of the wizard. Each is a page of its own, and every one can be come back to.
const (
	stepTool = iota + 1
	stepProgram
	stepFields
	stepNumbers
	stepShown
	stepTry
)

var stepTitles = []i18n.Sentence{
	i18n.T("Outil", "Tool"), i18n.T("Programme", "Program"), i18n.T("Champs", "Fields"),
	i18n.T("Numéros", "Numbers"), i18n.T("Affichage", "Notification"), i18n.T("Essai", "Trial"),
}

func steps(ctx context.Context, now int) ui.Steps {
	s := ui.Steps{Now: now}
	for _, t := range stepTitles {
		s.Labels = append(s.Labels, t.In(ctx))
	}
	return s
}

var (
	tsWhichTool  = i18n.T("Où sont vos contacts ?", "Where are your contacts?")
	tsWhichLead  = i18n.T("Un petit programme lit l'outil, chez vous. Rien n'en sort avant que vous ayez choisi les champs.", "A small program reads the tool, at your place. Nothing leaves it before you have chosen the fields.")
	tsHere       = i18n.T("Comment le lire", "How to read it")
	tsHereHint   = i18n.T("Facultatif : l'accès peut être réglé sur place, où il reste. Si vous l'écrivez ici, il est chiffré et n'est plus montré de lui-même. Une ligne par réglage ; le mot de passe reste sur la machine : écrivez où, comme {file: crm.secret}.", "Optional: the access can be set on the spot, where it stays. If you write it here, it is encrypted and not shown by itself any more. One line for each setting; the password stays on the machine: write where, like {file: crm.secret}.")
	tsInstall    = i18n.T("Installer le programme", "Install the program")
	tsInstLead   = i18n.T("Sur une machine qui atteint l'outil. Le code sert une seule fois, pendant un quart d'heure.", "On a machine that reaches the tool. The code works once, for a quarter of an hour.")
	tsMakeCode   = i18n.T("Obtenir le code", "Get the code")
	tsMachine    = i18n.T("Nom de la machine", "Name of the machine")
	tsMachHint   = i18n.T("Pour la reconnaître dans la liste des programmes installés.", "To recognise it in the list of programs installed.")
	tsSkipCode   = i18n.T("Le programme est déjà installé", "The program is installed already")
	tsLinux      = i18n.T("2. Sous Linux", "2. On Linux")
	tsWindows    = i18n.T("2. Ou sous Windows (PowerShell)", "2. Or on Windows (PowerShell)")
	tsFile       = i18n.T("1. Écrivez agent.yaml", "1. Write agent.yaml")
	tsFileHint   = i18n.T("À côté du programme ; adaptez l'accès à votre outil.", "Beside the program; adapt the access to your tool.")
	tsFileLook   = i18n.T("À côté du programme ; dites où il peut regarder. Vous choisirez ensuite parmi les noms qu'il annonce.", "Beside the program; say where it may look. You then choose among the names that it announces.")
	tsFileKept   = i18n.T("À côté du programme. Il ira chercher ici l'accès que vous avez écrit.", "Beside the program. It will fetch the access that you wrote here.")
	tsOnceHint   = i18n.T("Montré une seule fois. Valable jusqu'au %s.", "Shown once. Good until %s.")
	tsThenRun    = i18n.T("Le programme échange ce code contre un jeton à lui, qu'il garde sur cette machine.", "The program exchanges this code for a token of its own, which it keeps on that machine.")
	tsIsDone     = i18n.T("C'est lancé", "It is started")
	tsOtherCode  = i18n.T("Obtenir un autre code", "Get another code")
	tsWaiting    = i18n.T("En attente du programme", "Waiting for the program")
	tsWaitLead   = i18n.T("Cette page se met à jour d'elle-même. Sans script, rafraîchissez-la.", "This page updates itself. Without scripts, refresh it.")
	tsNobodyYet  = i18n.T("Aucun programme ne s'est encore présenté.", "No program has come yet.")
	tsCodeIsWait = i18n.T("Un code attend encore d'être utilisé.", "A code still waits to be used.")
	tsItCame     = i18n.T("Le programme « %s » est installé.", "The program “%s” is installed.")
	tsRefresh    = i18n.T("Rafraîchir", "Refresh")
)

var errNotSubscribed = i18n.Fault(core.Precondition, "recognition.not_subscribed", "Votre organisation n'a pas la reconnaissance d'appels : elle doit d'abord y souscrire.", "Your organization does not have caller recognition: it has to subscribe first.")

type chooseView struct {
	org      core.ID
	name     string
	kind     string
	problems ui.Problems
}

// unsubscribed tells whether an organization has no use of the service now: its tools are linked once it has.
func (p setup) unsubscribed(r *http.Request) (bool, error) {
	s, err := p.m.ReadSubscription(r.Context(), setupOrg(r))
	return err == nil && !s.Active(), err
}

func (p setup) choose(w http.ResponseWriter, r *http.Request) error {
	if not, err := p.unsubscribed(r); err != nil {
		return err
	} else if not {
		return ui.Redirect(w, r, setupAt(setupOrg(r), ""), "")
	}
	return ui.Render(w, r, http.StatusOK, choosePage(chooseView{org: setupOrg(r), kind: kinds[0].kind}))
}

func (v chooseView) options(ctx context.Context) []ui.Option {
	list := make([]ui.Option, 0, len(kinds)+1)
	for _, k := range kinds {
		list = append(list, ui.Option{Value: k.kind, Label: k.title.In(ctx), Hint: k.hint.In(ctx)})
	}
	return append(list, ui.Option{Value: anyKind, Label: tsAnyKind.In(ctx), Hint: tsAnyHint.In(ctx)})
}

// typedText reads a text of several lines; nothing typedText is nothing.
func typedText(r *http.Request, name string) []byte {
	v := strings.TrimSpace(strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n"))
	if v == "" {
		return nil
	}
	return []byte(v + "\n")
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " · ") }

func (p setup) chosen(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), setupOrg(r)
	if not, err := p.unsubscribed(r); err != nil {
		return err
	} else if not {
		return errNotSubscribed // a form that was open when the subscription ended
	}
	v := chooseView{org: org, name: r.PostFormValue("name"), kind: r.PostFormValue("kind")}
	link, err := p.m.MakeLink(ctx, org, recognition.LinkDraft{
		Name: v.name, Kind: v.kind, Mapping: recognition.Mapping{Region: "FR"}, Secret: typedText(r, "secret"),
	})
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(ctx, err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, choosePage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, "/install"), "")
}

type linkInstallView struct {
	recognition.Link
	machine  string
	code     recognition.Install
	kept     bool // the access is kept here, and the program fetches it
	origin   string
	problems ui.Problems
}

func (p setup) installing(w http.ResponseWriter, r *http.Request) error {
	l, err := p.m.Link(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, linkInstallPage(linkInstallView{Link: l}))
}

// install makes the code and shows it in its answer: it is on no other page.
func (p setup) install(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	l, err := p.m.Link(ctx, setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	v := linkInstallView{Link: l, machine: r.PostFormValue("machine"), origin: p.m.Origin()}
	v.code, err = p.m.InviteAgent(ctx, l.Org, recognition.ForSync, l.ID, v.machine)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(ctx, err)
		for i := range v.problems {
			if v.problems[i].Field == "name" {
				v.problems[i].Field = "machine"
			}
		}
		return ui.Render(w, r, http.StatusUnprocessableEntity, linkInstallPage(v))
	} else if err != nil {
		return err
	}
	if v.kept, err = p.m.KeepsSecret(ctx, l.Org, l.ID); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, codePage(v))
}

// lookExample lets a program say what it sees: a folder, and the tables of a database by an account that can read.
const lookExample = "look:\n  folder: .\n  # databases:\n  #   - url: postgres://reader@db.example:5432/crm\n  #     password: {file: crm.secret}"

// file is what one writes on the machine: the program reads it at each start.
func (v linkInstallView) file() string {
	head := "identity: agent.json\nstore: agent.store\nevery: 10m\n"
	if v.kept {
		return head + "source: {kind: platform}"
	}
	if v.Kind == anyKind {
		return head + lookExample
	}
	kind, example := kinds[0].kind, kinds[0].example
	for _, k := range kinds {
		if k.kind == v.Kind {
			kind, example = k.kind, k.example
		}
	}
	return head + "source:\n  kind: " + kind + "\n  " + strings.ReplaceAll(example, "\n", "\n  ")
}

// lines are what one types there.
func (v linkInstallView) lines(program string) string {
	sync := program + " sync --config agent.yaml"
	return sync + " --enrol " + v.code.Code + " --server " + v.origin + "\n" + sync
}

type waitView struct {
	recognition.Link
	came, waits string // name of the program that enrolled; of the code that waits
	open        bool   // the program is to say which tools it sees, and one is to be chosen
}

func (p setup) waited(ctx context.Context, org, link core.ID) (v waitView, err error) {
	if v.Link, err = p.m.Link(ctx, org, link); err != nil {
		return v, err
	}
	kept, err := p.m.KeepsSecret(ctx, org, link)
	if err != nil {
		return v, err
	}
	v.open = v.Kind == anyKind && !kept
	list, err := p.m.Agents(ctx, org)
	if k := core.KindOf(err); k == core.Forbidden || k == core.NotFound {
		return v, nil
	}
	for _, a := range list {
		switch {
		case a.Link != link:
		case a.Account != "" && v.came == "":
			v.came = a.Name
		case a.Account == "" && a.Until.After(p.m.Now()):
			v.waits = a.Name
		}
	}
	return v, err
}

func (p setup) wait(w http.ResponseWriter, r *http.Request) error {
	v, err := p.waited(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, waitPage(v))
}

func (p setup) waitState(w http.ResponseWriter, r *http.Request) error {
	v, err := p.waited(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, waitState(v))
}

func (p setup) ask(w http.ResponseWriter, r *http.Request) error {
	org, link := setupOrg(r), setupLink(r)
	if err := p.m.AskPreview(r.Context(), org, link); err != nil {
		return err
	}
	to := "/fields"
	if r.PostFormValue("for") == "numbers" {
		to = "/numbers"
	}
	return ui.Redirect(w, r, linkAt(org, link, to), "")
}
