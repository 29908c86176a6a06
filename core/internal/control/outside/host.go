package outside

import (
	"context"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tHost       = i18n.T("Le processus n'a que les droits dont il se sert, et la machine est durcie", "The process has only the rights that it uses, and the host is hardened")
	tHostHeld   = i18n.T("%d mesures regardées sur %d, toutes en place : %s. Non visibles d'ici : %s.", "%d measures looked at of %d, all in place: %s. Not visible from here: %s.")
	tHostWrong  = i18n.T("%d mesures regardées sur %d ; il manque : %s.", "%d measures looked at of %d; missing: %s.")
	tHostUnseen = i18n.T("N'a pas pu être vu : l'état de ce processus (/proc/self/status) ne se laisse pas lire.", "Could not be seen: the state of this process (/proc/self/status) cannot be read.")
	tFaultRoot  = i18n.T("Un processus qui tourne en root", "A process that runs as root")
	tFaultCaps  = i18n.T("Un processus qui garde tous les privilèges du noyau", "A process that keeps every kernel capability")
	tFaultFree  = i18n.T("Un processus sans filtre d'appels système", "A process without a filter of system calls")
	tFaultASLR  = i18n.T("Une machine sans adresses aléatoires", "A host without address randomization")
)

// measure is one thing that hardening demands; look answers whether it stands, and whether it could be seen.
type measure struct {
	name string
	look func(m *Module, status map[string]string) (stands, seen bool)
}

// bindPorts is CAP_NET_BIND_SERVICE, the one capability that a listener on port 443 needs.
const bindPorts = 1 << 10

var measures = []measure{
	{"not root", func(_ *Module, s map[string]string) (bool, bool) {
		uids := strings.Fields(s["Uid"])
		return len(uids) > 1 && uids[0] != "0" && uids[1] != "0", len(uids) > 1
	}},
	{"NoNewPrivs", func(_ *Module, s map[string]string) (bool, bool) {
		return s["NoNewPrivs"] == "1", s["NoNewPrivs"] != ""
	}},
	{"seccomp", func(_ *Module, s map[string]string) (bool, bool) { return s["Seccomp"] == "2", s["Seccomp"] != "" }},
	{"capabilities", func(_ *Module, s map[string]string) (bool, bool) {
		return few(s["CapEff"]) && few(s["CapPrm"]), s["CapEff"] != ""
	}},
	{"bounding set", func(_ *Module, s map[string]string) (bool, bool) { return few(s["CapBnd"]), s["CapBnd"] != "" }},
	{"umask 0077", func(_ *Module, s map[string]string) (bool, bool) {
		n, err := strconv.ParseUint(s["Umask"], 8, 32)
		return n&0o077 == 0o077, err == nil
	}},
	{"no core dumps", func(m *Module, _ map[string]string) (bool, bool) {
		text, err := m.file("/proc/self/limits")
		for line := range strings.Lines(text) {
			if after, ok := strings.CutPrefix(line, "Max core file size"); ok {
				fields := strings.Fields(after)
				return len(fields) > 1 && fields[0] == "0" && fields[1] == "0", true
			}
		}
		return false, err == nil
	}},
	{"read-only system", func(m *Module, _ map[string]string) (bool, bool) {
		text, err := m.file("/proc/self/mountinfo")
		readOnly := false
		for line := range strings.Lines(text) {
			f := strings.Fields(line)
			if len(f) > 5 && (f[4] == "/" || f[4] == "/usr") {
				readOnly = readOnly || strings.HasPrefix(f[5]+",", "ro,")
			}
		}
		return readOnly, err == nil
	}},
	{"ASLR", func(m *Module, _ map[string]string) (bool, bool) {
		text, err := m.file("/proc/sys/kernel/randomize_va_space")
		return strings.TrimSpace(text) == "2", err == nil
	}},
}

// few tells whether a set of capabilities holds nothing but the binding of low ports.
func few(hex string) bool {
	n, err := strconv.ParseUint(hex, 16, 64)
	return err == nil && n&^bindPorts == 0
}

func (m *Module) host() *core.Probe {
	return outsideProbe("outside.host", tHost, m.runHost,
		pretending("outside.host/root", tFaultRoot, map[string]string{"/proc/self/status": strings.Replace(soundStatus, "Uid:\t990", "Uid:\t0", 1)}),
		pretending("outside.host/capabilities", tFaultCaps, map[string]string{"/proc/self/status": strings.Replace(soundStatus, "CapEff:\t0000000000000400", "CapEff:\t000001ffffffffff", 1)}),
		pretending("outside.host/seccomp", tFaultFree, map[string]string{"/proc/self/status": strings.Replace(soundStatus, "Seccomp:\t2", "Seccomp:\t0", 1)}),
		pretending("outside.host/aslr", tFaultASLR, map[string]string{"/proc/sys/kernel/randomize_va_space": "0\n"}),
	)
}

func (m *Module) runHost(context.Context, core.Stage) (core.Sight, error) {
	text, err := m.file("/proc/self/status")
	if err != nil {
		return core.Sight{}, probe.Because(err, tHostUnseen)
	}
	status := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			status[name] = strings.TrimSpace(value)
		}
	}
	var in, missing, hidden []string
	for _, x := range measures {
		switch stands, seen := x.look(m, status); {
		case !seen:
			hidden = append(hidden, x.name)
		case stands:
			in = append(in, x.name)
		default:
			missing = append(missing, x.name)
		}
	}
	looked := len(in) + len(missing)
	if len(missing) > 0 {
		return probe.Broken(len(measures), looked, tHostWrong, looked, len(measures), list(missing)), nil
	}
	return probe.Held(len(measures), looked, tHostHeld, looked, len(measures), list(in), list(hidden)), nil
}
