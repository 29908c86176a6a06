package outside

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tDisk         = i18n.T("Les données dorment sur un disque chiffré, et seul leur propriétaire peut les lire", "Data sleep on an encrypted disk, and only their owner can read them")
	tDiskHeld     = i18n.T("Dossier de données : %s ; %d fichiers et dossiers, tous fermés aux autres comptes de la machine%s.", "Data folder: %s; %d files and folders, all closed to the machine's other accounts%s.")
	tDiskOpen     = i18n.T("Dans le dossier de données, %s a les droits %s : d'autres comptes de la machine peuvent y lire (attendu 0700 et 0600).", "In the data folder, %s has mode %s: other accounts of the machine can read it (0700 and 0600 are expected).")
	tDiskClear    = i18n.T("Le disque du dossier de données (%s) n'est pas chiffré par cette machine, et l'exploitant n'a pas déclaré qu'il le soit ailleurs (host.disk).", "The disk of the data folder (%s) is not encrypted by this machine, and the operator has not declared that it is elsewhere (host.disk).")
	tDiskUnseen   = i18n.T("N'a pas pu être vu : le dossier de données n'est pas sur un disque que cette machine montre.", "Could not be seen: the data folder is on no disk that this machine shows.")
	tDiskElse     = i18n.T("N'a pas pu être vu : la base PostgreSQL a son propre disque, que cette machine ne voit pas (host.database_disk le déclare).", "Could not be seen: the PostgreSQL database has a disk of its own, which this machine does not see (host.database_disk declares it).")
	tDiskCrypt    = i18n.T("disque chiffré (dm-crypt)", "encrypted disk (dm-crypt)")
	tDiskSaid     = i18n.T("chiffrement déclaré par l'exploitant et non vu d'ici (« %s »)", "encryption declared by the operator and not seen from here (\"%s\")")
	tDiskDatabase = i18n.T(" ; base PostgreSQL : déclarée (« %s »)", "; PostgreSQL database: declared (\"%s\")")
	tFaultClear   = i18n.T("Un disque en clair", "A disk in clear")
	tFaultMode    = i18n.T("Une clé lisible par tous les comptes", "A key that every account can read")
)

func (m *Module) disk() *core.Probe {
	return outsideProbe("outside.disk", tDisk, m.runDisk,
		pretending("outside.disk/clear", tFaultClear, map[string]string{"/sys/dev/block/254:0/dm/uuid": Absent, "/sys/dev/block/254:0/slaves": Absent, factDisk: ""}),
		pretending("outside.disk/mode", tFaultMode, map[string]string{factModes: "0700 .\n0644 root.key"}),
	)
}

func (m *Module) runDisk(context.Context, core.Stage) (core.Sight, error) {
	modes, err := m.modes()
	if err != nil {
		return core.Sight{}, err
	}
	for i, line := range modes {
		mode, name, _ := strings.Cut(line, " ")
		if !strings.HasSuffix(mode, "00") {
			return probe.Broken(len(modes), i+1, tDiskOpen, name, mode), nil
		}
	}
	said := m.text(factDisk, m.n.Declared.Disk)
	device, seen, err := m.device()
	if err != nil {
		return core.Sight{}, err
	}
	words := probe.Text(tDiskCrypt)
	switch {
	case seen && m.encrypted("/sys/dev/block/"+device, 0):
	case said != "":
		words = probe.Text(tDiskSaid, said)
	case seen:
		return probe.Broken(len(modes), len(modes), tDiskClear, device), nil
	default:
		return core.Sight{}, probe.Unseen(tDiskUnseen)
	}
	var elsewhere core.Text
	if m.text(factDatabase, m.n.Database) != "" {
		if m.n.Declared.DatabaseDisk == "" {
			return core.Sight{}, probe.Unseen(tDiskElse)
		}
		elsewhere = probe.Text(tDiskDatabase, m.n.Declared.DatabaseDisk)
	}
	return core.Sight{
		Held: true, Population: len(modes), Sample: len(modes),
		Why: core.Text{FR: tDiskHeld.Say(i18n.FR, words.FR, len(modes), elsewhere.FR), EN: tDiskHeld.Say(i18n.EN, words.EN, len(modes), elsewhere.EN)},
	}, nil
}

// modes lists what stands in the data folder, "0600 name" each.
func (m *Module) modes() ([]string, error) {
	if v, ok := m.get(factModes); ok {
		return split(v), nil
	}
	var all []string
	err := filepath.WalkDir(m.n.Data, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if p != m.n.Data { // a temporary file that has gone
				return nil
			}
			return err
		}
		info, err := d.Info()
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return nil
		}
		name, _ := filepath.Rel(m.n.Data, p)
		all = append(all, fmt.Sprintf("%04o %s", info.Mode().Perm(), name))
		return nil
	})
	return all, err
}

// device gives the block device ("254:0") of the data folder; seen is false when it is on none: memory, a network.
func (m *Module) device() (device string, seen bool, err error) {
	if v, ok := m.get(factDevice); ok {
		return v, v != "", nil
	}
	var st unix.Stat_t
	if err := unix.Stat(m.n.Data, &st); err != nil {
		return "", false, fmt.Errorf("outside: the data folder: %w", err)
	}
	if major := unix.Major(st.Dev); major != 0 {
		return fmt.Sprintf("%d:%d", major, unix.Minor(st.Dev)), true, nil
	}
	return m.mounted(fmt.Sprintf("0:%d", unix.Minor(st.Dev)))
}

// mounted finds the device of a file system that has a number of its own (btrfs), by the source of its mount.
func (m *Module) mounted(number string) (device string, seen bool, err error) {
	text, err := m.file("/proc/self/mountinfo")
	if err != nil {
		return "", false, probe.Because(err, tDiskUnseen)
	}
	for line := range strings.Lines(text) {
		before, after, _ := strings.Cut(line, " - ")
		fields, behind := strings.Fields(before), strings.Fields(after)
		if len(fields) < 5 || len(behind) < 2 || fields[2] != number || !strings.HasPrefix(behind[1], "/dev/") {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(behind[1], &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFBLK {
			return fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev)), true, nil
		}
	}
	return "", false, nil
}

// encrypted tells whether a block device is dm-crypt, or stands on devices that all are (LVM on LUKS, RAID on LUKS).
func (m *Module) encrypted(device string, depth int) bool {
	if uuid, err := m.file(device + "/dm/uuid"); err == nil && strings.HasPrefix(uuid, "CRYPT-") {
		return true
	}
	below, err := m.names(device + "/slaves")
	if err != nil || len(below) == 0 || depth > 8 {
		return false
	}
	for _, name := range below {
		if !m.encrypted(path.Join("/sys/class/block", name), depth+1) {
			return false
		}
	}
	return true
}
