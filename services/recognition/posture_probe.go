package recognition

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tpPosture     = i18n.T("L'état des postes de travail se voit tel qu'ils le disent : l'inconnu n'y passe jamais pour bon", "The state of workstations is seen as they tell it: unknown never passes for good")
	tpLost        = i18n.T("Le poste d'un canari n'apparaît pas à la sécurité (%d).", "A canary's workstation does not appear to security (%d).")
	tpPainted     = i18n.T("Un canari dit %s de sa protection « %s » ; la sécurité voit %s.", "A canary says %s of its protection “%s”; security sees %s.")
	tpAged        = i18n.T("Une protection qui manque depuis trois jours passe pour manquer depuis %s.", "A protection missing for three days passes for missing since %s.")
	tpSpoken      = i18n.T("Un poste silencieux depuis huit jours passe encore pour connu (%s).", "A workstation silent for eight days still passes for known (%s).")
	tpOverlooked  = i18n.T("Une autre organisation voit le poste d'un canari (%d).", "Another organization sees a canary's workstation (%d).")
	tpPostureHeld = i18n.T("Le poste d'un canari a dit : disque en clair, pare-feu en service, le reste rien. La sécurité voit un manque et depuis quand, un bon, deux inconnus ; après huit jours de silence, quatre inconnus ; une autre organisation ne voit rien. Postes qui parlent : %d, dont %d auxquels une protection manque et %d dont quelque chose est inconnu.", "A canary's workstation told: disk in clear, firewall in service, nothing of the rest. Security sees one missing and since when, one good, two unknown; after eight days of silence, four unknown; another organization sees nothing. Workstations that report: %d, of which %d lack a protection and %d have something unknown.")
)

var postureFaults = []core.PlantedFault{
	recognitionFault("recognition.workstation/painted", "Ce qui est inconnu est écrit comme bon", "What is unknown is written as good",
		`CREATE TRIGGER planted_painted AFTER INSERT ON recognition_device WHEN NEW.updates = 'unknown' BEGIN
			UPDATE recognition_device SET updates = 'good' WHERE org = NEW.org AND person = NEW.person AND id = NEW.id; END`),
	recognitionFault("recognition.workstation/blessed", "Un disque en clair est écrit comme chiffré", "A disk in clear is written as encrypted",
		`CREATE TRIGGER planted_blessed AFTER INSERT ON recognition_device WHEN NEW.disk = 'bad' BEGIN
			UPDATE recognition_device SET disk = 'good' WHERE org = NEW.org AND person = NEW.person AND id = NEW.id; END`),
	recognitionFault("recognition.workstation/fresh", "Un poste silencieux passe pour vu à l'instant", "A silent workstation passes for seen just now",
		`CREATE TRIGGER planted_fresh AFTER UPDATE OF seen_at ON recognition_device WHEN NEW.seen_at < OLD.seen_at BEGIN
			UPDATE recognition_device SET seen_at = OLD.seen_at WHERE org = NEW.org AND person = NEW.person AND id = NEW.id; END`),
	recognitionFault("recognition.workstation/young", "Un manque ancien passe pour récent", "An old lack passes for a recent one",
		`CREATE TRIGGER planted_young AFTER UPDATE OF disk_at ON recognition_device WHEN NEW.disk_at < OLD.disk_at BEGIN
			UPDATE recognition_device SET disk_at = OLD.disk_at WHERE org = NEW.org AND person = NEW.person AND id = NEW.id; END`),
	recognitionFault("recognition.workstation/lost", "Un poste n'est pas gardé", "A workstation is not kept",
		`CREATE TRIGGER planted_lost AFTER INSERT ON recognition_device BEGIN DELETE FROM recognition_device WHERE org = NEW.org AND person = NEW.person AND id = NEW.id; END`),
}

var deviceTrial = &core.Duty{Name: "workstation.trial", Why: "ages the workstation of a canary, to see that what it told is no longer believed: the row is the canary's own"}

var (
	qDeviceAge  = db.SQL(`UPDATE recognition_device SET disk_at = disk_at - $2, seen_at = seen_at - $3 WHERE person = $1`)
	qDevicesAll = db.SQL(`SELECT ` + deviceColumns + ` FROM recognition_device WHERE person <> $1`)
)

type seenDevice struct {
	Device core.ID            `json:"device"`
	States map[string]seenNow `json:"states"`
}

type seenNow struct {
	State State     `json:"state"`
	Since time.Time `json:"since"`
}

