package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tDevices     = i18n.T("Postes de travail", "Workstations")
	tDevicesLead = i18n.T("Ce que chaque poste dit de ses protections par l'agent Rempart. Ce qu'il ne peut pas dire est inconnu, jamais réputé bon ; après sept jours de silence, tout l'est.", "What each workstation says of its protections through the Rempart agent. What it cannot tell is unknown, never taken for good; after seven days of silence, everything is.")
	tOwner       = i18n.T("Personne", "Person")
	tMachine     = i18n.T("Poste", "Workstation")
	tChecks      = map[string]i18n.Sentence{
		recognition.CheckDisk:     i18n.T("Disque chiffré", "Disk encrypted"),
		recognition.CheckFirewall: i18n.T("Pare-feu", "Firewall"),
		recognition.CheckUpdates:  i18n.T("Mises à jour", "Updates"),
		recognition.CheckScreen:   i18n.T("Verrouillage d'écran", "Screen lock"),
	}
	tGoodSince    = i18n.T("bon", "good")
	tBadSince     = i18n.T("manque depuis le %s", "missing since %s")
	tUnknown      = i18n.T("inconnu", "unknown")
	tSeen         = i18n.T("Dernier signe", "Last report")
	tNoDevices    = i18n.T("Aucun poste n'a encore dit son état", "No workstation has told its state yet")
	tNoDevicesIn  = i18n.T("Un poste apparaît quand une personne y installe l'agent : page « Mon poste ».", "A workstation appears when a person installs the agent on it: page “My workstation”.")
	tRedCount     = i18n.T("Postes où une protection manque", "Workstations that lack a protection")
	tBlankCount   = i18n.T("Postes dont quelque chose est inconnu", "Workstations of which something is unknown")
	tFineCount    = i18n.T("Postes protégés", "Protected workstations")
	tInstall      = i18n.T("Mon poste", "My workstation")
	tInstallLead  = i18n.T("L'agent de poste montre qui appelle, compose depuis tout logiciel, et dit l'état des protections du poste.", "The workstation agent shows who is calling, dials from any program, and tells how the workstation is protected.")
	tMakeCode     = i18n.T("Faire un code d'installation", "Make an install code")
	tCodeText     = i18n.T("Le code sert une fois, pendant quinze minutes. Le jeton qu'il donne ne peut que suivre vos appels, composer et dire l'état du poste ; il se retire à la page « Mes jetons ».", "The code serves once, for fifteen minutes. The token that it gives can only follow your calls, dial and tell the state of the workstation; it is withdrawn on the page “My tokens”.")
	tCode         = i18n.T("Code d'installation", "Install code")
	tCodeHint     = i18n.T("Il ne sera plus montré. Sur le poste : rempart agent desk sign-in --url %s, puis tapez ce code.", "It will not be shown again. On the workstation: rempart agent desk sign-in --url %s, then type this code.")
	tForget       = i18n.T("Oublier", "Forget")
	tForgotten    = i18n.T("Poste oublié. S'il parle encore, il reviendra.", "Workstation forgotten. If it still speaks, it comes back.")
	tNoneMine     = i18n.T("Aucun poste installé", "No workstation installed")
	tNoneMineText = i18n.T("Faites un code, puis lancez l'agent sur votre poste.", "Make a code, then start the agent on your workstation.")
	tWhoSees      = i18n.T("Les responsables de la sécurité de l'organisation voient ces états, pour s'assurer que les postes sont protégés comme promis.", "The security people of the organization see these states, to make sure that workstations are protected as promised.")
)

type devicesView struct {
	list  recognition.DeviceList
	staff bool
	now   time.Time
}

func (p supportPages) devices(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Devices(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, devicesPage(devicesView{list, r.PathValue("org") == "", p.m.Now()}))
}

func (v devicesView) section() string {
	if v.staff {
		return ui.ProviderDevices
	}
	return ui.Workstations
}

// counts are how many are red, unknown in part, and fine.
func (v devicesView) counts() (red, blank, fine int) {
	for i := range v.list.Devices {
		switch d := &v.list.Devices[i]; {
		case d.Red(v.now):
			red++
		case d.Blank(v.now):
			blank++
		default:
			fine++
		}
	}
	return red, blank, fine
}

// checkBadge says one protection in words: unknown is said, and never looks good.
func checkBadge(ctx context.Context, d *recognition.Device, check string, now time.Time) templ.Component {
	switch state, since := d.State(check, now); state {
	case recognition.Good:
		return ui.Badge{Text: tGoodSince.In(ctx), Tone: ui.Good}
	case recognition.Bad:
		return ui.Badge{Text: tBadSince.In(ctx, i18n.Date(ctx, since)), Tone: ui.Bad}
	}
	return ui.Badge{Text: tUnknown.In(ctx), Tone: ui.Warn}
}

func deviceColumns(ctx context.Context, first ...ui.Column) []ui.Column {
	columns := append(first, ui.Column{Label: tMachine.In(ctx)})
	for _, check := range recognition.Checks {
		columns = append(columns, ui.Column{Label: tChecks[check].In(ctx)})
	}
	return append(columns, ui.Column{Label: tSeen.In(ctx)})
}

func deviceCells(ctx context.Context, d *recognition.Device, now time.Time) []templ.Component {
	cells := []templ.Component{ui.Words(strings.Join([]string{d.Name, d.System}, ", "))}
	for _, check := range recognition.Checks {
		cells = append(cells, checkBadge(ctx, d, check, now))
	}
	return append(cells, ui.Time{At: d.SeenAt, Relative: true})
}

func (v devicesView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list.Devices))
	for i := range v.list.Devices {
		d := &v.list.Devices[i]
		name := nameFrom(ctx, v.list.Names, d.Person)
		rows[i] = ui.Row{Label: name, Cells: append([]templ.Component{ui.Words(name)}, deviceCells(ctx, d, v.now)...)}
	}
	return rows
}

type installView struct {
	list   []recognition.Device
	code   string
	origin string
	base   string
	staff  bool
	now    time.Time
}

func installAt(r *http.Request) string {
	if org := r.PathValue("org"); org != "" {
		return strings.Replace(installPattern, "{org}", org, 1)
	}
	return staffInstall
}

func (p supportPages) install(w http.ResponseWriter, r *http.Request) error {
	return p.showInstall(w, r, "")
}

func (p supportPages) showInstall(w http.ResponseWriter, r *http.Request, code string) error {
	list, err := p.m.MyDevices(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	v := installView{list, code, p.m.Origin(), installAt(r), r.PathValue("org") == "", p.m.Now()}
	return ui.Render(w, ui.Asking(r, "script.fetch"), http.StatusOK, installPage(v))
}

func (p supportPages) invite(w http.ResponseWriter, r *http.Request) error {
	c, err := p.m.InviteDesk(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return p.showInstall(w, r, c.Code)
}

func (p supportPages) forget(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.ForgetDevice(r.Context(), orgOf(r), supportID(r.PathValue("device"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, installAt(r), tForgotten.In(r.Context()))
}

func (v installView) section() string {
	if v.staff {
		return ui.ProviderDevices
	}
	return ui.MyWorkstation
}

func (v installView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i := range v.list {
		d := &v.list[i]
		rows[i] = ui.Row{Label: d.Name, Cells: append(deviceCells(ctx, d, v.now), forgetForm(v.base+"/"+string(d.ID)+"/forget", d.Name))}
	}
	return rows
}
