package desk

import (
	"strconv"
	"strings"
)

// What Windows says of itself, in the words that postureScript and the registry have for it; here, so that every system tests it.

// postureScript asks what Windows tells anybody without a right: the shell, whether BitLocker protects a drive; the update agent, how
// many hours ago it last searched and how many security and critical updates it found then. It asks no network. What fails is not said.
const postureScript = `$ErrorActionPreference = 'Stop'
try {
  $drive = (New-Object -ComObject Shell.Application).NameSpace($env:` + postureDrive + ` + '\').Self
  'disk ' + [int]$drive.ExtendedProperty('System.Volume.BitLockerProtection')
} catch { }
try {
  $searched = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results.LastSearchSuccessDate
  'hours ' + [int]((Get-Date).ToUniversalTime() - $searched).TotalHours
  $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
  $searcher.Online = $false
  $waiting = 0
  foreach ($update in $searcher.Search('IsInstalled=0 and IsHidden=0').Updates) {
    foreach ($category in $update.Categories) {
      if (@('0fa1201d-4330-4fa8-8ae9-b877473b6441', 'e6cf1350-c01b-414d-a61f-263d14d133b4') -contains $category.CategoryID) { $waiting = $waiting + 1; break }
    }
  }
  'waiting ' + $waiting
} catch { }
exit 0`

const postureDrive = "REMPART_DRIVE"

// told reads lines of a word and a number.
func told(out string) map[string]int {
	words := map[string]int{}
	for line := range strings.Lines(out) {
		word, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(number); err == nil {
			words[word] = n
		}
	}
	return words
}

// bitLocker reads System.Volume.BitLockerProtection: 1 on, 2 off, 3 and 4 on the way there and back, 5 suspended, 6 on and locked. A disk
// that something else encrypts is off.
func bitLocker(words map[string]int) string {
	switch words["disk"] {
	case 1, 6:
		return good
	case 2, 3, 4, 5:
		return bad
	}
	return unknown
}

// windowsUpdates: a restart that waits is an update that misses. An old search tells nothing.
func windowsUpdates(words map[string]int, restart bool) string {
	hours, searched := words["hours"]
	waiting, counted := words["waiting"]
	switch {
	case restart:
		return bad
	case !searched || !counted || hours < -24 || hours > int(staleLists.Hours()):
		return unknown
	}
	return either(waiting == 0)
}

// windowsFirewall wants all three profiles on; what a policy of the organization says goes before the setting of the machine.
func windowsFirewall(number func(path, name string) (uint64, bool)) string {
	for _, profile := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		on, ok := number(`SOFTWARE\Policies\Microsoft\WindowsFirewall\`+profile, "EnableFirewall")
		if !ok {
			on, ok = number(`SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\`+profile, "EnableFirewall")
		}
		if !ok {
			return unknown
		}
		if on == 0 {
			return bad
		}
	}
	return good
}

// windowsName is how people call their Windows: the registry of 11 still says 10.
func windowsName(name, build string) string {
	if n, err := strconv.Atoi(build); err == nil && n >= 22000 {
		name = strings.Replace(name, "Windows 10", "Windows 11", 1)
	}
	if name == "" {
		name = "Windows"
	}
	return strings.TrimSpace(name + " " + build)
}