// seePosture has a canary report a workstation, and looks at it as security and as a stranger.
func (m *Module) seePosture(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	owner, err := s.Canary(ctx, "member")
	if err != nil {
		return seen, err
	}
	guard, err := s.Canary(ctx, "security")
	if err != nil {
		return seen, err
	}
	stranger, err := s.Stranger(ctx, "security")
	if err != nil {
		return seen, err
	}
	var in [3]*http.Client
	for i, who := range []core.Canary{owner, guard, stranger} {
		if in[i], err = s.Enter(ctx, who); err != nil {
			return seen, err
		}
	}
	path, device := "/api/v1/organizations/"+string(owner.Org)+"/workstations", ids.New()
	said := map[string]State{CheckDisk: Bad, CheckFirewall: Good}
	body, err := json.Marshal(map[string]any{"device": device, "name": "canary", "system": "canary", "states": said})
	if err != nil {
		return seen, err
	}
	if a, err := callAs(ctx, in[0], http.MethodPut, path, string(body)); err != nil || a.Status >= 400 {
		return seen, unseen(err, path, a.Status)
	}
	if a, err := callAs(ctx, in[2], http.MethodGet, path, ""); err != nil || a.Status == http.StatusOK {
		return probe.Broken(1, 1, tpOverlooked, a.Status), err
	}
	for _, look := range []struct {
		disk, silence time.Duration
		want          map[string]State
	}{
		{3 * 24 * time.Hour, 0, map[string]State{CheckDisk: Bad, CheckFirewall: Good, CheckUpdates: Unknown, CheckScreen: Unknown}},
		{0, 8 * 24 * time.Hour, map[string]State{CheckDisk: Unknown, CheckFirewall: Unknown, CheckUpdates: Unknown, CheckScreen: Unknown}},
	} {
		if err := m.ageDevice(ctx, owner.Person, look.disk, look.silence); err != nil {
			return seen, err
		}
		a, err := callAs(ctx, in[1], http.MethodGet, path, "")
		if err != nil {
			return seen, err
		}
		if why, args := judgeDevice(a, device, look.want, look.silence > 0, m.now()); why != nil {
			return probe.Broken(1, 1, *why, args...), nil
		}
	}
	return m.countDevices(ctx, owner.Person)
}

// callAs asks the API as whoever is signed in.
func callAs(ctx context.Context, c *http.Client, method, path, body string) (probe.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if err != nil {
		return probe.Answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return probe.Do(c, r)
}

func unseen(err error, path string, status int) error {
	if err != nil {
		return err
	}
	return probe.Unseen(tpDark, path, status)
}

// judgeDevice compares what security sees with what the canary said.
func judgeDevice(a probe.Answer, device core.ID, want map[string]State, silent bool, now time.Time) (*i18n.Sentence, []any) {
	var list struct {
		Items []seenDevice `json:"items"`
	}
	_ = json.NewDecoder(strings.NewReader(a.Body)).Decode(&list)
	for _, d := range list.Items {
		if d.Device != device {
			continue
		}
		for _, check := range Checks {
			is := d.States[check]
			if is.State != want[check] && silent {
				return &tpSpoken, []any{string(is.State)}
			}
			if is.State != want[check] {
				return &tpPainted, []any{string(want[check]), check, string(is.State)}
			}
		}
		if !silent && now.Sub(d.States[CheckDisk].Since) < 2*24*time.Hour {
			return &tpAged, []any{d.States[CheckDisk].Since.Format(time.DateOnly)}
		}
		return nil, nil
	}
	return &tpLost, []any{a.Status}
}

// ageDevice ages the workstation of one canary, and of nobody else.
func (m *Module) ageDevice(ctx context.Context, canary core.ID, disk, silence time.Duration) error {
	return m.needs.Gate.Keep(ctx, deviceTrial, func(tx core.Tx) error {
		is, err := m.isCanary(ctx, tx, canary)
		if err == nil && is {
			_, err = tx.Exec(ctx, qDeviceAge, canary, disk.Microseconds(), silence.Microseconds())
		}
		return err
	})
}

func (m *Module) countDevices(ctx context.Context, but core.ID) (core.Sight, error) {
	var all []Device
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		all, err = db.All(ctx, tx, qDevicesAll, scanDevice, but)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	red, blank, now := 0, 0, m.now()
	for i := range all {
		if all[i].Red(now) {
			red++
		}
		if all[i].Blank(now) {
			blank++
		}
	}
	return probe.Held(len(all)+1, len(all)+1, tpPostureHeld, len(all), red, blank), nil
}
